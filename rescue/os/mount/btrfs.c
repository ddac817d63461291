/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	root tree, objectid 6, type 84 (DIR_ITEM):
 *	+----------+------+-----------+------------+----------+----------+------+---------+
 *	| objectid | type |  offset   |  transid   | data len | name len | type | name    |
 *	|   le64   |  u8  |   le64    |   le64     |   le16   |   le16   |  u8  | default |
 *	+----------+------+-----------+------------+----------+----------+------+---------+
 *	  the default subvolume's number
 */
#include "btrfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/root/fileio.h"

enum { ROOT_TREE = 1, ROOT_TREE_DIR = 6, FIRST_FREE = 256, DIR_ITEM = 84, ITEM_HEAD = 30, NAME_LEN_AT = 27 };

static uint64_t le(const unsigned char *bytes, unsigned int n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | bytes[n];
	return value;
}

/* The number in the item that is named "default"; 0 where none is. */
static uint64_t default_of(const struct btrfs_ioctl_search_args *args)
{
	static const char name[] = "default";
	size_t at = 0;

	for (unsigned int i = 0; i < args->key.nr_items; i++) {
		struct btrfs_ioctl_search_header head;
		const unsigned char *item;

		if (sizeof(args->buf) - at < sizeof(head))
			break;
		memcpy(&head, args->buf + at, sizeof(head));
		at += sizeof(head);
		if (sizeof(args->buf) - at < head.len)
			break;
		item = (const unsigned char *)args->buf + at;
		at += head.len;
		if (head.type == DIR_ITEM && head.len >= ITEM_HEAD + sizeof(name) - 1 &&
			le(item + NAME_LEN_AT, 2) == sizeof(name) - 1 &&
			memcmp(item + ITEM_HEAD, name, sizeof(name) - 1) == 0)
			return le(item, 8);
	}
	return 0;
}

int bm_btrfs_look(const char *dir, uint64_t *ret_shown, uint64_t *ret_default)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct btrfs_ioctl_ino_lookup_args here = {.objectid = FIRST_FREE};
	struct btrfs_ioctl_search_args args = {.key = {.tree_id = ROOT_TREE,
						       .min_objectid = ROOT_TREE_DIR,
						       .max_objectid = ROOT_TREE_DIR,
						       .min_type = DIR_ITEM,
						       .max_type = DIR_ITEM,
						       .max_offset = UINT64_MAX,
						       .max_transid = UINT64_MAX,
						       .nr_items = 16}};
	uint64_t by_default;

	if (fd < 0 || ioctl(fd, BTRFS_IOC_INO_LOOKUP, &here) < 0 || ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) < 0)
		return -errno;
	by_default = default_of(&args);
	if (by_default == 0)
		return -ENODATA;
	*ret_shown = here.treeid;
	*ret_default = by_default;
	return 0;
}
