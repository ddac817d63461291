/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/str.h"
#include "../os/run/system.h"
#include "../report/text.h"
#include "cmd.h"

enum { SAY_EVERY_SECONDS = 15 };

void bm_cmd_progress_init(struct bm_cmd_progress *progress, bool quiet)
{
	unsigned int rows;

	*progress = (struct bm_cmd_progress){.quiet = quiet, .terminal = bm_tty_is(STDERR_FILENO), .columns = 80};
	if (progress->terminal)
		bm_tty_size(STDERR_FILENO, &progress->columns, &rows);
}

void bm_cmd_progress_end(struct bm_cmd_progress *progress)
{
	if (!progress->line_open)
		return;
	fprintf(stderr, "\r%*s\r", (int)progress->columns - 1, "");
	fflush(stderr);
	progress->line_open = false;
}

/* "dracut" of /usr/bin/dracut, or what the step is about. */
static const char *step_name(const struct bm_step *step)
{
	return step->argv.n > 0 ? bm_path_base(step->argv.items[0]) : bm_step_kind_text(step->kind);
}

static void say(struct bm_cmd_progress *progress, const char *line)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_text text;

	/* The last column stays free: some terminals wrap there at once. */
	bm_text_init(&text, &out, false, progress->columns - 1);
	bm_text_put(&text, BM_TONE_PLAIN, line);
	if (!progress->terminal) {
		fprintf(stderr, "%s\n", bm_buf_text(&out));
		return;
	}
	fprintf(stderr, "\r%s", bm_buf_text(&out));
	if (text.column < text.columns)
		fprintf(stderr, "%*s", (int)(text.columns - text.column), "");
	fflush(stderr);
	progress->line_open = true;
}

/* The text may be that of a plan that lies on the patient. */
static void say_step(const struct bm_step *step)
{
	_cleanup_free_ char *safe = bm_str_safe(step->text ? step->text : bm_step_kind_text(step->kind));
	_cleanup_free_ char *line = safe ? bm_strf("%s ...\n", safe) : NULL;

	if (line)
		bm_cmd_say(stderr, line);
}

void bm_cmd_progress(void *context, const struct bm_step *step, unsigned int seconds, const char *line)
{
	struct bm_cmd_progress *progress = context;
	_cleanup_free_ char *text = NULL;

	if (progress->quiet)
		return;
	if (step != progress->step) {
		bm_cmd_progress_end(progress);
		progress->step = step;
		progress->said_seconds = 0;
		say_step(step);
	}
	if (seconds == 0)
		return;
	if (!progress->terminal && seconds < progress->said_seconds + SAY_EVERY_SECONDS)
		return;
	progress->said_seconds = seconds;
	text = bm_strf("  %s %u s%s%s", step_name(step), seconds, line && *line ? "  " : "", line ? line : "");
	if (text)
		say(progress, text);
}
