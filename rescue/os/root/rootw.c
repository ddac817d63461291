/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "fault.h"
#include "fileio.h"
#include "root_in.h"
#include "tree.h"

static int sync_fd(int fd, const char *path)
{
	int r = bm_fault_point("fsync", path);

	if (r < 0)
		return r;
	/* vfat and others have no fsync of directories; they answer EINVAL. */
	return fsync(fd) < 0 && errno != EINVAL && errno != ENOSYS ? -errno : 0;
}

static int sync_dir_fd(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = sync_fd(fd, path);
	close(fd);
	return r;
}

/* The line of an error; a full filesystem lacks something, and it is not always room. */
static int failed(const struct bm_root *root, const char *path, int error)
{
	struct bm_fs_space space;

	if (error == -EDQUOT)
		return bm_err(error, "%s: the quota of its filesystem is used up", path);
	if (error == -ENOSPC) {
		_cleanup_free_ char *dir = bm_path_dir(path);

		if (dir && bm_root_space(root, dir, &space) == 0 && space.free_inodes == 0)
			return bm_err(error, "%s: no inode is left on its filesystem, which has %llu bytes free", path,
				(unsigned long long)space.free_bytes);
	}
	return bm_err(error, "%s", path);
}

/* Makes one directory, whose parents exist. */
static int make_dir(const struct bm_root *root, const char *dir, uint32_t mode)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1, fd = -1;
	int r;

	r = bm_root_parent(root, dir, &parent, &name);
	if (r < 0)
		return r;
	r = bm_fault_point("mkdir", dir);
	if (r == 0 && mkdirat(parent, name, mode) < 0)
		r = -errno;
	if (r < 0)
		return failed(root, dir, r);
	/* The umask is the caller's environment's, the mode is ours. */
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (fchmod(fd, mode) < 0 && errno != EPERM && errno != EOPNOTSUPP))
		return bm_err(-errno, "%s", dir);
	r = sync_fd(fd, dir);
	if (r == 0)
		r = sync_dir_fd(parent, dir);
	return r < 0 ? bm_err(r, "%s", dir) : 0;
}

int bm_rootw_mkdir_p(const struct bm_root *root, const char *dir, uint32_t mode)
{
	_cleanup_free_ char *copy = strdup(dir);
	struct bm_stat st;
	char *end;
	char kept;
	int r = 0;

	if (!copy)
		return bm_err(-ENOMEM, "%s", dir);
	for (end = copy + strspn(copy, "/"); r == 0 && *end; end += strspn(end, "/")) {
		end += strcspn(end, "/");
		kept = *end;
		*end = '\0';
		r = bm_root_stat(root, copy, true, &st);
		if (r == -ENOENT)
			r = make_dir(root, copy, mode);
		else if (r == 0 && st.type != BM_FILE_DIR)
			r = bm_err(-ENOTDIR, "%s", copy);
		*end = kept;
	}
	return r;
}

int bm_rootw_create(const struct bm_root *root, const char *path, int *ret_fd)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	int fd, r;

	r = bm_root_parent(root, path, &parent, &name);
	if (r == 0)
		r = bm_fault_point("create", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	do {
		fd = openat(parent, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return failed(root, path, -errno);
	*ret_fd = fd;
	return 0;
}

static int set_attr(int fd, const struct bm_rootw_attr *attr)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = attr->mtime_s, .tv_nsec = attr->mtime_ns}};

	/* vfat has neither owner nor mode: EPERM there, and nothing lost. */
	if (fchown(fd, attr->uid, attr->gid) < 0 && errno != EPERM)
		return -errno;
	if (fchmod(fd, attr->mode & 07777) < 0 && errno != EPERM)
		return -errno;
	if (attr->keep_mtime && futimens(fd, times) < 0 && errno != EPERM)
		return -errno;
	return 0;
}

/* As bm_rootw_finish(); where like is a descriptor the file gets its extended attributes, too: behind the owner,
 * because a change of owner takes a file's capabilities. same: it has like's content. */
