/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second look: whether the system boots is judged anew after a repair, from what is on the disk then.
 */
#ifndef BM_CMD_LOOK_H
#define BM_CMD_LOOK_H

#include "../apply/apply.h"
#include "survey.h"

/* What a second look found. Release with bm_look_done(). */
struct bm_look {
	bool looked;		/* false: nothing was carried out, or it could not be looked again */
	struct bm_strv remains; /* ids of what still stops the boot beyond doubt */
	char *verdict;		/* the sentence, where it is not that nothing stops the boot any more */
	bool failing;		/* by that verdict it does not boot */
	bool partly;		/* the repair itself left something */
};

void bm_look_done(struct bm_look *look);
#define _cleanup_look_ BM_CLEANUP(bm_look_done)

/* Where the repair of plan's system was carried out: closes open, looks anew (open then has the new survey), and makes
 * result->outcome BM_OUTCOME_PARTLY where something still stops the boot, BM_OUTCOME_NOT_JUDGED where that cannot be
 * told. That it could not be looked again is told, and the result stays. Returns BM_EXIT_OK, or BM_EXIT_FAILED after
 * saying why. */
int bm_look_again(const struct bm_global *global, const struct bm_plan *plan, struct bm_cmd_survey *open,
	struct bm_result *result, struct bm_look *ret_look);

/* The exit status of a result, after the second look. */
int bm_look_status(const struct bm_result *result, const struct bm_look *look);

/* A line behind the result; the member "remains", null where nothing was looked at. */
void bm_look_text(const struct bm_look *look, const struct bm_report_style *style, struct bm_buf *out);
void bm_look_json(const struct bm_look *look, struct bm_json *json);

#endif
