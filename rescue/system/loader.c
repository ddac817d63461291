/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boot loader of a system would boot: its configuration found, its entries read, their paths turned into
 * paths of the system, and the default resolved.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/grubcfg.h"
#include "../fmt/boot/grubconf.h"
#include "kernels.h"
#include "loader_int.h"

enum { LOADER_FILE_MAX = 4 * 1024 * 1024, BLS_FILES_MAX = 1024 };

const char *bm_loader_kind_text(enum bm_loader_kind kind)
{
	static const char *const texts[] = {"none", "grub2", "grub2-bls", "grub-legacy", "systemd-boot"};

	return texts[kind];
}

static int exists(void *arg, const struct bm_grubcfg_ref *ref, enum bm_grubcfg_test test)
{
	const struct bm_loader_reader *reader = arg;
	_cleanup_free_ char *path = bm_loader_path(reader, ref->place, ref->path);
	struct bm_stat st;

	if (!path || bm_root_stat(reader->system->root, path, true, &st) < 0)
		return 0;
	switch (test) {
	case BM_GRUBCFG_DIRECTORY:
		return st.type == BM_FILE_DIR;
	case BM_GRUBCFG_NOT_EMPTY:
		return st.type == BM_FILE_REGULAR && st.size_bytes > 0;
	case BM_GRUBCFG_REGULAR:
		return st.type == BM_FILE_REGULAR;
	case BM_GRUBCFG_EXISTS:
		break;
	}
	return 1;
}

static int read_file(void *arg, const struct bm_grubcfg_ref *ref, char **ret_text, size_t *ret_len)
{
	const struct bm_loader_reader *reader = arg;
	_cleanup_free_ char *path = bm_loader_path(reader, ref->place, ref->path);
	struct bm_buf text = {0};
	int r;

	if (!path)
		return -ENOMEM;
	r = bm_root_read(reader->system->root, path, LOADER_FILE_MAX, &text);
	if (r < 0) {
		bm_buf_done(&text);
		return r;
	}
	*ret_len = text.len;
	*ret_text = bm_buf_steal(&text);
	return *ret_text ? 0 : -ENOMEM;
}

/* The path below its filesystem, as the loader sees it. */
static const char *loader_view(const struct bm_system *system, const char *path)
{
	const struct bm_mount *mount = bm_system_mount_of(system, path);

	return mount && !bm_streq(mount->target, "/") ? path + strlen(mount->target) : path;
}

/* The file that an entry stands in, as a path of the system: its BLS file, or the configuration. */
static int set_entry_file(
	const struct bm_loader_reader *reader, struct bm_entry *entry, const char *config, const char *bls_dir)
{
	_cleanup_free_ char *path = NULL;

	if (entry->bls && bls_dir)
		path = bm_strf("%s/%s.conf", bls_dir, entry->id);
	else if (!entry->file || bm_streq(entry->file, loader_view(reader->system, config)))
		path = bm_strf("%s", config);
	else
		path = bm_loader_path(reader, NULL, entry->file);
	return path ? bm_str_set(&entry->file, path) : -ENOMEM;
}

/*
 * The version of an entry's kernel: that of the same image in /boot; else what the image says, and then the system has
 * that kernel too, whatever its name; else, where the image is missing, what the BLS file or its name says.
 */
static int set_entry_version(const struct bm_loader_reader *reader, struct bm_boot_entry *taken)
{
	struct bm_system *system = reader->system;
	struct bm_kernel *kernel;

	for (size_t i = 0; i < system->n_kernels; i++)
		if (bm_streq(system->kernels[i].image, taken->kernel))
			return bm_str_set(&taken->kernel_problem, system->kernels[i].image_problem) < 0
				       ? -ENOMEM
				       : bm_str_set(&taken->version, system->kernels[i].version);
	if (taken->kernel_exists &&
		bm_system_probe_kernel(system, taken->kernel, &taken->version, &taken->kernel_problem) < 0)
		return -ENOMEM;
	if (taken->version) {
		if (bm_system_add_kernel(system, taken->version, &kernel) < 0)
			return -ENOMEM;
		return kernel->image ? 0 : bm_str_set(&kernel->image, taken->kernel);
	}
	taken->version = bm_kernel_version_of(taken->kernel);
	if (taken->version && !bm_system_kernel(system, taken->version) && taken->entry.version)
		return bm_str_set(&taken->version, taken->entry.version);
	return taken->version ? 0 : -ENOMEM;
}

