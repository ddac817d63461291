/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The survey as JSON. Devices are named by their index in "devices", so that the tree can be followed.
 */
#include "report.h"

#include "../system/unopened.h"

static const struct {
	unsigned int sign;
	const char *name;
} sign_names[] = {
	{BM_SIGN_OS_RELEASE, "os_release"},
	{BM_SIGN_ETC, "etc"},
	{BM_SIGN_BIN, "bin"},
	{BM_SIGN_MODULES, "modules"},
	{BM_SIGN_INIT, "init"},
	{BM_SIGN_KERNELS, "kernels"},
	{BM_SIGN_LOADER, "loader"},
	{BM_SIGN_EFI, "efi"},
	{BM_SIGN_USR, "usr"},
	{BM_SIGN_WINDOWS, "windows"},
	{BM_SIGN_LIVE, "live"},
	{BM_SIGN_FSTAB, "fstab"},
};

void bm_report_json_begin(struct bm_json *json, struct bm_buf *out, const char *version, const char *verb)
{
	bm_json_init(json, out);
	bm_json_object(json, NULL);
	bm_json_str(json, "bootmend", version);
	bm_json_str(json, "verb", verb);
}

void bm_report_json_end(struct bm_json *json)
{
	bm_json_end(json);
	bm_buf_addc(json->out, '\n');
}

static void put_strv(struct bm_json *json, const char *key, const struct bm_strv *list)
{
	bm_json_array(json, key);
	for (size_t i = 0; i < list->n; i++)
		bm_json_str(json, NULL, list->items[i]);
	bm_json_end(json);
}

/* A device by its index, or null. */
static void put_device_index(struct bm_json *json, const char *key, int device)
{
	if (device >= 0)
		bm_json_int(json, key, device);
	else
		bm_json_str(json, key, NULL);
}

static void put_device(struct bm_json *json, size_t index, const struct bm_device *device)
{
	bm_json_object(json, NULL);
	bm_json_u64(json, "index", index);
	bm_json_str(json, "kind", bm_device_kind_text(device->kind));
	bm_json_str(json, "name", device->name);
	bm_json_str(json, "path", device->path);
	bm_json_str(json, "image", device->image);
	bm_json_u64(json, "image_offset", device->image_offset);
	bm_json_array(json, "parents");
	for (size_t i = 0; i < device->n_parents; i++)
		bm_json_u64(json, NULL, device->parents[i]);
	bm_json_end(json);
	bm_json_u64(json, "size_bytes", device->size_bytes);
	bm_json_u64(json, "sector_size", device->sector_size);
	bm_json_u64(json, "part_number", device->part_number);
	bm_json_bool(json, "read_only", device->read_only);
	bm_json_bool(json, "removable", device->removable);
	bm_json_str(json, "model", device->model);
	bm_json_str(json, "table", device->table);
	bm_json_str(json, "part_type", device->part_type);
	bm_json_str(json, "fstype", device->fstype);
	bm_json_str(json, "uuid", device->uuid);
	bm_json_str(json, "label", device->label);
	bm_json_str(json, "partuuid", device->partuuid);
	bm_json_str(json, "partlabel", device->partlabel);
	bm_json_str(json, "vg_name", device->vg_name);
	bm_json_str(json, "lv_name", device->lv_name);
	bm_json_bool(json, "vg_partial", device->vg_partial);
	bm_json_array(json, "drivers");
	for (size_t i = 0; i < device->n_drivers; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "modalias", device->drivers[i].modalias);
		bm_json_str(json, "module", device->drivers[i].module);
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_json_end(json);
}

static void put_volumes(struct bm_json *json, const struct bm_volumes *volumes)
{
	bm_json_array(json, "volumes");
	for (size_t i = 0; i < volumes->n; i++) {
		const struct bm_volume *volume = &volumes->items[i];

		bm_json_object(json, NULL);
		bm_json_u64(json, "device", volume->device);
		bm_json_u64(json, "score", volume->score);
		bm_json_array(json, "signs");
		for (size_t s = 0; s < BM_ARRAY_SIZE(sign_names); s++)
			if (volume->signs & sign_names[s].sign)
				bm_json_str(json, NULL, sign_names[s].name);
		bm_json_end(json);
		bm_json_str(json, "error", volume->error);
		bm_json_end(json);
	}
	bm_json_end(json);
}

