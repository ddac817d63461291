/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Menu items, and what an item loads. The script only notes an item's title and body; as in GRUB, the body runs when
 * the menu is complete, with the variables as they are then.
 */
#include "grubcfg_run.h"

#include <string.h>

#include "base/str.h"

void bm_grubcfg_menu_drop(struct bm_grubcfg_menu *menu)
{
	bm_entries_done(&menu->entries);
	for (size_t i = 0; i < menu->n_items; i++)
		bm_strv_done(&menu->items[i].params);
	free(menu->items);
	*menu = (struct bm_grubcfg_menu){0};
}

void bm_grubcfg_menu_put_aside(struct bm_grubcfg_run *run, struct bm_grubcfg_menu *ret_menu)
{
	*ret_menu = (struct bm_grubcfg_menu){run->cfg->entries, run->items, run->n_items, run->cap_items};
	run->cfg->entries = (struct bm_entries){0};
	run->items = NULL;
	run->n_items = run->cap_items = 0;
}

void bm_grubcfg_menu_take_back(struct bm_grubcfg_run *run, struct bm_grubcfg_menu *menu)
{
	struct bm_grubcfg_menu now;

	bm_grubcfg_menu_put_aside(run, &now);
	bm_grubcfg_menu_drop(&now);
	run->cfg->entries = menu->entries;
	run->items = menu->items;
	run->n_items = menu->n_items;
	run->cap_items = menu->cap_items;
	*menu = (struct bm_grubcfg_menu){0};
}

/* Adds an item to the menu that is being built; NULL: a limit, or no memory. Its line, file and submenus are set. */
static struct bm_entry *add_item(struct bm_grubcfg_run *run, struct bm_grubcfg_item **ret_item)
{
	struct bm_entries *entries = &run->cfg->entries;
	const struct bm_entry *menu;
	struct bm_grubcfg_item *item;
	struct bm_entry *entry;

	if (entries->n >= BM_GRUBCFG_ENTRIES_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "too many menu items: not all are kept");
		run->flow = BM_GRUBCFG_STOP;
		return NULL;
	}
	item = BM_VEC_PUSH(run->items, run->n_items, run->cap_items);
	entry = item ? bm_entries_add(entries, run->menu) : NULL;
	if (!entry) {
		run->n_items -= item ? 1 : 0;
		bm_grubcfg_no_memory(run);
		return NULL;
	}
	entry->line = run->line;
	item->file = run->file;
	if (bm_str_set(&entry->file, run->file ? run->file : run->input->path) < 0)
		bm_grubcfg_no_memory(run);
	if (run->menu >= 0) {
		menu = &entries->items[run->menu];
		for (size_t i = 0; i <= menu->path.n; i++) {
			const char *title = i < menu->path.n ? menu->path.items[i] : menu->title;

			bm_grubcfg_charge(run, 1 + strlen(title) / 16);
			if (bm_strv_add(&entry->path, title) < 0)
				bm_grubcfg_no_memory(run);
		}
	}
	*ret_item = item;
	return entry;
}

/* The options of menuentry and submenu that have a value. */
static bool option_with_value(const char *word)
{
	static const char *const names[] = {"--class", "--users", "--hotkey", "--source", "--id"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		if (bm_streq(word, names[i]))
			return true;
	}
	return false;
}

