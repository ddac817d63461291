/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which BLS entry comes first, and which one boots. GRUB's blscfg compares file names:
 *
 *	9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-503.11.1.el9_5.x86_64
 *	'------------ name ------------' 'ver-' '------- release ----'	cut at the last two dashes
 *
 * each part as RPM compares versions, the greatest first. systemd-boot has another order: bls_systemd.c.
 */
#include "bls.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { PATTERN_MAX = 1024 }; /* bytes of a glob; a longer one matches nothing */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A view of a text that need not end with NUL. */
struct span {
	const char *at, *end;
};

static char peek(const struct span *s)
{
	return s->at < s->end ? *s->at : '\0';
}

static void skip_separators(struct span *s)
{
	while (s->at < s->end && !is_digit(*s->at) && !is_alpha(*s->at) && *s->at != '~' && *s->at != '+')
		s->at++;
}

static struct span take_run(struct span *s, bool (*belongs)(char))
{
	struct span run = {s->at, s->at};

	while (run.end < s->end && belongs(*run.end))
		run.end++;
	s->at = run.end;
	return run;
}

static int compare_runs(struct span a, struct span b, bool digits)
{
	size_t len_a, len_b;
	int r;

	if (digits) {
		while (a.at < a.end && *a.at == '0')
			a.at++;
		while (b.at < b.end && *b.at == '0')
			b.at++;
	}
	len_a = (size_t)(a.end - a.at);
	len_b = (size_t)(b.end - b.at);
	if (digits && len_a != len_b)
		return len_a < len_b ? -1 : 1;
	r = memcmp(a.at, b.at, BM_MIN(len_a, len_b));
	if (r == 0 && len_a != len_b)
		r = len_a < len_b ? -1 : 1;
	return r < 0 ? -1 : r > 0;
}

static int compare_spans(struct span a, struct span b)
{
	while (a.at < a.end || b.at < b.end) {
		struct span run_a, run_b;
		bool digits;
		int r;

		skip_separators(&a);
		skip_separators(&b);
		if (peek(&a) == '~' || peek(&b) == '~') {
			if (peek(&a) != peek(&b))
				return peek(&a) == '~' ? -1 : 1;
			a.at++;
			b.at++;
			continue;
		}
		if (peek(&a) == '+' || peek(&b) == '+') {
			if (a.at == a.end || b.at == b.end)
				return a.at == a.end ? -1 : 1;
			if (peek(&a) != peek(&b))
				return peek(&a) == '+' ? -1 : 1;
			a.at++;
			b.at++;
			continue;
		}
		if (a.at == a.end || b.at == b.end)
			break;
		digits = is_digit(peek(&a));
		run_a = take_run(&a, digits ? is_digit : is_alpha);
		run_b = take_run(&b, digits ? is_digit : is_alpha);
		if (run_b.at == run_b.end) /* of two kinds: digits are newer than letters */
			return digits ? 1 : -1;
		r = compare_runs(run_a, run_b, digits);
		if (r != 0)
			return r;
	}
	if (a.at == a.end && b.at == b.end)
		return 0;
	return a.at == a.end ? -1 : 1;
}

static struct span span_of(const char *text)
{
	return (struct span){text, text + strlen(text)};
}

int bm_bls_version_cmp(const char *a, const char *b)
{
	return compare_spans(span_of(a), span_of(b));
}

static const char *last_dash(const struct span *s)
{
	for (const char *c = s->end; c > s->at; c--) {
		if (c[-1] == '-')
			return c - 1;
	}
	return NULL;
}

/* One dash gives a name and a version, none a name. */
static void cut(const char *id, struct span ret_parts[3])
{
	struct span name = span_of(id), parts[2] = {{0}};
	size_t n = 0;
	const char *dash;

	while (n < 2 && (dash = last_dash(&name))) {
		parts[n++] = (struct span){dash + 1, name.end};
		name.end = dash;
	}
	ret_parts[0] = name;
	ret_parts[1] = n == 2 ? parts[1] : n == 1 ? parts[0] : span_of("");
	ret_parts[2] = n == 2 ? parts[0] : span_of("");
}

