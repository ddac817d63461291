/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subvolumes of a btrfs, which of them is shown somewhere, and which one a mount without options shows: the
 * kernel's own answers (linux/btrfs.h; for the items linux/btrfs_tree.h and the on-disk format of btrfs'
 * documentation).
 */
#ifndef BM_OS_BTRFS_H
#define BM_OS_BTRFS_H

#include "base/vec.h"

enum {
	BM_BTRFS_TOP = 5, /* the number of the top of the filesystem */
	BM_BTRFS_SUBVOLUMES_MAX = 4096,
};

/*
 * The numbers of the subvolume at dir and of the default one. Needs root.
 * Returns 0; -ENOTTY where it is no btrfs, or another negative errno; without a context line.
 */
int bm_btrfs_look(const char *dir, uint64_t *ret_shown, uint64_t *ret_default) BM_MUST_CHECK;

/*
 * Adds the paths of all subvolumes of the filesystem at dir, from its top ("@", "@/var"), to paths: those with the
 * fewest slashes first, then by name. Not more than BM_BTRFS_SUBVOLUMES_MAX are looked at. Needs root.
 * Returns 0; -ENOTTY where it is no btrfs, or another negative errno; without a context line.
 */
int bm_btrfs_subvolumes(const char *dir, struct bm_strv *paths) BM_MUST_CHECK;

#endif
