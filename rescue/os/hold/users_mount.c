/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts: /proc/PID/mountinfo of one process of each mount namespace.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "os/run/proctree.h"
#include "users_in.h"

void bm_user_mounts_done(struct bm_user_mounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		free(mounts->items[i].target);
	free(mounts->items);
	*mounts = (struct bm_user_mounts){0};
}

/* The device of a mount: a btrfs has a number of its own, and only the source tells. */
static uint64_t device_of(const struct bm_mount_entry *entry)
{
	struct stat st;

	if (entry->major == 0 && bm_str_starts(entry->source ? entry->source : "", "/dev/") &&
		stat(entry->source, &st) == 0 && S_ISBLK(st.st_mode))
		return bm_root_dev(st.st_rdev);
	return entry->major ? (uint64_t)entry->major << 32 | entry->minor : 0;
}

static int keep(const struct bm_mounts *from, int pid, bool own, struct bm_user_mounts *mounts)
{
	for (size_t i = 0; i < from->n; i++) {
		uint64_t dev = device_of(&from->items[i]);
		struct bm_user_mount *mount = dev ? BM_VEC_PUSH(mounts->items, mounts->n, mounts->cap) : NULL;

		if (dev == 0)
			continue;
		if (!mount || bm_str_set(&mount->target, from->items[i].target) < 0)
			return -ENOMEM;
		mount->dev = dev;
		mount->pid = pid;
		mount->own = own;
	}
	return 0;
}

static int read_namespace(const char *pid, bool own, struct bm_user_mounts *mounts)
{
	_cleanup_mounts_ struct bm_mounts list = {0};
	uint64_t number = 0;
	int r = bm_mounts_list_of(pid, &list);

	if (r < 0 || (!own && bm_num_u64(pid, &number) < 0))
		return r;
	return keep(&list, (int)number, own, mounts);
}

int bm_user_mounts_read(struct bm_user_mounts *ret_mounts)
{
	_cleanup_strv_ struct bm_strv pids = {0};
	struct bm_user_mounts mounts = {0};
	int r = read_namespace("self", true, &mounts);

	if (r == 0)
		r = bm_mounts_namespaces(&pids);
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		r = read_namespace(pids.items[i], false, &mounts);
	if (r < 0)
		bm_user_mounts_done(&mounts);
	else
		*ret_mounts = mounts;
	return r;
}

char *bm_user_mount_text(const struct bm_user_mount *mount)
{
	_cleanup_free_ char *name = NULL;

	if (mount->own)
		return bm_strf("mounted at %s", mount->target);
	name = bm_process_name(mount->pid);
	return name ? bm_strf("mounted at %s (in the mount namespace of process %d, %s)", mount->target, mount->pid,
			      name)
		    : NULL;
}

static bool is_mounted(const struct bm_user_mounts *mounts, uint64_t dev, const char *prefix, bool exact)
{
	for (size_t i = 0; i < mounts->n; i++) {
		const struct bm_user_mount *mount = &mounts->items[i];

		if (mount->own && mount->dev == dev &&
			(exact ? bm_streq(mount->target, prefix) : bm_path_below(mount->target, prefix)))
			return true;
	}
	return false;
}

bool bm_users_mounted_below(uint64_t dev, const char *prefix)
{
	struct bm_user_mounts mounts = {0};
	bool is;

	if (read_namespace("self", true, &mounts) < 0)
		bm_err_clear();
	is = is_mounted(&mounts, dev, prefix, false);
	bm_user_mounts_done(&mounts);
	return is;
}

/* Whether we run in an initramfs: its root is no disk. */
static bool in_initramfs(void)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	bool memory = false;

	if (bm_mounts_list("/", &mounts) < 0) {
		bm_err_clear();
		return false;
	}
	for (size_t i = 0; i < mounts.n; i++)
		if (bm_streq(mounts.items[i].target, "/"))
			memory = bm_streq(mounts.items[i].type, "rootfs") || bm_streq(mounts.items[i].type, "tmpfs") ||
				 bm_streq(mounts.items[i].type, "ramfs");
	return memory || bm_file_exists("/etc/initrd-release");
}

int bm_users_boot_prefix(uint64_t root_dev, char **ret_prefix)
{
	/* The running system's; dracut's, initramfs-tools', mkinitcpio's, genkernel's, NixOS's. */
	static const char *const places[] = {"/", "/sysroot", "/root", "/new_root", "/newroot", "/mnt-root"};
	struct bm_user_mounts mounts = {0};
	const char *found = NULL;
	int r = read_namespace("self", true, &mounts);

	for (size_t i = 0; r == 0 && root_dev && !found && i < BM_ARRAY_SIZE(places); i++)
		if (is_mounted(&mounts, root_dev, places[i], true) && (i == 0 || in_initramfs()))
			found = places[i];
	bm_user_mounts_done(&mounts);
	if (r < 0)
		return r;
	*ret_prefix = found ? strdup(found) : NULL;
	return found && !*ret_prefix ? -ENOMEM : 0;
}
