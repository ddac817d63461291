/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a swap area: whether it holds the memory of a machine that was hibernated, and what must be written
 * into the header so that no kernel resumes from it. The same for a swap file's first bytes.
 */
#ifndef BM_FMT_SWAPHDR_H
#define BM_FMT_SWAPHDR_H

#include "base/util.h"

enum {
	BM_SWAPHDR_BYTES = 64 * 1024, /* that are read of the area's begin: the largest page */
	BM_SWAPHDR_SIGNATURE = 10,
};

struct bm_swaphdr {
	bool known;	      /* a swap area, with or without an image */
	bool image;	      /* of a machine's memory */
	const char *kind;     /* its signature in letters: S1SUSPEND, LINHIB0001, TuxOnIce ...; static; NULL for none */
	uint32_t page_bytes;  /* of the machine that wrote it: the signature stands at this page's end */
	bool restorable;      /* what follows is known, and makes plain swap of it again */
	const char *original; /* the signature that stands there then: SWAPSPACE2; static */
	uint32_t change_at;   /* where in the header that is to be written ... */
	uint32_t change_len;  /* ... as many bytes, at most BM_SWAPHDR_SIGNATURE */
	uint8_t change[BM_SWAPHDR_SIGNATURE];
};

/* Reads the first len bytes of a swap area (at most BM_SWAPHDR_BYTES are looked at). Other bytes give known = false. */
void bm_swaphdr_parse(const uint8_t *bytes, size_t len, struct bm_swaphdr *ret_header);

#endif
