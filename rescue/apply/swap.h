/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New beside old, then one rename: how a proven image takes its place.
 */
#ifndef BM_APPLY_SWAP_H
#define BM_APPLY_SWAP_H

#include "../proof/needs.h"
#include "txn.h"

struct bm_swap {
	const char *image; /* the new one, in the work folder */
	const char *hash;  /* its SHA-256 and size */
	uint64_t size_bytes;
	const char *target;	      /* where it belongs */
	const char *filesystem;	      /* that target lies on, its UUID; or NULL */
	const char *before;	      /* SHA-256 of the previous image, where it is known; or NULL */
	uint64_t step;		      /* of the plan */
	const struct bm_needs *needs; /* to judge the previous image, where there is no room for both */
};

struct bm_swap_result {
	char *target;		/* after links: the file that was replaced */
	char *backup;		/* where the previous image is, or NULL where there was none */
	uint64_t missing_bytes; /* of -ENOSPC */
};

void bm_swap_result_done(struct bm_swap_result *result);

/*
 * Puts image in target's place, by the journal. The previous image is kept beside it as TARGET.bootmend-TIME; where
 * target's filesystem has no room for both and the previous image cannot boot anyway, it is kept in /var/lib/bootmend.
 * A previous image that proves good is never given up before the new one is whole beside it. ret_result is initialised
 * by the call. Returns 0; -ENOSPC (nothing was changed, missing_bytes tells how much), or another negative errno
 * (bm_txn_take_back() puts the previous image back).
 */
int bm_swap(struct bm_txn *txn, const struct bm_swap *swap, struct bm_swap_result *ret_result) BM_MUST_CHECK;

/* How much room the swap will lack for an image of size_bytes, as far as it can be said before it is built. */
int bm_swap_missing(
	const struct bm_root *root, const char *target, uint64_t size_bytes, uint64_t *ret_missing_bytes) BM_MUST_CHECK;

#endif
