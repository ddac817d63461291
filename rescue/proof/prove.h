/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proving a real image file: reading it, and asking proof.h.
 */
#ifndef BM_PROOF_PROVE_H
#define BM_PROOF_PROVE_H

#include "needs.h"
#include "proof.h"

/* Reads the image from fd (from where it stands; fd stays open) and proves it. Returns 0 also when the verdict is
 * false; a negative errno where the file can't be read. */
int bm_prove_fd(int fd, const struct bm_needs *needs, struct bm_proof *ret_proof) BM_MUST_CHECK;

/* The same for a file of a root. -ENOENT where there is none. */
int bm_prove_file(const struct bm_root *root, const char *path, const struct bm_needs *needs,
	struct bm_proof *ret_proof) BM_MUST_CHECK;

/* Proves the image that the kernel's boot entry loads (kernel->initramfs_path). */
int bm_prove_kernel(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	struct bm_proof *ret_proof) BM_MUST_CHECK;

/* Proves the initramfs that the boot entry of this index loads. -ENOENT where it loads none, or none that is there. */
int bm_prove_entry(const struct bm_survey *survey, const struct bm_system *system, size_t entry,
	struct bm_proof *ret_proof) BM_MUST_CHECK;

#endif
