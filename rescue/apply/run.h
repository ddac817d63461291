/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan on its way: what the steps of one repair share. For apply/ only.
 */
#ifndef BM_APPLY_RUN_H
#define BM_APPLY_RUN_H

#include "../proof/needs.h"
#include "apply.h"
#include "sysimage.h"
#include "txn.h"
#include "work.h"

struct bm_run {
	struct bm_plan *plan;
	struct bm_survey *survey;
	struct bm_system view; /* the system, read through the sysimage */
	const struct bm_apply_options *options;
	struct bm_result *result;
	struct bm_sysimage image;
	bool mounted;
	struct bm_guard guard; /* from before the first step until all is unmounted */
	struct bm_txn txn;
	uint64_t floor; /* intents up to this one stay, whatever fails later: finished images of `all` */
	bool ended;	/* the journal says so */
	struct bm_work work;
	bool reindexed;			 /* depmod ran for the image that is being made */
	struct bm_needs needs;		 /* of the kernel whose image is being made */
	char image_hash[BM_SHA256_TEXT]; /* of the image that was proven */
	uint64_t image_bytes;
	struct bm_strv irreversible; /* what FSCK and DISCARD steps did, for the journal */
};

/* The step's place in the plan, from 1: what the journal calls it. */
uint64_t bm_run_number(const struct bm_run *run, const struct bm_step *step);
/* Sets the step's sentence; takes over text. */
void bm_run_say(struct bm_step_result *done, char *text);
/* Takes over what a tool that failed left. Returns -ENOTRECOVERABLE: it is told already. */
int bm_run_tool_failed(struct bm_run *run, struct bm_tool_run *tool) BM_MUST_CHECK;
/* Whether the step changes a name or a text that the plan knows beforehand: EDIT, LINK, MOVE. */
bool bm_run_is_edit(const struct bm_step *step);
/* Writes a record of that kind into the journal; text is the outcome of an END, the sentence of others (or NULL). */
int bm_run_note(struct bm_run *run, enum bm_journal_kind kind, const char *text) BM_MUST_CHECK;
/* Before a step that nothing takes back its intent is noted in the rescue system (/run/bootmend/irreversible): no
 * filesystem of the patient is sure to be another one than that which is changed, or can be mounted yet. The patient's
 * journal gets it when it begins (run->irreversible). */
int bm_run_note_irreversible(const struct bm_step *step) BM_MUST_CHECK;
/* The work folder for the next image or configuration, made where there is none yet. */
int bm_run_need_work(struct bm_run *run, const struct bm_step *step) BM_MUST_CHECK;
/* The journal, begun where it is not yet, with the intents of every step whose change is known before. */
int bm_run_need_txn(struct bm_run *run) BM_MUST_CHECK;
/* With a resumed repair: whether all that the step changes is in place. What it had only begun is taken back. */
int bm_run_in_place(struct bm_run *run, const struct bm_step *step, bool *ret_is) BM_MUST_CHECK;

/* apply/edit.c: EDIT, LINK and MOVE. check refuses a plan before anything is changed (-ESTALE), intend notes. */
int bm_edit_check(struct bm_run *run, const struct bm_step *step) BM_MUST_CHECK;
int bm_edit_intend(struct bm_run *run, const struct bm_step *step) BM_MUST_CHECK;
int bm_edit_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
/* apply/discard.c: DISCARD. */
int bm_discard_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
/* apply/index.c: DEPMOD. */
int bm_index_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
/* apply/config.c: CONFIG. */
int bm_config_take(struct bm_run *run, struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
/* apply/image.c: BUILD, PROVE, SWAP. */
int bm_image_build(struct bm_run *run, struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
int bm_image_prove(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;
int bm_image_swap(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done) BM_MUST_CHECK;

#endif
