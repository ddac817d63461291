/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chosen system under /mnt/sysimage: its filesystems in the right order, its root a mount point. For work by hand
 * it gets proc, sys, dev, run (and efivars on UEFI) of the rescue system; its own tools get a room (os/mount/room.h),
 * and while a repair writes into it nothing of the rescue system is below it.
 */
#ifndef BM_APPLY_SYSIMAGE_H
#define BM_APPLY_SYSIMAGE_H

#include "../os/root/root.h"
#include "../system/system.h"
#include "guard.h"

#define BM_SYSIMAGE_DIR "/mnt/sysimage"

struct bm_sysimage {
	struct bm_root *root; /* of what is mounted at BM_SYSIMAGE_DIR */
	struct bm_root
		*own; /* the same without proc, sys, dev and run: the system's filesystems alone (os/root/fence.h) */
	struct bm_strv notes; /* what could not be mounted though fstab names it, a sentence each */
};

/*
 * Mounts system at BM_SYSIMAGE_DIR, in the mount namespace of the caller: for writing with the guard of that system,
 * read-only without one (NULL). A write probe tells a mount that silently turned read-only (-EROFS). What this boot has
 * mounted is bound, and made writable there where it is not. The survey lets go of the disks first
 * (bm_survey_release()). On failure all that was mounted is down again. Returns 0 or a negative errno (-EBUSY:
 * something is mounted there already).
 */
int bm_sysimage_mount(struct bm_survey *survey, const struct bm_system *system, const struct bm_guard *guard,
	struct bm_sysimage *ret_image) BM_MUST_CHECK;

/* Binds the API filesystems, for work by hand. On failure all is down again, and image done with. */
int bm_sysimage_open(struct bm_sysimage *image) BM_MUST_CHECK;

/* Closes the handle; the mounts stay. */
void bm_sysimage_done(struct bm_sysimage *image);

/* Takes down all that is mounted at and below BM_SYSIMAGE_DIR, by whomever. What was made writable there only is
 * read-only again. *ret_n is how many mounts that were; notes (may be NULL) gets what was busy and who holds it.
 * Returns 0, or the first error with the path in its line. */
int bm_sysimage_umount(struct bm_strv *notes, unsigned int *ret_n) BM_MUST_CHECK;

#endif
