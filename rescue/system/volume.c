/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Candidates by evidence: what lies on each filesystem, mounted read-only in a mount namespace of our own.
 */
#include "volume.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/disk/xfslog.h"
#include "../fmt/etc/keyval.h"
#include "../os/block/loop.h"
#include "../os/root/fileio.h"
#include "../os/run/kmsg.h"
#include "../os/run/tmp.h"

/* Any of these paths (up to the first NULL) shows the sign. */
struct sign_row {
	enum bm_volume_sign sign;
	unsigned int score;
	const char *paths[7];
};

/* The scores of a root add up to 100; what is not a root's has none. A system whose os-release is gone, or one
 * without modules, still reaches BM_ROOT_SCORE_MIN; a /boot, a /home or a backup of /etc does not. */
static const struct sign_row sign_rows[] = {
	{BM_SIGN_OS_RELEASE, 20,
		{"etc/os-release", "usr/lib/os-release", "etc/redhat-release", "etc/debian_version", "etc/SuSE-release",
			"etc/lsb-release"}},
	{BM_SIGN_ETC, 20, {"etc/passwd", "etc/fstab", "etc/hostname", "etc/inittab", "etc/shadow"}},
	{BM_SIGN_BIN, 20, {"bin/sh", "usr/bin/sh", "bin/bash", "usr/bin/bash", "bin/busybox"}},
	{BM_SIGN_MODULES, 20, {"lib/modules", "usr/lib/modules"}},
	{BM_SIGN_INIT, 20,
		{"sbin/init", "usr/sbin/init", "lib/systemd/systemd", "usr/lib/systemd/systemd", "sbin/openrc-init"}},
	{BM_SIGN_FSTAB, 0, {"etc/fstab"}},
	{BM_SIGN_LOADER, 0, {"grub", "grub2", "loader", "extlinux", "syslinux", "efi/EFI"}},
	{BM_SIGN_USR, 0, {"lib/os-release", "share/doc", "share/man", "lib/systemd/systemd", "bin/env"}},
	{BM_SIGN_WINDOWS, 0, {"Windows/System32", "bootmgr", "BOOTMGR", "Program Files"}},
	{BM_SIGN_LIVE, 0, {"live/filesystem.squashfs", "LiveOS/squashfs.img", "casper", "isolinux", ".disk/info"}},
};

static bool row_matches(const struct bm_root *root, const struct sign_row *row)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(row->paths) && row->paths[i]; i++) {
		struct bm_stat st;

		/* Not followed: on a root whose /usr is elsewhere, /bin/sh and /sbin/init are links into nothing yet.
		 */
		if (bm_root_stat(root, row->paths[i], false, &st) == 0)
			return true;
		/* bin -> usr/bin, with /usr another filesystem: the directory's link is all there is. */
		if (strchr(row->paths[i], '/') && row->sign == BM_SIGN_BIN &&
			bm_root_stat(root, "bin", false, &st) == 0 && st.type == BM_FILE_SYMLINK)
			return true;
	}
	return false;
}

/* Names of kernel images: vmlinuz-VER, vmlinux-VER, bzImage-VER, kernel-VER, Image-VER. */
static const char *kernel_name_version(const char *name)
{
	static const char *const prefixes[] = {"vmlinuz-", "vmlinux-", "bzImage-", "kernel-", "Image-"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(prefixes); i++) {
		const char *version = bm_str_after(name, prefixes[i]);

		if (version && *version)
			return version;
	}
	return NULL;
}

static int look_for_kernels(struct bm_volume *volume)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(volume->root, "/", 0, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		const char *version = kernel_name_version(names.items[i]);
		struct bm_stat st;

		if (!version || bm_root_stat(volume->root, names.items[i], false, &st) < 0 ||
			st.type != BM_FILE_REGULAR)
			continue;
		volume->signs |= BM_SIGN_KERNELS;
		if (bm_strv_add(&volume->kernel_versions, version) < 0)
			return -ENOMEM;
	}
	bm_strv_sort(&volume->kernel_versions);
	return 0;
}

int bm_volume_look(struct bm_volume *volume, const char *fstype)
{
	_cleanup_buf_ struct bm_buf text = {0};
	char machine_id[BM_MACHINE_ID_TEXT];

	volume->signs = 0;
	volume->score = 0;
	bm_strv_done(&volume->kernel_versions);
	for (size_t i = 0; i < BM_ARRAY_SIZE(sign_rows); i++)
		if (row_matches(volume->root, &sign_rows[i])) {
			volume->signs |= sign_rows[i].sign;
			volume->score += sign_rows[i].score;
		}
	if (bm_streq(fstype, "vfat") && (bm_root_is_dir(volume->root, "EFI") || bm_root_is_dir(volume->root, "efi")))
		volume->signs |= BM_SIGN_EFI;
	/* A /usr of its own has programs, modules and an init, too. */
	if (volume->signs & (BM_SIGN_WINDOWS | BM_SIGN_LIVE) ||
		(!(volume->signs & (BM_SIGN_OS_RELEASE | BM_SIGN_ETC)) && !bm_root_is_dir(volume->root, "usr")))
		volume->score = 0;
	if (bm_root_read_head(volume->root, "etc/machine-id", BM_MACHINE_ID_TEXT, &text) == 0 &&
		bm_machine_id_parse(bm_buf_text(&text), text.len, machine_id) == 0 &&
		bm_str_set(&volume->machine_id, machine_id) < 0)
		return -ENOMEM;
	bm_err_clear();
	return look_for_kernels(volume);
}

