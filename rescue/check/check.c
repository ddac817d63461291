/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

/* Whether the device is a container that this run did not open: what is in it can't be called missing. *ret_disk:
 * something with partitions of its own may be in it. */
static bool is_closed(const struct bm_devices *devices, size_t container, bool *ret_disk)
{
	static const char *const disks[] = {"linux_raid_member", "isw_raid_member", "ddf_raid_member", "bcache",
		"VMFS_volume_member", "mpath_member"};
	const struct bm_device *device = &devices->items[container];
	bool closed = bm_streq(device->fstype, "crypto_LUKS") || bm_streq(device->fstype, "zfs_member") ||
		      /* The volumes inside an image file are not looked at. */
		      (device->image && bm_streq(device->fstype, "LVM2_member"));

	*ret_disk = false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(disks); i++)
		*ret_disk |= bm_streq(device->fstype, disks[i]);
	closed = (closed || *ret_disk) && !bm_device_is_open(devices, container);
	*ret_disk &= closed;
	return closed;
}

/* What there may be without having been seen. */
static void find_hidden(struct bm_check *check)
{
	const struct bm_survey *survey = check->survey;
	bool disk;

	check->hidden_disk = survey->partial || survey->devices.problems.n > 0;
	check->hidden = check->hidden_disk;
	for (size_t i = 0; i < survey->devices.n; i++) {
		check->hidden |= is_closed(&survey->devices, i, &disk);
		check->hidden_disk |= disk;
	}
}

bool bm_check_may_hide(const struct bm_check *check, const struct bm_spec *spec)
{
	switch (spec->kind) {
	case BM_SPEC_PARTUUID:
	case BM_SPEC_PARTLABEL:
		return check->hidden_disk;
	case BM_SPEC_MAPPER:
		/* What it is called today was found. */
		if (spec->vg && bm_renames_of(&check->system->renames, spec->vg, spec->lv))
			return false;
		/* One physical volume knows all logical volumes of its group. */
		for (size_t i = 0; spec->vg && i < check->survey->devices.n; i++)
			if (bm_streq(check->survey->devices.items[i].vg_name, spec->vg))
				return false;
		return check->hidden;
	default:
		return check->hidden;
	}
}

static int check_rest(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	for (size_t i = 0; i < system->problems.n; i++)
		if (BM_CHECK_ADD(check, BM_FINDING_SYSTEM_UNREADABLE, NULL, 0, "%s", system->problems.items[i]) < 0)
			return -ENOMEM;
	if (system->tools.foreign)
		return BM_CHECK_ADD(check, BM_FINDING_FOREIGN_TOOL, NULL, 0, "%s builds its initramfs: `%s`",
			system->tools.foreign, system->tools.foreign_command);
	if (!system->tools.dracut && !system->tools.mkinitramfs)
		return BM_CHECK_ADD(check, BM_FINDING_NO_TOOL, NULL, 0,
			"neither dracut nor initramfs-tools is installed on it, so no initramfs can be rebuilt");
	return 0;
}

static struct bm_check check_of(const struct bm_survey *survey, const struct bm_system *system, int entry,
	const struct bm_proof *proof, struct bm_findings *findings)
{
	const struct bm_loader *loader = &system->loader;
	struct bm_check check = {
		.survey = survey,
		.system = system,
		.proof = proof,
		.findings = findings,
	};

	find_hidden(&check);
	if (entry >= 0 && (size_t)entry < loader->n_entries) {
		check.entry = &loader->entries[entry];
		check.kernel = check.entry->version ? bm_system_kernel(system, check.entry->version) : NULL;
	}
	return check;
}

int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings)
{
	static int (*const checks[])(const struct bm_check *) = {bm_check_default, bm_check_judged,
		bm_check_entry_kernel, bm_check_cmdline, bm_check_activation, bm_check_waits, bm_check_config,
		bm_check_initramfs, bm_check_storage, bm_check_filesystems, bm_check_hibernation, bm_check_userland,
		bm_check_fstab, bm_check_fstab_types, bm_check_twins, bm_check_kernels, check_rest, bm_check_renamed};
	struct bm_check check = check_of(survey, system, system->loader.default_entry, proof, findings);

	for (size_t i = 0; i < BM_ARRAY_SIZE(checks); i++)
		if (checks[i](&check) < 0)
			return -ENOMEM;
	bm_check_rebuild(&check);
	bm_findings_sort(findings);
	return 0;
}

int bm_check_entry(const struct bm_survey *survey, const struct bm_system *system, size_t entry,
	const struct bm_proof *proof, struct bm_findings *findings)
{
	static int (*const checks[])(const struct bm_check *) = {bm_check_entry_kernel, bm_check_cmdline,
		bm_check_activation, bm_check_waits, bm_check_config, bm_check_initramfs, bm_check_renamed};
	struct bm_check check = check_of(
		survey, system, entry < system->loader.n_entries ? (int)entry : BM_DEVICE_NONE, proof, findings);

	if (!bm_check_boots(&check))
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(checks); i++)
		if (checks[i](&check) < 0)
			return -ENOMEM;
	if (check.kernel && bm_check_modules(&check, check.kernel) < 0)
		return -ENOMEM;
	bm_check_rebuild(&check);
	bm_findings_sort(findings);
	return 0;
}