static int take_initrds(
	const struct bm_loader_reader *reader, const struct bm_entry *entry, struct bm_boot_entry *taken)
{
	for (size_t i = 0; i < entry->initrds.n; i++) {
		_cleanup_free_ char *path = bm_loader_path(reader, &entry->place, entry->initrds.items[i]);

		if (!path || bm_strv_add(&taken->initrds, path) < 0)
			return -ENOMEM;
		/* On a device of its own it is looked for elsewhere; a pattern is no path. */
		if (!entry->initrd_device && !strpbrk(entry->initrds.items[i], "*?") &&
			!bm_root_is_file(reader->system->root, path) &&
			bm_strv_add_once(&taken->initrds_missing, path) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the options of the BLS file that the entry was made of are $kernelopts, and that has no value. */
static bool lost_kernelopts(const struct bm_loader_reader *reader, const struct bm_entry *entry)
{
	for (size_t i = 0; entry->bls && !reader->kernelopts && reader->bls && i < reader->bls->n; i++)
		if (bm_streq(reader->bls->items[i].id, entry->id))
			return strstr(reader->bls->items[i].options, "$kernelopts") ||
			       strstr(reader->bls->items[i].options, "${kernelopts}");
	return false;
}

/* Makes the system's entry of the loader's. */
static int take_entry(
	const struct bm_loader_reader *reader, const struct bm_entry *entry, const char *config, const char *bls_dir)
{
	struct bm_loader *loader = &reader->system->loader;
	struct bm_boot_entry *taken = BM_VEC_PUSH(loader->entries, loader->n_entries, loader->cap_entries);

	if (!taken || bm_entry_copy(entry, &taken->entry) < 0 ||
		set_entry_file(reader, &taken->entry, config, bls_dir) < 0)
		return -ENOMEM;
	if (!entry->kernel || bm_loader_foreign(reader, &entry->place))
		return 0;
	taken->kernel = bm_loader_path(reader, &entry->place, entry->kernel);
	if (!taken->kernel)
		return -ENOMEM;
	taken->kernel_exists = bm_root_is_file(reader->system->root, taken->kernel);
	taken->place_unknown = bm_loader_unknown(reader, &entry->place);
	taken->unified =
		entry->initrds.n == 0 && taken->kernel_exists && bm_system_is_unified(reader->system, taken->kernel);
	taken->kernelopts_lost = lost_kernelopts(reader, entry);
	if (take_initrds(reader, entry, taken) < 0)
		return -ENOMEM;
	return set_entry_version(reader, taken);
}

static int take_entries(const struct bm_loader_reader *reader, const struct bm_entries *entries, const char *config,
	const char *bls_dir)
{
	for (size_t i = 0; i < entries->n; i++)
		if (take_entry(reader, &entries->items[i], config, bls_dir) < 0)
			return -ENOMEM;
	return 0;
}

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
	bm_bls_done(whole);
	*whole = seen;
	return 0;
}

/* Reads the entries; for_grub: as far as GRUB reads them. */
static int read_bls(struct bm_system *system, const char *dir, bool for_grub, struct bm_bls_list *list)
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
		if (bm_bls_list_add(list, names.items[i], bm_buf_text(&text), text.len) < 0)
			return -ENOMEM;
		if (for_grub && list->items[list->n - 1].stop_line > 0 &&
			take_cut(system, path, list, bm_buf_text(&text), text.len) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The environment block beside the configuration, else in one of GRUB's usual folders. */
static int read_environment(struct bm_system *system, const char *config, struct bm_grubenv *env, bool *ret_found)
{
	_cleanup_free_ char *dir = bm_path_dir(config);
	const char *const dirs[] = {dir, "/boot/grub2", "/boot/grub"};

	*ret_found = false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = dirs[i] ? bm_path_join(dirs[i], "grubenv") : NULL;
		_cleanup_buf_ struct bm_buf text = {0};

		if (!path)
			return -ENOMEM;
		if (bm_root_read(system->root, path, BM_GRUBENV_SIZE_MAX, &text) < 0)
			continue;
		if (bm_grubenv_parse(bm_buf_text(&text), text.len, env) < 0)
			return -ENOMEM;
		*ret_found = true;
		if (env->damaged && (bm_strv_addf(&system->loader.warnings, "%s: %s", path, env->damage) < 0 ||
					    bm_str_set(&system->loader.env_damage, env->damage) < 0))
			return -ENOMEM;
		system->loader.env_damage_line = env->damage_line;
		system->loader.env_refused = env->refused;
		if (bm_str_set(&system->loader.environment, path) < 0 ||
			bm_str_set(&system->loader.saved_entry, bm_grubenv_get(env, "saved_entry")) < 0 ||
			bm_str_set(&system->loader.next_entry, bm_grubenv_get(env, "next_entry")) < 0 ||
			bm_str_set(&system->loader.kernelopts, bm_grubenv_get(env, "kernelopts")) < 0)
			return -ENOMEM;
		return 0;
	}
	return 0;
}

static const char *bls_dir_of(const struct bm_system *system)
{
	static const char *const dirs[] = {"/boot/loader/entries", "/boot/efi/loader/entries", "/efi/loader/entries"};

	/* The first that has an entry: Debian makes an empty one in /boot while the ESP is at /efi. */
	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_strv_ struct bm_strv names = {0};
		int r = bm_root_list(system->root, dirs[i], BLS_FILES_MAX, &names);

		for (size_t n = 0; n < names.n; n++)
			if (bm_str_ends(names.items[n], ".conf"))
				return dirs[i];
		if (r == -EFBIG)
			return dirs[i];
	}
	return dirs[0];
}

/* What is in the configuration, or what is to be taken for it. */
static int read_config(const struct bm_loader_reader *reader, const char *config, struct bm_buf *text)
{
	_cleanup_free_ char *real = NULL;

	if (!reader->path)
		return bm_root_read(reader->system->root, config, LOADER_FILE_MAX, text);
	if (!bm_streq(reader->path, config) && bm_root_realpath(reader->system->root, config, &real) < 0)
		return -ENOENT;
	if (real && !bm_streq(reader->path, real))
		return bm_root_read(reader->system->root, config, LOADER_FILE_MAX, text);
	return bm_buf_add(text, bm_buf_text(reader->text), reader->text->len);
}

/* What the script's evaluation met. Where it was left early, or reached none of the entries that stand there, what is
 * booted is not known. */
static int take_warnings(struct bm_loader *loader, const char *config, const struct bm_grubcfg *cfg, bool has_entries)
{
	for (size_t i = 0; i < cfg->n_warnings; i++) {
		const struct bm_grubcfg_warning *warning = &cfg->warnings[i];
		_cleanup_free_ char *text =
			bm_strf("%s:%u: %s", warning->file ? warning->file : config, warning->line, warning->text);

		if (!text || (warning->kind != BM_GRUBCFG_MISSING && bm_strv_add(&loader->warnings, text) < 0) ||
			(warning->kind == BM_GRUBCFG_LIMIT &&
				bm_loader_unread(loader, bm_strf("the menu was not followed to its end (%s)", text)) <
					0))
			return -ENOMEM;
	}
	if (cfg->entries.n > 0 || cfg->uses_bls || !has_entries)
		return 0;
	return bm_loader_unread(
		loader, bm_strf("the entries of %s stand under conditions, and none of them was reached", config));
}

/* Reads a grub.cfg. *ret_used is false for one that has no menu of its own (an EFI stub). */
static int read_grub2(struct bm_loader_reader *reader, const char *config, bool *ret_used)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	_cleanup_bls_list_ struct bm_bls_list bls = {0};
	_cleanup_grubcfg_ struct bm_grubcfg cfg = {0};
	struct bm_loader *loader = &reader->system->loader;
	const char *bls_dir = bls_dir_of(reader->system);
	struct bm_grubcfg_input input = {.exists = exists, .read = read_file, .arg = reader};
	bool has_env = false;
	int r;

	*ret_used = false;
	r = read_config(reader, config, &text);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return bm_strv_addf(&loader->warnings, "%s", bm_err_text(r));
	if (!strstr(bm_buf_text(&text), "menuentry") && !strstr(bm_buf_text(&text), "blscfg") &&
		!strstr(bm_buf_text(&text), "submenu"))
		return 0;
	reader->home = bm_system_mount_of(reader->system, config);
	if (read_environment(reader->system, config, &env, &has_env) < 0 ||
		read_bls(reader->system, bls_dir, true, &bls) < 0)
		return -ENOMEM;
	input.path = loader_view(reader->system, config);
	input.platform = reader->system->uefi ? "efi" : "pc";
	input.keeps_hex = bm_system_is_like(reader->system, "fedora");
	input.env = has_env ? &env : NULL;
	input.bls = &bls;
	if (bm_grubcfg_parse(bm_buf_text(&text), text.len, &input, &cfg) < 0)
		return -ENOMEM;
	loader->kind = cfg.uses_bls ? BM_LOADER_GRUB2_BLS : BM_LOADER_GRUB2;
	reader->bls = &bls;
	reader->kernelopts = bm_grubcfg_var(&cfg, "kernelopts") && *bm_grubcfg_var(&cfg, "kernelopts");
	if (bm_str_set(&loader->config, config) < 0 || take_entries(reader, &cfg.entries, config, bls_dir) < 0)
		return -ENOMEM;
	loader->default_entry = (int)cfg.default_entry;
	loader->default_lost =
		cfg.default_reason && *cfg.default_text && bm_grubcfg_find(&cfg.entries, cfg.default_text) < 0;
	if (*cfg.default_text && bm_str_set(&loader->default_wanted, cfg.default_text) < 0)
		return -ENOMEM;
	if (bm_str_set(&loader->default_text, cfg.default_reason ? cfg.default_reason : cfg.default_text) < 0)
		return -ENOMEM;
	reader->bls = NULL;
	*ret_used = true;
	return take_warnings(loader, config, &cfg, strstr(bm_buf_text(&text), "menuentry") != NULL);
}

