/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend mount: the system at /mnt/sysimage, for work by hand.
 */
#include "mount.h"

#include <stdio.h>

#include "../apply/sysimage.h"
#include "../base/err.h"
#include "survey.h"
#include "turn.h"

int bm_mount_run(const struct bm_global *global, bool writable)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_guard_ struct bm_guard guard = {0};
	_cleanup_free_ char *name = NULL;
	struct bm_sysimage image = {0};
	struct bm_system *system;
	int r, status;

	status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	if (writable && bm_cmd_hibernated(&open.survey, system, NULL))
		return BM_EXIT_FAILED;
	name = bm_report_system_name(system);
	if (!name)
		return bm_cmd_failed(-12, NULL);
	/* What is mounted now is for everybody, so it must not be in the namespace in which we looked. */
	bm_survey_release(&open.survey);
	r = bm_mntns_return(&open.home);
	if (r == 0 && writable)
		r = bm_guard_take(&open.survey, system, NULL, &guard);
	if (r == 0)
		r = bm_sysimage_mount(&open.survey, system, writable ? &guard : NULL, &image);
	if (r == 0)
		r = bm_sysimage_open(&image);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	if (!global->quiet) {
		_cleanup_buf_ struct bm_buf out = {0};

		bm_buf_addf(&out, "System %s is mounted %s under %s.\n", name, writable ? "read-write" : "read-only",
			BM_SYSIMAGE_DIR);
		bm_buf_adds(&out, "`bootmend chroot` enters it, `bootmend umount` takes it down.\n");
		status = bm_cmd_print(&out, BM_EXIT_OK);
	}
	for (size_t i = 0; i < image.notes.n; i++)
		bm_cmd_error("%s", image.notes.items[i]);
	bm_sysimage_done(&image);
	return status;
}

static int mount_run(const struct bm_global *global, int argc, char **argv)
{
	bool read_only = false;
	const struct bm_cmd_option options[] = {{"--ro", 0, NULL, &read_only}};
	int words, status;

	status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("mount takes no arguments (name a system with --system)");
	return bm_mount_run(global, !read_only);
}

const struct bm_cmd bm_cmd_mount = {
	.name = "mount",
	.arguments = "[--ro]",
	.summary = "mount the system under /mnt/sysimage, ready to be entered",
	.details =
		"The root, then /usr, /var, /boot and /boot/efi as its fstab has them, then proc, sys, dev, run and\n"
		"on UEFI efivars. They stay until `bootmend umount`.\n"
		"  --ro                 read-only, and no journal is replayed\n",
	.run = mount_run,
};
