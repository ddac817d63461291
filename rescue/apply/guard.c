/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/root/fileio.h"
#include "fsck_int.h"

static int add_device(const struct bm_device *device, bool beneath, struct bm_uses *uses)
{
	const struct bm_use use = {
		.name = device->image ? bm_path_base(device->image) : device->name,
		.path = device->image ? device->image : device->path,
		.image = device->image,
		.dev = device->dev,
		.beneath = beneath,
		/* A survey activates logical volumes read-only, and they are not active any more. */
		.read_only = device->read_only && device->kind != BM_DEVICE_LV,
	};

	return bm_uses_add(uses, &use);
}

/* The device itself and all that it lies on. */
static int add_stack(const struct bm_devices *devices, size_t index, struct bm_uses *uses)
{
	int r = add_device(&devices->items[index], false, uses);

	for (size_t i = 0; r == 0 && i < devices->n; i++)
		if (i != index && bm_device_on(devices, index, i))
			r = add_device(&devices->items[i], true, uses);
	return r;
}

/* The filesystem, which for btrfs may have several devices. */
static int add_filesystem(const struct bm_devices *devices, size_t index, struct bm_uses *uses)
{
	const struct bm_device *device = &devices->items[index];
	int r = add_stack(devices, index, uses);

	for (size_t i = 0; r == 0 && bm_streq(device->fstype, "btrfs") && i < devices->n; i++)
		if (i != index && device->uuid && bm_streq(devices->items[i].uuid, device->uuid) &&
			bm_streq(devices->items[i].fstype, "btrfs"))
			r = add_stack(devices, i, uses);
	return r;
}

static int add_all(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan *plan,
	struct bm_uses *uses)
{
	int r = 0;

	if (system && system->root_device >= 0)
		r = add_filesystem(&survey->devices, (size_t)system->root_device, uses);
	for (size_t i = 0; system && r == 0 && i < system->n_mounts; i++)
		if (system->mounts[i].device >= 0)
			r = add_filesystem(&survey->devices, (size_t)system->mounts[i].device, uses);
	for (size_t i = 0; plan && r == 0 && i < plan->n_steps; i++) {
		const struct bm_device *device;

		if (plan->steps[i].kind != BM_STEP_FSCK && plan->steps[i].kind != BM_STEP_DISCARD)
			continue;
		/* The step itself says that it finds none. */
		if (bm_fsck_find_device(survey, &plan->steps[i], &device) < 0)
			bm_err_clear();
		else
			r = add_filesystem(&survey->devices, (size_t)(device - survey->devices.items), uses);
	}
	return r;
}

static int find_prefix(const struct bm_survey *survey, const struct bm_system *system, char **ret_prefix)
{
	*ret_prefix = NULL;
	if (!system)
		return 0;
	if (system->given)
		return bm_file_realpath(system->dir, ret_prefix);
	return system->root_device < 0
		       ? 0
		       : bm_users_boot_prefix(survey->devices.items[system->root_device].dev, ret_prefix);
}

/* A system that somebody mounted may lie on no device that we know; its folders are locked themselves. */
static int claim_dirs(const struct bm_system *system, const char *prefix, struct bm_claim *claim)
{
	int r = bm_claim_dir(claim, prefix);

	for (size_t i = 1; r == 0 && i < system->n_mounts; i++) {
		_cleanup_free_ char *dir = bm_path_join(prefix, system->mounts[i].target);
		bool is = false;

		if (!dir)
			return -ENOMEM;
		if (bm_mount_is_point(dir, &is) < 0)
			bm_err_clear();
		if (is)
			r = bm_claim_dir(claim, dir);
	}
	return r;
}

int bm_guard_take(struct bm_survey *survey, const struct bm_system *system, const struct bm_plan *plan,
	struct bm_guard *ret_guard)
{
	_cleanup_uses_ struct bm_uses uses = {0};
	struct bm_guard guard = {0};
	int r;

	bm_survey_release(survey);
	r = find_prefix(survey, system, &guard.prefix);
	if (r == 0)
		r = add_all(survey, system, plan, &uses);
	if (r == 0)
		r = bm_claim_take(&uses, guard.prefix, &survey->in_use, &guard.claim);
	if (r == 0 && system && system->given)
		r = claim_dirs(system, guard.prefix, &guard.claim);
	if (r < 0)
		bm_guard_done(&guard);
	else
		*ret_guard = guard;
	return r;
}

void bm_guard_done(struct bm_guard *guard)
{
	bm_claim_done(&guard->claim);
	free(guard->prefix);
	*guard = (struct bm_guard){0};
}

int bm_guard_attach(const struct bm_guard *guard, const struct bm_device *device, struct bm_loop *ret_loop)
{
	int fd = bm_claim_fd(&guard->claim, device->image);

	if (fd < 0)
		return bm_err(-ESTALE, "%s is not the file any more that was looked at", device->image);
	return bm_loop_attach_fd(
		fd, device->image, device->image_offset, device->size_bytes, device->sector_size, false, ret_loop);
}
