/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb repair, as a function for the menu and the unattended run, too.
 */
#ifndef BM_CMD_REPAIR_H
#define BM_CMD_REPAIR_H

#include "../base/sha256.h"
#include "planning.h"

struct bm_repair_request {
	struct bm_planning_request wanted;
	bool dry_run;
	bool yes;		    /* do not ask */
	unsigned int limit_seconds; /* of a tool that makes no progress; 0: 20 minutes */
};

struct bm_repair_outcome {
	int status;	    /* exit status */
	const char *result; /* repaired, partly, planned, nothing, instruction, failed, no-space, refused, ambiguous,
			       none, cancelled; static */
	char *why;	    /* why it is not "repaired", a sentence; NULL where bm_cmd_said() tells it */
	char *system_id;    /* or NULL */
	char *kernel;	    /* the version, or NULL */
	char what[BM_SHA256_TEXT]; /* hash of what was to be done: the same for the same repair; "" where there was no
				      plan */
};

/* Surveys, plans, asks, applies and reports. Returns outcome->status. The outcome is overwritten. */
int bm_repair_run(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *ret_outcome);
void bm_repair_outcome_done(struct bm_repair_outcome *outcome);

/* Shows what is to be done, asks, applies the plan, looks again and reports. left: a fatal finding remains all the
 * same. open has another survey afterwards. Returns outcome->status. The caller has the lock. */
int bm_repair_apply(const struct bm_global *global, const struct bm_repair_request *request, bool left,
	struct bm_plan *plan, struct bm_cmd_survey *open, const struct bm_system *system,
	struct bm_repair_outcome *outcome);
/* Repairs the filesystem of a plan that has no system (bm_planning_fsck()), once it was agreed to. Returns
 * outcome->status. */
int bm_repair_filesystem(const struct bm_global *global, struct bm_plan *plan, struct bm_survey *survey,
	struct bm_repair_outcome *outcome);

#endif