static int read_legacy(const struct bm_loader_reader *reader, const char *config, bool *ret_used)
{
	_cleanup_buf_ struct bm_buf text = {0}, saved = {0};
	_cleanup_grubconf_ struct bm_grubconf conf = {0};
	struct bm_loader *loader = &reader->system->loader;

	*ret_used = false;
	if (bm_root_read(reader->system->root, config, LOADER_FILE_MAX, &text) < 0)
		return 0;
	if (bm_root_read(reader->system->root, "/boot/grub/default", BM_GRUBENV_SIZE_MAX, &saved) < 0)
		bm_err_clear();
	if (bm_grubconf_parse(bm_buf_text(&text), text.len, saved.len > 0 ? bm_buf_text(&saved) : NULL, &conf) < 0)
		return -ENOMEM;
	loader->kind = BM_LOADER_GRUB_LEGACY;
	if (bm_str_set(&loader->config, config) < 0 || take_entries(reader, &conf.entries, config, NULL) < 0)
		return -ENOMEM;
	loader->default_entry = (int)conf.default_entry;
	loader->default_lost = conf.default_reason != NULL;
	loader->default_wanted = bm_strf("%ld", conf.default_number);
	loader->default_text =
		conf.default_reason ? bm_strf("%s", conf.default_reason) : bm_strf("%ld", conf.default_number);
	for (size_t i = 0; i < conf.n_warnings; i++)
		if (bm_strv_addf(&loader->warnings, "%s:%u: %s", config, conf.warnings[i].line, conf.warnings[i].text) <
			0)
			return -ENOMEM;
	*ret_used = true;
	return loader->default_text && loader->default_wanted ? 0 : -ENOMEM;
}

