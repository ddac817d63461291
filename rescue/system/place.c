/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where each kernel's initramfs is or belongs: what its boot entry loads, else where the distribution puts it.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "kernels.h"

enum { LINKS_MAX = 8 };

/*
 * Of an entry's images the one that is the initramfs: that which is named for the kernel's version, else the last that
 * is no microcode, which others load first and which is not rebuilt.
 */
static const char *main_initrd(const struct bm_boot_entry *entry)
{
	const char *found = NULL;

	for (size_t i = 0; i < entry->initrds.n; i++) {
		const char *name = bm_path_base(entry->initrds.items[i]);

		if (entry->version && strstr(name, entry->version))
			return entry->initrds.items[i];
		if (!strstr(name, "ucode") && !strstr(name, "microcode"))
			found = entry->initrds.items[i];
	}
	return found;
}

/*
 * Follows links in the last place of the path, also one that leads to a file that is not there: an entry that loads
 * /boot/initrd -> initrd-VER means initrd-VER, and the link must stay a link. For free(); NULL when memory is short.
 */
static char *without_links(const struct bm_system *system, const char *path)
{
	char *at = bm_path_join(path, "");

	for (int i = 0; at && i < LINKS_MAX; i++) {
		_cleanup_free_ char *text = NULL, *dir = NULL, *real = NULL;
		char *next;

		if (bm_root_readlink(system->root, at, &text) < 0)
			return at;
		dir = bm_path_dir(at);
		next = !dir ? NULL : *text == '/' ? bm_path_join(text, "") : bm_path_join(dir, text);
		free(at);
		at = next;
		if (!at)
			return NULL;
		/* The folder without its own links and dots; the name may be missing. */
		free(dir);
		dir = bm_path_dir(at);
		if (dir && bm_root_realpath(system->root, dir, &real) == 0) {
			next = bm_path_join(real, bm_path_base(at));
			free(at);
			at = next;
		}
	}
	/* A loop: what the entry says. */
	free(at);
	return bm_path_join(path, "");
}

/* As the file of another kernel is named (prefix, version, suffix), for this version; NULL where none tells. */
static char *path_like_others(const struct bm_system *system, const struct bm_kernel *kernel)
{
	for (size_t i = 0; i < system->n_kernels; i++) {
		const struct bm_kernel *other = &system->kernels[i];

		if (other == kernel || other->rescue || kernel->rescue)
			continue;
		for (size_t f = 0; f < other->n_initramfs; f++) {
			const char *path = other->initramfs[f].path, *name = bm_path_base(path);
			const char *at = strstr(name, other->version);

			/* Not a folder of its own, which the kernel at hand may not have. */
			if (at && bm_str_starts(path, "/boot/") && !strchr(path + strlen("/boot/"), '/'))
				return bm_strf("/boot/%.*s%s%s", (int)(at - name), name, kernel->version,
					at + strlen(other->version));
		}
	}
	return NULL;
}

/* Where this distribution puts the initramfs of a version: as it names the others, else by its family. */
static char *habitual_path(const struct bm_system *system, const struct bm_kernel *kernel)
{
	bool suse = system->os_id && (bm_str_starts(system->os_id, "sle") || bm_str_starts(system->os_id, "opensuse") ||
					     bm_str_starts(system->os_id, "suse"));
	bool debian = bm_root_is_file(system->root, "etc/debian_version");
	_cleanup_free_ char *named = NULL;
	char *path;

	if (kernel->n_initramfs > 0)
		return bm_path_join(kernel->initramfs[0].path, "");
	if (kernel->image && bm_streq(bm_path_base(kernel->image), "linux")) {
		_cleanup_free_ char *dir = bm_path_dir(kernel->image);

		return dir ? bm_path_join(dir, "initrd") : NULL;
	}
	/* vmlinuz-linux goes with initramfs-linux.img. */
	named = kernel->image ? bm_kernel_version_of(kernel->image) : NULL;
	if (named && !bm_streq(named, kernel->version) && !bm_streq(named, bm_path_base(kernel->image)))
		return bm_strf("/boot/initramfs-%s.img", named);
	path = path_like_others(system, kernel);
	if (path)
		return path;
	if (debian)
		return bm_strf("/boot/initrd.img-%s", kernel->version);
	if (suse)
		return bm_strf("/boot/initrd-%s", kernel->version);
	return bm_strf("/boot/initramfs-%s.img", kernel->version);
}

static void forget(struct bm_strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!bm_streq(list->items[i], text))
			continue;
		free(list->items[i]);
		list->n--;
		memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof(*list->items));
		return;
	}
}

/* The initramfs that each entry loads; what is left among the missing ones is what is loaded beside it. */
static int place_entries(struct bm_system *system)
{
	for (size_t i = 0; i < system->loader.n_entries; i++) {
		struct bm_boot_entry *entry = &system->loader.entries[i];
		const char *named = main_initrd(entry);
		struct bm_stat st;

		if (!named)
			continue;
		free(entry->initramfs);
		entry->initramfs = without_links(system, named);
		if (!entry->initramfs)
			return -ENOMEM;
		entry->initramfs_exists =
			bm_root_stat(system->root, entry->initramfs, true, &st) == 0 && st.type == BM_FILE_REGULAR;
		entry->initramfs_size = entry->initramfs_exists ? st.size_bytes : 0;
		forget(&entry->initrds_missing, named);
	}
	return 0;
}

int bm_system_place_initramfs(struct bm_system *system)
{
	if (place_entries(system) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->n_kernels; i++) {
		struct bm_kernel *kernel = &system->kernels[i];
		const struct bm_boot_entry *entry = bm_system_entry_of(system, kernel->version);
		const char *named = entry ? main_initrd(entry) : NULL;
		struct bm_stat st;

		kernel->initramfs_by_entry = named != NULL;
		kernel->initramfs_inside = entry && entry->unified && entry->initramfs;
		kernel->initramfs_path = named ? without_links(system, named) : habitual_path(system, kernel);
		if (!kernel->initramfs_path)
			return -ENOMEM;
		if (bm_root_stat(system->root, kernel->initramfs_path, true, &st) == 0 && st.type == BM_FILE_REGULAR) {
			kernel->initramfs_exists = true;
			kernel->initramfs_size = st.size_bytes;
			if (bm_kernel_add_initramfs(kernel, kernel->initramfs_path, st.size_bytes) < 0)
				return -ENOMEM;
		}
	}
	bm_err_clear();
	return 0;
}
