/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot ended in, while its lines are read: console.c calls these. The words are end.def.
 */
#ifndef BM_CHECK_CONSOLE_END_H
#define BM_CHECK_CONSOLE_END_H

#include "../fmt/log/bootlog.h"
#include "console.h"

enum bm_end_place { BM_END_EITHER, BM_END_INITRD, BM_END_EMERGENCY, BM_END_PLACES };

/* What is known of one boot. */
struct bm_end_state {
	bool asked[BM_END_PLACES]; /* somebody asked for the shell of that place (EITHER: for one of maintenance) */
	bool init_shell;	   /* init= or rdinit= is a shell */
	bool left;		   /* the system went down by itself */
	unsigned int lives, lines; /* since a crash: lines of a userspace that goes on, and all lines */
};

/* How many rows end.def has, and the pattern of one. */
size_t bm_end_rows(void);
const char *bm_end_pattern(size_t row);

/* Begins a boot with this command line (or NULL). Returns 0 or -ENOMEM. */
int bm_end_begin(struct bm_end_state *state, const char *cmdline) BM_MUST_CHECK;
/* Takes a line in, before its stage counts; row is the first of end.def that fits it, or -1. Sets console->end, which
 * the console owns. Returns 0 or -ENOMEM. */
int bm_end_line(struct bm_end_state *state, int row, const struct bm_bootlog_line *line, const char *text,
	struct bm_console *console) BM_MUST_CHECK;
/* The boot came so far: what it then has overcome is no end. */
void bm_end_stage(struct bm_console *console, enum bm_stage stage);
/* The boot is over: a crash that userspace outlived was no end. */
void bm_end_finish(const struct bm_end_state *state, struct bm_console *console);
void bm_end_forget(struct bm_console *console);

#endif