/* Whether loader.conf's default names none of the entries, so that the first is booted. What stands in EFI variables
 * (@saved), and what systemd-boot finds by itself, can't be called missing. */
static bool lost_pattern(const struct bm_system *system, const char *pattern, const struct bm_bls *chosen)
{
	return pattern && *pattern != '@' && !bm_str_starts(pattern, "auto-") && !bm_str_ends(pattern, ".efi") &&
	       !system->loader.unified && !bm_loader_conf_names(pattern, chosen);
}

/* systemd-boot: loader.conf and BLS files on the ESP or on /boot, without any GRUB. */
static int read_systemd_boot(struct bm_loader_reader *reader)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_bls_list_ struct bm_bls_list bls = {0};
	_cleanup_entries_ struct bm_entries entries = {0};
	struct bm_loader *loader = &reader->system->loader;
	struct bm_loader_conf conf = {0};
	const char *dir = bls_dir_of(reader->system);
	_cleanup_free_ char *base = bm_path_dir(dir);
	_cleanup_free_ char *config = base ? bm_path_join(base, "loader.conf") : NULL;
	int r;

	if (!config || read_bls(reader->system, dir, false, &bls) < 0)
		return -ENOMEM;
	if (bls.n == 0 && loader->systemd_boot && !loader->unified && !loader->grub) {
		loader->kind = BM_LOADER_BLS;
		return bm_str_set(&loader->config, config);
	}
	if (bls.n == 0)
		return 0;
	/* Its paths are those of the filesystem that the entries lie on. */
	reader->home = bm_system_mount_of(reader->system, dir);
	bm_bls_list_sort(&bls);
	if (bm_root_read(reader->system->root, config, LOADER_FILE_MAX, &text) < 0)
		bm_err_clear();
	if (bm_loader_conf_parse(bm_buf_text(&text), text.len, &conf) < 0)
		return -ENOMEM;
	loader->kind = BM_LOADER_BLS;
	loader->default_entry = (int)bm_loader_conf_default(&conf, &bls);
	loader->default_lost = lost_pattern(reader->system, conf.default_pattern, &bls.items[loader->default_entry]);
	r = bm_str_set(&loader->config, config);
	if (r == 0)
		r = bm_str_set(&loader->default_wanted, conf.default_pattern);
	if (r == 0)
		r = bm_str_set(&loader->default_text, conf.default_pattern ? conf.default_pattern : "the newest");
	bm_loader_conf_done(&conf);
	for (size_t i = 0; r == 0 && i < bls.n; i++) {
		struct bm_entry *entry = bm_entries_add(&entries, -1);
		struct bm_entry made = {0};

		r = entry ? bm_bls_entry(&bls.items[i], NULL, NULL, &made) : -ENOMEM;
		if (r == 0) {
			made.position = entry->position;
			made.parent = -1;
			bm_entry_done(entry);
			*entry = made;
		}
	}
	return r < 0 ? r : take_entries(reader, &entries, config, dir);
}

