/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables live in scopes: the main menu's, a submenu's (which sees what is exported), an entry's body (which sees all
 *of its menu, and what it sets is forgotten, because only one entry boots).
 *
 * A device that `search` finds is not known here. Its variable gets a text that says how it would be found:
 *
 *	fs_uuid/6169b46f-...	fs_label/BOOT	fs_file//vmlinuz
 *
 * which goes wherever the script carries it (prefix=($root)/grub2), and what stood in the variable before is kept: GRUB
 * stays with that when the search fails.
 */
#include "grubcfg_run.h"

#include <string.h>

#include "base/str.h"

struct bm_grubcfg_scope *bm_grubcfg_scope_push(struct bm_grubcfg_run *run, bool sees_all)
{
	struct bm_grubcfg_scope *scope = calloc(1, sizeof(*scope));

	if (!scope) {
		bm_grubcfg_no_memory(run);
		return NULL;
	}
	scope->outer = run->scope;
	scope->sees_all = sees_all;
	run->scope = scope;
	return scope;
}

static void variable_done(struct bm_grubcfg_variable *variable)
{
	free(variable->name);
	free(variable->value);
	free(variable->before_search);
}

void bm_grubcfg_scope_pop(struct bm_grubcfg_run *run)
{
	struct bm_grubcfg_scope *scope = run->scope;

	run->scope = scope->outer;
	for (size_t i = 0; i < scope->n; i++)
		variable_done(&scope->items[i]);
	free(scope->items);
	free(scope);
}

static struct bm_grubcfg_variable *find_in(struct bm_grubcfg_run *run, struct bm_grubcfg_scope *scope, const char *name)
{
	bm_grubcfg_charge(run, 1 + scope->n / 16);
	for (size_t i = 0; i < scope->n; i++) {
		if (bm_streq(scope->items[i].name, name))
			return &scope->items[i];
	}
	return NULL;
}

const struct bm_grubcfg_variable *bm_grubcfg_find_variable(struct bm_grubcfg_run *run, const char *name)
{
	bool all = true;

	for (struct bm_grubcfg_scope *scope = run->scope; scope; scope = scope->outer) {
		const struct bm_grubcfg_variable *variable = find_in(run, scope, name);

		if (variable)
			return variable->value && (all || variable->exported) ? variable : NULL;
		all = all && scope->sees_all;
	}
	return NULL;
}

const char *bm_grubcfg_get(struct bm_grubcfg_run *run, const char *name)
{
	const struct bm_grubcfg_variable *variable = bm_grubcfg_find_variable(run, name);

	return variable ? variable->value : NULL;
}

/* The variable in the innermost scope, made where it is not there yet. NULL: a limit, or no memory. */
static struct bm_grubcfg_variable *own(struct bm_grubcfg_run *run, const char *name)
{
	struct bm_grubcfg_variable *variable = find_in(run, run->scope, name);
	const struct bm_grubcfg_variable *outer;
	char *copy;
	bool exported;

	if (variable)
		return variable;
	if (run->scope->n >= BM_GRUBCFG_VARIABLES_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "too many variables: %.64s is not set", name);
		return NULL;
	}
	outer = bm_grubcfg_find_variable(run, name);
	exported = outer && outer->exported;
	copy = strdup(name);
	if (copy)
		variable = BM_VEC_PUSH(run->scope->items, run->scope->n, run->scope->capacity);
	if (!variable) {
		free(copy);
		bm_grubcfg_no_memory(run);
		return NULL;
	}
	variable->name = copy;
	variable->exported = exported;
	return variable;
}

void bm_grubcfg_set(struct bm_grubcfg_run *run, const char *name, const char *value)
{
	struct bm_grubcfg_variable *variable = own(run, name);

	if (!variable)
		return;
	if (bm_str_set(&variable->value, value) < 0 || bm_str_set(&variable->before_search, NULL) < 0)
		bm_grubcfg_no_memory(run);
}

void bm_grubcfg_unset(struct bm_grubcfg_run *run, const char *name)
{
	if (bm_grubcfg_find_variable(run, name))
		bm_grubcfg_set(run, name, NULL);
}

