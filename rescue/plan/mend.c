/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan for what was found: each finding goes to the fixer of its family, family after family; then their drafts and
 * steps become one plan.
 */
#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../check/verdict.h"
#include "fix.h"
#include "tool.h"

static bm_fixer_run *const fixers[BM_FIXER_COUNT] = {
	[BM_FIXER_FSTAB] = bm_fix_fstab,
	[BM_FIXER_CRYPTTAB] = bm_fix_crypttab,
	[BM_FIXER_MDADM] = bm_fix_mdadm,
	[BM_FIXER_LVM_DEVICES] = bm_fix_lvm_devices,
	[BM_FIXER_VOLUME] = bm_fix_renamed,
	[BM_FIXER_INIT] = bm_fix_init,
	[BM_FIXER_SPACE] = bm_fix_space,
	[BM_FIXER_DEPMOD] = bm_fix_depmod,
	[BM_FIXER_REBUILD] = bm_fix_rebuild,
	[BM_FIXER_ENTRY] = bm_fix_entry,
	[BM_FIXER_CMDLINE] = bm_fix_cmdline,
	[BM_FIXER_DEFAULT] = bm_fix_default,
};

static void fix_done(struct bm_fix *fix)
{
	bm_drafts_done(&fix->drafts);
	for (size_t i = 0; i < BM_FIXER_COUNT; i++)
		bm_plan_done(&fix->made[i]);
	bm_strv_done(&fix->rebuild);
	bm_strv_done(&fix->config);
	bm_strv_done(&fix->wanted);
	bm_strv_done(&fix->unwanted);
	bm_strv_done(&fix->moot);
}

#define _cleanup_fix_ BM_CLEANUP(fix_done)

/* --- which findings --- */

static bool has_only(const struct bm_plan_request *request)
{
	return request->only && request->only->n > 0;
}

static bool is_asked(const struct bm_plan_request *request, const struct bm_finding *finding)
{
	for (size_t i = 0; has_only(request) && i < request->only->n; i++)
		if (bm_strcaseeq(request->only->items[i], bm_finding_kinds[finding->id].id))
			return true;
	return false;
}

/* Whether the finding is to be mended, or its instruction to be told. */
static bool is_meant(const struct bm_plan_request *request, const struct bm_finding *finding)
{
	if (has_only(request))
		return is_asked(request, finding);
	return finding->severity != BM_SEVERITY_NOTE;
}

/* What is never done by itself, or not for what is in doubt: the sentence that says how it would be; NULL: it is done.
 */
static char *consent(const struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];
	const struct bm_device *device = finding->device >= 0 ? &fix->survey->devices.items[finding->device] : NULL;

	if (bm_finding_is_instruction(finding) || kind->fixer == BM_FIXER_FSCK)
		return device && kind->fixer == BM_FIXER_FSCK
			       ? bm_strf("%s. Copy the disk if you can, then `bootmend repair --fsck %s`, which asks "
					 "first.",
					 finding->evidence, device->path ? device->path : device->name)
			       : bm_strf("%s. %s", finding->evidence, bm_finding_advice(finding));
	if (kind->fixer == BM_FIXER_SPACE && !fix->request->free_boot)
		return bm_strf("%s. %s", finding->evidence, kind->advice);
	if (finding->doubtful && !is_asked(fix->request, finding))
		return bm_strf("%s, as far as could be seen. `bootmend repair --only %s` mends it all the same.",
			finding->evidence, kind->id);
	return NULL;
}

static int take_finding(struct bm_fix *fix, const struct bm_finding *finding, enum bm_fixer fixer)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];
	_cleanup_free_ char *sentence = NULL;
	bool asks;

	if (kind->fixer != fixer || !is_meant(fix->request, finding))
		return 0;
	asks = bm_finding_is_instruction(finding) || kind->fixer == BM_FIXER_FSCK ||
	       (kind->fixer == BM_FIXER_SPACE && !fix->request->free_boot) ||
	       (finding->doubtful && !is_asked(fix->request, finding));
	if (!asks)
		return fixers[fixer](fix, finding);
	/* The filesystem that is being repaired needs no advice. */
	if (kind->fixer == BM_FIXER_FSCK && fix->request->fsck)
		return 0;
	if (finding->id == BM_FINDING_HIBERNATED && fix->request->discard)
		return 0;
	sentence = consent(fix, finding);
	return sentence ? bm_fix_instruct(fix, finding, "%s", sentence) : -ENOMEM;
}

