/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module index that depmod writes (modules.dep and its sisters), with a way back: depmod has no useful way to write
 * elsewhere, so what it replaces is copied to the work folder first.
 */
#ifndef BM_APPLY_INDEX_H
#define BM_APPLY_INDEX_H

#include "work.h"

struct bm_index_backup {
	char *modules_dir;    /* in the system */
	char *copies;	      /* folder of the copies, in the work folder */
	struct bm_strv names; /* what was there */
};

/* Copies the modules.* files of modules_dir. Returns 0 or a negative errno. */
int bm_index_save(
	const struct bm_work *work, const char *modules_dir, struct bm_index_backup *ret_backup) BM_MUST_CHECK;
/* Puts them back as they were: what changed is replaced by rename, what is new is removed. */
int bm_index_restore(const struct bm_work *work, const struct bm_index_backup *backup) BM_MUST_CHECK;
void bm_index_done(struct bm_index_backup *backup);

#endif
