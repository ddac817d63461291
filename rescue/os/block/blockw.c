/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blockw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "os/root/fault.h"
#include "os/root/fileio.h"

static int open_device(const char *path, int flags, int *ret_fd)
{
	struct stat st;
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
		close(fd);
		return bm_err(-ENOTBLK, "%s", path);
	}
	*ret_fd = fd;
	return 0;
}

int bm_block_read_back(const char *path, uint64_t offset_bytes, void *buffer, size_t size, size_t *ret_len)
{
	_cleanup_fd_ int fd = -1;
	int r = open_device(path, O_RDONLY, &fd);

	if (r < 0)
		return r;
	/* Both are hints: where they fail what is read may come from the cache. */
	(void)ioctl(fd, BLKFLSBUF, 0);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return bm_file_at(fd, offset_bytes, buffer, size, ret_len);
}

static int put_at(int fd, const char *path, uint64_t offset_bytes, const void *bytes, size_t len)
{
	size_t done = 0;

	if (offset_bytes > INT64_MAX - len)
		return bm_err(-EINVAL, "%s", path);
	while (done < len) {
		ssize_t put = pwrite(fd, (const char *)bytes + done, len - done, (off_t)(offset_bytes + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return bm_err(put < 0 ? -errno : -EIO, "%s", path);
		done += (size_t)put;
	}
	return 0;
}

int bm_block_write(const char *path, uint64_t offset_bytes, const void *bytes, size_t len)
{
	_cleanup_fd_ int fd = -1;
	int r = open_device(path, O_RDWR | O_EXCL, &fd);

	if (r == 0)
		r = bm_fault_point("block", path);
	if (r == 0)
		r = put_at(fd, path, offset_bytes, bytes, len);
	if (r == 0)
		r = bm_fault_point("sync", path);
	if (r == 0 && fsync(fd) < 0)
		r = bm_err(-errno, "%s", path);
	return r;
}
