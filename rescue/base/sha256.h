/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 (FIPS 180-4), in pieces.
 */
#ifndef BM_BASE_SHA256_H
#define BM_BASE_SHA256_H

#include "util.h"

enum { BM_SHA256_SIZE = 32, BM_SHA256_TEXT = 65, BM_SHA256_BLOCK = 64 };

struct bm_sha256 {
	uint32_t state[8];
	uint64_t total; /* bytes so far */
	uint8_t block[BM_SHA256_BLOCK];
};

void bm_sha256_init(struct bm_sha256 *hash);
void bm_sha256_add(struct bm_sha256 *hash, const void *bytes, size_t len);
/* Ends the hash and writes 64 lower-case hexadecimal digits and a NUL. */
void bm_sha256_end(struct bm_sha256 *hash, char ret_text[BM_SHA256_TEXT]);
/* All three in one. */
void bm_sha256_text(const void *bytes, size_t len, char ret_text[BM_SHA256_TEXT]);

#endif
