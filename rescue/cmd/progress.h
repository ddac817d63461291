/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress of long steps on stderr: on a terminal one line that is written anew each second, elsewhere a line at each
 * step and every 15 seconds. Works on terminals that know nothing but carriage return.
 */
#ifndef BM_CMD_PROGRESS_H
#define BM_CMD_PROGRESS_H

#include "../apply/apply.h"

struct bm_cmd_progress {
	bool quiet;
	bool terminal;
	unsigned int columns;
	const struct bm_step *step; /* the one that is being taken */
	unsigned int said_seconds;  /* when the last line was written, elsewhere than on a terminal */
	bool line_open;		    /* a line on the terminal waits to be written over */
};

void bm_cmd_progress_init(struct bm_cmd_progress *progress, bool quiet);
/* For struct bm_apply_options: context is the struct bm_cmd_progress. */
void bm_cmd_progress(void *context, const struct bm_step *step, unsigned int seconds, const char *line);
/* Removes the open line; to be called before anything else is written. */
void bm_cmd_progress_end(struct bm_cmd_progress *progress);

#endif
