/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growable byte buffer. The bytes are always followed by a NUL that does not count, so a text can be used as a
 * C string. Embedded: initialise with `= {0}`, release with bm_buf_done().
 */
#ifndef BM_BASE_BUF_H
#define BM_BASE_BUF_H

#include <stdarg.h>

#include "util.h"

struct bm_buf {
	char *data;	 /* NULL while nothing was ever added */
	size_t len;	 /* bytes in use, without the NUL */
	size_t capacity; /* bytes allocated */
	bool failed;	 /* an allocation failed: what was added since is lost */
};

/* Frees the bytes and makes the buffer empty and usable again. */
void bm_buf_done(struct bm_buf *buf);
#define _cleanup_buf_ BM_CLEANUP(bm_buf_done)

/* Makes room for extra more bytes. Returns 0, -ENOMEM. */
int bm_buf_reserve(struct bm_buf *buf, size_t extra);

/* Each appends; 0, or -ENOMEM (and sets buf->failed, so that a run of calls may be checked once at the end). */
int bm_buf_add(struct bm_buf *buf, const void *bytes, size_t len);
int bm_buf_adds(struct bm_buf *buf, const char *text);
int bm_buf_addc(struct bm_buf *buf, char c);
int bm_buf_addf(struct bm_buf *buf, const char *format, ...) BM_PRINTF(2, 3);
int bm_buf_addv(struct bm_buf *buf, const char *format, va_list args) BM_PRINTF(2, 0);

/* The text so far, "" when empty; owned by the buffer. */
const char *bm_buf_text(const struct bm_buf *buf);

/* Hands the text over to the caller (free()); the buffer is empty afterwards. NULL when an allocation failed. */
char *bm_buf_steal(struct bm_buf *buf);

#endif
