/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the index that modindex.c makes (the formats are drawn there). Names are found by binary search. For
 * an alias the range of patterns is narrowed byte by byte of the modalias:
 *
 *	modalias  pci:v00001AF4d00001001sv...		aliases   acpi*:
 *	          ^^^^					          pci:v*d*sv*sd*bc01sc06i01*	prefix ends here:
 *compared agree so far				          pci:v00001AF4d*		still in the range
 *							          pci:v00008086d...		left out by its fifth
 *byte usb:v*
 */
#include "modules.h"

#include <errno.h>
#include <string.h>

#include "fmt/etc/wildcard.h"
#include "modindex.h"

static int by_order(const void *a, const void *b)
{
	const struct bm_modindex_alias *const *one = a, *const *other = b;

	return (*one)->order < (*other)->order ? -1 : (*one)->order > (*other)->order;
}

static const struct bm_modindex_module *find_exact(const struct bm_modules *modules, const char *name)
{
	size_t low = 0, high = modules->n_modules;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, modules->modules[middle].name);

		if (order == 0)
			return &modules->modules[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const struct bm_modindex_module *find(const struct bm_modules *modules, const char *name)
{
	char normal[BM_MODINDEX_NAME_MAX];

	return bm_modules_name(name, normal, sizeof(normal)) == 0 ? find_exact(modules, normal) : NULL;
}

size_t bm_modules_count(const struct bm_modules *modules)
{
	return modules->n_listed;
}

size_t bm_modules_bad_lines(const struct bm_modules *modules)
{
	return modules->bad_lines;
}

bool bm_modules_has(const struct bm_modules *modules, const char *name)
{
	const struct bm_modindex_module *module = find(modules, name);

	return module && module->listed;
}

bool bm_modules_builtin(const struct bm_modules *modules, const char *name)
{
	const struct bm_modindex_module *module = find(modules, name);

	return module && module->builtin;
}

const char *bm_modules_path(const struct bm_modules *modules, const char *name)
{
	const struct bm_modindex_module *module = find(modules, name);

	return module ? module->path : NULL;
}

const char *bm_modules_nth_path(const struct bm_modules *modules, size_t i)
{
	return i < modules->n_listed ? modules->modules[modules->listed[i]].path : NULL;
}

/* A module on the way down, and which of its dependencies is next. */
struct visit {
	const struct bm_modindex_module *module;
	size_t next;
};

/* Adds name where the list's first n items, those of the caller, don't hold it. */
static int add_new(struct bm_strv *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list->items[i], name) == 0)
			return 0;
	return bm_strv_add(list, name);
}

int bm_modules_closure(const struct bm_modules *modules, const char *name, struct bm_strv *list)
{
	_cleanup_free_ struct visit *stack = NULL;
	_cleanup_free_ bool *seen = NULL;
	const struct bm_modindex_module *first = find(modules, name);
	size_t depth = 0, capacity = 0, before = list->n;
	struct visit *top;

	if (!first)
		return -ENOENT;
	if (first->builtin && !first->listed)
		return 0;
	seen = calloc(modules->n_modules, sizeof(*seen));
	top = BM_VEC_PUSH(stack, depth, capacity);
	if (!seen || !top)
		return -ENOMEM;
	top->module = first;
	seen[first - modules->modules] = true;
	while (depth > 0) {
		const struct bm_modindex_module *needed;

		top = &stack[depth - 1];
		if (top->next == top->module->n_deps) {
			if (add_new(list, before, top->module->name) < 0)
				return -ENOMEM;
			depth--;
			continue;
		}
		needed = find_exact(modules, modules->deps[top->module->first_dep + top->next++]);
		if (!needed || seen[needed - modules->modules])
			continue;
		seen[needed - modules->modules] = true;
		top = BM_VEC_PUSH(stack, depth, capacity);
		if (!top)
			return -ENOMEM;
		top->module = needed;
	}
	return 0;
}

int bm_modules_softdeps(const struct bm_modules *modules, const char *name, struct bm_strv *list)
{
	char normal[BM_MODINDEX_NAME_MAX];

	if (bm_modules_name(name, normal, sizeof(normal)) < 0)
		return 0;
	for (size_t i = 0; i < modules->n_softs; i++)
		if (strcmp(modules->softs[i].name, normal) == 0 && bm_strv_add_once(list, modules->softs[i].wanted) < 0)
			return -ENOMEM;
	return 0;
}

/* The first of the aliases [low, high), which agree in at bytes, whose next byte is not below c. */
static size_t lower_bound(const struct bm_modules *modules, size_t low, size_t high, size_t at, unsigned int c)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((unsigned char)modules->aliases[middle].pattern[at] < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct matches {
	const struct bm_modindex_alias **items;
	size_t n, capacity;
};

/* Collects the aliases that match the normalised name, unsorted. */
static int match_all(const struct bm_modules *modules, const char *name, struct matches *matches)
{
	size_t low = 0, high = modules->n_aliases, steps = BM_MODULES_STEPS_MAX;

	for (size_t at = 0; low < high; at++) {
		/* Those whose prefix ends here come first. */
		for (; low < high && modules->aliases[low].prefix_len == at; low++) {
			const struct bm_modindex_alias *alias = &modules->aliases[low], **slot;
			int r = bm_wildcard_match(alias->pattern + at, name + at, &steps);

			if (r < 0)
				return r;
			if (r == 0)
				continue;
			if (matches->n == BM_MODULES_MATCHES_MAX)
				return -E2BIG;
			slot = BM_VEC_PUSH(matches->items, matches->n, matches->capacity);
			if (!slot)
				return -ENOMEM;
			*slot = alias;
		}
		if (name[at] == '\0')
			break;
		low = lower_bound(modules, low, high, at, (unsigned char)name[at]);
		high = lower_bound(modules, low, high, at, (unsigned char)name[at] + 1U);
	}
	return 0;
}

int bm_modules_resolve(const struct bm_modules *modules, const char *modalias, struct bm_strv *list)
{
	char name[BM_MODULES_ALIAS_MAX + 1];
	struct matches matches = {0};
	size_t len = strlen(modalias);
	const struct bm_modindex_module *module;
	int r;

	if (len == 0 || len > BM_MODULES_ALIAS_MAX)
		return 0;
	memcpy(name, modalias, len + 1);
	bm_wildcard_normalise(name);
	module = find_exact(modules, name);
	if (module && (module->listed || module->builtin))
		return bm_strv_add_once(list, module->name);
	r = match_all(modules, name, &matches);
	if (r == 0 && matches.n > 1)
		qsort(matches.items, matches.n, sizeof(*matches.items), by_order);
	for (size_t i = 0; r == 0 && i < matches.n; i++)
		r = bm_strv_add_once(list, matches.items[i]->name);
	free(matches.items);
	return r;
}
