/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a filesystem's superblock says of its own state: errors that were recorded, a repair that is due, features that
 * no kernel is known to have, a journal that a mount would replay. ext2/3/4, xfs, btrfs; others tell nothing here.
 */
#ifndef BM_FMT_FSSUPER_H
#define BM_FMT_FSSUPER_H

#include "base/util.h"

enum {
	BM_FSSUPER_BYTES = 4096, /* that are read of the filesystem, from bm_fssuper_at() on */
	BM_FSSUPER_FUNCTION = 32 + 1,
};

struct bm_fssuper {
	bool known;			    /* it is a superblock of that type */
	bool errors;			    /* marked as having errors (ext: EXT4_ERROR_FS) */
	uint32_t n_errors;		    /* counted since the last check (ext: s_error_count) */
	char function[BM_FSSUPER_FUNCTION]; /* of the kernel, that met the last one: "ext4_validate_block_bitmap", or ""
					     */
	bool dirty;	   /* the journal holds what is not in its place yet (ext: RECOVER, btrfs: log_root); xfs: see
				      xfslog.h */
	bool needs_repair; /* refused by kernels until it is repaired (xfs: NEEDSREPAIR) */
	uint32_t unknown;  /* incompatible features that Linux 6.18 does not know */
};

/* Where the superblock of a filesystem of that type (libblkid's TYPE, or NULL) is to be read, from its beginning. */
uint64_t bm_fssuper_at(const char *type);
/* Reads the len bytes from bm_fssuper_at() on. Unknown types and other bytes give known = false. */
void bm_fssuper_parse(const uint8_t *bytes, size_t len, const char *type, struct bm_fssuper *ret_super);

/* What a failed mount means. */
enum bm_fs_reason {
	BM_FS_REASON_NONE,
	BM_FS_REASON_OTHER,   /* in use, no driver, a device missing: nothing is said of the filesystem */
	BM_FS_REASON_FEATURE, /* this kernel lacks a feature */
	BM_FS_REASON_DAMAGED,
};

/* Judges by the error (negative errno) and the kernel's line; text may be NULL. */
enum bm_fs_reason bm_fs_reason_of(int error, const char *text);

#endif
