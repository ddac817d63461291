/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies between the disks and the filesystems: LVM's devices file and missing disks, RAID arrays, encrypted
 * volumes. A volume that only a line of fstab needs ends in systemd's emergency mode, unless the line has nofail.
 */
#include "check_int.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/etc/crypttab.h"
#include "../fmt/etc/lvmdevices.h"
#include "../fmt/etc/mdadmconf.h"

/* Who needs a device, graver ones last. */
enum need {
	NEED_NONE,
	NEED_SOME, /* a line of fstab without which the boot goes on */
	NEED_ROOT, /* the root lies on it: the initramfs has its own way to it */
	NEED_BOOT, /* a line of fstab without which the boot stops */
};

static bool line_is_optional(const struct bm_fstab_line *line)
{
	return bm_fstab_flag(line->options, "nofail", "fail") || bm_fstab_flag(line->options, "noauto", "auto") ||
	       bm_fstab_flag(line->options, "x-systemd.automount", NULL) || bm_streq(line->fstype, "swap");
}

static const struct bm_source *text_of(const struct bm_check *check, const char *path)
{
	const struct bm_source *source = bm_sources_find(&check->system->sources, path);

	return source && source->text ? source : NULL;
}

/* --- LVM --- */

/* Whether the initramfs activates a logical volume: those that rd.lvm.lv= and rd.lvm.vg= name; dracut without any, all.
 */
static bool activated_early(const struct bm_check *check, const struct bm_cmdline *line, const struct bm_device *lv)
{
	_cleanup_free_ char *name = bm_strf("%s/%s", lv->vg_name, lv->lv_name);
	bool any = false;

	for (size_t i = 0; name && i < line->n; i++) {
		const struct bm_cmdline_arg *arg = &line->items[i];
		bool of_lv = bm_streq(arg->key, "rd.lvm.lv") || bm_streq(arg->key, "rd_LVM_LV");
		bool of_vg = bm_streq(arg->key, "rd.lvm.vg") || bm_streq(arg->key, "rd_LVM_VG");

		any |= of_lv || of_vg;
		if ((of_lv && bm_streq(arg->value, name)) || (of_vg && bm_streq(arg->value, lv->vg_name)))
			return true;
	}
	return !any && check->system->tools.dracut_preferred;
}

/* Who needs the physical volume: *ret_lv is the volume that says so, *ret_target its place. */
static enum need need_of_pv(const struct bm_check *check, const struct bm_cmdline *line, size_t pv,
	const struct bm_device **ret_lv, const char **ret_target)
{
	const struct bm_devices *devices = &check->survey->devices;
	const struct bm_system *system = check->system;
	enum need need = NEED_NONE;

	if (system->root_device >= 0 && bm_device_on(devices, (size_t)system->root_device, pv)) {
		need = NEED_ROOT;
		*ret_lv = &devices->items[system->root_device];
		*ret_target = "/";
	}
	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *fstab = &system->fstab.lines[i];
		enum need this = line_is_optional(fstab) ? NEED_SOME : NEED_BOOT;
		bool exact;
		int lv = bm_devices_find_spec(devices, fstab->spec, fstab->fstype, system->root_device, &exact);

		if (lv < 0 || devices->items[lv].kind != BM_DEVICE_LV || lv == system->root_device ||
			!bm_device_on(devices, (size_t)lv, pv))
			continue;
		if (activated_early(check, line, &devices->items[lv]))
			this = NEED_SOME;
		if (this <= need)
			continue;
		need = this;
		*ret_lv = &devices->items[lv];
		*ret_target = fstab->target;
	}
	return need;
}

/* The same identifier, whatever has become of its blanks: LVM writes them as underscores. */
static bool same_id(const char *a, const char *b)
{
	while (a && b) {
		while (*a == ' ' || *a == '_')
			a++;
		while (*b == ' ' || *b == '_')
			b++;
		if (!*a || !*b)
			return !*a && !*b;
		if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
			return false;
	}
	return false;
}

/* The disk that a device lies on, or NULL. */
static const struct bm_device *disk_of(const struct bm_devices *devices, size_t device)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i].kind == BM_DEVICE_DISK && bm_device_on(devices, device, i))
			return &devices->items[i];
	return NULL;
}

