/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	ext2/3/4 (Linux, fs/ext4/ext4.h; little endian), at 1024:
 *		0x38 s_magic 2 = ef53 | 0x3a s_state 2 (bit 0 clean, bit 1 errors) | 0x60 s_feature_incompat 4
 *		0x194 s_error_count 4 | 0x1e0 s_last_error_func 32
 *		(bit 2 of s_feature_incompat: the journal is to be replayed)
 *	btrfs (Linux, include/uapi/linux/btrfs_tree.h; little endian), at 65536:
 *		0x40 magic 8 = "_BHRfS_M" | 0x60 log_root 8
 *	xfs (Linux, fs/xfs/libxfs/xfs_format.h; big endian), at 0:
 *		0 "XFSB" | 100 sb_versionnum 2 (low four bits: version) | 216 sb_features_incompat 4 (version 5)
 */
#include "fssuper.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum {
	EXT_AT = 1024,
	EXT_MAGIC = 0xef53,
	EXT_ERROR_FS = 2,
	EXT_RECOVER = 4,
	BTRFS_AT = 65536,
	XFS_VERSION_5 = 5,
	XFS_NEEDSREPAIR = 1 << 4,
};

/* EXT4_FEATURE_INCOMPAT_SUPP: all but COMPRESSION, JOURNAL_DEV and DIRDATA, which no kernel has or mounts. */
#define EXT_INCOMPAT_KNOWN 0x0003e7d6U
/* XFS_SB_FEAT_INCOMPAT_ALL: FTYPE (bit 0) to ZONE_GAPS (bit 10). */
#define XFS_INCOMPAT_KNOWN 0x000007ffU

static uint32_t le(const uint8_t *bytes, size_t at, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint32_t)bytes[at + i] << (8 * i);
	return value;
}

static uint32_t be(const uint8_t *bytes, size_t at, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[at + i];
	return value;
}

static void parse_ext(const uint8_t *bytes, size_t len, struct bm_fssuper *super)
{
	const uint8_t *sb = bytes + EXT_AT;

	if (len < EXT_AT + 1024 || le(sb, 0x38, 2) != EXT_MAGIC)
		return;
	super->known = true;
	super->errors = le(sb, 0x3a, 2) & EXT_ERROR_FS;
	super->dirty = le(sb, 0x60, 4) & EXT_RECOVER;
	super->unknown = le(sb, 0x60, 4) & ~EXT_INCOMPAT_KNOWN;
	super->n_errors = le(sb, 0x194, 4);
	for (size_t i = 0; i + 1 < BM_FSSUPER_FUNCTION && sb[0x1e0 + i] > ' ' && sb[0x1e0 + i] < 0x7f; i++)
		super->function[i] = (char)sb[0x1e0 + i];
}

static void parse_xfs(const uint8_t *bytes, size_t len, struct bm_fssuper *super)
{
	if (len < 512 || memcmp(bytes, "XFSB", 4) != 0)
		return;
	super->known = true;
	if ((be(bytes, 100, 2) & 0xf) != XFS_VERSION_5)
		return;
	super->needs_repair = be(bytes, 216, 4) & XFS_NEEDSREPAIR;
	super->unknown = be(bytes, 216, 4) & ~XFS_INCOMPAT_KNOWN;
}

static void parse_btrfs(const uint8_t *bytes, size_t len, struct bm_fssuper *super)
{
	if (len < BM_FSSUPER_BYTES || memcmp(bytes + 0x40, "_BHRfS_M", 8) != 0)
		return;
	super->known = true;
	super->dirty = le(bytes, 0x60, 4) != 0 || le(bytes, 0x64, 4) != 0;
}

uint64_t bm_fssuper_at(const char *type)
{
	return type && bm_streq(type, "btrfs") ? BTRFS_AT : 0;
}

void bm_fssuper_parse(const uint8_t *bytes, size_t len, const char *type, struct bm_fssuper *ret_super)
{
	*ret_super = (struct bm_fssuper){0};
	if (!type)
		return;
	if (bm_streq(type, "ext2") || bm_streq(type, "ext3") || bm_streq(type, "ext4"))
		parse_ext(bytes, len, ret_super);
	else if (bm_streq(type, "xfs"))
		parse_xfs(bytes, len, ret_super);
	else if (bm_streq(type, "btrfs"))
		parse_btrfs(bytes, len, ret_super);
}

