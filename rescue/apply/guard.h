/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door before writing: nothing of a system is opened for writing without a guard, which has locked every device and
 * image file of it and knows that nobody else uses them (os/hold/claim.h).
 */
#ifndef BM_APPLY_GUARD_H
#define BM_APPLY_GUARD_H

#include "../os/block/loop.h"
#include "../os/hold/claim.h"
#include "../plan/plan.h"
#include "../system/system.h"

struct bm_guard {
	struct bm_claim claim;
	/* Where this boot, or for --root somebody, has mounted the system: work goes through those mounts. Or NULL. */
	char *prefix;
};

/*
 * Takes the filesystems of system (or NULL) and those that FSCK and DISCARD steps of plan (or NULL) name, with all that
 * they lie on. The survey lets go of the disks first (bm_survey_release()); what it had mounted is waited for. Returns
 * 0 with ret_guard for bm_guard_done(); -ECANCELED where somebody else uses one of them, with a line that says who; ...
 */
int bm_guard_take(struct bm_survey *survey, const struct bm_system *system, const struct bm_plan *plan,
	struct bm_guard *ret_guard) BM_MUST_CHECK;
void bm_guard_done(struct bm_guard *guard);
#define _cleanup_guard_ BM_CLEANUP(bm_guard_done)

/* A loop device for writing over (a part of) an image that the guard has: it lies over the locked descriptor, and keeps
 * the lock. */
int bm_guard_attach(
	const struct bm_guard *guard, const struct bm_device *device, struct bm_loop *ret_loop) BM_MUST_CHECK;

#endif
