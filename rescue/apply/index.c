/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "index.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/rootw.h"

void bm_index_done(struct bm_index_backup *backup)
{
	free(backup->modules_dir);
	free(backup->copies);
	bm_strv_done(&backup->names);
	*backup = (struct bm_index_backup){0};
}

/* The regular files modules.* of the folder. */
static int list_index(const struct bm_root *root, const char *dir, struct bm_strv *names)
{
	_cleanup_strv_ struct bm_strv all = {0};
	int r = bm_root_list(root, dir, 0, &all);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, all.items[i]);
		struct bm_stat st;

		if (!path)
			return -ENOMEM;
		if (bm_str_starts(all.items[i], "modules.") && bm_root_stat(root, path, false, &st) == 0 &&
			st.type == BM_FILE_REGULAR)
			r = bm_strv_add(names, all.items[i]);
	}
	return r;
}

int bm_index_save(const struct bm_work *work, const char *modules_dir, struct bm_index_backup *ret_backup)
{
	struct bm_index_backup backup = {
		.modules_dir = bm_path_join(modules_dir, ""),
		.copies = bm_path_join(work->dir, "index"),
	};
	int r = backup.modules_dir && backup.copies ? 0 : -ENOMEM;

	if (r == 0)
		r = bm_rootw_mkdir_p(work->root, backup.copies, 0700);
	if (r == 0)
		r = list_index(work->root, modules_dir, &backup.names);
	for (size_t i = 0; r == 0 && i < backup.names.n; i++) {
		_cleanup_free_ char *from = bm_path_join(modules_dir, backup.names.items[i]);
		_cleanup_free_ char *to = bm_path_join(backup.copies, backup.names.items[i]);

		r = from && to ? bm_rootw_copy(work->root, from, to) : -ENOMEM;
	}
	if (r < 0) {
		bm_index_done(&backup);
		return r;
	}
	*ret_backup = backup;
	return 0;
}

/* Whether depmod left the file alone: it writes anew, and the copy has the time of what it was made from. */
static bool untouched(const struct bm_root *root, const char *live, const char *copy)
{
	struct bm_stat a, b;

	return bm_root_stat(root, live, false, &a) == 0 && bm_root_stat(root, copy, false, &b) == 0 &&
	       a.size_bytes == b.size_bytes && a.mtime_s == b.mtime_s && a.mtime_ns == b.mtime_ns;
}

static int restore_one(const struct bm_work *work, const struct bm_index_backup *backup, const char *name)
{
	_cleanup_free_ char *live = bm_path_join(backup->modules_dir, name);
	_cleanup_free_ char *copy = bm_path_join(backup->copies, name);
	_cleanup_free_ char *fresh = live ? bm_strf("%s.bootmend-new", live) : NULL;
	int r;

	if (!live || !copy || !fresh)
		return -ENOMEM;
	if (!bm_strv_has(&backup->names, name))
		return bm_rootw_unlink(work->root, live);
	if (untouched(work->root, live, copy))
		return 0;
	r = bm_rootw_copy(work->root, copy, fresh);
	return r < 0 ? r : bm_rootw_rename(work->root, fresh, live);
}

int bm_index_restore(const struct bm_work *work, const struct bm_index_backup *backup)
{
	_cleanup_strv_ struct bm_strv now = {0};
	int r = list_index(work->root, backup->modules_dir, &now);

	for (size_t i = 0; r == 0 && i < backup->names.n; i++)
		r = bm_strv_add_once(&now, backup->names.items[i]);
	for (size_t i = 0; r == 0 && i < now.n; i++)
		r = restore_one(work, backup, now.items[i]);
	return r < 0 ? r : bm_rootw_sync_dir(work->root, backup->modules_dir);
}