/* Family after family, and in each in the order in which a boot would meet the faults. */
static int take_findings(struct bm_fix *fix)
{
	const struct bm_findings *findings = fix->request->findings;

	for (int fixer = 0; fixer < BM_FIXER_COUNT; fixer++)
		for (int id = 0; id < BM_FINDING_COUNT; id++)
			for (size_t i = 0; i < findings->n; i++)
				if ((int)findings->items[i].id == id &&
					take_finding(fix, &findings->items[i], (enum bm_fixer)fixer) < 0)
					return -ENOMEM;
	return 0;
}

/* Room may be made also where nothing is full yet: it was asked for. */
static int take_space(struct bm_fix *fix)
{
	struct bm_finding asked = {.id = BM_FINDING_BOOT_FULL, .device = -1};

	if (!fix->request->free_boot || has_only(fix->request) || fix->made[BM_FIXER_SPACE].n_steps > 0 ||
		fix->system->orphans.n == 0)
		return 0;
	return bm_fix_space(fix, &asked);
}

/* --- the device of --fsck --- */

static const struct bm_device *device_typed(const struct bm_fix *fix, const char *typed)
{
	const struct bm_devices *devices = &fix->survey->devices;
	bool exact;
	int found;

	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->items[i].path, typed) || bm_streq(devices->items[i].name, typed) ||
			bm_streq(devices->items[i].uuid, typed))
			return &devices->items[i];
	found = bm_devices_find_spec(devices, typed, NULL, BM_DEVICE_NONE, &exact);
	return found >= 0 && exact ? &devices->items[found] : NULL;
}

static int take_fsck(struct bm_fix *fix, enum bm_plan_refusal *ret_refusal)
{
	static const char *const kinds[] = {"ext2", "ext3", "ext4", "xfs", "vfat"};
	const char *typed = fix->request->fsck;
	const struct bm_device *device = device_typed(fix, typed);
	struct bm_plan *made = &fix->made[BM_FIXER_FSCK];
	bool known = false;
	struct bm_step *step;

	if (!device)
		return bm_plan_refuse(fix->plan, BM_PLAN_CANT, ret_refusal,
			bm_strf("%s is none of the devices that were found.", typed));
	if (bm_streq(device->fstype, "btrfs"))
		return bm_plan_refuse(fix->plan, BM_PLAN_CANT, ret_refusal,
			bm_strf("%s is a btrfs, whose own tool's advice is not to repair it without an expert: look "
				"with "
				"`btrfs check --readonly`, and copy the data off it (btrfs restore, or mount -o "
				"ro,rescue=all).",
				typed));
	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++)
		known |= bm_streq(device->fstype, kinds[i]);
	if (!known)
		return bm_plan_refuse(fix->plan, BM_PLAN_CANT, ret_refusal,
			bm_strf("%s holds %s, which has no tool that repairs it.", typed,
				device->fstype ? device->fstype : "no filesystem"));
	step = BM_VEC_PUSH(made->steps, made->n_steps, made->cap_steps);
	if (!step || bm_str_set(&step->target, device->path ? device->path : device->name) < 0 ||
		bm_str_set(&step->filesystem, device->uuid) < 0)
		return -ENOMEM;
	step->kind = BM_STEP_FSCK;
	step->text = bm_strf("check and repair the %s of %s; what its tool changes cannot be taken back",
		device->fstype, step->target);
	step->why = bm_strf("asked for with --fsck; damaged files may be lost or move to lost+found");
	for (size_t i = 0; i < fix->request->findings->n; i++) {
		const struct bm_finding *finding = &fix->request->findings->items[i];

		if (bm_finding_kinds[finding->id].fixer == BM_FIXER_FSCK &&
			bm_strv_add_once(&step->serves, bm_finding_kinds[finding->id].id) < 0)
			return -ENOMEM;
	}
	return step->text && step->why ? 0 : -ENOMEM;
}

/* --- the plan of all that --- */

