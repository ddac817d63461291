/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "fence.h"
#include "fileio.h"
#include "root_in.h"
#include "walk.h"

enum { OPENAT2_TRIES = 32, HASH_CHUNK = 256 * 1024, READ_CHUNK = 64 * 1024, XATTR_VALUE_MAX = 64 * 1024 };

struct bm_root {
	int fd;
	char *dir;
	long *fence; /* ids of the mounts that may be reached; none: all */
	size_t n_fence, cap_fence;
};

static bool force_walk;

void bm_root_force_walk(bool force)
{
	force_walk = force;
}

int bm_root_open(const char *dir, struct bm_root **ret_root)
{
	struct bm_root *root = calloc(1, sizeof(*root));
	int error;

	if (!root)
		return bm_err(-ENOMEM, "%s", dir);
	root->dir = strdup(dir);
	root->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!root->dir || root->fd < 0) {
		error = root->dir ? -errno : -ENOMEM;
		bm_root_free(root);
		return bm_err(error, "%s", dir);
	}
	*ret_root = root;
	return 0;
}

struct bm_root *bm_root_free(struct bm_root *root)
{
	if (root) {
		if (root->fd >= 0)
			close(root->fd);
		free(root->dir);
		free(root->fence);
		free(root);
	}
	return NULL;
}

void bm_root_freep(struct bm_root **root)
{
	*root = bm_root_free(*root);
}

int bm_root_fd(const struct bm_root *root)
{
	return root->fd;
}

const char *bm_root_dir(const struct bm_root *root)
{
	return root->dir;
}

uint64_t bm_root_dev(dev_t dev)
{
	return (uint64_t)major(dev) << 32 | minor(dev);
}

enum bm_file_type bm_root_type(mode_t mode)
{
	return S_ISREG(mode)   ? BM_FILE_REGULAR
	       : S_ISDIR(mode) ? BM_FILE_DIR
	       : S_ISLNK(mode) ? BM_FILE_SYMLINK
			       : BM_FILE_OTHER;
}

long *bm_root_fence_slot(struct bm_root *root)
{
	return BM_VEC_PUSH(root->fence, root->n_fence, root->cap_fence);
}

/* Whether what was opened lies inside. */
static int check_fence(const struct bm_root *root, int fd)
{
	long mount;
	int r = root->n_fence > 0 ? bm_fence_mount_of(fd, &mount) : 0;

	if (r < 0 || root->n_fence == 0)
		return r;
	for (size_t i = 0; i < root->n_fence; i++)
		if (root->fence[i] == mount)
			return 0;
	return -EXDEV;
}

/* -ENOSYS where the walk has to do it. */
static int open_by_kernel(int top_fd, const char *path, bool follow, int *ret_fd)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	unsigned int tries;
	long fd;

	for (tries = 0; tries < OPENAT2_TRIES; tries++) {
		fd = syscall(SYS_openat2, top_fd, path, &how, sizeof(how));
		if (fd >= 0) {
			*ret_fd = (int)fd;
			return 0;
		}
		/* EAGAIN: something was renamed while the kernel walked through "..". */
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	/* EPERM is a seccomp filter's answer: O_PATH itself needs no permission that gives it. */
	if (errno == ENOSYS || errno == EPERM || errno == E2BIG || errno == EINVAL || errno == EAGAIN)
		return -ENOSYS;
	return -errno;
}

static int resolve_anywhere(const struct bm_root *root, const char *path, bool follow, int *ret_fd)
{
	char copy[BM_ROOT_PATH_MAX];
	size_t len = strlen(path);
	int r;

	/* A trailing slash would follow a link that is not to be followed. */
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, len);
	copy[len] = '\0';
	if (!force_walk) {
		r = open_by_kernel(root->fd, len > 0 ? copy : ".", follow, ret_fd);
		if (r != -ENOSYS)
			return r;
	}
	return bm_walk(root->fd, copy, follow, ret_fd, NULL);
}

