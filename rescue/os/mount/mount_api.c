/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of os/mount.h that binds, and unmounts.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "os/run/proctree.h"
#include "os/run/system.h"
#include "mount_in.h"

enum { BUSY_MS = 3000, BUSY_STEP_MS = 100, ROUNDS_MAX = 4096 };

int bm_mount_no_propagation(const struct bm_root *root, const char *target)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r;

	/* The root's own top resolves to what lies below the mount: there the path it was opened by shows the mount. */
	if (root && target[strspn(target, "/.")] == '\0') {
		target = bm_root_dir(root);
		root = NULL;
	}
	r = bm_mount_target(root, target, &fd);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bm_sys_mount("none", path, NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? bm_err(-errno, "%s", target) : 0;
}

int bm_mount_make_read_only(const struct bm_root *root, const char *target)
{
	_cleanup_fd_ int fd = -1;
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
	struct statvfs vfs;
	char path[64];
	int r = bm_mount_target(root, target, &fd);

	if (r < 0)
		return r;
	if (fstatvfs(fd, &vfs) < 0)
		return bm_err(-errno, "%s", target);
	/* A remount sets all flags of the mount anew. */
	flags |= vfs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= vfs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= vfs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= vfs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bm_sys_mount("none", path, NULL, flags, NULL) < 0 ? bm_err(-errno, "%s", target) : 0;
}

int bm_mount_bind(const char *source, const struct bm_root *root, const char *target, bool recursive, bool read_only)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r = bm_mount_target(root, target, &fd);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bm_sys_mount(source, path, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) < 0)
		return bm_err(-errno, "bind %s at %s", source, target);
	r = bm_mount_no_propagation(root, target);
	if (r == 0 && read_only)
		r = bm_mount_make_read_only(root, target);
	return r;
}

int bm_mount_is_point(const char *dir, bool *ret_is)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	_cleanup_free_ char *real = NULL;
	bool is = false;
	size_t i;
	int r;

	r = bm_file_realpath(dir, &real);
	if (r == 0)
		r = bm_mounts_list(real, &mounts);
	if (r < 0)
		return r;
	for (i = 0; i < mounts.n; i++)
		is |= bm_streq(mounts.items[i].target, real);
	*ret_is = is;
	return 0;
}

int bm_mount_self(const char *dir, bool *ret_done)
{
	bool is;
	int r = bm_mount_is_point(dir, &is);

	if (r == 0 && !is)
		r = bm_mount_bind(dir, NULL, dir, true, false);
	if (r == 0 && ret_done)
		*ret_done = !is;
	return r;
}

static int note(struct bm_strv *notes, const char *path, const char *what)
{
	return notes ? bm_strv_addf(notes, "%s: %s", path, what) : 0;
}

