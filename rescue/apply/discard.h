/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hibernation image given up: its signature replaced by that of plain swap, as the kernel does when it resumes. From
 * then on no kernel resumes from it, and the disks may be changed. Nothing ever puts it back.
 */
#ifndef BM_APPLY_DISCARD_H
#define BM_APPLY_DISCARD_H

#include "../plan/plan.h"
#include "guard.h"

/*
 * Takes a DISCARD step: notes the intent in the rescue system, writes, syncs and reads back. The device is found, made
 * ready and proven free as that of a filesystem that is repaired (apply/fsck.h); guard has it, and the survey has let
 * go of the disks. Only one of images (the system's, or the survey's) is ever given up, whatever a plan says. Does
 * nothing where the image is gone already. *ret_text is what was done, a sentence for free(). Returns 0; -ESTALE where
 * the header is not what the plan was made for; -EBUSY, -EROFS, -EIO, ...
 */
int bm_discard_run(const struct bm_step *step, struct bm_survey *survey, const struct bm_guard *guard,
	const struct bm_hibernations *images, char **ret_text) BM_MUST_CHECK;

#endif
