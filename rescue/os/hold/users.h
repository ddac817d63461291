/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else uses a block device or an image file: loop devices over it, mounts in any mount namespace, devices built on
 * it, swap, processes that hold it locked or open for writing (QEMU, another bootmend). What is compared are numbers
 * (device, inode), never paths: a hard link, a bind mount or another node of the same device are the same thing.
 *
 * What cannot be seen from here: processes of another process namespace above ours, and users inside the kernel that
 * leave no trace (an iSCSI target over a file).
 */
#ifndef BM_OS_USERS_H
#define BM_OS_USERS_H

#include "base/vec.h"

/* A device or an image file that is asked about. */
struct bm_use {
	const char *name; /* for people: vda2, disk.img */
	const char *path; /* /dev/vda2, the image file; or NULL */
	bool image;	  /* a file, else a device */
	uint64_t dev;	  /* of a device: its number, as in bm_stat; 0: not known */
	uint64_t inode;	  /* of an image without a path (dev is its filesystem's): its path is not to be seen here */
	bool beneath;	  /* what we want lies on it: mounts and devices on it are no news */
	bool read_only;	  /* cannot be written: nothing to claim */
};

struct bm_uses {
	struct bm_use *items;
	size_t n, cap;
	struct bm_strv texts; /* what they point to */
};

/* Adds a copy. What is there already is not added again: it stays beneath only where both are. Returns 0 or -ENOMEM. */
int bm_uses_add(struct bm_uses *uses, const struct bm_use *use) BM_MUST_CHECK;
/* Adds what the loop devices among them lie over. Returns 0 or -ENOMEM. */
int bm_uses_add_files(struct bm_uses *uses) BM_MUST_CHECK;
void bm_uses_done(struct bm_uses *uses);
#define _cleanup_uses_ BM_CLEANUP(bm_uses_done)

enum bm_user_kind {
	BM_USER_LOOP,
	BM_USER_MOUNT,
	BM_USER_DEVICE, /* device mapper, md, bcache ... */
	BM_USER_SWAP,
	BM_USER_PROCESS,
};

struct bm_user {
	size_t use; /* index of what is used */
	enum bm_user_kind kind;
	bool own;   /* a mount of this mount namespace: what it shows is what we see */
	char *text; /* "attached to loop3, which is mounted at /mnt/live" */
};

struct bm_users {
	struct bm_user *items;
	size_t n, cap;
};

/*
 * Finds them. Not counted are this process with its loop devices, the devices of uses themselves, and, with a prefix
 * (may be NULL), what is mounted there or below in this mount namespace. What may not be looked at is left out.
 * ret_users is for bm_users_done(). Returns 0 or -ENOMEM.
 */
int bm_users_find(const struct bm_uses *uses, const char *prefix, struct bm_users *ret_users) BM_MUST_CHECK;
void bm_users_done(struct bm_users *users);
#define _cleanup_users_ BM_CLEANUP(bm_users_done)

/* "disk.img is attached to loop3; vda2 is mounted at /srv", for free(); NULL when memory is short. */
char *bm_users_text(const struct bm_users *users, const struct bm_uses *uses);

/* Where this boot itself has mounted the system whose root lies on the device root_dev: "/", or in an initramfs
 * /sysroot and its kin; for free(), *ret_prefix is NULL where it has not. Returns 0 or -ENOMEM. */
int bm_users_boot_prefix(uint64_t root_dev, char **ret_prefix) BM_MUST_CHECK;
/* Whether the device is mounted at the prefix or below it, in this mount namespace. */
bool bm_users_mounted_below(uint64_t dev, const char *prefix);

#endif
