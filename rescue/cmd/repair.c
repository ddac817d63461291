/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend repair: what was found mended, or the initramfs of a kernel rebuilt, as a plan that is shown, agreed to and
 * carried out.
 */
#include "repair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../apply/apply.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/own/bmconf.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "ask.h"
#include "look.h"
#include "progress.h"
#include "survey.h"
#include "turn.h"
#include "versions.h"

void bm_repair_outcome_done(struct bm_repair_outcome *outcome)
{
	free(outcome->why);
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

/* The system to repair (NULL where there is none and only a filesystem is to be repaired), or the outcome that says why
 * there is none. */
static int choose(const struct bm_global *global, const struct bm_repair_request *request, struct bm_cmd_survey *open,
	struct bm_system **ret_system, struct bm_repair_outcome *outcome)
{
	int status;

	*ret_system = NULL;
	if (request->wanted.fsck && open->survey.systems.n == 0)
		return BM_EXIT_OK;
	status = bm_cmd_choose(global, &open->survey, ret_system);
	if (status == BM_EXIT_AMBIGUOUS)
		return end(outcome, "ambiguous", status);
	if (status != BM_EXIT_OK)
		return end(outcome, "none", status);
	if (bm_str_set(&outcome->system_id, (*ret_system)->id) < 0)
		return end(outcome, "failed", bm_cmd_failed(-ENOMEM, NULL));
	return BM_EXIT_OK;
}

/* Prints the plan, and as JSON the result too, once it is known (both, or neither). */
static int print(const struct bm_global *global, const struct bm_plan *plan, const struct bm_result *result,
	const struct bm_look *look, int status)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_json json;

	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, "repair");
		bm_report_plan_json(&json, "plan", plan);
		if (result) {
			bm_report_result_json(&json, "result", plan, result);
			bm_look_json(look, &json);
		}
		bm_report_json_end(&json);
	} else if (result) {
		bm_report_result_text(plan, result, &style, &out);
		bm_look_text(look, &style, &out);
	} else {
		bm_report_plan_text(plan, &style, &out);
	}
	return bm_cmd_print(&out, status);
}

/* What a tool said last is most of why it failed. What remains to be done is told by the second look. */
static int note_why(const struct bm_result *result, const struct bm_look *look, struct bm_repair_outcome *outcome)
{
	const char *last = result->tool_tail.n > 0 ? result->tool_tail.items[result->tool_tail.n - 1] : NULL;

	if (result->error)
		outcome->why = bm_strf("%s%s%s", result->error, last ? ": " : "", last ? last : "");
	else if (result->outcome != BM_OUTCOME_REPAIRED && look->verdict)
		outcome->why = bm_strf("%s", look->verdict);
	else
		return 0;
	return outcome->why ? 0 : -ENOMEM;
}

/* Why there is no plan. What cannot be mended is the result; what cannot be done is an error. */
static int refused(
	const struct bm_global *global, const struct bm_planning *planning, struct bm_repair_outcome *outcome)
{
	const struct bm_plan *plan = &planning->plan;
	int status = bm_planning_status(planning);

	if (plan->instructions.n > 0 && bm_str_set(&outcome->why, plan->instructions.items[0]) < 0)
		return end(outcome, "failed", bm_cmd_failed(-ENOMEM, NULL));
	if (planning->refusal == BM_PLAN_NOTHING)
		return end(outcome,
			status & BM_EXIT_FAILED	    ? "not-judged"
			: status & BM_EXIT_PROBLEMS ? "instruction"
						    : "nothing",
			print(global, plan, NULL, NULL, status));
	for (size_t i = 0; i < plan->notes.n; i++)
		bm_cmd_error("%s", plan->notes.items[i]);
	return end(outcome, "refused", status);
}