/*
 * Whether LVM passes a physical volume over. It takes devices by their identifiers and corrects PVIDs that have
 * changed; where identifiers have changed it looks for the PVID only if the file knows that it is on another machine,
 * or where the identifier is a mere device name (lib/device/device_id.c).
 */
static bool is_hidden(const struct bm_lvmdevices *file, const struct bm_devices *devices, size_t pv, const char *pvid,
	unsigned int *ret_line)
{
	const struct bm_lvmdevices_entry *entry = bm_lvmdevices_find(file, pvid);
	const struct bm_device *disk = disk_of(devices, pv);
	const char *id = NULL;

	*ret_line = 0;
	for (size_t i = 0; !entry && disk && i < file->n; i++)
		if (file->entries[i].part == devices->items[pv].part_number &&
			(same_id(file->entries[i].idname, disk->wwid) ||
				same_id(file->entries[i].idname, disk->serial)))
			return false;
	if (!entry)
		return true;
	if (bm_streq(entry->idtype, "sys_wwid"))
		id = disk ? disk->wwid : NULL;
	else if (bm_streq(entry->idtype, "sys_serial"))
		id = disk ? disk->serial : NULL;
	if (!id || !entry->idname || file->knows_machine || same_id(entry->idname, id))
		return false;
	*ret_line = entry->line;
	return true;
}

/* Whether this system's LVM reads the file at all: RHEL 9 and its kin do by themselves, others where lvm.conf says so.
 */
static bool reads_devices_file(const struct bm_system *system)
{
	static const char *const kin[] = {"rhel", "centos", "rocky", "almalinux", "ol", "fedora", "cloudlinux"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(kin); i++)
		if (bm_streq(system->os_id, kin[i]))
			return true;
	return system->userland.lvm_devicesfile == BM_SETTING_ON;
}

static int add_stale(const struct bm_check *check, const struct bm_cmdline *line, size_t pv, const char *pvid,
	const struct bm_lvmdevices *file, unsigned int number)
{
	static const char path[] = "/etc/lvm/devices/system.devices";
	const struct bm_device *device = &check->survey->devices.items[pv], *lv = NULL;
	const char *target = NULL;
	enum need need = need_of_pv(check, line, pv, &lv, &target);
	struct bm_finding *finding;

	if (need == NEED_NONE)
		return 0;
	if (number > 0)
		finding = bm_findings_add(check->findings, BM_FINDING_LVM_DEVICES_STALE, path, number,
			"the line knows %s (PVID %s) by another identifier than its disk has now: LVM does not see %s, "
			"on "
			"which %s (%s) lies",
			device->name, pvid, device->name, lv->name, target);
	else
		finding = bm_findings_add(check->findings, BM_FINDING_LVM_DEVICES_STALE, path, 0,
			"none of its %zu entr%s names %s (PVID %s): LVM does not see it, and %s (%s) lies on it",
			file->n, file->n == 1 ? "y" : "ies", device->name, pvid, lv->name, target);
	if (!finding || bm_check_place(check, finding, lv->vg_name) < 0)
		return -ENOMEM;
	finding->device = (int)pv;
	if (need == NEED_BOOT)
		finding->severity = BM_SEVERITY_FATAL;
	if (!reads_devices_file(check->system))
		bm_check_doubt(finding);
	return 0;
}

