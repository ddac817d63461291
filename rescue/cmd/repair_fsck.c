/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repair --fsck where no system is found: the filesystem that holds it can't be mounted, so there is nothing yet that
 * could be judged, and no place for a journal.
 */
#include <errno.h>

#include "../apply/discard.h"
#include "../apply/fsck.h"
#include "../base/err.h"
#include "../base/str.h"
#include "progress.h"
#include "repair.h"
#include "versions.h"

static const struct {
	const char *result;
	int status;
} ends[] = {
	[BM_FSCK_CLEAN] = {"nothing", BM_EXIT_OK},
	[BM_FSCK_REPAIRED] = {"repaired", BM_EXIT_REPAIRED},
	[BM_FSCK_LEFT] = {"partly", BM_EXIT_REPAIRED | BM_EXIT_PROBLEMS},
	[BM_FSCK_REFUSED] = {"refused", BM_EXIT_FAILED},
	[BM_FSCK_FAILED] = {"failed", BM_EXIT_FAILED},
};

static void put_line(struct bm_buf *out, const char *label, const char *text)
{
	_cleanup_free_ char *safe = text ? bm_str_safe(text) : NULL;

	if (safe)
		bm_buf_addf(out, "%s%s\n", label, safe);
}

static void write_text(const struct bm_fsck_result *fsck, const char *result, struct bm_buf *out)
{
	put_line(out, "", fsck->text);
	for (size_t i = 0; i < fsck->tail.n; i++)
		put_line(out, "  | ", fsck->tail.items[i]);
	put_line(out, "", fsck->instruction);
	put_line(out, "undo file ", fsck->undo);
	put_line(out, "Result: ", result);
	if (fsck->outcome == BM_FSCK_CLEAN || fsck->outcome == BM_FSCK_REPAIRED)
		put_line(out, "", "Now `bootmend diagnose` may find a system there.");
}

static void write_json(
	const struct bm_plan *plan, const struct bm_fsck_result *fsck, const char *result, struct bm_buf *out)
{
	struct bm_json json;

	bm_report_json_begin(&json, out, BM_VERSION, "repair");
	bm_report_plan_json(&json, "plan", plan);
	bm_json_object(&json, "result");
	bm_json_str(&json, "outcome", result);
	bm_json_str(&json, "text", fsck->text);
	bm_json_str(&json, "instruction", fsck->instruction);
	bm_json_str(&json, "undo", fsck->undo);
	bm_json_array(&json, "tool_tail");
	for (size_t i = 0; i < fsck->tail.n; i++)
		bm_json_str(&json, NULL, fsck->tail.items[i]);
	bm_json_end(&json);
	bm_json_end(&json);
	bm_report_json_end(&json);
}

/* All steps of the plan, in their order: images that are given up, then the repair. */
static int take_steps(const struct bm_plan *plan, struct bm_survey *survey, const struct bm_guard *guard,
	const struct bm_apply_options *options, struct bm_fsck_result *fsck)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_steps; i++) {
		_cleanup_free_ char *text = NULL;

		if (plan->steps[i].kind == BM_STEP_DISCARD)
			r = bm_discard_run(&plan->steps[i], survey, guard, &survey->hibernations, &text);
		else
			r = bm_fsck_run(&plan->steps[i], survey, guard, NULL, options, fsck);
	}
	return r;
}

int bm_repair_filesystem(const struct bm_global *global, struct bm_plan *plan, struct bm_survey *survey,
	struct bm_repair_outcome *outcome)
{
	_cleanup_guard_ struct bm_guard guard = {0};
	_cleanup_fsck_ struct bm_fsck_result fsck = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_cmd_progress progress;
	const struct bm_apply_options options = {.progress = bm_cmd_progress, .context = &progress};
	int r;

	bm_cmd_progress_init(&progress, global->quiet);
	r = bm_guard_take(survey, NULL, plan, &guard);
	if (r == -ECANCELED) {
		fsck.outcome = BM_FSCK_REFUSED;
		fsck.text = bm_strf("%s", bm_err_text(r));
		r = fsck.text ? 0 : -ENOMEM;
	} else if (r == 0) {
		r = take_steps(plan, survey, &guard, &options, &fsck);
	}
	bm_cmd_progress_end(&progress);
	if (r < 0) {
		outcome->result = "failed";
		outcome->status = bm_cmd_failed(r, NULL);
		return outcome->status;
	}
	outcome->result = ends[fsck.outcome].result;
	if (global->json)
		write_json(plan, &fsck, outcome->result, &out);
	else
		write_text(&fsck, outcome->result, &out);
	outcome->status = bm_cmd_print(&out, ends[fsck.outcome].status);
	return outcome->status;
}