static int apply(const struct bm_global *global, const struct bm_repair_request *request, bool left,
	struct bm_plan *plan, struct bm_cmd_survey *open, const struct bm_system *system,
	struct bm_repair_outcome *outcome)
{
	_cleanup_look_ struct bm_look look = {0};
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
	/* What it was to do is done, and the machine does not boot yet. */
	if (left && result.outcome == BM_OUTCOME_REPAIRED)
		result.outcome = BM_OUTCOME_PARTLY;
	if (bm_look_again(global, plan, open, &result, &look) != BM_EXIT_OK) {
		bm_result_done(&result);
		return end(outcome, "failed", BM_EXIT_FAILED);
	}
	status = bm_look_status(&result, &look);
	if (note_why(&result, &look, outcome) < 0)
		bm_cmd_error("out of memory");
	status = print(global, plan, &result, &look, status);
	end(outcome, bm_outcome_text(result.outcome), status);
	bm_result_done(&result);
	return status;
}

/* What cannot be taken back is agreed to by its device's name: a y is typed too easily. */
static bool agree_device(const struct bm_step *step)
{
	const char *asked = step->target ? step->target : step->filesystem;
	_cleanup_buf_ struct bm_buf line = {0};
	_cleanup_free_ char *name = bm_str_safe(asked), *question = NULL;

	if (name && step->kind == BM_STEP_FSCK)
		question = bm_strf("What fsck changes on %s cannot be taken back, and files may be lost. Copy the disk "
				   "first if you can.\nType the name of the device to go on: ",
			name);
	else if (name)
		question = bm_strf(
			"The machine's memory in %s is given up: what was open and not saved when it was "
			"hibernated is lost, which cannot be taken back.\nType the name of the device to go on: ",
			name);
	return question && bm_ask_line(question, &line) == 0 && bm_streq(bm_buf_text(&line), asked);
}

static bool agree(const struct bm_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if ((plan->steps[i].kind == BM_STEP_FSCK || plan->steps[i].kind == BM_STEP_DISCARD) &&
			!agree_device(&plan->steps[i]))
			return false;
	return bm_ask_yes("Proceed?");
}

int bm_repair_apply(const struct bm_global *global, const struct bm_repair_request *request, bool left,
	struct bm_plan *plan, struct bm_cmd_survey *open, const struct bm_system *system,
	struct bm_repair_outcome *outcome)
{
	if (request->dry_run)
		return end(outcome, "planned", print(global, plan, NULL, NULL, BM_EXIT_OK));
	if ((system && bm_cmd_interrupted(system)) || bm_cmd_hibernated(&open->survey, system, plan))
		return end(outcome, "refused", BM_EXIT_FAILED);
	if (!global->json && !global->quiet && print(global, plan, NULL, NULL, BM_EXIT_OK) != BM_EXIT_OK)
		return end(outcome, "failed", BM_EXIT_FAILED);
	if (!request->yes) {
		if (!isatty(STDIN_FILENO) || global->json) {
			bm_cmd_error("nobody is there to be asked: add --yes to let the repair begin");
			return end(outcome, "cancelled", BM_EXIT_CANCELLED);
		}
		if (!agree(plan))
			return end(outcome, "cancelled", BM_EXIT_CANCELLED);
	}
	return system ? apply(global, request, left, plan, open, system, outcome)
		      : bm_repair_filesystem(global, plan, &open->survey, outcome);
}

/* What the plan would do, and to what: not when, nor from which state. */
static int note_what(const struct bm_plan *plan, struct bm_repair_outcome *outcome)
{
	_cleanup_buf_ struct bm_buf text = {0};

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct bm_step *step = &plan->steps[i];

		bm_buf_addf(&text, "%s %s %s\n", bm_step_kind_text(step->kind), step->target ? step->target : "-",
			step->version ? step->version : "-");
	}
	bm_sha256_text(bm_buf_text(&text), text.len, outcome->what);
	return text.failed ? -ENOMEM : 0;
}

static int with_lock(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *outcome)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_planning_ struct bm_planning planning = {0};
	struct bm_system *system;
	int status;

	status = bm_cmd_survey_open(global, &open);
	if (status != BM_EXIT_OK)
		return end(outcome, "failed", status);
	status = choose(global, request, &open, &system, outcome);
	if (status != BM_EXIT_OK)
		return status;
	status = system ? bm_planning_make(&open.survey, system, &request->wanted, &planning)
			: bm_planning_fsck(&open.survey, &request->wanted, &planning);
	if (status != BM_EXIT_OK)
		return end(outcome, "failed", status);
	if (bm_str_set(&outcome->kernel, planning.plan.kernel) < 0 || note_what(&planning.plan, outcome) < 0)
		return end(outcome, "failed", bm_cmd_failed(-ENOMEM, NULL));
	/* What lies on the disks of a hibernated machine is not all that it knows: not even "nothing" can be said. */
	if (planning.refusal == BM_PLAN_NOTHING && !request->dry_run && bm_cmd_hibernated(&open.survey, system, NULL))
		return end(outcome, "refused", BM_EXIT_FAILED);
	if (planning.refusal != BM_PLAN_OK)
		return refused(global, &planning, outcome);
	return bm_repair_apply(global, request, planning.left, &planning.plan, &open, system, outcome);
}

