/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of systemd-boot's menu: entries that may still be tried before those that may not, those with a sort-key
 * before those without; sort-key, machine-id, the newest version; the newest name; the most tries left.
 *
 *	5.14.0-503.11.1.el9_5.x86_64	as numbers, letters, and what parts them
 *
 * From the oldest: 123~rc1, 123, 123-a, 123-1, 123^1, 123.a, 123.1, 123a, 124. Anything else only parts. Reference:
 *UAPI group, "Version Format Specification"; where its text and systemd-boot differ (what ends before a tilde, a
 *caret), what systemd-boot does.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "bls.h"

enum { FILE_NAME_MAX = 256 }; /* bytes of a file name that are compared, its end included */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *skip_others(const char *at)
{
	while (*at && !is_digit(*at) && !is_alpha(*at) && !strchr("~-^.", *at))
		at++;
	return at;
}

static int order_of(bool a_less, bool b_less)
{
	return a_less == b_less ? 0 : a_less ? -1 : 1;
}

/* Steps over the mark where both have it; who alone has it is older. */
static int compare_mark(const char **a, const char **b, char mark)
{
	int r = order_of(**a == mark, **b == mark);

	if (r == 0 && **a == mark) {
		++*a;
		++*b;
	}
	return r;
}

/* A run of digits or letters of each, either of which may be empty. */
static int compare_run(const char **a, const char **b)
{
	bool digits = is_digit(**a) || is_digit(**b);
	bool (*belongs)(char) = digits ? is_digit : is_alpha;
	const char *start_a = *a, *start_b = *b;
	size_t len_a, len_b;
	int r;

	while (belongs(**a))
		++*a;
	while (belongs(**b))
		++*b;
	if (digits && (start_a == *a || start_b == *b))
		return start_a == *a ? -1 : 1;
	while (digits && *start_a == '0')
		start_a++;
	while (digits && *start_b == '0')
		start_b++;
	len_a = (size_t)(*a - start_a);
	len_b = (size_t)(*b - start_b);
	if (digits && len_a != len_b)
		return len_a < len_b ? -1 : 1;
	r = memcmp(start_a, start_b, BM_MIN(len_a, len_b));
	return r != 0 ? (r < 0 ? -1 : 1) : order_of(len_a < len_b, len_b < len_a);
}

int bm_bls_version_cmp_systemd(const char *a, const char *b)
{
	static const char marks[] = {'-', '^', '.'};

	for (;;) {
		int r;

		a = skip_others(a);
		b = skip_others(b);
		r = compare_mark(&a, &b, '~');
		/* Before a tilde the end is newer, before anything else older. */
		if (r == 0 && (!*a || !*b))
			return order_of(!*a, !*b);
		for (size_t i = 0; r == 0 && i < sizeof(marks); i++)
			r = compare_mark(&a, &b, marks[i]);
		if (r == 0)
			r = compare_run(&a, &b);
		if (r != 0)
			return r;
	}
}

/* The file name as systemd-boot keeps it: in small letters, with its end. */
static void name_of(const struct bm_bls *bls, char name[FILE_NAME_MAX])
{
	snprintf(name, FILE_NAME_MAX, "%s%s", bls->id, bm_str_ends(bls->id, ".efi") ? "" : ".conf");
	for (; *name; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
}

static int compare_numbers(long a, long b)
{
	return order_of(a < b, b < a);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

int bm_bls_cmp_systemd(const struct bm_bls *a, const struct bm_bls *b)
{
	char name_a[FILE_NAME_MAX], name_b[FILE_NAME_MAX];
	int r = order_of(a->tries_left != 0, b->tries_left != 0);

	if (r == 0)
		r = order_of(a->sort_key != NULL, b->sort_key != NULL);
	if (r == 0 && a->sort_key) {
		r = strcmp(a->sort_key, b->sort_key);
		if (r == 0)
			r = strcmp(or_empty(a->machine_id), or_empty(b->machine_id));
		if (r == 0)
			r = -bm_bls_version_cmp_systemd(or_empty(a->version), or_empty(b->version));
	}
	if (r == 0) {
		name_of(a, name_a);
		name_of(b, name_b);
		r = -bm_bls_version_cmp_systemd(name_a, name_b);
	}
	if (r == 0 && a->tries_left >= 0 && b->tries_left >= 0)
		r = -compare_numbers(a->tries_left, b->tries_left);
	/* systemd-boot leaves open what follows; here every list has one order. */
	return r ? r : strcmp(a->id, b->id);
}

static int compare_items(const void *a, const void *b)
{
	return bm_bls_cmp_systemd(a, b);
}

void bm_bls_list_sort_systemd(struct bm_bls_list *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), compare_items);
}
