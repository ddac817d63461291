/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is at a path, as the journal has it: read, compared, put back.
 */
#ifndef BM_APPLY_STATE_H
#define BM_APPLY_STATE_H

#include "../fmt/own/journal.h"
#include "../os/root/root.h"

/* What is at the path itself (a link is not followed), with a file's hash where that is asked for. Nothing there is a
 * state, too. -EINVAL for what is neither file, link nor directory. ret_state is for bm_journal_state_done(). */
int bm_state_read(
	const struct bm_root *root, const char *path, bool hash, struct bm_journal_state *ret_state) BM_MUST_CHECK;

/* Whether the path is as wanted: type and content. A file whose hash was not kept is told by size and time. */
int bm_state_is(const struct bm_root *root, const char *path, const struct bm_journal_state *wanted,
	bool *ret_is) BM_MUST_CHECK;
/* Whether two states are the same content. */
bool bm_state_same(const struct bm_journal_state *a, const struct bm_journal_state *b);

/* The name that new content has beside path until it takes its place; for free(). */
char *bm_state_fresh(const char *path);
/* Where the link at path leads, also when nothing is there yet; for free(). */
int bm_state_target(const struct bm_root *root, const char *path, char **ret_target) BM_MUST_CHECK;

/*
 * Puts back what was at an intent's path before. after is what the repair made of it, as far as that is known. What is
 * there already as it was gets its owner, mode and time. Not checked: that nobody changed it since (apply/undo.h).
 * May be called again after it was interrupted. Returns 0 or a negative errno.
 */
int bm_state_restore(const struct bm_root *root, const struct bm_journal_record *intent,
	const struct bm_journal_state *after) BM_MUST_CHECK;

/* Completes the keeping of what was there, where two names were exchanged and the power went before the old content had
 * got its name; takes away what was half written beside a path that is as it should be already. Nothing else is done.
 */
int bm_state_settle(const struct bm_root *root, const struct bm_journal_record *intent) BM_MUST_CHECK;

/* What putting it back needs of the path's filesystem. */
struct bm_state_cost {
	uint64_t dev;	/* that filesystem; 0: the folder is not there, and nothing is needed */
	uint64_t needs; /* bytes that must be free before */
	int64_t gains;	/* bytes that are free more (less, where negative) afterwards */
};
int bm_state_cost(const struct bm_root *root, const struct bm_journal_record *intent,
	struct bm_state_cost *ret_cost) BM_MUST_CHECK;

/* Whether what is at an intent's path, or state where that is not NULL, may be taken back: 1; 0 with *ret_why (a
 * sentence, for free()) where somebody changed it since, or what was there is not kept any more. */
int bm_state_check(const struct bm_root *root, const struct bm_journal_record *intent,
	const struct bm_journal_state *after, bool finished, const struct bm_journal_state *state,
	char **ret_why) BM_MUST_CHECK;

#endif