/* A filesystem on a device or in a part of an image file, as bytes. */
struct bytes_of {
	int fd;
	uint64_t offset_bytes;
};

static int read_bytes(void *context, uint64_t at_bytes, void *buffer, size_t len)
{
	const struct bytes_of *from = context;
	size_t got = 0;
	int r = bm_file_at(from->fd, from->offset_bytes + at_bytes, buffer, len, &got);

	return r == 0 && got < len ? -ENODATA : r;
}

/* The superblock. What can't be read tells nothing. */
static void read_super(const struct bm_device *device, struct bm_volume *volume)
{
	const char *path = device->image ? device->image : device->path;
	_cleanup_free_ uint8_t *bytes = malloc(BM_FSSUPER_BYTES);
	struct bytes_of from = {-1, device->image ? device->image_offset : 0};

	if (path && bytes && bm_file_open(path, &from.fd, NULL) == 0 &&
		read_bytes(&from, bm_fssuper_at(device->fstype), bytes, BM_FSSUPER_BYTES) == 0) {
		bm_fssuper_parse(bytes, BM_FSSUPER_BYTES, device->fstype, &volume->super);
		if (bm_streq(device->fstype, "xfs"))
			volume->super.dirty =
				bm_xfslog_look(bytes, BM_FSSUPER_BYTES, read_bytes, &from) == BM_XFSLOG_DIRTY;
	}
	bm_file_close(from.fd);
	bm_err_clear();
}

/* Keeps why the mount failed, and what the kernel said since log was opened. */
static int keep_reason(struct bm_volume *volume, int error, int log, const char *source)
{
	_cleanup_strv_ struct bm_strv lines = {0};
	int r = bm_str_set(&volume->error, bm_err_text(error));

	if (r == 0)
		r = bm_kmsg_since(log, source, &lines);
	if (r < 0)
		return r;
	if (lines.n > 0) {
		free(volume->kernel_text);
		volume->kernel_text = bm_strv_join(&lines, "; ");
		if (!volume->kernel_text)
			return -ENOMEM;
	}
	volume->reason = bm_fs_reason_of(error, volume->kernel_text);
	/* Without the kernel's words (no driver, a log that may not be read) the superblock may tell. */
	if (volume->reason == BM_FS_REASON_OTHER && volume->super.needs_repair)
		volume->reason = BM_FS_REASON_DAMAGED;
	if (volume->reason == BM_FS_REASON_OTHER && !volume->kernel_text && error == -EINVAL && volume->super.unknown)
		volume->reason = BM_FS_REASON_FEATURE;
	return 0;
}

static void close_overlay(struct bm_volume *volume)
{
	if (volume->overlay)
		bm_overlay_close(volume->overlay);
	free(volume->overlay);
	volume->overlay = NULL;
}

/*
 * Mounts a filesystem whose journal is dirty as a boot would see it: replayed, into memory. Returns 0 with
 * volume->overlay, or an error after which it is to be mounted without; one that the kernel meets while it replays is
 * kept, since a boot meets it, too.
 */
static int mount_replayed(struct bm_mount_fs mount, struct bm_volume *volume)
{
	_cleanup_fd_ int log = -1;
	int r;

	volume->overlay = malloc(sizeof(*volume->overlay));
	if (!volume->overlay)
		return -ENOMEM;
	*volume->overlay = BM_OVERLAY_NONE;
	r = bm_overlay_open(mount.source, volume->overlay);
	if (r == 0) {
		mount.source = volume->overlay->path;
		mount.replay = true;
		log = bm_kmsg_open();
		r = bm_mount_fs(&mount, NULL);
		if (r < 0 && r != -ENOMEM && bm_overlay_whole(volume->overlay))
			r = keep_reason(volume, r, log, mount.source) < 0 ? -ENOMEM : -EUCLEAN;
	}
	if (r == 0 && (!bm_overlay_whole(volume->overlay) || bm_overlay_drop(volume->overlay) < 0))
		r = bm_umount(mount.target) < 0 ? -EBUSY : -ENOSPC;
	if (r < 0)
		close_overlay(volume);
	if (r == -EUCLEAN) {
		volume->replay_failed = volume->reason == BM_FS_REASON_DAMAGED;
		free(volume->error);
		volume->error = NULL;
	}
	return r;
}

