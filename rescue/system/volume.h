/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Candidates: every filesystem that could be mounted for looking, with what lies on it and for what it could serve.
 * Evidence only, no name of a disk decides.
 */
#ifndef BM_SYSTEM_VOLUME_H
#define BM_SYSTEM_VOLUME_H

#include "../fmt/disk/fssuper.h"
#include "../os/block/overlay.h"
#include "../os/mount/mount.h"
#include "../os/root/root.h"
#include "device.h"

/* What was seen on a filesystem; each is worth points of a root's score. */
enum bm_volume_sign {
	BM_SIGN_OS_RELEASE = 1 << 0, /* etc/os-release, usr/lib/os-release or a release file */
	BM_SIGN_ETC = 1 << 1,	     /* etc with passwd or fstab */
	BM_SIGN_BIN = 1 << 2,	     /* bin or usr/bin with a shell */
	BM_SIGN_MODULES = 1 << 3,    /* lib/modules or usr/lib/modules with a version in it */
	BM_SIGN_INIT = 1 << 4,	     /* sbin/init or systemd */
	BM_SIGN_KERNELS = 1 << 5,    /* a kernel image at the top: a /boot */
	BM_SIGN_LOADER = 1 << 6,     /* grub, grub2, loader at the top: a /boot */
	BM_SIGN_EFI = 1 << 7,	     /* EFI at the top of a vfat: an ESP */
	BM_SIGN_USR = 1 << 8,	     /* bin, lib and share at the top: a /usr */
	BM_SIGN_WINDOWS = 1 << 9,    /* Windows or bootmgr: left alone */
	BM_SIGN_LIVE = 1 << 10,	     /* a live medium or an installer's: left alone */
	BM_SIGN_FSTAB = 1 << 11,     /* etc/fstab */
};

struct bm_volume {
	size_t device;		    /* index into the devices */
	unsigned int signs;	    /* bm_volume_sign bits */
	unsigned int score;	    /* as a root: 0 to 100 */
	struct bm_root *root;	    /* the filesystem's top, mounted read-only; NULL where it could not be mounted */
	char *dir;		    /* where it is mounted */
	char *loop;		    /* the loop device under it, for an image file */
	char *error;		    /* why it could not be mounted, or NULL */
	enum bm_fs_reason reason;   /* what that means */
	char *kernel_text;	    /* the kernel's own words about it, joined by "; "; or NULL */
	struct bm_fssuper super;    /* what the filesystem's superblock says of itself */
	struct bm_overlay *overlay; /* through which its replayed journal is seen, or NULL */
	bool stale;		    /* its journal is dirty and was not replayed: a boot may see another state */
	bool replay_failed;	    /* the kernel refuses to replay its journal (kernel_text says why) */
	struct bm_strv kernel_versions; /* of the kernel images at its top, by file name */
	char *machine_id;		/* of a root, or NULL */
	char *subvolume; /* btrfs: the subvolume that is mounted at dir, from the top; NULL: the default */
	struct bm_strv system_subvolumes; /* btrfs: those of root_subvolumes that are volumes of their own */
	struct bm_strv root_subvolumes; /* btrfs: those with a system, where what is seen is none; from the top ("@") */
};

struct bm_volumes {
	struct bm_volume *items;
	size_t n, capacity;
	char *base; /* the folder below which they are mounted */
};

enum { BM_ROOT_SCORE_MIN = 60 };

/*
 * Mounts every filesystem of the devices read-only, in a mount namespace of this process, and notes what lies on it. No
 * device is written to: a journal of ext3/4 or xfs that a boot would replay is replayed into an overlay in memory where
 * device-mapper is there and replay is set (nobody else
 * uses the disks, which become read-only meanwhile), else (and btrfs's always) not at all. ret_volumes is initialised
 * by the call. Returns 0 or a negative errno.
 */
int bm_volumes_look(const struct bm_devices *devices, bool replay, struct bm_volumes *ret_volumes) BM_MUST_CHECK;

/* Notes the signs, score and kernel versions of the filesystem at volume->root. Used for --root and by tests. */
int bm_volume_look(struct bm_volume *volume, const char *fstype) BM_MUST_CHECK;

/* Fills root_subvolumes and system_subvolumes of a btrfs that mount mounts. What can't be looked at is passed over.
 * Returns 0 or -ENOMEM. */
int bm_volume_look_for_roots(struct bm_volume *volume, const struct bm_mount_fs *mount) BM_MUST_CHECK;
/* Mounts the system_subvolumes of the volume at index as volumes of their own, behind the last. source is its device.
 * Returns 0 or -ENOMEM. */
int bm_volumes_add_subvolumes(struct bm_volumes *volumes, size_t index, const char *source) BM_MUST_CHECK;

/* Closes and unmounts all of them; what was noted stays. May be called again. */
void bm_volumes_release(struct bm_volumes *volumes);
/* Unmounts all of them and frees what they hold. */
void bm_volumes_done(struct bm_volumes *volumes);

#endif
