/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "renamed.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/etc/lvmbackup.h"
#include "system.h"

enum { BACKUPS_MAX = 64 };

/* A volume that a line of the system names. */
struct name {
	char *vg, *lv; /* lv NULL: the group as a whole */
	bool root;     /* as its root */
	bool early;    /* as what the initramfs is to activate */
};

struct names {
	struct name *items;
	size_t n, capacity;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->items[i].vg);
		free(names->items[i].lv);
	}
	free(names->items);
}
#define _cleanup_names_ BM_CLEANUP(names_done)

void bm_renames_done(struct bm_renames *renames)
{
	for (size_t i = 0; i < renames->n; i++) {
		free(renames->items[i].vg);
		free(renames->items[i].lv);
		free(renames->items[i].backup);
	}
	free(renames->items);
	*renames = (struct bm_renames){0};
}

/* --- what the system names --- */

static int add_name(struct names *names, const char *vg, const char *lv, bool root, bool early)
{
	struct name *name = BM_VEC_PUSH(names->items, names->n, names->capacity);

	if (!name)
		return -ENOMEM;
	name->root = root;
	name->early = early;
	return bm_str_set(&name->vg, vg) < 0 || bm_str_set(&name->lv, lv) < 0 ? -ENOMEM : 0;
}

static int add_spec(struct names *names, const char *text, bool root)
{
	_cleanup_spec_ struct bm_spec spec = {0};

	if (!text)
		return 0;
	if (bm_fstab_spec_parse(text, &spec) < 0)
		return -ENOMEM;
	return spec.kind == BM_SPEC_MAPPER && spec.vg ? add_name(names, spec.vg, spec.lv, root, false) : 0;
}

/* rd.lvm.lv=VG/LV, rd.lvm.vg=VG */
static int add_argument(struct names *names, const struct bm_cmdline_arg *arg)
{
	static const char *const keys[] = {"rd.lvm.lv", "rd_LVM_LV", "rd.lvm.vg", "rd_LVM_VG"};
	bool known = false;
	_cleanup_free_ char *vg = NULL;
	const char *slash;

	for (size_t i = 0; i < BM_ARRAY_SIZE(keys); i++)
		known |= bm_streq(arg->key, keys[i]);
	if (!known || arg->init || !arg->value || !*arg->value)
		return 0;
	slash = strchr(arg->value, '/');
	vg = strndup(arg->value, slash ? (size_t)(slash - arg->value) : strlen(arg->value));
	return vg ? add_name(names, vg, slash ? slash + 1 : NULL, false, true) : -ENOMEM;
}

