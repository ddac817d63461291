/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines for a terminal: columns, cutting, wrapping, colour. A writer over a buffer that knows in which column it is.
 * Every text is made safe (bm_str_safe()) before it is measured.
 */
#ifndef BM_REPORT_TEXT_H
#define BM_REPORT_TEXT_H

#include "../base/buf.h"

enum bm_tone {
	BM_TONE_PLAIN,
	BM_TONE_STRONG,
	BM_TONE_GOOD,
	BM_TONE_WARN,
	BM_TONE_BAD,
};

struct bm_text {
	struct bm_buf *out; /* borrowed */
	bool color;
	unsigned int columns; /* of a line, at least 40 */
	unsigned int column;  /* written so far */
	unsigned int wanted;  /* where the next text begins */
	unsigned int lines;   /* ended so far */
};

enum { BM_TEXT_COLUMNS = 80, BM_TEXT_COLUMNS_MIN = 40 };

/* columns 0: 80. */
void bm_text_init(struct bm_text *text, struct bm_buf *out, bool color, unsigned int columns);
/* The next text begins in this column, or one blank behind what is there. */
void bm_text_to(struct bm_text *text, unsigned int column);
/* Writes the text (NULL: nothing), cut with ".." where the line ends. */
void bm_text_put(struct bm_text *text, enum bm_tone tone, const char *string);
void bm_text_putf(struct bm_text *text, enum bm_tone tone, const char *format, ...) BM_PRINTF(3, 4);
/* Writes the text so that it ends before column `end`. */
void bm_text_right(struct bm_text *text, unsigned int end, enum bm_tone tone, const char *string);
/* Writes all of the text from the present column on, breaking between words; later lines begin in column indent.
 * A word that is longer than a line stands alone, uncut: paths are for copying. Ends the line. */
void bm_text_wrap(struct bm_text *text, unsigned int indent, enum bm_tone tone, const char *string);
void bm_text_end(struct bm_text *text);

/* How many columns the text (made safe already) takes. */
unsigned int bm_text_width(const char *string);

#endif
