/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking a repair back, from its journal. First everything is looked at: a path that is neither as the repair left it
 * nor as it was before is somebody's work, and then nothing is changed at all. Then the newest change is taken back
 * first. An undo that was interrupted is completed by another.
 */
#ifndef BM_APPLY_UNDO_H
#define BM_APPLY_UNDO_H

#include "../os/root/root.h"
#include "../system/system.h"
#include "txn.h"

struct bm_undo_result {
	char *id;
	struct bm_strv restored; /* paths that are as they were before, in the order of their restoring */
	struct bm_strv changed;	 /* "PATH: why it can't be taken back": then nothing was done */
	struct bm_strv notes;	 /* what could not be taken back because nothing can: a filesystem's repair */
	bool already;		 /* it was undone before */
};

void bm_undo_result_done(struct bm_undo_result *result);
#define _cleanup_undo_ BM_CLEANUP(bm_undo_result_done)

/* Whether all that is still to be taken back can be: adds to changed a line "PATH: why not" for each that somebody, or
 * a later repair, changed since, whose copy is gone, or for which there is no room. Changes nothing. */
int bm_undo_check(const struct bm_txn *txn, struct bm_strv *changed) BM_MUST_CHECK;

/* In a root that is mounted for writing. ret_result is initialised by the call. Returns 0; -ECANCELED where
 * result->changed says why nothing was done; -ENOENT where there is no such repair; another negative errno, after which
 * it may be called again. */
int bm_undo_root(const struct bm_root *root, const char *id, struct bm_undo_result *ret_result) BM_MUST_CHECK;

/* Mounts the system, takes the repair of this id back, and unmounts. -ECANCELED, too, where somebody else uses its
 * disks. Otherwise as above. */
int bm_undo(struct bm_survey *survey, const struct bm_system *system, const char *id,
	struct bm_undo_result *ret_result) BM_MUST_CHECK;

#endif
