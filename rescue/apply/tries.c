/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tries.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "label.h"
#include "sysimage.h"
#include "txn.h"

#define FRESH BM_TRIES_PATH ".bootmend-new"

int bm_tries_count_in(const struct bm_root *root, const char *key, int64_t now, struct bm_tries *ret_tries)
{
	const struct bm_rootw_attr attr = {.mode = 0600};
	_cleanup_buf_ struct bm_buf text = {0}, out = {0};
	struct bm_tries tries = {0};
	int r = bm_root_read(root, BM_TRIES_PATH, BM_TRIES_SIZE_MAX, &text);

	/* What is there and cannot be read must not count as nothing. */
	if (r < 0 && r != -ENOENT)
		return r;
	bm_err_clear();
	r = bm_tries_add(bm_buf_text(&text), text.len, key, now, &out, &tries);
	if (r == 0)
		r = bm_rootw_mkdir_p(root, BM_TXN_HOME, 0700);
	if (r == 0 && bm_label_apply(root, BM_TXN_HOME, NULL) < 0)
		bm_err_clear();
	if (r == 0 && bm_rootw_unlink(root, FRESH) < 0)
		bm_err_clear();
	if (r == 0)
		r = bm_rootw_write(root, FRESH, out.data, out.len, &attr);
	if (r == 0)
		r = bm_rootw_rename(root, FRESH, BM_TRIES_PATH);
	if (r == 0)
		r = bm_rootw_sync_dir(root, BM_TXN_HOME);
	/* The next run looks without replaying the filesystem's journal. */
	if (r == 0)
		r = bm_rootw_settle_fs(root, BM_TXN_HOME);
	if (r == 0)
		*ret_tries = tries;
	return r;
}

int bm_tries_count(
	struct bm_survey *survey, const struct bm_system *system, const char *key, struct bm_tries *ret_tries)
{
	_cleanup_guard_ struct bm_guard guard = {0};
	struct bm_sysimage image = {0};
	unsigned int n;
	int r = system->given ? bm_mount_private() : 0, down;

	if (r == 0)
		r = bm_guard_take(survey, system, NULL, &guard);
	if (r == 0)
		r = bm_sysimage_mount(survey, system, &guard, &image);
	if (r < 0)
		return r;
	r = bm_tries_count_in(image.root, key, bm_time_now(), ret_tries);
	bm_sysimage_done(&image);
	down = bm_sysimage_umount(NULL, &n);
	return r < 0 ? r : down;
}
