/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "fix.h"
#include "tool.h"

/* Sizes of a new image, where no other tells: host-only images of common systems are 15 to 45 MiB, generic ones more
 * than twice that. */
#define GUESS_BYTES	    (48 * BM_MIB)
#define GUESS_GENERIC_BYTES (112 * BM_MIB)

const char *bm_step_kind_text(enum bm_step_kind kind)
{
	static const char *const texts[] = {"mount", "fsck", "discard-hibernation", "edit", "link", "move", "depmod",
		"build", "prove", "swap", "config", "record", "unmount"};

	return texts[kind];
}

void bm_plan_done(struct bm_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		struct bm_step *step = &plan->steps[i];

		free(step->version);
		free(step->target);
		free(step->filesystem);
		free(step->why);
		free(step->text);
		bm_strv_done(&step->argv);
		bm_strv_done(&step->environment);
		bm_strv_done(&step->drivers);
		bm_strv_done(&step->serves);
		free(step->link);
		for (size_t e = 0; e < step->n_edits; e++) {
			free(step->edits[e].old);
			free(step->edits[e].new);
		}
		free(step->edits);
	}
	free(plan->steps);
	for (size_t i = 0; i < plan->n_basis; i++)
		free(plan->basis[i].path);
	free(plan->basis);
	free(plan->system_id);
	free(plan->system_uuid);
	free(plan->kernel);
	free(plan->verdict);
	bm_strv_done(&plan->notes);
	bm_strv_done(&plan->instructions);
	*plan = (struct bm_plan){0};
}

/* Adds a step; target may be NULL. The filesystem is that of target, else the root's. */
struct bm_step *bm_plan_add_step(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	enum bm_step_kind kind, const char *version, const char *target)
{
	struct bm_step *step = BM_VEC_PUSH(plan->steps, plan->n_steps, plan->cap_steps);
	const struct bm_mount *mount = bm_system_mount_of(system, target ? target : "/");

	if (!step || bm_str_set(&step->version, version) < 0 || bm_str_set(&step->target, target) < 0)
		return NULL;
	step->kind = kind;
	if (mount && mount->device >= 0 && bm_str_set(&step->filesystem, survey->devices.items[mount->device].uuid) < 0)
		return NULL;
	return step;
}

/* The smallest and the largest image of the system, 0 where it has none. A cut one says little, so the smallest is a
 * lower bound only of what is whole, and half of it a safe one. */
static void image_sizes(const struct bm_system *system, uint64_t *ret_smallest, uint64_t *ret_largest)
{
	uint64_t smallest = 0, largest = 0;

	for (size_t i = 0; i < system->n_kernels; i++)
		for (size_t f = 0; f < system->kernels[i].n_initramfs; f++) {
			uint64_t size = system->kernels[i].initramfs[f].size_bytes;

			if (system->kernels[i].rescue || size == 0)
				continue;
			largest = BM_MAX(largest, size);
			smallest = smallest ? BM_MIN(smallest, size) : size;
		}
	*ret_smallest = smallest;
	*ret_largest = largest;
}

/* About as large as the largest of the present ones, and more where it is built for any hardware. */
static uint64_t estimate(const struct bm_system *system, bool hardware_known)
{
	uint64_t smallest, largest;

	image_sizes(system, &smallest, &largest);
	if (largest == 0)
		return hardware_known ? GUESS_BYTES : GUESS_GENERIC_BYTES;
	return hardware_known ? largest + largest / 8 : largest * 2;
}

static uint64_t lower_bound(const struct bm_system *system)
{
	uint64_t smallest, largest;

	image_sizes(system, &smallest, &largest);
	return smallest / 2;
}

int bm_plan_add_depmod(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_kernel *kernel)
{
	struct bm_step *step;

	step = bm_plan_add_step(plan, survey, system, BM_STEP_DEPMOD, kernel->version, kernel->modules_dir);
	if (!step)
		return -ENOMEM;
	step->why = bm_strf("modules.dep of %s is %s", kernel->version,
		kernel->modules_dep ? "older than the modules" : "missing or empty");
	step->text = bm_strf("index the modules of %s (depmod)", kernel->version);
	if (!step->why || !step->text || bm_strv_add(&step->argv, system->tools.depmod) < 0 ||
		bm_strv_add(&step->argv, "-a") < 0 || bm_strv_add(&step->argv, kernel->version) < 0)
		return -ENOMEM;
	return 0;
}

