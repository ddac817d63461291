/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What users.c, users_mount.c and users_process.c share; for os/hold only.
 */
#ifndef BM_OS_USERS_IN_H
#define BM_OS_USERS_IN_H

#include "base/vec.h"
#include "os/mount/mount.h"
#include "users.h"

/* What a use is to the kernel. */
struct bm_used {
	bool known;
	uint64_t dev;	/* of a device; of the filesystem that an image lies on */
	uint64_t inode; /* of an image */
};

/* A mount of somewhere. */
struct bm_user_mount {
	uint64_t dev; /* that of the mount's source where this is a block device */
	char *target;
	int pid;  /* a process that sees it */
	bool own; /* in our mount namespace */
};

struct bm_user_mounts {
	struct bm_user_mount *items;
	size_t n, cap;
};

/* All mounts of block devices in all mount namespaces that have a process. */
int bm_user_mounts_read(struct bm_user_mounts *ret_mounts) BM_MUST_CHECK;
void bm_user_mounts_done(struct bm_user_mounts *mounts);
/* "mounted at /mnt", "mounted at /mnt (in the mount namespace of process 12, sleep)", for free(); NULL: no memory. */
char *bm_user_mount_text(const struct bm_user_mount *mount);

/* Adds the processes that have a use open for writing or locked. */
int bm_user_processes(
	const struct bm_use *uses, const struct bm_used *used, size_t n, struct bm_users *users) BM_MUST_CHECK;
/* Adds a user; takes over text (NULL: -ENOMEM). */
int bm_users_add(struct bm_users *users, size_t use, enum bm_user_kind kind, char *text) BM_MUST_CHECK;

#endif
