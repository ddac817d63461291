/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which subvolume of a btrfs is shown somewhere, and which one a mount without options shows: the kernel's own answers
 * (linux/btrfs.h; for the items linux/btrfs_tree.h and the on-disk format of btrfs' documentation).
 */
#ifndef BM_OS_BTRFS_H
#define BM_OS_BTRFS_H

#include "base/util.h"

enum { BM_BTRFS_TOP = 5 }; /* the number of the top of the filesystem */

/*
 * The numbers of the subvolume at dir and of the default one. Needs root.
 * Returns 0; -ENOTTY where it is no btrfs, or another negative errno; without a context line.
 */
int bm_btrfs_look(const char *dir, uint64_t *ret_shown, uint64_t *ret_default) BM_MUST_CHECK;

#endif
