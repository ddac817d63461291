/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root_place.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "fileio.h"

/* Of these the bytes are not, or not so, where the extent says. */
#define ELSEWHERE                                                                                                      \
	(FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED |       \
		FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL |                      \
		FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_SHARED)

int bm_root_place(const struct bm_root *root, const char *path, uint64_t len, uint64_t *ret_offset_bytes)
{
	union {
		struct fiemap map;
		uint8_t room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} ask = {.map = {.fm_length = len, .fm_extent_count = 1}};
	const struct fiemap_extent *extent = (const struct fiemap_extent *)(ask.room + sizeof(struct fiemap));
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_file(root, path, &fd);

	if (r < 0)
		return r;
	if (ioctl(fd, FS_IOC_FIEMAP, &ask) < 0)
		return bm_err(errno == ENOTTY ? -ENOTSUP : -errno, "%s", path);
	if (ask.map.fm_mapped_extents < 1 || extent->fe_logical != 0 || extent->fe_length < len ||
		(extent->fe_flags & ELSEWHERE))
		return bm_err(-ENODATA, "%s", path);
	*ret_offset_bytes = extent->fe_physical;
	return 0;
}
