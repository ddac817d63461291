/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "block_in.h"

void bm_block_fs_done(struct bm_block_fs *fs)
{
	free(fs->type);
	free(fs->usage);
	free(fs->uuid);
	free(fs->label);
	free(fs->uuid_sub);
	free(fs->version);
	*fs = (struct bm_block_fs){0};
}

void bm_block_done(struct bm_block *block)
{
	size_t i;

	free(block->name);
	free(block->path);
	free(block->sysfs);
	free(block->slaves);
	free(block->model);
	free(block->vendor);
	free(block->serial);
	free(block->table_type);
	free(block->table_uuid);
	free(block->part_uuid);
	free(block->part_label);
	free(block->part_type);
	free(block->dm_name);
	free(block->dm_uuid);
	free(block->backing_file);
	bm_block_fs_done(&block->fs);
	for (i = 0; i < block->n_chain; i++) {
		free(block->chain[i].modalias);
		free(block->chain[i].driver);
		free(block->chain[i].module);
		free(block->chain[i].subsystem);
	}
	free(block->chain);
	*block = (struct bm_block){0};
}

void bm_blocks_done(struct bm_blocks *blocks)
{
	size_t i;

	for (i = 0; i < blocks->n; i++)
		bm_block_done(&blocks->items[i]);
	free(blocks->items);
	*blocks = (struct bm_blocks){0};
}

/* Fills in what the disk's table says of its partitions. */
static int describe_partitions(struct bm_blocks *blocks, size_t disk, struct bm_block_table *table)
{
	size_t i, j;

	for (i = 0; i < blocks->n; i++) {
		struct bm_block *block = &blocks->items[i];

		if (block->kind != BM_BLOCK_PARTITION || block->parent != disk)
			continue;
		for (j = 0; j < table->n_parts && table->parts[j].number != block->part_number; j++)
			;
		if (j == table->n_parts)
			continue;
		if (bm_str_set(&block->part_uuid, table->parts[j].uuid) < 0 ||
			bm_str_set(&block->part_label, table->parts[j].label) < 0 ||
			bm_str_set(&block->part_type, table->parts[j].type) < 0)
			return -ENOMEM;
		block->part_flags = table->parts[j].flags;
	}
	return 0;
}

static int probe_one(struct bm_blocks *blocks, size_t index)
{
	struct bm_block *block = &blocks->items[index];
	bool table_wanted = block->kind != BM_BLOCK_PARTITION;
	struct bm_block_table table = {0};
	struct bm_block_fs fs = {0};
	int fd, r;

	if (block->context && !table_wanted)
		return 0;
	/* An extended partition holds nothing but the next table. */
	if (bm_block_is_extended(block->part_type))
		return 0;
	fd = open(block->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		block->fs.error = -errno;
		return 0;
	}
	r = bm_block_probe_fd(fd, 0, 0, 0, &fs, table_wanted ? &table : NULL);
	close(fd);
	if (r < 0)
		return r;
	/* What lies on a device that was not asked for is none of our business, only its partition table is. */
	if (block->context)
		bm_block_fs_done(&fs);
	block->fs = fs;
	if (table_wanted) {
		block->table_type = table.type;
		block->table_uuid = table.uuid;
		table.type = table.uuid = NULL;
		r = describe_partitions(blocks, index, &table);
	}
	bm_block_table_done(&table);
	return r;
}

int bm_block_scan(const struct bm_strv *only, struct bm_blocks *ret_blocks)
{
	struct bm_blocks blocks = {0};
	size_t i;
	int r;

	r = bm_block_sys_list(only, &blocks);
	/* A disk stands before its partitions, so the types of those are known when their turn comes. */
	for (i = 0; r == 0 && i < blocks.n; i++)
		r = probe_one(&blocks, i);
	if (r < 0) {
		bm_blocks_done(&blocks);
		return r == -ENOMEM ? bm_err(r, "block devices") : r;
	}
	*ret_blocks = blocks;
	return 0;
}

int bm_block_probe(const char *path, uint64_t offset_bytes, uint64_t size_bytes, struct bm_block_fs *ret_fs)
{
	struct bm_block_fs fs = {0};
	int fd, r;

	r = bm_file_open(path, &fd, NULL);
	if (r < 0)
		return r;
	r = bm_block_probe_fd(fd, offset_bytes, size_bytes, 0, &fs, NULL);
	close(fd);
	if (r == 0 && fs.error < 0)
		r = fs.error;
	if (r < 0) {
		bm_block_fs_done(&fs);
		return bm_err(r, "%s", path);
	}
	*ret_fs = fs;
	return 0;
}

size_t bm_blocks_find_dev(const struct bm_blocks *blocks, uint32_t number_major, uint32_t number_minor)
{
	size_t i;

	for (i = 0; i < blocks->n; i++)
		if (!blocks->items[i].image && blocks->items[i].major == number_major &&
			blocks->items[i].minor == number_minor)
			return i;
	return BM_BLOCK_NONE;
}

size_t bm_blocks_find_path(const struct bm_blocks *blocks, const char *path)
{
	struct stat st, other;
	size_t i;

	if (stat(path, &st) < 0)
		return BM_BLOCK_NONE;
	if (S_ISBLK(st.st_mode))
		return bm_blocks_find_dev(blocks, major(st.st_rdev), minor(st.st_rdev));
	for (i = 0; i < blocks->n; i++)
		if (blocks->items[i].image && blocks->items[i].parent == BM_BLOCK_NONE &&
			stat(blocks->items[i].path, &other) == 0 && other.st_dev == st.st_dev &&
			other.st_ino == st.st_ino)
			return i;
	return BM_BLOCK_NONE;
}

void bm_blocks_below(const struct bm_blocks *blocks, size_t index, bool *ret_below)
{
	bool more = true;
	size_t i, j;

	for (i = 0; i < blocks->n; i++)
		ret_below[i] = i == index;
	/* Until nothing is added: at most as many rounds as there are devices, whatever the tree looks like. */
	while (more) {
		more = false;
		for (i = 0; i < blocks->n; i++) {
			const struct bm_block *block = &blocks->items[i];

			if (!ret_below[i])
				continue;
			if (block->parent != BM_BLOCK_NONE && !ret_below[block->parent])
				more = ret_below[block->parent] = true;
			for (j = 0; j < block->n_slaves; j++)
				if (!ret_below[block->slaves[j]])
					more = ret_below[block->slaves[j]] = true;
		}
	}
}

const char *bm_block_kind_name(enum bm_block_kind kind)
{
	static const char *const names[] = {
		[BM_BLOCK_DISK] = "disk",
		[BM_BLOCK_PARTITION] = "partition",
		[BM_BLOCK_LOOP] = "loop",
		[BM_BLOCK_DM] = "dm",
		[BM_BLOCK_MD] = "md",
		[BM_BLOCK_ROM] = "rom",
		[BM_BLOCK_OTHER] = "other",
	};

	return names[kind];
}
