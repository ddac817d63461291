/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields with white space between, "#" at a line's begin is a comment; blanks inside a field are written \040, as in
 * fstab.
 *
 *	luks-data  UUID=8d2e...  none  luks,discard,nofail
 */
#include "crypttab.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

void bm_crypttab_done(struct bm_crypttab *crypttab)
{
	for (size_t i = 0; i < crypttab->n; i++) {
		free(crypttab->lines[i].name);
		free(crypttab->lines[i].source);
		free(crypttab->lines[i].key);
		free(crypttab->lines[i].options);
	}
	free(crypttab->lines);
	*crypttab = (struct bm_crypttab){0};
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Resolves \NNN in place. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		int value = 0;

		if (in[0] == '\\' && is_octal(in[1]) && is_octal(in[2]) && is_octal(in[3]))
			value = (in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0');
		if (value > 0 && value < 256) {
			*out++ = (char)value;
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
}

static int take_line(struct bm_crypttab *crypttab, char *line, unsigned int number)
{
	_cleanup_strv_ struct bm_strv words = {0};
	struct bm_crypttab_line *kept;

	if (bm_strv_split(&words, line, " \t\r") < 0)
		return -ENOMEM;
	if (words.n < 2 || words.items[0][0] == '#' || crypttab->n >= BM_CRYPTTAB_LINES_MAX)
		return 0;
	for (size_t i = 0; i < BM_MIN(words.n, (size_t)3); i++)
		unescape(words.items[i]);
	kept = BM_VEC_PUSH(crypttab->lines, crypttab->n, crypttab->capacity);
	if (!kept)
		return -ENOMEM;
	kept->line = number;
	if (bm_str_set(&kept->name, words.items[0]) < 0 || bm_str_set(&kept->source, words.items[1]) < 0 ||
		bm_str_set(&kept->key, words.n > 2 ? words.items[2] : "none") < 0 ||
		bm_str_set(&kept->options, words.n > 3 ? words.items[3] : "") < 0)
		return -ENOMEM;
	return 0;
}

int bm_crypttab_parse(const char *text, size_t len, struct bm_crypttab *ret_crypttab)
{
	struct bm_crypttab crypttab = {0};
	const char *end = text + len;
	unsigned int number = 0;

	if (len > BM_CRYPTTAB_SIZE_MAX)
		return -EFBIG;
	for (const char *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		_cleanup_free_ char *line = strndup(text, (size_t)((newline ? newline : end) - text));

		next = newline ? newline + 1 : end;
		number++;
		if (!line || take_line(&crypttab, line, number) < 0) {
			bm_crypttab_done(&crypttab);
			return -ENOMEM;
		}
	}
	*ret_crypttab = crypttab;
	return 0;
}

const struct bm_crypttab_line *bm_crypttab_find(const struct bm_crypttab *crypttab, const char *name)
{
	for (size_t i = 0; i < crypttab->n; i++)
		if (bm_streq(crypttab->lines[i].name, name))
			return &crypttab->lines[i];
	return NULL;
}

bool bm_crypttab_option(const struct bm_crypttab_line *line, const char *option)
{
	size_t len = strlen(option);

	for (const char *at = line->options; *at;) {
		size_t n = strcspn(at, ",");

		if (n >= len && strncmp(at, option, len) == 0 && (n == len || at[len] == '='))
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}
