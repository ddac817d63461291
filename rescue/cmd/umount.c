/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend umount: takes down what is mounted under /mnt/sysimage, also after a crash.
 */
#include "../apply/sysimage.h"
#include "../base/err.h"
#include "mount.h"

int bm_umount_run(const struct bm_global *global)
{
	_cleanup_buf_ struct bm_buf out = {0};
	_cleanup_strv_ struct bm_strv notes = {0};
	unsigned int n = 0;
	int r = bm_sysimage_umount(&notes, &n);

	if (r < 0)
		return bm_cmd_failed(r, NULL);
	for (size_t i = 0; i < notes.n; i++)
		bm_cmd_error("%s", notes.items[i]);
	if (global->quiet)
		return BM_EXIT_OK;
	if (n == 0)
		bm_buf_addf(&out, "Nothing was mounted under %s.\n", BM_SYSIMAGE_DIR);
	else
		bm_buf_addf(&out, "%u %s under %s taken down.\n", n, n == 1 ? "mount" : "mounts", BM_SYSIMAGE_DIR);
	return bm_cmd_print(&out, BM_EXIT_OK);
}

static int umount_run(const struct bm_global *global, int argc, char **argv)
{
	int words, status = bm_cmd_options(NULL, 0, argc, argv, &words);

	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("umount takes no arguments");
	return bm_umount_run(global);
}

const struct bm_cmd bm_cmd_umount = {
	.name = "umount",
	.arguments = "",
	.summary = "take down what is mounted under /mnt/sysimage",
	.details = "Everything at and below /mnt/sysimage, the last mount first, whoever mounted it.\n",
	.run = umount_run,
};
