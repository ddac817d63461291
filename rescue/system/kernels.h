/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What system/ shares about kernels.
 */
#ifndef BM_SYSTEM_KERNELS_H
#define BM_SYSTEM_KERNELS_H

#include "system.h"

/* The kernel of that version, added where the system has none yet (which moves the others). 0 or -ENOMEM. */
int bm_system_add_kernel(struct bm_system *system, const char *version, struct bm_kernel **ret_kernel) BM_MUST_CHECK;

/* Sorts the kernels, newest first, those of rescue entries last. */
void bm_system_sort_kernels(struct bm_system *system);

/* Notes an initramfs file of the kernel, once. 0 or -ENOMEM. */
int bm_kernel_add_initramfs(struct bm_kernel *kernel, const char *path, uint64_t size_bytes) BM_MUST_CHECK;

/* Reads the kernel image at path: its version (NULL where it does not tell) and why it is no kernel (NULL: it is one);
 * both for free(). 0 or -ENOMEM. */
int bm_system_probe_kernel(
	const struct bm_system *system, const char *path, char **ret_version, char **ret_problem) BM_MUST_CHECK;

#endif