/* Resolves without an error line. */
static int resolve(const struct bm_root *root, const char *path, bool follow, int *ret_fd)
{
	int fd, r = resolve_anywhere(root, path, follow, &fd);

	if (r < 0)
		return r;
	r = check_fence(root, fd);
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

/* The error's line; "cross-device link" would be a riddle. */
static int tell(int r, const char *path)
{
	return r == -EXDEV ? bm_err(r, "%s leads out of the system's own filesystems", path) : bm_err(r, "%s", path);
}

int bm_root_open_path(const struct bm_root *root, const char *path, bool follow, int *ret_fd)
{
	int r = resolve(root, path, follow, ret_fd);

	return r < 0 ? tell(r, path) : 0;
}

int bm_root_parent(const struct bm_root *root, const char *path, int *ret_dir_fd, char **ret_name)
{
	_cleanup_free_ char *copy = strdup(path);
	char *slash, *name;
	size_t len;
	int fd, r;

	if (!copy)
		return bm_err(-ENOMEM, "%s", path);
	len = strlen(copy);
	while (len > 0 && copy[len - 1] == '/')
		copy[--len] = '\0';
	slash = strrchr(copy, '/');
	name = slash ? slash + 1 : copy;
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return bm_err(-EINVAL, "%s", path);
	name = strdup(name);
	if (!name)
		return bm_err(-ENOMEM, "%s", path);
	if (slash)
		*slash = '\0';
	r = resolve(root, slash ? copy : "", true, &fd);
	if (r < 0) {
		free(name);
		return tell(r, path);
	}
	*ret_dir_fd = fd;
	*ret_name = name;
	return 0;
}

int bm_root_reopen(int path_fd, int flags, const char *path, int *ret_fd)
{
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	do {
		fd = open(link, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	*ret_fd = fd;
	return 0;
}

int bm_root_check_file(int fd, const char *path, struct stat *ret_stat)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return bm_err(-EISDIR, "%s", path);
	if (!S_ISREG(st.st_mode))
		return bm_err(-EINVAL, "%s is %s, not a file", path,
			S_ISFIFO(st.st_mode)   ? "a FIFO"
			: S_ISSOCK(st.st_mode) ? "a socket"
			: S_ISLNK(st.st_mode)  ? "a symbolic link"
					       : "a device");
	*ret_stat = st;
	return 0;
}

int bm_root_open_file(const struct bm_root *root, const char *path, int *ret_fd)
{
	_cleanup_fd_ int path_fd = -1;
	struct stat st;
	int r;

	r = bm_root_open_path(root, path, true, &path_fd);
	if (r == 0)
		r = bm_root_check_file(path_fd, path, &st);
	if (r < 0)
		return r;
	/* Looking changes nothing: not even the time of the last look, on a system that is mounted for writing. */
	if (bm_root_reopen(path_fd, O_RDONLY | O_NOATIME, path, ret_fd) == 0)
		return 0;
	return bm_root_reopen(path_fd, O_RDONLY, path, ret_fd);
}

int bm_root_open_dir(const struct bm_root *root, const char *path, int *ret_fd)
{
	_cleanup_fd_ int path_fd = -1;
	int fd, r;

	r = bm_root_open_path(root, path, true, &path_fd);
	if (r < 0)
		return r;
	fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	*ret_fd = fd;
	return 0;
}

/* Appends what lies from offset on, at most n bytes. */
static int read_some(int fd, const char *path, uint64_t offset, size_t n, struct bm_buf *buf)
{
	size_t before = buf->len, want, got;
	int r = 0;

	while (n > 0) {
		want = BM_MIN(n, (size_t)READ_CHUNK);
		if (bm_buf_reserve(buf, want) < 0) {
			r = bm_err(-ENOMEM, "%s", path);
			break;
		}
		r = bm_file_at(fd, offset, buf->data + buf->len, want, &got);
		if (r < 0) {
			bm_err(r, "%s", path);
			break;
		}
		buf->len += got;
		offset += got;
		n -= got;
		if (got < want)
			break;
	}
	if (r < 0)
		buf->len = before;
	if (buf->data)
		buf->data[buf->len] = '\0';
	return r;
}

int bm_root_read(const struct bm_root *root, const char *path, size_t max_bytes, struct bm_buf *buf)
{
	_cleanup_fd_ int fd = -1;
	size_t before = buf->len;
	struct stat st;
	int r;

	r = bm_root_open_file(root, path, &fd);
	if (r == 0)
		r = bm_root_check_file(fd, path, &st);
	if (r < 0)
		return r;
	if (st.st_size > 0 && (uint64_t)st.st_size > max_bytes)
		return bm_err(
			-EFBIG, "%s holds %llu bytes, more than %zu", path, (unsigned long long)st.st_size, max_bytes);
	/* One byte more than allowed, since files of proc and sys have no size. */
	r = read_some(fd, path, 0, max_bytes + 1, buf);
	if (r == 0 && buf->len - before > max_bytes) {
		buf->len = before;
		buf->data[before] = '\0';
		r = bm_err(-EFBIG, "%s holds more than %zu bytes", path, max_bytes);
	}
	return r;
}

int bm_root_read_head(const struct bm_root *root, const char *path, size_t n, struct bm_buf *buf)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_file(root, path, &fd);

	return r < 0 ? r : read_some(fd, path, 0, n, buf);
}

int bm_root_read_tail(const struct bm_root *root, const char *path, size_t n, struct bm_buf *buf)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	uint64_t size;
	int r;

	r = bm_root_open_file(root, path, &fd);
	if (r == 0)
		r = bm_root_check_file(fd, path, &st);
	if (r < 0)
		return r;
	size = (uint64_t)st.st_size;
	return read_some(fd, path, size > n ? size - n : 0, n, buf);
}

