/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	or  := and ("-o" and)*
 *	and := not (["-a"] not)*
 *	not := "!"* primary
 *	primary := "(" or ")" | A = B | A -eq B | ... | -f FILE | -z TEXT | ... | TEXT
 *
 * Reference: GRUB manual, "test". A text with a known operator behind it is compared, whatever it looks like.
 */
#include "grubcfg_run.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

struct test {
	struct bm_grubcfg_run *run;
	const struct bm_strv *args;
	size_t pos, end;
	unsigned int depth;
};

bool bm_grubcfg_exists(struct bm_grubcfg_run *run, const char *path, enum bm_grubcfg_test test)
{
	const struct bm_grubcfg_input *input = run->input;
	struct bm_entry_place place = {0};
	char *name = NULL;
	int answer = -1;

	if (!bm_grubcfg_locate(run, path, &name, &place))
		return false;
	if (input->exists) {
		struct bm_grubcfg_ref ref = {.path = name, .place = &place};

		answer = input->exists(input->arg, &ref, test);
	}
	/* The environment block was given to us: so it is there. */
	if (answer < 0 && input->env && test != BM_GRUBCFG_DIRECTORY)
		answer = bm_streq(bm_path_base(name), "grubenv");
	free(name);
	bm_entry_place_done(&place);
	return answer > 0;
}

/* As GRUB's strtol: what does not begin with a number is 0. *ret_rest is what stands before it (for -pgt and -plt). */
static int64_t number_of(const char *text, bool prefixed, size_t *ret_prefix)
{
	size_t prefix = prefixed ? strcspn(text, "0123456789") : strspn(text, " \t"), digits;
	bool minus = !prefixed && text[prefix] == '-';
	uint64_t value = 0;

	*ret_prefix = prefix;
	text += prefix + (minus ? 1 : 0);
	digits = strspn(text, "0123456789");
	if (digits == 0 || bm_num_base(text, digits, 10, &value) < 0 || value > INT64_MAX)
		return 0;
	return minus ? -(int64_t)value : (int64_t)value;
}

/* Whether op compares two texts; then the answer. */
static bool compare(const char *a, const char *op, const char *b, bool *ret_answer)
{
	static const char *const numeric[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-plt", "-pgt"};
	int order = strcmp(a, b);
	size_t prefix_a, prefix_b;
	int64_t x, y;

	if (bm_streq(op, "=") || bm_streq(op, "=="))
		*ret_answer = order == 0;
	else if (bm_streq(op, "!="))
		*ret_answer = order != 0;
	else if (bm_streq(op, "<"))
		*ret_answer = order < 0;
	else if (bm_streq(op, "<="))
		*ret_answer = order <= 0;
	else if (bm_streq(op, ">"))
		*ret_answer = order > 0;
	else if (bm_streq(op, ">="))
		*ret_answer = order >= 0;
	else if (bm_streq(op, "-nt") || bm_streq(op, "-ot")) /* times of files are not known here */
		*ret_answer = false;
	else
		goto number;
	return true;
number:
	for (size_t i = 0; i < BM_ARRAY_SIZE(numeric); i++) {
		bool prefixed = i >= 6, same;

		if (!bm_streq(op, numeric[i]))
			continue;
		x = number_of(a, prefixed, &prefix_a);
		y = number_of(b, prefixed, &prefix_b);
		same = !prefixed || (prefix_a == prefix_b && memcmp(a, b, prefix_a) == 0);
		switch (i) {
		case 0:
			*ret_answer = x == y;
			break;
		case 1:
			*ret_answer = x != y;
			break;
		case 3:
			*ret_answer = x <= y;
			break;
		case 5:
			*ret_answer = x >= y;
			break;
		default:
			*ret_answer = same && (i == 2 || i == 6 ? x < y : x > y);
			break;
		}
		return true;
	}
	return false;
}

static const char *arg(const struct test *t, size_t offset)
{
	return t->pos + offset < t->end ? t->args->items[t->pos + offset] : NULL;
}

static bool test_or(struct test *t);

static bool test_primary(struct test *t)
{
	static const struct {
		const char *op;
		enum bm_grubcfg_test test;
	} files[] = {{"-e", BM_GRUBCFG_EXISTS}, {"-f", BM_GRUBCFG_REGULAR}, {"-d", BM_GRUBCFG_DIRECTORY},
		{"-s", BM_GRUBCFG_NOT_EMPTY}};
	const char *first = arg(t, 0), *second = arg(t, 1), *third = arg(t, 2);
	bool answer = false;

	if (!first)
		return false;
	if (second && third && compare(first, second, third, &answer)) {
		t->pos += 3;
		return answer;
	}
	if (bm_streq(first, "(") && t->depth < BM_GRUBCFG_DEPTH_MAX) {
		t->pos++;
		t->depth++;
		answer = test_or(t);
		t->depth--;
		if (bm_streq(arg(t, 0), ")"))
			t->pos++;
		return answer;
	}
	for (size_t i = 0; second && i < BM_ARRAY_SIZE(files); i++) {
		if (bm_streq(first, files[i].op)) {
			t->pos += 2;
			return bm_grubcfg_exists(t->run, second, files[i].test);
		}
	}
	if (second && (bm_streq(first, "-n") || bm_streq(first, "-z"))) {
		t->pos += 2;
		return (*second != '\0') == (first[1] == 'n');
	}
	t->pos++;
	return *first != '\0';
}

static bool test_not(struct test *t)
{
	bool invert = false, answer;

	/* `! = x` compares */
	while (bm_streq(arg(t, 0), "!") && arg(t, 1) && !(arg(t, 2) && compare("", arg(t, 1), "", &answer))) {
		invert = !invert;
		t->pos++;
	}
	return test_primary(t) != invert;
}

static bool test_and(struct test *t)
{
	bool answer = test_not(t);

	while (arg(t, 0) && !bm_streq(arg(t, 0), "-o") && !bm_streq(arg(t, 0), ")")) {
		if (bm_streq(arg(t, 0), "-a"))
			t->pos++;
		if (!arg(t, 0))
			break;
		answer = test_not(t) && answer;
	}
	return answer;
}

static bool test_or(struct test *t)
{
	bool answer = test_and(t);

	while (bm_streq(arg(t, 0), "-o")) {
		t->pos++;
		answer = test_and(t) || answer;
	}
	return answer;
}

int bm_grubcfg_test(struct bm_grubcfg_run *run, const struct bm_strv *args, size_t first, size_t end)
{
	struct test t = {.run = run, .args = args, .pos = first, .end = end};

	return test_or(&t) ? 0 : 1;
}
