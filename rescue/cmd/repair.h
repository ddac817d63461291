/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb repair, as a function for the menu and the unattended run, too.
 */
#ifndef BM_CMD_REPAIR_H
#define BM_CMD_REPAIR_H

#include "cmd.h"

struct bm_repair_request {
	const char *kernel; /* as typed, "all", or NULL: the default boot entry's */
	bool dry_run;
	bool yes;		    /* do not ask */
	unsigned int limit_seconds; /* of a tool; 0: 20 minutes */
};

struct bm_repair_outcome {
	int status; /* exit status */
	const char
		*result; /* repaired, partly, planned, failed, no-space, refused, ambiguous, none, cancelled; static */
	char *system_id; /* or NULL */
	char *kernel;	 /* the version, or NULL */
};

/* Surveys, plans, asks, applies and reports. Returns outcome->status. The outcome is overwritten. */
int bm_repair_run(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *ret_outcome);
void bm_repair_outcome_done(struct bm_repair_outcome *outcome);

#endif