int bm_root_stat(const struct bm_root *root, const char *path, bool follow, struct bm_stat *ret_stat)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int r;

	r = bm_root_open_path(root, path, follow, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	*ret_stat = (struct bm_stat){
		.type = bm_root_type(st.st_mode),
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.size_bytes = (uint64_t)st.st_size,
		.blocks = (uint64_t)st.st_blocks,
		.mtime_s = st.st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
		.dev = bm_root_dev(st.st_dev),
		.ino = st.st_ino,
		.links = (uint32_t)st.st_nlink,
	};
	return 0;
}

static bool has_type(const struct bm_root *root, const char *path, enum bm_file_type type, bool any)
{
	struct bm_stat st;

	return bm_root_stat(root, path, true, &st) == 0 && (any || st.type == type);
}

bool bm_root_is_file(const struct bm_root *root, const char *path)
{
	return has_type(root, path, BM_FILE_REGULAR, false);
}

bool bm_root_is_dir(const struct bm_root *root, const char *path)
{
	return has_type(root, path, BM_FILE_DIR, false);
}

bool bm_root_exists(const struct bm_root *root, const char *path)
{
	return has_type(root, path, BM_FILE_OTHER, true);
}

int bm_root_readlink(const struct bm_root *root, const char *path, char **ret_text)
{
	char text[BM_ROOT_PATH_MAX + 1];
	_cleanup_fd_ int fd = -1;
	struct stat st;
	ssize_t len;
	int r;

	r = bm_root_open_path(root, path, false, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (!S_ISLNK(st.st_mode))
		return bm_err(-EINVAL, "%s is not a symbolic link", path);
	len = readlinkat(fd, "", text, sizeof(text));
	if (len < 0 || (size_t)len >= sizeof(text))
		return bm_err(len < 0 ? -errno : -ENAMETOOLONG, "%s", path);
	text[len] = '\0';
	*ret_text = strdup(text);
	return *ret_text ? 0 : bm_err(-ENOMEM, "%s", path);
}

int bm_root_list(const struct bm_root *root, const char *dir, size_t max, struct bm_strv *names)
{
	struct bm_strv found = {0};
	struct dirent *entry;
	int fd, r;
	size_t i;
	DIR *stream;

	if (max == 0)
		max = BM_ROOT_LIST_MAX;
	r = bm_root_open_dir(root, dir, &fd);
	if (r < 0)
		return r;
	stream = fdopendir(fd);
	if (!stream) {
		r = bm_err(-errno, "%s", dir);
		close(fd);
		return r;
	}
	for (errno = 0; r == 0 && (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (found.n >= max)
			r = bm_err(-EFBIG, "%s holds more than %zu names", dir, max);
		else if (bm_strv_add(&found, entry->d_name) < 0)
			r = bm_err(-ENOMEM, "%s", dir);
	}
	if (r == 0 && errno != 0)
		r = bm_err(-errno, "%s", dir);
	closedir(stream);
	bm_strv_sort(&found);
	for (i = 0; r == 0 && i < found.n; i++)
		if (bm_strv_add(names, found.items[i]) < 0)
			r = bm_err(-ENOMEM, "%s", dir);
	bm_strv_done(&found);
	return r;
}

int bm_root_realpath(const struct bm_root *root, const char *path, char **ret_path)
{
	_cleanup_free_ char *real = NULL;
	int fd, r;

	r = bm_walk(root->fd, path, true, &fd, &real);
	if (r < 0)
		return bm_err(r, "%s", path);
	r = check_fence(root, fd);
	close(fd);
	if (r < 0)
		return tell(r, path);
	*ret_path = real;
	real = NULL;
	return 0;
}

int bm_root_xattr(const struct bm_root *root, const char *path, bool follow, const char *name, struct bm_buf *buf)
{
	_cleanup_free_ char *value = malloc(XATTR_VALUE_MAX);
	_cleanup_fd_ int fd = -1;
	char link[64];
	ssize_t len;
	int r;

	if (!value)
		return bm_err(-ENOMEM, "%s", path);
	r = bm_root_open_path(root, path, follow, &fd);
	if (r < 0)
		return r;
	/* fgetxattr() takes no O_PATH descriptor. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = getxattr(link, name, value, XATTR_VALUE_MAX);
	if (len < 0)
		return bm_err(-errno, "%s of %s", name, path);
	return bm_buf_add(buf, value, (size_t)len);
}

int bm_root_space(const struct bm_root *root, const char *path, struct bm_fs_space *ret_space)
{
	_cleanup_fd_ int fd = -1;
	struct statfs fs;
	struct stat st;
	uint64_t unit;
	int r;

	r = bm_root_open_path(root, path, true, &fd);
	if (r < 0)
		return r;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return bm_err(-errno, "%s", path);
	unit = (uint64_t)(fs.f_frsize ? fs.f_frsize : fs.f_bsize);
	*ret_space = (struct bm_fs_space){
		.free_bytes = (uint64_t)fs.f_bavail * unit,
		.total_bytes = (uint64_t)fs.f_blocks * unit,
		.free_inodes = fs.f_files == 0 ? UINT64_MAX : (uint64_t)fs.f_ffree,
		.block_size_bytes = (uint32_t)fs.f_bsize,
		.read_only = (fs.f_flags & ST_RDONLY) != 0,
		.magic = (uint64_t)(unsigned long)fs.f_type,
		.dev = bm_root_dev(st.st_dev),
	};
	return 0;
}

int bm_root_hash(const struct bm_root *root, const char *path, char ret_hex[BM_SHA256_TEXT], uint64_t *ret_size_bytes)
{
	_cleanup_free_ char *chunk = malloc(HASH_CHUNK);
	_cleanup_fd_ int fd = -1;
	struct bm_sha256 hash;
	uint64_t size = 0;
	size_t got;
	int r;

	if (!chunk)
		return bm_err(-ENOMEM, "%s", path);
	r = bm_root_open_file(root, path, &fd);
	if (r < 0)
		return r;
	bm_sha256_init(&hash);
	do {
		r = bm_file_next(fd, chunk, HASH_CHUNK, &got);
		if (r < 0)
			return bm_err(r, "%s", path);
		bm_sha256_add(&hash, chunk, got);
		size += got;
	} while (got == HASH_CHUNK);
	bm_sha256_end(&hash, ret_hex);
	if (ret_size_bytes)
		*ret_size_bytes = size;
	return 0;
}
