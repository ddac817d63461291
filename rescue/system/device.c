/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree from os/block and os/lvm. Logical volumes are activated read-only, and the block devices are looked
 * at once more after that: an active volume is a device like any other.
 */
#include "device.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/block/block.h"
#include "../os/block/block_ids.h"
#include "../os/block/lvm.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"

/* The volumes that this process activated; they outlive the device list, which may be freed and made again. */
static struct bm_lvm active;

static void device_done(struct bm_device *device)
{
	char **texts[] = {&device->name, &device->path, &device->image, &device->model, &device->wwid, &device->serial,
		&device->table, &device->part_type, &device->fstype, &device->uuid, &device->label, &device->partuuid,
		&device->partlabel, &device->vg_name, &device->vg_uuid, &device->lv_name, &device->lv_uuid,
		&device->lv_type};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		free(*texts[i]);
	for (size_t i = 0; i < device->n_drivers; i++) {
		free(device->drivers[i].modalias);
		free(device->drivers[i].module);
	}
	free(device->drivers);
	free(device->parents);
}

void bm_devices_done(struct bm_devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		device_done(&devices->items[i]);
	free(devices->items);
	bm_strv_done(&devices->problems);
	*devices = (struct bm_devices){0};
}

static enum bm_device_kind kind_of(const struct bm_block *block)
{
	switch (block->kind) {
	case BM_BLOCK_DISK:
		return BM_DEVICE_DISK;
	case BM_BLOCK_PARTITION:
		return BM_DEVICE_PARTITION;
	case BM_BLOCK_LOOP:
		return BM_DEVICE_LOOP;
	case BM_BLOCK_MD:
		return BM_DEVICE_MD;
	case BM_BLOCK_DM:
		if (block->dm_uuid && bm_str_starts(block->dm_uuid, "LVM-"))
			return BM_DEVICE_LV;
		if (block->dm_uuid && bm_str_starts(block->dm_uuid, "CRYPT-"))
			return BM_DEVICE_CRYPT;
		return BM_DEVICE_OTHER;
	case BM_BLOCK_ROM:
	case BM_BLOCK_OTHER:
		break;
	}
	return BM_DEVICE_OTHER;
}

static int add_parent(struct bm_device *device, size_t parent)
{
	size_t *slot = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);

	if (!slot)
		return -ENOMEM;
	*slot = parent;
	return 0;
}