void bm_grubcfg_export(struct bm_grubcfg_run *run, const char *name)
{
	const struct bm_grubcfg_variable *seen = bm_grubcfg_find_variable(run, name);
	_cleanup_free_ char *value = strdup(seen ? seen->value : "");
	_cleanup_free_ char *before = seen && seen->before_search ? strdup(seen->before_search) : NULL;
	struct bm_grubcfg_variable *variable = own(run, name);

	if (!variable)
		return;
	variable->exported = true;
	if (!value || bm_str_set(&variable->value, value) < 0 || bm_str_set(&variable->before_search, before) < 0)
		bm_grubcfg_no_memory(run);
}

void bm_grubcfg_set_search(struct bm_grubcfg_run *run, const char *name, const char *kind, const char *value)
{
	const struct bm_grubcfg_variable *seen = bm_grubcfg_find_variable(run, name);
	_cleanup_free_ char *text = bm_strf("%s/%s", kind, value), *before = NULL;
	struct bm_grubcfg_variable *variable;

	if (seen)
		before = strdup(seen->before_search ? seen->before_search : seen->value);
	/* Of two searches in a row the second one counts, and before both stood no device. */
	if (before && bm_str_starts(before, "fs_")) {
		free(before);
		before = NULL;
	}
	variable = own(run, name);
	if (!variable)
		return;
	if (!text || bm_str_set(&variable->value, text) < 0 || bm_str_set(&variable->before_search, before) < 0)
		bm_grubcfg_no_memory(run);
}

/* A device's text, as described above, into a place. */
static int place_of(const char *device, const char *before, struct bm_entry_place *place)
{
	static const char *const kinds[] = {"fs_uuid/", "fs_label/", "fs_file/"};
	char **texts[] = {&place->search_uuid, &place->search_label, &place->search_file};
	size_t len;

	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++) {
		const char *value = bm_str_after(device, kinds[i]);

		if (!value)
			continue;
		if (bm_str_set(texts[i], value) < 0)
			return -1;
		device = before;
		break;
	}
	if (!device || !*device)
		return 0;
	if (*device == '(')
		device++;
	len = strcspn(device, ")");
	place->device = len ? strndup(device, len) : NULL;
	return len && !place->device ? -1 : 0;
}

bool bm_grubcfg_locate(struct bm_grubcfg_run *run, const char *text, char **ret_path, struct bm_entry_place *ret_place)
{
	const struct bm_grubcfg_variable *root = bm_grubcfg_find_variable(run, "root");
	_cleanup_free_ char *device = NULL;
	struct bm_entry_place place = {0};
	const char *before = NULL, *where;
	char *path = NULL;

	if (bm_entry_split_path(text, &device, &path) < 0)
		return false;
	where = device;
	if (root && (!device || bm_streq(device, root->value))) {
		where = root->value;
		before = root->before_search;
	}
	if (where && place_of(where, before, &place) < 0) {
		bm_entry_place_done(&place);
		free(path);
		bm_grubcfg_no_memory(run);
		return false;
	}
	*ret_path = path;
	*ret_place = place;
	return true;
}

static bool collected(const struct bm_grubcfg *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_variables; i++) {
		if (bm_streq(cfg->variables[i].name, name))
			return true;
	}
	return false;
}

void bm_grubcfg_collect_variables(struct bm_grubcfg_run *run)
{
	struct bm_grubcfg *cfg = run->cfg;
	bool all = true;

	for (struct bm_grubcfg_scope *scope = run->scope; scope; scope = scope->outer) {
		for (size_t i = 0; i < scope->n && cfg->n_variables < BM_GRUBCFG_VARIABLES_MAX; i++) {
			struct bm_grubcfg_variable *from = &scope->items[i], *to;

			if (!from->value || (!all && !from->exported) || collected(cfg, from->name))
				continue;
			to = BM_VEC_PUSH(cfg->variables, cfg->n_variables, cfg->cap_variables);
			if (!to || bm_str_set(&to->name, from->name) < 0 || bm_str_set(&to->value, from->value) < 0 ||
				bm_str_set(&to->before_search, from->before_search) < 0) {
				bm_grubcfg_no_memory(run);
				return;
			}
			to->exported = from->exported;
		}
		all = all && scope->sees_all;
	}
}
