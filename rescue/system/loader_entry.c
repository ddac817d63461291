/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the menu of a loader to the entries of the system: their paths, what is there, and which kernel it is.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "kernels.h"
#include "loader_int.h"
#include "unified.h"

const char *bm_loader_view(const struct bm_system *system, const char *path)
{
	const struct bm_mount *mount = bm_system_mount_of(system, path);

	return mount && !bm_streq(mount->target, "/") ? path + strlen(mount->target) : path;
}

/* The BLS file that an entry was made of, or NULL. */
static const struct bm_bls *bls_of(const struct bm_loader_reader *reader, const struct bm_entry *entry)
{
	for (size_t i = 0; entry->bls && reader->bls && i < reader->bls->n; i++)
		if (bm_streq(reader->bls->items[i].id, entry->id))
			return &reader->bls->items[i];
	return NULL;
}

/* The file that an entry stands in, as a path of the system: its BLS file, or the configuration. */
static int set_entry_file(const struct bm_loader_reader *reader, struct bm_entry *entry, const char *config)
{
	_cleanup_free_ char *path = NULL;
	const struct bm_bls *bls = bls_of(reader, entry);

	if (bls && bls->file)
		path = bm_path_join(bls->file, "");
	else if (!entry->file || bm_streq(entry->file, bm_loader_view(reader->system, config)))
		path = bm_strf("%s", config);
	else
		path = bm_loader_path(reader, NULL, entry->file);
	return path ? bm_str_set(&entry->file, path) : -ENOMEM;
}

/*
 * The version of an entry's kernel: that of the same image in /boot; else what the image says, and then the system has
 * that kernel too, whatever its name; else, where the image is missing, what the BLS file or its name says.
 */
static int set_entry_version(const struct bm_loader_reader *reader, struct bm_boot_entry *taken)
{
	struct bm_system *system = reader->system;
	struct bm_kernel *kernel;

	for (size_t i = 0; i < system->n_kernels; i++)
		if (bm_streq(system->kernels[i].image, taken->kernel))
			return bm_str_set(&taken->kernel_problem, system->kernels[i].image_problem) < 0
				       ? -ENOMEM
				       : bm_str_set(&taken->version, system->kernels[i].version);
	if (taken->kernel_exists &&
		bm_system_probe_kernel(system, taken->kernel, &taken->version, &taken->kernel_problem) < 0)
		return -ENOMEM;
	if (taken->version) {
		if (bm_system_add_kernel(system, taken->version, &kernel) < 0)
			return -ENOMEM;
		return kernel->image ? 0 : bm_str_set(&kernel->image, taken->kernel);
	}
	taken->version = bm_kernel_version_of(taken->kernel);
	if (taken->version && !bm_system_kernel(system, taken->version) && taken->entry.version)
		return bm_str_set(&taken->version, taken->entry.version);
	return taken->version ? 0 : -ENOMEM;
}