/* The folder of the ESP that belongs to the system, as its distribution names it; NULL where it has none there. */
static const char *own_esp_folder(const struct bm_system *system, const char *base, const struct bm_strv *names)
{
	const char *os = system->os_id ? system->os_id : "";
	const char *own = bm_streq(os, "rhel") || bm_streq(os, "ol") ? "redhat" : os;

	for (size_t i = 0; i < names->n; i++) {
		_cleanup_free_ char *config = bm_strf("%s/%s/grub.cfg", base, names->items[i]);

		if (bm_strcaseeq(names->items[i], own) && config && bm_root_is_file(system->root, config))
			return names->items[i];
	}
	return NULL;
}

/* grub.cfg on an ESP: /boot/efi/EFI/NAME/grub.cfg. Where the system has its own there, the others are not its. */
static int read_esp(struct bm_loader_reader *reader, bool *ret_used)
{
	static const char *const bases[] = {"/boot/efi/EFI", "/efi/EFI", "/boot/EFI"};

	*ret_used = false;
	for (size_t b = 0; b < BM_ARRAY_SIZE(bases); b++) {
		_cleanup_strv_ struct bm_strv names = {0};
		const char *own;

		if (bm_root_list(reader->system->root, bases[b], 256, &names) < 0)
			continue;
		own = own_esp_folder(reader->system, bases[b], &names);
		for (size_t i = 0; i < names.n; i++) {
			if (own && !bm_streq(names.items[i], own))
				continue;
			_cleanup_free_ char *config = bm_strf("%s/%s/grub.cfg", bases[b], names.items[i]);
			int r = config ? read_grub2(reader, config, ret_used) : -ENOMEM;

			if (r < 0 || *ret_used)
				return r;
		}
	}
	return 0;
}

