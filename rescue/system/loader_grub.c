/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB's configurations: grub.cfg with its environment block, and grub.conf of GRUB legacy.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/grubcfg.h"
#include "../fmt/boot/grubconf.h"
#include "loader_int.h"

enum { LOADER_FILE_MAX = 4 * 1024 * 1024, BLS_FILES_MAX = 1024 };

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
					0) ||
			(warning->kind == BM_GRUBCFG_PATTERN &&
				bm_loader_unread(loader, bm_strf("a part of the menu was not evaluated (%s)", text)) <
					0))
			return -ENOMEM;
	}
	if (cfg->entries.n > 0 || cfg->uses_bls || !has_entries)
		return 0;
	return bm_loader_unread(
		loader, bm_strf("the entries of %s stand under conditions, and none of them was reached", config));
}

int bm_loader_read_grub2(struct bm_loader_reader *reader, const char *config, bool *ret_used)
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
		bm_loader_read_bls(reader->system, bls_dir, true, &bls) < 0)
		return -ENOMEM;
	input.path = bm_loader_view(reader->system, config);
	input.platform = reader->system->uefi ? "efi" : "pc";
	input.keeps_hex = bm_system_is_like(reader->system, "fedora");
	input.env = has_env ? &env : NULL;
	input.bls = &bls;
	if (bm_grubcfg_parse(bm_buf_text(&text), text.len, &input, &cfg) < 0)
		return -ENOMEM;
	loader->kind = cfg.uses_bls ? BM_LOADER_GRUB2_BLS : BM_LOADER_GRUB2;
	reader->bls = &bls;
	reader->kernelopts = bm_grubcfg_var(&cfg, "kernelopts") && *bm_grubcfg_var(&cfg, "kernelopts");
	if (bm_str_set(&loader->config, config) < 0 || bm_loader_take_entries(reader, &cfg.entries, config) < 0)
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

int bm_loader_read_legacy(struct bm_loader_reader *reader, const char *config, bool *ret_used)
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
	reader->home = bm_system_mount_of(reader->system, config);
	if (bm_str_set(&loader->config, config) < 0 || bm_loader_take_entries(reader, &conf.entries, config) < 0)
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

int bm_loader_read_without_config(struct bm_loader_reader *reader)
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
	if (bm_loader_read_bls(reader->system, bls_dir_of(reader->system), false, &bls) < 0 ||
		bm_buf_adds(&text, menu) < 0 || bm_str_set(&config, loader->config) < 0)
		return -ENOMEM;
	if (bls.n == 0)
		return 0;
	reader->path = config;
	reader->text = &text;
	r = bm_loader_read_grub2(reader, config, &used);
	reader->path = NULL;
	reader->text = NULL;
	return r;
}
