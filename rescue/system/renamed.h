/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logical volumes that somebody has given another name since the system was installed (vgrename, lvrename, a clone that
 * was renamed to stand beside its original): what the system calls them, and what they are called now.
 */
#ifndef BM_SYSTEM_RENAMED_H
#define BM_SYSTEM_RENAMED_H

#include "device.h"

struct bm_rename {
	char *vg, *lv;	 /* as the system knows it; nothing has this name today */
	int device;	 /* that it is today: an index into the devices */
	bool vg_renamed; /* its group has another name; else the volume alone */
	char *backup;	 /* the file of the system whose UUIDs prove it; NULL: the names alone tell it */
};

struct bm_renames {
	struct bm_rename *items;
	size_t n, capacity;
};

struct bm_system;

void bm_renames_done(struct bm_renames *renames);
/*
 * Finds them anew: by the UUIDs in /etc/lvm/backup; else where the root lies in a group that none of the system's lines
 * names, has every volume that they ask for, and theirs is on no disk; or where the root's own volume is named by
 * nobody, and its group lacks the one that root= or fstab names as the root. Reads fstab and the entries of the loader,
 * as far as they are known by now. Returns 0 or -ENOMEM.
 */
int bm_system_read_renames(struct bm_system *system, const struct bm_devices *devices) BM_MUST_CHECK;
/* That of the volume which the system calls so, or NULL. */
const struct bm_rename *bm_renames_of(const struct bm_renames *renames, const char *vg, const char *lv);
/* The rename of what spec (fstab's first field, root=, or VG/LV) names, or NULL. */
const struct bm_rename *bm_renames_find(const struct bm_renames *renames, const char *spec);
/* The present name of a group that the system calls vg, or NULL where that one was not renamed. */
const char *bm_renames_group(const struct bm_renames *renames, const struct bm_devices *devices, const char *vg);

#endif
