/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Systems in subvolumes of a btrfs that a mount without options does not show.
 */
#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/btrfs.h"
#include "../os/run/tmp.h"
#include "volume.h"

/* Snapshots may be many; where none of the first has a system, none is. */
enum { LOOK_MAX = 64, ROOTS_MAX = 8 };

/* Whether a system lies in dir: modules, too, so that the layers of containers are none. */
static bool is_root(const char *dir)
{
	struct bm_volume look = {0};
	bool is = false;

	if (bm_root_open(dir, &look.root) < 0)
		return false;
	if (bm_volume_look(&look, "btrfs") == 0)
		is = look.score >= BM_ROOT_SCORE_MIN && look.signs & BM_SIGN_MODULES;
	bm_root_free(look.root);
	free(look.machine_id);
	bm_strv_done(&look.kernel_versions);
	return is;
}

static int look_below(struct bm_volume *volume, const char *top)
{
	_cleanup_strv_ struct bm_strv paths = {0};

	if (bm_btrfs_subvolumes(top, &paths) < 0)
		return 0;
	for (size_t i = 0; i < BM_MIN(paths.n, (size_t)LOOK_MAX) && volume->root_subvolumes.n < ROOTS_MAX; i++) {
		_cleanup_free_ char *dir = bm_path_join(top, paths.items[i]);

		if (!dir || (is_root(dir) && bm_strv_add(&volume->root_subvolumes, paths.items[i]) < 0))
			return -ENOMEM;
	}
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
