/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"

enum { NAME_BYTES = 8192 };

int bm_claim_device(const char *path)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int read_only = 0;

	if (stat(path, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (!S_ISBLK(st.st_mode))
		return bm_err(-ENOTBLK, "%s", path);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EBUSY)
		return bm_err(-EBUSY, "%s is mounted, or something else has it open for its own", path);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (ioctl(fd, BLKROGET, &read_only) == 0 && read_only)
		return bm_err(-EROFS, "%s cannot be written", path);
	return 0;
}

int bm_claim_image(const char *path)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_strv_ struct bm_strv names = {0};
	int r;

	r = bm_file_realpath(path, &real);
	if (r < 0)
		return r;
	if (access(real, W_OK) < 0)
		return bm_err(-errno, "%s", path);
	/* Without sysfs nobody can tell. */
	if (bm_file_list("/sys/block", &names) < 0)
		bm_err_clear();
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *file = bm_strf("/sys/block/%s/loop/backing_file", names.items[i]);
		_cleanup_buf_ struct bm_buf text = {0};

		if (!file)
			return -ENOMEM;
		if (!bm_str_starts(names.items[i], "loop") || bm_file_read(file, NAME_BYTES, &text) < 0) {
			bm_err_clear();
			continue;
		}
		if (text.len > 0 && text.data[text.len - 1] == '\n')
			text.data[--text.len] = '\0';
		if (bm_streq(bm_buf_text(&text), real))
			return bm_err(-EBUSY, "%s is attached to %s", path, names.items[i]);
	}
	return 0;
}
