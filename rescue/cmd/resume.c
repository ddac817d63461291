/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resume.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "../apply/accept.h"
#include "../apply/apply.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fileio.h"
#include "../plan/planfile.h"
#include "ask.h"
#include "look.h"
#include "progress.h"
#include "repair.h"
#include "survey.h"
#include "turn.h"
#include "versions.h"

static int not_interrupted(const struct bm_global *global, const struct bm_history_item *item)
{
	return bm_cmd_nothing(
		global, "apply", bm_cmd_apply_keys, "%s was not interrupted; nothing is changed.", item->id);
}

/* The interrupted repair that is meant; NULL after saying why there is none. */
static const struct bm_history_item *pick(
	const struct bm_global *global, const struct bm_history *history, const char *id, int *ret_status)
{
	const struct bm_history_item *item = id ? bm_history_find(history, id) : bm_history_interrupted(history);

	*ret_status = BM_EXIT_FAILED;
	if (item && item->phase == BM_JOURNAL_OPEN && !item->damaged)
		return item;
	if (!item && !id) {
		*ret_status = bm_cmd_nothing(global, "apply", bm_cmd_apply_keys, "No repair was interrupted.");
	} else if (!item) {
		bm_cmd_error("there is no repair %s, or several begin so (`bootmend history` lists them)", id);
	} else if (item->damaged) {
		bm_cmd_error("the journal of %s is damaged, so it can't be completed", item->id);
	} else if (item->phase == BM_JOURNAL_UNDOING) {
		bm_cmd_error("the undo of %s was interrupted: `bootmend undo` completes it", item->id);
	} else {
		*ret_status = not_interrupted(global, item);
	}
	return NULL;
}

static int read_plan(const struct bm_system *system, const struct bm_history_item *item, struct bm_plan *ret_plan)
{
	_cleanup_free_ char *path = bm_strf("%s/%s/plan", BM_HISTORY_DIR, item->id);
	_cleanup_buf_ struct bm_buf text = {0};
	char hash[BM_SHA256_TEXT];
	int r = path ? bm_root_read(system->root, path, BM_PLAN_SIZE_MAX, &text) : -ENOMEM;

	if (r == 0)
		r = bm_plan_parse(bm_buf_text(&text), text.len, ret_plan);
	if (r == 0)
		r = bm_plan_hash(ret_plan, hash);
	if (r == 0) {
		r = bm_accept_plan(ret_plan);
		if (r < 0)
			bm_plan_done(ret_plan);
	}
	if (r < 0)
		return bm_cmd_failed(r, path);
	if (bm_streq(hash, item->plan))
		return BM_EXIT_OK;
	bm_cmd_error("%s is not the plan that the repair began with", path);
	bm_plan_done(ret_plan);
	return BM_EXIT_FAILED;
}

static int print(const struct bm_global *global, const struct bm_plan *plan, const struct bm_result *result,
	const struct bm_look *look, int status)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_json json;

	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "apply");
		bm_report_plan_json(&json, "plan", plan);
		bm_report_result_json(&json, "result", plan, result);
		bm_look_json(look, &json);
		bm_report_json_end(&json);
	} else {
		bm_report_result_text(plan, result, &style, &out);
		bm_look_text(look, &style, &out);
	}
	return bm_cmd_print(&out, status);
}

static int complete(const struct bm_global *global, struct bm_cmd_survey *open, const struct bm_system *system,
	const struct bm_history_item *item, struct bm_plan *plan)
{
	_cleanup_look_ struct bm_look look = {0};
	struct bm_cmd_progress progress;
	const struct bm_apply_options options = {.resume = item->id, .progress = bm_cmd_progress, .context = &progress};
	struct bm_result result;
	int r, status;

	bm_cmd_progress_init(&progress, global->quiet);
	r = bm_apply(plan, &open->survey, system, &options, &result);
	bm_cmd_progress_end(&progress);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	/* The power went when all was done, and only the filesystem's journal, which looking does not replay, had it.
	 */
	if (result.ended) {
		bm_result_done(&result);
		return not_interrupted(global, item);
	}
	if (bm_look_again(global, plan, open, &result, &look) != BM_EXIT_OK) {
		bm_result_done(&result);
		return BM_EXIT_FAILED;
	}
	status = bm_look_status(&result, &look);
	status = print(global, plan, &result, &look, status);
	bm_result_done(&result);
	return status;
}

/* The plan lies on the patient's disk, and what a filesystem check changes nothing takes back: its device must be the
 * system's own, and is agreed to by its name once more, typed or given with --fsck. A --yes is not enough. */
static int agree_fsck(
	const struct bm_cmd_survey *open, const struct bm_system *system, const struct bm_step *step, const char *given)
{
	_cleanup_buf_ struct bm_buf line = {0};
	_cleanup_free_ char *question = NULL;
	const struct bm_device *device;
	int r = bm_accept_fsck(step, &open->survey, system, &device);

	if (r < 0)
		return bm_cmd_failed(r, "nothing is changed");
	if (!given && isatty(STDIN_FILENO)) {
		question =
			bm_strf("This repair begins with a check of the filesystem on %s; what that changes cannot be "
				"taken back.\nType the name of the device to go on: ",
				device->path ? device->path : device->name);
		if (question && bm_ask_line(question, &line) == 0)
			given = bm_buf_text(&line);
	}
	if (bm_streq(given, device->path) || bm_streq(given, device->name))
		return BM_EXIT_OK;
	bm_cmd_error(
		"nothing is changed: this repair begins with a check of the filesystem on %s, which must be agreed "
		"to by name (--fsck %s)",
		device->name, device->path ? device->path : device->name);
	return BM_EXIT_CANCELLED;
}

int bm_cmd_resume(const struct bm_global *global, const char *id, const char *fsck, bool yes)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const struct bm_history_item *item;
	_cleanup_fd_ int lock = -1;
	struct bm_system *system;
	struct bm_plan plan;
	int status = bm_repair_lock(&lock);

	if (status == BM_EXIT_OK)
		status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	item = pick(global, &system->history, id, &status);
	if (!item)
		return status;
	if (bm_cmd_hibernated(&open.survey, system, NULL))
		return BM_EXIT_FAILED;
	status = read_plan(system, item, &plan);
	if (status != BM_EXIT_OK)
		return status;
	for (size_t i = 0; status == BM_EXIT_OK && i < plan.n_steps; i++)
		if (plan.steps[i].kind == BM_STEP_FSCK)
			status = agree_fsck(&open, system, &plan.steps[i], fsck);
	if (status != BM_EXIT_OK) {
		bm_plan_done(&plan);
		return status;
	}
	status = !yes && !bm_cmd_agree(global, system, item, "let the repair go on", "Complete this?")
			 ? BM_EXIT_CANCELLED
			 : complete(global, &open, system, item, &plan);
	bm_plan_done(&plan);
	return status;
}
