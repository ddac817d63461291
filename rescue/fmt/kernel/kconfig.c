/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	CONFIG_XFS_FS=m                          NAME=VALUE, VALUE one of y, m, n, a number, "a text"
 *	CONFIG_CMDLINE="root=/dev/sda2 \"x\""     in a text, \ takes the next byte as it is
 *	# CONFIG_BTRFS_FS is not set             an option that was asked for and refused
 *	# Compiler: gcc ...                      any other comment, and blank lines
 *
 * Reference: Linux, scripts/kconfig/confdata.c, conf_read_simple().
 */
#include "kconfig.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

void bm_kconfig_done(struct bm_kconfig *kconfig)
{
	free(kconfig->items);
	free(kconfig->text);
	*kconfig = (struct bm_kconfig){0};
}

static size_t name_length(const char *text)
{
	size_t n = 0;

	while ((text[n] >= 'A' && text[n] <= 'Z') || (text[n] >= 'a' && text[n] <= 'z') ||
		(text[n] >= '0' && text[n] <= '9') || text[n] == '_')
		n++;
	return n;
}

/* The text between quotes, in place; one without an end goes to the line's end. */
static const char *unquote(char *value)
{
	char *out = value, *at = value + 1;

	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		*out++ = *at;
	}
	*out = '\0';
	return value;
}

static int add(struct bm_kconfig *kconfig, const char *name, const char *value, unsigned int line)
{
	struct bm_kconfig_option *option;

	if (kconfig->n >= BM_KCONFIG_OPTIONS_MAX) {
		kconfig->truncated = true;
		return 0;
	}
	option = BM_VEC_PUSH(kconfig->items, kconfig->n, kconfig->capacity);
	if (!option)
		return -ENOMEM;
	option->name = name;
	option->value = value;
	option->line = line;
	return 0;
}

/* One line, writable, without its newline. */
static int take_line(struct bm_kconfig *kconfig, char *line, unsigned int number)
{
	static const char prefix[] = "CONFIG_", off[] = " is not set";
	bool comment = *line == '#';
	char *name, *end;

	name = comment ? line + 1 + strspn(line + 1, " \t") : line;
	if (!bm_str_starts(name, prefix))
		return 0;
	end = name + name_length(name);
	if (end == name + strlen(prefix))
		return 0;
	bm_str_strip(end);
	if (comment) {
		if (!bm_streq(end, off))
			return 0;
		*end = '\0';
		return add(kconfig, name, NULL, number);
	}
	if (*end != '=')
		return 0;
	*end++ = '\0';
	return add(kconfig, name, *end == '"' ? unquote(end) : end, number);
}

int bm_kconfig_parse(const char *text, size_t len, struct bm_kconfig *ret_kconfig)
{
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};
	unsigned int number = 0;

	if (len > BM_KCONFIG_SIZE_MAX) {
		len = BM_KCONFIG_SIZE_MAX;
		kconfig.truncated = true;
	}
	kconfig.text = malloc(len + 1);
	if (!kconfig.text)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		kconfig.text[i] = text[i] ? text[i] : ' '; /* a hole of a crash: nothing that an option can hold */
	kconfig.text[len] = '\0';
	for (char *line = kconfig.text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (take_line(&kconfig, line, ++number) < 0)
			return -ENOMEM;
	}
	*ret_kconfig = kconfig;
	kconfig = (struct bm_kconfig){0};
	return 0;
}

static const struct bm_kconfig_option *find(const struct bm_kconfig *kconfig, const char *name)
{
	for (size_t i = kconfig->n; i > 0; i--)
		if (strcmp(kconfig->items[i - 1].name, name) == 0)
			return &kconfig->items[i - 1];
	return NULL;
}

const char *bm_kconfig_get(const struct bm_kconfig *kconfig, const char *name)
{
	const struct bm_kconfig_option *option = find(kconfig, name);

	return option ? option->value : NULL;
}

unsigned int bm_kconfig_line(const struct bm_kconfig *kconfig, const char *name)
{
	const struct bm_kconfig_option *option = find(kconfig, name);

	return option ? option->line : 0;
}

enum bm_kconfig_state bm_kconfig_state(const struct bm_kconfig *kconfig, const char *name)
{
	const struct bm_kconfig_option *option = find(kconfig, name);

	if (!option)
		return BM_KCONFIG_UNKNOWN;
	if (!option->value || !*option->value || strcmp(option->value, "n") == 0)
		return BM_KCONFIG_OFF;
	return strcmp(option->value, "m") == 0 ? BM_KCONFIG_MODULE : BM_KCONFIG_BUILTIN;
}