static int finish(int fd, const char *path, uint64_t size_bytes, const struct bm_rootw_attr *attr, int like, bool same)
{
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		r = bm_err(-errno, "%s", path);
	else if ((uint64_t)st.st_size != size_bytes)
		r = bm_err(-EIO, "%s holds %llu bytes instead of %llu", path, (unsigned long long)st.st_size,
			(unsigned long long)size_bytes);
	if (r == 0) {
		r = bm_fault_point("attr", path);
		if (r == 0)
			r = set_attr(fd, attr);
		if (r == 0 && like >= 0)
			r = bm_root_copy_xattrs(like, fd, same);
		if (r == 0)
			r = sync_fd(fd, path);
		if (r < 0)
			bm_err(r, "%s", path);
	}
	if (close(fd) < 0 && r == 0)
		r = bm_err(-errno, "%s", path);
	return r;
}

int bm_rootw_finish(int fd, const char *path, uint64_t size_bytes, const struct bm_rootw_attr *attr)
{
	return finish(fd, path, size_bytes, attr, -1, false);
}

/* Removes what could not be finished; the first error stays the one to tell. */
static int give_up(const struct bm_root *root, const char *path, int error)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;

	if (bm_root_parent(root, path, &parent, &name) < 0)
		return bm_err(error, "%s", path);
	if (bm_fault_point("unlink", path) == 0)
		unlinkat(parent, name, 0);
	return error;
}

