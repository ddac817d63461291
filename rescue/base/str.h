/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings, numbers and paths as text. Nothing here touches a file.
 */
#ifndef BM_BASE_STR_H
#define BM_BASE_STR_H

#include "util.h"

bool bm_streq(const char *a, const char *b);	 /* NULL equals only NULL */
bool bm_strcaseeq(const char *a, const char *b); /* ASCII letters of either case */
bool bm_str_starts(const char *text, const char *prefix);
bool bm_str_ends(const char *text, const char *suffix);
/* The text behind the prefix, or NULL where text does not begin with it. */
const char *bm_str_after(const char *text, const char *prefix);
/* printf into a new string, for free(); NULL when memory is short. */
char *bm_strf(const char *format, ...) BM_PRINTF(1, 2);
/* Replaces *text by a copy of value (NULL: by NULL). Returns 0 or -ENOMEM (then *text is as it was). */
int bm_str_set(char **text, const char *value) BM_MUST_CHECK;
/* Ends the text before trailing white space and returns its first byte that is none. */
char *bm_str_strip(char *text);

/* Strict numbers: all of the text, no sign, no space, no overflow. Returns 0 or -EINVAL, -ERANGE. */
int bm_num_u64(const char *text, uint64_t *ret_value) BM_MUST_CHECK;
int bm_num_base(const char *text, size_t len, unsigned int base, uint64_t *ret_value) BM_MUST_CHECK;

/* Version order as people expect it: runs of digits compare as numbers, the rest as bytes (1.9 < 1.10,
 * 6.1.0-9 < 6.1.0-10). Returns <0, 0, >0. */
int bm_version_cmp(const char *a, const char *b);

/* Joins with exactly one slash and drops a trailing one: ("/boot/", "/vmlinuz") gives /boot/vmlinuz; for free(). */
char *bm_path_join(const char *dir, const char *name);
/* The part behind the last slash; points into path. */
const char *bm_path_base(const char *path);
/* The part before the last slash, "/" for a name in the root, "." for a bare name; for free(). */
char *bm_path_dir(const char *path);
/* Whether path is dir itself or lies below it, by whole components. */
bool bm_path_below(const char *path, const char *dir);

/* Bytes as people write them: 512 B, 4.0 KiB, 61.3 MiB; for free(). */
char *bm_size_text(uint64_t bytes);
/* The length of the UTF-8 sequence at text (not empty; RFC 3629: no overlong forms, no surrogates), 0 where there is
 * none. */
size_t bm_utf8_len(const char *text);
/* A copy in which bytes that a terminal could act on (controls, DEL, invalid UTF-8) are written as \xNN, for free(). */
char *bm_str_safe(const char *text);

#endif
