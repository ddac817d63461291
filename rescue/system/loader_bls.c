/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the Boot Loader Specification, and the loader that reads nothing else: systemd-boot.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "loader_int.h"

enum { BLS_FILES_MAX = 1024, LOADER_CONF_MAX = 64 * 1024 };

/* The text before that line (from 1). */
static size_t length_before(const char *text, size_t len, unsigned int line)
{
	const char *at = text;

	while (--line > 0) {
		const char *newline = memchr(at, '\n', len - (size_t)(at - text));

		if (!newline)
			return len;
		at = newline + 1;
	}
	return (size_t)(at - text);
}

static bool names_root(const char *options)
{
	return bm_str_starts(options, "root=") || strstr(options, " root=") || strstr(options, "kernelopts");
}

/* Puts what GRUB reads of the file in place of the last of the list, and notes what it does not read. */
static int take_cut(struct bm_system *system, const char *path, struct bm_bls_list *list, const char *text, size_t len)
{
	struct bm_loader *loader = &system->loader;
	struct bm_bls *whole = &list->items[list->n - 1], seen;
	struct bm_loader_cut *cut = BM_VEC_PUSH(loader->cuts, loader->n_cuts, loader->cap_cuts);

	if (!cut || bm_str_set(&cut->id, whole->id) < 0 || bm_str_set(&cut->file, path) < 0 ||
		bm_bls_parse(path, text, length_before(text, len, whole->stop_line), &seen) < 0)
		return -ENOMEM;
	cut->line = whole->stop_line;
	cut->kernel = whole->kernel && !seen.kernel;
	cut->initrd = whole->initrds.n > 0 && seen.initrds.n == 0;
	cut->root = names_root(whole->options) && !names_root(seen.options);
	cut->options = !bm_streq(whole->options, seen.options);
	seen.file = whole->file;
	whole->file = NULL;
	bm_bls_done(whole);
	*whole = seen;
	return 0;
}

