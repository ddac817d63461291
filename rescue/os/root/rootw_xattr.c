/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootw_xattr.h"

#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>

#include "base/err.h"
#include "fault.h"
#include "fileio.h"

int bm_rootw_set_xattr(const struct bm_root *root, const char *path, const char *name, const void *value, size_t len)
{
	_cleanup_fd_ int fd = -1;
	char link[64];
	int r;

	r = bm_fault_point("xattr", path);
	if (r == 0)
		r = bm_root_open_path(root, path, false, &fd);
	if (r < 0)
		return r;
	/* Through /proc an O_PATH descriptor will do, which a link, a FIFO or a device has without being opened. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return setxattr(link, name, value, len, 0) < 0 ? bm_err(-errno, "%s of %s", name, path) : 0;
}