static int compose_build(
	const struct bm_system *system, const struct bm_needs *needs, const struct bm_tool *tool, struct bm_step *step)
{
	bm_strv_done(&step->argv);
	bm_strv_done(&step->environment);
	bm_strv_done(&step->drivers);
	for (size_t i = 0; i < needs->add_drivers.n; i++)
		if (bm_strv_add(&step->drivers, needs->add_drivers.items[i]) < 0)
			return -ENOMEM;
	return tool->command(system, needs, step);
}

int bm_plan_refresh_build(const struct bm_survey *survey, const struct bm_system *system, struct bm_step *step)
{
	const struct bm_kernel *kernel = bm_system_kernel(system, step->version);
	const struct bm_tool *tool = bm_tool_of(system);
	_cleanup_needs_ struct bm_needs needs = {0};

	/* A plan of a file may name any version, and tools may have gone since: then its own words stand. */
	if (!kernel || !tool)
		return 0;
	if (bm_needs_read(survey, system, kernel, true, &needs) < 0)
		return -ENOMEM;
	return compose_build(system, &needs, tool, step);
}

/* An image that another kernel's entry loads, too, can serve only one of them. */
static int note_shared_image(struct bm_plan *plan, const struct bm_system *system, const struct bm_kernel *kernel)
{
	for (size_t i = 0; i < system->n_kernels; i++) {
		const struct bm_kernel *other = &system->kernels[i];

		if (other != kernel && other->initramfs_by_entry &&
			bm_streq(other->initramfs_path, kernel->initramfs_path) &&
			bm_strv_addf(&plan->notes,
				"%s is what the boot entry of %s loads, too; after this it serves %s only.",
				kernel->initramfs_path, other->version, kernel->version) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Build, prove and swap of one kernel. */
int bm_plan_add_kernel(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_kernel *kernel)
{
	const struct bm_tool *tool = bm_tool_of(system);
	_cleanup_needs_ struct bm_needs needs = {0};
	const char *version = bm_streq(tool->name, "dracut") ? system->tools.dracut_version : NULL;
	struct bm_step *step;

	if (bm_needs_read(survey, system, kernel, true, &needs) < 0)
		return -ENOMEM;
	step = bm_plan_add_step(plan, survey, system, BM_STEP_BUILD, kernel->version, NULL);
	if (!step)
		return -ENOMEM;
	step->need_bytes = estimate(system, needs.hardware_known);
	step->generic = !needs.hardware_known;
	step->text = bm_strf("build an initramfs for %s with the system's %s%s%s", kernel->version, tool->name,
		version ? " " : "", version ? version : "");
	if (!step->text || compose_build(system, &needs, tool, step) < 0)
		return -ENOMEM;
	step = bm_plan_add_step(plan, survey, system, BM_STEP_PROVE, kernel->version, kernel->initramfs_path);
	if (!step)
		return -ENOMEM;
	step->text = bm_strf("prove that the new image can boot %s%s", kernel->version,
		needs.hardware_known ? " on this machine" : "");
	if (!step->text)
		return -ENOMEM;
	step = bm_plan_add_step(plan, survey, system, BM_STEP_SWAP, kernel->version, kernel->initramfs_path);
	if (!step)
		return -ENOMEM;
	step->text = kernel->initramfs_exists
			     ? bm_strf("keep the previous image and swap the new one in as %s", kernel->initramfs_path)
			     : bm_strf("put the new image in place as %s", kernel->initramfs_path);
	step->why =
		bm_strf("%s", kernel->initramfs_by_entry ? "the boot entry loads this file"
							 : "no boot entry names one; this is the distribution's habit");
	step->least_bytes = lower_bound(system);
	if (!step->text || !step->why)
		return -ENOMEM;
	if (note_shared_image(plan, system, kernel) < 0)
		return -ENOMEM;
	if (!needs.hardware_known)
		return bm_strv_addf(&plan->notes,
			"The disk is not on hardware that this machine shows, so the image of %s is built for any "
			"hardware.",
			kernel->version);
	return 0;
}

/* The versions that could be rebuilt, for a message. */
static char *versions_text(const struct bm_system *system)
{
	_cleanup_strv_ struct bm_strv versions = {0};

	for (size_t i = 0; i < system->n_kernels; i++)
		if (system->kernels[i].modules_dir && bm_strv_add(&versions, system->kernels[i].version) < 0)
			return NULL;
	return versions.n > 0 ? bm_strv_join(&versions, ", ") : bm_strf("none");
}

int bm_plan_refuse(struct bm_plan *plan, enum bm_plan_refusal reason, enum bm_plan_refusal *ret_refusal, char *text)
{
	int r = text ? bm_strv_add(&plan->notes, text) : -ENOMEM;

	free(text);
	*ret_refusal = reason;
	return r;
}

/* The kernel that somebody typed: a version, or the name of a file that holds one or that is one; NULL for none. */
static const struct bm_kernel *kernel_typed(const struct bm_system *system, const char *typed, const char *version)
{
	/* The very version first: one may begin like a file name. */
	const struct bm_kernel *kernel = bm_system_kernel(system, typed);

	if (!kernel)
		kernel = bm_system_kernel(system, version);
	/* VER.img: the end of a file name left on a version. */
	for (size_t i = 0; !kernel && i < system->n_kernels; i++) {
		const char *rest = bm_str_after(version, system->kernels[i].version);

		if (bm_streq(rest, ".img"))
			kernel = &system->kernels[i];
	}
	/* A file name without a version (vmlinuz): what the image says it is. */
	for (size_t i = 0; !kernel && i < system->n_kernels; i++)
		if (bm_streq(system->kernels[i].image, typed) || bm_streq(system->kernels[i].initramfs_path, typed))
			kernel = &system->kernels[i];
	for (size_t i = 0; !kernel && i < system->loader.n_entries; i++) {
		const struct bm_boot_entry *entry = &system->loader.entries[i];

		if (entry->version && (bm_streq(entry->kernel, typed) || bm_strv_has(&entry->initrds, typed)))
			kernel = bm_system_kernel(system, entry->version);
	}
	return kernel;
}

/* An image where no boot can find it, or for a kernel that is not there, would only look like a repair. */
static int refuse_unbootable(const struct bm_system *system, const struct bm_kernel *kernel, struct bm_plan *plan,
	enum bm_plan_refusal *ret_refusal)
{
	const struct bm_mount *boot = bm_system_mount(system, "/boot");
	bool lost = boot && boot->source == BM_MOUNT_MISSING && !boot->optional;

	if (kernel->image && !(lost && !system->given))
		return 0;
	/* Below a given root its /boot may not be mounted yet: the sysimage mounts it. */
	if (system->given && boot && boot->device >= 0)
		return 0;
	if (lost)
		return bm_plan_refuse(plan, BM_PLAN_CANT, ret_refusal,
			bm_strf("/boot is %s by line %u of /etc/fstab, which is on none of the disks, so nothing would "
				"load an image that is built now: attach its disk, or correct the line.",
				boot->spec, boot->line));
	return bm_plan_refuse(plan, BM_PLAN_CANT, ret_refusal,
		bm_strf("Kernel %s has modules, but its own image (vmlinuz) is on none of the filesystems, so no "
			"initramfs makes it boot: reinstall its package (`bootmend chroot`), or name another kernel.",
			kernel->version));
}

/* The kernel that is meant, or a refusal. */
static int choose_kernel(const struct bm_system *system, const char *typed, struct bm_plan *plan,
	const struct bm_kernel **ret_kernel, enum bm_plan_refusal *ret_refusal)
{
	_cleanup_free_ char *have = versions_text(system), *version = NULL;
	const struct bm_kernel *kernel;

	if (!have)
		return -ENOMEM;
	version = bm_kernel_version_of(typed);
	if (!version)
		return -ENOMEM;
	kernel = kernel_typed(system, typed, version);
	if (!kernel || !kernel->modules_dir)
		return bm_plan_refuse(plan, BM_PLAN_NO_KERNEL, ret_refusal,
			bm_strf("Kernel %s has no modules on this system; kernels that have: %s.",
				kernel ? kernel->version : version, have));
	*ret_kernel = kernel;
	return refuse_unbootable(system, kernel, plan, ret_refusal);
}

/* Whether `all` means it, too. */
static bool is_whole(const struct bm_kernel *kernel)
{
	return kernel->modules_dir && kernel->image && !kernel->rescue;
}

int bm_plan_begin(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system)
{
	struct bm_step *step = bm_plan_add_step(plan, survey, system, BM_STEP_MOUNT, NULL, NULL);

	return step ? bm_str_set(&step->text, "mount the system under /mnt/sysimage for writing") : -ENOMEM;
}

int bm_plan_end(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system)
{
	struct bm_step *step = bm_plan_add_step(plan, survey, system, BM_STEP_RECORD, NULL, "/var/log/bootmend");

	if (!step || bm_str_set(&step->text, "write down what was done in /var/log/bootmend") < 0)
		return -ENOMEM;
	step = bm_plan_add_step(plan, survey, system, BM_STEP_UNMOUNT, NULL, NULL);
	return step ? bm_str_set(&step->text, "unmount everything") : -ENOMEM;
}

int bm_plan_add_basis(struct bm_plan *plan, const char *path, const char *hash)
{
	struct bm_basis *basis, moved;
	size_t at;

	for (size_t i = 0; i < plan->n_basis; i++)
		if (bm_streq(plan->basis[i].path, path))
			return 0;
	basis = BM_VEC_PUSH(plan->basis, plan->n_basis, plan->cap_basis);
	if (!basis || bm_str_set(&basis->path, path) < 0)
		return -ENOMEM;
	memcpy(basis->hash, hash, sizeof(basis->hash));
	moved = *basis;
	for (at = plan->n_basis - 1; at > 0 && strcmp(moved.path, plan->basis[at - 1].path) < 0; at--)
		plan->basis[at] = plan->basis[at - 1];
	plan->basis[at] = moved;
	return 0;
}

/* The files that tell which kernel is meant, what it boots and where its root is. */
static int add_judged(struct bm_plan *plan, const struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;
	const char *const paths[] = {"/etc/fstab", "/etc/crypttab", loader->config, loader->environment,
		loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries
			? loader->entries[loader->default_entry].entry.file
			: NULL};

	for (size_t i = 0; i < BM_ARRAY_SIZE(paths); i++) {
		const struct bm_source *source = paths[i] ? bm_sources_find(&system->sources, paths[i]) : NULL;

		/* What is there and could not be read can't be compared. */
		if (source && (source->text || !source->real) &&
			bm_plan_add_basis(plan, source->path, source->hash) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The images that were asked for by name, whatever the findings. */
static int plan_rebuild(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_kernel *one)
{
	if (bm_str_set(&plan->kernel, one ? one->version : "all") < 0 || bm_plan_begin(plan, survey, system) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->n_kernels; i++) {
		const struct bm_kernel *kernel = &system->kernels[i];
		const bool indexed = kernel->modules_dep && !kernel->modules_dep_stale;

		if (one ? kernel != one : !is_whole(kernel))
			continue;
		if (!indexed && system->tools.depmod && bm_plan_add_depmod(plan, survey, system, kernel) < 0)
			return -ENOMEM;
		if (!indexed && !system->tools.depmod &&
			bm_strv_add_once(
				&plan->notes, "The system has no depmod; its module index is taken as it is.") < 0)
			return -ENOMEM;
		if (bm_plan_add_kernel(plan, survey, system, kernel) < 0)
			return -ENOMEM;
	}
	return bm_plan_end(plan, survey, system);
}

static int make_rebuild(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const char *typed, enum bm_plan_refusal *ret_refusal)
{
	const struct bm_kernel *one = NULL;
	bool whole = false;
	int r = 0;

	for (size_t i = 0; i < system->n_kernels; i++)
		whole |= is_whole(&system->kernels[i]);
	if (!bm_streq(typed, "all"))
		r = choose_kernel(system, typed, plan, &one, ret_refusal);
	else if (!whole)
		r = bm_plan_refuse(plan, BM_PLAN_NO_KERNEL, ret_refusal,
			bm_strf("This system has no kernel with both an image and modules."));
	if (r < 0 || *ret_refusal != BM_PLAN_OK)
		return r;
	if (!bm_tool_of(system)) {
		if (bm_str_set(&plan->kernel, one ? one->version : "all") < 0)
			return -ENOMEM;
		if (system->tools.foreign)
			return bm_plan_refuse(plan, BM_PLAN_NO_TOOL, ret_refusal,
				bm_strf("bootmend does not call %s, which builds this system's initramfs: do that in "
					"`bootmend chroot`: `%s`.",
					system->tools.foreign, system->tools.foreign_command));
		return bm_plan_refuse(plan, BM_PLAN_NO_TOOL, ret_refusal,
			bm_strf("This system has neither dracut nor initramfs-tools, so its initramfs cannot be "
				"rebuilt with its own tool."));
	}
	return plan_rebuild(plan, survey, system, one);
}

int bm_plan_make(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan_request *request,
	struct bm_plan *ret_plan, enum bm_plan_refusal *ret_refusal)
{
	struct bm_plan plan = {0};
	int r;

	*ret_refusal = BM_PLAN_OK;
	r = bm_str_set(&plan.system_id, system->id);
	if (r == 0 && system->root_device >= 0)
		r = bm_str_set(&plan.system_uuid, survey->devices.items[system->root_device].uuid);
	if (r == 0 && request->kernel)
		r = make_rebuild(&plan, survey, system, request->kernel, ret_refusal);
	else if (r == 0)
		r = bm_plan_mend(survey, system, request, &plan, ret_refusal);
	if (r == 0 && request->discard)
		r = bm_plan_discard(&plan, survey, system, ret_refusal);
	if (r == 0 && *ret_refusal == BM_PLAN_OK)
		r = add_judged(&plan, system);
	if (r < 0) {
		bm_plan_done(&plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}
