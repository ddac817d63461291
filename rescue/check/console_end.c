/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot ended in. That a boot ends badly is seen apart from why: whatever a signature makes of the lines before,
 * a text whose last boot stops in a panic, a halt, a prompt or a shell that nobody asked for did not boot.
 */
#include "console_end.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

enum {
	TEXT_MAX = 240,	   /* of the line that is kept */
	LIVES_MAX = 3,	   /* so many lines of userspace show that it goes on after a crash */
	CRASH_LINES = 200, /* no trace is longer: what comes behind is the kernel's life */
};

enum kind {
	KIND_CRASH = BM_END_CRASH,
	KIND_PROMPT = BM_END_PROMPT,
	KIND_SHELL = BM_END_SHELL,
	KIND_HALT = BM_END_HALT,
	KIND_PANIC = BM_END_PANIC,
	KIND_ASKED,
	KIND_LEFT,
};

static const struct {
	enum kind kind;
	enum bm_end_place place;
	const char *pattern;
} rows[] = {
#define END(kind, place, pattern) {KIND_##kind, BM_END_##place, pattern},
#include "end.def"
#undef END
};

size_t bm_end_rows(void)
{
	return BM_ARRAY_SIZE(rows);
}

const char *bm_end_pattern(size_t row)
{
	return rows[row].pattern;
}

/* --- what the command line asks for --- */

static bool is_shell(const char *path)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "sulogin"};
	const char *name = path ? bm_path_base(path) : NULL;

	for (size_t i = 0; name && i < BM_ARRAY_SIZE(shells); i++)
		if (bm_streq(name, shells[i]))
			return true;
	return false;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (bm_streq(word, *words))
			return true;
	return false;
}

/* As systemd and sysvinit read their words; a value only where the key has one. */
static void take_argument(struct bm_end_state *state, const struct bm_cmdline_arg *arg)
{
	static const char *const single[] = {"single", "rescue", "-s", "s", "S", "1", NULL};
	static const char *const emergency[] = {"emergency", "-b", "b", NULL};
	static const char *const breaks[] = {"rd.break", "rdbreak", "break", NULL};
	const char *value = arg->value ? arg->value : "";

	if (is_one_of(arg->key, breaks))
		state->asked[BM_END_INITRD] = true;
	else if (bm_streq(arg->key, "rd.systemd.unit") && (strstr(value, "emergency") || strstr(value, "rescue")))
		state->asked[BM_END_INITRD] = true;
	else if (bm_streq(arg->key, "rdinit") && is_shell(value))
		state->asked[BM_END_INITRD] = state->init_shell = true;
	else if (bm_streq(arg->key, "init") && is_shell(value))
		state->asked[BM_END_EITHER] = state->init_shell = true;
	else if (bm_streq(arg->key, "systemd.unit") && bm_str_starts(value, "emergency"))
		state->asked[BM_END_EMERGENCY] = state->asked[BM_END_EITHER] = true;
	else if (bm_streq(arg->key, "systemd.unit") && bm_str_starts(value, "rescue"))
		state->asked[BM_END_EITHER] = true;
	else if (!arg->value && is_one_of(arg->key, emergency))
		state->asked[BM_END_EMERGENCY] = state->asked[BM_END_EITHER] = true;
	else if (!arg->value && is_one_of(arg->key, single))
		state->asked[BM_END_EITHER] = true;
}

int bm_end_begin(struct bm_end_state *state, const char *cmdline)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	*state = (struct bm_end_state){0};
	if (!cmdline)
		return 0;
	if (bm_cmdline_parse(cmdline, strlen(cmdline), &line) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < line.n; i++)
		take_argument(state, &line.items[i]);
	return 0;
}

/* --- the lines --- */

/* Whether it was wanted, or is the system's own way down. */
static bool is_wanted(const struct bm_end_state *state, int row, const char *text)
{
	enum bm_end_place place = rows[row].place;

	switch (rows[row].kind) {
	case KIND_HALT:
		return state->left;
	case KIND_PANIC:
		/* Whoever leaves a shell that is the init makes the kernel panic. */
		return state->init_shell && strstr(text, "ttempted to kill init");
	case KIND_SHELL:
		/* A maintenance prompt may be that of either place. */
		return state->asked[place] || (place == BM_END_EITHER && state->asked[BM_END_INITRD]);
	default:
		return false;
	}
}

static int set_end(struct bm_console *console, enum bm_end kind, const struct bm_bootlog_line *line, const char *text)
{
	struct bm_console_end end = {.kind = kind, .stage = console->reached, .line = line->number};

	end.text = strlen(text) > TEXT_MAX ? bm_strf("%.*s...", TEXT_MAX, text) : strdup(text);
	if (!end.text)
		return -ENOMEM;
	bm_end_forget(console);
	console->end = end;
	return 0;
}

/* A line behind a crash: does userspace go on? */
static void watch(struct bm_end_state *state, const struct bm_bootlog_line *line, const char *text)
{
	state->lines++;
	state->lives +=
		(line->sender != BM_SENDER_NONE && line->sender != BM_SENDER_KERNEL) || bm_str_starts(text, "[ OK ]");
}

int bm_end_line(struct bm_end_state *state, int row, const struct bm_bootlog_line *line, const char *text,
	struct bm_console *console)
{
	if (row < 0) {
		watch(state, line, text);
		return 0;
	}
	if (rows[row].kind == KIND_ASKED)
		state->asked[rows[row].place] = true;
	if (rows[row].kind == KIND_LEFT)
		state->left = true;
	if (rows[row].kind > KIND_PANIC || is_wanted(state, row, text))
		return 0;
	/* What a running system gets over, or dies of without a panic, is no matter of its boot. */
	if (rows[row].kind == KIND_CRASH && console->reached >= BM_STAGE_UP)
		return 0;
	if (rows[row].kind == KIND_CRASH)
		state->lives = state->lines = 0;
	/* The first line of the gravest kind. */
	if (rows[row].kind <= (enum kind)console->end.kind)
		return 0;
	return set_end(console, (enum bm_end)rows[row].kind, line, text);
}

void bm_end_stage(struct bm_console *console, enum bm_stage stage)
{
	if (stage >= BM_STAGE_UP || (console->end.kind == BM_END_PROMPT && stage >= BM_STAGE_KERNEL) ||
		(console->end.kind == BM_END_CRASH && stage > console->end.stage))
		bm_end_forget(console);
}

void bm_end_finish(const struct bm_end_state *state, struct bm_console *console)
{
	if (console->end.kind == BM_END_CRASH && (state->lives >= LIVES_MAX || state->lines > CRASH_LINES))
		bm_end_forget(console);
}

void bm_end_forget(struct bm_console *console)
{
	free(console->end.text);
	console->end = (struct bm_console_end){0};
}

const char *bm_end_text(enum bm_end end)
{
	static const char *const texts[] = {"none", "crash", "prompt", "shell", "halt", "panic"};

	return texts[end];
}
