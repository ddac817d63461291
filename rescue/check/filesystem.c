/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filesystems that can't be mounted, and those that can but have recorded errors. A filesystem that only this kernel
 * can't mount is not damaged, and must not be repaired: the two are kept apart.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../system/unopened.h"

/* What the boot does with a filesystem. */
enum need {
	NEED_NONE, /* nothing of this system names it */
	NEED_SOME, /* it is named, and the boot goes on without it */
	NEED_BOOT, /* without it the boot ends: the system's own, or in fstab without nofail */
};

static enum need need_of(const struct bm_check *check, size_t device, const char **ret_target)
{
	const struct bm_system *system = check->system;
	enum need need = NEED_NONE;

	*ret_target = NULL;
	for (size_t i = 0; i < system->n_mounts; i++)
		if (system->mounts[i].device == (int)device) {
			*ret_target = system->mounts[i].target;
			need = system->mounts[i].optional ? NEED_SOME : NEED_BOOT;
		}
	for (size_t i = 0; need == NEED_NONE && i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *line = &system->fstab.lines[i];
		bool exact;

		if (bm_devices_find_spec(&check->survey->devices, line->spec, line->fstype, system->root_device,
			    &exact) != (int)device)
			continue;
		*ret_target = line->target;
		need = bm_fstab_flag(line->options, "nofail", "fail") ||
				       bm_fstab_flag(line->options, "noauto", "auto") ||
				       bm_fstab_flag(line->options, "x-systemd.automount", NULL)
			       ? NEED_SOME
			       : NEED_BOOT;
	}
	return need;
}

/* " (/boot)" behind a device's name; "" for a filesystem that nobody names. */
static char *place(const char *target)
{
	return target ? bm_strf(" (%s)", target) : strdup("");
}

static const char *path_of(const struct bm_device *device)
{
	return device->path ? device->path : device->name;
}

/* One finding about a volume. */
static struct bm_finding *add(struct bm_findings *findings, enum bm_finding_id id, const struct bm_device *device,
	const struct bm_volume *volume, const char *target, const char *what)
{
	_cleanup_free_ char *where = place(target);
	struct bm_finding *finding;

	if (!where)
		return NULL;
	finding = bm_findings_add(findings, id, NULL, 0, "%s on %s%s %s",
		device->fstype ? device->fstype : "filesystem", device->name, where, what);
	if (!finding || bm_check_detail(finding, volume->kernel_text, path_of(device)) < 0)
		return NULL;
	finding->device = (int)volume->device;
	return finding;
}

/* Says why it can't be mounted. 0 or -ENOMEM. */
static int check_unmountable(struct bm_findings *findings, const struct bm_device *device,
	const struct bm_volume *volume, enum need need, const char *target)
{
	struct bm_finding *finding;

	if (volume->reason == BM_FS_REASON_FEATURE && !volume->replay_failed)
		return add(findings, BM_FINDING_FS_FEATURE_UNKNOWN, device, volume, target,
			       "has features that this kernel does not know: it is not mounted")
			       ? 0
			       : -ENOMEM;
	if (volume->reason != BM_FS_REASON_DAMAGED && !volume->super.needs_repair)
		return 0;
	/* What looks like damage may be what a replay mends. */
	if (volume->stale && !volume->replay_failed && !volume->super.needs_repair)
		return 0;
	finding = add(findings, BM_FINDING_FS_DAMAGED, device, volume, target,
		volume->super.needs_repair ? "is marked as needing a repair: the boot does not mount it until then"
		: volume->replay_failed	   ? "is damaged: the kernel cannot replay its journal, so it does not mount it"
					   : "is damaged: the kernel does not mount it");
	if (!finding)
		return -ENOMEM;
	if (need != NEED_BOOT)
		finding->severity = BM_SEVERITY_WARNING;
	/* Whose it is, is not known. */
	finding->doubtful = need == NEED_NONE;
	return 0;
}

