/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a block device is free: before a tool writes to a filesystem from outside, nobody may have it mounted.
 */
#ifndef BM_OS_CLAIM_H
#define BM_OS_CLAIM_H

#include "base/util.h"

/* Opens the block device for its own (O_EXCL) and lets go of it again. Returns 0; -EBUSY where it is mounted (in
 * whatever namespace), is swapped on, or carries another device; -EROFS where it cannot be written; -ENOTBLK; ... */
int bm_claim_device(const char *path) BM_MUST_CHECK;
/* The same for an image file: -EBUSY where a loop device lies on it. */
int bm_claim_image(const char *path) BM_MUST_CHECK;

#endif
