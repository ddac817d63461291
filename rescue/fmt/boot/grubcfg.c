/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	set default="gnulinux-advanced-UUID>gnulinux-6.1.0-18-amd64-advanced-UUID"
 *	if [ -s $prefix/grubenv ]; then load_env; fi
 *	menuentry 'Debian' --id 'gnulinux-simple-UUID' {		item 0
 *		search --fs-uuid --set=root UUID
 *		linux  /vmlinuz root=/dev/sda1 ro
 *		initrd /initrd.img
 *	}
 *	submenu 'Advanced options' --id 'gnulinux-advanced-UUID' {	item 1
 *		menuentry ... { ... }					item 1>0
 *	}
 *
 * Reference: GRUB manual, "Writing full configuration files directly". This file runs the script and the items' bodies,
 * puts the items into menu order, and finds the default; grubcfg_run.h says what the other files do.
 */
#include "grubcfg.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "grubcfg_run.h"

void bm_grubcfg_done(struct bm_grubcfg *cfg)
{
	bm_entries_done(&cfg->entries);
	free(cfg->default_text);
	free(cfg->default_reason);
	free(cfg->fallback);
	free(cfg->timeout);
	bm_entry_place_done(&cfg->bls_place);
	free(cfg->bls_dir);
	for (size_t i = 0; i < cfg->n_variables; i++) {
		free(cfg->variables[i].name);
		free(cfg->variables[i].value);
		free(cfg->variables[i].before_search);
	}
	free(cfg->variables);
	for (size_t i = 0; i < cfg->n_warnings; i++) {
		free(cfg->warnings[i].file);
		free(cfg->warnings[i].text);
	}
	free(cfg->warnings);
	*cfg = (struct bm_grubcfg){0};
}

const char *bm_grubcfg_var(const struct bm_grubcfg *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_variables; i++) {
		if (bm_streq(cfg->variables[i].name, name))
			return cfg->variables[i].value;
	}
	return NULL;
}

/* GRUB's strtoul with base 0, blanks around allowed. */
static bool parse_index(const char *text, size_t *ret_index)
{
	_cleanup_free_ char *copy = strdup(text);
	const char *digits = copy ? bm_str_strip(copy) : "";
	uint64_t value;
	int r;

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		r = bm_num_base(digits + 2, strlen(digits + 2), 16, &value);
	else if (digits[0] == '0' && digits[1])
		r = bm_num_base(digits + 1, strlen(digits + 1), 8, &value);
	else
		r = bm_num_u64(digits, &value);
	if (r < 0 || value > BM_GRUBCFG_ENTRIES_MAX)
		return false;
	*ret_index = (size_t)value;
	return true;
}

/* Cuts the first step off a path of steps: ">" parts them, ">>" is one ">". Returns what follows, NULL at the end. */
static const char *cut_step(const char *spec, struct bm_buf *step)
{
	step->len = 0;
	bm_buf_adds(step, "");
	for (; *spec; spec++) {
		if (*spec == '>') {
			if (spec[1] != '>')
				return spec + 1;
			spec++;
		}
		bm_buf_addc(step, *spec);
	}
	return NULL;
}

static long find_step(const struct bm_entries *entries, long menu, const char *step)
{
	long found = bm_entries_by_id(entries, menu, step);
	size_t index;

	if (found < 0)
		found = bm_entries_by_title(entries, menu, step);
	if (found < 0 && parse_index(step, &index))
		found = bm_entries_at(entries, menu, index);
	return found;
}

/* Follows spec; where a step names nothing and lax is set, the first item takes its place and *ret_missed is set. */
static long follow(const struct bm_entries *entries, const char *spec, bool lax, bool *ret_missed)
{
	_cleanup_buf_ struct bm_buf step = {0};
	long menu = -1, found = -1;

	*ret_missed = false;
	while (spec && *spec) {
		spec = cut_step(spec, &step);
		found = find_step(entries, menu, bm_buf_text(&step));
		if (found < 0) {
			*ret_missed = true;
			if (!lax)
				return -1;
			found = bm_entries_at(entries, menu, 0);
			spec = NULL;
		}
		if (found < 0 || entries->items[found].kind != BM_ENTRY_SUBMENU)
			break;
		menu = found;
	}
	return found;
}

long bm_grubcfg_find(const struct bm_entries *entries, const char *spec)
{
	bool missed;

	return follow(entries, spec, false, &missed);
}

static int resolve_default(struct bm_grubcfg *cfg)
{
	const struct bm_entries *entries = &cfg->entries;
	bool missed, submenu = false;
	long found;

	found = follow(entries, cfg->default_text, true, &missed);
	if (found < 0)
		found = bm_entries_at(entries, -1, 0);
	while (found >= 0 && entries->items[found].kind == BM_ENTRY_SUBMENU) {
		long inner = bm_entries_at(entries, found, 0);

		submenu = true;
		if (inner < 0)
			break;
		found = inner;
	}
	cfg->default_entry = found;
	if (found < 0 || (!missed && !submenu))
		return 0;
	if (missed)
		cfg->default_reason =
			bm_strf("the menu has no entry \"%.256s\": the first one boots", cfg->default_text);
	else
		cfg->default_reason = bm_strf("the default is a submenu: its first entry is taken");
	return cfg->default_reason ? 0 : -ENOMEM;
}

/* Appends the items [first, last) and their submenus' in menu order to order. */
static void walk(
	const struct bm_grubcfg_run *run, size_t first, size_t last, unsigned int depth, size_t *order, size_t *n)
{
	for (size_t i = first; i < last; i++) {
		order[(*n)++] = i;
		if (run->items[i].last > run->items[i].first && depth <= BM_GRUBCFG_DEPTH_MAX)
			walk(run, run->items[i].first, run->items[i].last, depth + 1, order, n);
	}
}