/* Mounts it for looking; a dirty journal is replayed where that can be done without writing. */
static int mount_volume(const struct bm_mount_fs *mount, bool replay, struct bm_volume *volume)
{
	struct bm_mount_result result;
	int r;

	if (replay && volume->super.dirty && !bm_streq(mount->type, "btrfs")) {
		r = mount_replayed(*mount, volume);
		if (r == 0 || r == -ENOMEM)
			return r;
		bm_err_clear();
	}
	r = bm_mount_fs(mount, &result);
	volume->stale = volume->super.dirty && (r < 0 || result.replay_off);
	return r;
}

/* Mounts the device's filesystem for looking. What can't be mounted keeps its reason. */
static int open_volume(const struct bm_device *device, bool replay, const char *base, struct bm_volume *volume)
{
	_cleanup_loop_ struct bm_loop loop = BM_LOOP_NONE;
	struct bm_mount_fs mount = {.type = device->fstype, .source = device->path};
	_cleanup_fd_ int log = -1;
	int r = 0;

	volume->dir = bm_strf("%s/%zu", base, volume->device);
	if (!volume->dir)
		return -ENOMEM;
	read_super(device, volume);
	if (device->image) {
		r = bm_loop_attach(
			device->image, device->image_offset, device->size_bytes, device->sector_size, true, &loop);
		mount.source = loop.path;
		if (r == 0 && bm_str_set(&volume->loop, loop.path) < 0)
			return -ENOMEM;
	}
	if (r < 0)
		return r == -ENOMEM ? r : bm_str_set(&volume->error, bm_err_text(r));
	r = bm_dir_make(volume->dir, 0700);
	mount.target = volume->dir;
	log = bm_kmsg_open();
	if (r == 0)
		r = mount_volume(&mount, replay, volume);
	if (r < 0 && r != -ENOMEM)
		return volume->replay_failed ? bm_str_set(&volume->error, bm_err_text(r))
					     : keep_reason(volume, r, log, mount.source);
	if (r == 0)
		r = bm_root_open(volume->dir, &volume->root);
	if (r == 0) {
		r = bm_volume_look(volume, device->fstype);
		return r == 0 && bm_streq(device->fstype, "btrfs") ? bm_volume_look_for_roots(volume, &mount) : r;
	}
	return r == -ENOMEM ? r : bm_str_set(&volume->error, bm_err_text(r));
}

/* Whether an earlier device is part of the same btrfs: each of them shows all of it. */
static bool was_looked_at(const struct bm_devices *devices, size_t device)
{
	for (size_t i = 0; devices->items[device].uuid && i < device; i++)
		if (bm_streq(devices->items[i].fstype, "btrfs") &&
			bm_streq(devices->items[i].uuid, devices->items[device].uuid))
			return true;
	return false;
}

int bm_volumes_look(const struct bm_devices *devices, bool replay, struct bm_volumes *ret_volumes)
{
	struct bm_volumes volumes = {0};
	int r;

	bm_overlay_sweep();
	r = bm_mount_private();
	if (r == 0)
		r = bm_tmp_dir("look", &volumes.base);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < devices->n; i++) {
		struct bm_volume *volume;

		if (!bm_device_mountable(&devices->items[i]))
			continue;
		volume = BM_VEC_PUSH(volumes.items, volumes.n, volumes.capacity);
		if (!volume) {
			r = -ENOMEM;
			break;
		}
		volume->device = i;
		r = open_volume(&devices->items[i], replay, volumes.base, volume);
		if (r == 0 && volume->system_subvolumes.n > 0 && !was_looked_at(devices, i))
			r = bm_volumes_add_subvolumes(
				&volumes, volumes.n - 1, volume->loop ? volume->loop : devices->items[i].path);
	}
	if (r < 0) {
		bm_volumes_done(&volumes);
		return r;
	}
	*ret_volumes = volumes;
	return 0;
}

void bm_volumes_release(struct bm_volumes *volumes)
{
	for (size_t i = 0; i < volumes->n; i++)
		volumes->items[i].root = bm_root_free(volumes->items[i].root);
	if (!volumes->base)
		return;
	/* Private mounts: what stays busy goes with the process. */
	if (bm_umount_below(volumes->base, NULL) < 0 || bm_tmp_remove(volumes->base) < 0)
		bm_err_clear();
	for (size_t i = 0; i < volumes->n; i++)
		close_overlay(&volumes->items[i]);
	free(volumes->base);
	volumes->base = NULL;
}

void bm_volumes_done(struct bm_volumes *volumes)
{
	bm_volumes_release(volumes);
	for (size_t i = 0; i < volumes->n; i++) {
		struct bm_volume *volume = &volumes->items[i];

		free(volume->dir);
		free(volume->loop);
		free(volume->error);
		free(volume->kernel_text);
		free(volume->machine_id);
		bm_strv_done(&volume->kernel_versions);
		bm_strv_done(&volume->root_subvolumes);
		bm_strv_done(&volume->system_subvolumes);
		free(volume->subvolume);
	}
	free(volumes->items);
	*volumes = (struct bm_volumes){0};
}