int bm_repair_run(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *ret_outcome)
{
	_cleanup_fd_ int lock = -1;

	*ret_outcome = (struct bm_repair_outcome){.status = BM_EXIT_FAILED, .result = "failed"};
	if (bm_repair_lock(&lock) != BM_EXIT_OK)
		return ret_outcome->status;
	return with_lock(global, request, ret_outcome);
}

static int run(const struct bm_global *global, int argc, char **argv, struct bm_repair_request *request)
{
	struct bm_repair_outcome outcome;
	const char *limit = NULL;
	bool reboot = false;
	uint64_t seconds = 0;
	const struct bm_cmd_option options[] = {
		{"--kernel", 'k', &request->wanted.kernel, NULL},
		{"--fsck", 0, &request->wanted.fsck, NULL},
		{"--free-boot", 0, NULL, &request->wanted.free_boot},
		{"--discard-hibernation", 0, NULL, &request->wanted.discard},
		{"--dry-run", 'n', NULL, &request->dry_run},
		{"--yes", 'y', NULL, &request->yes},
		{"--reboot", 0, NULL, &reboot},
		{"--time-limit", 0, &limit, NULL},
	};
	int words, status;

	status = bm_planning_only(&argc, argv, &request->wanted);
	if (status == BM_EXIT_OK)
		status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status == BM_EXIT_OK)
		status = bm_planning_check(&request->wanted);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("repair takes no arguments (name a kernel with --kernel)");
	if (limit && (bm_num_u64(limit, &seconds) < 0 || seconds == 0 || seconds > BM_BMCONF_SECONDS_MAX))
		return bm_cmd_usage("--time-limit takes seconds, at most a day");
	request->limit_seconds = (unsigned int)seconds;
	status = bm_repair_run(global, request, &outcome);
	bm_repair_outcome_done(&outcome);
	if (reboot && status == BM_EXIT_REPAIRED) {
		int r = bm_system_end(BM_SYSTEM_REBOOT);

		status |= bm_cmd_failed(r, "cannot reboot");
	}
	return status;
}

static int repair_run(const struct bm_global *global, int argc, char **argv)
{
	struct bm_repair_request request = {0};
	int status = run(global, argc, argv, &request);

	bm_strv_done(&request.wanted.only);
	return status;
}

const struct bm_cmd bm_cmd_repair = {
	.name = "repair",
	.arguments = "[--kernel VER|all] [--dry-run] [--yes] [--reboot]",
	.summary = "mend what keeps the system from booting, or rebuild an initramfs",
	.details =
		"Without --kernel it does what the diagnosis asks for, and no more. Everything can be taken back with\n"
		"`bootmend undo`, but for what --fsck and\n"
		"--discard-hibernation change.\n"
		"  --kernel VER         rebuild the initramfs of this kernel, whatever is found: a version, or a file\n"
		"                       name that holds one (initramfs-VER.img, /boot/vmlinuz-VER), or `all`\n"
		"  --only ID[,ID]       mend just these findings, also notes and those in doubt (may be repeated)\n"
		"  --fsck DEVICE        check and repair this device's filesystem first; asks for its name\n"
		"  --free-boot          move files out of /boot that belong to no kernel and no boot entry\n"
		"  --discard-hibernation  give up the memory of a machine that was hibernated, first; asks for the\n"
		"                       device's name\n"
		"  --dry-run            print the plan and change nothing\n"
		"  --yes                do not ask\n"
		"  --reboot             reboot when it is repaired\n"
		"  --time-limit SECONDS end a tool that made no progress for so long (1200)\n",
	.run = repair_run,
};
