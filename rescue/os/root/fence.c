/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "fileio.h"
#include "root_in.h"

/* proc_pid_fdinfo(5), since Linux 3.15. */
int bm_fence_mount_of(int fd, long *ret_mount)
{
	char path[64], line[128];
	long mount = -1;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	if (!info)
		return -errno;
	while (mount < 0 && fgets(line, sizeof(line), info))
		if (strncmp(line, "mnt_id:", 7) == 0)
			mount = strtol(line + 7, NULL, 10);
	fclose(info);
	if (mount < 0)
		return -ENOSYS;
	*ret_mount = mount;
	return 0;
}

int bm_root_fence_add(struct bm_root *root, const struct bm_root *from, const char *path)
{
	_cleanup_fd_ int fd = -1;
	long mount, *slot;
	int r = bm_root_open_path(from, path, true, &fd);

	if (r < 0)
		return r;
	r = bm_fence_mount_of(fd, &mount);
	if (r < 0)
		return bm_err(r, "%s", path);
	slot = bm_root_fence_slot(root);
	if (!slot)
		return bm_err(-ENOMEM, "%s", path);
	*slot = mount;
	return 0;
}
