/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block device with changes that live in memory: what a mount writes (a journal that it replays) is seen through the
 * overlay, and never reaches the device below. A device-mapper snapshot without a place to keep it.
 */
#ifndef BM_OS_OVERLAY_H
#define BM_OS_OVERLAY_H

#include "os/block/loop.h"

struct bm_overlay {
	char *path;	      /* of the block device: /dev/dm-3 */
	char *name;	      /* device-mapper's */
	int origin;	      /* the device below */
	bool lock;	      /* it becomes read-only because of this */
	char *marker;	      /* a file that tells a later run of all this; or NULL: there is nothing to be undone */
	struct bm_loop store; /* where the changes go */
	int control;
};

#define BM_OVERLAY_NONE ((struct bm_overlay){.origin = -1, .store = BM_LOOP_NONE, .control = -1})

/*
 * Lays an overlay over the block device at origin, which nobody may use, and which becomes read-only (BLKROSET) for as
 * long, once it is taken. Changes take a quarter of the memory that is available at most. No udev rule runs for it, so
 * no link of /dev/disk leads to it.
 * Returns 0, -ENODEV without device-mapper or its snapshots, -EBUSY where somebody holds the device, -ENOMEM, ...
 * ret_overlay is for bm_overlay_close().
 */
int bm_overlay_open(const char *origin, struct bm_overlay *ret_overlay) BM_MUST_CHECK;
/* Called when it is mounted: it then vanishes with its last user, also when bootmend is killed. */
int bm_overlay_drop(const struct bm_overlay *overlay) BM_MUST_CHECK;
/* Whether the changes had room: where they had not, what is read through it is not to be believed. */
bool bm_overlay_whole(const struct bm_overlay *overlay);
/* After it was unmounted: waits (at most 5 s) until it is gone, and makes the device below as it was. Accepts
 * BM_OVERLAY_NONE. */
void bm_overlay_close(struct bm_overlay *overlay);

/* Removes the overlays that a run of bootmend left which was killed, and makes writable again what lies below them. */
void bm_overlay_sweep(void);

#endif
