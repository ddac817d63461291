/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	pattern <blanks> [-type <blanks>] label | <<none>>
 *	# a comment
 *
 * The format is file_contexts(5), the order of lookup that of libselinux's label_file.c: lines without anything special
 * first, then the expressions, each from the last line to the first. Policies are sorted so that the more special
 * stands behind, and file_contexts.local is read last.
 */
#include "filecontexts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "regex.h"

#define BLANKS " \t\r\f\v"

void bm_filecontexts_done(struct bm_filecontexts *contexts)
{
	bm_strv_done(&contexts->texts);
	free(contexts->specs);
	for (size_t i = 0; i < BM_ARRAY_SIZE(contexts->subs); i++)
		free(contexts->subs[i]);
	*contexts = (struct bm_filecontexts){0};
}

bool bm_filecontexts_is_label(const char *text)
{
	size_t colons = 0, len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
		if (c == ':' && (i == 0 || i + 1 == len || text[i - 1] == ':'))
			return false;
		colons += c == ':';
	}
	return colons >= 2 && len < BM_FILECONTEXTS_CONTEXT_MAX;
}

static bool read_type(const char *word, enum bm_filecontexts_type *ret_type)
{
	static const char letters[] = "-dlcbsp";
	const char *at = word[0] == '-' && word[1] && !word[2] ? strchr(letters, word[1]) : NULL;

	if (!at)
		return false;
	*ret_type = (enum bm_filecontexts_type)(BM_FILECONTEXTS_REGULAR + (at - letters));
	return true;
}

/* What is special in a pattern. */
static void look_at(struct bm_filecontexts_spec *spec)
{
	unsigned int depth = 0;
	bool in_set = false;

	spec->exact = true;
	for (const char *p = spec->pattern; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (strchr(".^$?*+|[({", *p))
			spec->exact = false;
		if (in_set)
			in_set = *p != ']';
		else if (*p == '[')
			in_set = true;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (*p == '|' && depth == 0)
			spec->branches = true;
	}
}

/* Cuts the line into words, in place. Returns how many there are, 4 for more than three. */
static size_t cut(char *line, char *words[3])
{
	size_t n = 0;

	for (char *at = line + strspn(line, BLANKS); *at; at += strspn(at, BLANKS)) {
		if (n == 3)
			return 4;
		words[n++] = at;
		at += strcspn(at, BLANKS);
		if (*at)
			*at++ = '\0';
	}
	return n;
}

static int add_spec(struct bm_filecontexts *contexts, char *line)
{
	struct bm_filecontexts_spec spec = {0}, *added;
	char *words[3];
	size_t n = cut(line, words);

	if (n == 0 || words[0][0] == '#')
		return 0;
	if (n < 2 || n > 3 || (n == 3 && !read_type(words[1], &spec.type)) ||
		(!bm_streq(words[n - 1], "<<none>>") && !bm_filecontexts_is_label(words[n - 1]))) {
		contexts->skipped++;
		return 0;
	}
	spec.pattern = words[0];
	spec.context = bm_streq(words[n - 1], "<<none>>") ? NULL : words[n - 1];
	look_at(&spec);
	added = BM_VEC_PUSH(contexts->specs, contexts->n_specs, contexts->cap_specs);
	if (!added)
		return -ENOMEM;
	*added = spec;
	return 0;
}

static int add_sub(struct bm_filecontexts *contexts, char *line, bool dist)
{
	struct bm_filecontexts_sub *sub;
	char *words[3];
	size_t n = cut(line, words);

	if (n == 0 || words[0][0] == '#')
		return 0;
	if (n != 2 || words[0][0] != '/' || words[1][0] != '/') {
		contexts->skipped++;
		return 0;
	}
	sub = BM_VEC_PUSH(contexts->subs[dist], contexts->n_subs[dist], contexts->cap_subs[dist]);
	if (!sub)
		return -ENOMEM;
	*sub = (struct bm_filecontexts_sub){words[0], words[1]};
	return 0;
}

