/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell assignments without the shell (POSIX shell, 2.2 Quoting; os-release(5); dracut.conf(5)):
 *
 *	# comment
 *	export KEY="two words"'$literal'\ and\ more	# comment
 *	add_drivers+=" ext4 "				(appends; dracut.conf)
 *	A=1 B=2; C=3					(several on a line)
 *	LIST="first \					(a backslash joins lines; quotes go over line ends)
 *	second"
 *	NAME=`command`  NAME=$(command)  NAME=$OTHER	(kept as written, the pair says that it expands)
 *	PRETTY_NAME=Some Linux 3			(no shell's, but seen: taken to the end of the line)
 */
#include "keyval.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

/* What a value may end with. */
enum stop {
	STOP_OK,
	STOP_UNCLOSED, /* a quote, backtick or parenthesis has no partner */
	STOP_LONG,
};

struct reader {
	const char *p, *end;
	unsigned int line;
	struct bm_keyval *keyval;
};

void bm_keyval_done(struct bm_keyval *keyval)
{
	for (size_t i = 0; i < keyval->n; i++) {
		free(keyval->pairs[i].key);
		free(keyval->pairs[i].value);
	}
	free(keyval->pairs);
	bm_strv_done(&keyval->problems);
	*keyval = (struct bm_keyval){0};
}

static int BM_PRINTF(2, 3) add_problem(struct reader *reader, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf text = {0};
	va_list args;

	if (reader->keyval->problems.n >= BM_KEYVAL_PROBLEMS_MAX)
		return 0;
	bm_buf_addf(&text, "line %u: ", reader->line);
	va_start(args, format);
	bm_buf_addv(&text, format, args);
	va_end(args);
	return text.failed ? -ENOMEM : bm_strv_add(&reader->keyval->problems, bm_buf_text(&text));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of the key at p where "KEY=" or "KEY+=" stands there, else 0. */
static size_t key_len(const char *p, const char *end)
{
	size_t len = 0;

	while (p + len < end && is_key_char(p[len]))
		len++;
	if (len == 0 || (*p >= '0' && *p <= '9'))
		return 0;
	if (p + len < end && p[len] == '=')
		return len;
	if (end - p - (ptrdiff_t)len >= 2 && p[len] == '+' && p[len + 1] == '=')
		return len;
	return 0;
}

static void skip_line(struct reader *reader)
{
	const char *feed = memchr(reader->p, '\n', (size_t)(reader->end - reader->p));

	reader->p = feed ? feed : reader->end;
}

/*
 * The partner of the quote at p within the limit; NULL where there is none. A partner that stands right behind '='
 * on a later line is the next assignment's: then this one was never closed.
 */
static const char *closing_quote(const char *p, const char *end)
{
	char quote = *p;
	const char *limit = end - p > BM_KEYVAL_VALUE_MAX ? p + BM_KEYVAL_VALUE_MAX : end;
	bool feed = false;

	for (const char *q = p + 1; q < limit; q++) {
		if (*q == '\0')
			return NULL;
		if (*q == '\\' && quote != '\'' && q + 1 < limit)
			q++;
		else if (*q == quote)
			return feed && q[-1] == '=' ? NULL : q;
		feed |= *q == '\n';
	}
	return NULL;
}

/* The partner of the parenthesis behind the '$' at p on the same line; NULL where there is none. */
static const char *closing_paren(const char *p, const char *end)
{
	unsigned int depth = 0;

	for (const char *q = p + 1; q < end && *q != '\n' && *q != '\0'; q++) {
		if (*q == '(')
			depth++;
		else if (*q == ')' && --depth == 0)
			return q;
	}
	return NULL;
}

/* Adds what stands between the double quotes p and close. */
static void add_double_quoted(struct bm_buf *value, const char *p, const char *close, bool *expands)
{
	for (p++; p < close; p++) {
		if (*p == '\\' && p + 1 < close && p[1] == '\n') {
			p++;
			continue;
		}
		if (*p == '\\' && p + 1 < close && strchr("\"\\$`", p[1]))
			p++;
		else if (*p == '$' || *p == '`')
			*expands = true;
		bm_buf_addc(value, *p);
	}
}

static unsigned int count_feeds(const char *p, const char *end)
{
	unsigned int n = 0;

	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

/* Reads one quoted or substituted part at reader->p into value; the reader stands behind it then. */
static enum stop read_part(struct reader *reader, struct bm_buf *value, bool *expands)
{
	const char *p = reader->p, *close;

	close = *p == '$' ? closing_paren(p, reader->end) : closing_quote(p, reader->end);
	if (!close)
		return STOP_UNCLOSED;
	if (*p == '"') {
		add_double_quoted(value, p, close, expands);
	} else if (*p == '\'') {
		bm_buf_add(value, p + 1, (size_t)(close - p) - 1);
	} else {
		bm_buf_add(value, p, (size_t)(close - p) + 1);
		*expands = true;
	}
	reader->line += count_feeds(p, close);
	reader->p = close + 1;
	return STOP_OK;
}

/* Reads one word: the value of an assignment. */
static enum stop read_value(struct reader *reader, struct bm_buf *value, bool *expands)
{
	while (reader->p < reader->end) {
		const char *p = reader->p;
		size_t left = (size_t)(reader->end - p);
		enum stop stop;

		if (is_blank(*p) || *p == '\n' || *p == '\0' || *p == ';')
			break;
		if (value->len > BM_KEYVAL_VALUE_MAX)
			return STOP_LONG;
		if (*p == '"' || *p == '\'' || *p == '`' || (*p == '$' && left > 1 && p[1] == '(')) {
			stop = read_part(reader, value, expands);
			if (stop != STOP_OK)
				return stop;
		} else if (*p == '\\' && left > 1 && p[1] != '\0') {
			if (p[1] == '\n')
				reader->line++;
			else
				bm_buf_addc(value, p[1]);
			reader->p += 2;
		} else {
			*expands |= *p == '$';
			bm_buf_addc(value, *p);
			reader->p++;
		}
	}
	return value->len > BM_KEYVAL_VALUE_MAX ? STOP_LONG : STOP_OK;
}

/* Takes an unclosed value as it stands, to the end of its first line and without the quote. */
static int take_rest_of_line(struct reader *reader, const char *start, struct bm_buf *value)
{
	_cleanup_free_ char *copy = NULL;
	const char *line_start = start;

	skip_line(reader);
	if (reader->p - line_start > BM_KEYVAL_VALUE_MAX)
		return 0;
	if (line_start < reader->p && (*line_start == '"' || *line_start == '\''))
		line_start++;
	copy = strndup(line_start, (size_t)(reader->p - line_start));
	if (!copy)
		return -ENOMEM;
	value->len = 0;
	bm_buf_adds(value, bm_str_strip(copy));
	return value->failed ? -ENOMEM : 0;
}

/* Adds the pair key = value, behind what the key holds already where append is set. */
static int add_pair(
	struct reader *reader, unsigned int line, const char *key, struct bm_buf *value, bool append, bool expands)
{
	const struct bm_keyval_pair *before = append ? bm_keyval_find(reader->keyval, key) : NULL;
	_cleanup_buf_ struct bm_buf whole = {0};
	struct bm_keyval_pair *pair;

	if (before) {
		if (strlen(before->value) + value->len > BM_KEYVAL_VALUE_MAX)
			return add_problem(reader, "the value of %s is too long", key);
		expands |= before->expands;
		bm_buf_adds(&whole, before->value);
	}
	bm_buf_adds(&whole, bm_buf_text(value));
	pair = BM_VEC_PUSH(reader->keyval->pairs, reader->keyval->n, reader->keyval->capacity);
	if (!pair)
		return -ENOMEM;
	pair->line = line;
	pair->key = strdup(key);
	pair->value = bm_buf_steal(&whole);
	pair->expands = expands;
	return pair->key && pair->value ? 0 : -ENOMEM;
}

/* Whether the line goes on, behind a value, with what a shell accepts there. */
static bool ends_well(const struct reader *reader)
{
	const char *p = reader->p;

	while (p < reader->end && is_blank(*p))
		p++;
	return p == reader->end || *p == '\n' || *p == '#' || *p == ';' || key_len(p, reader->end) > 0;
}

static int read_assignment(struct reader *reader, size_t len)
{
	_cleanup_free_ char *key = strndup(reader->p, len);
	_cleanup_buf_ struct bm_buf value = {0};
	unsigned int line = reader->line;
	const char *start;
	bool append = reader->p[len] == '+', expands = false;
	enum stop stop;
	int r = 0;

	if (!key)
		return -ENOMEM;
	reader->p += len + 1 + append;
	start = reader->p;
	stop = read_value(reader, &value, &expands);
	if (stop == STOP_LONG) {
		r = add_problem(reader, "the value of %s is too long", key);
		skip_line(reader);
		return r;
	}
	if (stop == STOP_UNCLOSED) {
		reader->line = line;
		reader->p = start;
		r = add_problem(reader, "the value of %s has no closing quote", key);
		if (r == 0)
			r = take_rest_of_line(reader, start, &value);
	} else if (!ends_well(reader)) {
		r = add_problem(reader, "the value of %s has blanks and no quotes", key);
		if (r == 0)
			r = take_rest_of_line(reader, start, &value);
	}
	if (value.failed)
		r = -ENOMEM;
	return r < 0 ? r : add_pair(reader, line, key, &value, append, expands);
}

/* Reads the statement at reader->p: an assignment, or something that is passed over with its line. */
static int read_statement(struct reader *reader)
{
	size_t len;

	if (reader->end - reader->p > 7 && memcmp(reader->p, "export ", 7) == 0) {
		reader->p += 7;
		while (reader->p < reader->end && is_blank(*reader->p))
			reader->p++;
	}
	len = key_len(reader->p, reader->end);
	if (len > BM_KEYVAL_VALUE_MAX) {
		skip_line(reader);
		return add_problem(reader, "the key is too long");
	}
	if (len == 0) {
		skip_line(reader);
		return 0;
	}
	return read_assignment(reader, len);
}

int bm_keyval_parse(const char *text, size_t len, struct bm_keyval *ret_keyval)
{
	struct bm_keyval keyval = {0};
	struct reader reader = {text, text + len, 1, &keyval};
	int r = 0;

	if (len > BM_KEYVAL_SIZE_MAX)
		return -EFBIG;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader.p += 3;
	while (reader.p < reader.end && r == 0) {
		if (*reader.p == '\n') {
			reader.line++;
			reader.p++;
		} else if (is_blank(*reader.p) || *reader.p == ';') {
			reader.p++;
		} else if (*reader.p == '\0') {
			r = add_problem(&reader, "the line holds NUL bytes");
			skip_line(&reader);
		} else if (keyval.n == BM_KEYVAL_PAIRS_MAX) {
			r = add_problem(&reader, "more than %d assignments, the rest is not read", BM_KEYVAL_PAIRS_MAX);
			break;
		} else {
			r = read_statement(&reader);
		}
	}
	if (r < 0) {
		bm_keyval_done(&keyval);
		return r;
	}
	*ret_keyval = keyval;
	return 0;
}

const struct bm_keyval_pair *bm_keyval_find(const struct bm_keyval *keyval, const char *key)
{
	for (size_t i = keyval->n; i > 0; i--)
		if (bm_streq(keyval->pairs[i - 1].key, key))
			return &keyval->pairs[i - 1];
	return NULL;
}

const char *bm_keyval_get(const struct bm_keyval *keyval, const char *key)
{
	const struct bm_keyval_pair *pair = bm_keyval_find(keyval, key);

	return pair ? pair->value : NULL;
}

int bm_machine_id_parse(const char *text, size_t len, char ret_id[BM_MACHINE_ID_TEXT])
{
	enum { DIGITS = BM_MACHINE_ID_TEXT - 1 };

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	if (len == 0)
		return -ENODATA;
	if (len == strlen("uninitialized") && memcmp(text, "uninitialized", len) == 0)
		return -ENOENT;
	if (len != DIGITS)
		return -EINVAL;
	for (size_t i = 0; i < DIGITS; i++)
		if (!isxdigit((unsigned char)text[i]))
			return -EINVAL;
	for (size_t i = 0; i < DIGITS; i++)
		ret_id[i] = (char)tolower((unsigned char)text[i]);
	ret_id[DIGITS] = '\0';
	return 0;
}
