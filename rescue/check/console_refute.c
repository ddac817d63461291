/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console_refute.h"

#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../proof/needs.h"

static const struct bm_boot_entry *default_entry(const struct bm_system *system)
{
	int entry = system->loader.default_entry;

	return entry >= 0 && (size_t)entry < system->loader.n_entries ? &system->loader.entries[entry] : NULL;
}

/* root= of the default entry, where it is known and complete: 1 it is on the disks, 0 it is not, -1 unknown or none. */
static int root_there(const struct bm_console_facts *facts, bool *ret_given)
{
	const struct bm_boot_entry *entry = default_entry(facts->system);
	const char *text = entry && !entry->entry.unresolved ? entry->entry.cmdline : NULL, *root;
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	*ret_given = false;
	if (!text || bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -1;
	root = bm_cmdline_last(&line, "root");
	*ret_given = root && *root;
	if (!*ret_given || !facts->survey || facts->survey->devices.n == 0)
		return -1;
	return bm_devices_have(&facts->survey->devices, root);
}

/* A line of fstab whose device is not there is a finding of the disk already; without one all of them are there. */
static bool fstab_is_whole(const struct bm_console_facts *facts, const struct bm_findings *findings)
{
	const struct bm_finding *finding = bm_findings_find(findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN);

	return facts->system->fstab_exists && facts->survey && facts->survey->devices.n > 0 &&
	       !facts->survey->partial && (!finding || finding->source == BM_SOURCE_CONSOLE);
}

/* Whether a device of one of the types lies on the disks, or may, where not all of them are known. */
static bool may_have(const struct bm_console_facts *facts, const char *const *types)
{
	const struct bm_devices *devices = facts->survey ? &facts->survey->devices : NULL;

	if (!devices || devices->n == 0 || facts->survey->partial)
		return true;
	for (; *types; types++)
		for (size_t i = 0; i < devices->n; i++)
			if (bm_streq(devices->items[i].fstype, *types))
				return true;
	return false;
}

static bool may_have_lvm(const struct bm_console_facts *facts)
{
	static const char *const types[] = {"LVM2_member", NULL};

	return may_have(facts, types);
}

static bool may_have_md(const struct bm_console_facts *facts)
{
	static const char *const types[] = {"linux_raid_member", "isw_raid_member", "ddf_raid_member", NULL};

	return may_have(facts, types);
}

static bool may_have_luks(const struct bm_console_facts *facts)
{
	static const char *const types[] = {"crypto_LUKS", NULL};

	return may_have(facts, types);
}

/* Whether one of the files is there, or was not looked for. */
static bool may_have_file(const struct bm_console_facts *facts, const char *const *paths)
{
	for (; *paths; paths++) {
		const struct bm_source *source = bm_sources_find(&facts->system->sources, *paths);

		if (!source || source->text)
			return true;
	}
	return false;
}

/* Whether LVM reads a devices file, which may hide a disk. */
static bool may_have_devices_file(const struct bm_console_facts *facts)
{
	static const char *const paths[] = {"/etc/lvm/devices/system.devices", NULL};

	return facts->system->userland.lvm_devicesfile != BM_SETTING_OFF && may_have_file(facts, paths);
}

/* An array that is not there is asked for by mdadm.conf. */
static bool may_have_mdadm_conf(const struct bm_console_facts *facts)
{
	static const char *const paths[] = {"/etc/mdadm.conf", "/etc/mdadm/mdadm.conf", NULL};

	return may_have_file(facts, paths);
}

bool bm_console_refuted(const struct bm_console_facts *facts, const struct bm_findings *findings,
	enum bm_presence presence, enum bm_finding_id id)
{
	const struct bm_boot_entry *entry = default_entry(facts->system);
	const struct bm_kernel *kernel = bm_system_default_kernel(facts->system);
	bool proven = facts->proof && facts->proof->verdict, given;

	switch (id) {
	case BM_FINDING_INITRAMFS_TRUNCATED:
	case BM_FINDING_INITRAMFS_CORRUPT:
	case BM_FINDING_INITRAMFS_EMPTY:
	case BM_FINDING_INITRAMFS_COMPRESSION:
	case BM_FINDING_INITRAMFS_NO_INIT:
	case BM_FINDING_INITRAMFS_WRONG_KERNEL:
	case BM_FINDING_INITRAMFS_NO_FS_DRIVER:
		return proven;
	case BM_FINDING_INITRAMFS_NO_MDRAID:
		return proven || !may_have_md(facts);
	case BM_FINDING_INITRAMFS_NO_CRYPT:
		return proven || !may_have_luks(facts);
	case BM_FINDING_INITRAMFS_NO_LVM:
		return proven || !may_have_lvm(facts);
	case BM_FINDING_ACTIVATION_MISSING:
	case BM_FINDING_INITRAMFS_WAIT_UNKNOWN:
		return facts->proof != NULL; /* the image was read, and the checks have told */
	case BM_FINDING_LVM_DEVICES_STALE:
		return !may_have_devices_file(facts);
	case BM_FINDING_MDADM_ARRAY_UNKNOWN:
		return !may_have_mdadm_conf(facts);
	case BM_FINDING_MD_DEGRADED:
		return !may_have_md(facts);
	case BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER:
		/* Which driver the disk needs is known only on the machine that has it. */
		return proven && facts->survey && bm_needs_hardware_known(facts->survey, facts->system);
	case BM_FINDING_INITRAMFS_MISSING:
		return entry && entry->initramfs && entry->initramfs_exists;
	case BM_FINDING_ENTRY_NO_INITRD:
		return entry && entry->initramfs;
	case BM_FINDING_ENTRY_INITRD_MISSING:
		return entry && entry->initrds_missing.n == 0;
	case BM_FINDING_CONFIG_NO_DRIVER:
		return kernel && kernel->config_known;
	case BM_FINDING_MODULES_MISSING:
		return kernel && kernel->modules_dir;
	case BM_FINDING_KERNEL_MISSING:
		return entry && entry->kernel_exists;
	case BM_FINDING_ENTRY_NO_ROOT:
		return root_there(facts, &given) >= 0 || given;
	case BM_FINDING_CMDLINE_ROOT_UNKNOWN:
		return presence == BM_PRESENCE_YES ||
		       (presence == BM_PRESENCE_UNKNOWN && root_there(facts, &given) == 1);
	case BM_FINDING_FSTAB_DEVICE_UNKNOWN:
		return presence == BM_PRESENCE_YES ||
		       (presence == BM_PRESENCE_UNKNOWN && fstab_is_whole(facts, findings));
	case BM_FINDING_LVM_PV_MISSING:
	case BM_FINDING_FSTAB_NETDEV:
	case BM_FINDING_CMDLINE_LV_UNKNOWN:
	case BM_FINDING_CMDLINE_RESUME_UNKNOWN:
	case BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN:
		return presence == BM_PRESENCE_YES;
	default:
		return false;
	}
}