int bm_bls_cmp(const struct bm_bls *a, const struct bm_bls *b)
{
	struct span parts_a[3], parts_b[3];

	cut(a->id, parts_a);
	cut(b->id, parts_b);
	for (size_t i = 0; i < BM_ARRAY_SIZE(parts_a); i++) {
		int r = compare_spans(parts_a[i], parts_b[i]);

		if (r != 0)
			return -r;
	}
	return strcmp(a->id, b->id);
}

static int compare_items(const void *a, const void *b)
{
	return bm_bls_cmp(a, b);
}

void bm_bls_list_sort(struct bm_bls_list *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), compare_items);
}

int bm_loader_conf_parse(const char *text, size_t len, struct bm_loader_conf *ret)
{
	struct bm_loader_conf conf = {0};
	_cleanup_strv_ struct bm_strv lines = {0};
	_cleanup_free_ char *copy = strndup(text, BM_MIN(len, (size_t)BM_BLS_SIZE_MAX));
	int r = copy ? bm_strv_split(&lines, copy, "\r\n") : -ENOMEM;

	for (size_t i = 0; i < lines.n && r == 0; i++) {
		char *key = bm_str_strip(lines.items[i]), *value = key + strcspn(key, " \t");

		if (*key == '#' || !*value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		if (bm_streq(key, "default"))
			r = bm_str_set(&conf.default_pattern, value);
		else if (bm_streq(key, "timeout"))
			r = bm_str_set(&conf.timeout, value);
	}
	if (r < 0)
		bm_loader_conf_done(&conf);
	else
		*ret = conf;
	return r;
}

void bm_loader_conf_done(struct bm_loader_conf *conf)
{
	free(conf->default_pattern);
	free(conf->timeout);
	*conf = (struct bm_loader_conf){0};
}

/* One character of a pattern against c; *pattern is left behind it. A set without an end is a plain bracket. */
static bool match_one(const char **pattern, char c)
{
	const char *p = *pattern, *end;
	bool invert, found = false;

	*pattern = p + 1;
	if (*p == '?')
		return true;
	end = *p == '[' && p[1] && p[2] ? strchr(p + 2, ']') : NULL;
	if (!end)
		return lower(*p) == lower(c);
	invert = p[1] == '!' || p[1] == '^';
	for (p += invert ? 2 : 1; p < end; p++) {
		if (p[1] == '-' && p + 2 < end) {
			found |= lower(p[0]) <= lower(c) && lower(c) <= lower(p[2]);
			p += 2;
		} else {
			found |= lower(*p) == lower(c);
		}
	}
	*pattern = end + 1;
	return found != invert;
}

/* A glob as systemd-boot knows it: * ? [a-z], letters of either case. Only the last star is ever tried again, so the
 * time is bounded by the product of both lengths. */
static bool glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		}
		if (*pattern && match_one(&pattern, *text)) {
			text++;
			continue;
		}
		if (!star)
			return false;
		pattern = star;
		text = ++retry;
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool bm_loader_conf_names(const char *pattern, const struct bm_bls *bls)
{
	_cleanup_free_ char *file = bm_strf("%s.conf", bls->id);

	return strlen(pattern) <= PATTERN_MAX && (glob(pattern, bls->id) || (file && glob(pattern, file)));
}

long bm_loader_conf_default(const struct bm_loader_conf *conf, const struct bm_bls_list *list)
{
	long first = -1, match = -1;

	for (size_t i = 0; i < list->n; i++) {
		if (first < 0 || bm_bls_cmp_systemd(&list->items[i], &list->items[first]) < 0)
			first = (long)i;
		if (!conf->default_pattern || !bm_loader_conf_names(conf->default_pattern, &list->items[i]))
			continue;
		if (match < 0 || bm_bls_cmp_systemd(&list->items[i], &list->items[match]) < 0)
			match = (long)i;
	}
	return match >= 0 ? match : first;
}
