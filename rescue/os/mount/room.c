/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "mount_in.h"

enum { DEPTH_MAX = 8, ENTRIES_MAX = 65536, LINK_MAX_BYTES = 4096 };

static int mount_new(
	const struct bm_root *root, const char *target, const char *type, unsigned long flags, const char *options)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r = bm_mount_target(root, target, &fd);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bm_sys_mount(type, path, type, flags, options) < 0 ? bm_err(-errno, "%s at %s", type, target) : 0;
}

/* --- /dev --- */

/* A folder of the rescue system's /dev, and the one that is made from it. */
struct copy {
	int from, to;	     /* descriptors; from is for reading */
	dev_t dev;	     /* of /dev itself: what is mounted below it is not copied */
	unsigned int depth;  /* 0: /dev */
	bool mapper;	     /* it is /dev/mapper */
	unsigned int *count; /* entries seen so far */
};

static int copy_folder(const struct copy *copy);

/* The character devices that tools of a system may need. No kmsg, no console, no memory. */
static bool is_wanted(const struct copy *copy, const char *name)
{
	static const char *const top[] = {
		"null", "zero", "full", "random", "urandom", "tty", "loop-control", "btrfs-control", "fuse"};

	for (size_t i = 0; copy->depth == 0 && i < BM_ARRAY_SIZE(top); i++)
		if (bm_streq(name, top[i]))
			return true;
	return copy->mapper && bm_streq(name, "control");
}

static int copy_node(const struct copy *copy, const char *name, const struct stat *st)
{
	if (mknodat(copy->to, name, st->st_mode, st->st_rdev) < 0 ||
		fchmodat(copy->to, name, st->st_mode & 07777, 0) < 0 ||
		fchownat(copy->to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return bm_err(-errno, "/dev: %s", name);
	return 0;
}

/* Links that end at a block device. */
static int copy_link(const struct copy *copy, const char *name)
{
	char text[LINK_MAX_BYTES];
	struct stat end;
	ssize_t len;

	if (fstatat(copy->from, name, &end, 0) < 0 || !S_ISBLK(end.st_mode))
		return 0;
	len = readlinkat(copy->from, name, text, sizeof(text) - 1);
	if (len < 0)
		return 0;
	text[len] = '\0';
	return symlinkat(text, copy->to, name) < 0 ? bm_err(-errno, "/dev: %s", name) : 0;
}

/* A folder that holds nothing for the room is not made. */
static int copy_below(const struct copy *copy, const char *name, const struct stat *st)
{
	_cleanup_fd_ int from = -1, to = -1;
	struct copy below = *copy;
	int r;

	if (st->st_dev != copy->dev || copy->depth + 1 >= DEPTH_MAX)
		return 0;
	from = openat(copy->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return 0;
	if (mkdirat(copy->to, name, 0755) < 0)
		return bm_err(-errno, "/dev: %s", name);
	to = openat(copy->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return bm_err(-errno, "/dev: %s", name);
	below.from = from;
	below.to = to;
	below.depth++;
	below.mapper = copy->depth == 0 && bm_streq(name, "mapper");
	r = copy_folder(&below);
	if (r == 0 && unlinkat(copy->to, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = bm_err(-errno, "/dev: %s", name);
	return r;
}

/* What goes while we look is no error. */
static int copy_one(const struct copy *copy, const char *name)
{
	struct stat st;

	if (bm_streq(name, ".") || bm_streq(name, "..") || fstatat(copy->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (++*copy->count > ENTRIES_MAX)
		return bm_err(-E2BIG, "/dev");
	if (S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && is_wanted(copy, name)))
		return copy_node(copy, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(copy, name);
	return S_ISDIR(st.st_mode) ? copy_below(copy, name, &st) : 0;
}

static int copy_folder(const struct copy *copy)
{
	struct dirent *entry;
	int fd = fcntl(copy->from, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		r = bm_err(-errno, "/dev");
		bm_file_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		r = copy_one(copy, entry->d_name);
	closedir(dir);
	return r;
}

static int add_links(int dev)
{
	static const struct {
		const char *name, *text;
	} links[] = {
		{"fd", "/proc/self/fd"},
		{"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"},
		{"ptmx", "pts/ptmx"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].text, dev, links[i].name) < 0)
			return bm_err(-errno, "/dev/%s", links[i].name);
	return mkdirat(dev, "pts", 0755) < 0 || mkdirat(dev, "shm", 01777) < 0 ? bm_err(-errno, "/dev") : 0;
}

static int make_dev(const struct bm_root *root)
{
	_cleanup_fd_ int from = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = -1;
	unsigned int count = 0;
	struct copy copy = {.from = from, .count = &count};
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return bm_err(-errno, "/dev of the rescue system");
	copy.dev = st.st_dev;
	r = mount_new(root, "/dev", "tmpfs", MS_NOSUID, "mode=0755,size=16m");
	if (r == 0)
		r = bm_root_open_dir(root, "/dev", &to);
	copy.to = to;
	if (r == 0)
		r = copy_folder(&copy);
	if (r == 0)
		r = add_links(to);
	if (r == 0)
		r = mount_new(root, "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	/* Old kernels give out the rescue system's terminals without newinstance. Programs that need any are rare. */
	if (r == 0 && mount_new(root, "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
			      "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0)
		bm_err_clear();
	return r;
}

/* --- /run --- */

static int add_folder(int run, const char *name)
{
	return mkdirat(run, name, 0755) < 0 && errno != EEXIST ? bm_err(-errno, "/run/%s", name) : 0;
}

/* Only what is in memory gets folders: any other /run is a folder of the foreign system's own. */
static int furnish_run(const struct bm_root *root)
{
	_cleanup_fd_ int run = -1;
	struct bm_fs_space space;
	int r;

	if (!bm_root_is_dir(root, "/run"))
		return 0;
	r = bm_root_space(root, "/run", &space);
	if (r < 0 || space.magic != TMPFS_MAGIC)
		return r;
	r = bm_root_open_dir(root, "/run", &run);
	if (r == 0)
		r = add_folder(run, "lock");
	if (r < 0 || access("/run/udev", F_OK) < 0)
		return r;
	r = add_folder(run, "udev");
	return r < 0 ? r : bm_mount_bind("/run/udev", root, "/run/udev", false, true);
}

/* --- the root --- */

/* pivot_root(2) lets go of all else; an unpacked initramfs cannot be let go of, only covered. */
static int become_root(const char *dir)
{
	if (chdir(dir) < 0)
		return bm_err(-errno, "%s", dir);
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0)
			return bm_err(-errno, "cannot let go of the rescue system's mounts");
	} else {
		/* Where dir cannot be moved (we run in a chroot), a chroot remains. */
		(void)bm_sys_mount(".", "/", NULL, MS_MOVE, NULL);
		if (chroot(".") < 0)
			return bm_err(-errno, "%s", dir);
	}
	return chdir("/") < 0 ? bm_err(-errno, "/") : 0;
}

int bm_room_enter(const char *dir)
{
	_cleanup_root_ struct bm_root *root = NULL;
	int r = bm_mount_private();

	if (r == 0)
		r = bm_root_open(dir, &root);
	if (r == 0)
		r = bm_mount_sys(root, NULL);
	if (r == 0)
		r = furnish_run(root);
	if (r == 0)
		r = make_dev(root);
	/* The last one: what is done by descriptors before needs the rescue system's own. */
	if (r == 0)
		r = mount_new(root, "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return r < 0 ? r : become_root(dir);
}
