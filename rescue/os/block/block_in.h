/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What block.c, block_sys.c, block_probe.c and block_image.c share; for os/ only.
 */
#ifndef BM_OS_BLOCK_IN_H
#define BM_OS_BLOCK_IN_H

#include "block.h"

void bm_block_done(struct bm_block *block);

/* A partition as its table has it. */
struct bm_block_part {
	unsigned int number;
	uint64_t offset_bytes, size_bytes;
	char *uuid, *label, *type;
	uint64_t flags;
};

struct bm_block_table {
	char *type, *uuid;
	struct bm_block_part *parts;
	size_t n_parts, cap_parts;
};

void bm_block_table_done(struct bm_block_table *table);

/* Reads the filesystem and, with ret_table, the partition table of an open device or file. Both are set to what was
 * found, nothing being an empty one; a reading error is in ret_fs->error. sector_size 0: the device's own. Returns 0 or
 * -ENOMEM. */
int bm_block_probe_fd(int fd, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size,
	struct bm_block_fs *ret_fs, struct bm_block_table *ret_table) BM_MUST_CHECK;

/* From /sys/class/block, sorted, indices set, nothing opened but CD drives. With only, just those and theirs. */
int bm_block_sys_list(const struct bm_strv *only, struct bm_blocks *ret_blocks) BM_MUST_CHECK;
/* Fills in the chain of a disk whose sysfs path is known. */
int bm_block_sys_chain(struct bm_block *block) BM_MUST_CHECK;
/* The text of an attribute below a directory of sysfs, stripped, for free(); NULL where there is none. */
char *bm_block_sys_attr(const char *dir, const char *name);
/* Whether the type of a partition is that of an extended one. */
bool bm_block_is_extended(const char *type);

#endif
