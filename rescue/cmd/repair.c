/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend repair: the initramfs of a kernel rebuilt by the system's own tool, proven, and swapped in.
 */
#include "repair.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../apply/apply.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/fileio.h"
#include "../os/system.h"
#include "ask.h"
#include "progress.h"
#include "survey.h"
#include "versions.h"

#define LOCK_PATH "/run/bootmend/lock"

void bm_repair_outcome_done(struct bm_repair_outcome *outcome)
{
	free(outcome->system_id);
	free(outcome->kernel);
	*outcome = (struct bm_repair_outcome){0};
}

static int end(struct bm_repair_outcome *outcome, const char *result, int status)
{
	outcome->result = result;
	outcome->status = status;
	return status;
}

/* The system to repair, or the outcome that says why there is none. */
static int choose(const struct bm_global *global, struct bm_cmd_survey *open, struct bm_system **ret_system,
	struct bm_repair_outcome *outcome)
{
	int status = bm_cmd_choose(global, &open->survey, ret_system);

	if (status == BM_EXIT_AMBIGUOUS)
		return end(outcome, "ambiguous", status);
	if (status != BM_EXIT_OK)
		return end(outcome, "none", status);
	if (bm_str_set(&outcome->system_id, (*ret_system)->id) < 0)
		return end(outcome, "failed", bm_cmd_failed(-ENOMEM, NULL));
	return BM_EXIT_OK;
}

/* Prints the plan, and as JSON the result too, once it is known. */
static int print(const struct bm_global *global, const struct bm_plan *plan, const struct bm_result *result, int status)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_json json;

	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "repair");
		bm_report_plan_json(&json, "plan", plan);
		if (result)
			bm_report_result_json(&json, "result", plan, result);
		bm_report_json_end(&json);
	} else if (result) {
		bm_report_result_text(plan, result, &style, &out);
	} else {
		bm_report_plan_text(plan, &style, &out);
	}
	return bm_cmd_print(&out, status);
}

static int refused(const struct bm_plan *plan, enum bm_plan_refusal refusal, struct bm_repair_outcome *outcome)
{
	for (size_t i = 0; i < plan->notes.n; i++)
		bm_cmd_error("%s", plan->notes.items[i]);
	/* A version that does not exist is a matter of the command line; what the system lacks is not. */
	return end(outcome, "refused", refusal == BM_PLAN_NO_KERNEL ? BM_EXIT_USAGE : BM_EXIT_FAILED);
}

static int apply(const struct bm_global *global, const struct bm_repair_request *request, struct bm_plan *plan,
	struct bm_cmd_survey *open, const struct bm_system *system, struct bm_repair_outcome *outcome)
{
	struct bm_cmd_progress progress;
	struct bm_apply_options options = {
		.time_limit_seconds = request->limit_seconds, .progress = bm_cmd_progress, .context = &progress};
	struct bm_result result;
	int r, status;

	bm_cmd_progress_init(&progress, global->quiet);
	r = bm_apply(plan, &open->survey, system, &options, &result);
	bm_cmd_progress_end(&progress);
	if (r < 0)
		return end(outcome, "failed", bm_cmd_failed(r, NULL));
	status = result.outcome == BM_OUTCOME_REPAIRED ? BM_EXIT_REPAIRED
		 : result.outcome == BM_OUTCOME_PARTLY ? BM_EXIT_REPAIRED | BM_EXIT_PROBLEMS
						       : BM_EXIT_FAILED;
	status = end(outcome, bm_outcome_text(result.outcome), print(global, plan, &result, status));
	bm_result_done(&result);
	return status;
}

/* With the plan made: shows it, asks, and takes it. */
static int confirm_and_apply(const struct bm_global *global, const struct bm_repair_request *request,
	struct bm_plan *plan, struct bm_cmd_survey *open, const struct bm_system *system,
	struct bm_repair_outcome *outcome)
{
	if (request->dry_run)
		return end(outcome, "planned", print(global, plan, NULL, BM_EXIT_OK));
	if (!global->json && !global->quiet && print(global, plan, NULL, BM_EXIT_OK) != BM_EXIT_OK)
		return end(outcome, "failed", BM_EXIT_FAILED);
	if (!request->yes) {
		if (!isatty(STDIN_FILENO) || global->json) {
			bm_cmd_error("nobody is there to be asked: add --yes to let the repair begin");
			return end(outcome, "cancelled", BM_EXIT_CANCELLED);
		}
		if (!bm_ask_yes("Proceed?"))
			return end(outcome, "cancelled", BM_EXIT_CANCELLED);
	}
	return apply(global, request, plan, open, system, outcome);
}

