/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arguments of the kernel inside a line, whatever else stands in it: `linux /vmlinuz root=X ro`, `options root=X ro`,
 * `GRUB_CMDLINE_LINUX="root=X ro"`, `set kernelopts='root=X ro'`. Blanks and quotes part words.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

static bool parts(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '"' || c == '\'';
}

struct wanted {
	const char *key;   /* with value: KEY=VALUE, or KEY= and anything; NULL: the word */
	const char *value; /* or NULL */
	const char *word;
};

/* The length of the wanted word at this place, 0 where another stands there. */
static size_t matches(const struct wanted *wanted, const char *at)
{
	const char *rest = bm_str_after(at, wanted->key ? wanted->key : wanted->word);
	char quote = '\0';

	if (rest && wanted->key) {
		rest = *rest == '=' ? rest + 1 : NULL;
		if (rest && wanted->value && (*rest == '"' || *rest == '\'') && !parts(rest[1]))
			quote = *rest++;
		if (rest && wanted->value)
			rest = bm_str_after(rest, wanted->value);
		else if (rest)
			rest += strcspn(rest, " \t\"'");
		if (rest && quote)
			rest = *rest == quote ? rest + 1 : NULL;
	}
	return rest && parts(*rest) ? (size_t)(rest - at) : 0;
}

static int replace(const char *line, const struct wanted *wanted, const char *by, char **ret_line)
{
	_cleanup_buf_ struct bm_buf out = {0};
	bool found = false;

	for (const char *at = line; *at;) {
		size_t len = at == line || parts(at[-1]) ? matches(wanted, at) : 0;

		if (len == 0) {
			bm_buf_addc(&out, *at++);
			continue;
		}
		found = true;
		at += len;
		if (by) {
			bm_buf_adds(&out, by);
			continue;
		}
		/* Its blank goes, too: that before it, else that behind it. */
		if (out.len > 0 && (out.data[out.len - 1] == ' ' || out.data[out.len - 1] == '\t'))
			out.data[--out.len] = '\0';
		else
			at += strspn(at, " \t");
	}
	if (out.failed)
		return -ENOMEM;
	if (!found) {
		*ret_line = NULL;
		return 0;
	}
	*ret_line = strdup(bm_buf_text(&out));
	return *ret_line ? 0 : -ENOMEM;
}

int bm_words_replace(const char *line, const char *key, const char *value, const char *by, char **ret_line)
{
	const struct wanted wanted = {.key = key, .value = value};

	return replace(line, &wanted, by, ret_line);
}

int bm_words_replace_word(const char *line, const char *word, const char *by, char **ret_line)
{
	const struct wanted wanted = {.word = word};

	return replace(line, &wanted, by, ret_line);
}

void bm_words_put_mapper(struct bm_buf *out, const char *vg, const char *lv)
{
	const char *parts_of[] = {vg, lv};

	for (size_t i = 0; i < BM_ARRAY_SIZE(parts_of); i++) {
		bm_buf_adds(out, i > 0 ? "-" : "");
		for (const char *c = parts_of[i]; *c; c++)
			bm_buf_adds(out, *c == '-' ? "--" : (char[]){*c, '\0'});
	}
}
