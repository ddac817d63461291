/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fsck.c (the tool and its answer) and fsck_device.c (the device it works on) share.
 */
#ifndef BM_APPLY_FSCK_INT_H
#define BM_APPLY_FSCK_INT_H

#include "../os/block/loop.h"
#include "../os/block/lvm.h"
#include "fsck.h"

struct bm_fsck_tool {
	const char *name;
	const char *fstypes[3];
	const char *repair[2], *look[2]; /* options */
	const char *instruction;	 /* where errors are left */
};

/* A repair on its way. */
struct bm_fsck {
	const struct bm_step *step;
	const struct bm_apply_options *options; /* or NULL */
	const struct bm_guard *guard;
	struct bm_fsck_result *result;
	const struct bm_device *device;
	const struct bm_fsck_tool *tool;
	const char *path; /* of the device, now */
	char *undo;	  /* where e2fsck is to write its undo file, or NULL */
	bool dirty_log;	  /* xfs_repair asks for a mount */
	struct bm_loop loop;
	struct bm_lvm lvm;
};

/* Whether the step's command line is what bm_fsck_command() writes, for any filesystem, with a prefix of its options
 * and the device as its last word; or empty. */
bool bm_fsck_is_command(const struct bm_step *step);
/* The device that the step means. Returns 0, -ENODEV or -EEXIST with a line of context. */
int bm_fsck_find_device(
	const struct bm_survey *survey, const struct bm_step *step, const struct bm_device **ret_device) BM_MUST_CHECK;
/* Makes the device ready for writing and sure that nobody else uses it; sets fsck->path. */
int bm_fsck_open_device(struct bm_fsck *fsck, const struct bm_survey *survey) BM_MUST_CHECK;
void bm_fsck_close_device(struct bm_fsck *fsck);
/* Mounts the filesystem for writing and unmounts it again. *ret_done false: that failed, and result->instruction says
 * what is left. Returns 0 or -ENOMEM. */
int bm_fsck_replay(struct bm_fsck *fsck, bool *ret_done) BM_MUST_CHECK;

#endif
