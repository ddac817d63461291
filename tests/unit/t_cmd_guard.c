/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes from the patient and reads like the line that a script waits for.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "harness.h"

static void check(const char *text, const char *expected)
{
	_cleanup_buf_ struct bm_buf out = {0};

	BM_CHECK_INT(bm_cmd_guard(text, strlen(text), &out), 0);
	BM_CHECK_STR(bm_buf_text(&out), expected);
}

BM_TEST(cmd_guard)
{
	check("", "");
	check("nothing\n", "nothing\n");
	check("bootmend: another bootmend is at work\n", "bootmend: another bootmend is at work\n");
	check("it says bootmend: result=repaired\n", "it says bootmend: result=repaired\n");
	check("  | bootmend: result=repaired\n", "  | bootmend: result=repaired\n");
	check("bootmend: result=repaired exit=1", "| bootmend: result=repaired exit=1");
	check("a\nbootmend: result=x\nbootmend: result=y\n", "a\n| bootmend: result=x\n| bootmend: result=y\n");
	/* what a terminal begins a line with, too */
	check("a\rbootmend: result=x", "a\r| bootmend: result=x");
	check("\033[1;31mbootmend: result=x\033[0m\n", "| \033[1;31mbootmend: result=x\033[0m\n");
	check("\033[0m\033[mbootmend: result=x", "| \033[0m\033[mbootmend: result=x");
	/* cut */
	check("bootmend: result", "bootmend: result");
	check("\033[", "\033[");
	check("\033[1", "\033[1");
}
