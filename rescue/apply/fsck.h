/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The repair of a filesystem from outside, with the rescue system's own tool: e2fsck, xfs_repair, fsck.fat. btrfs is
 * only looked at, because its tool's own advice is not to repair without an expert. A filesystem that is mounted, or
 * whose device anybody has open for his own, is refused. What such a tool changed can't be taken back by the journal;
 * e2fsck keeps an undo file where there is room for one.
 */
#ifndef BM_APPLY_FSCK_H
#define BM_APPLY_FSCK_H

#include "apply.h"
#include "guard.h"

enum bm_fsck_outcome {
	BM_FSCK_CLEAN,	  /* nothing was wrong */
	BM_FSCK_REPAIRED, /* something was, and a second look found nothing more */
	BM_FSCK_LEFT,	  /* something is still wrong; instruction says what a person may do */
	BM_FSCK_REFUSED,  /* nothing was done: mounted, not there, read-only, no tool for it */
	BM_FSCK_FAILED,	  /* the tool could not work, or was stopped */
};

struct bm_fsck_result {
	enum bm_fsck_outcome outcome;
	char *text;	     /* what happened, a sentence without full stop */
	char *instruction;   /* what a person may do now, or NULL */
	char *undo;	     /* e2fsck's undo file, a path of the rescue system, or NULL */
	struct bm_strv tail; /* the tool's last lines, where the outcome is LEFT or FAILED */
};

/*
 * Takes a FSCK step: on the filesystem step->filesystem (its UUID; where several carry it, or it is NULL, the one whose
 * path or name is step->target). step->argv is the tool's command line; the word that is step->target, or @DEVICE@,
 * becomes the device, which is a loop device for an image file and an activated one for a logical volume. An empty argv
 * stands for bm_fsck_command(). The tool must be one for that kind of filesystem.
 *
 * The guard has the device (bm_guard_take() with the step's plan). undo_dir is a folder of the rescue system for
 * e2fsck's undo file, on another filesystem than the one that is repaired; NULL: /run/bootmend, where memory is plenty,
 * else none is kept. Only options->progress is looked at: the tool has no time limit, since half a repair is worse than
 * none. An XFS whose log is dirty is mounted and unmounted first, which replays the log; the log is never thrown away.
 *
 * ret_result is initialised by the call and released by bm_fsck_result_done(). Returns 0 with the outcome, or -ENOMEM.
 */
int bm_fsck_run(const struct bm_step *step, const struct bm_survey *survey, const struct bm_guard *guard,
	const char *undo_dir, const struct bm_apply_options *options, struct bm_fsck_result *ret_result) BM_MUST_CHECK;
void bm_fsck_result_done(struct bm_fsck_result *result);
#define _cleanup_fsck_ BM_CLEANUP(bm_fsck_result_done)

const char *bm_fsck_outcome_text(enum bm_fsck_outcome outcome); /* clean, repaired, left, refused, failed */

/* The command line that is used for a kind of filesystem (libblkid's name), with @DEVICE@; -ENOTSUP where there is
 * none. */
int bm_fsck_command(const char *fstype, struct bm_strv *argv) BM_MUST_CHECK;

/* For tests: what an exit status of the tool (argv[0]) means. */
enum bm_fsck_outcome bm_fsck_meaning(const char *tool, int status, const char **ret_text);

#endif
