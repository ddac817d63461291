/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/regex.h"
#include "harness.h"

/* 1: matches, 0: does not; negative: no expression */
static int match(const char *pattern, const char *text)
{
	_cleanup_regex_ struct bm_regex *regex = NULL;
	int r = bm_regex_new(pattern, &regex);

	return r < 0 ? r : bm_regex_match(regex, text);
}

BM_TEST(regex_says_what_perl_says)
{
	static const struct {
		const char *pattern, *text;
		int is;
	} rows[] = {
		{"", "", 1},
		{"", "a", 0},
		{"abc", "abc", 1},
		{"abc", "abcd", 0},
		{"abc", "xabc", 0},
		{"a.c", "a\nc", 1},
		{"a\\.c", "abc", 0},
		{"a\\.c", "a.c", 1},
		{"/boot/lost\\+found/.*", "/boot/lost+found/x", 1},
		{"/var/lib(/.*)?", "/var/lib", 1},
		{"/var/lib(/.*)?", "/var/lib/a/b", 1},
		{"/var/lib(/.*)?", "/var/library", 0},
		{"a*", "aaaa", 1},
		{"a*b", "aaac", 0},
		{"(a*)*", "aaa", 1},
		{"(a*)+b", "aab", 1},
		{"(a|b)*c", "ababc", 1},
		{"a|b|cd", "cd", 1},
		{"a|b|cd", "b", 1},
		{"a|b|cd", "ad", 0},
		{"a||b", "", 1},
		{"(a|)b", "b", 1},
		{"a?b", "b", 1},
		{"a??b", "ab", 1},
		{"a+?", "aa", 1},
		{"a{2}", "aa", 1},
		{"a{2}", "a", 0},
		{"a{2}", "aaa", 0},
		{"a{2,}", "aaaa", 1},
		{"a{2,}", "a", 0},
		{"a{1,3}", "aaa", 1},
		{"a{1,3}", "aaaa", 0},
		{"a{0}b", "b", 1},
		{"(ab|c){2}", "cab", 1},
		{"(ab|c){2}", "ab", 0},
		{"(a{2}b?){2,3}", "aabaaaab", 1},
		{"a{x}", "a{x}", 1},
		{"a{,2}", "a{,2}", 1},
		{"[abc]+", "cab", 1},
		{"[^/]*", "a/b", 0},
		{"[^/]+", "a.b", 1},
		{"[]x]+", "]x", 1},
		{"[^]x]", "]", 0},
		{"[a-c-]+", "a-c", 1},
		{"[0-9]+(\\.[0-9]+)*", "10.2.3", 1},
		{"[\\w.-]+", "a_Z9.-", 1},
		{"[^\\d]", "5", 0},
		{"[[:alpha:]_]+", "aZ_", 1},
		{"[[:digit:]]", "a", 0},
		{"\\d\\D\\s\\S\\w\\W", "1a b_-", 1},
		{"\\x2f\\t", "/\t", 1},
		{"^a$", "a", 1},
		{"(^a|b$)", "b", 1},
		{"a^b", "ab", 0},
		{"\\Aa\\z", "a", 1},
		{"(?:ab)+", "abab", 1},
		{"\xc3\xa9", "\xc3\xa9", 1},
		{"/dev/[shmx]d[^/]*", "/dev/sda1", 1},
		{"/usr/(.*/)?lib(/.*)?", "/usr/local/lib/x", 1},
		{"/usr/(.*/)?lib(/.*)?", "/usr/lib", 1},
		{"/vmlinuz.*|/initrd\\.img.*", "/initrd.img-6", 1},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		if (match(rows[i].pattern, rows[i].text) != rows[i].is)
			BM_CHECK_STR(rows[i].pattern, rows[i].text);
	}
}

BM_TEST(regex_refuses_what_it_does_not_know)
{
	static const char *const patterns[] = {"(a", "a)", "[a", "[]", "a\\", "*a", "+", "?", "a**", "a++", "a{2}{3}",
		"(?=a)", "(?<n>a)", "(*UTF)", "(a)\\1", "\\bword", "[b-a]", "[[:nope:]]", "[a-\\d]", "\\Q", "a{3,2}",
		"\\x1"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(patterns); i++)
		if (match(patterns[i], "a") != -EINVAL)
			BM_CHECK_STR(patterns[i], "is refused");
}

/* What takes others' time or memory. */
BM_TEST(regex_has_bounds)
{
	char text[BM_REGEX_TEXT_MAX + 2], deep[BM_REGEX_DEPTH_MAX * 2 + 4];
	size_t n = 0;

	BM_CHECK_INT(match("(((a{255}){255}){255})", "a"), -E2BIG);
	BM_CHECK_INT(match("a{1001}", "a"), -E2BIG);
	BM_CHECK_INT(match("(((){1000}){1000}){1000}", ""), 1);
	memset(text, 'a', sizeof(text));
	text[BM_REGEX_TEXT_MAX] = '\0';
	BM_CHECK_INT(match("(a|a)*(a|aa)*b", text), 0);
	BM_CHECK_INT(match("(a*)*", text), 1);
	text[BM_REGEX_TEXT_MAX] = 'a';
	text[BM_REGEX_TEXT_MAX + 1] = '\0';
	BM_CHECK_INT(match("a*", text), 0);
	for (unsigned int i = 0; i <= BM_REGEX_DEPTH_MAX; i++)
		deep[n++] = '(';
	for (unsigned int i = 0; i <= BM_REGEX_DEPTH_MAX; i++)
		deep[n++] = ')';
	deep[n] = '\0';
	BM_CHECK_INT(match(deep, ""), -E2BIG);
}
