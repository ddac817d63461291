/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/cmdline.h"

struct check {
	const struct bm_survey *survey;
	const struct bm_system *system;
	const struct bm_proof *proof;
	const struct bm_boot_entry *entry; /* the default, or NULL */
	const struct bm_kernel *kernel;	   /* of the default, or NULL */
	struct bm_findings *findings;
	bool hidden; /* a filesystem that is not seen may exist all the same */
};

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

#define ADD(check, id, file, line, ...) (bm_findings_add((check)->findings, id, file, line, __VA_ARGS__) ? 0 : -ENOMEM)

static int check_default(const struct check *check)
{
	const struct bm_loader *loader = &check->system->loader;

	if (loader->kind == BM_LOADER_NONE)
		return ADD(check, BM_FINDING_DEFAULT_UNKNOWN, NULL, 0,
			"no configuration of GRUB or systemd-boot was found, so it is not known what would be booted");
	if (!check->entry)
		return ADD(check, BM_FINDING_DEFAULT_UNKNOWN, loader->config, 0, "%s",
			loader->default_text ? loader->default_text : "the menu is empty");
	if (loader->default_lost &&
		ADD(check, BM_FINDING_DEFAULT_UNKNOWN, loader->environment ? loader->environment : loader->config, 0,
			"%s", loader->default_text) < 0)
		return -ENOMEM;
	if (check->entry->kernel && !check->entry->kernel_exists)
		return ADD(check, BM_FINDING_KERNEL_MISSING, check->entry->entry.file, check->entry->entry.line,
			"'%s' loads %s, which does not exist", check->entry->entry.title, check->entry->kernel);
	if (check->kernel && check->kernel->image_problem)
		return ADD(
			check, BM_FINDING_KERNEL_DAMAGED, check->kernel->image, 0, "%s", check->kernel->image_problem);
	return 0;
}

/* Whether the kernel finds this root= without an initramfs: only by number, name or partition. */
static bool kernel_finds_root(const char *root)
{
	return !root || bm_str_starts(root, "PARTUUID=") || bm_str_starts(root, "PARTLABEL=") ||
	       (bm_str_starts(root, "/dev/") && !bm_str_starts(root, "/dev/mapper/") &&
		       !bm_str_starts(root, "/dev/disk/"));
}

static int check_cmdline(const struct check *check)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_spec_ struct bm_spec spec = {0};
	const char *text = check->entry ? check->entry->entry.cmdline : NULL;
	const struct bm_finding *none = NULL;
	struct bm_finding *finding;
	const char *root;

	if (!text)
		return 0;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	root = bm_cmdline_last(&line, "root");
	/* Microcode alone is no initramfs. */
	if (check->entry->kernel &&
		(check->entry->initrds.n == 0 || (check->kernel && !check->kernel->initramfs_by_entry))) {
		finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_NO_INITRD, check->entry->entry.file,
			check->entry->entry.line, "'%s' loads %s and no initramfs, and asks for root=%s",
			check->entry->entry.title, check->entry->kernel, root ? root : "(nothing)");
		if (finding == none)
			return -ENOMEM;
		if (root && !kernel_finds_root(root))
			finding->severity = BM_SEVERITY_FATAL;
	}
	if (!root || check->entry->entry.unresolved)
		return 0;
	if (bm_fstab_spec_parse(root, &spec) < 0)
		return -ENOMEM;
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_MAPPER)
		return 0;
	/* PARTUUID=.../PARTNROFF=1 is counted from a partition. Without a device for the root nothing is known. */
	if (strchr(spec.value, '/') || bm_devices_have(&check->survey->devices, root) || check->system->root_device < 0)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_CMDLINE_ROOT_UNKNOWN, check->entry->entry.file,
		check->entry->entry.line, "'%s' asks for root=%s", check->entry->entry.title, root);
	if (!finding)
		return -ENOMEM;
	if (check->hidden)
		finding->severity = BM_SEVERITY_WARNING;
	return 0;
}

static const struct {
	enum bm_proof_kind kind;
	enum bm_finding_id id;
} proof_rows[] = {
	{BM_PROOF_TRUNCATED, BM_FINDING_INITRAMFS_TRUNCATED},
	{BM_PROOF_CORRUPT, BM_FINDING_INITRAMFS_CORRUPT},
	{BM_PROOF_EMPTY, BM_FINDING_INITRAMFS_EMPTY},
	{BM_PROOF_COMPRESSION, BM_FINDING_INITRAMFS_COMPRESSION},
	{BM_PROOF_NO_INIT, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_INTERPRETER, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_LIBRARY, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_WRONG_VERSION, BM_FINDING_INITRAMFS_WRONG_KERNEL},
	{BM_PROOF_MODULES_DEP, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_STORAGE_DRIVER, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_FS_DRIVER, BM_FINDING_INITRAMFS_NO_FS_DRIVER},
	{BM_PROOF_NO_TOOL, BM_FINDING_INITRAMFS_NO_LVM},
	{BM_PROOF_TOOL_LIBRARY, BM_FINDING_INITRAMFS_NO_LVM},
};

