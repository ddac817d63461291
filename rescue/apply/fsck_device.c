/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device of a filesystem that is repaired: found by what it carries, made ready, and proven free.
 */
#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/hold/claim.h"
#include "../os/mount/mount.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"
#include "fsck_int.h"

/* The survey's own mounts and loop devices end a moment after they were let go of. */
enum { BUSY_TRIES = 30, BUSY_WAIT_MS = 100 };

static bool is_named(const struct bm_device *device, const char *name)
{
	return name && (bm_streq(device->path, name) || bm_streq(device->name, name));
}

int bm_fsck_find_device(const struct bm_survey *survey, const struct bm_step *step, const struct bm_device **ret_device)
{
	const struct bm_device *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < survey->devices.n; i++) {
		const struct bm_device *device = &survey->devices.items[i];

		if (step->filesystem && !bm_streq(device->uuid, step->filesystem))
			continue;
		if (is_named(device, step->target)) {
			*ret_device = device;
			return 0;
		}
		/* Names change between boots: the only one with the UUID is meant, whatever it is called now. */
		if (step->filesystem) {
			found = device;
			n++;
		}
	}
	if (n == 0)
		return bm_err(-ENODEV, "%s is not there",
			step->filesystem ? step->filesystem
			: step->target	 ? step->target
					 : "the device");
	if (n > 1)
		return bm_err(-EEXIST, "%s is on several devices", step->filesystem);
	*ret_device = found;
	return 0;
}

static int activate_lv(struct bm_fsck *fsck, const struct bm_survey *survey)
{
	_cleanup_strv_ struct bm_strv pvs = {0};
	const struct bm_device *device = fsck->device;
	int r;

	for (size_t i = 0; i < survey->devices.n; i++)
		if (bm_streq(survey->devices.items[i].fstype, "LVM2_member") && survey->devices.items[i].path &&
			bm_strv_add(&pvs, survey->devices.items[i].path) < 0)
			return -ENOMEM;
	r = bm_lvm_scan(&pvs, &fsck->lvm);
	if (r < 0)
		return r;
	for (size_t i = 0; i < fsck->lvm.n_lvs; i++) {
		if (!bm_streq(fsck->lvm.lvs[i].uuid, device->lv_uuid))
			continue;
		r = bm_lvm_activate(&fsck->lvm, i, true);
		if (r == 0)
			fsck->path = fsck->lvm.lvs[i].path;
		return r;
	}
	return bm_err(-ENODEV, "it is no logical volume any more");
}

/* Mounted here: said with the place, which O_EXCL cannot. */
static int check_mounts(const struct bm_device *device)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};

	if (device->dev == 0)
		return 0;
	if (bm_mounts_list(NULL, &mounts) < 0) {
		bm_err_clear();
		return 0;
	}
	for (size_t i = 0; i < mounts.n; i++)
		if (((uint64_t)mounts.items[i].major << 32 | mounts.items[i].minor) == device->dev)
			return bm_err(-EBUSY, "it is mounted at %s", mounts.items[i].target);
	return 0;
}

int bm_fsck_open_device(struct bm_fsck *fsck, const struct bm_survey *survey)
{
	const struct bm_device *device = fsck->device;
	int r;

	if (device->image) {
		r = bm_guard_attach(fsck->guard, device, &fsck->loop);
		fsck->path = fsck->loop.path;
	} else if (device->kind == BM_DEVICE_LV && device->lv_uuid) {
		r = activate_lv(fsck, survey);
	} else {
		r = 0;
	}
	if (r < 0)
		return r;
	if (!fsck->path)
		fsck->path = device->path;
	if (!fsck->path)
		return bm_err(-ENODEV, "it has no device file");
	r = check_mounts(device);
	if (r < 0)
		return r;
	for (unsigned int try = 0; try < BUSY_TRIES; try++) {
		if (try > 0)
			bm_sleep_ms(BUSY_WAIT_MS);
		r = bm_claim_device(fsck->path);
		if (r != -EBUSY)
			break;
	}
	return r;
}

void bm_fsck_close_device(struct bm_fsck *fsck)
{
	bm_loop_detach(&fsck->loop);
	if (bm_lvm_deactivate_all(&fsck->lvm) < 0)
		bm_err_clear();
	bm_lvm_done(&fsck->lvm);
}

int bm_fsck_replay(struct bm_fsck *fsck, bool *ret_done)
{
	struct bm_mount_fs mount = {.source = fsck->path, .type = fsck->device->fstype, .writable = true};
	_cleanup_tmp_ char *dir = NULL;
	int r;

	*ret_done = false;
	r = bm_tmp_dir("fsck", &dir);
	if (r == 0) {
		mount.target = dir;
		r = bm_mount_fs(&mount, NULL);
	}
	if (r == 0)
		r = bm_umount(dir);
	if (r == -ENOMEM)
		return r;
	*ret_done = r == 0;
	if (r == 0)
		return 0;
	fsck->result->instruction = bm_strf("Its log could not be replayed (%s). `xfs_repair -L %s` throws the log "
					    "away, and with it the last changes: "
					    "copy the disk first",
		bm_err_text(r), fsck->device->path ? fsck->device->path : fsck->device->name);
	bm_err_clear();
	return fsck->result->instruction ? 0 : -ENOMEM;
}
