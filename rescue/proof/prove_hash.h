/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A proof and the hash of what was proven, in one reading.
 */
#ifndef BM_PROOF_PROVE_HASH_H
#define BM_PROOF_PROVE_HASH_H

#include "../base/sha256.h"
#include "needs.h"
#include "proof.h"

/* As bm_prove_file(); ret_hash and ret_bytes are those of the whole file. */
int bm_prove_hash(const struct bm_root *root, const char *path, const struct bm_needs *needs,
	struct bm_proof *ret_proof, char ret_hash[BM_SHA256_TEXT], uint64_t *ret_bytes) BM_MUST_CHECK;

#endif
