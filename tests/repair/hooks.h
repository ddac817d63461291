/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hooks.c and record.c share.
 */
#ifndef BM_TESTS_HOOKS_H
#define BM_TESTS_HOOKS_H

#include <stdbool.h>

/* Ends the process: a test that is written wrongly must not look like one that passed. */
_Noreturn void bm_hook_wrong(const char *what, const char *text);

/* The next write() puts one byte on the disk that it was not given. */
extern bool bm_hook_flip;

#endif
