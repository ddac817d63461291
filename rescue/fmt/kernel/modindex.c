/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text files of depmod(8), see modules.dep(5), modprobe.d(5) and, for the last, the kernel's kbuild documentation:
 *
 *	modules.dep		kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/fs/mbcache.ko.xz
 *				(old depmods write /lib/modules/VERSION/ before each path)
 *	modules.alias		alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e
 *	modules.softdep		softdep libcrc32c pre: crc32c post: other
 *	modules.builtin		kernel/fs/ext4/ext4.ko
 *	modules.builtin.modinfo	ext4.license=GPL NUL ext4.alias=fs-ext4 NUL ...
 *
 * The index keeps a copy of all names and patterns in one block, which never moves, so that entries can point into it.
 * Modules are sorted by name. Aliases are sorted by what stands before their first wildcard, so that only patterns
 * that begin as the modalias does are ever compared.
 */
#include "modindex.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "fmt/etc/wildcard.h"

void bm_modules_free(struct bm_modules *modules)
{
	if (!modules)
		return;
	free(modules->texts);
	free(modules->modules);
	free(modules->deps);
	free(modules->aliases);
	free(modules->softs);
	free(modules->listed);
	free(modules);
}

void bm_modules_freep(struct bm_modules **modules)
{
	bm_modules_free(*modules);
}

/* --- names and texts --- */

/* The length of the module's name within path: behind the last slash, before .ko and a compressor's suffix. */
static size_t name_span(const char *path, size_t len, size_t *ret_start)
{
	static const char *const suffixes[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst", ".ko.bz2", ".ko.lzma"};
	size_t start = len, n;

	while (start > 0 && path[start - 1] != '/')
		start--;
	n = len - start;
	for (size_t i = 0; i < BM_ARRAY_SIZE(suffixes); i++) {
		size_t s = strlen(suffixes[i]);

		if (n > s && memcmp(path + len - s, suffixes[i], s) == 0) {
			n -= s;
			break;
		}
	}
	*ret_start = start;
	return n;
}

static int write_name(const char *path, size_t len, char *ret_name, size_t size)
{
	size_t start, n = name_span(path, len, &start);

	if (n == 0)
		return -EINVAL;
	if (n >= size)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < n; i++)
		ret_name[i] = path[start + i] == '-' ? '_' : path[start + i];
	ret_name[n] = '\0';
	return 0;
}

int bm_modules_name(const char *path, char *ret_name, size_t size)
{
	return write_name(path, strlen(path), ret_name, size);
}

/* Keeps the len bytes (no NUL among them) and gives the copy. */
static int keep(struct bm_modules *modules, const char *bytes, size_t len, const char **ret_text)
{
	char *copy = modules->texts + modules->texts_len;

	if (len >= modules->texts_size - modules->texts_len)
		return -EFBIG;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	modules->texts_len += len + 1;
	*ret_text = copy;
	return 0;
}

/* Keeps the module name in path. Returns 1, 0 where there is none (counted as bad), or an error. */
static int keep_name(struct bm_modules *modules, const char *path, size_t len, const char **ret_name)
{
	char name[BM_MODINDEX_NAME_MAX];
	int r = write_name(path, len, name, sizeof(name));

	if (r < 0) {
		modules->bad_lines++;
		return 0;
	}
	r = keep(modules, name, strlen(name), ret_name);
	return r < 0 ? r : 1;
}

/* --- reading --- */

/* One line, or one record of the modinfo file, and the words in it. */
struct cursor {
	const char *p, *end;
};

static bool next_line(struct cursor *text, char separator, struct cursor *ret_line)
{
	const char *stop;

	if (text->p >= text->end)
		return false;
	stop = memchr(text->p, separator, (size_t)(text->end - text->p));
	if (!stop)
		stop = text->end;
	*ret_line = (struct cursor){text->p, stop};
	text->p = stop + 1;
	return true;
}

