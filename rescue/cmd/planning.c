/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "planning.h"

#include <errno.h>
#include <string.h>

#include "../apply/basis.h"
#include "../apply/fsck.h"
#include "../base/str.h"
#include "../check/check.h"
#include "../os/run/system.h"

enum { DATE_LEN = 10 };

void bm_planning_done(struct bm_planning *planning)
{
	bm_plan_done(&planning->plan);
	bm_findings_done(&planning->findings);
}

static int add_ids(const char *list, struct bm_planning_request *request)
{
	_cleanup_strv_ struct bm_strv ids = {0};

	if (bm_strv_split(&ids, list, ",") < 0)
		return bm_cmd_failed(-ENOMEM, NULL);
	if (ids.n == 0)
		return bm_cmd_usage("--only needs the id of a finding");
	for (size_t i = 0; i < ids.n; i++) {
		enum bm_finding_id id;

		if (bm_finding_by_text(ids.items[i], &id) < 0)
			return bm_cmd_usage("--only %s: there is no finding of that name", ids.items[i]);
		if (bm_strv_add_once(&request->only, bm_finding_kinds[id].id) < 0)
			return bm_cmd_failed(-ENOMEM, NULL);
	}
	return BM_EXIT_OK;
}

int bm_planning_only(int *argc, char **argv, struct bm_planning_request *request)
{
	int n = 1;

	for (int i = 1; i < *argc; i++) {
		const char *rest = bm_str_after(argv[i], "--only");
		int status;

		if (bm_streq(argv[i], "--") || !rest || (*rest && *rest != '=')) {
			argv[n++] = argv[i];
			continue;
		}
		if (!*rest && i + 1 >= *argc)
			return bm_cmd_usage("--only needs a value");
		status = add_ids(*rest ? rest + 1 : argv[++i], request);
		if (status != BM_EXIT_OK)
			return status;
	}
	*argc = n;
	return BM_EXIT_OK;
}

int bm_planning_check(const struct bm_planning_request *request)
{
	if (request->kernel && (request->only.n > 0 || request->fsck || request->free_boot))
		return bm_cmd_usage("--kernel rebuilds an image whatever is found; --only, --fsck and --free-boot mend "
				    "what is found: use one or the other");
	return BM_EXIT_OK;
}

/* Whether the rebuild that was asked for by name cures the finding: those are about the default kernel. */
static bool is_rebuilt(const struct bm_system *system, const struct bm_plan *plan, const struct bm_finding *finding)
{
	const struct bm_kernel *kernel = bm_system_default_kernel(system);
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];

	if (kind->rebuild != BM_REBUILD_YES && kind->fixer != BM_FIXER_DEPMOD)
		return false;
	for (size_t s = 0; kernel && s < plan->n_steps; s++)
		if (plan->steps[s].kind == BM_STEP_SWAP && bm_streq(plan->steps[s].version, kernel->version))
			return true;
	return false;
}

static bool is_served(const struct bm_system *system, const struct bm_planning *planning,
	const struct bm_planning_request *request, const struct bm_finding *finding)
{
	const char *id = bm_finding_kinds[finding->id].id;

	/* What is in doubt keeps nothing from being repaired that was asked for. */
	if (request->kernel)
		return finding->doubtful || is_rebuilt(system, &planning->plan, finding);
	if (request->only.n > 0 && !bm_strv_has(&request->only, id))
		return true;
	for (size_t s = 0; s < planning->plan.n_steps; s++)
		if (bm_strv_has(&planning->plan.steps[s].serves, id))
			return true;
	return false;
}

/* Looks for fatal findings, of those that were meant, that no step serves. Those that remain beside a rebuild are
 * named: the machine stays dead for them. */