static int add_entry(struct names *names, const struct bm_boot_entry *entry)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = entry->entry.cmdline;
	struct bm_cmdline_boot boot;

	if (!text || !entry->kernel || entry->foreign)
		return 0;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	bm_cmdline_boot(&line, &boot);
	if (add_spec(names, boot.root, true) < 0 || add_spec(names, boot.resume, false) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < line.n; i++)
		if (add_argument(names, &line.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int read_names(const struct bm_system *system, struct names *names)
{
	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *line = &system->fstab.lines[i];

		if (add_spec(names, line->spec, bm_streq(line->target, "/")) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < system->loader.n_entries; i++)
		if (add_entry(names, &system->loader.entries[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* --- what is there --- */

/* The volume of that name; lv NULL: any of the group. BM_DEVICE_NONE. */
static int volume_named(const struct bm_devices *devices, const char *vg, const char *lv)
{
	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->items[i].vg_name, vg) && (!lv || bm_streq(devices->items[i].lv_name, lv)))
			return (int)i;
	return BM_DEVICE_NONE;
}

static int add_rename(struct bm_system *system, const struct bm_devices *devices, const char *vg, const char *lv,
	int device, const char *backup)
{
	struct bm_renames *renames = &system->renames;
	struct bm_rename *rename;

	/* What has the name today is meant, whatever it was. */
	if (volume_named(devices, vg, lv) >= 0)
		return 0;
	for (size_t i = 0; i < renames->n; i++)
		if (bm_streq(renames->items[i].vg, vg) && bm_streq(renames->items[i].lv, lv))
			return 0;
	rename = BM_VEC_PUSH(renames->items, renames->n, renames->capacity);
	if (!rename || bm_str_set(&rename->vg, vg) < 0 || bm_str_set(&rename->lv, lv) < 0 ||
		bm_str_set(&rename->backup, backup) < 0)
		return -ENOMEM;
	rename->device = device;
	rename->vg_renamed = !bm_streq(devices->items[device].vg_name, vg);
	return 0;
}

/* --- by UUID --- */

static int take_backup(
	struct bm_system *system, const struct bm_devices *devices, const struct bm_lvmbackup *backup, const char *path)
{
	for (size_t i = 0; backup->group && backup->uuid && i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];

		if (!device->lv_name || !bm_streq(device->vg_uuid, backup->uuid))
			continue;
		for (size_t k = 0; k < backup->n; k++)
			if (bm_streq(backup->volumes[k].uuid, device->lv_uuid) && backup->volumes[k].uuid &&
				add_rename(system, devices, backup->group, backup->volumes[k].name, (int)i, path) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int by_uuid(struct bm_system *system, const struct bm_devices *devices)
{
	static const char dir[] = "/etc/lvm/backup";
	_cleanup_strv_ struct bm_strv files = {0};
	int r = bm_root_list(system->root, dir, BACKUPS_MAX, &files);

	if (r == -ENOMEM)
		return r;
	for (size_t i = 0; r == 0 && i < files.n; i++) {
		_cleanup_lvmbackup_ struct bm_lvmbackup backup = {0};
		_cleanup_free_ char *path = bm_path_join(dir, files.items[i]);
		_cleanup_buf_ struct bm_buf text = {0};

		if (!path)
			return -ENOMEM;
		if (bm_root_read(system->root, path, BM_LVMBACKUP_SIZE_MAX, &text) < 0)
			continue;
		if (bm_lvmbackup_parse(bm_buf_text(&text), text.len, &backup) == -ENOMEM ||
			take_backup(system, devices, &backup, path) < 0)
			return -ENOMEM;
	}
	bm_err_clear();
	return 0;
}

/* --- by name --- */

/* Whether a line names the group, or that volume of it. */
static bool is_named(const struct names *names, const char *vg, const char *lv)
{
	for (size_t i = 0; i < names->n; i++)
		if (bm_streq(names->items[i].vg, vg) && (!lv || bm_streq(names->items[i].lv, lv)))
			return true;
	return false;
}

/* Whether the root's group has all that the lines ask for in the one that is gone, and one of them asks for its own
 * volume there, as the root or before it: a data disk that was taken out may have a volume of any name. */
static bool fits(
	const struct names *names, const struct bm_devices *devices, const char *gone, const struct bm_device *root)
{
	bool has_root = false;

	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->items[i];

		if (!bm_streq(name->vg, gone) || !name->lv)
			continue;
		if (volume_named(devices, root->vg_name, name->lv) < 0)
			return false;
		has_root |= (name->root || name->early) && bm_streq(name->lv, root->lv_name);
	}
	return has_root;
}

/* The group of the root. A copy that was given a name of its own (vgimportclone) has other UUIDs, too. */
static int group_by_name(struct bm_system *system, const struct bm_devices *devices, const struct names *names,
	const struct bm_device *root)
{
	if (is_named(names, root->vg_name, NULL))
		return 0;
	for (size_t i = 0; i < names->n; i++) {
		const char *gone = names->items[i].vg;

		if (volume_named(devices, gone, NULL) >= 0 || !fits(names, devices, gone, root))
			continue;
		for (size_t d = 0; d < devices->n; d++)
			if (bm_streq(devices->items[d].vg_name, root->vg_name) && devices->items[d].lv_name &&
				add_rename(system, devices, gone, devices->items[d].lv_name, (int)d, NULL) < 0)
				return -ENOMEM;
	}
	return 0;
}

/* The root's own volume. */
static int volume_by_name(struct bm_system *system, const struct bm_devices *devices, const struct names *names,
	const struct bm_device *root)
{
	if (is_named(names, root->vg_name, root->lv_name))
		return 0;
	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->items[i];

		if (name->root && name->lv && bm_streq(name->vg, root->vg_name) &&
			volume_named(devices, name->vg, name->lv) < 0 &&
			add_rename(system, devices, name->vg, name->lv, system->root_device, NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

int bm_system_read_renames(struct bm_system *system, const struct bm_devices *devices)
{
	const struct bm_device *root = system->root_device >= 0 ? &devices->items[system->root_device] : NULL;
	_cleanup_names_ struct names names = {0};

	bm_renames_done(&system->renames);
	if (!root)
		return 0;
	if (by_uuid(system, devices) < 0 || read_names(system, &names) < 0)
		return -ENOMEM;
	if (system->renames.n > 0 || !root->vg_name || !root->lv_name)
		return 0;
	if (group_by_name(system, devices, &names, root) < 0)
		return -ENOMEM;
	return volume_by_name(system, devices, &names, root);
}

/* --- asking --- */

const struct bm_rename *bm_renames_of(const struct bm_renames *renames, const char *vg, const char *lv)
{
	for (size_t i = 0; i < renames->n; i++)
		if (bm_streq(renames->items[i].vg, vg) && bm_streq(renames->items[i].lv, lv))
			return &renames->items[i];
	return NULL;
}

const struct bm_rename *bm_renames_find(const struct bm_renames *renames, const char *spec)
{
	_cleanup_spec_ struct bm_spec parsed = {0};
	_cleanup_free_ char *vg = NULL;
	const char *slash;

	if (!spec || renames->n == 0 || bm_fstab_spec_parse(spec, &parsed) < 0)
		return NULL;
	if (parsed.kind == BM_SPEC_MAPPER)
		return parsed.vg ? bm_renames_of(renames, parsed.vg, parsed.lv) : NULL;
	slash = strchr(spec, '/');
	vg = slash ? strndup(spec, (size_t)(slash - spec)) : NULL;
	return vg ? bm_renames_of(renames, vg, slash + 1) : NULL;
}

const char *bm_renames_group(const struct bm_renames *renames, const struct bm_devices *devices, const char *vg)
{
	for (size_t i = 0; i < renames->n; i++)
		if (renames->items[i].vg_renamed && bm_streq(renames->items[i].vg, vg))
			return devices->items[renames->items[i].device].vg_name;
	return NULL;
}
