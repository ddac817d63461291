/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of os/rootw.h that works on two names, and on attributes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "fault.h"
#include "fileio.h"
#include "root_in.h"
#include "rootw.h"

/* Values of the kernel's (linux/fs.h, linux/limits.h), whose headers and the C library's do not go together. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE	 (1 << 1)
#endif

#define ACL "system.posix_acl_access"

enum { ATTR_LIST_MAX = 65536, ATTR_VALUE_MAX = 65536 };

struct names {
	int from_fd, to_fd;
	char *from, *to;
};

static void names_done(struct names *names)
{
	bm_file_close(names->from_fd);
	bm_file_close(names->to_fd);
	free(names->from);
	free(names->to);
}

static int names_init(const struct bm_root *root, const char *from, const char *to, struct names *names)
{
	int r = bm_root_parent(root, from, &names->from_fd, &names->from);

	return r < 0 ? r : bm_root_parent(root, to, &names->to_fd, &names->to);
}

/* musl has no renameat2() in every version that is in use. */
static int rename_with(const struct names *names, unsigned int flags)
{
	long r = syscall(SYS_renameat2, names->from_fd, names->from, names->to_fd, names->to, flags);

	return r < 0 ? -errno : 0;
}

/* The filesystem or the kernel does not know the flag. */
static bool unknown(int r)
{
	return r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP;
}

