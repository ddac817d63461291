/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks for ourselves: before anything is opened for writing every device and image file is locked, and whoever else
 * uses one of them is named. The locks lie on the file or node itself, where every other program meets them:
 *
 *	image file	flock LOCK_EX, and an OFD write lock of the whole file. QEMU takes OFD read locks of the bytes
 *100 and following for what it does, 200 and following for what it bears of others, and asks whether anybody has one
 *that excludes its own: it sees ours, and we see QEMU's. device node	flock LOCK_EX (udev, and tools that keep to its
 *protocol, wait), and OFD read locks as QEMU's: a write lock wants a descriptor for writing, whose end would let udev
 *look for partitions anew.
 *
 * O_EXCL is tried and let go, since holding it would make our own mounts and e2fsck fail; the mount that follows holds
 * the device. It succeeds under a loop device, so it is not asked alone.
 */
#ifndef BM_OS_CLAIM_H
#define BM_OS_CLAIM_H

#include "users.h"

struct bm_claim_lock {
	uint64_t dev, inode; /* of the file or node, as stat(2) has them */
	char *path;
	int fd;
};

struct bm_claim {
	struct bm_claim_lock *locks;
	size_t n, cap;
};

/*
 * Locks all uses and proves that nobody else has them. A use that is beneath is locked and asked for, but not opened
 * with O_EXCL; nor is one that is mounted at the prefix (may be NULL; see bm_users_find()) or below. The files that
 * loop devices of uses lie over are added and claimed, too. Those who are just going (udev, a loop device whose mount
 * went) are waited for, two seconds; not a user that known names ("NAME is TEXT"), who was there
 * before. Returns 0; -ECANCELED where somebody else uses one of them, with a line that says
 * who; another negative errno where an image cannot be opened for writing. ret_claim is for bm_claim_done().
 */
int bm_claim_take(struct bm_uses *uses, const char *prefix, const struct bm_strv *known,
	struct bm_claim *ret_claim) BM_MUST_CHECK;
/* Adds a folder that somebody else mounted: it is locked with flock. -ECANCELED where another process has it. */
int bm_claim_dir(struct bm_claim *claim, const char *dir) BM_MUST_CHECK;
/* The locked descriptor of an image file, which stays the claim's; -1 where the claim has none. */
int bm_claim_fd(const struct bm_claim *claim, const char *path);
/* Lets go. A loop device that was made of a locked descriptor keeps its lock as long as it is there. */
void bm_claim_done(struct bm_claim *claim);
#define _cleanup_claim_ BM_CLEANUP(bm_claim_done)

/* Opens the block device for its own (O_EXCL) and lets go of it again. Returns 0; -EBUSY where it is mounted (in
 * whatever namespace), is swapped on, or carries another device; -EROFS where it cannot be written; -ENOTBLK; ... */
int bm_claim_device(const char *path) BM_MUST_CHECK;

#endif