static int check_devices_file(const struct bm_check *check, const struct bm_cmdline *line)
{
	const struct bm_source *source = text_of(check, "/etc/lvm/devices/system.devices");
	const struct bm_devices *devices = &check->survey->devices;
	_cleanup_lvmdevices_ struct bm_lvmdevices file = {0};

	if (!source || check->system->userland.lvm_devicesfile == BM_SETTING_OFF)
		return 0;
	if (bm_lvmdevices_parse(source->text, source->len, &file) < 0)
		return -ENOMEM;
	for (size_t i = 0; file.n > 0 && i < devices->n; i++) {
		char pvid[BM_LVM_PVID_TEXT];
		unsigned int number;

		if (!bm_streq(devices->items[i].fstype, "LVM2_member") || !devices->items[i].uuid ||
			!bm_lvm_pvid(devices->items[i].uuid, pvid))
			continue;
		if (is_hidden(&file, devices, i, pvid, &number) && add_stale(check, line, i, pvid, &file, number) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether root or fstab needs a logical volume. */
static bool is_needed(const struct bm_check *check, size_t device)
{
	const struct bm_devices *devices = &check->survey->devices;
	const struct bm_system *system = check->system;

	if (system->root_device >= 0 && bm_device_on(devices, (size_t)system->root_device, device))
		return true;
	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *line = &system->fstab.lines[i];
		bool exact;

		int found = bm_devices_find_spec(devices, line->spec, line->fstype, system->root_device, &exact);

		if (found >= 0 && bm_device_on(devices, (size_t)found, device))
			return true;
	}
	return false;
}

static int check_missing_pvs(const struct bm_check *check)
{
	const struct bm_devices *devices = &check->survey->devices;
	_cleanup_strv_ struct bm_strv told = {0};

	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *lv = &devices->items[i];
		struct bm_finding *finding;

		if (!lv->vg_partial || !lv->vg_name || bm_strv_has(&told, lv->vg_name) || !is_needed(check, i))
			continue;
		finding = bm_findings_add(check->findings, BM_FINDING_LVM_PV_MISSING, NULL, 0,
			"volume group %s lacks a disk; %s lies in it", lv->vg_name, lv->name);
		if (!finding || bm_check_detail(finding, NULL, lv->vg_name) < 0 || bm_strv_add(&told, lv->vg_name) < 0)
			return -ENOMEM;
		finding->device = (int)i;
	}
	return 0;
}

/* --- RAID --- */

/* Whether a disk carries the array, or may do so: members of firmware's RAID are named otherwise. */
static bool array_exists(const struct bm_devices *devices, const char *uuid)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];
		char theirs[BM_MD_UUID_TEXT];

		if (bm_streq(device->fstype, "isw_raid_member") || bm_streq(device->fstype, "ddf_raid_member"))
			return true;
		if (bm_streq(device->fstype, "linux_raid_member") && device->uuid && bm_md_uuid(device->uuid, theirs) &&
			bm_streq(theirs, uuid))
			return true;
	}
	return false;
}

/* Whether the boot stops without the array: root= or a line of fstab names its device, and nothing of that name is
 * there. */
static bool array_is_needed(const struct bm_check *check, const struct bm_cmdline *line, const char *device)
{
	const struct bm_system *system = check->system;
	bool exact;

	if (!device || *device != '/' ||
		bm_devices_find_spec(&check->survey->devices, device, NULL, system->root_device, &exact) >= 0)
		return false;
	if (bm_streq(bm_cmdline_last(line, "root"), device))
		return true;
	for (size_t i = 0; i < system->fstab.n_lines; i++)
		if (bm_streq(system->fstab.lines[i].spec, device) && !line_is_optional(&system->fstab.lines[i]) &&
			!bm_streq(system->fstab.lines[i].target, "/"))
			return true;
	return false;
}

static int check_arrays(const struct bm_check *check, const struct bm_cmdline *line, const char *path)
{
	const struct bm_source *source = text_of(check, path);
	const struct bm_survey *survey = check->survey;
	_cleanup_mdadmconf_ struct bm_mdadmconf conf = {0};

	if (!source || !bm_check_knows_devices(check))
		return 0;
	if (bm_mdadmconf_parse(source->text, source->len, &conf) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < conf.n; i++) {
		const struct bm_mdadmconf_array *array = &conf.arrays[i];
		struct bm_finding *finding;

		if (!array->uuid[0] || array->spec_other || (array->device && array->device[0] == '<') ||
			array_exists(&survey->devices, array->uuid))
			continue;
		finding = bm_findings_add(check->findings, BM_FINDING_MDADM_ARRAY_UNKNOWN, path, array->line,
			"the array %s%s%s is on none of the disks", array->device ? array->device : "",
			array->device ? " with UUID " : "", array->uuid);
		if (!finding || bm_check_place(check, finding, array->device ? array->device : array->uuid) < 0)
			return -ENOMEM;
		if (array_is_needed(check, line, array->device))
			finding->severity = BM_SEVERITY_FATAL;
		if (survey->partial || survey->devices.problems.n > 0)
			bm_check_doubt(finding);
	}
	return 0;
}