/* Parts of the kernel's lines, of any case; the first that fits decides. */
static const struct {
	const char *part;
	enum bm_fs_reason reason;
} rows[] = {
	/* a disk of the filesystem is not there, or somebody has it */
	{"is missing", BM_FS_REASON_OTHER},
	{"external journal", BM_FS_REASON_OTHER},
	{"journal device", BM_FS_REASON_OTHER},
	{"duplicate uuid", BM_FS_REASON_OTHER},
	{"blocksize", BM_FS_REASON_OTHER},
	{"block size", BM_FS_REASON_OTHER},
	/* ext4: "couldn't mount because of unsupported optional features (20000)"; xfs: "Superblock has unknown
	 * incompatible features (0xc0) enabled."; btrfs: "cannot mount because of unknown incompat features (0x4000)"
	 */
	{"unsupported optional feature", BM_FS_REASON_FEATURE},
	{"unsupported feature", BM_FS_REASON_FEATURE},
	{"unknown incompat", BM_FS_REASON_FEATURE},
	{"unknown read-only compatible", BM_FS_REASON_FEATURE},
	{"cannot be safely mounted by this kernel", BM_FS_REASON_FEATURE},
	{"cannot mount because of unsupported", BM_FS_REASON_FEATURE},
	{"filesystem with casefold feature cannot be mounted without", BM_FS_REASON_FEATURE},
	{"filesystem with huge files cannot be mounted", BM_FS_REASON_FEATURE},
	{"can't support this checksum", BM_FS_REASON_FEATURE},
	{"unsupported checksum algorithm", BM_FS_REASON_FEATURE},
	/* damage */
	{"corrupt", BM_FS_REASON_DAMAGED},
	{"needs repair", BM_FS_REASON_DAMAGED},
	{"bad magic", BM_FS_REASON_DAMAGED},
	{"invalid magic", BM_FS_REASON_DAMAGED},
	{"checksum", BM_FS_REASON_DAMAGED},
	{"crc error", BM_FS_REASON_DAMAGED},
	{"sb validate failed", BM_FS_REASON_DAMAGED},
	{"bad geometry", BM_FS_REASON_DAMAGED},
	{"group descriptors", BM_FS_REASON_DAMAGED},
	{"not in group", BM_FS_REASON_DAMAGED},
	{"no journal found", BM_FS_REASON_DAMAGED},
	{"journal inode", BM_FS_REASON_DAMAGED},
	{"error loading journal", BM_FS_REASON_DAMAGED},
	{"error -117", BM_FS_REASON_DAMAGED},
	{"bad tree block", BM_FS_REASON_DAMAGED},
	{"bad superblock", BM_FS_REASON_DAMAGED},
	{"failed to read tree root", BM_FS_REASON_DAMAGED},
	{"failed to read chunk", BM_FS_REASON_DAMAGED},
	{"root inode", BM_FS_REASON_DAMAGED},
	{"get root inode failed", BM_FS_REASON_DAMAGED},
	{"bogus number", BM_FS_REASON_DAMAGED},
};

static bool has_part(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text; text++)
		if (strncasecmp(text, part, len) == 0)
			return true;
	return false;
}

enum bm_fs_reason bm_fs_reason_of(int error, const char *text)
{
	if (error == 0)
		return BM_FS_REASON_NONE;
	/* In use; no driver; no right; no memory: nothing about what lies there. */
	if (error == -EBUSY || error == -ENODEV || error == -EPERM || error == -EACCES || error == -ENOMEM ||
		error == -ENXIO || error == -ENOENT)
		return BM_FS_REASON_OTHER;
	for (size_t i = 0; text && i < BM_ARRAY_SIZE(rows); i++)
		if (has_part(text, rows[i].part))
			return rows[i].reason;
	return error == -EUCLEAN || error == -EBADMSG ? BM_FS_REASON_DAMAGED : BM_FS_REASON_OTHER;
}