static int with_lock(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *outcome)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const struct bm_plan_request wanted = {.kernel = request->kernel};
	enum bm_plan_refusal refusal;
	struct bm_system *system;
	struct bm_plan plan;
	int r, status;

	status = bm_cmd_survey_open(global, &open);
	if (status != BM_EXIT_OK)
		return end(outcome, "failed", status);
	status = choose(global, &open, &system, outcome);
	if (status != BM_EXIT_OK)
		return status;
	r = bm_plan_make(&open.survey, system, &wanted, &plan, &refusal);
	if (r < 0)
		return end(outcome, "failed", bm_cmd_failed(r, NULL));
	if (bm_str_set(&outcome->kernel, plan.kernel) < 0)
		status = end(outcome, "failed", bm_cmd_failed(-ENOMEM, NULL));
	else if (refusal != BM_PLAN_OK)
		status = refused(&plan, refusal, outcome);
	else
		status = confirm_and_apply(global, request, &plan, &open, system, outcome);
	bm_plan_done(&plan);
	return status;
}

int bm_repair_run(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *ret_outcome)
{
	_cleanup_fd_ int lock = -1;
	int holder = 0, r;

	*ret_outcome = (struct bm_repair_outcome){.status = BM_EXIT_FAILED, .result = "failed"};
	r = bm_lock_take(LOCK_PATH, &lock, &holder);
	if (r == -EBUSY) {
		bm_cmd_error("another bootmend is at work (process %d)", holder);
		return end(ret_outcome, "failed", BM_EXIT_FAILED);
	}
	if (r < 0)
		return end(ret_outcome, "failed", bm_cmd_failed(r, "cannot take the lock"));
	return with_lock(global, request, ret_outcome);
}

static int repair_run(const struct bm_global *global, int argc, char **argv)
{
	struct bm_repair_request request = {0};
	struct bm_repair_outcome outcome;
	const char *limit = NULL;
	bool reboot = false;
	uint64_t seconds = 0;
	const struct bm_cmd_option options[] = {
		{"--kernel", 'k', &request.kernel, NULL},
		{"--dry-run", 'n', NULL, &request.dry_run},
		{"--yes", 'y', NULL, &request.yes},
		{"--reboot", 0, NULL, &reboot},
		{"--time-limit", 0, &limit, NULL},
	};
	int words, status;

	status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("repair takes no arguments (name a kernel with --kernel)");
	if (limit && (bm_num_u64(limit, &seconds) < 0 || seconds == 0 || seconds > 24 * 3600))
		return bm_cmd_usage("--time-limit takes seconds, at most a day");
	request.limit_seconds = (unsigned int)seconds;
	status = bm_repair_run(global, &request, &outcome);
	bm_repair_outcome_done(&outcome);
	if (reboot && status == BM_EXIT_REPAIRED) {
		int r = bm_system_end(BM_SYSTEM_REBOOT);

		status |= bm_cmd_failed(r, "cannot reboot");
	}
	return status;
}

const struct bm_cmd bm_cmd_repair = {
	.name = "repair",
	.arguments = "[--kernel VER|all] [--dry-run] [--yes] [--reboot]",
	.summary = "rebuild the initramfs with the system's own tool, prove it, swap it in",
	.details =
		"  --kernel VER         the kernel to rebuild for: a version, or a file name that holds one\n"
		"                       (initramfs-VER.img, /boot/vmlinuz-VER), or `all`; without it, the kernel of\n"
		"                       the default boot entry\n"
		"  --dry-run            print the plan and change nothing\n"
		"  --yes                do not ask\n"
		"  --reboot             reboot when it is repaired\n"
		"  --time-limit SECONDS of the tool that builds the image (1200)\n",
	.run = repair_run,
};
