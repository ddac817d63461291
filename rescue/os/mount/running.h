/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system that bootmend itself runs in, where that is the one to be judged.
 */
#ifndef BM_OS_RUNNING_H
#define BM_OS_RUNNING_H

#include "base/util.h"

/* What keeps / from being the root of a machine that boots by itself: "this is a container", "this is a chroot"; NULL
 * where nothing does. */
const char *bm_running_inside(void);

/* The device number (as in bm_stat) of the device that carries the filesystem mounted at dir: that of the mount's
 * source where it is a block device, since a btrfs has a number of its own. 0 where dir is no mount point or nothing
 * says. */
uint64_t bm_running_device(const char *dir);

#endif
