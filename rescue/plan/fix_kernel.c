/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels: their module index, the default one's initramfs, and room in /boot.
 */
#include "fix.h"

#include <errno.h>

#include "../base/str.h"
#include "tool.h"

/* The kernel that the finding names, by its version or its folder of modules. */
static const struct bm_kernel *kernel_of(const struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_kernel *kernel = finding->subject ? bm_system_kernel(fix->system, finding->subject) : NULL;

	for (size_t i = 0; !kernel && finding->file && i < fix->system->n_kernels; i++)
		if (bm_streq(fix->system->kernels[i].modules_dir, finding->file))
			kernel = &fix->system->kernels[i];
	return kernel;
}

int bm_fix_depmod(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_kernel *kernel = kernel_of(fix, finding);
	struct bm_plan *made = &fix->made[BM_FIXER_DEPMOD];

	if (!kernel || !kernel->modules_dir)
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	if (!fix->system->tools.depmod)
		return bm_fix_instruct(fix, finding,
			"the system has no depmod: install kmod with `bootmend chroot`, then run depmod -a %s.",
			kernel->version);
	for (size_t i = 0; i < made->n_steps; i++)
		if (bm_streq(made->steps[i].version, kernel->version))
			return bm_strv_add_once(&made->steps[i].serves, bm_finding_kinds[finding->id].id);
	if (bm_plan_add_depmod(made, fix->survey, fix->system, kernel) < 0)
		return -ENOMEM;
	return bm_strv_add(&made->steps[made->n_steps - 1].serves, bm_finding_kinds[finding->id].id);
}

/* Whether the default moves to another kernel, because no image makes this one boot. */
static bool default_moves(const struct bm_fix *fix)
{
	const struct bm_findings *findings = fix->request->findings;

	if (fix->request->only && fix->request->only->n > 0)
		return false;
	for (size_t i = 0; i < findings->n; i++)
		if (bm_finding_kinds[findings->items[i].id].fixer == BM_FIXER_DEFAULT &&
			findings->items[i].severity == BM_SEVERITY_FATAL && !findings->items[i].doubtful)
			return true;
	return false;
}

int bm_fix_rebuild(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_kernel *kernel = bm_system_default_kernel(fix->system);

	if (default_moves(fix))
		return 0;
	/* Another kernel becomes the default, or a person has to mend this one first. */
	if (bm_fix_kernel_dead(fix) && !(fix->request->only && fix->request->only->n > 0))
		return bm_strv_add_once(&fix->moot, bm_finding_kinds[finding->id].id);
	if (!kernel)
		return bm_fix_instruct(fix, finding,
			"the default boot entry names no kernel that is known: name one with `bootmend repair "
			"--kernel`.");
	if (!kernel->modules_dir)
		return bm_fix_instruct(fix, finding,
			"kernel %s has no modules, so no image can be built for it: reinstall its package, or boot "
			"another kernel.",
			kernel->version);
	if (finding->rebuild == BM_REBUILD_NO)
		return bm_fix_leave_kernel(fix, finding);
	if (fix->system->tools.foreign)
		return bm_fix_instruct(fix, finding, "%s builds the image in `bootmend chroot`: `%s`.",
			fix->system->tools.foreign, fix->system->tools.foreign_command);
	if (!bm_tool_of(fix->system))
		return bm_fix_instruct(fix, finding,
			"the system has neither dracut nor initramfs-tools: install one with `bootmend chroot`.");
	return bm_fix_want_rebuild(fix, finding);
}

int bm_fix_space(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_orphans *orphans = &fix->system->orphans;
	struct bm_plan *made = &fix->made[BM_FIXER_SPACE];
	uint64_t total = 0;

	if (made->n_steps > 0)
		return 0;
	for (size_t i = 0; i < orphans->n; i++) {
		const struct bm_orphan *orphan = &orphans->items[i];
		_cleanup_free_ char *size = bm_size_text(orphan->size_bytes);
		struct bm_step *step =
			bm_plan_add_step(made, fix->survey, fix->system, BM_STEP_MOVE, NULL, orphan->path);

		if (!size || !step || bm_strv_add(&step->serves, bm_finding_kinds[finding->id].id) < 0)
			return -ENOMEM;
		step->text = bm_strf("move %s (%s) out of /boot", orphan->path, size);
		step->why = bm_strf("%s has no modules, and no boot entry names it", orphan->version);
		if (!step->text || !step->why)
			return -ENOMEM;
		total += orphan->size_bytes;
	}
	if (total > 0)
		return 0;
	return bm_fix_instruct(fix, finding,
		"nothing in /boot is without an owner: remove a kernel that is no longer needed with the system's "
		"package "
		"manager (`bootmend chroot`).");
}
