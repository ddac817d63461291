/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ESP's short grub.cfg that leads to the configuration in /boot (see fmt/boot/grubstub.h): whether it does.
 *
 * Only a program that was built by the distribution begins with it, the signed ones: the folder of the ESP is written
 * into them. What grub-install builds on the machine has the place of /boot in itself, and needs none.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "loader_int.h"

enum { PROGRAM_MAX = 16 * 1024 * 1024, FOLDERS_MAX = 64 };

static const char *const bases[] = {"/boot/efi", "/efi"};

void bm_loader_stub_done(struct bm_loader_stub *stub)
{
	free(stub->path);
	free(stub->problem);
	free(stub->wrong);
	free(stub->uuid);
	free(stub->dir);
	*stub = (struct bm_loader_stub){0};
}

/* Where the configuration lies, as a stub must name it: for one that GRUB can reach by a UUID alone. */
static int find_target(const struct bm_loader_reader *reader, struct bm_loader_stub *target)
{
	const char *config = reader->system->loader.config, *view;
	const struct bm_mount *mount = bm_system_mount_of(reader->system, config);
	const struct bm_mount *boot = bm_system_mount(reader->system, "/boot");
	const struct bm_device *device;
	_cleanup_free_ char *dir = NULL;

	/* What lies below a /boot that was not seen is not what GRUB reads. */
	if (!mount || mount->device < 0 || (boot && (boot->source == BM_MOUNT_MISSING || !boot->looked)))
		return 0;
	device = &reader->devices->items[mount->device];
	for (size_t i = 0; i < reader->devices->n; i++)
		if (reader->devices->items[i].kind == BM_DEVICE_CRYPT &&
			bm_device_on(reader->devices, (size_t)mount->device, i))
			return 0;
	view = bm_loader_view(reader->system, config);
	/* SUSE's GRUB begins elsewhere; and without the subvolume the path on btrfs is not known. */
	target->btrfs = bm_streq(device->fstype, "btrfs");
	if (!device->uuid || (target->btrfs && (!mount->subvolume || bm_system_is_like(reader->system, "suse"))))
		return 0;
	dir = bm_path_dir(view);
	if (!dir || bm_str_set(&target->uuid, device->uuid) < 0)
		return -ENOMEM;
	target->dir = target->btrfs ? bm_path_join(mount->subvolume, dir) : strdup(dir);
	return target->dir ? bm_grubstub_dir_plain(target->dir) : -ENOMEM;
}

/* What is wrong with the stub at path: *ret_problem is NULL where nothing is, or it cannot be told. *ret_good: it leads
 * to the target. */
static int judge(const struct bm_loader_reader *reader, const char *path, struct bm_loader_stub *stub, bool *ret_good)
{
	const struct bm_mount *mount = bm_system_mount_of(reader->system, reader->system->loader.config);
	_cleanup_free_ char *there = NULL, *below = NULL;
	_cleanup_grubstub_ struct bm_grubstub found = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	int r = bm_root_read(reader->system->root, path, BM_GRUBSTUB_SIZE_MAX, &text);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || (r == 0 && text.len == 0))
		return bm_str_set(&stub->problem, r < 0 ? "does not exist" : "has no bytes");
	if (r < 0 || bm_grubstub_parse(bm_buf_text(&text), text.len, &found) < 0)
		return r < 0 ? 0 : -ENOMEM;
	if (!found.understood)
		return 0;
	for (size_t i = 0; i < reader->devices->n && !bm_strcaseeq(found.uuid, stub->uuid); i++)
		if (bm_strcaseeq(found.uuid, reader->devices->items[i].uuid))
			return 0;
	stub->search_line = found.search_line;
	if (!bm_strcaseeq(found.uuid, stub->uuid)) {
		stub->problem = bm_strf("searches for the filesystem %s, which is on none of the disks", found.uuid);
		return stub->problem && bm_str_set(&stub->wrong, found.uuid) == 0 ? 0 : -ENOMEM;
	}
	below = bm_path_join(mount->target, found.dir);
	there = below ? bm_path_join(below, "grub.cfg") : NULL;
	if (!there)
		return -ENOMEM;
	*ret_good = bm_streq(found.dir, stub->dir);
	if (*ret_good || stub->btrfs || bm_root_exists(reader->system->root, there))
		return 0;
	stub->problem = bm_strf(
		"goes on in %s, and there is no grub.cfg: it is in %s of that filesystem", found.dir, stub->dir);
	return stub->problem ? 0 : -ENOMEM;
}

