/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend undo: a repair taken back, as its journal on the system tells.
 */
#include <errno.h>

#include "../apply/undo.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fileio.h"
#include "repair.h"
#include "resume.h"
#include "survey.h"
#include "turn.h"
#include "versions.h"

/* The repair that is meant; NULL after saying why there is none, with the status. */
static const struct bm_history_item *pick(
	const struct bm_global *global, const struct bm_history *history, const char *id, int *ret_status)
{
	static const char *const keys[] = {"undo", NULL};
	const struct bm_history_item *item = id ? bm_history_find(history, id) : bm_history_latest(history);

	if (item)
		return item;
	if (id) {
		bm_cmd_error("there is no repair %s, or several begin so (`bootmend history` lists them)", id);
		*ret_status = BM_EXIT_FAILED;
	} else {
		*ret_status = bm_cmd_nothing(global, "undo", keys, "There is nothing to undo.");
	}
	return NULL;
}

static int print(const struct bm_global *global, const struct bm_undo_result *result, int status)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_json json;

	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "undo");
		bm_report_undo_json(&json, "undo", result, status == BM_EXIT_REPAIRED);
		bm_report_json_end(&json);
	} else if (!global->quiet) {
		bm_report_undo_text(result, &style, &out);
	}
	return bm_cmd_print(&out, status);
}

static int undo(const struct bm_global *global, struct bm_cmd_survey *open, const struct bm_system *system,
	const struct bm_history_item *item)
{
	_cleanup_undo_ struct bm_undo_result result = {0};
	int r = bm_undo(&open->survey, system, item->id, &result);

	if (r == -ECANCELED && result.changed.n > 0) {
		bm_cmd_error("%s is not undone, and nothing is changed:", item->id);
		for (size_t i = 0; i < result.changed.n; i++)
			bm_cmd_error("  %s", result.changed.items[i]);
		return global->json ? print(global, &result, BM_EXIT_FAILED) : BM_EXIT_FAILED;
	}
	if (r < 0) {
		bm_cmd_failed(r, NULL);
		if (result.restored.n > 0)
			bm_cmd_error("the undo is not complete: run `bootmend undo` again");
		return BM_EXIT_FAILED;
	}
	return print(global, &result, result.already ? BM_EXIT_OK : BM_EXIT_REPAIRED);
}

static int undo_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const struct bm_history_item *item;
	_cleanup_fd_ int lock = -1;
	struct bm_system *system;
	bool yes = false;
	const struct bm_cmd_option options[] = {{.name = "--yes", .letter = 'y', .flag = &yes}};
	int words, status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);

	if (status == BM_EXIT_OK && words > 1)
		status = bm_cmd_usage("undo takes one id, as `bootmend history` shows them");
	if (status == BM_EXIT_OK)
		status = bm_repair_lock(&lock);
	if (status == BM_EXIT_OK)
		status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	item = pick(global, &system->history, words > 0 ? argv[1] : NULL, &status);
	if (!item)
		return status;
	if (bm_cmd_hibernated(&open.survey, system, NULL))
		return BM_EXIT_FAILED;
	if (!yes && !bm_cmd_agree(global, system, item, "let the undo begin", "Take this back?"))
		return BM_EXIT_CANCELLED;
	return undo(global, &open, system, item);
}

const struct bm_cmd bm_cmd_undo = {
	.name = "undo",
	.arguments = "[ID] [--yes]",
	.summary = "take a repair back",
	.details = "The newest that is not undone, or the one of this id (`bootmend history`). A file that somebody\n"
		   "changed since is named, and then nothing is undone. An undo that was interrupted is completed by\n"
		   "another.\n"
		   "  --yes                do not ask\n",
	.run = undo_run,
};
