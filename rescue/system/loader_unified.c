/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified kernel images as boot entries: those that systemd-boot puts into its menu by itself (Boot Loader
 * Specification, type 2: EFI/Linux/NAME.efi of the ESP and of XBOOTLDR), and those that a BLS file names.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../os/root/fileio.h"
#include "loader_int.h"
#include "unified.h"

enum { UNIFIED_MAX = 256 };

int bm_system_read_unified(const struct bm_system *system, const char *path, struct bm_unified *ret_unified)
{
	_cleanup_fd_ int fd = -1;
	struct bm_stat st;
	int r = bm_root_stat(system->root, path, true, &st);

	if (r == 0)
		r = bm_root_open_file(system->root, path, &fd);
	return r < 0 ? r : bm_unified_read(fd, st.size_bytes, ret_unified);
}

/* Takes the id of an image over: its file name, without boot counting's +LEFT or +LEFT-DONE. */
static int take_id(struct bm_bls *bls, const char *name)
{
	static const char suffix[] = ".efi";
	_cleanup_free_ char *stem = strndup(name, strlen(name) - strlen(suffix));
	struct bm_bls counted = {0};

	/* A BLS file's name is counted in the same way. */
	if (!stem || bm_bls_parse(stem, "", 0, &counted) < 0)
		return -ENOMEM;
	bls->id = bm_strf("%s%s", counted.id, suffix);
	bls->tries_left = counted.tries_left;
	bm_bls_done(&counted);
	return bls->id ? 0 : -ENOMEM;
}

static int add(struct bm_system *system, const char *path, const struct bm_unified *unified, struct bm_bls_list *list)
{
	struct bm_bls *bls = BM_VEC_PUSH(list->items, list->n, list->capacity);

	if (!bls)
		return -ENOMEM;
	*bls = (struct bm_bls){.options = strdup("")};
	return bls->options && take_id(bls, bm_path_base(path)) == 0 && bm_str_set(&bls->file, path) == 0 &&
			       bm_str_set(&bls->title, unified->name) == 0 &&
			       bm_str_set(&bls->version, unified->os_version) == 0 &&
			       bm_str_set(&bls->sort_key, unified->sort_key) == 0 &&
			       bm_str_set(&bls->kernel, bm_loader_view(system, path)) == 0
		       ? 0
		       : -ENOMEM;
}

int bm_loader_add_unified(struct bm_system *system, const char *esp, struct bm_bls_list *list)
{
	_cleanup_free_ char *dir = bm_path_join(esp, "EFI/Linux");
	_cleanup_strv_ struct bm_strv names = {0};
	int r = dir ? bm_root_list(system->root, dir, UNIFIED_MAX, &names) : -ENOMEM;

	bm_err_clear();
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, names.items[i]);
		_cleanup_unified_ struct bm_unified unified = {0};

		if (!path)
			return -ENOMEM;
		if (!bm_str_ends(names.items[i], ".efi") || names.items[i][0] == '.' ||
			bm_str_starts(names.items[i], "auto-") || !bm_root_is_file(system->root, path))
			continue;
		r = bm_system_read_unified(system, path, &unified);
		bm_err_clear();
		if (r == -ENOMEM)
			return r;
		if (r < 0 && r != -ENODATA &&
			bm_loader_unread(&system->loader, bm_strf("%s cannot be read: %s", path, strerror(-r))) < 0)
			return -ENOMEM;
		/* systemd-boot leaves out what is no such image, or tells no name. */
		if (r < 0 || !unified.name) {
			if (bm_strv_addf(&system->loader.warnings, "%s: %s", path,
				    r < 0 ? "is no unified kernel image"
					  : "has no .osrel with a name: systemd-boot leaves it out") < 0)
				return -ENOMEM;
			continue;
		}
		if (add(system, path, &unified, list) < 0)
			return -ENOMEM;
	}
	return 0;
}

int bm_loader_add_started(struct bm_system *system, struct bm_bls_list *list)
{
	const char *path = system->start.program;
	_cleanup_unified_ struct bm_unified unified = {0};
	int r;

	for (size_t i = 0; i < list->n; i++)
		if (bm_streq(list->items[i].file, path))
			return 0;
	r = bm_system_read_unified(system, path, &unified);
	bm_err_clear();
	return r == 0 ? add(system, path, &unified, list) : r == -ENOMEM ? r : 0;
}

int bm_loader_adopt_unified(const struct bm_system *system, struct bm_bls *bls)
{
	const struct bm_mount *mount = bls->file ? bm_system_mount_of(system, bls->file) : NULL;
	_cleanup_free_ char *path = bls->efi && mount ? bm_path_join(mount->target, bls->efi) : NULL;
	_cleanup_unified_ struct bm_unified unified = {0};
	int r;

	if (!path || bls->kernel)
		return bls->efi && mount && !path ? -ENOMEM : 0;
	r = bm_system_read_unified(system, path, &unified);
	bm_err_clear();
	return r == 0 ? bm_str_set(&bls->kernel, bls->efi) : r == -ENOMEM ? r : 0;
}
