/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend scan: the installed systems, their filesystems and kernels, and what the loader would boot.
 */
#include <errno.h>

#include "survey.h"
#include "versions.h"

struct views {
	struct bm_report_item *items;
	struct bm_cmd_checked *checked;
	size_t n;
};

static void views_done(struct views *views)
{
	for (size_t i = 0; i < views->n; i++)
		bm_cmd_checked_done(&views->checked[i]);
	free(views->checked);
	free(views->items);
	*views = (struct views){0};
}

/* All systems, or the one that --system names. */
static int fill(const struct bm_global *global, const struct bm_survey *survey, struct views *views)
{
	struct bm_system *only = NULL;
	int status;

	if (global->system && survey->systems.n > 0) {
		status = bm_cmd_choose(global, survey, &only);
		if (status != BM_EXIT_OK)
			return status;
	}
	views->items = calloc(survey->systems.n + 1, sizeof(*views->items));
	views->checked = calloc(survey->systems.n + 1, sizeof(*views->checked));
	if (!views->items || !views->checked)
		return bm_cmd_failed(-ENOMEM, NULL);
	for (size_t i = 0; i < survey->systems.n; i++) {
		struct bm_system *system = &survey->systems.items[i];

		if (only && system != only)
			continue;
		status = bm_cmd_check(survey, system, false, &views->checked[views->n]);
		if (status != BM_EXIT_OK)
			return status;
		views->items[views->n] = (struct bm_report_item){system, &views->checked[views->n].findings};
		views->n++;
	}
	return BM_EXIT_OK;
}

static int scan_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct views views = {0};
	int words, status;

	status = bm_cmd_options(NULL, 0, argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("scan takes no arguments (name disks with --disk)");
	status = bm_cmd_survey_open(global, &open);
	if (status != BM_EXIT_OK)
		return status;
	status = fill(global, &open.survey, &views);
	if (status == BM_EXIT_OK && global->json) {
		struct bm_json json;

		bm_report_json_begin(&json, &out, BM_VERSION, "scan");
		bm_report_survey_json(&json, &open.survey, views.items, views.n);
		bm_report_json_end(&json);
	} else if (status == BM_EXIT_OK) {
		bm_report_survey_text(&open.survey, views.items, views.n, &style, &out);
	}
	if (status == BM_EXIT_OK)
		status = bm_cmd_print(&out, views.n > 0 ? BM_EXIT_OK : BM_EXIT_PROBLEMS);
	views_done(&views);
	return status;
}

const struct bm_cmd bm_cmd_scan = {
	.name = "scan",
	.arguments = "",
	.summary = "list the installed systems, their filesystems, kernels and boot entries",
	.details = "Nothing is written to any disk. Exit status 4 where no system was found.\n"
		   "  -v                   all kernels, entries and devices, and what could not be read\n",
	.run = scan_run,
};