/* A filesystem with recorded errors is mounted all the same; its check at the next boot may stop that. */
static int check_recorded(struct bm_findings *findings, const struct bm_device *device, const struct bm_volume *volume,
	const char *target)
{
	const struct bm_fssuper *super = &volume->super;
	_cleanup_free_ char *what = NULL;
	struct bm_finding *finding;

	if (!super->errors && super->n_errors == 0)
		return 0;
	what = bm_strf("%s: %u error%s%s%s", super->errors ? "is marked as having errors" : "has met errors",
		super->n_errors, super->n_errors == 1 ? "" : "s", super->function[0] ? ", the last one in " : "",
		super->function);
	finding = what ? add(findings, BM_FINDING_FS_ERRORS, device, volume, target, what) : NULL;
	if (!finding)
		return -ENOMEM;
	if (!super->errors)
		finding->severity = BM_SEVERITY_NOTE;
	return 0;
}

/* A journal that was not replayed for looking. */
static int check_stale(struct bm_findings *findings, const struct bm_device *device, const struct bm_volume *volume,
	enum need need, const char *target)
{
	struct bm_finding *finding;

	if (!volume->stale || need == NEED_NONE)
		return 0;
	finding = add(findings, BM_FINDING_JOURNAL_DIRTY, device, volume, target,
		volume->error ? "has a journal with changes that are not in their place: it could not be looked at"
			      : "has a journal with changes that are not in their place: what was seen may be older "
				"than what a boot sees");
	if (finding && need != NEED_BOOT)
		finding->severity = BM_SEVERITY_NOTE;
	return finding ? 0 : -ENOMEM;
}

int bm_check_filesystems(const struct bm_check *check)
{
	const struct bm_survey *survey = check->survey;

	for (size_t i = 0; i < survey->volumes.n; i++) {
		const struct bm_volume *volume = &survey->volumes.items[i];
		const struct bm_device *device;
		const char *target;
		enum need need;
		int r;

		if (volume->device >= survey->devices.n)
			continue;
		device = &survey->devices.items[volume->device];
		need = need_of(check, volume->device, &target);
		/* For looking only, a newer kernel may mount what needs a repair. */
		if (volume->error || volume->replay_failed || volume->super.needs_repair)
			r = check_unmountable(check->findings, device, volume, need, target);
		else
			r = need == NEED_NONE ? 0 : check_recorded(check->findings, device, volume, target);
		if (r == 0)
			r = check_stale(check->findings, device, volume, need, target);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was not opened, a finding each; of no matter where a system was found. */
static int check_unopened(const struct bm_survey *survey, struct bm_findings *findings)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};

	if (survey->systems.n > 0)
		return 0;
	if (bm_unopened_find(survey, &list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < list.n; i++) {
		const struct bm_device *device = &survey->devices.items[list.items[i].device];
		struct bm_finding *finding =
			bm_findings_add(findings, BM_FINDING_UNOPENED, NULL, 0, "%s", list.items[i].text);

		if (!finding || bm_check_detail(finding, NULL, path_of(device)) < 0)
			return -ENOMEM;
		finding->device = (int)list.items[i].device;
	}
	return 0;
}

int bm_check_disks(const struct bm_survey *survey, struct bm_findings *findings)
{
	for (size_t i = 0; i < survey->volumes.n; i++) {
		const struct bm_volume *volume = &survey->volumes.items[i];

		const struct bm_device *device =
			volume->device < survey->devices.n ? &survey->devices.items[volume->device] : NULL;

		if (!device)
			continue;
		if ((volume->error || volume->replay_failed || volume->super.needs_repair) &&
			check_unmountable(findings, device, volume, NEED_BOOT, NULL) < 0)
			return -ENOMEM;
		if (check_stale(findings, device, volume, NEED_BOOT, NULL) < 0)
			return -ENOMEM;
	}
	if (check_unopened(survey, findings) < 0)
		return -ENOMEM;
	bm_findings_sort(findings);
	return 0;
}
