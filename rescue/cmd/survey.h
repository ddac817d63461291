/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verbs share that look at the machine: a survey for the time of a verb, the choice of one system, the style
 * of the output.
 */
#ifndef BM_CMD_SURVEY_H
#define BM_CMD_SURVEY_H

#include "../check/console.h"
#include "../check/finding.h"
#include "../check/verdict.h"
#include "../os/mount/mntns.h"
#include "../report/report.h"
#include "../system/system.h"
#include "cmd.h"

/* A survey and the way back: looking happens in a mount namespace of our own. Initialise with BM_CMD_SURVEY_NONE. */
struct bm_cmd_survey {
	struct bm_survey survey;
	bool filled;
	struct bm_mntns home; /* the namespace that we were started in */
	int lock;	      /* keeps others from looking at the machine's disks meanwhile, or -1 */
};

#define BM_CMD_SURVEY_NONE ((struct bm_cmd_survey){.home = BM_MNTNS_NONE, .lock = -1})

/* Looks at what --disk and --root name, or at all disks, one process at a time: each console of the rescue system has
 * a menu. Returns BM_EXIT_OK, or BM_EXIT_FAILED after saying why. */
int bm_cmd_survey_open(const struct bm_global *global, struct bm_cmd_survey *ret_survey);
/* Lets go of everything and returns to the namespace that we were started in. */
void bm_cmd_survey_close(struct bm_cmd_survey *survey);
#define _cleanup_cmd_survey_ BM_CLEANUP(bm_cmd_survey_close)

/* The system that --system names, or the only one. Returns BM_EXIT_OK; BM_EXIT_AMBIGUOUS or BM_EXIT_FAILED after
 * saying why, with the list of those that there are on stderr. */
int bm_cmd_choose(const struct bm_global *global, const struct bm_survey *survey, struct bm_system **ret_system);

/* What is known of a system. Release with bm_cmd_checked_done(). */
struct bm_cmd_checked {
	struct bm_findings findings; /* sorted */
	struct bm_proof proof;	     /* of the default entry's image, where proven is set */
	bool proven;
	bool unread;	 /* that image is there and could not be read */
	bool no_rebuild; /* there is nothing that an image of the default entry's kernel could be built from, or with */
};
void bm_cmd_checked_done(struct bm_cmd_checked *checked);
#define _cleanup_cmd_checked_ BM_CLEANUP(bm_cmd_checked_done)

/* What is wrong with the system; with read_image the initramfs of the default boot entry is read and proven, too, which
 * takes some seconds. Returns BM_EXIT_OK, or BM_EXIT_FAILED after saying why. */
int bm_cmd_check(
	const struct bm_survey *survey, struct bm_system *system, bool read_image, struct bm_cmd_checked *ret_checked);
/* The verdict over a system that was checked, without any text. */
void bm_cmd_verdict(const struct bm_cmd_checked *checked, struct bm_verdict *ret_verdict);

/* What a diagnosis is made of. Release with bm_cmd_diagnosis_done(). */
struct bm_cmd_diagnosis {
	struct bm_cmd_checked checked;
	struct bm_consoles consoles; /* those that were given are there before */
	struct bm_strv notes;	     /* which log could not be read, a sentence each */
};
void bm_cmd_diagnosis_done(struct bm_cmd_diagnosis *diagnosis);
#define _cleanup_cmd_diagnosis_ BM_CLEANUP(bm_cmd_diagnosis_done)

/* All of it: bm_cmd_check() with the image; the logs of the system and, in the initramfs that failed, of this boot; and
 * those joined with the consoles that diagnosis has. Where survey is NULL only the consoles are there; where system is,
 * the filesystems that can't be mounted. Returns BM_EXIT_OK, or BM_EXIT_FAILED after saying why. */
int bm_cmd_diagnosis_make(const struct bm_survey *survey, struct bm_system *system, struct bm_cmd_diagnosis *diagnosis);

/* Colour as asked for, the width of the terminal where stdout is one. */
struct bm_report_style bm_cmd_style(const struct bm_global *global);

#endif