static size_t next_word(struct cursor *line, const char **ret_word)
{
	const char *start;

	while (line->p < line->end && isspace((unsigned char)*line->p))
		line->p++;
	start = line->p;
	while (line->p < line->end && !isspace((unsigned char)*line->p))
		line->p++;
	*ret_word = start;
	return (size_t)(line->p - start);
}

static bool word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(word, text, len) == 0;
}

/* Whether the line is to be read: not empty, no comment, and without NUL bytes (counted as bad). */
static bool is_content(struct bm_modules *modules, const struct cursor *line)
{
	struct cursor rest = *line;
	const char *word;

	if (next_word(&rest, &word) == 0 || *word == '#')
		return false;
	if (memchr(line->p, '\0', (size_t)(line->end - line->p))) {
		modules->bad_lines++;
		return false;
	}
	return true;
}

/* Adds a module under the name in path. Returns 1, 0 where there is no name in it, or an error. */
static int add_module(struct bm_modules *modules, const char *path, size_t len, struct bm_modindex_module **ret_module)
{
	struct bm_modindex_module *module;
	const char *name = NULL;
	int r = keep_name(modules, path, len, &name);

	if (r <= 0)
		return r;
	if (modules->n_modules >= BM_MODULES_ENTRIES_MAX)
		return -EFBIG;
	module = BM_VEC_PUSH(modules->modules, modules->n_modules, modules->cap_modules);
	if (!module)
		return -ENOMEM;
	module->name = name;
	module->order = modules->n_modules;
	*ret_module = module;
	return 1;
}

/* Adds a module with its path, which is made relative to /lib/modules/VERSION. Returns as add_module(). */
static int add_path(struct bm_modules *modules, const char *path, size_t len, struct bm_modindex_module **ret_module)
{
	static const char top[] = "/lib/modules/";
	const char *end = path + len;
	int r = len > BM_MODINDEX_PATH_MAX ? 0 : add_module(modules, path, len, ret_module);

	if (r <= 0) {
		modules->bad_lines += len > BM_MODINDEX_PATH_MAX;
		return r;
	}
	if (len > strlen(top) && memcmp(path, top, strlen(top)) == 0) {
		const char *slash = memchr(path + strlen(top), '/', len - strlen(top));

		if (slash && slash + 1 < end)
			path = slash + 1;
	}
	r = keep(modules, path, (size_t)(end - path), &(*ret_module)->path);
	return r < 0 ? r : 1;
}

static int read_dep_line(struct bm_modules *modules, struct cursor line)
{
	const char *colon = memchr(line.p, ':', (size_t)(line.end - line.p));
	struct bm_modindex_module *module = NULL, *needed = NULL;
	size_t len, at;
	const char *word;
	int r;

	if (!colon) {
		modules->bad_lines++;
		return 0;
	}
	r = add_path(modules, line.p, (size_t)(colon - line.p), &module);
	if (r <= 0)
		return r;
	module->listed = true;
	module->first_dep = modules->n_deps;
	at = modules->n_modules - 1;
	for (line.p = colon + 1; (len = next_word(&line, &word)) > 0;) {
		const char **dep;

		/* What is needed is known as a module by that alone: its own line may be lost. */
		r = add_path(modules, word, len, &needed);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		dep = BM_VEC_PUSH(modules->deps, modules->n_deps, modules->cap_deps);
		if (!dep)
			return -ENOMEM;
		*dep = needed->name;
		modules->modules[at].n_deps++;
	}
	return 0;
}

static int add_alias(struct bm_modules *modules, const char *pattern, size_t len, const char *module, size_t module_len)
{
	char normal[BM_MODULES_ALIAS_MAX + 1];
	struct bm_modindex_alias *alias;
	const char *name = NULL;
	int r;

	if (len == 0 || len > BM_MODULES_ALIAS_MAX || memchr(pattern, '\0', len)) {
		modules->bad_lines++;
		return 0;
	}
	r = keep_name(modules, module, module_len, &name);
	if (r <= 0)
		return r;
	if (modules->n_aliases >= BM_MODULES_ENTRIES_MAX)
		return -EFBIG;
	alias = BM_VEC_PUSH(modules->aliases, modules->n_aliases, modules->cap_aliases);
	if (!alias)
		return -ENOMEM;
	memcpy(normal, pattern, len);
	normal[len] = '\0';
	bm_wildcard_normalise(normal);
	alias->name = name;
	alias->order = modules->n_aliases;
	alias->prefix_len = strcspn(normal, "*?[\\");
	return keep(modules, normal, len, &alias->pattern);
}