/* Submenus' items were added behind those of the outer menu: puts each behind its submenu. */
static int put_in_order(struct bm_grubcfg_run *run, size_t n_top)
{
	struct bm_entries *entries = &run->cfg->entries;
	size_t n = 0, *order, *where;
	struct bm_entry *sorted;

	if (entries->n == n_top)
		return 0;
	order = calloc(entries->n, sizeof(*order));
	where = calloc(entries->n, sizeof(*where));
	sorted = calloc(entries->n, sizeof(*sorted));
	if (!order || !where || !sorted) {
		free(order);
		free(where);
		free(sorted);
		return -ENOMEM;
	}
	walk(run, 0, n_top, 0, order, &n);
	for (size_t i = 0; i < n; i++)
		where[order[i]] = i;
	for (size_t i = 0; i < n; i++) {
		sorted[i] = entries->items[order[i]];
		if (sorted[i].parent >= 0)
			sorted[i].parent = (long)where[sorted[i].parent];
	}
	free(entries->items);
	entries->items = sorted;
	entries->n = entries->capacity = n;
	free(order);
	free(where);
	return 0;
}

/* What GRUB and its normal module set before the file is read. */
static void set_up(struct bm_grubcfg_run *run)
{
	static const char *const features[] = {"feature_200_final", "feature_all_video_module",
		"feature_chainloader_bpb", "feature_default_font_path", "feature_menuentry_id",
		"feature_menuentry_options", "feature_nativedisk_cmd", "feature_ntldr", "feature_platform_search_hint",
		"feature_timeout_style"};
	static const char *const exported[] = {"color_highlight", "color_normal", "config_directory", "config_file",
		"lang", "locale_dir", "pager", "prefix", "root", "secondary_locale_dir"};
	const struct bm_grubcfg_input *input = run->input;
	const char *path = input->path ? input->path : "/boot/grub/grub.cfg";
	const char *platform = input->platform ? input->platform : "pc";
	_cleanup_free_ char *dir = bm_path_dir(path);

	if (!dir) {
		bm_grubcfg_no_memory(run);
		return;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(features); i++) {
		bm_grubcfg_set(run, features[i], "y");
		bm_grubcfg_export(run, features[i]);
	}
	bm_grubcfg_set(run, "config_file", path);
	bm_grubcfg_set(run, "config_directory", dir);
	bm_grubcfg_set(run, "prefix", input->prefix ? input->prefix : dir);
	bm_grubcfg_set(run, "grub_platform", platform);
	bm_grubcfg_set(run, "grub_cpu", input->cpu ? input->cpu : bm_streq(platform, "pc") ? "i386" : "x86_64");
	bm_grubcfg_export(run, "grub_platform");
	bm_grubcfg_export(run, "grub_cpu");
	for (size_t i = 0; i < BM_ARRAY_SIZE(exported); i++) {
		/* Exported without a value where it has none yet; root stays unset: the file's own filesystem. */
		bm_grubcfg_export(run, exported[i]);
	}
}

static int finish(struct bm_grubcfg_run *run)
{
	struct bm_grubcfg *cfg = run->cfg;
	size_t n_top;
	int r;

	if (run->boot) {
		struct bm_grubcfg_menu menu;

		bm_grubcfg_menu_put_aside(run, &menu);
		bm_grubcfg_menu_drop(&menu);
		bm_grubcfg_add_direct(run);
	} else if (!run->error) {
		n_top = cfg->entries.n;
		if (run->work <= BM_GRUBCFG_WORK_MAX)
			run->flow = BM_GRUBCFG_GO;
		bm_grubcfg_run_menu(run);
		if (!run->error && put_in_order(run, n_top) < 0)
			run->error = -ENOMEM;
	}
	if (!run->error)
		bm_grubcfg_collect_variables(run);
	if (run->error)
		return run->error;
	r = bm_str_set(&cfg->default_text, bm_grubcfg_var(cfg, "default"));
	if (r == 0 && !cfg->default_text)
		r = bm_str_set(&cfg->default_text, "");
	if (r == 0)
		r = bm_str_set(&cfg->fallback, bm_grubcfg_var(cfg, "fallback"));
	if (r == 0)
		r = bm_str_set(&cfg->timeout, bm_grubcfg_var(cfg, "timeout"));
	return r == 0 ? resolve_default(cfg) : r;
}

static void run_done(struct bm_grubcfg_run *run)
{
	while (run->scope)
		bm_grubcfg_scope_pop(run);
	for (size_t i = 0; i < run->n_functions; i++)
		free(run->functions[i].name);
	free(run->functions);
	for (size_t i = 0; i < run->n_items; i++)
		bm_strv_done(&run->items[i].params);
	free(run->items);
	bm_strv_done(&run->names);
	for (size_t i = 0; i < run->n_texts; i++)
		free(run->texts[i]);
	free(run->texts);
	bm_entry_done(&run->load);
	bm_grubcfg_arena_done(&run->arena);
}

int bm_grubcfg_parse(const char *text, size_t len, const struct bm_grubcfg_input *input, struct bm_grubcfg *ret)
{
	static const struct bm_grubcfg_input nothing = {0};
	struct bm_grubcfg cfg = {.default_entry = -1};
	struct bm_grubcfg_run run = {.input = input ? input : &nothing, .cfg = &cfg, .menu = -1};
	int r;

	if (bm_grubcfg_scope_push(&run, true)) {
		set_up(&run);
		bm_grubcfg_exec_text(&run, text, len, NULL);
	}
	r = run.error ? run.error : finish(&run);
	run_done(&run);
	if (r < 0)
		bm_grubcfg_done(&cfg);
	else
		*ret = cfg;
	return r;
}
