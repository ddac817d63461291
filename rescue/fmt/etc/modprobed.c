/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command a line (kmod, libkmod/libkmod-config.c); "#" in the first column is a comment, a backslash before the
 *line's end joins the next line to it:
 *
 *	install vfat /bin/true
 *	blacklist nouveau
 *	options i915 modeset=1			(not kept, like alias, remove, softdep, weakdep)
 */
#include "modprobed.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"

static void rule_done(struct bm_modprobed_rule *rule)
{
	free(rule->module);
	free(rule->command);
}

static void cut(struct bm_modprobed *rules, size_t n)
{
	while (rules->n > n)
		rule_done(&rules->rules[--rules->n]);
}

void bm_modprobed_done(struct bm_modprobed *rules)
{
	cut(rules, 0);
	free(rules->rules);
	*rules = (struct bm_modprobed){0};
}

/* The name with underscores; false where it is too long. What stands in brackets is a pattern and stays. */
static bool normal_name(const char *name, size_t len, char ret_name[BM_MODPROBED_NAME_MAX])
{
	bool pattern = false;

	if (len == 0 || len >= BM_MODPROBED_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		pattern = name[i] == '[' || (pattern && name[i] != ']');
		ret_name[i] = name[i] == '-' && !pattern ? '_' : name[i];
	}
	ret_name[len] = '\0';
	return true;
}

/* The word at *at and its length; *at moves behind it. */
static const char *word_of(char **at, size_t *ret_len)
{
	char *word = *at + strspn(*at, " \t");

	*ret_len = strcspn(word, " \t");
	*at = word + *ret_len;
	return word;
}

static int take_line(struct bm_modprobed *rules, char *line, unsigned int number)
{
	char module[BM_MODPROBED_NAME_MAX], *at = line;
	struct bm_modprobed_rule *rule;
	const char *word, *name;
	size_t len, name_len;
	bool install;

	if (*line == '#')
		return 0;
	word = word_of(&at, &len);
	install = len == strlen("install") && memcmp(word, "install", len) == 0;
	if (!install && !(len == strlen("blacklist") && memcmp(word, "blacklist", len) == 0))
		return 0;
	name = word_of(&at, &name_len);
	at = bm_str_strip(at);
	if (!normal_name(name, name_len, module) || (install && !*at) || rules->n >= BM_MODPROBED_RULES_MAX)
		return 0;
	rule = BM_VEC_PUSH(rules->rules, rules->n, rules->capacity);
	if (!rule)
		return -ENOMEM;
	rule->kind = install ? BM_MODPROBED_INSTALL : BM_MODPROBED_BLACKLIST;
	rule->line = number;
	return bm_str_set(&rule->module, module) < 0 || bm_str_set(&rule->command, install ? at : NULL) < 0 ? -ENOMEM
													    : 0;
}

int bm_modprobed_parse(const char *text, size_t len, struct bm_modprobed *rules)
{
	const char *end = text + len;
	const size_t before = rules->n;
	unsigned int number = 0;

	if (len > BM_MODPROBED_SIZE_MAX)
		return -EFBIG;
	while (text < end) {
		_cleanup_buf_ struct bm_buf line = {0};
		unsigned int first = number + 1;
		bool joined = true;

		while (joined && text < end) {
			const char *newline = memchr(text, '\n', (size_t)(end - text));
			size_t n = (size_t)((newline ? newline : end) - text);

			joined = newline && n > 0 && newline[-1] == '\\';
			bm_buf_add(&line, text, n - joined);
			text = newline ? newline + 1 : end;
			number++;
		}
		bm_buf_addc(&line, '\0');
		if (line.failed || take_line(rules, line.data, first) < 0) {
			cut(rules, before);
			return -ENOMEM;
		}
	}
	return 0;
}

bool bm_modprobed_loads_nothing(const struct bm_modprobed_rule *rule)
{
	static const char *const idle[] = {"true", "false", ":", "exit", "echo", "logger", "null"};
	char word[BM_MODPROBED_NAME_MAX];
	size_t len = rule->command ? strcspn(rule->command, " \t;|&") : 0;

	if (rule->kind != BM_MODPROBED_INSTALL || len == 0 || len >= sizeof(word))
		return false;
	/* Behind the first of several commands another may load it. */
	if (strstr(rule->command, "modprobe") || strstr(rule->command, "insmod"))
		return false;
	memcpy(word, rule->command, len);
	word[len] = '\0';
	for (size_t i = 0; i < BM_ARRAY_SIZE(idle); i++)
		if (bm_streq(bm_path_base(word), idle[i]))
			return true;
	return false;
}

const struct bm_modprobed_rule *bm_modprobed_hinders(
	const struct bm_modprobed *rules, const char *module, bool by_alias)
{
	const struct bm_modprobed_rule *install = NULL, *blacklist = NULL;
	char name[BM_MODPROBED_NAME_MAX];

	if (!normal_name(module, strlen(module), name))
		return NULL;
	for (size_t i = 0; i < rules->n; i++) {
		const struct bm_modprobed_rule *rule = &rules->rules[i];

		if (!bm_streq(rule->module, name))
			continue;
		if (rule->kind == BM_MODPROBED_INSTALL && !install)
			install = rule;
		else if (rule->kind == BM_MODPROBED_BLACKLIST && !blacklist)
			blacklist = rule;
	}
	if (by_alias && blacklist)
		return blacklist;
	return install && bm_modprobed_loads_nothing(install) ? install : NULL;
}
