/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A repair as data: the ordered steps that apply/ takes, each of which can be printed before anything changes.
 */
#ifndef BM_PLAN_PLAN_H
#define BM_PLAN_PLAN_H

#include "../system/system.h"

enum bm_step_kind {
	BM_STEP_MOUNT,	 /* the system read-write under /mnt/sysimage, with proc, sys, dev, run */
	BM_STEP_DEPMOD,	 /* depmod of version */
	BM_STEP_BUILD,	 /* the system's own tool builds the image in a work folder */
	BM_STEP_PROVE,	 /* the new image can boot version on this machine */
	BM_STEP_SWAP,	 /* the previous image is kept, the new one takes target by rename */
	BM_STEP_RECORD,	 /* the repair is written to /var/log/bootmend */
	BM_STEP_UNMOUNT, /* everything down again */
};

struct bm_step {
	enum bm_step_kind kind;
	char *version;	     /* kernel version, or NULL */
	char *target;	     /* path in the system: the image, for PROVE and SWAP; the folder for RECORD; or NULL */
	char *filesystem;    /* UUID of the filesystem that the step changes, or NULL */
	struct bm_strv argv; /* of DEPMOD and BUILD; "@OUTPUT@" and "@TMPDIR@" stand for what apply chooses */
	struct bm_strv environment; /* NAME=VALUE, of BUILD */
	char *why;		    /* a sentence, or NULL */
	char *text;		    /* the step for people: "rebuild the initramfs of 6.1.0-9-amd64 with dracut 059" */
	uint64_t least_bytes;	    /* SWAP: the new image will hardly be smaller; 0 unknown */
	uint64_t need_bytes;	    /* BUILD: estimated size of the new image */
	struct bm_strv drivers;	    /* BUILD: the drivers that were added */
	bool generic;		    /* BUILD: for any hardware, because the patient\'s is not known */
};

struct bm_plan {
	char *system_id;
	char *kernel; /* the version, or "all" */
	struct bm_step *steps;
	size_t n_steps, cap_steps;
	struct bm_strv notes; /* what the user should know before saying yes */
};

/* Why no plan could be made. The message is kept by base/err. */
enum bm_plan_refusal {
	BM_PLAN_OK,
	BM_PLAN_NO_KERNEL,  /* no such version, or it has no modules: the message lists those that exist */
	BM_PLAN_NO_TOOL,    /* the system has no tool that builds an initramfs */
	BM_PLAN_NO_DEFAULT, /* no kernel named and no default entry known */
};

void bm_plan_done(struct bm_plan *plan);

/*
 * Plans to rebuild the initramfs of kernel (as typed; "all"; NULL: the default boot entry's). ret_plan is initialised
 * by the call. Returns 0 with *ret_refusal set (a plan exists only for BM_PLAN_OK), or -ENOMEM. The refusal's
 * sentence goes to ret_plan->notes.
 */
int bm_plan_repair(const struct bm_survey *survey, const struct bm_system *system, const char *kernel,
	struct bm_plan *ret_plan, enum bm_plan_refusal *ret_refusal) BM_MUST_CHECK;

/* Writes a BUILD step's command line again, from the modules as system->root has them now: after depmod there are names
 * to resolve. Returns 0 or -ENOMEM. */
int bm_plan_refresh_build(
	const struct bm_survey *survey, const struct bm_system *system, struct bm_step *step) BM_MUST_CHECK;

const char *bm_step_kind_text(enum bm_step_kind kind);

#endif
