/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growing a typed array, and an array of strings.
 *
 *	struct thing *things; size_t n_things, cap_things;
 *	struct thing *t = BM_VEC_PUSH(things, n_things, cap_things);	(zeroed; NULL when memory is short)
 */
#ifndef BM_BASE_VEC_H
#define BM_BASE_VEC_H

#include "util.h"

/* Grows *array (of *n elements with room for *capacity, size bytes each) by one zeroed element and counts it.
 * Returns the element, or NULL when memory is short (then nothing changed). */
void *bm_vec_push(void **array, size_t *n, size_t *capacity, size_t size);

#define BM_VEC_PUSH(array, n, capacity)                                                                                \
	((__typeof__(array))bm_vec_push((void **)&(array), &(n), &(capacity), sizeof(*(array))))

/* A list of strings that owns its strings. Initialise with `= {0}`. */
struct bm_strv {
	char **items;
	size_t n;
	size_t capacity;
};

void bm_strv_done(struct bm_strv *list);
#define _cleanup_strv_ BM_CLEANUP(bm_strv_done)

/* Appends a copy of text (of its first len bytes). Returns 0 or -ENOMEM. */
int bm_strv_add(struct bm_strv *list, const char *text) BM_MUST_CHECK;
int bm_strv_addn(struct bm_strv *list, const char *text, size_t len) BM_MUST_CHECK;
int bm_strv_addf(struct bm_strv *list, const char *format, ...) BM_MUST_CHECK BM_PRINTF(2, 3);
/* Appends a copy where the list does not hold the text yet. Returns 0 or -ENOMEM. */
int bm_strv_add_once(struct bm_strv *list, const char *text) BM_MUST_CHECK;
bool bm_strv_has(const struct bm_strv *list, const char *text);
/* Sorts by bytes. */
void bm_strv_sort(struct bm_strv *list);
/* The items with separator between them, for free(); NULL when memory is short. */
char *bm_strv_join(const struct bm_strv *list, const char *separator);
/* The items with the NULL behind them that exec wants, or NULL when memory is short. They stay the list's. */
const char *const *bm_strv_argv(struct bm_strv *list);
/* Splits text at runs of any of the separators' characters and appends the words. Returns 0 or -ENOMEM. */
int bm_strv_split(struct bm_strv *list, const char *text, const char *separators) BM_MUST_CHECK;

#endif
