/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend history: what was done to a system.
 */
#include "survey.h"
#include "versions.h"

static int history_run(const struct bm_global *global, int argc, char **argv)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_system *system;
	struct bm_json json;
	int words, status = bm_cmd_options(NULL, 0, argc, argv, &words);

	if (status == BM_EXIT_OK && words > 0)
		status = bm_cmd_usage("history takes no arguments");
	if (status == BM_EXIT_OK)
		status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "history");
		bm_json_str(&json, "system", system->id);
		bm_report_history_json(&json, "repairs", &system->history);
		bm_report_json_end(&json);
	} else {
		bm_report_history_text(system, &style, &out);
	}
	return bm_cmd_print(&out, BM_EXIT_OK);
}

const struct bm_cmd bm_cmd_history = {
	.name = "history",
	.arguments = "",
	.summary = "list the repairs of a system, the newest first",
	.details = "Each has an id, for `bootmend undo ID`. One that was interrupted is completed with\n"
		   "`bootmend apply --resume`, or taken back with `bootmend undo`.\n",
	.run = history_run,
};
