/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking on while a tool works: its last line goes to whoever shows the progress, its last lines into the result.
 */
#ifndef BM_APPLY_WATCH_H
#define BM_APPLY_WATCH_H

#include "../os/run/spawn.h"
#include "apply.h"

enum { BM_WATCH_LINE_MAX = 300, BM_WATCH_TAIL_LINES = 12 };

/* Initialise with `= {.options = ..., .step = ...}`. */
struct bm_watch {
	const struct bm_apply_options *options; /* or NULL: nobody looks on */
	const struct bm_step *step;
	char line[BM_WATCH_LINE_MAX]; /* the last whole or begun line of the tool */
	size_t len;
	bool ended;
};

/* Makes spawn tell watch, which must live as long as the tool does. */
void bm_watch_spawn(struct bm_watch *watch, struct bm_spawn *spawn);

/* Puts the last lines of what a tool printed in the place of what tail has. Returns 0 or -ENOMEM. */
int bm_watch_tail(const struct bm_buf *output, struct bm_strv *tail) BM_MUST_CHECK;

#endif
