/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The repair as a function: for the verb, for the menu and for an unattended run.
 */
#ifndef BM_CMD_REPAIR_H
#define BM_CMD_REPAIR_H

#include "cmd.h"

struct bm_repair_request {
	const char *kernel;		 /* as typed, "all", or NULL: that of the default boot entry */
	bool dry_run;			 /* print the plan, and nothing else */
	bool yes;			 /* do not ask */
	bool reboot;			 /* afterwards, where it was repaired */
	bool unattended;		 /* nobody is at the console: never ask */
	unsigned int time_limit_seconds; /* of each tool; 0: 20 minutes */
};

struct bm_repair_outcome {
	int status;	    /* exit status */
	const char *result; /* constant: repaired, planned, failed, no-space, ambiguous, none, usage, cancelled */
	char *system_id;    /* or NULL */
	char *kernel;	    /* version, "all", or NULL */
};

/* Looks, plans, shows the plan, asks, repairs, and shows the result. Returns ret_outcome->status; ret_outcome is for
 * bm_repair_outcome_done(). */
int bm_repair_run(
	const struct bm_global *global, const struct bm_repair_request *request, struct bm_repair_outcome *ret_outcome);
void bm_repair_outcome_done(struct bm_repair_outcome *outcome);

#endif
