/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor: the only part that changes the patient. It takes the steps of a plan in order. Where one fails,
 * everything that this repair changed is taken back, but for the finished images of a repair of all kernels.
 */
#ifndef BM_APPLY_APPLY_H
#define BM_APPLY_APPLY_H

#include "../plan/plan.h"
#include "../proof/proof.h"

enum bm_outcome {
	BM_OUTCOME_REPAIRED,
	BM_OUTCOME_FAILED,     /* a step failed; the disk is as it was */
	BM_OUTCOME_NO_SPACE,   /* room is missing; nothing was changed */
	BM_OUTCOME_PARTLY,     /* of several kernels some were repaired */
	BM_OUTCOME_NOT_JUDGED, /* it was carried out, and whether it boots now cannot be told; never apply's own */
	BM_OUTCOME_REFUSED,    /* somebody else uses the disks; nothing was opened for writing */
};

/* What became of one step. */
struct bm_step_result {
	bool done;
	char *text; /* what was done or why it failed, a sentence */
	unsigned int seconds;
};

/* What became of a plan. */
struct bm_result {
	enum bm_outcome outcome;
	struct bm_step_result *steps; /* one for each of the plan's that was begun */
	size_t n_steps, cap_steps;
	char *error;		  /* why it failed, a sentence; NULL for success */
	struct bm_strv tool_tail; /* the last lines of a tool that failed */
	uint64_t missing_bytes;	  /* BM_OUTCOME_NO_SPACE */
	bool ended; /* what was to be resumed had ended: the filesystem's journal knew it, and looking did not */
	struct bm_strv images;	/* swapped in, path in the system */
	struct bm_strv backups; /* where each previous image is kept; "" where there was none */
	struct bm_strv hashes;	/* SHA-256 of each new image */
	char *log_path;		/* in the system, or NULL */
	char *id;		/* of the journal, for `bootmend undo`; NULL where nothing was changed */
	bool interrupted;	/* it failed, and what it had done could not be taken back: `bootmend undo` will */
};

struct bm_apply_options {
	unsigned int time_limit_seconds; /* a tool is ended after so long without progress; 0: 20 minutes */
	const char *resume; /* the journal of a repair that was interrupted and is to be completed; or NULL */
	/* Called at each begin of a step, and each second of a long one, with the tool's last line or NULL. */
	void (*progress)(void *context, const struct bm_step *step, unsigned int seconds, const char *line);
	void *context;
};

/*
 * Takes the plan's steps on system. The survey lets go of the disks (bm_survey_release()). ret_result is initialised by
 * the call. Returns 0 with the outcome, or a negative errno where the work could not even begin (nothing was changed
 * then).
 */
int bm_apply(struct bm_plan *plan, struct bm_survey *survey, const struct bm_system *system,
	const struct bm_apply_options *options, struct bm_result *ret_result) BM_MUST_CHECK;

void bm_result_done(struct bm_result *result);
const char *bm_outcome_text(enum bm_outcome outcome);

#endif
