/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: does this boot, why not, does a rebuild help, where to look next. Every verb, text and JSON take it from
 * here. Pure: nothing is looked at again, and nothing that one source says silences another.
 *
 *	findings --+
 *	texts -----+--bm_verdict_make()--> outcome, causes, rebuild, next, exit bits
 *	not read --+
 *
 * The rules, the strongest first: a fatal finding, and a text whose last boot ends badly, say that it does not boot;
 * what could not be judged says so, beside them or alone; only where none of them speaks it boots.
 */
#ifndef BM_CHECK_VERDICT_H
#define BM_CHECK_VERDICT_H

#include "console.h"
#include "finding.h"

enum bm_verdict_outcome {
	BM_VERDICT_BOOTS,	 /* nothing was found that stops the boot */
	BM_VERDICT_FAILS,	 /* it does not boot */
	BM_VERDICT_LIKELY_FAILS, /* by what a text guesses, or against what the disk shows */
	BM_VERDICT_NOT_JUDGED,	 /* what would decide it could not be looked at */
};

enum bm_certainty {
	BM_CERTAIN,
	BM_LIKELY,   /* the likeliest of several, or a text says so and the disk does not show it */
	BM_POSSIBLE, /* milder only because not everything could be seen */
};

/* What stops the boot, or may: a kind of finding. */
struct bm_verdict_cause {
	const struct bm_finding *finding; /* the first of its kind; borrowed */
	enum bm_certainty certainty;
	enum bm_finding_source source; /* of all of its kind */
};

enum bm_verdict_rebuild {
	BM_REBUILDING_UNASKED,	 /* there is no cause that is known */
	BM_REBUILDING_CURES,	 /* all causes */
	BM_REBUILDING_SOME,	 /* some of them */
	BM_REBUILDING_NOT_ALONE, /* something else first */
	BM_REBUILDING_HELPS_NOT,
	BM_REBUILDING_IMPOSSIBLE, /* it would cure a cause, and there is nothing to build from */
};

enum bm_verdict_next {
	BM_NEXT_FINDINGS,     /* what to do stands with each finding: a cause, or what is to be opened first */
	BM_NEXT_TEXT,	      /* in what the text says that nothing explains */
	BM_NEXT_CAME_UP,      /* nowhere: the text shows a boot that came up */
	BM_NEXT_TEXT_IS_MUTE, /* the firmware and the hardware: the text does not tell */
	BM_NEXT_CONSOLE,      /* at the console, of which no text was given */
};

enum {
	BM_VERDICT_CAUSES_MAX = 16,
	BM_VERDICT_BIT_PROBLEMS = 4, /* of the exit status: it does not boot */
	BM_VERDICT_BIT_UNJUDGED = 8, /* something that decides it could not be judged */
};

/* What a verdict rests on; all borrowed. */
struct bm_verdict_input {
	const struct bm_findings *findings;
	const struct bm_consoles *consoles; /* joined with the findings; or NULL */
	bool disks;			    /* disks, or a folder, were looked at */
	bool system;			    /* and a system was found there */
	bool unread;			    /* the initramfs of the default entry is there and could not be read */
	bool no_rebuild;		    /* no image can be built, or a plan was made and builds none */
};

struct bm_verdict {
	enum bm_verdict_outcome outcome;
	/* in the order in which a boot meets them, those that are one of several guesses last */
	struct bm_verdict_cause causes[BM_VERDICT_CAUSES_MAX];
	size_t n_causes, n_certain, n_left_out;
	enum bm_verdict_rebuild rebuild;
	size_t cured;			   /* by a rebuild, of the certain causes, or of all where none is certain */
	const char *no_rebuild;		   /* why none can be made, a clause; or NULL */
	bool agreed;			   /* a text says so, too */
	const struct bm_console *ended;	   /* the text that counts and ends badly, or NULL */
	const struct bm_observation *stop; /* in it: what says why or where it stops; NULL: only its end does */
	bool text_only;			   /* nothing but a text says so */
	bool against_disk;		   /* a text says so, and the disk shows nothing */
	const struct bm_finding *blind;	   /* what was not judged, or NULL */
	const struct bm_finding *stale;	   /* that what was seen may be stale, or NULL */
	const struct bm_finding *doubt;	   /* what would be fatal and is not certain, where nothing else is; or NULL */
	bool unread;			   /* as in the input */
	bool nothing_looked_at;		   /* no disk, and the texts are empty */
	size_t warnings;
	enum bm_verdict_next next;
	int bits; /* BM_VERDICT_BIT_* */
};

void bm_verdict_make(const struct bm_verdict_input *input, struct bm_verdict *ret_verdict);

/* Whether the kind says that something was not judged; that what was seen may be stale. */
bool bm_finding_is_blind(enum bm_finding_id id);
bool bm_finding_is_stale(enum bm_finding_id id);

const char *bm_verdict_outcome_text(enum bm_verdict_outcome outcome); /* boots, fails, likely-fails, not-judged */
const char *bm_certainty_text(enum bm_certainty certainty);	      /* certain, likely, possible */
const char *bm_verdict_rebuild_text(enum bm_verdict_rebuild rebuild); /* none, cures, some, not-alone, no, impossible */

#endif
