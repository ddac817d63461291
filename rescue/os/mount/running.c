/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "running.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "mount.h"

enum { ENVIRON_MAX = 65536 };

/* Whether the environment of process 1 has container=, as container managers give it. */
static bool init_says_container(void)
{
	_cleanup_buf_ struct bm_buf text = {0};
	const char *at;

	if (bm_file_read("/proc/1/environ", ENVIRON_MAX, &text) < 0) {
		bm_err_clear();
		return false;
	}
	for (at = bm_buf_text(&text); at < bm_buf_text(&text) + text.len; at += strlen(at) + 1)
		if (bm_str_starts(at, "container=") && at[strlen("container=")])
			return true;
	return false;
}

/* A chroot into a folder that is no mount point sees no mount of its own root. */
static bool root_is_mounted(void)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};

	if (bm_mounts_list("/", &mounts) < 0) {
		bm_err_clear();
		return true;
	}
	for (size_t i = 0; i < mounts.n; i++)
		if (bm_streq(mounts.items[i].target, "/"))
			return true;
	return mounts.n == 0;
}

const char *bm_running_inside(void)
{
	static const char *const signs[] = {"/run/systemd/container", "/run/.containerenv", "/.dockerenv"};
	struct stat here, init;

	/* Our root is not that of process 1. Without rights nobody can tell. */
	if (stat("/", &here) == 0 && stat("/proc/1/root", &init) == 0 &&
		(here.st_dev != init.st_dev || here.st_ino != init.st_ino))
		return "this is a chroot";
	if (!root_is_mounted())
		return "this is a chroot";
	for (size_t i = 0; i < BM_ARRAY_SIZE(signs); i++)
		if (bm_file_exists(signs[i]))
			return "this is a container";
	return init_says_container() ? "this is a container" : NULL;
}

uint64_t bm_running_device(const char *dir)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	const struct bm_mount_entry *found = NULL;
	_cleanup_free_ char *real = NULL;
	struct stat st;

	if (bm_file_realpath(dir, &real) < 0 || bm_mounts_list(real, &mounts) < 0) {
		bm_err_clear();
		return 0;
	}
	/* The last one covers the others. */
	for (size_t i = 0; i < mounts.n; i++)
		if (bm_streq(mounts.items[i].target, real))
			found = &mounts.items[i];
	if (!found)
		return 0;
	if (bm_str_starts(found->source, "/dev/") && stat(found->source, &st) == 0 && S_ISBLK(st.st_mode))
		return bm_root_dev(st.st_rdev);
	return (uint64_t)found->major << 32 | found->minor;
}
