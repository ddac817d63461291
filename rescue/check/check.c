/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

/* Containers that this run did not open: what is in them can't be called missing. */
static bool something_is_hidden(const struct bm_survey *survey)
{
	static const char *const containers[] = {"crypto_LUKS", "linux_raid_member", "isw_raid_member",
		"ddf_raid_member", "zfs_member", "bcache", "VMFS_volume_member", "mpath_member"};

	if (survey->partial || survey->devices.problems.n > 0)
		return true;
	for (size_t i = 0; i < survey->devices.n; i++) {
		/* The volumes inside an image file are not looked at. */
		if (survey->devices.items[i].image && bm_streq(survey->devices.items[i].fstype, "LVM2_member"))
			return true;
		for (size_t c = 0; c < BM_ARRAY_SIZE(containers); c++)
			if (bm_streq(survey->devices.items[i].fstype, containers[c]))
				return true;
	}
	return false;
}

static int check_rest(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	for (size_t i = 0; i < system->problems.n; i++)
		if (BM_CHECK_ADD(check, BM_FINDING_SYSTEM_UNREADABLE, NULL, 0, "%s", system->problems.items[i]) < 0)
			return -ENOMEM;
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
		.hidden = something_is_hidden(survey),
	};

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
		bm_check_entry_kernel, bm_check_cmdline, bm_check_config, bm_check_initramfs, bm_check_storage,
		bm_check_filesystems, bm_check_userland, bm_check_fstab, bm_check_kernels, check_rest};
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
	static int (*const checks[])(const struct bm_check *) = {
		bm_check_entry_kernel, bm_check_cmdline, bm_check_config, bm_check_initramfs};
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