int bm_rootw_put_at(
	const struct bm_root *root, const char *path, uint64_t offset_bytes, const void *bytes, size_t len, bool sync)
{
	_cleanup_fd_ int path_fd = -1, fd = -1;
	struct stat st;
	int r = bm_root_open_path(root, path, false, &path_fd);

	if (r == 0)
		r = bm_root_check_file(path_fd, path, &st);
	if (r == 0)
		r = bm_root_reopen(path_fd, O_WRONLY, path, &fd);
	if (r < 0)
		return r;
	if ((uint64_t)st.st_size > offset_bytes) {
		r = bm_fault_point("truncate", path);
		if (r == 0 && ftruncate(fd, (off_t)offset_bytes) < 0)
			r = -errno;
	}
	if (r == 0)
		r = bm_fault_point("write", path);
	if (r == 0 && lseek(fd, (off_t)offset_bytes, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = bm_file_put(fd, bytes, len);
	if (r == 0 && sync)
		r = sync_fd(fd, path);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

enum { COPY_CHUNK = 256 * 1024 };

/* Copies until the end of from. */
static int pump(int from, int to, const char *path, char *chunk, uint64_t *ret_size_bytes)
{
	uint64_t size = 0;
	size_t got;
	int r;

	do {
		r = bm_file_next(from, chunk, COPY_CHUNK, &got);
		if (r == 0 && got > 0)
			r = bm_fault_point("write", path);
		if (r == 0)
			r = bm_file_put(to, chunk, got);
		if (r < 0)
			return r;
		size += got;
	} while (got == COPY_CHUNK);
	*ret_size_bytes = size;
	return 0;
}

/* Reads the copy again and compares it with what it was made from: that costs less than a hash. A large one is read
 * from the medium, where the kernel lets go of its pages. */
static int read_back(int from, uint64_t from_offset, int to, uint64_t size, const char *path)
{
	_cleanup_free_ char *ours = malloc(COPY_CHUNK), *theirs = malloc(COPY_CHUNK);
	uint64_t offset = 0;
	size_t got, wanted;
	int r;

	if (!ours || !theirs)
		return -ENOMEM;
	if (size > COPY_CHUNK) {
		r = sync_fd(to, path);
		if (r < 0)
			return r;
		posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
	}
	do {
		r = bm_file_at(to, offset, ours, COPY_CHUNK, &got);
		if (r == 0)
			r = bm_file_at(from, from_offset + offset, theirs, COPY_CHUNK, &wanted);
		if (r < 0)
			return r;
		if (got != wanted || memcmp(ours, theirs, got) != 0)
			return -EIO;
		offset += got;
	} while (got == COPY_CHUNK);
	return 0;
}

/* A new file with what fd holds from where it stands; like as in finish(). */
static int copy_fd(const struct bm_root *root, const char *path, int fd, const char *from,
	const struct bm_rootw_attr *attr, int like, uint64_t *ret_size_bytes)
{
	_cleanup_free_ char *chunk = malloc(COPY_CHUNK);
	off_t start = lseek(fd, 0, SEEK_CUR);
	uint64_t size = 0;
	int to, r;

	if (!chunk)
		return bm_err(-ENOMEM, "%s", path);
	if (start < 0)
		return bm_err(-errno, "copy %s", from);
	r = bm_rootw_create(root, path, &to);
	if (r < 0)
		return r;
	r = pump(fd, to, path, chunk, &size);
	if (r == 0)
		r = read_back(fd, (uint64_t)start, to, size, path);
	if (r < 0) {
		bm_err(r, "copy %s to %s", from, path);
		close(to);
	} else {
		r = finish(to, path, size, attr, like, like == fd);
	}
	if (r < 0)
		return give_up(root, path, r);
	if (ret_size_bytes)
		*ret_size_bytes = size;
	return 0;
}

int bm_rootw_copy_fd(const struct bm_root *root, const char *path, int fd, const char *from,
	const struct bm_rootw_attr *attr, uint64_t *ret_size_bytes)
{
	return copy_fd(root, path, fd, from, attr, -1, ret_size_bytes);
}

int bm_rootw_copy(const struct bm_root *root, const char *from, const char *to)
{
	_cleanup_fd_ int path_fd = -1, fd = -1;
	struct bm_rootw_attr attr;
	struct stat st;
	int r;

	r = bm_root_open_path(root, from, false, &path_fd);
	if (r == 0)
		r = bm_root_check_file(path_fd, from, &st);
	if (r == 0)
		r = bm_root_reopen(path_fd, O_RDONLY, from, &fd);
	if (r < 0)
		return r;
	attr = (struct bm_rootw_attr){
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.keep_mtime = true,
		.mtime_s = st.st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
	};
	return copy_fd(root, to, fd, from, &attr, fd, NULL);
}

/* Reads again what was written. */
static int compare_bytes(int fd, const char *bytes, size_t len)
{
	_cleanup_free_ char *chunk = malloc(COPY_CHUNK);
	size_t got, offset = 0;
	int r;

	if (!chunk)
		return -ENOMEM;
	do {
		r = bm_file_at(fd, offset, chunk, COPY_CHUNK, &got);
		if (r < 0)
			return r;
		if (got > len - offset || memcmp(chunk, bytes + offset, got) != 0)
			return -EIO;
		offset += got;
	} while (got == COPY_CHUNK);
	return offset == len ? 0 : -EIO;
}

/* A new file with these bytes; like as in finish(). */
static int write_new(const struct bm_root *root, const char *path, const void *bytes, size_t len,
	const struct bm_rootw_attr *attr, int like)
{
	int fd, r = bm_rootw_create(root, path, &fd);

	if (r < 0)
		return r;
	r = bm_fault_point("write", path);
	if (r == 0)
		r = bm_file_put(fd, bytes, len);
	if (r == 0)
		r = compare_bytes(fd, bytes, len);
	if (r < 0) {
		failed(root, path, r);
		close(fd);
	} else {
		r = finish(fd, path, len, attr, like, false);
	}
	return r < 0 ? give_up(root, path, r) : 0;
}

int bm_rootw_write(
	const struct bm_root *root, const char *path, const void *bytes, size_t len, const struct bm_rootw_attr *attr)
{
	return write_new(root, path, bytes, len, attr, -1);
}

int bm_rootw_write_like(const struct bm_root *root, const char *path, const void *bytes, size_t len, const char *like)
{
	_cleanup_fd_ int like_fd = -1;
	struct bm_rootw_attr attr;
	struct bm_stat st;
	int r;

	r = bm_root_stat(root, like, false, &st);
	if (r == 0)
		r = bm_root_open_file(root, like, &like_fd);
	if (r < 0)
		return r;
	attr = (struct bm_rootw_attr){.mode = st.mode, .uid = st.uid, .gid = st.gid};
	return write_new(root, path, bytes, len, &attr, like_fd);
}

int bm_rootw_copy_as(const struct bm_root *root, const char *from, const char *to, const char *like,
	const struct bm_rootw_attr *attr)
{
	_cleanup_fd_ int fd = -1, like_fd = -1;
	int r = bm_root_open_file(root, from, &fd);

	if (r == 0 && like)
		r = bm_root_open_file(root, like, &like_fd);
	return r < 0 ? r : copy_fd(root, to, fd, from, attr, like_fd, NULL);
}

int bm_rootw_unlink(const struct bm_root *root, const char *path)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	int r = bm_root_parent(root, path, &parent, &name);

	if (r == 0)
		r = bm_fault_point("unlink", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	return unlinkat(parent, name, 0) < 0 ? bm_err(-errno, "%s", path) : 0;
}

int bm_rootw_rmdir(const struct bm_root *root, const char *path)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	int r = bm_root_parent(root, path, &parent, &name);

	if (r == 0)
		r = bm_fault_point("rmdir", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? bm_err(-errno, "%s", path) : 0;
}

int bm_rootw_remove_tree(const struct bm_root *root, const char *path)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	int r = bm_root_parent(root, path, &parent, &name);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = bm_tree_remove(parent, name);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

int bm_rootw_symlink(const struct bm_root *root, const char *text, const char *path)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int parent = -1;
	int r = bm_root_parent(root, path, &parent, &name);

	if (r == 0)
		r = bm_fault_point("symlink", path);
	if (r < 0)
		return bm_err(r, "%s", path);
	return symlinkat(text, parent, name) < 0 ? bm_err(-errno, "%s", path) : 0;
}

int bm_rootw_sync_dir(const struct bm_root *root, const char *dir)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_dir(root, dir, &fd);

	if (r < 0)
		return r;
	r = sync_fd(fd, dir);
	return r < 0 ? bm_err(r, "%s", dir) : 0;
}

int bm_rootw_sync_file(const struct bm_root *root, const char *path)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_file(root, path, &fd);

	if (r < 0)
		return r;
	r = sync_fd(fd, path);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

static int open_fs(const struct bm_root *root, const char *path, int *ret_fd)
{
	_cleanup_fd_ int path_fd = -1;
	struct stat st;
	int r = bm_root_open_path(root, path, true, &path_fd);

	if (r < 0)
		return r;
	if (fstat(path_fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return bm_err(-EINVAL, "%s is neither a file nor a directory", path);
	return bm_root_reopen(path_fd, O_RDONLY, path, ret_fd);
}

static int flush_fs(int fd, const char *path)
{
	int r = bm_fault_point("syncfs", path);

	if (r < 0)
		return bm_err(r, "%s", path);
	return syncfs(fd) < 0 ? bm_err(-errno, "%s", path) : 0;
}

int bm_rootw_sync_fs(const struct bm_root *root, const char *path)
{
	_cleanup_fd_ int fd = -1;
	int r = open_fs(root, path, &fd);

	return r < 0 ? r : flush_fs(fd, path);
}

int bm_rootw_settle_fs(const struct bm_root *root, const char *path)
{
	_cleanup_fd_ int fd = -1;
	sigset_t all, before;
	struct stat st, own;
	int r = open_fs(root, path, &fd);

	if (r == 0)
		r = flush_fs(fd, path);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || stat("/", &own) < 0 || st.st_dev == own.st_dev)
		return 0;
	/* Nothing may come between: a filesystem that stays frozen stops all that writes to it. Where the kernel or the
	 * filesystem knows no freezing the flush must do. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (ioctl(fd, FIFREEZE, 0) == 0)
		r = ioctl(fd, FITHAW, 0) < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

/* A file without a name: nothing of it is seen, not even in the directory's times. 1 where the filesystem has none. */
static int probe_unnamed(const struct bm_root *root, const char *dir)
{
	_cleanup_fd_ int dir_fd = -1;
	int fd, r = bm_root_open_dir(root, dir, &dir_fd);

	if (r < 0)
		return r;
	fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL ? 1 : -errno;
	r = bm_file_put(fd, "bootmend\n", 9);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int bm_rootw_probe(const struct bm_root *root, const char *dir)
{
	_cleanup_free_ char *path = NULL;
	int fd, r;

	r = probe_unnamed(root, dir);
	if (r <= 0)
		return r < 0 ? bm_err(r, "%s cannot be written", dir) : 0;
	path = bm_strf("%s/.bootmend-probe.%ld", dir, (long)getpid());
	if (!path)
		return bm_err(-ENOMEM, "%s", dir);
	r = bm_rootw_create(root, path, &fd);
	if (r == -EEXIST) {
		/* left by a process that had our number */
		r = bm_rootw_unlink(root, path);
		if (r == 0)
			r = bm_rootw_create(root, path, &fd);
	}
	if (r < 0)
		return bm_err(r, "%s cannot be written", dir);
	r = bm_file_put(fd, "bootmend\n", 9);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (bm_rootw_unlink(root, path) < 0 && r == 0)
		r = -EIO;
	return r < 0 ? bm_err(r, "%s cannot be written", dir) : 0;
}
