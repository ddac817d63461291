/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root that ends where its own filesystems end. What is mounted below a system for its tools (proc, sys, dev, run)
 * belongs to the machine that repairs it, and no path out of a journal or a plan may lead there, by name or by link.
 */
#ifndef BM_OS_FENCE_H
#define BM_OS_FENCE_H

#include "root.h"

/* From the first call on everything that is opened through root must lie on a mount that was added: that which path is
 * on, as from sees it (links followed). Else -EXDEV with a line that names the path. */
int bm_root_fence_add(struct bm_root *root, const struct bm_root *from, const char *path) BM_MUST_CHECK;

/* The id of the mount that a descriptor lies on. (The device number would not do: a directory of the same filesystem
 * may be bound elsewhere.) Returns 0, -ENOSYS where the kernel does not tell, ... */
int bm_fence_mount_of(int fd, long *ret_mount) BM_MUST_CHECK;

#endif
