/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a squashfs: blocks of up to 8 KiB, each with its size before it (bit 15: it is not compressed), found
 * by where they begin. squashfs.c has the drawing.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "squashfs_int.h"

enum {
	SUPERBLOCK = 96,
	VERSION = 4,
	META_STORED = 0x8000,
	IDS_PER_BLOCK = BM_SQUASHFS_META / 4,
	FRAGMENTS_PER_BLOCK = BM_SQUASHFS_META / 16,
	INODE_HEADER = 16,
	INODE_FIXED_MAX = 40,
};

bool bm_squashfs_fail(struct bm_squashfs *fs, enum bm_squashfs_status status, const char *text)
{
	if (fs->result.status == BM_SQUASHFS_OK) {
		fs->result.status = status;
		fs->result.text = text;
	}
	return false;
}

static bool bad(struct bm_squashfs *fs, const char *text)
{
	return bm_squashfs_fail(fs, BM_SQUASHFS_BAD, text);
}

bool bm_squashfs_unpack(struct bm_squashfs *fs, const uint8_t *packed, size_t size, uint8_t *out, size_t *len)
{
	switch (bm_decomp_whole(fs->compression, packed, size, out, len)) {
	case 0:
		return true;
	case -EBADMSG:
		return bad(fs, "a block of it is damaged");
	case -ENOMEM:
		return bm_squashfs_fail(fs, BM_SQUASHFS_LIMIT, "there is not enough memory to unpack it");
	default:
		return bm_squashfs_fail(
			fs, BM_SQUASHFS_UNSUPPORTED, "it is compressed with a filter that is not read here");
	}
}

bool bm_squashfs_is(const void *bytes, size_t len)
{
	return len >= 4 && memcmp(bytes, "hsqs", 4) == 0;
}

bool bm_squashfs_open(struct bm_squashfs *fs)
{
	static const struct {
		const char *name;
		enum bm_compression compression; /* NONE: is not read */
	} methods[] = {{"none", BM_COMPRESSION_NONE}, {"gzip", BM_COMPRESSION_GZIP}, {"lzma", BM_COMPRESSION_NONE},
		{"lzo", BM_COMPRESSION_LZO}, {"xz", BM_COMPRESSION_XZ}, {"lz4", BM_COMPRESSION_LZ4},
		{"zstd", BM_COMPRESSION_ZSTD}};
	const uint8_t *p = fs->bytes;
	uint64_t used;
	uint32_t method, log;

	if (!bm_squashfs_is(p, fs->len) || fs->len < SUPERBLOCK)
		return bad(fs, "it is no squashfs filesystem");
	if (bm_squashfs_le(p + 28, 2) != VERSION || bm_squashfs_le(p + 30, 2) != 0)
		return bm_squashfs_fail(fs, BM_SQUASHFS_UNSUPPORTED, "it is a squashfs of another version than 4.0");
	method = bm_squashfs_le(p + 20, 2);
	if (method < BM_ARRAY_SIZE(methods)) {
		fs->compression = methods[method].compression;
		fs->result.compression = methods[method].name;
	}
	if (fs->compression == BM_COMPRESSION_NONE)
		return bm_squashfs_fail(
			fs, BM_SQUASHFS_UNSUPPORTED, "it is compressed in a way that the kernel does not read");
	fs->block_size = bm_squashfs_le(p + 12, 4);
	log = bm_squashfs_le(p + 22, 2);
	if (log < 12 || log > 20 || fs->block_size != 1U << log)
		return bad(fs, "its superblock names no size of blocks");
	used = bm_squashfs_le64(p + 40);
	if (used > fs->len)
		return bad(fs, "it is cut off");
	fs->len = (size_t)BM_MAX(used, (uint64_t)SUPERBLOCK);
	fs->n_fragments = bm_squashfs_le(p + 16, 4);
	fs->n_ids = bm_squashfs_le(p + 26, 2);
	fs->root = bm_squashfs_le64(p + 32);
	fs->ids = bm_squashfs_le64(p + 48);
	fs->inodes = bm_squashfs_le64(p + 64);
	fs->directories = bm_squashfs_le64(p + 72);
	fs->fragments = bm_squashfs_le64(p + 80);
	return true;
}

