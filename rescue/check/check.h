/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks: a system, and the proof of the default kernel's image, to findings. Pure: no I/O, nothing printed.
 */
#ifndef BM_CHECK_CHECK_H
#define BM_CHECK_CHECK_H

#include "../proof/proof.h"
#include "../system/system.h"
#include "finding.h"

/*
 * Adds what is wrong with system to findings (sorted by bm_findings_sort()). proof is that of the kernel which the
 * default boot entry loads, or NULL where its image was not read. Returns 0 or -ENOMEM.
 */
int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings) BM_MUST_CHECK;

/*
 * Adds what keeps the boot entry of that index from booting, and nothing but that: what its loader reads of it, its
 * kernel, arguments, initramfs and modules. What is wrong with the system whichever entry is booted (fstab, its
 * userspace) is bm_check_system()'s. proof is that of the entry's own initramfs (bm_prove_entry()), or NULL. An entry
 * that boots no Linux of this system has no findings. Returns 0 or -ENOMEM.
 */
int bm_check_entry(const struct bm_survey *survey, const struct bm_system *system, size_t entry,
	const struct bm_proof *proof, struct bm_findings *findings) BM_MUST_CHECK;

/*
 * Where no system was found: adds the filesystems that can't be mounted and may hold one (FS-*), and what was not
 * opened, sorted. Returns 0 or -ENOMEM.
 */
int bm_check_disks(const struct bm_survey *survey, struct bm_findings *findings) BM_MUST_CHECK;

#endif