static int add_rebuild(struct bm_fix *fix)
{
	const struct bm_kernel *kernel = bm_system_default_kernel(fix->system);
	const struct bm_tools *tools = &fix->system->tools;
	struct bm_plan *made = &fix->made[BM_FIXER_REBUILD];
	bool indexed = false;

	if (fix->rebuild.n == 0)
		return 0;
	if (!kernel || !kernel->modules_dir || !bm_tool_of(fix->system))
		return bm_strv_add(&fix->plan->notes, "The initramfs should be built anew after this, which is not "
						      "possible: its kernel's modules or the "
						      "tool are missing.");
	for (size_t i = 0; i < fix->made[BM_FIXER_DEPMOD].n_steps; i++)
		indexed |= bm_streq(fix->made[BM_FIXER_DEPMOD].steps[i].version, kernel->version);
	/* The tool can't work without the index. */
	if (!indexed && !kernel->modules_dep && tools->depmod &&
		bm_plan_add_depmod(made, fix->survey, fix->system, kernel) < 0)
		return -ENOMEM;
	if (bm_plan_add_kernel(made, fix->survey, fix->system, kernel) < 0 ||
		bm_str_set(&fix->plan->kernel, kernel->version) < 0)
		return -ENOMEM;
	for (size_t s = 0; s < made->n_steps; s++)
		for (size_t i = 0; i < fix->rebuild.n; i++)
			if (bm_strv_add(&made->steps[s].serves, fix->rebuild.items[i]) < 0)
				return -ENOMEM;
	for (size_t i = 0; i < made->notes.n; i++)
		if (bm_strv_add_once(&fix->plan->notes, made->notes.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* A draft as a step; one that ends as it began is none. */
static int add_edit(struct bm_fix *fix, const struct bm_draft *draft, struct bm_plan *plan)
{
	const struct bm_source *source = draft->source;
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_step *step;

	if (bm_draft_text(draft, &text) < 0)
		return -ENOMEM;
	if (!draft->changed || (source->text && source->len == text.len &&
				       (text.len == 0 || memcmp(source->text, text.data, text.len) == 0)))
		return 0;
	step = bm_plan_add_step(plan, fix->survey, fix->system, BM_STEP_EDIT, NULL, source->path);
	if (!step || bm_step_set_edit(step, source->text, source->len, bm_buf_text(&text), text.len) < 0)
		return -ENOMEM;
	step->text = bm_strf("%s %s", source->text ? "edit" : "make", source->path);
	step->why = bm_strv_join(&draft->whys, "; ");
	for (size_t i = 0; i < draft->serves.n; i++)
		if (bm_strv_add(&step->serves, draft->serves.items[i]) < 0)
			return -ENOMEM;
	return step->text && step->why ? bm_plan_add_basis(plan, source->path, source->hash) : -ENOMEM;
}

static int add_config(struct bm_fix *fix, struct bm_plan *plan)
{
	const struct bm_source *source = bm_sources_find(&fix->system->sources, fix->system->loader.config);
	const char *tool = fix->system->tools.grub_mkconfig;
	_cleanup_free_ char *ids = bm_strv_join(&fix->config, ", ");
	struct bm_step *step;

	if (fix->config.n == 0)
		return 0;
	step = bm_plan_add_step(plan, fix->survey, fix->system, BM_STEP_CONFIG, NULL, fix->system->loader.config);
	if (!step || !ids || bm_strv_add(&step->argv, tool) < 0 ||
		(fix->system->tools.mkconfig_spares && bm_strv_add(&step->argv, "--no-grubenv-update") < 0) ||
		bm_strv_add(&step->argv, "-o") < 0 || bm_strv_add(&step->argv, BM_TOOL_OUTPUT) < 0)
		return -ENOMEM;
	if (source)
		memcpy(step->before, source->hash, sizeof(step->before));
	step->text = bm_strf("write %s anew with the system's %s", fix->system->loader.config, bm_path_base(tool));
	step->why = bm_strf("%s", ids);
	for (size_t i = 0; i < fix->config.n; i++)
		if (bm_strv_add(&step->serves, fix->config.items[i]) < 0)
			return -ENOMEM;
	return step->text && step->why ? 0 : -ENOMEM;
}

/* Hands a family's steps over. */
static int move_steps(struct bm_plan *made, struct bm_plan *plan)
{
	while (made->n_steps > 0) {
		struct bm_step *step = BM_VEC_PUSH(plan->steps, plan->n_steps, plan->cap_steps);

		if (!step)
			return -ENOMEM;
		*step = made->steps[0];
		made->n_steps--;
		memmove(made->steps, made->steps + 1, made->n_steps * sizeof(*made->steps));
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct bm_draft *const *da = a, *const *db = b;

	return strcmp((*da)->source->path, (*db)->source->path);
}

static int add_all(struct bm_fix *fix, struct bm_plan *plan)
{
	struct bm_drafts *drafts = &fix->drafts;

	if (drafts->n > 1)
		qsort(drafts->items, drafts->n, sizeof(struct bm_draft *), by_path);
	if (move_steps(&fix->made[BM_FIXER_FSCK], plan) < 0 || bm_plan_begin(plan, fix->survey, fix->system) < 0)
		return -ENOMEM;
	for (int fixer = BM_FIXER_FSTAB; fixer < BM_FIXER_COUNT; fixer++) {
		for (size_t i = 0; i < drafts->n; i++)
			if ((int)drafts->items[i]->fixer == fixer && add_edit(fix, drafts->items[i], plan) < 0)
				return -ENOMEM;
		if (move_steps(&fix->made[fixer], plan) < 0)
			return -ENOMEM;
	}
	if (add_config(fix, plan) < 0)
		return -ENOMEM;
	return bm_plan_end(plan, fix->survey, fix->system);
}

/* Whether there is anything to do. */
static bool is_empty(const struct bm_fix *fix)
{
	bool empty = fix->config.n == 0;

	for (size_t i = 0; i < BM_FIXER_COUNT; i++)
		empty &= fix->made[i].n_steps == 0;
	for (size_t i = 0; i < fix->drafts.n; i++)
		empty &= !fix->drafts.items[i]->changed;
	return empty;
}

/* An id that was asked for and that nothing of the system has. */
static int check_only(const struct bm_plan_request *request, struct bm_plan *plan, enum bm_plan_refusal *ret_refusal)
{
	for (size_t o = 0; has_only(request) && o < request->only->n; o++) {
		bool found = false;

		for (size_t i = 0; i < request->findings->n; i++)
			found |= bm_strcaseeq(
				request->only->items[o], bm_finding_kinds[request->findings->items[i].id].id);
		if (!found)
			return bm_plan_refuse(plan, BM_PLAN_CANT, ret_refusal,
				bm_strf("%s was not found on this system.", request->only->items[o]));
	}
	return 0;
}

static int nothing(const struct bm_plan_request *request, struct bm_plan *plan, enum bm_plan_refusal *ret_refusal)
{
	bool fatal = bm_findings_count(request->findings, BM_SEVERITY_FATAL) > 0, blind = false;

	for (size_t i = 0; i < request->findings->n; i++)
		blind |= bm_finding_is_blind(request->findings->items[i].id);
	return bm_plan_refuse(plan, BM_PLAN_NOTHING, ret_refusal,
		bm_strf("%s", plan->instructions.n > 0 && fatal
				      ? "Nothing is changed: what is wrong cannot be mended from outside."
			      : blind			 ? "Nothing is changed: what this system boots was not judged."
			      : plan->instructions.n > 0 ? "Nothing is changed: nothing that was found stops the boot."
							 : "There is nothing to repair."));
}

int bm_plan_mend(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan_request *request,
	struct bm_plan *plan, enum bm_plan_refusal *ret_refusal)
{
	_cleanup_fix_ struct bm_fix fix = {.survey = survey, .system = system, .request = request, .plan = plan};
	_cleanup_free_ char *problem = NULL;
	int r = check_only(request, plan, ret_refusal);

	if (r == 0 && *ret_refusal == BM_PLAN_OK && request->fsck)
		r = take_fsck(&fix, ret_refusal);
	if (r < 0 || *ret_refusal != BM_PLAN_OK)
		return r;
	if (take_findings(&fix) < 0 || take_space(&fix) < 0 || add_rebuild(&fix) < 0)
		return -ENOMEM;
	if (is_empty(&fix))
		return nothing(request, plan, ret_refusal);
	if (bm_fix_verify(&fix, &problem) < 0)
		return -ENOMEM;
	if (problem) {
		r = bm_plan_refuse(plan, BM_PLAN_CANT, ret_refusal,
			bm_strf("The edit that was meant does not do: %s. Mend the boot entry by hand.", problem));
		return r;
	}
	return add_all(&fix, plan);
}

int bm_plan_fsck(const struct bm_survey *survey, const struct bm_findings *findings, const char *device, bool discard,
	struct bm_plan *ret_plan, enum bm_plan_refusal *ret_refusal)
{
	const struct bm_plan_request request = {.findings = findings, .fsck = device};
	struct bm_plan plan = {0};
	_cleanup_fix_ struct bm_fix fix = {.survey = survey, .request = &request, .plan = &plan};
	struct bm_plan *made = &fix.made[BM_FIXER_FSCK];
	int r;

	*ret_refusal = BM_PLAN_OK;
	r = take_fsck(&fix, ret_refusal);
	/* The only steps that there are become the plan's. */
	if (r == 0)
		r = move_steps(made, &plan);
	if (r == 0 && discard)
		r = bm_plan_discard(&plan, survey, NULL, ret_refusal);
	if (r < 0) {
		bm_plan_done(&plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}
