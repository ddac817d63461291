/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan that repair, plan and the unattended run begin with.
 */
#ifndef BM_CMD_PLANNING_H
#define BM_CMD_PLANNING_H

#include "../plan/plan.h"
#include "survey.h"

/* What is wanted; the texts are the caller's. */
struct bm_planning_request {
	const char *kernel;  /* as typed, "all", or NULL: mend what is found */
	struct bm_strv only; /* ids; empty: all */
	const char *fsck;    /* a device, or NULL */
	bool free_boot;
	bool discard; /* hibernation images are given up first */
};

struct bm_planning {
	struct bm_plan plan;
	enum bm_plan_refusal refusal;
	struct bm_findings findings; /* where no kernel was named */
	struct bm_verdict verdict;   /* over them; likewise */
	bool left;		     /* a fatal finding is not mended by the plan */
};

void bm_planning_done(struct bm_planning *planning);
#define _cleanup_planning_ BM_CLEANUP(bm_planning_done)

/* Takes every `--only ID[,ID...]` out of argv (*argc, *argv as bm_cmd.run has them) into request->only. Returns
 * BM_EXIT_OK, or BM_EXIT_USAGE after saying why. */
int bm_planning_only(int *argc, char **argv, struct bm_planning_request *request);
/* Checks that the options go together. Likewise. */
int bm_planning_check(const struct bm_planning_request *request);

/* Finds what is wrong, where no kernel is named, and makes the plan, with its basis and its verdict. ret_planning is
 * initialised by the call. Returns BM_EXIT_OK, also where the plan is refused; or BM_EXIT_FAILED after saying why. */
int bm_planning_make(const struct bm_survey *survey, struct bm_system *system,
	const struct bm_planning_request *request, struct bm_planning *ret_planning);

/* The same where no system is found: only what request->fsck, and discard before it, asks for. */
int bm_planning_fsck(
	const struct bm_survey *survey, const struct bm_planning_request *request, struct bm_planning *ret_planning);

/* The ids that `bootmend repair` would serve, added to served: nobody is told to repair what no plan mends. Returns 0
 * or -ENOMEM. */
int bm_planning_served(const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_findings *findings, struct bm_strv *served) BM_MUST_CHECK;

/* The exit status of a plan that is refused: 0 where nothing is wrong, 4 where only a person can mend it, 8 with it
 * where something could not be judged, ... */
int bm_planning_status(const struct bm_planning *planning);

#endif
