/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Systems in subvolumes of a btrfs that a mount without options does not show: Fedora's root, Ubuntu's @. A snapshot
 * holds a copy of the system with its fstab, which names the subvolume that it was taken of: what is named by its own
 * fstab is the system. Where none is, and there is only one, that is it.
 */
#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/etc/fstab.h"
#include "../os/mount/btrfs.h"
#include "../os/run/tmp.h"
#include "volume.h"

/* Snapshots may be many; where none of the first has a system, none is. */
enum { LOOK_MAX = 64, ROOTS_MAX = 8 };

/* Whether the root's own fstab mounts this subvolume as /. */
static bool names_itself(const struct bm_root *root, const char *path)
{
	_cleanup_fstab_ struct bm_fstab fstab = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_free_ char *named = NULL;
	const struct bm_fstab_line *line;

	if (bm_root_read(root, "etc/fstab", BM_FSTAB_SIZE_MAX, &text) < 0 ||
		bm_fstab_parse(bm_buf_text(&text), text.len, &fstab) < 0)
		return false;
	line = bm_fstab_find(&fstab, "/");
	if (!line || bm_fstab_option(line->options, "subvol", &named) <= 0 || !named)
		return false;
	return bm_streq(named + (*named == '/'), path);
}

/* Takes the subvolume at dir down where a system lies in it: with modules, so that the layers of containers are none.
 */
static int take_root(struct bm_volume *volume, const char *dir, const char *path)
{
	struct bm_volume look = {0};
	int r = 0;

	if (bm_root_open(dir, &look.root) < 0)
		return 0;
	if (bm_volume_look(&look, "btrfs") == 0 && look.score >= BM_ROOT_SCORE_MIN && look.signs & BM_SIGN_MODULES) {
		r = bm_strv_add(&volume->root_subvolumes, path);
		if (r == 0 && names_itself(look.root, path))
			r = bm_strv_add(&volume->system_subvolumes, path);
	}
	bm_root_free(look.root);
	free(look.machine_id);
	bm_strv_done(&look.kernel_versions);
	return r;
}

static int look_below(struct bm_volume *volume, const char *top)
{
	_cleanup_strv_ struct bm_strv paths = {0};

	if (bm_btrfs_subvolumes(top, &paths) < 0)
		return 0;
	for (size_t i = 0; i < BM_MIN(paths.n, (size_t)LOOK_MAX) && volume->root_subvolumes.n < ROOTS_MAX; i++) {
		_cleanup_free_ char *dir = bm_path_join(top, paths.items[i]);

		if (!dir || take_root(volume, dir, paths.items[i]) < 0)
			return -ENOMEM;
	}
	if (volume->system_subvolumes.n == 0 && volume->root_subvolumes.n == 1)
		return bm_strv_add(&volume->system_subvolumes, volume->root_subvolumes.items[0]);
	return 0;
}

int bm_volume_look_for_roots(struct bm_volume *volume, const struct bm_mount_fs *mount)
{
	_cleanup_free_ char *top = bm_strf("%s.top", volume->dir);
	struct bm_mount_fs whole = *mount;
	int r = 0;

	if (!top)
		return -ENOMEM;
	if (volume->score >= BM_ROOT_SCORE_MIN)
		return 0;
	whole.target = top;
	whole.options = "subvolid=5";
	if (bm_dir_make(top, 0700) == 0 && bm_mount_fs(&whole, NULL) == 0) {
		r = look_below(volume, top);
		if (bm_umount(top) < 0)
			bm_err_clear();
	}
	bm_err_clear();
	return r;
}

/* Mounts a subvolume of the whole filesystem at a place of its own. */
static int open_subvolume(const struct bm_volumes *volumes, const struct bm_volume *whole, const char *source,
	size_t number, struct bm_volume *volume)
{
	const char *path = whole->system_subvolumes.items[number];
	_cleanup_free_ char *options = bm_strf("subvol=%s", path);
	struct bm_mount_fs mount = {.type = "btrfs", .source = source, .options = options};
	int r = options ? bm_str_set(&volume->subvolume, path) : -ENOMEM;

	volume->device = whole->device;
	volume->dir = bm_strf("%s/%zu.%zu", volumes->base, whole->device, number);
	mount.target = volume->dir;
	if (r < 0 || !volume->dir)
		return -ENOMEM;
	r = bm_dir_make(volume->dir, 0700);
	if (r == 0)
		r = bm_mount_fs(&mount, NULL);
	if (r == 0)
		r = bm_root_open(volume->dir, &volume->root);
	if (r == 0)
		return bm_volume_look(volume, "btrfs");
	return r == -ENOMEM ? r : bm_str_set(&volume->error, bm_err_text(r));
}

int bm_volumes_add_subvolumes(struct bm_volumes *volumes, size_t index, const char *source)
{
	const size_t n = volumes->items[index].system_subvolumes.n;

	for (size_t i = 0; i < n; i++) {
		struct bm_volume *volume = BM_VEC_PUSH(volumes->items, volumes->n, volumes->capacity);
		int r = volume ? open_subvolume(volumes, &volumes->items[index], source, i, volume) : -ENOMEM;

		if (r < 0)
			return r;
	}
	bm_err_clear();
	return 0;
}
