/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may hold an installed system and was not opened: encrypted disks, members of an array, volume groups, pools,
 * filesystems that bootmend does not mount, and subvolumes of a btrfs that a mount without options does not show.
 * Pure: it is told from what the survey knows already.
 */
#ifndef BM_SYSTEM_UNOPENED_H
#define BM_SYSTEM_UNOPENED_H

#include "system.h"

enum bm_unopened_kind {
	BM_UNOPENED_LUKS,
	BM_UNOPENED_RAID, /* devices of one array count as one */
	BM_UNOPENED_LVM,
	BM_UNOPENED_ZFS,
	BM_UNOPENED_FILESYSTEM, /* a type that bootmend does not mount */
	BM_UNOPENED_SUBVOLUME,
};

struct bm_unopened {
	enum bm_unopened_kind kind;
	size_t device;	      /* index; the first of several */
	struct bm_strv names; /* the array's name; the pool's; the subvolumes with a system in them, from the top */
	char *text;	      /* a sentence without its end: what it is, and how it is opened by hand */
};

struct bm_unopened_list {
	struct bm_unopened *items;
	size_t n, capacity;
};

/* All of them, in the order of the devices. ret_list is initialised by the call and released by
 * bm_unopened_done(). Returns 0 or -ENOMEM. */
int bm_unopened_find(const struct bm_survey *survey, struct bm_unopened_list *ret_list) BM_MUST_CHECK;
void bm_unopened_done(struct bm_unopened_list *list);
#define _cleanup_unopened_ BM_CLEANUP(bm_unopened_done)

const char *bm_unopened_kind_text(enum bm_unopened_kind kind); /* luks, raid, lvm, zfs, filesystem, subvolume */

#endif
