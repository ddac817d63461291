/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filesystem that another mount namespace has mounted for writing cannot be mounted read-only beside that. Its mount
 * is cloned there (open_tree(2)) and attached here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "mntns.h"
#include "mount_in.h"

/* In the namespace of the process, and back. */
static int clone_there(const char *pid, const char *target, int *ret_fd)
{
	_cleanup_free_ char *ns = bm_strf("/proc/%s/ns/mnt", pid), *top = bm_strf("/proc/%s/root", pid);
	_cleanup_mntns_ struct bm_mntns home = BM_MNTNS_NONE;
	_cleanup_fd_ int ns_fd = -1, top_fd = -1;
	int fd, error, r;

	if (!ns || !top)
		return -ENOMEM;
	ns_fd = open(ns, O_RDONLY | O_CLOEXEC);
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns_fd < 0 || top_fd < 0)
		return -ENOENT;
	r = bm_mntns_save(&home);
	if (r < 0)
		return r;
	if (setns(ns_fd, CLONE_NEWNS) < 0)
		return -ENOENT;
	fd = (int)syscall(SYS_open_tree, top_fd, target[1] ? target + 1 : ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	error = errno;
	r = bm_mntns_return(&home);
	if (r < 0 || fd < 0) {
		bm_file_close(fd);
		return r < 0 ? r : -error;
	}
	*ret_fd = fd;
	return 0;
}

static int attach(int tree, const struct bm_root *root, const char *target)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_mount_target(root, target, &fd);

	if (r == 0 && syscall(SYS_move_mount, tree, "", fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		r = bm_err(-errno, "%s", target);
	if (r == 0)
		r = bm_mount_no_propagation(root, target);
	return r == 0 ? bm_mount_make_read_only(root, target) : r;
}

/* What lies there now may be another filesystem, mounted over it. */
static bool is_it(int tree, const struct bm_mount_entry *entry)
{
	struct stat st;

	return fstat(tree, &st) == 0 &&
	       (bm_streq(entry->type, "btrfs") || st.st_dev == makedev(entry->major, entry->minor));
}

int bm_mount_foreign(const struct bm_root *root, const char *target,
	bool (*matches)(const struct bm_mount_entry *entry, const void *context), const void *context)
{
	_cleanup_strv_ struct bm_strv pids = {0};
	int r = bm_mounts_namespaces(&pids);

	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		_cleanup_mounts_ struct bm_mounts mounts = {0};

		r = bm_mounts_list_of(pids.items[i], &mounts);
		for (size_t m = 0; r == 0 && m < mounts.n; m++) {
			_cleanup_fd_ int tree = -1;

			if (matches(&mounts.items[m], context) &&
				clone_there(pids.items[i], mounts.items[m].target, &tree) == 0 &&
				is_it(tree, &mounts.items[m]))
				return attach(tree, root, target);
		}
	}
	return r < 0 ? r : -ENOENT;
}