static int check_degraded(const struct bm_check *check)
{
	const struct bm_devices *devices = &check->survey->devices;

	for (size_t i = 0; i < devices->n; i++) {
		struct bm_finding *finding;

		if (devices->items[i].kind != BM_DEVICE_MD || devices->items[i].md_missing == 0)
			continue;
		finding = bm_findings_add(check->findings, BM_FINDING_MD_DEGRADED, NULL, 0,
			"%s lacks %u of its members", devices->items[i].name, devices->items[i].md_missing);
		if (!finding || bm_check_detail(finding, NULL, devices->items[i].name) < 0)
			return -ENOMEM;
		finding->device = (int)i;
	}
	return 0;
}

/* --- encrypted volumes --- */

/* Whether the boot stops where the mapping is not made. */
static enum need need_of_mapping(const struct bm_check *check, const char *name)
{
	_cleanup_free_ char *path = bm_strf("/dev/mapper/%s", name);
	const struct bm_devices *devices = &check->survey->devices;
	const struct bm_system *system = check->system;
	enum need need = NEED_NONE;

	for (size_t i = 0; system->root_device >= 0 && i < devices->n; i++)
		if (devices->items[i].kind == BM_DEVICE_CRYPT && bm_streq(devices->items[i].name, name) &&
			bm_device_on(devices, (size_t)system->root_device, i))
			need = NEED_ROOT;
	for (size_t i = 0; path && i < system->fstab.n_lines; i++)
		if (bm_streq(system->fstab.lines[i].spec, path))
			need = BM_MAX(need, line_is_optional(&system->fstab.lines[i])	   ? NEED_SOME
					    : bm_streq(system->fstab.lines[i].target, "/") ? NEED_ROOT
											   : NEED_BOOT);
	return need;
}

static int check_mapping(const struct bm_check *check, const struct bm_crypttab_line *line)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;
	enum need need;

	if (bm_fstab_spec_parse(line->source, &spec) < 0)
		return -ENOMEM;
	/* As in fstab: other names prove nothing, and a mapping that is no logical volume is made at boot. */
	if ((spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		    spec.kind != BM_SPEC_PARTLABEL && !(spec.kind == BM_SPEC_MAPPER && spec.vg)) ||
		bm_devices_have(&check->survey->devices, line->source))
		return 0;
	need = need_of_mapping(check, line->name);
	finding = bm_findings_add(check->findings, BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN, "/etc/crypttab", line->line,
		"%s for the mapping %s is on none of the disks", line->source, line->name);
	if (!finding || bm_check_place(check, finding, line->source) < 0)
		return -ENOMEM;
	/* cryptsetup.target is wanted by the boot, not required: it waits, and goes on without (systemd). */
	if (bm_crypttab_option(line, "nofail") || bm_crypttab_option(line, "noauto"))
		finding->severity = BM_SEVERITY_NOTE;
	else if (need == NEED_BOOT || need == NEED_ROOT)
		finding->severity = BM_SEVERITY_FATAL;
	if (bm_check_may_hide(check, &spec) && finding->severity != BM_SEVERITY_NOTE)
		bm_check_doubt(finding);
	return 0;
}

static int check_crypttab(const struct bm_check *check)
{
	const struct bm_source *source = text_of(check, "/etc/crypttab");
	_cleanup_crypttab_ struct bm_crypttab crypttab = {0};

	if (!source || !bm_check_knows_devices(check))
		return 0;
	if (bm_crypttab_parse(source->text, source->len, &crypttab) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < crypttab.n; i++)
		if (check_mapping(check, &crypttab.lines[i]) < 0)
			return -ENOMEM;
	return 0;
}

int bm_check_storage(const struct bm_check *check)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = check->entry ? check->entry->entry.cmdline : NULL;

	if (bm_cmdline_parse(text ? text : "", text ? strlen(text) : 0, &line) < 0)
		return -ENOMEM;
	if (check_devices_file(check, &line) < 0 || check_missing_pvs(check) < 0 ||
		check_arrays(check, &line, "/etc/mdadm.conf") < 0 ||
		check_arrays(check, &line, "/etc/mdadm/mdadm.conf") < 0 || check_degraded(check) < 0)
		return -ENOMEM;
	return check_crypttab(check);
}