/* what: 0 specs, 1 subs, 2 subs of the distribution. */
static int parse(struct bm_filecontexts *contexts, const char *text, size_t len, int what)
{
	char *line, *next;
	int r;

	if (len > BM_FILECONTEXTS_SIZE_MAX)
		return -EFBIG;
	r = bm_strv_addn(&contexts->texts, text ? text : "", len);
	if (r < 0)
		return r;
	for (line = contexts->texts.items[contexts->texts.n - 1]; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (++contexts->lines > BM_FILECONTEXTS_LINES_MAX)
			return -EFBIG;
		r = what == 0 ? add_spec(contexts, line) : add_sub(contexts, line, what == 2);
		if (r < 0)
			return r;
	}
	return 0;
}

int bm_filecontexts_parse(struct bm_filecontexts *contexts, const char *text, size_t len)
{
	return parse(contexts, text, len, 0);
}

int bm_filecontexts_parse_subs(struct bm_filecontexts *contexts, const char *text, size_t len, bool dist)
{
	return parse(contexts, text, len, dist ? 2 : 1);
}

/* The path read through a list of substitutions, for free(). The last line that fits counts. */
static char *substitute(const struct bm_filecontexts_sub *subs, size_t n, const char *path)
{
	for (size_t i = n; i-- > 0;) {
		size_t len = strlen(subs[i].from);
		const char *rest = path + len;

		if (strncmp(path, subs[i].from, len) != 0 || (*rest != '/' && *rest != '\0'))
			continue;
		return bm_strf("%s%s", subs[i].to, bm_streq(subs[i].to, "/") && *rest == '/' ? rest + 1 : rest);
	}
	return strdup(path);
}

/*
 * Whether the literals at the pattern's beginning are those at the path's, which is cheap to say and leaves few
 * expressions to be tried. A literal with a quantifier behind it that allows none of it binds nothing.
 */
static bool begins_alike(const struct bm_filecontexts_spec *spec, const char *path)
{
	const char *p = spec->pattern;

	if (spec->branches)
		return true;
	while (*p) {
		const char *behind = p + 1;
		char c = *p;

		if (c == '\\' && p[1]) {
			c = p[1];
			behind = p + 2;
			if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
				return true;
		} else if (strchr(".^$?*+|[](){}\\", c)) {
			return true;
		}
		if (*behind && strchr("?*{", *behind))
			return true;
		if (c != *path)
			return false;
		p = behind;
		path++;
	}
	/* Nothing but literals: all of the path must be used up. */
	return *path == '\0';
}

static int matches(const struct bm_filecontexts_spec *spec, const char *path, bool *ret_match)
{
	_cleanup_regex_ struct bm_regex *regex = NULL;
	int r;

	*ret_match = false;
	if (!begins_alike(spec, path))
		return 0;
	r = bm_regex_new(spec->pattern, &regex);
	if (r == -ENOMEM)
		return r;
	*ret_match = r == 0 && bm_regex_match(regex, path);
	return 0;
}

static int find(const struct bm_filecontexts *contexts, const char *path, enum bm_filecontexts_type type, bool exact,
	const struct bm_filecontexts_spec **ret_spec)
{
	for (size_t i = contexts->n_specs; i-- > 0;) {
		const struct bm_filecontexts_spec *spec = &contexts->specs[i];
		bool match;
		int r;

		if (spec->exact != exact || (spec->type != BM_FILECONTEXTS_ANY && spec->type != type))
			continue;
		r = matches(spec, path, &match);
		if (r < 0)
			return r;
		if (match) {
			*ret_spec = spec;
			return 0;
		}
	}
	return -ENOENT;
}

int bm_filecontexts_find(const struct bm_filecontexts *contexts, const char *path, enum bm_filecontexts_type type,
	const char **ret_context)
{
	_cleanup_free_ char *first = substitute(contexts->subs[0], contexts->n_subs[0], path);
	_cleanup_free_ char *second = first ? substitute(contexts->subs[1], contexts->n_subs[1], first) : NULL;
	const struct bm_filecontexts_spec *spec;
	int r;

	if (!second)
		return -ENOMEM;
	r = find(contexts, second, type, true, &spec);
	if (r == -ENOENT)
		r = find(contexts, second, type, false, &spec);
	if (r < 0)
		return r;
	if (!spec->context)
		return -ENOENT;
	*ret_context = spec->context;
	return 0;
}
