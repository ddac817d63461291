/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	root tree, objectid 6, type 84 (DIR_ITEM):
 *	+----------+------+-----------+------------+----------+----------+------+---------+
 *	| objectid | type |  offset   |  transid   | data len | name len | type | name    |
 *	|   le64   |  u8  |   le64    |   le64     |   le16   |   le16   |  u8  | default |
 *	+----------+------+-----------+------------+----------+----------+------+---------+
 *	  the default subvolume's number
 *
 *	root tree, objectid of a subvolume, type 144 (ROOT_BACKREF), offset of the subvolume that it lies in:
 *	+---------+----------+----------+------+
 *	| dir     | sequence | name len | name |
 *	|  le64   |   le64   |   le16   |      |
 *	+---------+----------+----------+------+
 *	  the folder's number there
 */
#include "btrfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "os/root/fileio.h"

enum { ROOT_TREE = 1, ROOT_TREE_DIR = 6, FIRST_FREE = 256, DIR_ITEM = 84, ITEM_HEAD = 30, NAME_LEN_AT = 27 };
enum { ROOT_BACKREF = 144, BACKREF_HEAD = 18, BACKREF_NAME_LEN_AT = 16, DEPTH_MAX = 16 };

static uint64_t le(const unsigned char *bytes, unsigned int n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | bytes[n];
	return value;
}

/* The next item of an answer: *at goes behind it. NULL at the end. */
static const unsigned char *next_item(
	const struct btrfs_ioctl_search_args *args, size_t *at, struct btrfs_ioctl_search_header *ret_head)
{
	const unsigned char *item;

	if (sizeof(args->buf) - *at < sizeof(*ret_head))
		return NULL;
	memcpy(ret_head, args->buf + *at, sizeof(*ret_head));
	*at += sizeof(*ret_head);
	if (sizeof(args->buf) - *at < ret_head->len)
		return NULL;
	item = (const unsigned char *)args->buf + *at;
	*at += ret_head->len;
	return item;
}

/* The number in the item that is named "default"; 0 where none is. */
static uint64_t default_of(const struct btrfs_ioctl_search_args *args)
{
	static const char name[] = "default";
	size_t at = 0;

	for (unsigned int i = 0; i < args->key.nr_items; i++) {
		struct btrfs_ioctl_search_header head;
		const unsigned char *item = next_item(args, &at, &head);

		if (!item)
			break;
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

/* A subvolume: where it lies in another one. */
struct subvolume {
	uint64_t id, parent;
	char *path; /* from the top of the parent */
};

struct subvolumes {
	struct subvolume *items;
	size_t n, capacity;
};

static void subvolumes_done(struct subvolumes *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].path);
	free(list->items);
}

static int add_backref(
	int fd, const struct btrfs_ioctl_search_header *head, const unsigned char *item, struct subvolumes *list)
{
	struct btrfs_ioctl_ino_lookup_args folder = {.treeid = head->offset};
	struct subvolume *subvolume;
	uint64_t len;

	if (head->type != ROOT_BACKREF || head->len < BACKREF_HEAD)
		return 0;
	folder.objectid = le(item, 8);
	len = le(item + BACKREF_NAME_LEN_AT, 2);
	if (len == 0 || len > head->len - BACKREF_HEAD)
		return 0;
	/* One that is being deleted lies in no folder any more. */
	if (folder.objectid != FIRST_FREE && ioctl(fd, BTRFS_IOC_INO_LOOKUP, &folder) < 0)
		return 0;
	folder.name[sizeof(folder.name) - 1] = '\0';
	subvolume = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!subvolume)
		return -ENOMEM;
	subvolume->id = head->objectid;
	subvolume->parent = head->offset;
	subvolume->path = bm_strf("%s%.*s", folder.objectid == FIRST_FREE ? "" : folder.name, (int)len,
		(const char *)item + BACKREF_HEAD);
	return subvolume->path ? 0 : -ENOMEM;
}

/* The items of one answer; *key begins behind the last of them afterwards. */
static int add_backrefs(int fd, struct btrfs_ioctl_search_args *args, struct subvolumes *list)
{
	size_t at = 0;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < args->key.nr_items; i++) {
		struct btrfs_ioctl_search_header head;
		const unsigned char *item = next_item(args, &at, &head);

		if (!item)
			break;
		r = add_backref(fd, &head, item, list);
		args->key.min_objectid = head.objectid;
		args->key.min_type = head.type;
		args->key.min_offset = head.offset + 1;
	}
	return r;
}

static int search_backrefs(int fd, struct subvolumes *list)
{
	struct btrfs_ioctl_search_args args = {.key = {.tree_id = ROOT_TREE,
						       .min_objectid = FIRST_FREE,
						       .max_objectid = UINT64_MAX - FIRST_FREE,
						       .min_type = ROOT_BACKREF,
						       .max_type = ROOT_BACKREF,
						       .max_offset = UINT64_MAX,
						       .max_transid = UINT64_MAX}};
	int r = 0;

	while (r == 0 && list->n < BM_BTRFS_SUBVOLUMES_MAX) {
		args.key.nr_items = BM_BTRFS_SUBVOLUMES_MAX;
		if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, &args) < 0)
			return -errno;
		if (args.key.nr_items == 0)
			break;
		r = add_backrefs(fd, &args, list);
	}
	return r;
}

/* The path from the filesystem's top, for free(); NULL when memory is short, or where it leads to no top. */
static char *path_from_top(const struct subvolumes *list, size_t index)
{
	char *path = strdup(list->items[index].path);
	uint64_t parent = list->items[index].parent;

	for (unsigned int depth = 0; path && parent != BM_BTRFS_TOP; depth++) {
		_cleanup_free_ char *below = path;
		size_t i;

		for (i = 0; i < list->n && list->items[i].id != parent; i++)
			;
		if (i == list->n || depth == DEPTH_MAX)
			return NULL;
		path = bm_strf("%s/%s", list->items[i].path, below);
		parent = list->items[i].parent;
	}
	return path;
}

static size_t slashes(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int higher_first(const void *a, const void *b)
{
	const char *pa = *(char *const *)a, *pb = *(char *const *)b;
	size_t na = slashes(pa), nb = slashes(pb);

	return na != nb ? (na < nb ? -1 : 1) : strcmp(pa, pb);
}

int bm_btrfs_subvolumes(const char *dir, struct bm_strv *paths)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct subvolumes list = {0};
	int r = fd < 0 ? -errno : search_backrefs(fd, &list);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		_cleanup_free_ char *path = path_from_top(&list, i);

		r = path ? bm_strv_add(paths, path) : 0;
	}
	if (paths->n > 1)
		qsort(paths->items, paths->n, sizeof(*paths->items), higher_first);
	subvolumes_done(&list);
	return r;
}
