/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matching with one memory: the last '*' met. When what follows it does not match, it takes one more byte and the
 * rest is tried again; an earlier '*' never needs to be looked at again, because the later one can take all that the
 * earlier would have given it.
 *
 *	pattern  usb:v046Dp*d*dc*	text  usb:v046DpC52Bd1210dc00
 *	                    ^ star, retried from here
 */
#include "wildcard.h"

#include <errno.h>
#include <string.h>

void bm_wildcard_normalise(char *text)
{
	for (char *p = text; *p; p++) {
		if (*p == '-') {
			*p = '_';
		} else if (*p == '[') {
			char *close = strchr(p, ']');

			if (!close)
				continue;
			p = close;
		}
	}
}

/* Matches c against the set at pattern, which points at '['. Returns the set's length, 0 where it has no end. */
static size_t match_set(const char *pattern, unsigned char c, bool *ret_match)
{
	const char *p = pattern + 1;
	bool negate = *p == '!' || *p == '^', match = false;
	const char *first;

	p += negate;
	first = p;
	while (*p && (*p != ']' || p == first)) {
		unsigned char low, high;

		if (*p == '\\' && p[1])
			p++;
		low = high = (unsigned char)*p++;
		if (*p == '-' && p[1] && p[1] != ']') {
			p++;
			if (*p == '\\' && p[1])
				p++;
			high = (unsigned char)*p++;
		}
		match |= low <= c && c <= high;
	}
	if (*p != ']')
		return 0;
	*ret_match = match != negate;
	return (size_t)(p - pattern) + 1;
}

/* Matches the byte c against the pattern's first element. Returns the element's length, 0 for no match. */
static size_t match_one(const char *pattern, unsigned char c, size_t *ret_work)
{
	size_t len;
	bool match = false;

	*ret_work = 1;
	if (*pattern == '?')
		return 1;
	if (*pattern == '[') {
		len = match_set(pattern, c, &match);
		*ret_work = len > 0 ? len : strlen(pattern);
		if (len > 0)
			return match ? len : 0;
	}
	if (*pattern == '\\' && pattern[1])
		return (unsigned char)pattern[1] == c ? 2 : 0;
	return *pattern && (unsigned char)*pattern == c ? 1 : 0;
}

int bm_wildcard_match(const char *pattern, const char *text, size_t *steps)
{
	const char *star = NULL, *retry = NULL;

	for (;;) {
		size_t len = 0, work = 1;

		while (*pattern == '*') {
			star = ++pattern;
			retry = text;
		}
		if (*text == '\0')
			return *pattern == '\0';
		if (star && *pattern == '\0' && pattern == star)
			return 1;
		len = match_one(pattern, (unsigned char)*text, &work);
		if (*steps < work) {
			*steps = 0;
			return -E2BIG;
		}
		*steps -= work;
		if (len > 0) {
			pattern += len;
			text++;
			continue;
		}
		if (!star)
			return 0;
		pattern = star;
		text = ++retry;
	}
}
