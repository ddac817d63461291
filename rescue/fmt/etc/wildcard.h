/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns of module aliases: fnmatch(3) without flags and without recursion, in a bounded number of steps.
 */
#ifndef BM_FMT_WILDCARD_H
#define BM_FMT_WILDCARD_H

#include "base/util.h"

/* Makes '-' of an alias or a pattern '_' outside brackets, in place, as kmod does before it compares. */
void bm_wildcard_normalise(char *text);
/*
 * Whether the pattern matches all of text: '*' any bytes, '?' any byte, [a-z] [!a-z] [^a-z] one of a set, '\' takes
 * the next byte as it is; a '[' without its ']' stands for itself. Bytes are compared as they are.
 * *steps is lowered by the work done. Returns 1, 0, or -E2BIG when it is used up.
 */
int bm_wildcard_match(const char *pattern, const char *text, size_t *steps) BM_MUST_CHECK;

#endif
