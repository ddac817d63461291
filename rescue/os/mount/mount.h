/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts: filesystems of the patient, for looking (nothing is written, not even a journal replayed) or for repair, and
 * the API filesystems that a chroot needs.
 *
 * A place is a root and a path in it, resolved as in os/root.h; with root NULL it is a path of the rescue system.
 * What gets mounted over a root's own top is seen only by a root that is opened afterwards.
 */
#ifndef BM_OS_MOUNT_H
#define BM_OS_MOUNT_H

#include "base/vec.h"
#include "os/root/root.h"

/* A mount namespace of our own from which nothing propagates: all mounts vanish with the process. */
int bm_mount_private(void) BM_MUST_CHECK;

struct bm_mount_fs {
	const char *source;	    /* /dev/vda1 */
	const char *type;	    /* ext4, xfs, ... */
	const char *options;	    /* fstab's, or NULL; only what finds the right tree or is harmless is taken over */
	const struct bm_root *root; /* NULL: the rescue system */
	const char *target;	    /* an existing directory */
	bool writable;		    /* for repair; otherwise for looking */
	bool enter;		    /* for looking: programs on it may be run, for a chroot */
	bool replay;		    /* for looking through an overlay (os/block/overlay.h): the journal is replayed */
};

struct bm_mount_result {
	bool read_only;	 /* what the kernel made of it: a writable mount that became read-only has this set */
	bool replay_off; /* its journal was not replayed: by us, or by whoever had mounted it already */
	uint64_t dev;	 /* as in bm_stat */
};

/* Mounts a filesystem. For looking: ro,nodev,nosuid,noexec (not with enter), and ext noload; xfs norecovery,nouuid;
 * btrfs rescue=nologreplay. For repair: rw, the options kept (xfs: nouuid as well). What is mounted already is bound;
 * for repair it is made writable there, see bm_mount_close_writing(). For looking, what another mount namespace has
 * mounted for writing is shown from there. ret_result may be NULL. Returns 0,
 * -ENODEV when the kernel does not know the type (after modprobe), -EUCLEAN for damage, -EINVAL for a superblock that
 * the kernel refuses (its reason is in the context where the kernel gave one), ... */
int bm_mount_fs(const struct bm_mount_fs *mount, struct bm_mount_result *ret_result) BM_MUST_CHECK;
/* Before they are unmounted: filesystems mounted for writing at the prefix or below, all other mounts of which are
 * read-only, become read-only themselves again, as they were before bm_mount_fs(). */
void bm_mount_close_writing(const char *prefix);
/* The options that bm_mount_fs() passes on, for free(); for tests and for dry-run. attempt counts the fallbacks from
 * 0; *ret_options is NULL when there is no such attempt. */
int bm_mount_compose(const struct bm_mount_fs *mount, unsigned int attempt, char **ret_options) BM_MUST_CHECK;

/* Binds a path of the rescue system to the place; recursive takes along what is mounted below it. */
int bm_mount_bind(const char *source, const struct bm_root *root, const char *target, bool recursive,
	bool read_only) BM_MUST_CHECK;
/* Makes dir a mount point by binding it on itself, where it is none. *ret_done (may be NULL) says whether it was
 * needed. Open roots in it again afterwards. */
int bm_mount_self(const char *dir, bool *ret_done) BM_MUST_CHECK;
/* Whether dir is where something is mounted. */
int bm_mount_is_point(const char *dir, bool *ret_is) BM_MUST_CHECK;

/* Binds what a chroot needs, one by one: /proc, /sys, efivars on UEFI, /dev with pts, shm (fd and the std* links are
 * made where they are missing and /dev is the rescue system's own), /run. Directories that the root does not have are
 * named in notes (may be NULL), as is anything that was not bound; /proc, /sys and /dev must succeed, else the error.
 */
int bm_mount_api(const struct bm_root *root, struct bm_strv *notes) BM_MUST_CHECK;
/* A tmpfs of at most size_bytes (0: the kernel's half of memory). */
int bm_mount_tmpfs(const struct bm_root *root, const char *target, uint64_t size_bytes) BM_MUST_CHECK;

struct bm_mount_entry {
	char *source; /* /dev/vda1, tmpfs */
	char *root;   /* the part of the filesystem that is mounted: / or a subvolume, a bound directory */
	char *target; /* unescaped */
	char *type;
	char *options; /* of the mount and of the filesystem, joined by a comma */
	uint32_t major, minor;
	int id, parent;
	bool read_only; /* mount or filesystem */
};

struct bm_mounts {
	struct bm_mount_entry *items;
	size_t n, cap;
};

void bm_mounts_done(struct bm_mounts *mounts);
#define _cleanup_mounts_ BM_CLEANUP(bm_mounts_done)

/* What is mounted at the prefix or below it (NULL: everything), in the order of mounting. */
int bm_mounts_list(const char *prefix, struct bm_mounts *ret_mounts) BM_MUST_CHECK;
/* The same from the text of a mountinfo file; a line that cannot be read is -EINVAL. */
int bm_mounts_parse(const char *text, const char *prefix, struct bm_mounts *ret_mounts) BM_MUST_CHECK;

/* A process id for each mount namespace but ours that has a process which may be looked at, added to pids. Returns 0 or
 * -ENOMEM. */
int bm_mounts_namespaces(struct bm_strv *pids) BM_MUST_CHECK;
/* What is mounted in the mount namespace of a process ("self", "12"); nothing where it has ended. Returns 0 or -ENOMEM.
 */
int bm_mounts_list_of(const char *pid, struct bm_mounts *ret_mounts) BM_MUST_CHECK;

/* Unmounts all that is mounted at the prefix or below it, last first, until nothing is left. What stays busy after
 * tries of 3 s is detached (MNT_DETACH) and named in notes (may be NULL), with a process that holds it. */
int bm_umount_below(const char *prefix, struct bm_strv *notes) BM_MUST_CHECK;
/* Unmounts the topmost mount at the target. -EBUSY while in use. */
int bm_umount(const char *target) BM_MUST_CHECK;
/* Remounts for writing or read-only, other options kept. -EROFS when the kernel left it read-only. */
int bm_mount_remount(const char *target, bool writable) BM_MUST_CHECK;

#endif