int bm_loader_read_bls(struct bm_system *system, const char *dir, bool for_grub, struct bm_bls_list *list)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = bm_root_list(system->root, dir, BLS_FILES_MAX, &names);

	if (r == -EFBIG)
		return bm_strv_addf(
			&system->loader.warnings, "%s: more than %d files: none is read", dir, (int)BLS_FILES_MAX);
	if (r < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_buf_ struct bm_buf text = {0};
		_cleanup_free_ char *path = bm_path_join(dir, names.items[i]);

		if (!path)
			return -ENOMEM;
		if (!bm_str_ends(names.items[i], ".conf") ||
			bm_root_read(system->root, path, BM_BLS_SIZE_MAX, &text) < 0)
			continue;
		if (bm_bls_list_add(list, names.items[i], bm_buf_text(&text), text.len) < 0 ||
			bm_str_set(&list->items[list->n - 1].file, path) < 0 ||
			bm_loader_adopt_unified(system, &list->items[list->n - 1]) < 0)
			return -ENOMEM;
		if (for_grub && list->items[list->n - 1].stop_line > 0 &&
			take_cut(system, path, list, bm_buf_text(&text), text.len) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether loader.conf's default names none of the entries, so that the first is booted. What stands in EFI variables
 * (@saved), and what systemd-boot finds by itself, can't be called missing. */
static bool lost_pattern(const char *pattern, const struct bm_bls *chosen)
{
	return pattern && *pattern != '@' && !bm_str_starts(pattern, "auto-") && !bm_loader_conf_names(pattern, chosen);
}

/* Whether what lies there is on another filesystem than what lies at the targets before it. */
static bool is_apart(const struct bm_system *system, const char *const *targets, size_t at)
{
	const struct bm_mount *mount = bm_system_mount(system, targets[at]);

	for (size_t i = 0; mount && mount->device >= 0 && i < at; i++) {
		const struct bm_mount *other = bm_system_mount(system, targets[i]);

		if (other && other->device == mount->device)
			return false;
	}
	return true;
}

/* Whether systemd-boot can read what is mounted there: it is an ESP, or XBOOTLDR, which the firmware reads as well. */
static bool is_readable(const struct bm_loader_reader *reader, const char *target)
{
	const struct bm_mount *mount = bm_system_mount(reader->system, target);
	const char *type = !mount ? NULL
			   : mount->device >= 0 && reader->devices->items[mount->device].fstype
				   ? reader->devices->items[mount->device].fstype
				   : mount->fstype;

	return !type || bm_streq(type, "vfat") || bm_streq(type, "auto") || bm_streq(type, "autofs");
}

/* The entries of the ESP and of XBOOTLDR, and loader.conf, which is the ESP's. *ret_config: for free(). */
static int read_both(const struct bm_loader_reader *reader, struct bm_bls_list *list, char **ret_config)
{
	/* Where there are two, /boot is XBOOTLDR. */
	static const char *const targets[] = {"/efi", "/boot/efi", "/boot"};
	struct bm_system *system = reader->system;
	_cleanup_free_ char *first = NULL;

	for (size_t i = 0; i < BM_ARRAY_SIZE(targets); i++) {
		_cleanup_free_ char *dir = bm_path_join(targets[i], "loader/entries");
		_cleanup_free_ char *config = bm_path_join(targets[i], "loader/loader.conf");
		size_t before = list->n;

		if (!dir || !config)
			return -ENOMEM;
		if (!is_apart(system, targets, i) || (list->n > 0 && !is_readable(reader, targets[i])))
			continue;
		if (bm_loader_read_bls(system, dir, false, list) < 0 ||
			bm_loader_add_unified(system, targets[i], list) < 0)
			return -ENOMEM;
		if (!*ret_config && bm_root_is_file(system->root, config)) {
			*ret_config = config;
			config = NULL;
		} else if (!first && list->n > before) {
			first = config;
			config = NULL;
		}
	}
	if (!*ret_config) {
		*ret_config = bm_path_join(first ? first : "/boot/loader/loader.conf", "");
		return *ret_config ? 0 : -ENOMEM;
	}
	return 0;
}

/* The loader's entries in its own order. */
static int make_entries(const struct bm_bls_list *bls, struct bm_entries *entries)
{
	for (size_t i = 0; i < bls->n; i++) {
		struct bm_entry *entry = bm_entries_add(entries, -1);
		struct bm_entry made = {0};

		if (!entry || bm_bls_entry(&bls->items[i], NULL, NULL, &made) < 0)
			return -ENOMEM;
		made.position = entry->position;
		made.parent = -1;
		bm_entry_done(entry);
		*entry = made;
	}
	return 0;
}

static int take_default(struct bm_loader *loader, const char *text, size_t len, struct bm_bls_list *bls)
{
	struct bm_loader_conf conf = {0};
	int r;

	if (bm_loader_conf_parse(text, len, &conf) < 0)
		return -ENOMEM;
	loader->default_entry = (int)bm_loader_conf_default(&conf, bls);
	loader->default_lost = lost_pattern(conf.default_pattern, &bls->items[loader->default_entry]);
	r = bm_str_set(&loader->default_wanted, conf.default_pattern);
	if (r == 0)
		r = bm_str_set(&loader->default_text, conf.default_pattern ? conf.default_pattern : "the newest");
	bm_loader_conf_done(&conf);
	return r;
}

/* The image that the firmware starts. */
static int take_started(struct bm_loader *loader, const struct bm_start *start, const struct bm_bls_list *bls)
{
	for (size_t i = 0; i < bls->n; i++)
		if (bm_streq(bls->items[i].file, start->program))
			loader->default_entry = (int)i;
	if (start->arguments &&
		bm_loader_unread(loader, bm_strf("%s has arguments of its own for %s, and whether that takes them is "
						 "not seen",
						 start->how, start->program)) < 0)
		return -ENOMEM;
	return bm_str_set(&loader->default_text, start->how);
}

/* Whether all entries are unified images, which the firmware itself can start. */
static bool only_unified(const struct bm_bls_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!bm_streq(bm_path_base(list->items[i].file), bm_path_base(list->items[i].kernel)))
			return false;
	return true;
}

int bm_loader_read_systemd_boot(struct bm_loader_reader *reader, bool *ret_used)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_bls_list_ struct bm_bls_list bls = {0};
	_cleanup_entries_ struct bm_entries entries = {0};
	_cleanup_free_ char *config = NULL;
	struct bm_loader *loader = &reader->system->loader;
	const struct bm_start *start = &reader->system->start;
	bool firmware = start->kind == BM_STARTER_UNIFIED;
	int r;

	*ret_used = false;
	if (read_both(reader, &bls, &config) < 0 || (firmware && bm_loader_add_started(reader->system, &bls) < 0))
		return -ENOMEM;
	if (bls.n == 0 && (!loader->systemd_boot || loader->unified || loader->grub))
		return 0;
	/* GRUB starts none of them by itself. */
	if (!firmware && !loader->systemd_boot && bls.n > 0 && only_unified(&bls)) {
		if (loader->grub)
			return 0;
		firmware = true;
	}
	loader->kind = firmware ? BM_LOADER_FIRMWARE : BM_LOADER_BLS;
	*ret_used = true;
	if (bm_str_set(&loader->config, config) < 0)
		return -ENOMEM;
	if (bls.n == 0)
		return 0;
	bm_bls_list_sort_systemd(&bls);
	if (bm_root_read(reader->system->root, config, LOADER_CONF_MAX, &text) < 0)
		bm_err_clear();
	r = start->kind == BM_STARTER_UNIFIED ? take_started(loader, start, &bls)
					      : take_default(loader, bm_buf_text(&text), text.len, &bls);
	if (r < 0 || make_entries(&bls, &entries) < 0)
		return -ENOMEM;
	if (firmware && start->kind != BM_STARTER_UNIFIED && bls.n > 1 &&
		bm_loader_unread(loader, bm_strf("the firmware starts one of %zu unified kernel images, and which of "
						 "them is not seen on the disk",
						 bls.n)) < 0)
		return -ENOMEM;
	if (!loader->systemd_boot && !firmware &&
		bm_loader_unread(loader, bm_strf("boot entries were found (%s), and no loader that reads them: neither "
						 "systemd-boot nor a configuration of GRUB",
						 bls.items[0].file)) < 0)
		return -ENOMEM;
	reader->bls = &bls;
	r = bm_loader_take_entries(reader, &entries, config);
	reader->bls = NULL;
	return r;
}
