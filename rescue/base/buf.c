/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void bm_buf_done(struct bm_buf *buf)
{
	free(buf->data);
	*buf = (struct bm_buf){0};
}

int bm_buf_reserve(struct bm_buf *buf, size_t extra)
{
	size_t need, capacity;
	char *data;

	if (extra > SIZE_MAX / 2 - buf->len - 1)
		goto fail;
	need = buf->len + extra + 1;
	if (need <= buf->capacity)
		return 0;
	capacity = BM_MAX(buf->capacity * 2, need);
	capacity = BM_MAX(capacity, (size_t)64);
	data = realloc(buf->data, capacity);
	if (!data)
		goto fail;
	buf->data = data;
	buf->capacity = capacity;
	buf->data[buf->len] = '\0';
	return 0;
fail:
	buf->failed = true;
	return -ENOMEM;
}

int bm_buf_add(struct bm_buf *buf, const void *bytes, size_t len)
{
	int r = bm_buf_reserve(buf, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int bm_buf_adds(struct bm_buf *buf, const char *text)
{
	return bm_buf_add(buf, text, strlen(text));
}

int bm_buf_addc(struct bm_buf *buf, char c)
{
	return bm_buf_add(buf, &c, 1);
}

int bm_buf_addv(struct bm_buf *buf, const char *format, va_list args)
{
	va_list again;
	int len, r;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0) {
		buf->failed = true;
		return -EINVAL;
	}
	r = bm_buf_reserve(buf, (size_t)len);
	if (r < 0)
		return r;
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	buf->len += (size_t)len;
	return 0;
}

int bm_buf_addf(struct bm_buf *buf, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = bm_buf_addv(buf, format, args);
	va_end(args);
	return r;
}

const char *bm_buf_text(const struct bm_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *bm_buf_steal(struct bm_buf *buf)
{
	char *text;

	if (buf->failed || bm_buf_reserve(buf, 0) < 0) {
		bm_buf_done(buf);
		return NULL;
	}
	text = buf->data;
	*buf = (struct bm_buf){0};
	return text;
}
