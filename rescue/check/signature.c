/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of signatures, and its patterns. A pattern is matched piece by piece, each star taking as little as it can,
 * without going back: a hostile text costs no more than its length times that of the pattern.
 */
#include <string.h>

#include "console.h"

#define HINT	 BM_STRENGTH_HINT
#define END	 BM_STRENGTH_END
#define OPEN	 BM_STRENGTH_OPEN
#define GENERAL	 BM_STRENGTH_GENERAL
#define SPECIFIC BM_STRENGTH_SPECIFIC
/* The candidates' names become numbers; one more than the last is 0. */
#define ID1(a)												BM_FINDING_##a
#define COUNT_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, n, ...) n
#define COUNT(...)											COUNT_(__VA_ARGS__, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define M1(a)												ID1(a)
#define M2(a, ...)											ID1(a), M1(__VA_ARGS__)
#define M3(a, ...)											ID1(a), M2(__VA_ARGS__)
#define M4(a, ...)											ID1(a), M3(__VA_ARGS__)
#define M5(a, ...)											ID1(a), M4(__VA_ARGS__)
#define M6(a, ...)											ID1(a), M5(__VA_ARGS__)
#define M7(a, ...)											ID1(a), M6(__VA_ARGS__)
#define M8(a, ...)											ID1(a), M7(__VA_ARGS__)
#define M9(a, ...)											ID1(a), M8(__VA_ARGS__)
#define M10(a, ...)											ID1(a), M9(__VA_ARGS__)
#define M11(a, ...)											ID1(a), M10(__VA_ARGS__)
#define M12(a, ...)											ID1(a), M11(__VA_ARGS__)
#define M13(a, ...)											ID1(a), M12(__VA_ARGS__)
#define M14(a, ...)											ID1(a), M13(__VA_ARGS__)
#define M15(a, ...)											ID1(a), M14(__VA_ARGS__)
#define M16(a, ...)											ID1(a), M15(__VA_ARGS__)
#define M17(a, ...)											ID1(a), M16(__VA_ARGS__)
#define M18(a, ...)											ID1(a), M17(__VA_ARGS__)
#define JOIN_(a, b)											a##b
#define JOIN(a, b)											JOIN_(a, b)
#define IDS(...)                                                                                                       \
	COUNT(__VA_ARGS__),                                                                                            \
	{                                                                                                              \
		JOIN(M, COUNT(__VA_ARGS__))(__VA_ARGS__)                                                               \
	}
#define IDS_NONE                                                                                                       \
	0,                                                                                                             \
	{                                                                                                              \
		0                                                                                                      \
	}

const struct bm_signature bm_signatures[BM_SIGNATURE_COUNT] = {
#define SIGNATURE(name, text, strength, until, candidates, meaning, patterns)                                          \
	[BM_SIGNATURE_##name] = {text, strength, BM_STAGE_##until, candidates, meaning, patterns},
#include "signature.def"
#undef SIGNATURE
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* How many bytes of the pattern are literal. */
static size_t literal_len(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q != '*' && !(*q == '{' && q + 1 < end && q[1] == '}') && !(*q == '$' && q + 1 == end))
		q++;
	return (size_t)(q - p);
}

static bool fits(const char *literal, size_t len, const char *text)
{
	for (size_t i = 0; i < len; i++)
		if (!text[i] || lower(literal[i]) != lower(text[i]))
			return false;
	return true;
}

static const char *find_literal(const char *literal, size_t len, const char *text)
{
	for (; *text; text++)
		if (fits(literal, len, text))
			return text;
	return len == 0 ? text : NULL;
}

/* The end of the word at text: up to a blank, a quote or a bracket; before the literal that follows it, if any. */
static const char *word_end(const char *text, const char *next, size_t next_len)
{
	const char *p = text;

	while (*p && !strchr(" \"'()", *p)) {
		if (p > text && next_len > 0 && *next != ' ' && fits(next, next_len, p))
			return p;
		p++;
	}
	return p;
}

/* Whether the rest of the pattern fits at text, exactly there. */
static bool match_here(const char *p, const char *end, const char *text, const char **ret_word, size_t *ret_word_len)
{
	while (p < end) {
		size_t len = literal_len(p, end);

		if (len > 0) {
			if (!fits(p, len, text))
				return false;
			p += len;
			text += len;
		} else if (*p == '*') {
			p++;
			len = literal_len(p, end);
			if (len > 0) {
				text = find_literal(p, len, text);
				if (!text)
					return false;
			} else if (p == end) {
				return true;
			}
		} else if (*p == '$') {
			return *text == '\0';
		} else {
			const char *stop;

			p += 2;
			stop = word_end(text, p, literal_len(p, end));
			/* What follows a word as "word*more" begins inside it. */
			if (stop == text && !(p < end && literal_len(p, end) > 0))
				return false;
			if (!*ret_word) {
				*ret_word = text;
				*ret_word_len = (size_t)(stop - text);
			}
			text = stop;
		}
	}
	return true;
}

bool bm_signature_match(const char *pattern, size_t len, const char *text, const char **ret_word, size_t *ret_word_len)
{
	const char *end = pattern + len;
	bool begins = len > 0 && *pattern == '^';
	size_t first;

	pattern += begins;
	first = literal_len(pattern, end);
	for (;;) {
		*ret_word = NULL;
		*ret_word_len = 0;
		if (match_here(pattern, end, text, ret_word, ret_word_len))
			return true;
		if (begins || !*text)
			return false;
		text++;
		if (first > 0) {
			text = find_literal(pattern, first, text);
			if (!text)
				return false;
		}
	}
}
