/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grub.cfg that means harm, and the limits.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "fmt/boot/grubcfg.h"

static struct bm_grubcfg parse(const char *text)
{
	struct bm_grubcfg cfg;

	BM_CHECK_INT(bm_grubcfg_parse(text, strlen(text), NULL, &cfg), 0);
	return cfg;
}

static double run_for(const char *text, size_t len)
{
	struct timespec start, end;
	struct bm_grubcfg cfg;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	BM_CHECK_INT(bm_grubcfg_parse(text, len, NULL, &cfg), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	bm_grubcfg_done(&cfg);
	return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Hostile scripts end soon: each has at most some seconds of the processor here, under sanitizers on a slow machine. */
BM_TEST(grubcfg_hostile_scripts_end)
{
	static const char *const scripts[] = {"while true; do while true; do while true; do x=1; done; done; done",
		"function f { f; f; }\nf", "function f { eval f; eval f; }\nf",
		"a=xxxxxxxxxxxxxxxx; while true; do a=$a$a; done",
		"for i in 1 2 3 4 5 6 7 8; do for j in 1 2 3 4 5 6 7 8; do eval \"v$i$j=$v$i$j\"; done; done",
		"a='x x x x x x x x'; a=\"$a $a $a $a\"; a=\"$a $a $a $a\"; for i in $a $a $a; do for j in $a; do "
		"y=$j; done; done",
		"submenu a { submenu b { submenu c { while true; do menuentry x { while true; do true; done; }; done; "
		"}; }; }",
		"while true; do menuentry x { true; }; done; while true; do export a b c d e f g h; done"};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
		BM_CHECK(run_for(scripts[i], strlen(scripts[i])) < 24);
}

BM_TEST(grubcfg_garbage_ends)
{
	static const char *const pieces[] = {"\"", "'", "{", "}", "a ", "$a", "if x; then ", "\\", "x;",
		"menuentry x {", "#", "${", "[ ( ! ", "a=b\n", "submenu s { ", "elif ", "&& ", "\n"};
	enum { SIZE = 2 * 1024 * 1024 };
	char *text = malloc(SIZE);
	uint32_t seed = 1;

	BM_CHECK(text != NULL);
	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = (char)(seed >> 24);
	}
	BM_CHECK(run_for(text, SIZE) < 24);
	for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
		size_t n = strlen(pieces[p]);

		for (size_t i = 0; i < SIZE; i++)
			text[i] = pieces[p][i % n];
		BM_CHECK(run_for(text, SIZE) < 24);
	}
	for (size_t i = 0; i < SIZE;) {
		const char *piece;

		seed = seed * 1664525 + 1013904223;
		piece = pieces[(seed >> 16) % (sizeof(pieces) / sizeof(*pieces))];
		while (*piece && i < SIZE)
			text[i++] = *piece++;
	}
	BM_CHECK(run_for(text, SIZE) < 24);
	free(text);
}

BM_TEST(grubcfg_limits_are_told)
{
	struct bm_buf text = {0};
	struct bm_grubcfg cfg;

	for (int i = 0; i < BM_GRUBCFG_ENTRIES_MAX + 10; i++)
		bm_buf_addf(&text, "menuentry e%d { linux /k%d; }\n", i, i);
	cfg = parse(bm_buf_text(&text));
	BM_CHECK_INT(cfg.entries.n, BM_GRUBCFG_ENTRIES_MAX);
	BM_CHECK_INT(cfg.warnings[0].kind, BM_GRUBCFG_LIMIT);
	BM_CHECK_STR(cfg.entries.items[BM_GRUBCFG_ENTRIES_MAX - 1].kernel, "/k4095");
	bm_grubcfg_done(&cfg);
	bm_buf_done(&text);
	for (int i = 0; i < BM_GRUBCFG_VARIABLES_MAX + 10; i++)
		bm_buf_addf(&text, "v%d=1\n", i);
	cfg = parse(bm_buf_text(&text));
	BM_CHECK_INT(cfg.n_variables, BM_GRUBCFG_VARIABLES_MAX);
	BM_CHECK_INT(cfg.warnings[0].kind, BM_GRUBCFG_LIMIT);
	bm_grubcfg_done(&cfg);
	bm_buf_done(&text);
	for (int i = 0; i < 100; i++)
		bm_buf_adds(&text, "submenu s {\n");
	for (int i = 0; i < 100; i++)
		bm_buf_adds(&text, "}\n");
	bm_buf_adds(&text, "menuentry after { linux /k; }\n");
	cfg = parse(bm_buf_text(&text));
	BM_CHECK_STR(cfg.warnings[0].text, "too many blocks inside each other");
	bm_grubcfg_done(&cfg);
	bm_buf_done(&text);
}
