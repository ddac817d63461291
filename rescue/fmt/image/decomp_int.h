/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to decomp*.c: what a decompressor must offer. */
#ifndef BM_FMT_DECOMP_INT_H
#define BM_FMT_DECOMP_INT_H

#include "decomp.h"

struct bm_decomp_io {
	const uint8_t *in;
	size_t in_len;
	bool last;	    /* nothing follows in */
	const uint8_t *out; /* set by run() */
	size_t out_len;
	uint8_t *buffer;   /* BM_DECOMP_OUTPUT bytes to put output in; block formats have their own */
	const char *error; /* set with BAD, LIMIT and MEMORY */
};

struct bm_decomp_ops {
	/* Returns 0 with the state that the others get, or -ENOMEM. */
	int (*start)(void **ret_state);
	enum bm_decomp_result (*run)(void *state, struct bm_decomp_io *io);
	void (*stop)(void *state);
	bool own_buffer;
};

extern const struct bm_decomp_ops bm_decomp_gzip, bm_decomp_bzip2, bm_decomp_xz, bm_decomp_lzma, bm_decomp_zstd,
	bm_decomp_lzo, bm_decomp_lz4;

#endif