/* The block of a table that begins at at; NULL after bm_squashfs_fail(). */
static const struct bm_squashfs_meta *load(struct bm_squashfs *fs, uint64_t at)
{
	struct bm_squashfs_meta *meta;
	const uint8_t *packed;
	uint32_t header;
	size_t size;

	for (size_t i = 0; i < BM_SQUASHFS_CACHED; i++)
		if (fs->cache[i].next > 0 && fs->cache[i].block == at)
			return &fs->cache[i];
	if (at > fs->len || fs->len - at < 2) {
		bad(fs, "one of its tables lies outside of it");
		return NULL;
	}
	if (fs->loads++ >= BM_SQUASHFS_LOADS_MAX) {
		bm_squashfs_fail(fs, BM_SQUASHFS_LIMIT, "its tables are larger than those of any initramfs");
		return NULL;
	}
	meta = &fs->cache[fs->loads % BM_SQUASHFS_CACHED];
	header = bm_squashfs_le(fs->bytes + at, 2);
	size = header & (META_STORED - 1) ? header & (META_STORED - 1) : META_STORED;
	packed = fs->bytes + at + 2;
	meta->next = 0;
	meta->len = BM_SQUASHFS_META;
	if (size > fs->len - at - 2 || size > BM_SQUASHFS_META) {
		bad(fs, "a block of its tables is cut off");
		return NULL;
	}
	if (header & META_STORED) {
		memcpy(meta->bytes, packed, size);
		meta->len = size;
	} else if (!bm_squashfs_unpack(fs, packed, size, meta->bytes, &meta->len)) {
		return NULL;
	}
	meta->block = at;
	meta->next = at + 2 + size;
	return meta;
}

bool bm_squashfs_next(struct bm_squashfs *fs, struct bm_squashfs_cursor *at, void *out, size_t n)
{
	uint8_t *to = out;

	while (n > 0) {
		const struct bm_squashfs_meta *meta = load(fs, at->block);
		size_t some;

		if (!meta)
			return false;
		if (at->offset > meta->len || meta->len == 0)
			return bad(fs, "a place in its tables does not exist");
		some = BM_MIN(n, meta->len - at->offset);
		memcpy(to, meta->bytes + at->offset, some);
		to += some;
		n -= some;
		at->offset += some;
		if (at->offset == meta->len)
			*at = (struct bm_squashfs_cursor){meta->next, 0};
	}
	return true;
}

/* One of a table that is found by a list of its blocks, which is at list: size bytes each, so many in a block. */
static bool lookup(struct bm_squashfs *fs, uint64_t list, uint32_t number, uint32_t in_block, uint8_t *out, size_t size)
{
	uint64_t at = list + (uint64_t)number / in_block * 8;
	struct bm_squashfs_cursor cursor;

	if (list > fs->len || at > fs->len || fs->len - at < 8)
		return bad(fs, "one of its tables lies outside of it");
	cursor = (struct bm_squashfs_cursor){bm_squashfs_le64(fs->bytes + at), number % in_block * size};
	return bm_squashfs_next(fs, &cursor, out, size);
}

bool bm_squashfs_fragment(struct bm_squashfs *fs, uint32_t number, uint64_t *ret_start, uint32_t *ret_size)
{
	uint8_t entry[16];

	if (number >= fs->n_fragments)
		return bad(fs, "a file is in a fragment that does not exist");
	if (!lookup(fs, fs->fragments, number, FRAGMENTS_PER_BLOCK, entry, sizeof(entry)))
		return false;
	*ret_start = bm_squashfs_le64(entry);
	*ret_size = bm_squashfs_le(entry + 8, 4);
	return true;
}

static bool read_id(struct bm_squashfs *fs, uint32_t number, uint32_t *ret_id)
{
	uint8_t entry[4];

	if (number >= fs->n_ids)
		return bad(fs, "an owner is not in its table");
	if (!lookup(fs, fs->ids, number, IDS_PER_BLOCK, entry, sizeof(entry)))
		return false;
	*ret_id = bm_squashfs_le(entry, 4);
	return true;
}