static int take_initrds(
	const struct bm_loader_reader *reader, const struct bm_entry *entry, struct bm_boot_entry *taken)
{
	for (size_t i = 0; i < entry->initrds.n; i++) {
		_cleanup_free_ char *named = bm_boot_prefix_mend(taken->prefix, entry->initrds.items[i]);
		_cleanup_free_ char *path = named ? bm_loader_path(reader, &entry->place, named) : NULL;

		if (!path || bm_strv_add(&taken->initrds, path) < 0)
			return -ENOMEM;
		/* On a device of its own it is looked for elsewhere; a pattern is no path. */
		if (!entry->initrd_device && !strpbrk(entry->initrds.items[i], "*?") &&
			!bm_root_is_file(reader->system->root, path) &&
			bm_strv_add_once(&taken->initrds_missing, path) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the options of the BLS file that the entry was made of are $kernelopts, and that has no value. */
static bool lost_kernelopts(const struct bm_loader_reader *reader, const struct bm_entry *entry)
{
	const struct bm_bls *bls = reader->kernelopts ? NULL : bls_of(reader, entry);

	return bls && (strstr(bls->options, "$kernelopts") || strstr(bls->options, "${kernelopts}"));
}

/* What a unified image brings: an initramfs, and its own arguments where the entry has none. */
static int take_unified(const struct bm_loader_reader *reader, struct bm_boot_entry *taken)
{
	_cleanup_unified_ struct bm_unified unified = {0};
	int r = taken->entry.initrds.n == 0 && taken->kernel_exists
			? bm_system_read_unified(reader->system, taken->kernel, &unified)
			: -ENODATA;

	bm_err_clear();
	/* One that is handed over to is meant to be such an image, though it is gone. */
	taken->unified = r >= 0 || taken->entry.program;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	taken->initramfs_exists = unified.image.initrd.size > 0;
	taken->initramfs_size = unified.image.initrd.size;
	if (taken->initramfs_exists && bm_str_set(&taken->initramfs, taken->kernel) < 0)
		return -ENOMEM;
	if (taken->entry.cmdline && *taken->entry.cmdline)
		return 0;
	/* The arguments stand in the image, or nothing that is mended here could give it any. */
	if (*unified.cmdline || taken->entry.program) {
		taken->entry.line = taken->entry.kernel_line = 0;
		if (bm_str_set(&taken->entry.file, taken->kernel) < 0)
			return -ENOMEM;
	}
	return bm_str_set(&taken->entry.cmdline, unified.cmdline);
}

/* A unified image that GRUB hands over to is a Linux that it boots, and so is what should lie where such images do. */
static int take_chained(const struct bm_loader_reader *reader, struct bm_entry *entry)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_unified_ struct bm_unified unified = {0};
	int r;

	if (entry->kind != BM_ENTRY_CHAIN || !entry->program || bm_loader_foreign(reader, &entry->place))
		return 0;
	path = bm_loader_path(reader, &entry->place, entry->program);
	if (!path)
		return -ENOMEM;
	r = bm_system_read_unified(reader->system, path, &unified);
	bm_err_clear();
	if (r == -ENOMEM)
		return r;
	if (r < 0 && (bm_root_exists(reader->system->root, path) ||
			     strncasecmp(entry->program, "/EFI/Linux/", strlen("/EFI/Linux/")) != 0))
		return 0;
	entry->kind = BM_ENTRY_LINUX;
	return bm_str_set(&entry->kernel, entry->program);
}

/* Makes the system's entry of the loader's. */
static int take_entry(struct bm_loader_reader *reader, const struct bm_entry *entry, const char *config)
{
	struct bm_loader *loader = &reader->system->loader;
	struct bm_boot_entry *taken = BM_VEC_PUSH(loader->entries, loader->n_entries, loader->cap_entries);
	_cleanup_free_ char *kernel = NULL;

	if (!taken || bm_entry_copy(entry, &taken->entry) < 0 || set_entry_file(reader, &taken->entry, config) < 0)
		return -ENOMEM;
	/* Without GRUB a BLS file's paths are those of the filesystem that it lies on. */
	if (loader->kind == BM_LOADER_BLS || loader->kind == BM_LOADER_FIRMWARE)
		reader->home = bm_system_mount_of(reader->system, taken->entry.file);
	if (take_chained(reader, &taken->entry) < 0)
		return -ENOMEM;
	entry = &taken->entry;
	if (!entry->kernel || bm_loader_foreign(reader, &entry->place))
		return 0;
	/* grub-mkconfig and people write the paths of grub.cfg; those of BLS files are copied from one layout to
	 * another. */
	if (entry->bls)
		taken->prefix = bm_loader_prefix(reader, &entry->place, entry->kernel);
	kernel = bm_boot_prefix_mend(taken->prefix, entry->kernel);
	taken->kernel = kernel ? bm_loader_path(reader, &entry->place, kernel) : NULL;
	if (!taken->kernel)
		return -ENOMEM;
	taken->kernel_exists = bm_root_is_file(reader->system->root, taken->kernel);
	taken->place_unknown = bm_loader_unknown(reader, &entry->place);
	taken->from_top = bm_loader_from_top(reader, &entry->place, kernel);
	if (take_unified(reader, taken) < 0)
		return -ENOMEM;
	taken->kernelopts_lost = lost_kernelopts(reader, entry);
	if (take_initrds(reader, entry, taken) < 0 || set_entry_version(reader, taken) < 0)
		return -ENOMEM;
	taken->foreign = bm_loader_entry_foreign(reader, taken);
	return 0;
}

int bm_loader_take_entries(struct bm_loader_reader *reader, const struct bm_entries *entries, const char *config)
{
	for (size_t i = 0; i < entries->n; i++)
		if (take_entry(reader, &entries->items[i], config) < 0)
			return -ENOMEM;
	return 0;
}
