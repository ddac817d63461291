/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was done, written on the patient.
 */
#ifndef BM_APPLY_RECORD_H
#define BM_APPLY_RECORD_H

#include "../os/root/root.h"
#include "apply.h"

/* Writes the plan and its result as JSON to a new file in dir. *ret_path is for free(). 0 or a negative errno. */
int bm_record_write(const struct bm_root *root, const char *dir, const struct bm_plan *plan,
	const struct bm_result *result, char **ret_path) BM_MUST_CHECK;

#endif
