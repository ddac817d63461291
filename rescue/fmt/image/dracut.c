/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks decide in one condition (dracut, modules.d/90lvm/parse-lvm.sh, 90mdraid/parse-md.sh,
 *90crypt/parse-crypt.sh), of which there are these forms. No rd.auto: all is brought up, unless it is forbidden (before
 *dracut 018).
 *
 *	NAMES=$(getargs rd.md.uuid)
 *	if [ -z "$NAMES" ] && ! getargbool 0 rd.auto; then		nothing, unless rd.auto
 *
 *	NAMES="$(getargs rd.lvm.vg) $(getargs rd.lvm.lv)"
 *	if [ -z "$NAMES" ] && ! getargbool 0 rd.auto; then		all: a blank is in NAMES without any argument
 *
 *	elif getargbool 0 rd.auto; then					nothing, unless rd.auto
 *
 * The hooks that wait for a device are named after it (99base/dracut-dev-lib.sh, wait_for_dev()): devexists-NAME.sh
 *with each slash as \x2f.
 */
#include "dracut.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

struct text {
	const char *at;
	size_t len;
};

static bool starts(struct text text, const char *word)
{
	return text.len >= strlen(word) && memcmp(text.at, word, strlen(word)) == 0;
}

static struct text behind(struct text text, size_t n)
{
	return (struct text){text.at + n, text.len - n};
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes the next line off text, without blanks at its begin. */
static struct text next_line(struct text *text)
{
	const char *newline = memchr(text->at, '\n', text->len);
	struct text line = {text->at, newline ? (size_t)(newline - text->at) : text->len};

	*text = behind(*text, line.len + (newline != NULL));
	while (line.len > 0 && (*line.at == ' ' || *line.at == '\t'))
		line = behind(line, 1);
	return line;
}

/* The length of a $(...) at the text's begin, 0 where it does not end. */
static size_t substitution(struct text text)
{
	size_t depth = 0;

	for (size_t i = 1; i < text.len; i++) {
		depth += text.at[i] == '(';
		if (text.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

enum left { LEFT_NOTHING, LEFT_BLANKS, LEFT_TEXT };

/* What the right side of an assignment is where every substitution in it gives nothing. */
static enum left left_of(struct text value)
{
	enum left left = LEFT_NOTHING;
	bool quoted = false;

	while (value.len > 0) {
		size_t n = 1;

		if (starts(value, "$(")) {
			n = substitution(value);
			if (n == 0)
				return LEFT_TEXT;
		} else if (*value.at == '"') {
			quoted = !quoted;
		} else if (*value.at == ' ' && quoted) {
			left = LEFT_BLANKS;
		} else if (strchr(" \t\r;", *value.at)) {
			return left;
		} else {
			return LEFT_TEXT;
		}
		value = behind(value, n);
	}
	return left;
}

/* The variable that `-z` or `-n` asks about in a line: its name and whether blanks in it count. */
static bool asked_of(struct text line, struct text *ret_name, bool *ret_blanks_count)
{
	bool found = false;

	for (; line.len > 3; line = behind(line, 1)) {
		struct text at;
		bool quoted, braces;
		size_t n = 0;

		if (!starts(line, "-z ") && !starts(line, "-n "))
			continue;
		at = behind(line, 3);
		quoted = starts(at, "\"");
		at = behind(at, quoted);
		if (!starts(at, "$"))
			continue;
		at = behind(at, 1);
		braces = starts(at, "{");
		at = behind(at, braces);
		while (n < at.len && is_name(at.at[n]))
			n++;
		*ret_name = (struct text){at.at, n};
		/* Without quotes blanks part words, and ${NAME# } takes them off. */
		*ret_blanks_count = quoted && !(braces && n < at.len && at.at[n] != '}');
		found = n > 0;
	}
	return found;
}

/* What the variable holds without any argument, by its first assignment. */
static enum left value_of(struct text script, struct text name)
{
	while (script.len > 0) {
		struct text line = next_line(&script);

		if (line.len > name.len && memcmp(line.at, name.at, name.len) == 0 && line.at[name.len] == '=')
			return left_of(behind(line, name.len + 1));
	}
	return LEFT_TEXT;
}

/* The condition in the line, whose rd.auto is at that place. */
static enum bm_dracut_default judge(struct text script, struct text line, size_t at)
{
	static const char call[] = "getargbool ";
	struct text name = {0};
	bool blanks_count = false;
	enum left left;
	char fallback;

	if (at < strlen(call) + 2 || memcmp(line.at + at - 2 - strlen(call), call, strlen(call)) != 0)
		return BM_DRACUT_UNKNOWN;
	fallback = line.at[at - 2];
	if (fallback != '0' && fallback != '1')
		return BM_DRACUT_UNKNOWN;
	if (fallback == '1')
		return BM_DRACUT_ALL;
	if (!asked_of((struct text){line.at, at}, &name, &blanks_count))
		return BM_DRACUT_NOTHING;
	left = value_of(script, name);
	if (left == LEFT_TEXT)
		return BM_DRACUT_UNKNOWN;
	return left == LEFT_BLANKS && blanks_count ? BM_DRACUT_ALL : BM_DRACUT_NOTHING;
}

enum bm_dracut_default bm_dracut_default_of(const char *script, size_t len)
{
	static const char word[] = "rd.auto";
	const struct text all = {script, len};
	struct text rest = all;

	if (len == 0 || len > BM_DRACUT_SCRIPT_MAX || memchr(script, '\0', len))
		return BM_DRACUT_UNKNOWN;
	while (rest.len > 0) {
		struct text line = next_line(&rest);

		for (size_t i = 0; !starts(line, "#") && i + strlen(word) <= line.len; i++)
			if (memcmp(line.at + i, word, strlen(word)) == 0)
				return judge(all, line, i);
	}
	return BM_DRACUT_ALL;
}

char *bm_dracut_wait_of(const char *name)
{
	static const char slash[] = "\\x2f", end[] = ".sh";
	const char *from = bm_str_after(name, "devexists-");
	size_t len = from ? strlen(from) : 0, n = 0;
	char *path;

	errno = 0;
	if (len <= strlen(end) || len > BM_DRACUT_PATH_MAX || !bm_str_ends(from, end) || !bm_str_starts(from, slash))
		return NULL;
	path = malloc(len + 1);
	for (const char *stop = from + len - strlen(end); path && from < stop;) {
		bool is_slash = bm_str_starts(from, slash);

		path[n++] = is_slash ? '/' : *from;
		from += is_slash ? strlen(slash) : 1;
	}
	if (path)
		path[n] = '\0';
	return path;
}
