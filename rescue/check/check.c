/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

#include "../base/str.h"

/* Containers that this run did not open: what is in them can't be called missing. */
static bool something_is_hidden(const struct bm_survey *survey)
{
	static const char *const containers[] = {"crypto_LUKS", "linux_raid_member", "isw_raid_member",
		"ddf_raid_member", "zfs_member", "bcache", "VMFS_volume_member", "mpath_member"};

	if (survey->partial || survey->devices.problems.n > 0)
		return true;
	for (size_t i = 0; i < survey->devices.n; i++)
		for (size_t c = 0; c < BM_ARRAY_SIZE(containers); c++)
			if (bm_streq(survey->devices.items[i].fstype, containers[c]))
				return true;
	return false;
}

int bm_check_detail(struct bm_finding *finding, const char *excerpt, const char *subject)
{
	return bm_str_set(&finding->excerpt, excerpt) < 0 || bm_str_set(&finding->subject, subject) < 0 ? -ENOMEM : 0;
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

int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings)
{
	static int (*const checks[])(const struct bm_check *) = {bm_check_default, bm_check_cmdline, bm_check_initramfs,
		bm_check_storage, bm_check_filesystems, bm_check_userland, bm_check_fstab, bm_check_kernels,
		check_rest};
	const struct bm_loader *loader = &system->loader;
	struct bm_check check = {
		.survey = survey,
		.system = system,
		.proof = proof,
		.findings = findings,
		.kernel = bm_system_default_kernel(system),
		.hidden = something_is_hidden(survey),
	};

	if (loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries)
		check.entry = &loader->entries[loader->default_entry];
	for (size_t i = 0; i < BM_ARRAY_SIZE(checks); i++)
		if (checks[i](&check) < 0)
			return -ENOMEM;
	bm_findings_sort(findings);
	return 0;
}