/* The fields behind the header, by type. */
static void take_fields(const struct bm_squashfs *fs, const uint8_t *p, bool is_long, struct bm_squashfs_inode *inode)
{
	switch (inode->type) {
	case BM_SQUASHFS_DIR:
		inode->nlink = bm_squashfs_le(p + (is_long ? 0 : 4), 4);
		inode->size = is_long ? bm_squashfs_le(p + 4, 4) : bm_squashfs_le(p + 8, 2);
		inode->listing = (struct bm_squashfs_cursor){fs->directories + bm_squashfs_le(p + (is_long ? 8 : 0), 4),
			bm_squashfs_le(p + (is_long ? 18 : 10), 2)};
		break;
	case BM_SQUASHFS_FILE:
		inode->nlink = is_long ? bm_squashfs_le(p + 24, 4) : 1;
		inode->blocks = is_long ? bm_squashfs_le64(p) : bm_squashfs_le(p, 4);
		inode->size = is_long ? bm_squashfs_le64(p + 8) : bm_squashfs_le(p + 12, 4);
		inode->fragment = bm_squashfs_le(p + (is_long ? 28 : 4), 4);
		inode->fragment_offset = bm_squashfs_le(p + (is_long ? 32 : 8), 4);
		break;
	case BM_SQUASHFS_SYMLINK:
		inode->nlink = bm_squashfs_le(p, 4);
		inode->size = bm_squashfs_le(p + 4, 4);
		break;
	case BM_SQUASHFS_BLOCK:
	case BM_SQUASHFS_CHAR:
		inode->device = bm_squashfs_le(p + 4, 4);
		inode->nlink = bm_squashfs_le(p, 4);
		break;
	default:
		inode->nlink = bm_squashfs_le(p, 4);
		break;
	}
}

bool bm_squashfs_inode(struct bm_squashfs *fs, uint64_t ref, struct bm_squashfs_inode *ret_inode)
{
	/* The type of the file, and the bytes behind the header, of the short and the long form. */
	static const struct {
		uint32_t type;
		uint8_t fixed, fixed_long;
	} types[] = {[BM_SQUASHFS_DIR] = {S_IFDIR, 16, 24},
		[BM_SQUASHFS_FILE] = {S_IFREG, 16, 40},
		[BM_SQUASHFS_SYMLINK] = {S_IFLNK, 8, 8},
		[BM_SQUASHFS_BLOCK] = {S_IFBLK, 8, 12},
		[BM_SQUASHFS_CHAR] = {S_IFCHR, 8, 12},
		[BM_SQUASHFS_FIFO] = {S_IFIFO, 4, 8},
		[BM_SQUASHFS_SOCKET] = {S_IFSOCK, 4, 8}};
	struct bm_squashfs_cursor at = {fs->inodes + (ref >> 16), (size_t)(ref & 0xffff)};
	struct bm_squashfs_inode inode = {0};
	uint8_t header[INODE_HEADER], fields[INODE_FIXED_MAX];
	uint32_t type;
	bool is_long;

	if (!bm_squashfs_next(fs, &at, header, sizeof(header)))
		return false;
	type = bm_squashfs_le(header, 2);
	is_long = type > BM_SQUASHFS_LONG;
	if (is_long)
		type -= BM_SQUASHFS_LONG;
	if (type == 0 || type > BM_SQUASHFS_SOCKET)
		return bad(fs, "an inode is of no type that there is");
	inode.type = (enum bm_squashfs_type)type;
	inode.mode = types[type].type | (bm_squashfs_le(header + 2, 2) & 07777);
	inode.mtime = bm_squashfs_le(header + 8, 4);
	inode.number = bm_squashfs_le(header + 12, 4);
	if (!read_id(fs, bm_squashfs_le(header + 4, 2), &inode.uid) ||
		!read_id(fs, bm_squashfs_le(header + 6, 2), &inode.gid) ||
		!bm_squashfs_next(fs, &at, fields, is_long ? types[type].fixed_long : types[type].fixed))
		return false;
	take_fields(fs, fields, is_long, &inode);
	inode.rest = at;
	*ret_inode = inode;
	return true;
}
