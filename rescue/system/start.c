/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "start.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/disk/bootsector.h"
#include "../os/root/fileio.h"
#include "loader_int.h"
#include "unified.h"

enum { PROGRAM_MAX = 16 * 1024 * 1024, NAMES_MAX = 64 };

const char *bm_starter_text(enum bm_starter kind)
{
	static const char *const texts[] = {"unknown", "grub2", "grub-legacy", "systemd-boot", "unified", "other"};

	return texts[kind];
}

void bm_start_done(struct bm_start *start)
{
	free(start->program);
	free(start->name);
	free(start->how);
	bm_strv_done(&start->gone);
	*start = (struct bm_start){0};
}

/* --- whose program it is --- */

/* By their own names for it. */
static const struct {
	const char *prefix;
	enum bm_starter kind;
	const char *name;
} programs[] = {
	{"grub", BM_STARTER_GRUB2, NULL},
	{"systemd-boot", BM_STARTER_SYSTEMD_BOOT, NULL},
	{"refind", BM_STARTER_OTHER, "rEFInd"},
	{"limine", BM_STARTER_OTHER, "Limine"},
	{"syslinux", BM_STARTER_OTHER, "SYSLINUX"},
	{"elilo", BM_STARTER_OTHER, "ELILO"},
};

static bool begins(const char *name, const char *prefix)
{
	while (*prefix && tolower((unsigned char)*name) == *prefix) {
		name++;
		prefix++;
	}
	return !*prefix;
}

/* What the bytes of a program say of it: systemd-boot and shim mark themselves, GRUB has its name in its menu. */
static enum bm_starter by_content(const struct bm_system *system, const char *path, bool *ret_shim)
{
	static const char systemd_boot[] = "LoaderInfo: systemd-boot ", shim[] = "UEFI SHIM\n",
			  grub[] = "GNU GRUB  version";
	_cleanup_buf_ struct bm_buf program = {0};
	const char *bytes;

	if (bm_root_read(system->root, path, PROGRAM_MAX, &program) < 0)
		return BM_STARTER_UNKNOWN;
	bytes = bm_buf_text(&program);
	*ret_shim = memmem(bytes, program.len, shim, strlen(shim)) != NULL;
	if (memmem(bytes, program.len, systemd_boot, strlen(systemd_boot)))
		return BM_STARTER_SYSTEMD_BOOT;
	return memmem(bytes, program.len, grub, strlen(grub)) ? BM_STARTER_GRUB2 : BM_STARTER_UNKNOWN;
}

/* shim starts the grub*.efi beside itself, whatever that is. For free(); NULL: there is none, or memory is short. */
static char *beside_shim(const struct bm_system *system, const char *shim)
{
	_cleanup_free_ char *dir = bm_path_dir(shim);
	_cleanup_strv_ struct bm_strv names = {0};

	if (!dir || bm_root_list(system->root, dir, NAMES_MAX, &names) < 0)
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		if (begins(names.items[i], "grub") && bm_str_ends(names.items[i], ".efi"))
			return bm_path_join(dir, names.items[i]);
	return NULL;
}

/* Sets kind and name by the program. */
static int judge_program(const struct bm_system *system, const char *path, struct bm_start *start)
{
	_cleanup_unified_ struct bm_unified unified = {0};
	_cleanup_free_ char *next = NULL;
	const char *name = bm_path_base(path);
	bool shim = false;
	int r = bm_system_read_unified(system, path, &unified);

	bm_err_clear();
	if (r == 0 || r == -ENOMEM) {
		start->kind = BM_STARTER_UNIFIED;
		return r;
	}
	start->kind = by_content(system, path, &shim);
	if (shim || begins(name, "shim")) {
		next = beside_shim(system, path);
		start->kind = next ? by_content(system, next, &shim) : BM_STARTER_UNKNOWN;
		name = next ? bm_path_base(next) : "";
	}
	bm_err_clear();
	for (size_t i = 0; start->kind == BM_STARTER_UNKNOWN && i < BM_ARRAY_SIZE(programs); i++)
		if (begins(name, programs[i].prefix)) {
			start->kind = programs[i].kind;
			return bm_str_set(&start->name, programs[i].name);
		}
	return 0;
}

