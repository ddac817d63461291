/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "fmt/disk/fssuper.h"
#include "harness.h"

static uint8_t bytes[BM_FSSUPER_BYTES];

static void put(size_t at, uint32_t value, size_t n, bool big)
{
	for (size_t i = 0; i < n; i++)
		bytes[at + (big ? n - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

static struct bm_fssuper parse(const char *type)
{
	struct bm_fssuper super;

	bm_fssuper_parse(bytes, sizeof(bytes), type, &super);
	return super;
}

BM_TEST(fssuper_ext)
{
	memset(bytes, 0, sizeof(bytes));
	BM_CHECK(!parse("ext4").known);
	put(1024 + 0x38, 0xef53, 2, false);
	put(1024 + 0x3a, 1, 2, false);
	/* extents, 64bit, flex_bg, filetype: mke2fs's own choice */
	put(1024 + 0x60, 0x2c2, 4, false);
	BM_CHECK(parse("ext4").known && !parse("ext4").errors && parse("ext4").unknown == 0);
	BM_CHECK(!parse("xfs").known && !parse("vfat").known && !parse(NULL).known);
	/* in use when it was cut off is no error */
	put(1024 + 0x3a, 0, 2, false);
	BM_CHECK(!parse("ext4").errors && !parse("ext4").dirty);
	put(1024 + 0x60, 0x2c6, 4, false);
	BM_CHECK(parse("ext3").dirty && !parse("ext3").errors && parse("ext3").unknown == 0);
	put(1024 + 0x3a, 3, 2, false);
	put(1024 + 0x60, 0x200002c2, 4, false);
	put(1024 + 0x194, 7, 4, false);
	memcpy(bytes + 1024 + 0x1e0, "ext4_lookup", 11);
	BM_CHECK(parse("ext3").errors);
	BM_CHECK_INT(parse("ext4").unknown, 0x20000000);
	BM_CHECK_INT(parse("ext4").n_errors, 7);
	BM_CHECK_STR(parse("ext4").function, "ext4_lookup");
	/* no end, and what no function is called */
	memset(bytes + 1024 + 0x1e0, 'x', 40);
	BM_CHECK_INT(strlen(parse("ext4").function), 32);
	bytes[1024 + 0x1e0 + 3] = 0x1b;
	BM_CHECK_STR(parse("ext4").function, "xxx");
}

BM_TEST(fssuper_xfs)
{
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "XFSB", 4);
	put(100, 0xb4a5, 2, true);
	put(216, 0x0b, 4, true);
	BM_CHECK(parse("xfs").known && !parse("xfs").needs_repair && parse("xfs").unknown == 0);
	put(216, 0x4000001b, 4, true);
	BM_CHECK(parse("xfs").needs_repair);
	BM_CHECK_INT(parse("xfs").unknown, 0x40000000);
	/* before version 5 the field is something else */
	put(100, 0xb4a4, 2, true);
	BM_CHECK(parse("xfs").known && !parse("xfs").needs_repair && parse("xfs").unknown == 0);
}

BM_TEST(fssuper_btrfs)
{
	memset(bytes, 0, sizeof(bytes));
	BM_CHECK_INT(bm_fssuper_at("btrfs"), 65536);
	BM_CHECK(bm_fssuper_at("ext4") == 0 && bm_fssuper_at(NULL) == 0);
	memcpy(bytes + 0x40, "_BHRfS_M", 8);
	BM_CHECK(parse("btrfs").known && !parse("btrfs").dirty);
	put(0x64, 1, 4, false);
	BM_CHECK(parse("btrfs").dirty);
	bytes[0x40] = 'X';
	BM_CHECK(!parse("btrfs").known && !parse("btrfs").dirty);
}

BM_TEST(fssuper_cut)
{
	struct bm_fssuper super;

	memset(bytes, 0xff, sizeof(bytes));
	put(1024 + 0x38, 0xef53, 2, false);
	memcpy(bytes, "XFSB", 4);
	for (size_t len = 0; len < 2048; len++) {
		bm_fssuper_parse(bytes, len, "ext4", &super);
		BM_CHECK(!super.known);
		bm_fssuper_parse(bytes, len, "xfs", &super);
		BM_CHECK(super.known == (len >= 512));
	}
}

BM_TEST(fs_reason)
{
	static const struct {
		int error;
		const char *text;
		enum bm_fs_reason want;
	} rows[] = {
		{0, NULL, BM_FS_REASON_NONE},
		{-EINVAL, NULL, BM_FS_REASON_OTHER},
		{-EUCLEAN, NULL, BM_FS_REASON_DAMAGED},
		{-EBUSY, "EXT4-fs (sda1): group descriptors corrupted!", BM_FS_REASON_OTHER},
		{-ENODEV, NULL, BM_FS_REASON_OTHER},
		{-EINVAL, "EXT4-fs (sda1): couldn't mount because of unsupported optional features (20000000)",
			BM_FS_REASON_FEATURE},
		{-EINVAL,
			"XFS (dm-4): Superblock has unknown incompatible features (0xc0) enabled.; XFS (dm-4): "
			"Filesystem "
			"cannot be safely mounted by this kernel.; XFS (dm-4): SB validate failed with error -22.",
			BM_FS_REASON_FEATURE},
		{-EINVAL, "BTRFS error (device vda2): cannot mount because of unknown incompat features (0x4000)",
			BM_FS_REASON_FEATURE},
		{-EUCLEAN, "XFS (sda3): Metadata corruption detected at xfs_sb_read_verify+0xf6/0x120",
			BM_FS_REASON_DAMAGED},
		{-EINVAL, "XFS (sda3): SB validate failed with error -117.", BM_FS_REASON_DAMAGED},
		{-EUCLEAN, "XFS (loop0): Filesystem needs repair.  Please run xfs_repair.", BM_FS_REASON_DAMAGED},
		{-EINVAL, "EXT4-fs (sda1): VFS: Found ext4 filesystem with invalid superblock checksum.  Run e2fsck?",
			BM_FS_REASON_DAMAGED},
		{-EUCLEAN, "EXT4-fs (sda1): group descriptors corrupted!", BM_FS_REASON_DAMAGED},
		/* another of its disks is not there: nothing is damaged */
		{-ENOENT, "BTRFS error (device vda2): devid 2 uuid 1b2 is missing", BM_FS_REASON_OTHER},
		{-EINVAL,
			"BTRFS error (device vda2): devid 2 uuid 1b2 is missing; BTRFS error: failed to read chunk "
			"tree",
			BM_FS_REASON_OTHER},
		{-EINVAL, "XFS (sdb3): Filesystem has duplicate UUID 1b2 - can't mount", BM_FS_REASON_OTHER},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK_INT(bm_fs_reason_of(rows[i].error, rows[i].text), rows[i].want);
}