/* As renameat2(RENAME_NOREPLACE), where that is unknown. */
static int rename_by_link(const struct names *names)
{
	struct stat st;

	if (linkat(names->from_fd, names->from, names->to_fd, names->to, 0) == 0)
		return unlinkat(names->from_fd, names->from, 0) < 0 ? -errno : 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -errno;
	/* No hard links, or a directory: nobody else is at work on a patient, so looking first will do. */
	if (fstatat(names->to_fd, names->to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	return renameat(names->from_fd, names->from, names->to_fd, names->to) < 0 ? -errno : 0;
}

enum how { REPLACE, KEEP, EXCHANGE, LINK };

static int with_names(const struct bm_root *root, const char *from, const char *to, enum how how)
{
	static const char *const words[] = {"rename", "rename", "exchange", "link"};
	struct names names = {.from_fd = -1, .to_fd = -1};
	int r = names_init(root, from, to, &names);

	if (r == 0) {
		r = bm_fault_point(words[how], to);
		if (r < 0)
			bm_err(r, "%s to %s", from, to);
	}

	if (r < 0) {
		names_done(&names);
		return r;
	}
	switch (how) {
	case REPLACE:
		r = renameat(names.from_fd, names.from, names.to_fd, names.to) < 0 ? -errno : 0;
		break;
	case KEEP:
		r = rename_with(&names, RENAME_NOREPLACE);
		if (unknown(r))
			r = rename_by_link(&names);
		break;
	case EXCHANGE:
		r = rename_with(&names, RENAME_EXCHANGE);
		if (unknown(r))
			r = -EOPNOTSUPP;
		break;
	case LINK:
		r = linkat(names.from_fd, names.from, names.to_fd, names.to, 0) < 0 ? -errno : 0;
		break;
	}
	names_done(&names);
	return r < 0 ? bm_err(r, "%s to %s", from, to) : 0;
}

int bm_rootw_rename(const struct bm_root *root, const char *from, const char *to)
{
	return with_names(root, from, to, REPLACE);
}

int bm_rootw_rename_new(const struct bm_root *root, const char *from, const char *to)
{
	return with_names(root, from, to, KEEP);
}

int bm_rootw_exchange(const struct bm_root *root, const char *a, const char *b)
{
	return with_names(root, a, b, EXCHANGE);
}

int bm_rootw_link(const struct bm_root *root, const char *from, const char *to)
{
	return with_names(root, from, to, LINK);
}

/* A regular file whose own link is not followed, open for reading (that is enough for fchmod and fsetxattr). */
static int open_itself(const struct bm_root *root, const char *path, int *ret_fd, struct stat *ret_stat)
{
	_cleanup_fd_ int path_fd = -1;
	struct stat st;
	int r = bm_root_open_path(root, path, false, &path_fd);

	if (r < 0)
		return r;
	if (fstat(path_fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (S_ISLNK(st.st_mode))
		return bm_err(-ELOOP, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return bm_err(-EINVAL, "%s is neither a file nor a directory", path);
	r = bm_root_reopen(path_fd, O_RDONLY, path, ret_fd);
	if (r == 0 && ret_stat)
		*ret_stat = st;
	return r;
}

int bm_rootw_chmod(const struct bm_root *root, const char *path, uint32_t mode)
{
	_cleanup_fd_ int fd = -1;
	int r = open_itself(root, path, &fd, NULL);

	if (r == 0)
		r = bm_fault_point("chmod", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	return fchmod(fd, mode & 07777) < 0 ? bm_err(-errno, "%s", path) : 0;
}

static int copy_attr(int from, int to, const char *name, char *value)
{
	ssize_t len = fgetxattr(from, name, value, ATTR_VALUE_MAX);

	if (len < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	if (fsetxattr(to, name, value, (size_t)len, 0) < 0) {
		/* Another filesystem, or a name that this kernel keeps to itself (system.*, an LSM's): left out. */
		if (errno == EOPNOTSUPP || errno == EPERM || errno == EACCES || errno == EINVAL)
			return 0;
		return -errno;
	}
	return 0;
}

/* What is said of the content (a hash or a signature, IMA) or of it and the other attributes together (EVM). Beside
 * another content a kernel that asks for them would refuse the file as one that was tampered with. */
static bool is_of_content(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

int bm_root_copy_xattrs(int from, int to, bool same_content)
{
	_cleanup_free_ char *list = malloc(ATTR_LIST_MAX), *value = malloc(ATTR_VALUE_MAX);
	const char *name;
	bool acl = false;
	ssize_t len;
	int r = 0;

	if (!list || !value)
		return -ENOMEM;
	len = flistxattr(from, list, ATTR_LIST_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
	for (name = list; r == 0 && name < list + len; name += strlen(name) + 1) {
		if (same_content || !is_of_content(name))
			r = copy_attr(from, to, name, value);
		acl = acl || strcmp(name, ACL) == 0;
	}
	/* A folder's default gives a new file one that its model has not. */
	if (r == 0 && !acl && fremovexattr(to, ACL) < 0 && errno != ENODATA && errno != EOPNOTSUPP && errno != ENOSYS)
		r = -errno;
	return r;
}

int bm_rootw_attr_like(const struct bm_root *root, const char *from, const char *to)
{
	_cleanup_fd_ int from_fd = -1, to_fd = -1;
	struct stat st;
	int r;

	r = open_itself(root, from, &from_fd, &st);
	if (r == 0)
		r = open_itself(root, to, &to_fd, NULL);
	if (r == 0)
		r = bm_fault_point("attr", to);
	if (r < 0)
		return bm_err(r, "%s", to);
	/* The owner first: a change of owner clears setuid bits and file capabilities. */
	if (fchown(to_fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
		return bm_err(-errno, "%s", to);
	if (fchmod(to_fd, st.st_mode & 07777) < 0 && errno != EPERM)
		return bm_err(-errno, "%s", to);
	r = bm_root_copy_xattrs(from_fd, to_fd, false);
	return r < 0 ? bm_err(r, "extended attributes of %s", to) : 0;
}

int bm_rootw_set_attr(const struct bm_root *root, const char *path, const struct bm_rootw_attr *attr)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = attr->mtime_s, .tv_nsec = attr->mtime_ns}};
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	struct stat st;
	int r = bm_root_parent(root, path, &parent, &name);

	if (r == 0)
		r = bm_fault_point("attr", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return bm_err(-errno, "%s", path);
	/* What is right already is not touched: a change of owner clears setuid bits and file capabilities. */
	if ((st.st_uid != attr->uid || st.st_gid != attr->gid) &&
		fchownat(parent, name, attr->uid, attr->gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM)
		return bm_err(-errno, "%s", path);
	/* A link has no permission bits of its own. */
	if (!S_ISLNK(st.st_mode) && (st.st_mode & 07777) != (attr->mode & 07777) &&
		fchmodat(parent, name, attr->mode & 07777, 0) < 0 && errno != EPERM)
		return bm_err(-errno, "%s", path);
	if (attr->keep_mtime && (st.st_mtim.tv_sec != times[1].tv_sec || st.st_mtim.tv_nsec != times[1].tv_nsec) &&
		utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
		return bm_err(-errno, "%s", path);
	return 0;
}

int bm_rootw_set_mtime(const struct bm_root *root, const char *path, int64_t mtime_s, uint32_t mtime_ns)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = mtime_s, .tv_nsec = mtime_ns}};
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int r = open_itself(root, path, &fd, &st);

	if (r < 0 || (st.st_mtim.tv_sec == mtime_s && st.st_mtim.tv_nsec == (long)mtime_ns))
		return r;
	r = bm_fault_point("time", path);
	if (r == 0 && futimens(fd, times) < 0 && errno != EPERM && errno != EINVAL)
		r = -errno;
	return r < 0 ? bm_err(r, "times of %s", path) : 0;
}