static int copy_chain(const struct bm_block *block, struct bm_device *device)
{
	for (size_t i = 0; i < block->n_chain; i++) {
		const struct bm_block_driver *level = &block->chain[i];
		struct bm_device_driver *driver;

		if (!level->modalias && !level->driver)
			continue;
		driver = BM_VEC_PUSH(device->drivers, device->n_drivers, device->cap_drivers);
		if (!driver || bm_str_set(&driver->modalias, level->modalias) < 0 ||
			bm_str_set(&driver->module, level->module ? level->module : level->driver) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_block(const struct bm_block *block, struct bm_device *device)
{
	const struct {
		char **to;
		const char *from;
	} texts[] = {
		{&device->name, block->name},
		{&device->path, block->image ? NULL : block->path},
		{&device->image, block->image ? block->path : NULL},
		{&device->model, block->model},
		{&device->table, block->table_type},
		{&device->part_type, block->part_type},
		{&device->fstype, block->fs.ambiguous ? NULL : block->fs.type},
		{&device->uuid, block->fs.uuid},
		{&device->label, block->fs.label},
		{&device->partuuid, block->part_uuid},
		{&device->partlabel, block->part_label},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		if (bm_str_set(texts[i].to, texts[i].from) < 0)
			return -ENOMEM;
	device->kind = kind_of(block);
	device->dev = (uint64_t)block->major << 32 | block->minor;
	device->image_offset = block->offset_bytes;
	device->size_bytes = block->size_bytes;
	device->sector_size = block->sector_size;
	device->part_number = block->part_number;
	device->read_only = block->read_only;
	device->removable = block->removable;
	device->context = block->context;
	if (block->parent != BM_BLOCK_NONE && add_parent(device, block->parent) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < block->n_slaves; i++)
		if (block->slaves[i] != BM_BLOCK_NONE && add_parent(device, block->slaves[i]) < 0)
			return -ENOMEM;
	return copy_chain(block, device);
}

/* What names a disk to LVM, and what an array lacks. */
static int read_ids(const struct bm_block *block, struct bm_device *device)
{
	_cleanup_block_ids_ struct bm_block_ids ids = {0};

	if (block->image || (device->kind != BM_DEVICE_DISK && device->kind != BM_DEVICE_MD))
		return 0;
	if (bm_block_ids_read(block->major, block->minor, &ids) < 0 || bm_str_set(&device->wwid, ids.wwid) < 0 ||
		bm_str_set(&device->serial, ids.serial) < 0)
		return -ENOMEM;
	device->md_missing = ids.md_missing;
	return 0;
}

static int note_block(const struct bm_block *block, struct bm_strv *problems)
{
	if (block->fs.ambiguous)
		return bm_strv_addf(
			problems, "%s carries the signatures of several filesystems; it is left alone", block->name);
	if (block->fs.error == -ENOMEDIUM || block->fs.error == 0)
		return 0;
	return bm_strv_addf(problems, "%s cannot be read: %s", block->name, strerror(-block->fs.error));
}

static int copy_blocks(const struct bm_blocks *blocks, struct bm_devices *devices)
{
	for (size_t i = 0; i < blocks->n; i++) {
		struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);

		if (!device || copy_block(&blocks->items[i], device) < 0 || read_ids(&blocks->items[i], device) < 0 ||
			note_block(&blocks->items[i], &devices->problems) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Appends what lies in the image files and on the devices that disks names (all devices where it names none). */
static int scan_blocks(const struct bm_strv *disks, struct bm_blocks *ret_blocks)
{
	_cleanup_strv_ struct bm_strv nodes = {0};
	struct bm_blocks blocks = {0};
	int r;

	for (size_t i = 0; i < disks->n; i++) {
		if (!bm_file_exists(disks->items[i]))
			return bm_err(-ENOENT, "%s", disks->items[i]);
		if (bm_file_is_device(disks->items[i])) {
			r = bm_strv_add(&nodes, disks->items[i]);
			if (r < 0)
				return r;
		}
	}
	if (disks->n == 0 || nodes.n > 0) {
		r = bm_block_scan(nodes.n > 0 ? &nodes : NULL, &blocks);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < disks->n; i++) {
		if (bm_strv_has(&nodes, disks->items[i]))
			continue;
		r = bm_block_scan_image(disks->items[i], &blocks);
		if (r < 0) {
			bm_blocks_done(&blocks);
			return r;
		}
	}
	*ret_blocks = blocks;
	return 0;
}

/* Activates what can be activated; each volume that can't becomes a problem. *ret_changed: look again. */
static int activate_volumes(const struct bm_blocks *blocks, struct bm_strv *problems, bool *ret_changed)
{
	_cleanup_strv_ struct bm_strv pvs = {0};
	bool in_image = false;
	int r;

	*ret_changed = false;
	for (size_t i = 0; i < blocks->n; i++) {
		const struct bm_block *block = &blocks->items[i];

		if (!bm_streq(block->fs.type, "LVM2_member"))
			continue;
		in_image |= block->image;
		if (!block->image && bm_strv_add(&pvs, block->path) < 0)
			return -ENOMEM;
	}
	if (in_image && bm_strv_add(problems, "LVM in an image file is not looked into: attach it as a disk") < 0)
		return -ENOMEM;
	if (pvs.n == 0)
		return 0;
	bm_lvm_done(&active);
	r = bm_lvm_scan(&pvs, &active);
	if (r < 0)
		return bm_strv_addf(problems, "LVM is not looked into: %s", bm_err_text(r));
	r = bm_lvm_activate_all(&active);
	if (r < 0)
		return r;
	for (size_t i = 0; i < active.n_lvs; i++) {
		struct bm_lvm_lv *lv = &active.lvs[i];

		*ret_changed |= lv->activated;
		if (lv->hidden || lv->active || bm_streq(lv->segtype, "thin-pool"))
			continue;
		r = bm_lvm_activate(&active, i, false);
		if (r < 0 && bm_strv_addf(problems, "%s/%s cannot be activated: %s",
				     lv->vg == SIZE_MAX ? "?" : active.vgs[lv->vg].name, lv->name, bm_err_text(r)) < 0)
			return -ENOMEM;
		*ret_changed |= r == 0;
	}
	return 0;
}

/* Puts LVM's names on the devices that are its volumes. */
static int name_volumes(struct bm_devices *devices)
{
	for (size_t i = 0; i < devices->n; i++) {
		struct bm_device *device = &devices->items[i];

		if (device->kind != BM_DEVICE_LV)
			continue;
		for (size_t j = 0; j < active.n_lvs; j++) {
			const struct bm_lvm_lv *lv = &active.lvs[j];

			if (!bm_streq(lv->path, device->path) || lv->vg == SIZE_MAX)
				continue;
			device->vg_partial = active.vgs[lv->vg].n_missing > 0;
			if (bm_str_set(&device->vg_name, active.vgs[lv->vg].name) < 0 ||
				bm_str_set(&device->vg_uuid, active.vgs[lv->vg].uuid) < 0 ||
				bm_str_set(&device->lv_name, lv->name) < 0 ||
				bm_str_set(&device->lv_type, lv->segtype) < 0 ||
				bm_str_set(&device->lv_uuid, lv->uuid) < 0)
				return -ENOMEM;
			break;
		}
	}
	return 0;
}

int bm_devices_scan(const struct bm_strv *disks, bool activate, struct bm_devices *ret_devices)
{
	_cleanup_blocks_ struct bm_blocks blocks = {0};
	struct bm_devices devices = {0};
	bool changed = false;
	int r;

	r = scan_blocks(disks, &blocks);
	if (r < 0)
		return r;
	if (activate)
		r = activate_volumes(&blocks, &devices.problems, &changed);
	if (r == 0 && changed) {
		/* The answer does not matter: without udev there is nothing to settle. */
		if (bm_system_settle(10) < 0)
			bm_err_clear();
		bm_blocks_done(&blocks);
		r = scan_blocks(disks, &blocks);
	}
	if (r == 0)
		r = copy_blocks(&blocks, &devices);
	if (r == 0)
		r = name_volumes(&devices);
	if (r < 0) {
		bm_devices_done(&devices);
		return r;
	}
	*ret_devices = devices;
	return 0;
}

__attribute__((weak)) int bm_devices_hook(struct bm_devices *devices)
{
	(void)devices;
	return BM_DEVICE_NONE;
}

void bm_devices_release(void)
{
	/* What is busy stays active, read-only; the next run and `umount` try again. */
	if (bm_lvm_deactivate_all(&active) < 0)
		bm_err_clear();
}

void bm_devices_take_lvm(struct bm_lvm *ret_lvm)
{
	*ret_lvm = active;
	active = (struct bm_lvm){0};
}

bool bm_device_mountable(const struct bm_device *device)
{
	static const char *const types[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"};

	if (device->context || !device->fstype)
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(types); i++)
		if (bm_streq(device->fstype, types[i]))
			return true;
	return false;
}

const char *bm_device_kind_text(enum bm_device_kind kind)
{
	static const char *const texts[] = {"disk", "partition", "lv", "md", "crypt", "loop", "other"};

	return texts[kind];
}

/* Depth of the walk: a tree from sysfs is shallow, and a cycle must not hang. */
enum { STACK_DEPTH_MAX = 16 };

static bool lies_on(const struct bm_devices *devices, size_t device, size_t above, unsigned int depth)
{
	if (device == above)
		return true;
	if (depth == 0 || device >= devices->n)
		return false;
	for (size_t i = 0; i < devices->items[device].n_parents; i++)
		if (lies_on(devices, devices->items[device].parents[i], above, depth - 1))
			return true;
	return false;
}

bool bm_device_on(const struct bm_devices *devices, size_t device, size_t above)
{
	return lies_on(devices, device, above, STACK_DEPTH_MAX);
}

bool bm_device_is_open(const struct bm_devices *devices, size_t container)
{
	for (size_t i = 0; i < devices->n; i++)
		if (i != container && bm_device_on(devices, i, container))
			return true;
	return false;
}

bool bm_device_is_part(const struct bm_devices *devices, size_t device, size_t volume)
{
	const struct bm_device *part = &devices->items[volume];

	for (size_t i = 0; part->kind == BM_DEVICE_LV && i < devices->n; i++)
		if (i != volume && devices->items[i].kind == BM_DEVICE_LV &&
			bm_streq(devices->items[i].vg_name, part->vg_name) && bm_device_on(devices, i, volume) &&
			bm_device_on(devices, device, i))
			return true;
	return false;
}
