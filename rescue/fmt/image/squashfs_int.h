/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to squashfs*.c: what lies in the tables of a squashfs. squashfs.c has the drawing. */
#ifndef BM_FMT_SQUASHFS_INT_H
#define BM_FMT_SQUASHFS_INT_H

#include "squashfs.h"

enum {
	BM_SQUASHFS_META = 8192,       /* bytes of a block of a table, unpacked */
	BM_SQUASHFS_CACHED = 16,       /* of them that are kept */
	BM_SQUASHFS_LOADS_MAX = 32768, /* blocks that are unpacked in all: a real one has some hundreds */
	BM_SQUASHFS_STORED = 1U << 24, /* of the size of a block of data: it is not compressed */
	BM_SQUASHFS_NO_FRAGMENT = -1,
};

enum bm_squashfs_type { /* of an inode; the same + 7 is the long form */
	BM_SQUASHFS_DIR = 1,
	BM_SQUASHFS_FILE,
	BM_SQUASHFS_SYMLINK,
	BM_SQUASHFS_BLOCK,
	BM_SQUASHFS_CHAR,
	BM_SQUASHFS_FIFO,
	BM_SQUASHFS_SOCKET,
	BM_SQUASHFS_LONG = 7,
};

/* A place in a table: the block (where it begins in the filesystem) and the byte in it, unpacked. */
struct bm_squashfs_cursor {
	uint64_t block;
	size_t offset;
};

struct bm_squashfs_meta {
	uint64_t block, next; /* where it begins, and where it ends; 0: this one is not used */
	size_t len;
	uint8_t bytes[BM_SQUASHFS_META];
};

struct bm_squashfs {
	const uint8_t *bytes;
	size_t len;
	enum bm_compression compression;
	uint32_t block_size, n_fragments, n_ids;
	uint64_t root, ids, inodes, directories, fragments;
	struct bm_squashfs_meta *cache; /* BM_SQUASHFS_CACHED */
	unsigned int loads;
	struct bm_squashfs_result result;
};

struct bm_squashfs_inode {
	enum bm_squashfs_type type; /* the short form's */
	uint32_t mode;		    /* with the file type, as stat(2) has it */
	uint32_t uid, gid, mtime, number, nlink, device;
	struct bm_squashfs_cursor listing; /* of a directory */
	uint64_t size;			   /* of a directory's listing, a file, a link's target */
	uint64_t blocks;		   /* of a file: where its data begins */
	uint32_t fragment, fragment_offset;
	struct bm_squashfs_cursor rest; /* behind the fixed part: a file's sizes of blocks, a link's target */
};

/* Ends the reading. Returns false, for its callers to return. */
bool bm_squashfs_fail(struct bm_squashfs *fs, enum bm_squashfs_status status, const char *text);

/* Each returns false after bm_squashfs_fail(). */
bool bm_squashfs_open(struct bm_squashfs *fs);
/* Unpacks a block of size bytes into out, which has room for *len; that becomes how many there are. */
bool bm_squashfs_unpack(struct bm_squashfs *fs, const uint8_t *packed, size_t size, uint8_t *out, size_t *len);
/* The next n bytes of a table; the cursor moves on. */
bool bm_squashfs_next(struct bm_squashfs *fs, struct bm_squashfs_cursor *at, void *out, size_t n);
/* ref: where the inode is, as directories and the superblock name it. */
bool bm_squashfs_inode(struct bm_squashfs *fs, uint64_t ref, struct bm_squashfs_inode *ret_inode);
/* Where the block of fragments with this number begins, and its size as blocks of data have it. */
bool bm_squashfs_fragment(struct bm_squashfs *fs, uint32_t number, uint64_t *ret_start, uint32_t *ret_size);

/* Numbers of little endian. */
static inline uint32_t bm_squashfs_le(const uint8_t *p, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint32_t)p[i] << 8 * i;
	return value;
}

static inline uint64_t bm_squashfs_le64(const uint8_t *p)
{
	return bm_squashfs_le(p, 4) | (uint64_t)bm_squashfs_le(p + 4, 4) << 32;
}

#endif
