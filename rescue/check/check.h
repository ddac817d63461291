/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks: a system, and the proof of the default kernel's image, to findings. Pure: no I/O, nothing printed.
 */
#ifndef BM_CHECK_CHECK_H
#define BM_CHECK_CHECK_H

#include "../system/proof.h"
#include "../system/system.h"
#include "finding.h"

/*
 * Adds what is wrong with system to findings (sorted by bm_findings_sort()). proof is that of the kernel which the
 * default boot entry loads, or NULL where its image was not read. Returns 0 or -ENOMEM.
 */
int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings) BM_MUST_CHECK;

#endif