/* bash's process substitution and dracut need these; udev makes them, but an emergency shell may come before it. */
static void complete_dev(void)
{
	static const struct {
		const char *path, *text;
	} links[] = {
		{"/dev/fd", "/proc/self/fd"},
		{"/dev/stdin", "/proc/self/fd/0"},
		{"/dev/stdout", "/proc/self/fd/1"},
		{"/dev/stderr", "/proc/self/fd/2"},
	};
	struct statfs fs;
	size_t i;

	/* Only in memory: a /dev on a disk is somebody's file. */
	if (statfs("/dev", &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return;
	for (i = 0; i < BM_ARRAY_SIZE(links); i++)
		if (symlink(links[i].text, links[i].path) < 0 && errno != EEXIST)
			return;
}

enum need {
	NEEDED,	      /* no chroot without it */
	USEFUL,	      /* bound where both sides have it */
	WHERE_MOUNTED /* as USEFUL; a plain directory comes along with its parent */
};

static int bind_one(const struct bm_root *root, const char *path, enum need need, struct bm_strv *notes)
{
	bool is = false;
	int r;

	if (access(path, F_OK) < 0)
		return need == NEEDED ? bm_err(-errno, "%s of the rescue system", path) : 0;
	if (need == WHERE_MOUNTED) {
		r = bm_mount_is_point(path, &is);
		if (r < 0 || !is)
			return r;
	}
	if (!bm_root_is_dir(root, path)) {
		if (need == NEEDED)
			return bm_err(-ENOENT, "%s of the system to repair", path);
		return note(notes, path, "the system has no such directory");
	}
	r = bm_mount_bind(path, root, path, false, false);
	if (r < 0 && need != NEEDED)
		return note(notes, path, bm_err_text(r));
	return r;
}

/* On UEFI the variables are a filesystem of their own, which a small rescue system may not have mounted. */
static int bind_efivars(const struct bm_root *root, struct bm_strv *notes)
{
	const char *path = "/sys/firmware/efi/efivars";
	_cleanup_fd_ int fd = -1;
	char target[64];
	bool is;
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = bm_mount_is_point(path, &is);
	if (r < 0 || is)
		return r < 0 ? r : bind_one(root, path, USEFUL, notes);
	r = bm_mount_target(root, path, &fd);
	if (r < 0)
		return note(notes, path, bm_err_text(r));
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	if (bm_sys_mount("efivarfs", target, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return note(notes, path, strerror(errno));
	return bm_mount_no_propagation(root, path);
}

int bm_mount_sys(const struct bm_root *root, struct bm_strv *notes)
{
	int r = bind_one(root, "/sys", NEEDED, notes);

	return r < 0 ? r : bind_efivars(root, notes);
}

int bm_mount_api(const struct bm_root *root, struct bm_strv *notes)
{
	int r;

	complete_dev();
	r = bind_one(root, "/proc", NEEDED, notes);
	if (r == 0)
		r = bm_mount_sys(root, notes);
	if (r == 0)
		r = bind_one(root, "/dev", NEEDED, notes);
	if (r == 0)
		r = bind_one(root, "/dev/pts", WHERE_MOUNTED, notes);
	if (r == 0)
		r = bind_one(root, "/dev/shm", WHERE_MOUNTED, notes);
	if (r == 0)
		r = bind_one(root, "/run", USEFUL, notes);
	return r;
}

int bm_umount(const char *target)
{
	return umount2(target, UMOUNT_NOFOLLOW) < 0 ? bm_err(-errno, "unmount %s", target) : 0;
}

/* Whether one of the process's links (folder, root, program, open files) leads below the place. */
static bool is_holder(pid_t pid, const char *target)
{
	static const char *const names[] = {"cwd", "root", "exe"};
	_cleanup_free_ char *dir = bm_strf("/proc/%d/fd", (int)pid);
	_cleanup_strv_ struct bm_strv fds = {0};
	char path[64], link[PATH_MAX];

	if (!dir || bm_file_list(dir, &fds) < 0)
		bm_err_clear();
	for (size_t i = 0; i < BM_ARRAY_SIZE(names) + fds.n; i++) {
		ssize_t len;

		if (i < BM_ARRAY_SIZE(names))
			snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, names[i]);
		else
			snprintf(
				path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, fds.items[i - BM_ARRAY_SIZE(names)]);
		len = readlink(path, link, sizeof(link) - 1);
		if (len > 0 && (link[len] = '\0', bm_path_below(link, target)))
			return true;
	}
	return false;
}

/* Who keeps the place busy, for free(): "busy (process 12, dracut)". Processes of other mount namespaces do not show.
 */
static char *holder_text(const char *target)
{
	_cleanup_free_ struct bm_process *all = NULL;
	size_t n = bm_processes_list(&all);

	for (size_t i = 0; i < n; i++)
		if (is_holder(all[i].pid, target)) {
			_cleanup_free_ char *name = bm_process_name(all[i].pid);

			return bm_strf("busy (process %d, %s)", (int)all[i].pid, name ? name : "?");
		}
	return strdup("busy");
}

/* Takes down what can be taken down, last first. Returns how many mounts are left. */
static int umount_round(const char *prefix, bool detach, struct bm_strv *notes, size_t *ret_left)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	size_t i, left;
	int r = bm_mounts_list(prefix, &mounts);

	if (r < 0)
		return r;
	left = mounts.n;
	for (i = mounts.n; r == 0 && i-- > 0;) {
		const char *target = mounts.items[i].target;

		if (umount2(target, UMOUNT_NOFOLLOW) == 0) {
			left--;
		} else if (detach) {
			_cleanup_free_ char *holder = holder_text(target);
			_cleanup_free_ char *text =
				holder ? bm_strf("%s; detached, it goes when its last user does", holder) : NULL;

			r = text ? note(notes, target, text) : -ENOMEM;
			if (r == 0 && umount2(target, UMOUNT_NOFOLLOW | MNT_DETACH) < 0)
				r = bm_err(-errno, "unmount %s", target);
			left--;
		}
	}
	*ret_left = left;
	return r;
}

int bm_umount_below(const char *prefix, struct bm_strv *notes)
{
	_cleanup_free_ char *real = NULL;
	uint64_t start = bm_time_ms();
	unsigned int rounds;
	size_t left = 1;
	int r;

	r = bm_file_realpath(prefix, &real);
	if (r == -ENOENT)
		return 0;
	if (r == 0 && bm_streq(real, "/"))
		r = bm_err(-EINVAL, "the rescue system itself is not unmounted");
	for (rounds = 0; r == 0 && left > 0 && rounds < ROUNDS_MAX; rounds++) {
		bool late = bm_time_ms() - start >= BUSY_MS;
		size_t before = left;

		r = umount_round(real, late, notes, &left);
		if (r == 0 && left > 0 && !late && (rounds == 0 || left == before))
			bm_sleep_ms(BUSY_STEP_MS);
	}
	if (r == 0 && left > 0)
		r = bm_err(-EBUSY, "unmount %s", prefix);
	return r;
}
