/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=UUID=... ro "quiet" dyndbg="file a.c +p" -- 3
 *	'--------- argument ---------'      |            '-- key -' '-- value --'    '-- for init
 *	                             white space separates outside "..."
 *
 * Reference: Linux, Documentation/admin-guide/kernel-parameters.rst; the rules for quotes as next_arg() in
 *lib/cmdline.c applies them: an argument may begin with a quote, a value may; the quote at the end goes only with one
 *of these.
 */
#include "cmdline.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

void bm_cmdline_done(struct bm_cmdline *line)
{
	for (size_t i = 0; i < line->n; i++) {
		free(line->items[i].key);
		free(line->items[i].value);
	}
	free(line->items);
	*line = (struct bm_cmdline){0};
}

/* The kernel's isspace(): ASCII white space, and 0xa0, which it takes for Latin-1's. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (unsigned char)c == 0xa0;
}

static int add(struct bm_cmdline *line, const char *key, size_t key_len, const char *value, size_t value_len, bool init)
{
	struct bm_cmdline_arg arg = {.init = init}, *item;

	arg.key = strndup(key, key_len);
	if (value)
		arg.value = strndup(value, value_len);
	if (!arg.key || (value && !arg.value))
		goto nomem;
	item = BM_VEC_PUSH(line->items, line->n, line->capacity);
	if (!item)
		goto nomem;
	*item = arg;
	return 0;
nomem:
	free(arg.key);
	free(arg.value);
	return -ENOMEM;
}

/* Takes one argument that begins at arg (no white space); returns its length in *ret_len. */
static int parse_arg(struct bm_cmdline *line, const char *arg, size_t len, bool *init, size_t *ret_len)
{
	bool quoted = len > 0 && *arg == '"', in_quote = quoted;
	size_t equals = 0, end, start = quoted ? 1 : 0, i = 0;
	const char *value = NULL;

	arg += start;
	len -= start;
	for (; i < len && (in_quote || !is_space(arg[i])); i++) {
		if (equals == 0 && arg[i] == '=')
			equals = i;
		if (arg[i] == '"')
			in_quote = !in_quote;
	}
	*ret_len = start + i;
	end = i;
	if (equals > 0) {
		value = arg + equals + 1;
		if (value < arg + end && *value == '"') {
			value++;
			if (arg + end > value && arg[end - 1] == '"')
				end--;
		}
	}
	if (quoted && end == i && end > 0 && arg[end - 1] == '"')
		end--;
	if (!*init && equals == 0 && end == 2 && memcmp(arg, "--", 2) == 0) {
		*init = true;
		return 0;
	}
	if (equals == 0)
		return add(line, arg, end, NULL, 0, *init);
	return add(line, arg, equals, value, arg + end > value ? (size_t)(arg + end - value) : 0, *init);
}

int bm_cmdline_parse(const char *text, size_t len, struct bm_cmdline *ret)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	bool init = false;

	len = strnlen(text, len);
	if (len > BM_CMDLINE_SIZE_MAX) {
		len = BM_CMDLINE_SIZE_MAX;
		line.truncated = true;
	}
	for (size_t pos = 0; pos < len;) {
		size_t n;
		int r;

		if (is_space(text[pos])) {
			pos++;
			continue;
		}
		if (line.n >= BM_CMDLINE_ARGS_MAX) {
			line.truncated = true;
			break;
		}
		r = parse_arg(&line, text + pos, len - pos, &init, &n);
		if (r < 0)
			return r;
		pos += n;
	}
	*ret = line;
	line = (struct bm_cmdline){0};
	return 0;
}

static bool key_eq(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	}
	return *a == *b;
}

static const char *value_of(const struct bm_cmdline_arg *arg)
{
	return arg->value ? arg->value : "";
}

const char *bm_cmdline_first(const struct bm_cmdline *line, const char *key)
{
	for (size_t i = 0; i < line->n; i++) {
		if (!line->items[i].init && key_eq(line->items[i].key, key))
			return value_of(&line->items[i]);
	}
	return NULL;
}

const char *bm_cmdline_last(const struct bm_cmdline *line, const char *key)
{
	for (size_t i = line->n; i > 0; i--) {
		if (!line->items[i - 1].init && key_eq(line->items[i - 1].key, key))
			return value_of(&line->items[i - 1]);
	}
	return NULL;
}

bool bm_cmdline_has(const struct bm_cmdline *line, const char *key)
{
	return bm_cmdline_first(line, key) != NULL;
}

int bm_cmdline_all(const struct bm_cmdline *line, const char *key, struct bm_strv *list)
{
	int r = 0;

	for (size_t i = 0; i < line->n && r == 0; i++) {
		if (!line->items[i].init && key_eq(line->items[i].key, key))
			r = bm_strv_add(list, value_of(&line->items[i]));
	}
	return r;
}

bool bm_cmdline_bool(const struct bm_cmdline *line, const char *key, bool fallback)
{
	const char *value = bm_cmdline_last(line, key);

	if (!value)
		return fallback;
	return !bm_streq(value, "0") && !bm_streq(value, "no") && !bm_streq(value, "off");
}

void bm_cmdline_boot(const struct bm_cmdline *line, struct bm_cmdline_boot *ret)
{
	struct bm_cmdline_boot boot = {.root = bm_cmdline_last(line, "root"),
		.rootflags = bm_cmdline_last(line, "rootflags"),
		.rootfstype = bm_cmdline_last(line, "rootfstype"),
		.resume = bm_cmdline_has(line, "noresume") ? NULL : bm_cmdline_last(line, "resume"),
		.init = bm_cmdline_last(line, "init"),
		.rdinit = bm_cmdline_last(line, "rdinit"),
		.boot_image = bm_cmdline_first(line, "BOOT_IMAGE"),
		.image = bm_cmdline_last(line, "initrd"),
		.usr = bm_cmdline_last(line, "mount.usr")};

	for (size_t i = 0; i < line->n && !line->items[i].init; i++) {
		if (line->items[i].value)
			continue;
		if (bm_streq(line->items[i].key, "rw"))
			boot.read_write = true;
		else if (bm_streq(line->items[i].key, "ro"))
			boot.read_write = false;
	}
	*ret = boot;
}

int bm_cmdline_append(struct bm_buf *out, const char *key, const char *value)
{
	bool space = false;

	if (!*key)
		return -EINVAL;
	for (const char *c = key; *c; c++) {
		if (is_space(*c) || (unsigned char)*c < ' ' || *c == '"' || *c == '=')
			return -EINVAL;
	}
	for (const char *c = value; c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == '"' || *c == 0x7f)
			return -EINVAL;
		space |= is_space(*c);
	}
	if (!value)
		return bm_buf_addf(out, "%s%s", out->len ? " " : "", key);
	return bm_buf_addf(out, space ? "%s%s=\"%s\"" : "%s%s=%s", out->len ? " " : "", key, value);
}
