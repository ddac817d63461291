/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drafts: the text files that fixers change, each from what it is now to what it shall be. Several fixers may change
 * one file; in the end it is one EDIT step. Lines keep the numbers that they have in the file as it is, whatever is put
 * between them.
 */
#ifndef BM_PLAN_DRAFT_H
#define BM_PLAN_DRAFT_H

#include "plan.h"

struct bm_draft_line {
	char *text;  /* without line end; NULL: taken out */
	char *above; /* lines put in before it, or NULL */
	char *below; /* behind it, or NULL */
	bool cr;     /* it ends with CR LF */
};

struct bm_draft {
	const struct bm_source *source;
	enum bm_fixer fixer; /* the first that changes it */
	struct bm_draft_line *lines;
	size_t n_lines, cap_lines;
	bool newline; /* the last line ends with a line feed */
	char *tail;   /* lines put behind all others, or NULL */
	bool changed;
	struct bm_strv whys;   /* sentences, without full stop */
	struct bm_strv serves; /* ids */
};

struct bm_drafts {
	struct bm_draft **items;
	size_t n, capacity;
};

void bm_drafts_done(struct bm_drafts *drafts);

/*
 * The draft of a file of sources, made at the first call. Returns 0; -ENOENT where the file was not looked for or can't
 * be read, or does not exist (with create that is an empty draft); -EINVAL where it holds NUL bytes; -ENOMEM. The draft
 * stays the list's.
 */
int bm_draft_open(struct bm_drafts *drafts, const struct bm_sources *sources, const char *path, bool create,
	struct bm_draft **ret_draft) BM_MUST_CHECK;

/* The line as it stands now, owned by the draft; NULL where there is none, or where it was taken out. */
const char *bm_draft_line(const struct bm_draft *draft, unsigned int number);

/* Each returns 0 or -ENOMEM; a line that is not there is left alone. text is without line end, of one line, or of
 * several where lines are put in. */
int bm_draft_set(struct bm_draft *draft, unsigned int number, const char *text) BM_MUST_CHECK;
int bm_draft_remove(struct bm_draft *draft, unsigned int number) BM_MUST_CHECK;
int bm_draft_above(struct bm_draft *draft, unsigned int number, const char *text) BM_MUST_CHECK;
int bm_draft_below(struct bm_draft *draft, unsigned int number, const char *text) BM_MUST_CHECK;
int bm_draft_append(struct bm_draft *draft, const char *text) BM_MUST_CHECK;
/* Puts another text in the place of all; the lines' numbers are its own from then on. */
int bm_draft_reset(struct bm_draft *draft, const char *text, size_t len) BM_MUST_CHECK;

/* Notes for which finding and why it is changed. 0 or -ENOMEM. */
int bm_draft_reason(struct bm_draft *draft, const struct bm_finding *finding, const char *format, ...) BM_MUST_CHECK
	BM_PRINTF(3, 4);

/* Appends the text as it stands now to out. Returns 0 or -ENOMEM. */
int bm_draft_text(const struct bm_draft *draft, struct bm_buf *out) BM_MUST_CHECK;

#endif