static void put_mounts(struct bm_json *json, const struct bm_system *system)
{
	bm_json_array(json, "mounts");
	for (size_t i = 0; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "target", mount->target);
		put_device_index(json, "device", mount->device);
		bm_json_str(json, "spec", mount->spec);
		bm_json_str(json, "fstype", mount->fstype);
		bm_json_str(json, "options", mount->options);
		bm_json_str(json, "subvolume", mount->subvolume);
		bm_json_u64(json, "fstab_line", mount->line);
		bm_json_str(json, "known_by", bm_mount_source_text(mount->source));
		bm_json_bool(json, "missing", mount->source == BM_MOUNT_MISSING);
		bm_json_bool(json, "optional", mount->optional);
		bm_json_end(json);
	}
	bm_json_end(json);
}

static void put_kernels(struct bm_json *json, const struct bm_system *system)
{
	const struct bm_kernel *pick = bm_system_default_kernel(system);

	bm_json_array(json, "kernels");
	for (size_t i = 0; i < system->n_kernels; i++) {
		const struct bm_kernel *kernel = &system->kernels[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "version", kernel->version);
		bm_json_bool(json, "default", kernel == pick);
		bm_json_bool(json, "rescue", kernel->rescue);
		bm_json_str(json, "image", kernel->image);
		bm_json_str(json, "image_problem", kernel->image_problem);
		bm_json_str(json, "modules_dir", kernel->modules_dir);
		bm_json_bool(json, "modules_dep", kernel->modules_dep);
		bm_json_bool(json, "modules_dep_stale", kernel->modules_dep_stale);
		bm_json_str(json, "initramfs", kernel->initramfs_path);
		bm_json_bool(json, "initramfs_by_entry", kernel->initramfs_by_entry);
		bm_json_bool(json, "initramfs_exists", kernel->initramfs_exists);
		bm_json_bool(json, "initramfs_inside", kernel->initramfs_inside);
		bm_json_u64(json, "initramfs_size_bytes", kernel->initramfs_size);
		bm_json_array(json, "initramfs_files");
		for (size_t f = 0; f < kernel->n_initramfs; f++) {
			bm_json_object(json, NULL);
			bm_json_str(json, "path", kernel->initramfs[f].path);
			bm_json_u64(json, "size_bytes", kernel->initramfs[f].size_bytes);
			bm_json_end(json);
		}
		bm_json_end(json);
		bm_json_str(json, "config", kernel->config);
		bm_json_end(json);
	}
	bm_json_end(json);
}

static void put_entry(struct bm_json *json, const struct bm_boot_entry *entry)
{
	bm_json_object(json, NULL);
	bm_json_str(json, "id", entry->entry.id);
	bm_json_str(json, "title", entry->entry.title);
	put_strv(json, "submenus", &entry->entry.path);
	bm_json_str(json, "kernel", entry->kernel);
	bm_json_bool(json, "kernel_exists", entry->kernel_exists);
	bm_json_bool(json, "unified", entry->unified);
	put_strv(json, "initramfs", &entry->initrds);
	bm_json_str(json, "cmdline", entry->entry.cmdline);
	bm_json_str(json, "version", entry->version);
	bm_json_str(json, "file", entry->entry.file);
	bm_json_u64(json, "line", entry->entry.line);
	bm_json_end(json);
}

static void put_start(struct bm_json *json, const struct bm_start *start)
{
	bm_json_object(json, "start");
	bm_json_str(json, "kind", bm_starter_text(start->kind));
	bm_json_str(json, "program", start->program);
	bm_json_str(json, "known_by", start->how);
	put_strv(json, "gone", &start->gone);
	bm_json_end(json);
}

