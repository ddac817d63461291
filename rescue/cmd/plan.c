/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend plan: what repair would do, as a file that a person can read and `bootmend apply` takes.
 */
#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fileio.h"
#include "../plan/planfile.h"
#include "planning.h"
#include "versions.h"

enum { PLAN_MODE = 0600 };

/* As JSON, or as the file; where there is no plan, why. */
static int show(const struct bm_global *global, const struct bm_planning *planning, int status)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_json json;

	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "plan");
		bm_report_plan_json(&json, "plan", &planning->plan);
		bm_report_json_end(&json);
	} else if (planning->refusal == BM_PLAN_OK) {
		if (bm_plan_write(&planning->plan, &out) < 0)
			return bm_cmd_failed(-ENOMEM, NULL);
	} else {
		bm_report_plan_text(&planning->plan, &style, &out);
	}
	return bm_cmd_print(&out, status);
}

static int save(const struct bm_plan *plan, const char *path)
{
	_cleanup_buf_ struct bm_buf out = {0};
	int r = bm_plan_write(plan, &out);

	if (r == 0)
		r = bm_file_write(path, out.data, out.len, PLAN_MODE);
	return r < 0 ? bm_cmd_failed(r, "cannot write the plan") : BM_EXIT_OK;
}

static int with_survey(const struct bm_global *global, const struct bm_planning_request *request, const char *path)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_planning_ struct bm_planning planning = {0};
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_system *system;
	int status = bm_cmd_survey_open(global, &open);

	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status == BM_EXIT_OK)
		status = bm_planning_make(&open.survey, system, request, &planning);
	if (status != BM_EXIT_OK)
		return status;
	status = bm_planning_status(&planning);
	if (planning.refusal != BM_PLAN_OK && planning.refusal != BM_PLAN_NOTHING) {
		for (size_t i = 0; i < planning.plan.notes.n; i++)
			bm_cmd_error("%s", planning.plan.notes.items[i]);
		return status;
	}
	if (!path || planning.refusal == BM_PLAN_NOTHING)
		return show(global, &planning, status);
	status = save(&planning.plan, path);
	if (status != BM_EXIT_OK)
		return status;
	if (global->json)
		return show(global, &planning, status);
	bm_report_plan_text(&planning.plan, &style, &out);
	return global->quiet ? status : bm_cmd_print(&out, status);
}

static int plan_run(const struct bm_global *global, int argc, char **argv)
{
	struct bm_planning_request request = {0};
	const char *path = NULL;
	const struct bm_cmd_option options[] = {
		{"--output", 'o', &path, NULL},
		{"--kernel", 'k', &request.kernel, NULL},
		{"--fsck", 0, &request.fsck, NULL},
		{"--free-boot", 0, NULL, &request.free_boot},
		{"--discard-hibernation", 0, NULL, &request.discard},
	};
	int words = 0, status = bm_planning_only(&argc, argv, &request);

	if (status == BM_EXIT_OK)
		status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status == BM_EXIT_OK)
		status = bm_planning_check(&request);
	if (status == BM_EXIT_OK && words > 0)
		status = bm_cmd_usage("plan takes no arguments (name a file with -o)");
	if (status == BM_EXIT_OK)
		status = with_survey(global, &request, path);
	bm_strv_done(&request.only);
	return status;
}

const struct bm_cmd bm_cmd_plan = {
	.name = "plan",
	.arguments = "[-o FILE] [--kernel VER|all]",
	.summary = "say what repair would do, as a file for `apply`",
	.details = "Nothing is changed. The options say what is wanted, as for repair.\n"
		   "  -o, --output FILE    write the plan there (mode 0600) and show it; else it is printed as it is\n"
		   "  --kernel VER         rebuild the initramfs of this kernel, whatever is found, or of `all`\n"
		   "  --only ID[,ID]       mend just these findings (may be repeated)\n"
		   "  --fsck DEVICE        check and repair this device's filesystem first\n"
		   "  --free-boot          move files out of /boot that belong to no kernel and no boot entry\n"
		   "  --discard-hibernation  give up the memory of a machine that was hibernated, first\n",
	.run = plan_run,
};
