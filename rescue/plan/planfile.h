/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as a text that a person can read and `bootmend apply` takes: docs/plan-format.md describes it. Its last line
 * holds the SHA-256 of all before it, so that a plan which was cut or changed by hand is refused.
 */
#ifndef BM_PLAN_PLANFILE_H
#define BM_PLAN_PLANFILE_H

#include "plan.h"

enum { BM_PLAN_SIZE_MAX = 16 * 1024 * 1024, BM_PLAN_STEPS_MAX = 1024, BM_PLAN_BASIS_MAX = 4096 };

/* Appends the plan's text to out. The same plan gives the same bytes. Returns 0 or -ENOMEM. */
int bm_plan_write(const struct bm_plan *plan, struct bm_buf *out) BM_MUST_CHECK;

/* Reads such a text; what was written is read as it was. Returns 0; -EBADMSG with a line of context (base/err.h) for
 * a text that is no whole plan, -EFBIG, -ENOMEM. ret_plan is for bm_plan_done(). */
int bm_plan_parse(const char *text, size_t len, struct bm_plan *ret_plan) BM_MUST_CHECK;

/* What tells two plans apart: the SHA-256 of the text. Returns 0 or -ENOMEM. */
int bm_plan_hash(const struct bm_plan *plan, char ret_hash[BM_SHA256_TEXT]) BM_MUST_CHECK;

#endif