static void put_loader(struct bm_json *json, const struct bm_loader *loader)
{
	bm_json_object(json, "loader");
	bm_json_str(json, "kind", bm_loader_kind_text(loader->kind));
	bm_json_str(json, "config", loader->config);
	bm_json_str(json, "environment", loader->environment);
	put_device_index(json, "default_entry", loader->default_entry);
	bm_json_str(json, "default_text", loader->default_text);
	bm_json_str(json, "saved_entry", loader->saved_entry);
	bm_json_str(json, "next_entry", loader->next_entry);
	bm_json_str(json, "kernelopts", loader->kernelopts);
	bm_json_array(json, "entries");
	for (size_t i = 0; i < loader->n_entries; i++)
		put_entry(json, &loader->entries[i]);
	bm_json_end(json);
	put_strv(json, "rivals", &loader->rivals);
	put_strv(json, "warnings", &loader->warnings);
	bm_json_end(json);
}

void bm_report_system_json(struct bm_json *json, const char *key, const struct bm_survey *survey,
	const struct bm_system *system, const struct bm_findings *findings)
{
	const struct bm_device *root = system->root_device >= 0 && (size_t)system->root_device < survey->devices.n
					       ? &survey->devices.items[system->root_device]
					       : NULL;

	bm_json_object(json, key);
	bm_json_str(json, "id", system->id);
	bm_json_str(json, "root_uuid", root ? root->uuid : NULL);
	bm_json_str(json, "hostname", system->hostname);
	bm_json_str(json, "machine_id", system->machine_id);
	bm_json_str(json, "os_id", system->os_id);
	bm_json_str(json, "os_name", system->os_name);
	bm_json_str(json, "os_version", system->os_version);
	bm_json_str(json, "arch", system->arch);
	bm_json_u64(json, "score", system->score);
	bm_json_bool(json, "uefi", system->uefi);
	bm_json_bool(json, "selinux", system->selinux);
	put_device_index(json, "root_device", system->root_device);
	bm_json_bool(json, "fstab_exists", system->fstab_exists);
	put_mounts(json, system);
	put_kernels(json, system);
	put_start(json, &system->start);
	put_loader(json, &system->loader);
	bm_json_object(json, "tools");
	bm_json_str(json, "dracut", system->tools.dracut);
	bm_json_str(json, "dracut_version", system->tools.dracut_version);
	bm_json_str(json, "mkinitramfs", system->tools.mkinitramfs);
	bm_json_str(json, "depmod", system->tools.depmod);
	bm_json_str(json, "foreign", system->tools.foreign);
	bm_json_bool(json, "dracut_preferred", system->tools.dracut_preferred);
	bm_json_end(json);
	put_strv(json, "boot_hidden", &system->boot_hidden);
	put_strv(json, "problems", &system->problems);
	bm_report_interrupted_json(json, "interrupted", &system->history);
	if (findings)
		bm_report_findings_json(json, findings);
	bm_json_end(json);
}

static void put_unopened(struct bm_json *json, const struct bm_survey *survey)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};

	if (bm_unopened_find(survey, &list) < 0)
		json->out->failed = true;
	bm_json_array(json, "unopened");
	for (size_t i = 0; i < list.n; i++) {
		bm_json_object(json, NULL);
		bm_json_u64(json, "device", list.items[i].device);
		bm_json_str(json, "kind", bm_unopened_kind_text(list.items[i].kind));
		put_strv(json, "names", &list.items[i].names);
		bm_json_str(json, "text", list.items[i].text);
		bm_json_end(json);
	}
	bm_json_end(json);
}

void bm_report_survey_json(
	struct bm_json *json, const struct bm_survey *survey, const struct bm_report_item *items, size_t n)
{
	bm_json_array(json, "systems");
	for (size_t i = 0; i < n; i++)
		bm_report_system_json(json, NULL, survey, items[i].system, items[i].findings);
	bm_json_end(json);
	bm_json_array(json, "devices");
	for (size_t i = 0; i < survey->devices.n; i++)
		put_device(json, i, &survey->devices.items[i]);
	bm_json_end(json);
	put_volumes(json, &survey->volumes);
	put_unopened(json, survey);
	put_strv(json, "problems", &survey->devices.problems);
	bm_report_in_use_json(json, survey);
}

void bm_report_in_use_json(struct bm_json *json, const struct bm_survey *survey)
{
	put_strv(json, "in_use", &survey->in_use);
}