/* Whether a program of GRUB in the folder EFI/name begins with the configuration beside it. 1, 0 or -ENOMEM. */
static int begins_there(const struct bm_system *system, const char *folder, const char *name)
{
	_cleanup_free_ char *prefix = bm_strf("/EFI/%s", name);
	_cleanup_strv_ struct bm_strv names = {0};

	if (!prefix)
		return -ENOMEM;
	if (bm_root_list(system->root, folder, FOLDERS_MAX, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(folder, names.items[i]);
		_cleanup_buf_ struct bm_buf program = {0};

		if (!path)
			return -ENOMEM;
		if (bm_str_starts(names.items[i], "grub") && bm_str_ends(names.items[i], ".efi") &&
			bm_root_read(system->root, path, PROGRAM_MAX, &program) == 0 &&
			memmem(bm_buf_text(&program), program.len, prefix, strlen(prefix) + 1))
			return 1;
	}
	return 0;
}

/* Looks into the system's own folders of one ESP. The first fault is kept; *good where one of them leads on. */
static int look_at_esp(const struct bm_loader_reader *reader, const char *esp, const struct bm_loader_stub *target,
	struct bm_loader_stub *fault, bool *good)
{
	const struct bm_mount *mount = bm_system_mount(reader->system, esp);
	_cleanup_free_ char *efi = bm_path_join(esp, "EFI");
	_cleanup_strv_ struct bm_strv names = {0};

	if (!efi)
		return -ENOMEM;
	if (!mount || !mount->looked || bm_root_list(reader->system->root, efi, FOLDERS_MAX, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *folder = bm_path_join(efi, names.items[i]);
		_cleanup_free_ char *path = folder ? bm_path_join(folder, "grub.cfg") : NULL;
		_cleanup_loader_stub_ struct bm_loader_stub stub = {.btrfs = target->btrfs};
		int r;

		if (!path || bm_str_set(&stub.uuid, target->uuid) < 0 || bm_str_set(&stub.dir, target->dir) < 0 ||
			bm_str_set(&stub.path, path) < 0)
			return -ENOMEM;
		if (bm_loader_folder_owner(reader->system, names.items[i]) != BM_LOADER_OWN)
			continue;
		r = judge(reader, path, &stub, good);
		if (r == 0 && stub.problem && !fault->problem) {
			r = begins_there(reader->system, folder, names.items[i]);
			if (r > 0) {
				bm_loader_stub_done(fault);
				*fault = stub;
				stub = (struct bm_loader_stub){0};
			}
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int bm_loader_look_at_stub(struct bm_loader_reader *reader)
{
	struct bm_loader *loader = &reader->system->loader;
	_cleanup_loader_stub_ struct bm_loader_stub target = {0}, fault = {0};
	bool good = false;
	int r;

	if (!reader->system->uefi || reader->devices->n == 0 || reader->system->root_device < 0 || !loader->config ||
		(loader->kind != BM_LOADER_GRUB2 && loader->kind != BM_LOADER_GRUB2_BLS) ||
		!(bm_path_below(loader->config, "/boot/grub2") || bm_path_below(loader->config, "/boot/grub")))
		return 0;
	r = find_target(reader, &target);
	for (size_t i = 0; r > 0 && i < BM_ARRAY_SIZE(bases); i++)
		r = look_at_esp(reader, bases[i], &target, &fault, &good) < 0 ? -ENOMEM : 1;
	bm_err_clear();
	if (r < 0)
		return r;
	if (!fault.problem || good)
		return 0;
	fault.style = bm_system_is_like(reader->system, "fedora") ? BM_GRUBSTUB_FEDORA : BM_GRUBSTUB_DEBIAN;
	/* A machine that starts by BIOS, or by another loader, does not read it. */
	fault.doubtful = bm_root_is_dir(reader->system->root, "/boot/grub2/i386-pc") ||
			 bm_root_is_dir(reader->system->root, "/boot/grub/i386-pc") || loader->systemd_boot ||
			 loader->others.n > 0;
	/* The firmware was seen to start GRUB from this very folder. */
	if (loader->started && reader->system->start.program) {
		_cleanup_free_ char *folder = bm_path_dir(fault.path);

		if (!folder)
			return -ENOMEM;
		fault.doubtful &= !bm_path_below(reader->system->start.program, folder);
	}
	loader->stub = fault;
	fault = (struct bm_loader_stub){0};
	return 0;
}

char *bm_loader_stub_target(const struct bm_loader_reader *reader, const char *path)
{
	_cleanup_grubstub_ struct bm_grubstub stub = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_free_ char *config = NULL;
	struct bm_entry_place place = {0};

	if (bm_root_read(reader->system->root, path, BM_GRUBSTUB_SIZE_MAX, &text) < 0 ||
		bm_grubstub_parse(bm_buf_text(&text), text.len, &stub) < 0 || !stub.understood)
		return NULL;
	config = bm_path_join(stub.dir, "grub.cfg");
	place.search_uuid = stub.uuid;
	return config && !bm_loader_unknown(reader, &place) ? bm_loader_path(reader, &place, config) : NULL;
}
