/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/str.h"
#include "../os/run/system.h"

enum {
	NO_KEY = -1,
	BEHIND_MS = 150, /* between a key and the Enter that belongs to it, also on a slow serial line */
};

/* A key that was read while looking for an Enter. */
static int pending = NO_KEY;

static int next_key(int wait_ms, int *ret_key)
{
	if (pending != NO_KEY) {
		*ret_key = pending;
		pending = NO_KEY;
		return 0;
	}
	return bm_tty_key(STDIN_FILENO, wait_ms, ret_key);
}

/* Takes the Enter behind a key; anything else is kept for the next question. */
static void swallow_enter(void)
{
	int key;

	if (bm_tty_key(STDIN_FILENO, BEHIND_MS, &key) == 0 && key != '\n')
		pending = key;
}

/* Forgets the Enters that came before the question: they belong to what was asked earlier, and are no answer to what
 * nobody could have read yet. */
static void forget_enters(void)
{
	int key;

	while (bm_tty_is(STDIN_FILENO) && pending == NO_KEY && bm_tty_key(STDIN_FILENO, 0, &key) == 0)
		if (key != '\n')
			pending = key;
}

int bm_ask_key(const char *prompt, int *ret_key)
{
	int key, r;

	forget_enters();
	printf("%s", prompt);
	fflush(stdout);
	r = next_key(-1, &key);
	if (r < 0) {
		printf("\n");
		return r;
	}
	if (key > ' ' && key < 0x7f) {
		printf("%c\n", key);
		fflush(stdout);
		swallow_enter();
		*ret_key = key >= 'A' && key <= 'Z' ? key - 'A' + 'a' : key;
		return 0;
	}
	printf("\n");
	fflush(stdout);
	*ret_key = key == '\n' ? key : 0;
	return 0;
}

int bm_ask_line(const char *prompt, struct bm_buf *ret_line)
{
	_cleanup_buf_ struct bm_buf line = {0};
	int r;

	forget_enters();
	printf("%s", prompt);
	fflush(stdout);
	if (pending > 0 && pending < 0x100)
		bm_buf_addc(&line, (char)pending);
	pending = NO_KEY;
	r = bm_tty_line(STDIN_FILENO, &line);
	if (r < 0) {
		printf("\n");
		return r;
	}
	if (line.failed)
		return -ENOMEM;
	return line.len > 0 ? bm_buf_adds(ret_line, bm_str_strip(line.data)) : 0;
}

bool bm_ask_yes(const char *question)
{
	_cleanup_free_ char *prompt = bm_strf("%s [y/N] ", question);
	_cleanup_buf_ struct bm_buf answer = {0};

	if (!prompt || bm_ask_line(prompt, &answer) < 0)
		return false;
	return bm_strcaseeq(bm_buf_text(&answer), "y") || bm_strcaseeq(bm_buf_text(&answer), "yes");
}
