/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdarg.h>
#include <string.h>

#include "../base/str.h"

static const char *const tone_codes[] = {
	[BM_TONE_PLAIN] = "",
	[BM_TONE_STRONG] = "\033[1m",
	[BM_TONE_GOOD] = "\033[32m",
	[BM_TONE_WARN] = "\033[33m",
	[BM_TONE_BAD] = "\033[1;31m",
};

void bm_text_init(struct bm_text *text, struct bm_buf *out, bool color, unsigned int columns)
{
	*text = (struct bm_text){.out = out, .color = color, .columns = columns ? columns : BM_TEXT_COLUMNS};
	text->columns = BM_MAX(text->columns, (unsigned int)BM_TEXT_COLUMNS_MIN);
}

/* Bytes and columns of the character at p, which is valid UTF-8 or a lone byte. Hangul, CJK and what lies above take
 * two columns on most terminals: better to count too many than to break a table. */
static size_t character(const char *p, unsigned int *ret_columns)
{
	const unsigned char first = (unsigned char)*p;
	size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	size_t have = strnlen(p, len);

	*ret_columns = first > 0xe1 || (first == 0xe1 && (unsigned char)p[1] >= 0x84) ? 2 : 1;
	return have;
}

unsigned int bm_text_width(const char *string)
{
	unsigned int width = 0;

	while (*string) {
		unsigned int columns;

		string += character(string, &columns);
		width += columns;
	}
	return width;
}

void bm_text_to(struct bm_text *text, unsigned int column)
{
	text->wanted = text->column == 0 || text->column < column ? column : text->column + 1;
}

/* Blanks up to the wanted column. */
static void pad(struct bm_text *text)
{
	while (text->column < text->wanted) {
		bm_buf_addc(text->out, ' ');
		text->column++;
	}
}

static void emit(struct bm_text *text, enum bm_tone tone, const char *bytes, size_t len, unsigned int width)
{
	bool colored = text->color && tone != BM_TONE_PLAIN;

	pad(text);
	if (colored)
		bm_buf_adds(text->out, tone_codes[tone]);
	bm_buf_add(text->out, bytes, len);
	if (colored)
		bm_buf_adds(text->out, "\033[0m");
	text->column += width;
	text->wanted = text->column;
}

/* How many bytes of the string fit into room columns. */
static size_t fitting(const char *string, unsigned int room, unsigned int *ret_width)
{
	const char *p = string;
	unsigned int width = 0;

	while (*p) {
		unsigned int columns;
		size_t len = character(p, &columns);

		if (width + columns > room)
			break;
		width += columns;
		p += len;
	}
	*ret_width = width;
	return (size_t)(p - string);
}

void bm_text_put(struct bm_text *text, enum bm_tone tone, const char *string)
{
	_cleanup_free_ char *safe = string ? bm_str_safe(string) : NULL;
	unsigned int at = BM_MAX(text->column, text->wanted), room, width;
	size_t len;

	if (!safe) {
		if (string)
			text->out->failed = true;
		return;
	}
	if (at >= text->columns || !*safe)
		return;
	room = text->columns - at;
	len = fitting(safe, room, &width);
	if (safe[len] == '\0') {
		emit(text, tone, safe, len, width);
		return;
	}
	if (room < 3)
		return;
	len = fitting(safe, room - 2, &width);
	safe[len] = '\0';
	emit(text, tone, safe, len, width);
	emit(text, BM_TONE_PLAIN, "..", 2, 2);
}

void bm_text_putf(struct bm_text *text, enum bm_tone tone, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf buf = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&buf, format, args);
	va_end(args);
	if (buf.failed)
		text->out->failed = true;
	bm_text_put(text, tone, bm_buf_text(&buf));
}

void bm_text_right(struct bm_text *text, unsigned int end, enum bm_tone tone, const char *string)
{
	unsigned int width = bm_text_width(string), at = BM_MAX(text->column, text->wanted);

	if (at + width < end)
		text->wanted = end - width;
	else if (at > 0)
		text->wanted = at + 1;
	bm_text_put(text, tone, string);
}

/* The end of the longest run of whole words at p that takes at most room columns, at least one word. */
static const char *line_end(const char *p, unsigned int room, unsigned int *ret_width)
{
	const char *end = p, *at = p;
	unsigned int width = 0;

	*ret_width = 0;
	while (*at) {
		const char *word_end = at + strcspn(at, " ");
		unsigned int word = 0;

		for (const char *c = at; c < word_end;) {
			unsigned int columns;

			c += character(c, &columns);
			word += columns;
		}
		if (end != p && width + word > room)
			break;
		end = word_end;
		*ret_width = width + word;
		at = word_end + strspn(word_end, " ");
		width += word + (unsigned int)(at - word_end);
	}
	return end;
}

void bm_text_wrap(struct bm_text *text, unsigned int indent, enum bm_tone tone, const char *string)
{
	_cleanup_free_ char *safe = bm_str_safe(string);
	const char *p = safe;

	if (!safe) {
		text->out->failed = true;
		return;
	}
	for (p += strspn(p, " "); *p;) {
		unsigned int at = BM_MAX(text->column, text->wanted), width;
		const char *end = line_end(p, at < text->columns ? text->columns - at : 0, &width);

		emit(text, tone, p, (size_t)(end - p), width);
		p = end + strspn(end, " ");
		if (*p) {
			bm_text_end(text);
			bm_text_to(text, indent);
		}
	}
	bm_text_end(text);
}

void bm_text_end(struct bm_text *text)
{
	bm_buf_addc(text->out, '\n');
	text->column = text->wanted = 0;
	text->lines++;
}
