/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions of the patient's own files, in the part of Perl's language that needs no memory of what was
 * matched: literals, '.', [sets], groups, '|', '*', '+', '?', {m,n}, '^', '$' and the usual escapes. Whatever the
 * expression, matching takes a number of steps that is bounded by its length and the text's: nothing backtracks. The C
 * library's regcomp() is not asked, because nested bounds make it take all memory.
 */
#ifndef BM_FMT_REGEX_H
#define BM_FMT_REGEX_H

#include "base/util.h"

enum {
	BM_REGEX_STATES_MAX = 4096,
	BM_REGEX_DEPTH_MAX = 32, /* of groups */
	BM_REGEX_REPEAT_MAX = 1000,
	BM_REGEX_TEXT_MAX = 8192, /* bytes of a text; a longer one matches nothing */
};

struct bm_regex;

/* Returns 0; -EINVAL for what is no expression or uses more of the language (look-around, references, \b), -E2BIG
 * beyond the limits, -ENOMEM. */
int bm_regex_new(const char *pattern, struct bm_regex **ret_regex) BM_MUST_CHECK;
/* Accepts NULL; returns NULL. */
struct bm_regex *bm_regex_free(struct bm_regex *regex);
void bm_regex_freep(struct bm_regex **regex);
#define _cleanup_regex_ BM_CLEANUP(bm_regex_freep)

/* Whether it matches all of the text. Not for two callers at once. */
bool bm_regex_match(struct bm_regex *regex, const char *text);

#endif
