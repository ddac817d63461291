/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend apply: exactly a plan that was made before, or nothing, where anything that it rests on has changed since.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../apply/accept.h"
#include "../apply/basis.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fileio.h"
#include "../plan/planfile.h"
#include "repair.h"
#include "turn.h"
#include "resume.h"

static void plan_done(struct bm_plan *plan)
{
	bm_plan_done(plan);
}

static const char *uuid_of(const struct bm_survey *survey, const struct bm_system *system)
{
	return system->root_device >= 0 ? survey->devices.items[system->root_device].uuid : NULL;
}

/* The system that the plan was made for; where several have its UUID (clones), --system says which. */
static int choose(const struct bm_global *global, struct bm_survey *survey, const struct bm_plan *plan,
	struct bm_system **ret_system)
{
	struct bm_system *found = NULL;
	size_t n = 0;
	int status;

	if (global->system || global->root || !plan->system_uuid) {
		status = bm_cmd_choose(global, survey, &found);
		if (status != BM_EXIT_OK)
			return status;
		n = bm_streq(uuid_of(survey, found), plan->system_uuid) ? 1 : 0;
	}
	for (size_t i = 0; !found && i < survey->systems.n; i++)
		n += bm_streq(uuid_of(survey, &survey->systems.items[i]), plan->system_uuid);
	for (size_t i = 0; !found && n > 0 && i < survey->systems.n; i++)
		if (bm_streq(uuid_of(survey, &survey->systems.items[i]), plan->system_uuid))
			found = &survey->systems.items[i];
	if (n > 1) {
		bm_cmd_error("%zu systems have the root %s that the plan was made for; name one with --system", n,
			plan->system_uuid);
		return BM_EXIT_AMBIGUOUS;
	}
	if (n == 0) {
		bm_cmd_error("the plan was made for another system: its root is %s",
			plan->system_uuid ? plan->system_uuid : "not on a filesystem with a UUID");
		return BM_EXIT_FAILED;
	}
	*ret_system = found;
	return BM_EXIT_OK;
}

/* Whether the plan may be carried out; *ret_applied: there is nothing left of it to do. */
static int check(
	const struct bm_global *global, const struct bm_plan *plan, const struct bm_system *system, bool *ret_applied)
{
	const struct bm_history_item *applied;
	_cleanup_free_ char *why = NULL;
	char hash[BM_SHA256_TEXT];
	int r = bm_basis_check(plan, system->root, &why);

	*ret_applied = false;
	if (r == 0)
		r = bm_plan_hash(plan, hash);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	if (!why)
		return BM_EXIT_OK;
	/* What it has changed itself is no reason to refuse it. */
	applied = bm_history_applied(&system->history, hash);
	if (applied) {
		*ret_applied = true;
		return bm_cmd_nothing(global, "apply", bm_cmd_apply_keys,
			"This plan was applied already (%s); nothing is changed.", applied->id);
	}
	bm_cmd_error(
		"the plan is not carried out, and nothing is changed: %s; make a new one with `bootmend plan`", why);
	return BM_EXIT_FAILED;
}

/* Whether a step mends the finding, or makes it no matter of the boot: the default moves to another kernel. */
static bool is_served(const struct bm_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (bm_strv_has(&plan->steps[i].serves, id))
			return true;
	return false;
}

/* Whether the plan itself says that something fatal stays: its instructions begin with the finding's id. */
static bool leaves_fatal(const struct bm_plan *plan)
{
	for (size_t i = 0; i < plan->instructions.n; i++) {
		const char *text = plan->instructions.items[i];
		_cleanup_free_ char *id = strndup(text, strcspn(text, ":"));
		enum bm_finding_id found;

		if (id && bm_finding_by_text(id, &found) == 0 &&
			bm_finding_kinds[found].severity == BM_SEVERITY_FATAL && !is_served(plan, id))
			return true;
	}
	return false;
}

static int with_plan(const struct bm_global *global, struct bm_plan *plan, bool yes)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const struct bm_repair_request request = {.yes = yes};
	struct bm_repair_outcome outcome = {0};
	_cleanup_fd_ int lock = -1;
	struct bm_system *system;
	bool applied;
	int status = bm_repair_lock(&lock);

	if (status == BM_EXIT_OK)
		status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = choose(global, &open.survey, plan, &system);
	if (status == BM_EXIT_OK)
		status = check(global, plan, system, &applied);
	if (status != BM_EXIT_OK || applied)
		return status;
	status = bm_repair_apply(global, &request, leaves_fatal(plan), plan, &open, system, &outcome);
	bm_repair_outcome_done(&outcome);
	return status;
}

static int apply_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_buf_ struct bm_buf text = {0};
	BM_CLEANUP(plan_done) struct bm_plan plan = {0};
	bool yes = false, resume = false;
	const char *fsck = NULL;
	const struct bm_cmd_option options[] = {
		{"--yes", 'y', NULL, &yes}, {"--resume", 0, NULL, &resume}, {"--fsck", 0, &fsck, NULL}};
	int words, r, status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);

	if (status != BM_EXIT_OK)
		return status;
	if (resume && words > 1)
		return bm_cmd_usage("apply --resume takes one id, as `bootmend history` shows them");
	if (resume)
		return bm_cmd_resume(global, words > 0 ? argv[1] : NULL, fsck, yes);
	if (fsck)
		return bm_cmd_usage("--fsck belongs to --resume; a plan names the device itself");
	if (words != 1)
		return bm_cmd_usage("apply takes one file, which `bootmend plan -o FILE` has written");
	r = bm_file_read(argv[1], BM_PLAN_SIZE_MAX, &text);
	if (r == 0)
		r = bm_plan_parse(bm_buf_text(&text), text.len, &plan);
	if (r == 0 && plan.n_steps > 0)
		r = bm_accept_plan(&plan);
	if (r < 0)
		return bm_cmd_failed(r, argv[1]);
	if (plan.n_steps == 0) {
		bm_cmd_error("%s: the plan has no steps", argv[1]);
		return BM_EXIT_FAILED;
	}
	return with_plan(global, &plan, yes);
}

const struct bm_cmd bm_cmd_apply = {
	.name = "apply",
	.arguments = "FILE|--resume [ID] [--yes]",
	.summary = "do exactly what a plan says",
	.details = "Refuses, and changes nothing, where a file has changed that the plan was decided from. A plan that "
		   "was\n"
		   "applied already does nothing.\n"
		   "  --resume [ID]        complete a repair that was interrupted\n"
		   "  --fsck DEVICE        with --resume: agrees to the check of that filesystem, where it has one\n"
		   "  --yes                do not ask\n",
	.run = apply_run,
};