static int check_initramfs(const struct check *check)
{
	const struct bm_kernel *kernel = check->kernel;

	if (!kernel || !check->entry || check->entry->initrds.n == 0 || !kernel->initramfs_by_entry)
		return 0;
	if (!kernel->initramfs_exists)
		return ADD(check, BM_FINDING_INITRAMFS_MISSING, kernel->initramfs_path, 0,
			"'%s' loads %s, which does not exist", check->entry->entry.title, kernel->initramfs_path);
	/* A rescue image holds another kernel version than its name says: nothing is proven of it. */
	for (size_t i = 0; check->proof && !kernel->rescue && i < check->proof->n_problems; i++)
		for (size_t row = 0; row < BM_ARRAY_SIZE(proof_rows); row++)
			if (proof_rows[row].kind == check->proof->problems[i].kind &&
				ADD(check, proof_rows[row].id, kernel->initramfs_path, 0, "%s",
					check->proof->problems[i].text) < 0)
				return -ENOMEM;
	return 0;
}

static int check_kernels(const struct check *check)
{
	for (size_t i = 0; i < check->system->n_kernels; i++) {
		const struct bm_kernel *kernel = &check->system->kernels[i];

		if (kernel->rescue)
			continue;
		if (kernel->image && !kernel->modules_dir &&
			ADD(check, kernel == check->kernel ? BM_FINDING_MODULES_MISSING : BM_FINDING_KERNEL_NO_MODULES,
				kernel->image, 0, "there is no /lib/modules/%s", kernel->version) < 0)
			return -ENOMEM;
		if (kernel->modules_dir && kernel->image && !kernel->modules_dep &&
			ADD(check, BM_FINDING_MODULES_DEP_MISSING, kernel->modules_dir, 0,
				"%s/modules.dep is missing or empty", kernel->modules_dir) < 0)
			return -ENOMEM;
		if (kernel->modules_dep && kernel->modules_dep_stale &&
			ADD(check, BM_FINDING_MODULES_DEP_STALE, kernel->modules_dir, 0,
				"a folder of modules was changed after %s/modules.dep", kernel->modules_dir) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* How bad it is that fstab's device is not there: without nofail systemd stops in emergency mode; swap it does without.
 */
static enum bm_severity missing_severity(const struct check *check, const struct bm_fstab_line *line)
{
	if (bm_fstab_flag(line->options, "nofail", "fail") || bm_fstab_flag(line->options, "noauto", "auto") ||
		bm_fstab_flag(line->options, "x-systemd.automount", NULL))
		return BM_SEVERITY_NOTE;
	if (check->hidden || bm_streq(line->fstype, "swap") || bm_streq(line->target, "/") ||
		bm_fstab_flag(line->options, "_netdev", NULL))
		return BM_SEVERITY_WARNING;
	return BM_SEVERITY_FATAL;
}

static int check_fstab_line(const struct check *check, const struct bm_fstab_line *line)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;

	if (bm_fstab_spec_parse(line->spec, &spec) < 0)
		return -ENOMEM;
	/* Links by-id and by-path are udev's of that system; plain names move: neither proves that a device is gone. */
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_PARTLABEL && spec.kind != BM_SPEC_MAPPER)
		return 0;
	if (check->survey->devices.n == 0 || bm_devices_have(&check->survey->devices, line->spec))
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", line->line,
		"%s for %s is on none of the disks", line->spec, line->target);
	if (!finding)
		return -ENOMEM;
	finding->severity = missing_severity(check, line);
	/* A mapping that is no logical volume is made at boot: its absence here proves nothing. */
	if (spec.kind == BM_SPEC_MAPPER && !spec.vg && finding->severity == BM_SEVERITY_FATAL)
		finding->severity = BM_SEVERITY_WARNING;
	return 0;
}

static int check_fstab(const struct check *check)
{
	const struct bm_system *system = check->system;

	if (!system->fstab_exists &&
		ADD(check, BM_FINDING_FSTAB_MISSING, "/etc/fstab", 0, "the file does not exist") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->fstab.n_problems; i++)
		if (ADD(check, BM_FINDING_FSTAB_SYNTAX, "/etc/fstab", system->fstab.problems[i].line, "%s",
			    system->fstab.problems[i].text) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->fstab.n_lines; i++)
		if (check_fstab_line(check, &system->fstab.lines[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->source == BM_MOUNT_CONTENT &&
			ADD(check, BM_FINDING_BOOT_BY_CONTENT, "/etc/fstab", mount->line,
				"%s holds what belongs at %s, and fstab does not name it",
				check->survey->devices.items[mount->device].name, mount->target) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_rest(const struct check *check)
{
	const struct bm_system *system = check->system;

	for (size_t i = 0; i < check->survey->devices.n; i++)
		if (check->survey->devices.items[i].vg_partial && system->root_device >= 0 &&
			bm_device_on(&check->survey->devices, (size_t)system->root_device, i) &&
			ADD(check, BM_FINDING_LVM_PV_MISSING, NULL, 0, "volume group %s",
				check->survey->devices.items[i].vg_name) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->problems.n; i++)
		if (ADD(check, BM_FINDING_SYSTEM_UNREADABLE, NULL, 0, "%s", system->problems.items[i]) < 0)
			return -ENOMEM;
	if (!system->tools.dracut && !system->tools.mkinitramfs)
		return ADD(check, BM_FINDING_NO_TOOL, NULL, 0,
			"neither dracut nor initramfs-tools is installed on it, so no initramfs can be rebuilt");
	return 0;
}

int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings)
{
	static int (*const checks[])(const struct check *) = {
		check_default, check_cmdline, check_initramfs, check_kernels, check_fstab, check_rest};
	const struct bm_loader *loader = &system->loader;
	struct check check = {
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
