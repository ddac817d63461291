/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"

void *bm_vec_push(void **array, size_t *n, size_t *capacity, size_t size)
{
	char *element;

	if (*n == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 8;
		void *grown;

		if (more > SIZE_MAX / size)
			return NULL;
		grown = realloc(*array, more * size);
		if (!grown)
			return NULL;
		*array = grown;
		*capacity = more;
	}
	element = (char *)*array + *n * size;
	memset(element, 0, size);
	(*n)++;
	return element;
}

void bm_strv_done(struct bm_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct bm_strv){0};
}

static int strv_take(struct bm_strv *list, char *text)
{
	char **slot;

	if (!text)
		return -ENOMEM;
	slot = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!slot) {
		free(text);
		return -ENOMEM;
	}
	*slot = text;
	return 0;
}

int bm_strv_add(struct bm_strv *list, const char *text)
{
	return strv_take(list, strdup(text));
}

int bm_strv_addn(struct bm_strv *list, const char *text, size_t len)
{
	return strv_take(list, strndup(text, len));
}

int bm_strv_addf(struct bm_strv *list, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf buf = {0};
	va_list args;
	int r;

	va_start(args, format);
	r = bm_buf_addv(&buf, format, args);
	va_end(args);
	return r < 0 ? r : strv_take(list, bm_buf_steal(&buf));
}

int bm_strv_add_once(struct bm_strv *list, const char *text)
{
	return bm_strv_has(list, text) ? 0 : bm_strv_add(list, text);
}

bool bm_strv_has(const struct bm_strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void bm_strv_sort(struct bm_strv *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), by_bytes);
}

char *bm_strv_join(const struct bm_strv *list, const char *separator)
{
	_cleanup_buf_ struct bm_buf buf = {0};

	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			bm_buf_adds(&buf, separator);
		bm_buf_adds(&buf, list->items[i]);
	}
	return bm_buf_steal(&buf);
}

const char *const *bm_strv_argv(struct bm_strv *list)
{
	if (!BM_VEC_PUSH(list->items, list->n, list->capacity))
		return NULL;
	list->n--;
	return (const char *const *)list->items;
}

int bm_strv_split(struct bm_strv *list, const char *text, const char *separators)
{
	while (*text) {
		size_t len = strcspn(text, separators);
		int r;

		if (len > 0) {
			r = bm_strv_addn(list, text, len);
			if (r < 0)
				return r;
		}
		text += len;
		text += strspn(text, separators);
	}
	return 0;
}
