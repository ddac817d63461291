/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch.h"

#include <errno.h>

static void on_output(void *context, const char *bytes, size_t len)
{
	struct bm_watch *watch = context;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r') {
			watch->ended = true;
			continue;
		}
		if (watch->ended)
			watch->len = 0;
		watch->ended = false;
		if (watch->len + 1 < sizeof(watch->line))
			watch->line[watch->len++] = bytes[i];
	}
	watch->line[watch->len] = '\0';
}

static int on_tick(void *context, unsigned int elapsed_s)
{
	const struct bm_watch *watch = context;

	if (watch->options && watch->options->progress)
		watch->options->progress(
			watch->options->context, watch->step, elapsed_s, watch->len > 0 ? watch->line : NULL);
	return 0;
}

void bm_watch_spawn(struct bm_watch *watch, struct bm_spawn *spawn)
{
	spawn->on_output = on_output;
	spawn->on_tick = on_tick;
	spawn->context = watch;
}

int bm_watch_tail(const struct bm_buf *output, struct bm_strv *tail)
{
	_cleanup_strv_ struct bm_strv lines = {0};

	bm_strv_done(tail);
	if (bm_strv_split(&lines, bm_buf_text(output), "\r\n") < 0)
		return -ENOMEM;
	for (size_t i = lines.n > BM_WATCH_TAIL_LINES ? lines.n - BM_WATCH_TAIL_LINES : 0; i < lines.n; i++)
		if (bm_strv_addn(tail, lines.items[i], BM_WATCH_LINE_MAX) < 0)
			return -ENOMEM;
	return 0;
}