int bm_grubcfg_menuentry(struct bm_grubcfg_run *run, const struct bm_strv *args, const struct bm_grubcfg_node *node)
{
	_cleanup_strv_ struct bm_strv params = {0};
	bool submenu = bm_streq(args->items[0], "submenu"), options = true;
	const char *id = NULL, *value;
	struct bm_grubcfg_item *item;
	struct bm_entry *entry;

	if (run->in_body)
		return 1;
	for (size_t i = 1; i < args->n; i++) {
		const char *word = args->items[i];

		if (options && bm_streq(word, "--")) {
			options = false;
		} else if (options && (value = bm_str_after(word, "--id="))) {
			id = value;
		} else if (options && option_with_value(word)) {
			if (i + 1 < args->n && bm_streq(word, "--id"))
				id = args->items[i + 1];
			i++;
		} else if (options && bm_str_starts(word, "--")) {
			continue;
		} else if (bm_strv_add(&params, word) < 0) {
			bm_grubcfg_no_memory(run);
		}
	}
	if (!node->block) {
		bm_grubcfg_warn(run, BM_GRUBCFG_SYNTAX, "a %s without a block", args->items[0]);
		return 1;
	}
	if (params.n == 0) {
		/* GRUB does not show it. What it holds is told all the same, because it names kernels. */
		bm_grubcfg_warn(run, BM_GRUBCFG_SYNTAX, "a %s without a title", args->items[0]);
		if (!submenu)
			return 1;
	}
	entry = add_item(run, &item);
	if (!entry)
		return 1;
	entry->kind = submenu ? BM_ENTRY_SUBMENU : BM_ENTRY_OTHER;
	if (bm_str_set(&entry->title, params.n ? params.items[0] : "") < 0 || bm_str_set(&entry->id, id) < 0)
		bm_grubcfg_no_memory(run);
	item->body = node->body;
	item->params = params;
	params = (struct bm_strv){0};
	return 0;
}

static const char *lookup(void *arg, const char *name)
{
	return bm_grubcfg_get(arg, name);
}

/* GRUB's own idea, while it makes the items, of which one is the default. */
static bool bls_is_default(struct bm_grubcfg_run *run, const struct bm_bls *bls, size_t index)
{
	const char *spec = bm_grubcfg_get(run, "default");
	uint64_t number;

	if (!spec || !*spec)
		return false;
	return bm_streq(spec, bls->id) || bm_streq(spec, bls->title) ||
	       (bm_num_u64(spec, &number) == 0 && number == index);
}

static void add_bls(struct bm_grubcfg_run *run, const struct bm_bls *bls)
{
	struct bm_entry made = {0}, *entry;
	struct bm_grubcfg_item *item;

	if (!bls->kernel && !bls->efi) /* GRUB skips these */
		return;
	if (bm_bls_entry(bls, lookup, run, &made) < 0) {
		bm_grubcfg_no_memory(run);
		return;
	}
	entry = add_item(run, &item);
	if (!entry) {
		bm_entry_done(&made);
		return;
	}
	made.parent = entry->parent;
	made.position = entry->position;
	made.path = entry->path;
	entry->path = (struct bm_strv){0};
	bm_entry_done(entry);
	*entry = made;
}

int bm_grubcfg_blscfg(struct bm_grubcfg_run *run, const struct bm_strv *args)
{
	const struct bm_bls_list *list = run->input->bls;
	struct bm_grubcfg *cfg = run->cfg;
	bool show_default = true, show_others = true;
	const char *dir = bm_grubcfg_get(run, "blsdir"), *value;
	const struct bm_bls **order;
	char *path = NULL;

	for (size_t i = 1; i < args->n; i++) {
		const char *word = args->items[i];

		if (bm_streq(word, "default") || bm_streq(word, "-d") || bm_streq(word, "--show-default"))
			show_others = false;
		else if (bm_streq(word, "non-default") || bm_streq(word, "-n") || bm_streq(word, "--show-non-default"))
			show_default = false;
		else if ((value = bm_str_after(word, "--path=")))
			dir = value;
		else if ((bm_streq(word, "-p") || bm_streq(word, "--path")) && i + 1 < args->n)
			dir = args->items[++i];
		else if (*word == '/' || *word == '(')
			dir = word;
	}
	if (!cfg->uses_bls) {
		cfg->uses_bls = true;
		cfg->bls_line = run->line;
		cfg->bls_position = cfg->entries.n;
		if (bm_grubcfg_locate(run, dir ? dir : "/", &path, &cfg->bls_place) && dir) {
			free(cfg->bls_dir);
			cfg->bls_dir = path;
			path = NULL;
		}
		free(path);
	}
	if (!list || list->n == 0)
		return 0;
	order = calloc(list->n, sizeof(*order));
	if (!order) {
		bm_grubcfg_no_memory(run);
		return 1;
	}
	for (size_t i = 0; i < list->n; i++) { /* insertion: the list is short, and mostly sorted */
		size_t at = i;

		for (; at > 0 && bm_bls_cmp(&list->items[i], order[at - 1]) < 0; at--)
			order[at] = order[at - 1];
		order[at] = &list->items[i];
		bm_grubcfg_charge(run, i - at);
	}
	for (size_t i = 0; i < list->n && run->flow == BM_GRUBCFG_GO; i++) {
		bool is_default = bls_is_default(run, order[i], i);

		if ((is_default ? show_default : show_others) && bm_grubcfg_charge(run, 16))
			add_bls(run, order[i]);
	}
	free(order);
	return 0;
}