static int read_alias_line(struct bm_modules *modules, struct cursor line)
{
	const char *word, *pattern, *module;
	size_t len = next_word(&line, &word), pattern_len, module_len;

	pattern_len = next_word(&line, &pattern);
	module_len = next_word(&line, &module);
	if (!word_is(word, len, "alias") || module_len == 0) {
		modules->bad_lines++;
		return 0;
	}
	return add_alias(modules, pattern, pattern_len, module, module_len);
}

static int read_softdep_line(struct bm_modules *modules, struct cursor line)
{
	const char *word;
	size_t len = next_word(&line, &word);
	const char *name = NULL, *wanted = NULL;
	int r;

	if (!word_is(word, len, "softdep")) {
		modules->bad_lines++;
		return 0;
	}
	len = next_word(&line, &word);
	r = keep_name(modules, word, len, &name);
	if (r <= 0)
		return r;
	while ((len = next_word(&line, &word)) > 0) {
		struct bm_modindex_soft *soft;

		if (word_is(word, len, "pre:") || word_is(word, len, "post:"))
			continue;
		r = keep_name(modules, word, len, &wanted);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (modules->n_softs >= BM_MODULES_ENTRIES_MAX)
			return -EFBIG;
		soft = BM_VEC_PUSH(modules->softs, modules->n_softs, modules->cap_softs);
		if (!soft)
			return -ENOMEM;
		*soft = (struct bm_modindex_soft){name, wanted};
	}
	return 0;
}

static int add_builtin(struct bm_modules *modules, const char *path, size_t len)
{
	struct bm_modindex_module *module = NULL;
	int r = add_module(modules, path, len, &module);

	if (r > 0)
		module->builtin = true;
	return r < 0 ? r : 0;
}

static int read_builtin_line(struct bm_modules *modules, struct cursor line)
{
	const char *word;
	size_t len = next_word(&line, &word);

	return add_builtin(modules, word, len);
}

/* module.key=value */
static int read_modinfo_record(struct bm_modules *modules, struct cursor record)
{
	size_t len = (size_t)(record.end - record.p);
	const char *equals, *dot, *value;
	size_t name_len, key_len;

	if (len == 0)
		return 0;
	equals = memchr(record.p, '=', len);
	dot = equals ? memchr(record.p, '.', (size_t)(equals - record.p)) : NULL;
	if (!dot || dot == record.p) {
		modules->bad_lines++;
		return 0;
	}
	name_len = (size_t)(dot - record.p);
	key_len = (size_t)(equals - dot) - 1;
	value = equals + 1;
	/* Not every kernel's modules.builtin is there or whole; nearly each built-in says one of these once. */
	if (word_is(dot + 1, key_len, "license") || word_is(dot + 1, key_len, "file"))
		return add_builtin(modules, record.p, name_len);
	if (word_is(dot + 1, key_len, "alias"))
		return add_alias(modules, value, (size_t)(record.end - value), record.p, name_len);
	return 0;
}

static int read_text(struct bm_modules *modules, const char *text, size_t len, char separator,
	int (*read_line)(struct bm_modules *modules, struct cursor line))
{
	struct cursor rest = {text, text + len}, line;
	int r = 0;

	if (!text)
		return 0;
	if (len > BM_MODULES_TEXT_MAX)
		return -EFBIG;
	while (r == 0 && next_line(&rest, separator, &line))
		if (separator == '\0' || is_content(modules, &line))
			r = read_line(modules, line);
	return r;
}

/* --- the index --- */

