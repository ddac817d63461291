/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * squashfs 4.0, little endian (the kernel's Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h):
 *
 *	superblock | data and fragments | inodes | directories | fragment table | export table | id table | xattr table
 *
 *	0 "hsqs"  4 inodes (4)  12 size of blocks (4)  16 fragments (4)  20 compression (2)  22 log of size (2)  26 ids
 *(2) 28 major, minor (2, 2)  32 root inode (8)  40 bytes used (8)  48 id table  64 inodes  72 directories 80 fragment
 *table (8 each: where it begins)
 *
 * An inode is named by where its block begins among the inodes (upper 48 bits) and the byte in it (lower 16):
 *
 *	type (2) mode (2) uid (2) gid (2) mtime (4) number (4)
 *	directory	block (4)  links (4)  size + 3 (2)  byte (2)  parent (4)
 *	  long		links (4)  size + 3 (4)  block (4)  parent (4)  index (2)  byte (2)  xattr (4)
 *	file		data (4)  fragment (4)  byte in it (4)  size (4)  sizes of blocks (4 each)
 *	  long		data (8)  size (8)  sparse (8)  links (4)  fragment (4)  byte in it (4)  xattr (4)  sizes
 *	symlink		links (4)  size (4)  target
 *	device		links (4)  number (4)		FIFO, socket	links (4)
 *
 * A directory is a list of groups, count - 1 (4), block of inodes (4), number (4), each followed by its entries,
 * byte (2), number - group's (2, signed), type (2), length - 1 (2), name. A file's last, shorter piece may stand in a
 * fragment: a block that several files share.
 *
 * A library for this (libsquashfs) reads through files of its own and takes sizes as the superblock has them; it would
 * have to be built for musl with every release. What is needed is reading once from front to back, with bounds.
 */
#include "squashfs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "squashfs_int.h"

enum {
	GROUP_HEADER = 12,
	GROUP_ENTRIES_MAX = 256,
	ENTRY_HEADER = 8,
	NAME_MAX_BYTES = 256,
	LISTING_EXTRA = 3, /* which the size of a directory counts for . and .. */
};

/* A directory on the way. */
struct level {
	struct bm_squashfs_cursor at; /* in its listing */
	uint64_t left;		      /* bytes of it */
	uint32_t entries;	      /* of the group that are still to come */
	uint32_t inode_block;	      /* of the group */
	size_t path_len;
};

struct walk {
	struct bm_squashfs fs;
	const struct bm_image_sink *sink;
	struct level levels[BM_SQUASHFS_DEPTH_MAX];
	size_t n_levels;
	char path[BM_CPIO_NAME_MAX], link[BM_CPIO_LINK_MAX + 1];
	uint8_t *block;		  /* room for one, unpacked */
	uint8_t *shared;	  /* the fragments that were unpacked last */
	uint64_t shared_at, data; /* where they lie; bytes unpacked so far */
	size_t shared_len;
	int error; /* of a callback, or -ENOMEM */
};

static bool bad(struct walk *walk, const char *text)
{
	return bm_squashfs_fail(&walk->fs, BM_SQUASHFS_BAD, text);
}

static bool stop(struct walk *walk, int error)
{
	walk->error = error;
	return false;
}

/* Unpacks the block of data at at into out, which has room for one. size is as the inode has it. */
static bool unpack(struct walk *walk, uint64_t at, uint32_t size, uint8_t *out, size_t *ret_len)
{
	struct bm_squashfs *fs = &walk->fs;
	size_t packed = size & (BM_SQUASHFS_STORED - 1), len = fs->block_size;

	if (at > fs->len || packed > fs->len - at || packed > fs->block_size)
		return bad(walk, "the data of a file lies outside of it");
	walk->data += fs->block_size;
	if (walk->data > BM_SQUASHFS_DATA_MAX)
		return bm_squashfs_fail(&walk->fs, BM_SQUASHFS_LIMIT, "it unpacks to more than any initramfs");
	if (size & BM_SQUASHFS_STORED) {
		memcpy(out, fs->bytes + at, packed);
		len = packed;
	} else if (!bm_squashfs_unpack(fs, fs->bytes + at, packed, out, &len)) {
		return false;
	}
	*ret_len = len;
	return true;
}

static bool put_data(struct walk *walk, const uint8_t *bytes, size_t len)
{
	int r = walk->sink->data ? walk->sink->data(walk->sink->ctx, bytes, len) : 0;

	return r < 0 ? stop(walk, r) : true;
}

/* The piece of a file that stands in a fragment. */
static bool put_fragment(struct walk *walk, const struct bm_squashfs_inode *inode, size_t len)
{
	uint64_t start;
	uint32_t size;

	if (!bm_squashfs_fragment(&walk->fs, inode->fragment, &start, &size))
		return false;
	if (walk->shared_at != start) {
		walk->shared_at = 0;
		if (!unpack(walk, start, size, walk->shared, &walk->shared_len))
			return false;
		walk->shared_at = start;
	}
	if (inode->fragment_offset > walk->shared_len || len > walk->shared_len - inode->fragment_offset)
		return bad(walk, "a file is longer than the fragment that it ends in");
	return put_data(walk, walk->shared + inode->fragment_offset, len);
}

static bool put_file(struct walk *walk, struct bm_squashfs_inode *inode)
{
	uint32_t block_size = walk->fs.block_size;
	uint64_t left = inode->size, at = inode->blocks;
	bool fragment = inode->fragment != (uint32_t)BM_SQUASHFS_NO_FRAGMENT;

	while (left >= block_size || (left > 0 && !fragment)) {
		size_t want = (size_t)BM_MIN(left, (uint64_t)block_size), len = want;
		uint8_t number[4];
		uint32_t size;

		if (!bm_squashfs_next(&walk->fs, &inode->rest, number, sizeof(number)))
			return false;
		size = bm_squashfs_le(number, sizeof(number));
		if (size == 0) { /* a hole */
			walk->data += want;
			if (walk->data > BM_SQUASHFS_DATA_MAX)
				return bm_squashfs_fail(
					&walk->fs, BM_SQUASHFS_LIMIT, "it unpacks to more than any initramfs");
			memset(walk->block, 0, want);
		} else if (!unpack(walk, at, size, walk->block, &len)) {
			return false;
		}
		if (len != want)
			return bad(walk, "a block of a file has another size than it should have");
		if (!put_data(walk, walk->block, len))
			return false;
		at += size & (BM_SQUASHFS_STORED - 1);
		left -= want;
	}
	return left == 0 || put_fragment(walk, inode, (size_t)left);
}

/* Gives an inode out under the path. */
static bool put_entry(struct walk *walk, struct bm_squashfs_inode *inode)
{
	struct bm_cpio_entry entry = {.name = walk->path,
		.ino = inode->number,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.nlink = inode->nlink,
		.mtime = inode->mtime};
	int r;

	if (inode->type == BM_SQUASHFS_FILE)
		entry.size = inode->size;
	if (inode->type == BM_SQUASHFS_BLOCK || inode->type == BM_SQUASHFS_CHAR) {
		entry.rdev_major = inode->device >> 8 & 0xfff;
		entry.rdev_minor = (inode->device & 0xff) | (inode->device >> 12 & 0xfff00);
	}
	if (inode->type == BM_SQUASHFS_SYMLINK) {
		if (inode->size == 0 || inode->size >= sizeof(walk->link))
			return bad(walk, "a symlink has no target, or one that is too long");
		if (!bm_squashfs_next(&walk->fs, &inode->rest, walk->link, (size_t)inode->size))
			return false;
		walk->link[inode->size] = '\0';
		entry.link = walk->link;
	}
	if (walk->fs.result.entries++ >= BM_SQUASHFS_ENTRIES_MAX)
		return bm_squashfs_fail(&walk->fs, BM_SQUASHFS_LIMIT, "it has more files than can be looked at");
	r = walk->sink->entry ? walk->sink->entry(walk->sink->ctx, &entry) : BM_CPIO_SKIP;
	if (r != 0)
		return r < 0 ? stop(walk, r) : true;
	if (inode->type == BM_SQUASHFS_FILE && !put_file(walk, inode))
		return false;
	r = walk->sink->entry_end ? walk->sink->entry_end(walk->sink->ctx) : 0;
	return r < 0 ? stop(walk, r) : true;
}

static bool enter(struct walk *walk, const struct bm_squashfs_inode *inode)
{
	if (walk->n_levels == BM_SQUASHFS_DEPTH_MAX)
		return bm_squashfs_fail(&walk->fs, BM_SQUASHFS_LIMIT, "its directories are too deep");
	walk->levels[walk->n_levels++] = (struct level){.at = inode->listing,
		.left = inode->size > LISTING_EXTRA ? inode->size - LISTING_EXTRA : 0,
		.path_len = strlen(walk->path)};
	return true;
}

/* Begins the next group of the directory's listing. */
static bool next_group(struct walk *walk, struct level *level)
{
	uint8_t header[GROUP_HEADER];

	if (level->left < sizeof(header) || !bm_squashfs_next(&walk->fs, &level->at, header, sizeof(header)))
		return bad(walk, "a directory is cut off");
	level->left -= sizeof(header);
	level->entries = bm_squashfs_le(header, 4) + 1;
	level->inode_block = bm_squashfs_le(header + 4, 4);
	if (level->entries == 0 || level->entries > GROUP_ENTRIES_MAX)
		return bad(walk, "a directory has more entries than there can be");
	return true;
}

/* Appends the next name of the directory to its path; *ret_ref: where its inode is. */
static bool next_name(struct walk *walk, struct level *level, uint64_t *ret_ref)
{
	uint8_t header[ENTRY_HEADER];
	size_t len, at = level->path_len;
	char *name;

	if (level->left < sizeof(header) || !bm_squashfs_next(&walk->fs, &level->at, header, sizeof(header)))
		return bad(walk, "a directory is cut off");
	len = bm_squashfs_le(header + 6, 2) + 1;
	level->left -= sizeof(header);
	if (len > NAME_MAX_BYTES || len > level->left || at + len + 2 > sizeof(walk->path))
		return bad(walk, "a name in a directory is too long");
	if (at > 0)
		walk->path[at++] = '/';
	name = walk->path + at;
	if (!bm_squashfs_next(&walk->fs, &level->at, name, len))
		return false;
	name[len] = '\0';
	level->left -= len;
	level->entries--;
	if (strlen(name) != len || strchr(name, '/') || bm_streq(name, ".") || bm_streq(name, ".."))
		return bad(walk, "a directory has a name that no file can have");
	*ret_ref = (uint64_t)level->inode_block << 16 | bm_squashfs_le(header, 2);
	return true;
}

/* All that is below the directories on the way; false where it was ended. */
static bool go(struct walk *walk)
{
	while (walk->n_levels > 0) {
		struct level *level = &walk->levels[walk->n_levels - 1];
		struct bm_squashfs_inode inode;
		uint64_t ref = 0;

		walk->path[level->path_len] = '\0';
		if (level->entries == 0 && level->left == 0) {
			walk->n_levels--;
			continue;
		}
		if (level->entries == 0 && !next_group(walk, level))
			return false;
		if (!next_name(walk, level, &ref) || !bm_squashfs_inode(&walk->fs, ref, &inode) ||
			!put_entry(walk, &inode))
			return false;
		if (inode.type == BM_SQUASHFS_DIR && !enter(walk, &inode))
			return false;
	}
	return true;
}

static bool read_all(struct walk *walk)
{
	struct bm_squashfs_inode root;

	if (!bm_squashfs_open(&walk->fs))
		return false;
	walk->fs.cache = calloc(BM_SQUASHFS_CACHED, sizeof(*walk->fs.cache));
	walk->block = malloc(walk->fs.block_size);
	walk->shared = malloc(walk->fs.block_size);
	if (!walk->fs.cache || !walk->block || !walk->shared)
		return stop(walk, -ENOMEM);
	if (!bm_squashfs_inode(&walk->fs, walk->fs.root, &root))
		return false;
	if (root.type != BM_SQUASHFS_DIR)
		return bad(walk, "its top is no directory");
	return enter(walk, &root) && go(walk);
}

int bm_squashfs_read(
	const void *bytes, size_t len, const struct bm_image_sink *sink, struct bm_squashfs_result *ret_result)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return -ENOMEM;
	walk->fs.bytes = bytes;
	walk->fs.len = len;
	walk->sink = sink;
	read_all(walk);
	r = walk->error;
	if (r == 0)
		*ret_result = walk->fs.result;
	free(walk->fs.cache);
	free(walk->block);
	free(walk->shared);
	free(walk);
	return r;
}