static int look_for_left(
	const struct bm_system *system, const struct bm_planning_request *request, struct bm_planning *planning)
{
	for (size_t i = 0; i < planning->findings.n; i++) {
		const struct bm_finding *finding = &planning->findings.items[i];

		if (finding->severity != BM_SEVERITY_FATAL || is_served(system, planning, request, finding))
			continue;
		planning->left = true;
		if (request->kernel && planning->refusal == BM_PLAN_OK &&
			bm_strv_addf(&planning->plan.instructions,
				"%s: %s. The rebuild does not help against that; `bootmend repair` without --kernel, "
				"after it, "
				"tells what does.",
				bm_finding_kinds[finding->id].id, finding->evidence) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The tool's command line, for who reads the plan. */
static int name_fsck(struct bm_plan *plan, const struct bm_survey *survey)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		for (size_t d = 0; plan->steps[i].kind == BM_STEP_FSCK && d < survey->devices.n; d++) {
			const struct bm_device *device = &survey->devices.items[d];

			if ((bm_streq(device->path, plan->steps[i].target) ||
				    bm_streq(device->name, plan->steps[i].target)) &&
				plan->steps[i].argv.n == 0 && device->fstype &&
				bm_fsck_command(device->fstype, &plan->steps[i].argv) == -ENOMEM)
				return -ENOMEM;
		}
	return 0;
}

/* Whether the whole of the findings was planned for, and no image is built. */
static bool builds_nothing(const struct bm_planning_request *request, const struct bm_planning *planning)
{
	if (request->only.n > 0 || (planning->refusal != BM_PLAN_OK && planning->refusal != BM_PLAN_NOTHING))
		return false;
	for (size_t s = 0; s < planning->plan.n_steps; s++)
		if (planning->plan.steps[s].kind == BM_STEP_SWAP)
			return false;
	return true;
}

/* The verdict knows what the plan can do: "rebuilding cures it" never stands above a plan that builds nothing. */
static int judge(const struct bm_planning_request *request, bool unread, struct bm_planning *planning)
{
	const struct bm_verdict_input input = {.findings = &planning->findings,
		.disks = true,
		.system = true,
		.unread = unread,
		.no_rebuild = builds_nothing(request, planning)};

	bm_verdict_make(&input, &planning->verdict);
	planning->plan.verdict = bm_report_verdict(&planning->verdict);
	return planning->plan.verdict ? 0 : -ENOMEM;
}

static int make(const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_planning_request *request, bool unread, struct bm_planning *planning)
{
	char time[BM_TIME_TEXT];
	const struct bm_plan_request wanted = {
		.kernel = request->kernel,
		.findings = &planning->findings,
		.only = &request->only,
		.fsck = request->fsck,
		.free_boot = request->free_boot,
		.discard = request->discard,
		.date = time,
	};
	int r;

	bm_time_text(bm_time_now(), time);
	time[DATE_LEN] = '\0';
	r = bm_plan_make(survey, system, &wanted, &planning->plan, &planning->refusal);
	if (r < 0)
		return r;
	if (!request->kernel)
		r = judge(request, unread, planning);
	if (r == 0)
		r = look_for_left(system, request, planning);
	if (r == 0)
		r = name_fsck(&planning->plan, survey);
	if (r == 0 && planning->refusal == BM_PLAN_OK)
		r = bm_basis_take(&planning->plan, system->root);
	return r;
}

int bm_planning_make(const struct bm_survey *survey, struct bm_system *system,
	const struct bm_planning_request *request, struct bm_planning *ret_planning)
{
	_cleanup_cmd_checked_ struct bm_cmd_checked checked = {0};
	int r, status;

	*ret_planning = (struct bm_planning){0};
	status = bm_cmd_check(survey, system, true, &checked);
	if (status != BM_EXIT_OK)
		return status;
	ret_planning->findings = checked.findings;
	checked.findings = (struct bm_findings){0};
	r = make(survey, system, request, checked.unread, ret_planning);
	if (r == 0)
		return BM_EXIT_OK;
	bm_planning_done(ret_planning);
	*ret_planning = (struct bm_planning){0};
	return bm_cmd_failed(r, "cannot make a plan");
}

int bm_planning_served(const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_findings *findings, struct bm_strv *served)
{
	static const struct bm_strv all = {0};
	struct bm_finding *items = calloc(findings->n + 1, sizeof(*items)); /* borrowed from findings */
	struct bm_findings seen = {.items = items};
	const struct bm_plan_request wanted = {.findings = &seen, .only = &all, .date = ""};
	enum bm_plan_refusal refusal;
	struct bm_plan plan = {0};
	int r = -ENOMEM;

	/* A repair is given no text. */
	for (size_t i = 0; items && i < findings->n; i++)
		if (findings->items[i].source != BM_SOURCE_CONSOLE)
			items[seen.n++] = findings->items[i];
	if (items)
		r = bm_plan_make(survey, system, &wanted, &plan, &refusal);
	for (size_t s = 0; r == 0 && refusal == BM_PLAN_OK && s < plan.n_steps; s++)
		for (size_t i = 0; r == 0 && i < plan.steps[s].serves.n; i++)
			r = bm_strv_add_once(served, plan.steps[s].serves.items[i]);
	bm_plan_done(&plan);
	free(items);
	return r;
}

int bm_planning_status(const struct bm_planning *planning)
{
	switch (planning->refusal) {
	case BM_PLAN_OK:
		return BM_EXIT_OK;
	case BM_PLAN_NOTHING:
		return (planning->left ? BM_EXIT_PROBLEMS : BM_EXIT_OK) |
		       (planning->verdict.bits & BM_VERDICT_BIT_UNJUDGED ? BM_EXIT_FAILED : 0);
	case BM_PLAN_NO_KERNEL: /* a matter of the command line; what the system lacks is not */
		return BM_EXIT_USAGE;
	case BM_PLAN_NO_TOOL:
	case BM_PLAN_CANT:
		break;
	}
	return BM_EXIT_FAILED;
}

int bm_planning_fsck(
	const struct bm_survey *survey, const struct bm_planning_request *request, struct bm_planning *ret_planning)
{
	struct bm_planning planning = {0};
	int r = bm_check_disks(survey, &planning.findings);

	if (r == 0)
		r = bm_plan_fsck(
			survey, &planning.findings, request->fsck, request->discard, &planning.plan, &planning.refusal);
	if (r == 0)
		r = name_fsck(&planning.plan, survey);
	if (r < 0) {
		bm_planning_done(&planning);
		return bm_cmd_failed(r, NULL);
	}
	*ret_planning = planning;
	return BM_EXIT_OK;
}