/* By name; of one name first what has a line of its own, then what has a path, then as read. */
static int by_name(const void *a, const void *b)
{
	const struct bm_modindex_module *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (order != 0)
		return order;
	if (one->listed != other->listed)
		return one->listed ? -1 : 1;
	if (!one->path != !other->path)
		return one->path ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

/* By prefix, a shorter one before those that go on; of one prefix as read. */
static int by_prefix(const void *a, const void *b)
{
	const struct bm_modindex_alias *one = a, *other = b;
	int order = memcmp(one->pattern, other->pattern, BM_MIN(one->prefix_len, other->prefix_len));

	if (order != 0)
		return order;
	if (one->prefix_len != other->prefix_len)
		return one->prefix_len < other->prefix_len ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

struct place {
	size_t order, at;
};

static int by_place(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	return one->order < other->order ? -1 : one->order > other->order;
}

/* Makes one module of all that have one name. */
static void merge_modules(struct bm_modules *modules)
{
	size_t n = 0;

	for (size_t i = 0; i < modules->n_modules; i++) {
		struct bm_modindex_module *last = n > 0 ? &modules->modules[n - 1] : NULL;

		if (last && strcmp(last->name, modules->modules[i].name) == 0)
			last->builtin |= modules->modules[i].builtin;
		else
			modules->modules[n++] = modules->modules[i];
	}
	modules->n_modules = n;
}

static int list_in_order(struct bm_modules *modules)
{
	_cleanup_free_ struct place *places = calloc(modules->n_modules + 1, sizeof(*places));
	size_t n = 0;

	modules->listed = calloc(modules->n_modules + 1, sizeof(*modules->listed));
	if (!places || !modules->listed)
		return -ENOMEM;
	for (size_t i = 0; i < modules->n_modules; i++)
		if (modules->modules[i].listed)
			places[n++] = (struct place){modules->modules[i].order, i};
	qsort(places, n, sizeof(*places), by_place);
	for (size_t i = 0; i < n; i++)
		modules->listed[i] = places[i].at;
	modules->n_listed = n;
	return 0;
}

static int fill(struct bm_modules *modules, const struct bm_modules_texts *texts)
{
	int r = read_text(modules, texts->dep, texts->dep_len, '\n', read_dep_line);

	if (r == 0)
		r = read_text(modules, texts->alias, texts->alias_len, '\n', read_alias_line);
	if (r == 0)
		r = read_text(modules, texts->softdep, texts->softdep_len, '\n', read_softdep_line);
	if (r == 0)
		r = read_text(modules, texts->builtin, texts->builtin_len, '\n', read_builtin_line);
	if (r == 0)
		r = read_text(modules, texts->builtin_modinfo, texts->builtin_modinfo_len, '\0', read_modinfo_record);
	if (r < 0)
		return r;
	if (modules->n_modules > 1)
		qsort(modules->modules, modules->n_modules, sizeof(*modules->modules), by_name);
	merge_modules(modules);
	if (modules->n_aliases > 1)
		qsort(modules->aliases, modules->n_aliases, sizeof(*modules->aliases), by_prefix);
	return list_in_order(modules);
}

int bm_modules_new(const struct bm_modules_texts *texts, struct bm_modules **ret_modules)
{
	const size_t lens[] = {texts->dep ? texts->dep_len : 0, texts->alias ? texts->alias_len : 0,
		texts->softdep ? texts->softdep_len : 0, texts->builtin ? texts->builtin_len : 0,
		texts->builtin_modinfo ? texts->builtin_modinfo_len : 0};
	_cleanup_modules_ struct bm_modules *modules = NULL;
	size_t size = 0;
	int r;

	for (size_t i = 0; i < BM_ARRAY_SIZE(lens); i++) {
		if (lens[i] > BM_MODULES_TEXT_MAX)
			return -EFBIG;
		/* No word is kept more than twice, as name and as path; each is followed by a separator or the end. */
		size += 2 * (lens[i] + 1);
	}
	modules = calloc(1, sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	modules->texts_size = size;
	modules->texts = malloc(size);
	if (!modules->texts)
		return -ENOMEM;
	r = fill(modules, texts);
	if (r < 0)
		return r;
	*ret_modules = modules;
	modules = NULL;
	return 0;
}