/* --- UEFI --- */

/* The system's mount of the partition that an entry names; NULL where it is another one, or two have that name. */
static const struct bm_mount *esp_of(
	const struct bm_system *system, const struct bm_devices *devices, const char *partuuid)
{
	const struct bm_mount *found = NULL;
	size_t n = 0;

	for (size_t i = 0; partuuid && i < devices->n; i++)
		n += bm_strcaseeq(devices->items[i].partuuid, partuuid) ? 1 : 0;
	for (size_t i = 0; n == 1 && i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->device >= 0 && mount->looked && !devices->items[mount->device].image &&
			bm_strcaseeq(devices->items[mount->device].partuuid, partuuid))
			found = mount;
	}
	return found;
}

/* What the firmware starts where an entry names a disk and no program. For free(), NULL where there is none. */
static char *fallback_of(const struct bm_system *system, const char *esp)
{
	static const char *const names[] = {"BOOTX64.EFI", "BOOTAA64.EFI", "BOOTIA32.EFI", "BOOTRISCV64.EFI"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		char *path = bm_strf("%s/EFI/BOOT/%s", esp, names[i]);

		if (path && bm_root_is_file(system->root, path))
			return path;
		free(path);
	}
	return NULL;
}

/* Whether the program, a path from the top of the ESP, lies in the folder of another distribution, or of Windows:
 * /EFI/Microsoft/Boot/bootmgfw.efi. */
static bool is_others(const struct bm_system *system, const char *path)
{
	const char *at = begins(path, "/efi/") ? path + strlen("/efi/") : path;
	_cleanup_free_ char *folder = strndup(at, strcspn(at, "/"));

	return folder && bm_loader_folder_owner(system, folder) == BM_LOADER_OTHERS;
}

/* Takes the entry on the system's own ESP. *ret_taken: its program is there, and no other distribution's. */
static int take_entry(const struct bm_system *system, const struct bm_mount *esp, const struct bm_firmware_entry *entry,
	struct bm_start *start, bool *ret_taken)
{
	_cleanup_free_ char *path =
		entry->boot.path ? bm_path_join(esp->target, entry->boot.path) : fallback_of(system, esp->target);

	if (!path)
		return entry->boot.path ? -ENOMEM : 0;
	if (entry->boot.path && is_others(system, entry->boot.path))
		return 0;
	if (!bm_root_is_file(system->root, path))
		return bm_strv_addf(&start->gone, "Boot%04X '%s' starts %s, which does not exist", entry->number,
			entry->boot.name, path);
	start->how = bm_strf("the firmware's entry Boot%04X '%s'", entry->number, entry->boot.name);
	start->arguments = entry->boot.arguments;
	if (!start->how || bm_str_set(&start->program, path) < 0)
		return -ENOMEM;
	*ret_taken = true;
	return judge_program(system, path, start);
}

/* Forgets what starts, and keeps what is gone. */
static void forget(struct bm_start *start)
{
	struct bm_strv gone = start->gone;

	start->gone = (struct bm_strv){0};
	bm_start_done(start);
	start->gone = gone;
}

/*
 * The first entry of the order that starts something on the system's own ESP. Entries of other partitions start other
 * systems, or the rescue system. One that names no partition may start the ESP's EFI/BOOT: where that is something else
 * than what a later entry names, it is not known which of them starts.
 */
