/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "system.h"

enum { MODPROBED_FILES_MAX = 128 };

static void source_done(struct bm_source *source)
{
	free(source->path);
	free(source->real);
	free(source->text);
}

void bm_sources_done(struct bm_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		source_done(&sources->items[i]);
	free(sources->items);
	*sources = (struct bm_sources){0};
}

const struct bm_source *bm_sources_find(const struct bm_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->n; i++)
		if (bm_streq(sources->items[i].path, path))
			return &sources->items[i];
	return NULL;
}

char *bm_source_line(const struct bm_source *source, unsigned int number)
{
	const char *at = source->text, *end = at ? at + source->len : NULL;

	for (unsigned int line = 1; at && at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		if (line == number)
			return strndup(at, (size_t)(stop - at - (stop > at && stop[-1] == '\r')));
		at = newline ? newline + 1 : end;
	}
	return NULL;
}

/* A file that is not there is a source, too: a plan may rest on that. */
static int add(struct bm_system *system, const char *path)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_source *source;
	int r;

	if (!path || bm_sources_find(&system->sources, path) || system->sources.n >= BM_SOURCES_MAX)
		return 0;
	source = BM_VEC_PUSH(system->sources.items, system->sources.n, system->sources.capacity);
	if (!source || bm_str_set(&source->path, path) < 0)
		return -ENOMEM;
	r = bm_root_read(system->root, path, BM_SOURCE_SIZE_MAX, &text);
	if (r == 0)
		r = bm_root_realpath(system->root, path, &source->real);
	if (r == 0) {
		bm_sha256_text(bm_buf_text(&text), text.len, source->hash);
		source->len = text.len;
		source->text = bm_buf_steal(&text);
		r = source->text ? 0 : -ENOMEM;
	}
	bm_err_clear();
	return r == -ENOMEM ? r : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct bm_source *sa = a, *sb = b;

	return strcmp(sa->path, sb->path);
}

/* The files of modprobe.d; one of a name in an earlier folder takes the place of a later one (modprobe.d(5)). */
static int add_modprobed(struct bm_system *system)
{
	static const char *const dirs[] = {"/etc/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"};
	_cleanup_strv_ struct bm_strv seen = {0};

	for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++) {
		_cleanup_strv_ struct bm_strv names = {0};

		if (bm_root_list(system->root, dirs[d], MODPROBED_FILES_MAX, &names) < 0) {
			bm_err_clear();
			continue;
		}
		for (size_t i = 0; i < names.n; i++) {
			_cleanup_free_ char *path = NULL;

			if (!bm_str_ends(names.items[i], ".conf") || bm_strv_has(&seen, names.items[i]))
				continue;
			path = bm_path_join(dirs[d], names.items[i]);
			if (!path || add(system, path) < 0 || bm_strv_add(&seen, names.items[i]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

char *bm_system_bls_path(const struct bm_system *system, const char *version)
{
	return system->machine_id ? bm_strf("/boot/loader/entries/%s-%s.conf", system->machine_id, version) : NULL;
}

/* Where a menu of BLS files has none, those that may be made. */
static int add_entries_to_be(struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;

	if (loader->kind != BM_LOADER_GRUB2_BLS || !system->machine_id ||
		!bm_root_is_dir(system->root, "/boot/loader/entries"))
		return 0;
	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].kernel)
			return 0;
	for (size_t i = 0; i < system->n_kernels; i++) {
		_cleanup_free_ char *path = bm_system_bls_path(system, system->kernels[i].version);

		if (!path || add(system, path) < 0)
			return -ENOMEM;
	}
	return 0;
}

int bm_system_read_sources(struct bm_system *system)
{
	static const char *const paths[] = {"/etc/fstab", "/etc/crypttab", "/etc/mdadm.conf", "/etc/mdadm/mdadm.conf",
		"/etc/lvm/devices/system.devices", "/etc/default/grub", "/etc/kernel/cmdline", "/etc/selinux/config",
		"/etc/initramfs-tools/conf.d/resume", "/etc/sysctl.conf"};
	int r = add(system, system->loader.config);

	if (r == 0)
		r = add(system, system->loader.environment);
	if (r == 0)
		r = add(system, system->loader.stub.path);
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(paths); i++)
		r = add(system, paths[i]);
	if (r == 0)
		r = add_modprobed(system);
	if (r == 0)
		r = add_entries_to_be(system);
	for (size_t i = 0; r == 0 && i < system->loader.n_entries; i++)
		r = add(system, system->loader.entries[i].entry.file);
	for (size_t i = 0; r == 0 && i < system->loader.n_cuts; i++)
		r = add(system, system->loader.cuts[i].file);
	if (r == 0 && system->sources.n > 1)
		qsort(system->sources.items, system->sources.n, sizeof(*system->sources.items), by_path);
	return r;
}
