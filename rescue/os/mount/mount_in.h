/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mount.c, mount_api.c and mounts.c share; for os/ only.
 */
#ifndef BM_OS_MOUNT_IN_H
#define BM_OS_MOUNT_IN_H

#include <sys/mount.h>

#include "mount.h"

/* mount(2), which a parameter called mount would hide. */
static inline int bm_sys_mount(
	const char *source, const char *target, const char *type, unsigned long flags, const char *options)
{
	return mount(source, target, type, flags, options);
}

/* An O_PATH descriptor of the place; what is mounted on it shows only in one that is opened later. For close(). */
int bm_mount_target(const struct bm_root *root, const char *target, int *ret_fd) BM_MUST_CHECK;
/* Remounts what is mounted at the place read-only, the mount alone. */
int bm_mount_make_read_only(const struct bm_root *root, const char *target) BM_MUST_CHECK;
/* Shows the filesystem at the place as another mount namespace has it, read-only. matches says whether an entry is what
 * is asked for. -ENOENT where none has it. */
int bm_mount_foreign(const struct bm_root *root, const char *target,
	bool (*matches)(const struct bm_mount_entry *entry, const void *context), const void *context) BM_MUST_CHECK;
/* Cuts the mount at the place off from its peers: on a system whose mounts are shared, unmounting a bind's /dev/pts
 * would take away the original's. */
int bm_mount_no_propagation(const struct bm_root *root, const char *target) BM_MUST_CHECK;
/* Binds /sys, and what shows the variables of UEFI; the part of bm_mount_api() that a room has, too. */
int bm_mount_sys(const struct bm_root *root, struct bm_strv *notes) BM_MUST_CHECK;

#endif
