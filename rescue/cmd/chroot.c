/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend chroot: a command, or a shell, inside the system.
 */
#include <errno.h>
#include <string.h>

#include "../apply/sysimage.h"
#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/run/spawn.h"
#include "mount.h"
#include "survey.h"
#include "turn.h"

enum { NOT_FOUND = 127, NOT_STARTED = 126, KILLED = 128 };

static int exit_status(const char *name, const struct bm_spawn_result *result)
{
	switch (result->fate) {
	case BM_SPAWN_EXITED:
		return result->code;
	case BM_SPAWN_KILLED:
	case BM_SPAWN_CANCELLED:
		return KILLED + result->code;
	case BM_SPAWN_NOT_STARTED:
		bm_cmd_error("%s: cannot be run inside the system: %s", name, strerror(result->code));
		return result->code == ENOENT ? NOT_FOUND : NOT_STARTED;
	case BM_SPAWN_TIMED_OUT:
	case BM_SPAWN_STALLED:
		break;
	}
	return BM_EXIT_FAILED;
}

/* Runs the command, or the better of the system's shells. */
static int run_inside(const struct bm_root *root, const char *const *argv)
{
	static const char *const environment[] = {
		"HOME=/root", "PS1=(sysimage) \\w # ", "debian_chroot=sysimage", NULL};
	static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/bin/sh", "/usr/bin/sh"};
	const char *shell[] = {"/bin/sh", NULL};
	struct bm_spawn spawn = {
		.argv = argv, .env = environment, .chroot_dir = bm_root_dir(root), .interactive = true};
	struct bm_spawn_result result;
	int r, status;

	if (!argv || !argv[0]) {
		for (size_t i = BM_ARRAY_SIZE(shells); i > 0; i--)
			if (bm_root_is_file(root, shells[i - 1]))
				shell[0] = shells[i - 1];
		spawn.argv = shell;
	}
	r = bm_spawn_run(&spawn, &result);
	if (r < 0)
		return bm_cmd_failed(r, spawn.argv[0]);
	status = exit_status(spawn.argv[0], &result);
	bm_spawn_result_done(&result);
	return status;
}

/* What `bootmend mount` mounted stays. */
static int run_in_mounted(const char *const *argv)
{
	_cleanup_root_ struct bm_root *root = NULL;
	int r = bm_root_open(BM_SYSIMAGE_DIR, &root);

	return r < 0 ? bm_cmd_failed(r, NULL) : run_inside(root, argv);
}

int bm_chroot_run(const struct bm_global *global, bool writable, const char *const *argv)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_guard_ struct bm_guard guard = {0};
	bool named = global->system || global->root || global->disks.n > 0, mounted = false;
	struct bm_sysimage image = {0};
	struct bm_system *system;
	_cleanup_strv_ struct bm_strv notes = {0};
	unsigned int n;
	int r, status;

	if (bm_mount_is_point(BM_SYSIMAGE_DIR, &mounted) < 0)
		bm_err_clear();
	if (mounted && !named)
		return run_in_mounted(argv);
	status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status != BM_EXIT_OK)
		return status;
	if (writable && bm_cmd_hibernated(&open.survey, system, NULL))
		return BM_EXIT_FAILED;
	/* In the namespace of the survey: nobody else sees these mounts, and they end with us in any case. */
	r = writable ? bm_guard_take(&open.survey, system, NULL, &guard) : 0;
	if (r == 0)
		r = bm_sysimage_mount(&open.survey, system, writable ? &guard : NULL, &image);
	if (r == 0)
		r = bm_sysimage_open(&image);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	for (size_t i = 0; i < image.notes.n; i++)
		bm_cmd_error("%s", image.notes.items[i]);
	status = run_inside(image.root, argv);
	bm_sysimage_done(&image);
	r = bm_sysimage_umount(&notes, &n);
	if (r < 0)
		return bm_cmd_failed(r, NULL);
	for (size_t i = 0; i < notes.n; i++)
		bm_cmd_error("%s", notes.items[i]);
	return status;
}

static int chroot_run(const struct bm_global *global, int argc, char **argv)
{
	bool writable = true;
	int at = 1;

	/* Options end at the command, whose own begin with a dash, too. */
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (bm_streq(argv[at], "--")) {
			at++;
			break;
		}
		if (!bm_streq(argv[at], "--ro"))
			return bm_cmd_usage("chroot has no option %s", argv[at]);
		writable = false;
	}
	return bm_chroot_run(global, writable, (const char *const *)(argv + at));
}

const struct bm_cmd bm_cmd_chroot = {
	.name = "chroot",
	.arguments = "[--ro] [CMD...]",
	.summary = "run a command or a shell inside the system",
	.details = "Uses what `bootmend mount` has mounted; else the system is mounted for the time of the command.\n"
		   "Returns the command's exit status, 128 and the signal's number where one killed it.\n"
		   "  --ro                 mount it read-only\n",
	.run = chroot_run,
	.passes_options = true,
};
