/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "orphans.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "system.h"

enum { BOOT_FILES_MAX = 4096 };

void bm_orphans_done(struct bm_orphans *orphans)
{
	for (size_t i = 0; i < orphans->n; i++) {
		free(orphans->items[i].path);
		free(orphans->items[i].version);
	}
	free(orphans->items);
	*orphans = (struct bm_orphans){0};
}

/* How files that belong to a kernel are named; the first that fits counts. */
static const struct {
	const char *prefix, *suffix;
} names[] = {
	{"initramfs-", "kdump.img"},
	{"initramfs-", ".img"},
	{"initrd.img-", ""},
	{"initrd-", "-kdump"},
	{"initrd-", ".img"},
	{"initrd-", ""},
	{"vmlinuz-", ""},
	{"vmlinux-", ".gz"},
	{"System.map-", ""},
	{"config-", ""},
	{"symvers-", ".gz"},
	{"symvers-", ".xz"},
	{"sysctl.conf-", ""},
};

/* The version in the name, NULL where it has none; for free(). */
static char *version_in(const char *name)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		const char *rest = bm_str_after(name, names[i].prefix);
		size_t len = rest ? strlen(rest) : 0, end = strlen(names[i].suffix);

		/* A version begins with a digit and has a point; anything else is somebody's own name. */
		if (rest && len > end && bm_str_ends(rest, names[i].suffix) && *rest >= '0' && *rest <= '9' &&
			memchr(rest, '.', len - end))
			return strndup(rest, len - end);
	}
	return NULL;
}

static bool has_modules(const struct bm_system *system, const char *version)
{
	static const char *const dirs[] = {"/lib/modules", "/usr/lib/modules"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = bm_path_join(dirs[i], version);

		if (!path || bm_root_exists(system->root, path))
			return true;
	}
	return false;
}

/* A package of the version, as far as Debian's database tells; RPM's is no text. */
static bool has_package(const struct bm_system *system, const char *version)
{
	static const char *const packages[] = {
		"linux-image-", "linux-image-unsigned-", "linux-modules-", "linux-kernel-"};
	static const char *const suffixes[] = {"", ":amd64", ":arm64", ":i386"};

	for (size_t p = 0; p < BM_ARRAY_SIZE(packages); p++)
		for (size_t s = 0; s < BM_ARRAY_SIZE(suffixes); s++) {
			_cleanup_free_ char *path =
				bm_strf("/var/lib/dpkg/info/%s%s%s.list", packages[p], version, suffixes[s]);

			if (!path || bm_root_exists(system->root, path))
				return true;
		}
	return false;
}

/* Whether a boot entry names the file, or a file of that version. */
static bool has_entry(const struct bm_system *system, const char *path, const char *version)
{
	for (size_t i = 0; i < system->loader.n_entries; i++) {
		const struct bm_boot_entry *entry = &system->loader.entries[i];

		if (bm_streq(entry->version, version) || bm_streq(entry->kernel, path) ||
			bm_strv_has(&entry->initrds, path))
			return true;
		if (entry->kernel && strstr(entry->kernel, version))
			return true;
		for (size_t f = 0; f < entry->initrds.n; f++)
			if (strstr(entry->initrds.items[f], version))
				return true;
	}
	return false;
}

static int take_name(struct bm_system *system, const char *name)
{
	_cleanup_free_ char *version = version_in(name), *path = bm_path_join("/boot", name);
	struct bm_orphans *orphans = &system->orphans;
	struct bm_orphan *orphan;
	struct bm_stat st;

	if (!path)
		return -ENOMEM;
	if (!version || strstr(name, "rescue") || orphans->n >= BM_ORPHANS_MAX ||
		bm_root_stat(system->root, path, false, &st) < 0 || st.type != BM_FILE_REGULAR ||
		has_modules(system, version) || has_package(system, version) || has_entry(system, path, version))
		return 0;
	orphan = BM_VEC_PUSH(orphans->items, orphans->n, orphans->capacity);
	if (!orphan)
		return -ENOMEM;
	orphan->path = path;
	orphan->version = version;
	orphan->size_bytes = st.size_bytes;
	path = version = NULL;
	return 0;
}

int bm_system_read_orphans(struct bm_system *system)
{
	_cleanup_strv_ struct bm_strv list = {0};
	bool modules = false;
	int r = 0;

	/* Where no kernel has modules, or no entry is known, they are rather hidden than gone. */
	for (size_t i = 0; i < system->n_kernels; i++)
		modules |= system->kernels[i].modules_dir != NULL;
	if (modules && system->loader.n_entries > 0)
		r = bm_root_list(system->root, "/boot", BOOT_FILES_MAX, &list);
	r = r == -ENOMEM ? r : 0;
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = take_name(system, list.items[i]);
	bm_err_clear();
	return r;
}