/* Moves what was loaded into the item. */
static void take_load(struct bm_grubcfg_run *run, struct bm_entry *entry)
{
	struct bm_entry *load = &run->load;
	const char *name = load->kernel ? bm_path_base(load->kernel) : NULL;

	entry->kind = run->chain ? BM_ENTRY_CHAIN : BM_ENTRY_OTHER;
	if (name && !strstr(name, "memtest") && !bm_str_ends(name, ".lkrn") && !strstr(name, "memdisk"))
		entry->kind = BM_ENTRY_LINUX;
	entry->kernel = load->kernel;
	entry->cmdline = load->cmdline;
	entry->initrds = load->initrds;
	entry->devicetree = load->devicetree;
	entry->program = load->program;
	entry->hypervisor = load->hypervisor;
	entry->place = load->place;
	entry->initrd_device = load->initrd_device;
	entry->unresolved = load->unresolved;
	entry->kernel_line = load->kernel_line;
	entry->initrd_line = load->initrd_line;
	*load = (struct bm_entry){0};
}

static void forget_load(struct bm_grubcfg_run *run)
{
	bm_entry_done(&run->load);
	run->chain = false;
}

void bm_grubcfg_add_direct(struct bm_grubcfg_run *run)
{
	struct bm_grubcfg_item *item;
	struct bm_entry *entry = add_item(run, &item);

	if (entry)
		take_load(run, entry);
}

/* Runs one item's body on top of the menu's variables. */
static void run_body(struct bm_grubcfg_run *run, size_t index)
{
	struct bm_strv params = run->items[index].params; /* a view: shift moves it */
	struct bm_strv *outer = run->params;

	run->params = &params;
	run->file = run->items[index].file;
	run->loops = 0;
	run->status = 0;
	bm_grubcfg_exec(run, run->items[index].body);
	run->params = outer;
	if (!run->error && run->work <= BM_GRUBCFG_WORK_MAX)
		run->flow = BM_GRUBCFG_GO;
}

static void run_entry(struct bm_grubcfg_run *run, size_t index)
{
	struct bm_entry *entry = &run->cfg->entries.items[index];
	char *path = NULL;

	if (entry->bls) {
		if (bm_grubcfg_locate(run, "/", &path, &entry->place))
			free(path);
		return;
	}
	forget_load(run);
	if (!bm_grubcfg_scope_push(run, true))
		return;
	run->in_body = true;
	bm_grubcfg_set(run, "chosen", entry->title);
	run_body(run, index);
	run->in_body = false;
	bm_grubcfg_scope_pop(run);
	take_load(run, &run->cfg->entries.items[index]);
	forget_load(run);
}

static void run_items(struct bm_grubcfg_run *run, size_t first, size_t last, unsigned int depth)
{
	for (size_t i = first; i < last && !run->error && bm_grubcfg_charge(run, 1); i++) {
		if (run->cfg->entries.items[i].kind != BM_ENTRY_SUBMENU) {
			run_entry(run, i);
			continue;
		}
		if (depth >= BM_GRUBCFG_DEPTH_MAX) {
			bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "too many submenus inside each other");
			continue;
		}
		if (!bm_grubcfg_scope_push(run, false))
			return;
		run->menu = (long)i;
		run->items[i].first = run->cfg->entries.n;
		run_body(run, i);
		run->items[i].last = run->cfg->entries.n;
		run_items(run, run->items[i].first, run->items[i].last, depth + 1);
		bm_grubcfg_scope_pop(run);
	}
}

void bm_grubcfg_run_menu(struct bm_grubcfg_run *run)
{
	run_items(run, 0, run->cfg->entries.n, 0);
	run->menu = -1;
}