static int by_firmware(const struct bm_system *system, const struct bm_devices *devices,
	const struct bm_firmware *firmware, struct bm_start *start)
{
	bool open = false, taken = false;

	for (size_t i = 0; !taken && i < firmware->n; i++) {
		const struct bm_firmware_entry *entry = &firmware->entries[i];
		const struct bm_mount *esp = esp_of(system, devices, entry->boot.partuuid);

		if (!entry->boot.starts || entry->boot.inside)
			continue;
		open |= !entry->boot.partuuid;
		if (!esp)
			continue;
		if (take_entry(system, esp, entry, start, &taken) < 0)
			return -ENOMEM;
		if (taken && open) {
			_cleanup_free_ char *fallback = fallback_of(system, esp->target);
			struct bm_start other = {0};
			int r = fallback ? judge_program(system, fallback, &other) : 0;

			if (r == 0 && fallback && (other.kind != start->kind || other.kind == BM_STARTER_UNIFIED))
				forget(start);
			bm_start_done(&other);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* --- BIOS --- */

/* The first sector of a device, or of its part of an image. */
static void read_sector(const struct bm_device *device, struct bm_bootsector *ret_sector)
{
	const char *path = device->image ? device->image : device->path;
	uint8_t bytes[BM_BOOTSECTOR_BYTES];
	_cleanup_fd_ int fd = -1;
	size_t len = 0;

	*ret_sector = (struct bm_bootsector){0};
	/* Without a number it is a device on paper. */
	if (path && (device->image || device->dev != 0) && bm_file_open(path, &fd, NULL) == 0 &&
		bm_file_at(fd, device->image ? device->image_offset : 0, bytes, sizeof(bytes), &len) == 0)
		bm_bootsector_parse(bytes, len, ret_sector);
	bm_err_clear();
}

/* What the sector of a disk starts, through that of its active partition where it leads there. */
static enum bm_bootsector_kind kind_of_disk(const struct bm_devices *devices, size_t disk)
{
	struct bm_bootsector sector, inner;

	read_sector(&devices->items[disk], &sector);
	if (sector.kind != BM_BOOTSECTOR_CHAIN)
		return sector.kind;
	for (size_t i = 0; sector.active > 0 && i < devices->n; i++) {
		const struct bm_device *part = &devices->items[i];

		if (part->kind == BM_DEVICE_PARTITION && part->part_number == sector.active && part->n_parents == 1 &&
			part->parents[0] == disk) {
			read_sector(part, &inner);
			return inner.kind == BM_BOOTSECTOR_NONE ? BM_BOOTSECTOR_OTHER : inner.kind;
		}
	}
	return BM_BOOTSECTOR_OTHER;
}

/* Which disk the BIOS starts is not seen: all that could be started must hold the same loader, and one of them this
 * system's /boot. */
static int by_sectors(const struct bm_system *system, const struct bm_devices *devices, struct bm_start *start)
{
	const struct bm_mount *boot = bm_system_mount_of(system, "/boot");
	enum bm_bootsector_kind kind = BM_BOOTSECTOR_NONE;
	int own = BM_DEVICE_NONE;

	for (size_t i = 0; boot && boot->device >= 0 && i < devices->n; i++) {
		const struct bm_device *disk = &devices->items[i];
		enum bm_bootsector_kind here;

		if (disk->kind != BM_DEVICE_DISK || disk->removable)
			continue;
		here = kind_of_disk(devices, i);
		if (here == BM_BOOTSECTOR_NONE)
			continue;
		if (kind != BM_BOOTSECTOR_NONE && here != kind)
			return 0;
		kind = here;
		if (own < 0 && bm_device_on(devices, (size_t)boot->device, i))
			own = (int)i;
	}
	if (own < 0 || !bm_bootsector_name(kind))
		return 0;
	start->how = bm_strf("the boot sector of %s", devices->items[own].name);
	start->kind = kind == BM_BOOTSECTOR_GRUB2	  ? BM_STARTER_GRUB2
		      : kind == BM_BOOTSECTOR_GRUB_LEGACY ? BM_STARTER_GRUB_LEGACY
							  : BM_STARTER_OTHER;
	if (!start->how || (start->kind == BM_STARTER_OTHER && bm_str_set(&start->name, bm_bootsector_name(kind)) < 0))
		return -ENOMEM;
	return 0;
}

int bm_system_read_start(struct bm_system *system, const struct bm_devices *devices, const struct bm_firmware *firmware)
{
	const struct bm_mount *boot = bm_system_mount_of(system, "/boot");
	bool image = boot && boot->device >= 0 && devices->items[boot->device].image;
	int r = 0;

	if (system->uefi)
		r = by_firmware(system, devices, firmware, &system->start);
	else if (image || !firmware->uefi)
		r = by_sectors(system, devices, &system->start);
	/* A program that is not known tells nothing. */
	if (r == 0 && system->start.kind == BM_STARTER_UNKNOWN)
		forget(&system->start);
	bm_err_clear();
	return r;
}
