/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a file's bytes lie on its filesystem's device.
 */
#ifndef BM_OS_ROOT_PLACE_H
#define BM_OS_ROOT_PLACE_H

#include "root.h"

/* The position, on the device of its filesystem, of the first len bytes of a regular file (links followed). -ENODATA
 * where they do not lie there in one piece and as they are (a hole, compressed, inline, not written yet); -ENOTSUP
 * where the filesystem does not tell. What btrfs tells are no positions on a device: do not ask there. */
int bm_root_place(const struct bm_root *root, const char *path, uint64_t len, uint64_t *ret_offset_bytes) BM_MUST_CHECK;

#endif
