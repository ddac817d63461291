/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fileio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

enum { READ_CHUNK = 64 * 1024, NAMES_MAX = 65536 };

void bm_file_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void bm_file_closep(int *fd)
{
	bm_file_close(*fd);
}

int bm_file_next(int fd, void *buffer, size_t size, size_t *ret_len)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		got = read(fd, (char *)buffer + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return bm_err(-errno, "read");
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return 0;
}

int bm_file_at(int fd, uint64_t offset_bytes, void *buffer, size_t size, size_t *ret_len)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		if (offset_bytes > INT64_MAX - len)
			break;
		got = pread(fd, (char *)buffer + len, size - len, (off_t)(offset_bytes + len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return bm_err(-errno, "read at %llu", (unsigned long long)(offset_bytes + len));
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return 0;
}

int bm_file_put(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t put;

	while (len > 0) {
		put = write(fd, at, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return bm_err(-errno, "write");
		if (put == 0)
			return bm_err(-EIO, "write");
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

static uint64_t size_of(int fd, const struct stat *st)
{
	uint64_t bytes;

	if (S_ISREG(st->st_mode))
		return (uint64_t)st->st_size;
	if (S_ISBLK(st->st_mode) && ioctl(fd, BLKGETSIZE64, &bytes) == 0)
		return bytes;
	return UINT64_MAX;
}

int bm_file_open(const char *path, int *ret_fd, uint64_t *ret_size_bytes)
{
	bool input = strcmp(path, "-") == 0;
	struct stat st;
	int fd, r = 0;

	/* The type is looked at first: opening a tape drive or a terminal already does something. */
	if (!input && stat(path, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (!input && S_ISDIR(st.st_mode))
		return bm_err(-EISDIR, "%s", path);
	if (!input && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return bm_err(-EINVAL, "%s is neither a file nor a block device", path);
	fd = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (fstat(fd, &st) < 0)
		r = bm_err(-errno, "%s", path);
	else if (!input && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		r = bm_err(-EINVAL, "%s is neither a file nor a block device", path);
	if (r < 0) {
		close(fd);
		return r;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (ret_size_bytes)
		*ret_size_bytes = size_of(fd, &st);
	*ret_fd = fd;
	return 0;
}

int bm_file_read(const char *path, size_t max_bytes, struct bm_buf *buf)
{
	_cleanup_fd_ int fd = -1;
	size_t before = buf->len, got = 0, want;
	int r;

	r = bm_file_open(path, &fd, NULL);
	if (r < 0)
		return r;
	do {
		want = BM_MIN((size_t)READ_CHUNK, max_bytes - (buf->len - before) + 1);
		r = bm_buf_reserve(buf, want);
		if (r == 0)
			r = bm_file_next(fd, buf->data + buf->len, want, &got);
		if (r < 0)
			break;
		buf->len += got;
		if (buf->len - before > max_bytes)
			r = -EFBIG;
	} while (r == 0 && got == want);
	if (r < 0)
		buf->len = before;
	if (buf->data)
		buf->data[buf->len] = '\0';
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

static int sync_dir_of(const char *path)
{
	_cleanup_free_ char *dir = bm_path_dir(path);
	int fd, r = 0;

	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		r = -errno;
	close(fd);
	return r;
}

int bm_file_write(const char *path, const void *bytes, size_t len, uint32_t mode)
{
	_cleanup_free_ char *temporary = bm_strf("%s.new.%ld", path, (long)getpid());
	int fd, r;

	if (!temporary)
		return bm_err(-ENOMEM, "%s", path);
	/* A leftover of a process that had our number is nobody's. */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	r = bm_file_put(fd, bytes, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return bm_err(r, "%s", path);
	}
	r = sync_dir_of(path);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

int bm_file_append(const char *path, const void *bytes, size_t len, uint32_t mode)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return bm_err(S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, "%s is not a file", path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	r = bm_file_put(fd, bytes, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

bool bm_file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool bm_file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool bm_file_is_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

bool bm_file_is_null(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int bm_file_realpath(const char *path, char **ret_path)
{
	char *real = realpath(path, NULL);

	if (!real)
		return bm_err(-errno, "%s", path);
	*ret_path = real;
	return 0;
}

int bm_file_unlink(const char *path)
{
	return unlink(path) < 0 ? bm_err(-errno, "%s", path) : 0;
}

int bm_file_list(const char *dir, struct bm_strv *names)
{
	struct bm_strv found = {0};
	struct dirent *entry;
	DIR *stream = opendir(dir);
	size_t i;
	int r = 0;

	if (!stream)
		return bm_err(-errno, "%s", dir);
	for (errno = 0; r == 0 && (entry = readdir(stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = found.n >= NAMES_MAX ? -EFBIG : bm_strv_add(&found, entry->d_name);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(stream);
	bm_strv_sort(&found);
	for (i = 0; r == 0 && i < found.n; i++)
		r = bm_strv_add(names, found.items[i]);
	bm_strv_done(&found);
	return r < 0 ? bm_err(r, "%s", dir) : 0;
}