/* Without its configuration GRUB shows no menu. What that would hold, as far as BLS files tell, is read all the same:
 * it says which kernel is meant. */
static int read_without_config(struct bm_loader_reader *reader)
{
	static const char menu[] = "load_env\nset default=\"${saved_entry}\"\nblscfg\n";
	_cleanup_bls_list_ struct bm_bls_list bls = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_loader *loader = &reader->system->loader;
	_cleanup_free_ char *config = NULL;
	int r = bm_loader_miss_config(reader);
	bool used;

	if (r < 0 || loader->kind == BM_LOADER_NONE)
		return r;
	if (read_bls(reader->system, bls_dir_of(reader->system), false, &bls) < 0 || bm_buf_adds(&text, menu) < 0 ||
		bm_str_set(&config, loader->config) < 0)
		return -ENOMEM;
	if (bls.n == 0)
		return 0;
	reader->path = config;
	reader->text = &text;
	r = read_grub2(reader, config, &used);
	reader->path = NULL;
	reader->text = NULL;
	return r;
}

int bm_system_read_loader_as(
	struct bm_system *system, const struct bm_devices *devices, const char *path, const struct bm_buf *text)
{
	static const char *const grub2[] = {"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"};
	static const char *const legacy[] = {
		"/boot/grub/grub.conf", "/boot/grub/menu.lst", "/boot/efi/EFI/redhat/grub.conf"};
	struct bm_loader_reader reader = {.system = system, .devices = devices, .path = path, .text = text};
	bool used = false;
	int r = 0;

	system->loader.default_entry = -1;
	r = bm_loader_look(system);
	if (r == 0 && system->uefi)
		r = read_esp(&reader, &used);
	for (size_t i = 0; r == 0 && !used && i < BM_ARRAY_SIZE(grub2); i++)
		r = read_grub2(&reader, grub2[i], &used);
	for (size_t i = 0; r == 0 && !used && i < BM_ARRAY_SIZE(legacy); i++)
		r = read_legacy(&reader, legacy[i], &used);
	if (r == 0 && !used && !path && !system->loader.systemd_boot)
		r = read_without_config(&reader);
	if (r == 0 && system->loader.kind == BM_LOADER_NONE)
		r = read_systemd_boot(&reader);
	bm_system_sort_kernels(system);
	if (r == 0)
		bm_err_clear();
	return r;
}

int bm_system_read_loader(struct bm_system *system, const struct bm_devices *devices)
{
	return bm_system_read_loader_as(system, devices, NULL, NULL);
}

struct bm_kernel *bm_system_default_kernel(const struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;

	if (loader->default_entry < 0 || (size_t)loader->default_entry >= loader->n_entries ||
		!loader->entries[loader->default_entry].version)
		return NULL;
	return bm_system_kernel(system, loader->entries[loader->default_entry].version);
}

const struct bm_boot_entry *bm_system_entry_of(const struct bm_system *system, const char *version)
{
	const struct bm_loader *loader = &system->loader;
	int preferred = loader->default_entry;

	if (preferred >= 0 && (size_t)preferred < loader->n_entries &&
		bm_streq(loader->entries[preferred].version, version))
		return &loader->entries[preferred];
	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].initrds.n > 0 && bm_streq(loader->entries[i].version, version))
			return &loader->entries[i];
	for (size_t i = 0; i < loader->n_entries; i++)
		if (bm_streq(loader->entries[i].version, version))
			return &loader->entries[i];
	return NULL;
}
