/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which volumes with settings count: not one that whoever owns the patient could have put on its disk.
 */
#include "base/str.h"
#include "cmd/config.h"
#include "harness.h"

static struct bm_blocks blocks;

static size_t add(enum bm_block_kind kind, const char *path, size_t parent, const char *type, const char *label)
{
	struct bm_block *block = BM_VEC_PUSH(blocks.items, blocks.n, blocks.cap);

	BM_CHECK(block != NULL);
	block->kind = kind;
	block->parent = parent;
	BM_CHECK_INT(bm_str_set(&block->path, path), 0);
	BM_CHECK_INT(bm_str_set(&block->fs.type, type), 0);
	BM_CHECK_INT(bm_str_set(&block->fs.label, label), 0);
	return blocks.n - 1;
}

static size_t add_disk(const char *path)
{
	return add(BM_BLOCK_DISK, path, BM_BLOCK_NONE, NULL, NULL);
}

static void check(enum bm_config_from from, size_t n, const char *path, const char *refused)
{
	struct bm_config_volumes found;

	BM_CHECK_INT(bm_config_find(&blocks, from, &found), 0);
	BM_CHECK_INT(found.n, n);
	BM_CHECK_STR(found.volume ? found.volume->path : NULL, path);
	BM_CHECK_STR(found.refused ? found.refused->path : NULL, refused);
}

BM_TEST(config_volumes)
{
	size_t disk;

	blocks = (struct bm_blocks){0};
	check(BM_CONFIG_FROM_OWN, 0, NULL, NULL);
	disk = add_disk("/dev/vda");
	add(BM_BLOCK_PARTITION, "/dev/vda1", disk, "ext4", "boot");
	add(BM_BLOCK_PARTITION, "/dev/vda2", disk, "LVM2_member", NULL);
	check(BM_CONFIG_FROM_OWN, 0, NULL, NULL);
	/* on the patient's disk */
	add(BM_BLOCK_PARTITION, "/dev/vda3", disk, "vfat", "BOOTMENDCFG");
	check(BM_CONFIG_FROM_OWN, 0, NULL, "/dev/vda3");
	check(BM_CONFIG_FROM_ANY, 1, "/dev/vda3", NULL);
	check(BM_CONFIG_FROM_NONE, 0, NULL, NULL);
	/* on a CD of its own, beside that */
	add(BM_BLOCK_ROM, "/dev/sr0", BM_BLOCK_NONE, "iso9660", "BOOTMENDCFG");
	check(BM_CONFIG_FROM_OWN, 1, "/dev/sr0", "/dev/vda3");
	check(BM_CONFIG_FROM_ANY, 2, "/dev/vda3", NULL);
	/* a whole disk with a filesystem that a system could have is its own */
	add(BM_BLOCK_DISK, "/dev/vdb", BM_BLOCK_NONE, "ext4", "bootmendcfg");
	check(BM_CONFIG_FROM_OWN, 2, "/dev/sr0", "/dev/vda3");
	bm_blocks_done(&blocks);
}

BM_TEST(config_volume_on_a_logical_one)
{
	size_t disk, volume, *slave;

	blocks = (struct bm_blocks){0};
	disk = add_disk("/dev/sda");
	add(BM_BLOCK_PARTITION, "/dev/sda1", disk, "LVM2_member", NULL);
	volume = add(BM_BLOCK_DM, "/dev/mapper/vg-cfg", BM_BLOCK_NONE, "vfat", "BOOTMENDCFG");
	slave = BM_VEC_PUSH(
		blocks.items[volume].slaves, blocks.items[volume].n_slaves, blocks.items[volume].cap_slaves);
	*slave = 1;
	check(BM_CONFIG_FROM_OWN, 0, NULL, "/dev/mapper/vg-cfg");
	bm_blocks_done(&blocks);
}
