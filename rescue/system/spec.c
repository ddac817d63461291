/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what fstab or the kernel command line writes to the device that is meant.
 */
#include <string.h>

#include "../base/str.h"
#include "../fmt/etc/fstab.h"
#include "../os/root/fileio.h"
#include "device.h"

/* What plain names have in common on all controllers: the how-manieth disk, and the partition. */
struct place {
	unsigned int disk, partition;
};

/* The place of a device; an image file counts as a disk in the order of the list. */
static bool place_of(const struct bm_devices *devices, size_t index, struct place *ret_place)
{
	const struct bm_device *device = &devices->items[index];
	struct bm_devname name;

	if (device->image) {
		struct place place = {0, device->part_number};

		for (size_t i = 0; i < index; i++)
			if (devices->items[i].image && devices->items[i].kind == BM_DEVICE_DISK &&
				!bm_streq(devices->items[i].image, device->image))
				place.disk++;
		*ret_place = place;
		return true;
	}
	if (!bm_devname_parse(device->name, &name))
		return false;
	*ret_place = (struct place){name.disk, name.partition};
	return true;
}

static bool disk_of(const struct bm_devices *devices, size_t index, size_t disk)
{
	return devices->items[disk].kind == BM_DEVICE_DISK && bm_device_on(devices, index, disk);
}

bool bm_devices_share_disk(const struct bm_devices *devices, size_t a, size_t b)
{
	for (size_t i = 0; i < devices->n; i++)
		if (disk_of(devices, a, i) && disk_of(devices, b, i))
			return true;
	return false;
}

int bm_devices_find_dev(const struct bm_devices *devices, uint64_t dev)
{
	for (size_t i = 0; dev != 0 && i < devices->n; i++)
		if (devices->items[i].dev == dev)
			return (int)i;
	return BM_DEVICE_NONE;
}

/* Whether the device's tag of that kind has the value. UUIDs of any kind are written in either case. */
bool bm_device_carries(const struct bm_device *device, const struct bm_spec *spec)
{
	switch (spec->kind) {
	case BM_SPEC_UUID:
		return bm_strcaseeq(device->uuid, spec->value);
	case BM_SPEC_LABEL:
		return bm_streq(device->label, spec->value);
	case BM_SPEC_PARTUUID:
		return bm_strcaseeq(device->partuuid, spec->value);
	case BM_SPEC_PARTLABEL:
		return bm_streq(device->partlabel, spec->value);
	case BM_SPEC_MAPPER:
		if (device->vg_name && spec->vg)
			return bm_streq(device->vg_name, spec->vg) && bm_streq(device->lv_name, spec->lv);
		return device->path && bm_str_starts(device->path, "/dev/mapper/") &&
		       bm_streq(bm_path_base(device->path), spec->value);
	default:
		return false;
	}
}

static bool fstype_fits(const struct bm_device *device, const char *fstype)
{
	if (!fstype || bm_streq(fstype, "auto"))
		return true;
	/* ext2 and ext3 are mounted by ext4, and libblkid names what the superblock could be. */
	if (bm_str_starts(fstype, "ext"))
		return device->fstype && bm_str_starts(device->fstype, "ext");
	if (bm_streq(fstype, "msdos"))
		return bm_streq(device->fstype, "vfat");
	return bm_streq(device->fstype, fstype);
}

/* Of the devices for which fits says yes: near itself, or the only one, or the only one on near's disk. */
static int pick(const struct bm_devices *devices, const bool *fits, int near)
{
	int all = BM_DEVICE_NONE, close = BM_DEVICE_NONE;
	size_t n_all = 0, n_close = 0;

	if (near >= 0 && fits[near])
		return near;
	for (size_t i = 0; i < devices->n; i++) {
		if (!fits[i])
			continue;
		n_all++;
		all = (int)i;
		if (near >= 0 && bm_devices_share_disk(devices, i, (size_t)near)) {
			n_close++;
			close = (int)i;
		}
	}
	if (n_all == 1)
		return all;
	return n_close == 1 ? close : BM_DEVICE_NONE;
}

static int find_by_name(
	const struct bm_devices *devices, const char *path, const char *fstype, int near, bool *fits, bool *ret_exact)
{
	struct bm_devname name;

	/* The very name, where what lies there fits; else any of the family. */
	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->items[i].path, path) && fstype_fits(&devices->items[i], fstype))
			return (int)i;
	*ret_exact = false;
	if (!bm_devname_parse(path, &name))
		return BM_DEVICE_NONE;
	for (size_t i = 0; i < devices->n; i++) {
		struct place place;

		fits[i] = place_of(devices, i, &place) && place.disk == name.disk &&
			  place.partition == name.partition && fstype_fits(&devices->items[i], fstype) &&
			  devices->items[i].fstype;
	}
	return pick(devices, fits, near);
}

bool bm_devices_have(const struct bm_devices *devices, const char *spec)
{
	_cleanup_spec_ struct bm_spec parsed = {0};

	/* Short memory: nothing is claimed to be missing. */
	if (bm_fstab_spec_parse(spec, &parsed) < 0)
		return true;
	for (size_t i = 0; i < devices->n; i++)
		if (bm_device_carries(&devices->items[i], &parsed))
			return true;
	return false;
}

/* udev's links of this rescue system, where it has them. */
static int find_by_link(const struct bm_devices *devices, const char *dir, const char *name)
{
	_cleanup_free_ char *link = bm_strf("/dev/disk/%s/%s", dir, name);
	_cleanup_free_ char *path = NULL;

	if (!link || bm_file_realpath(link, &path) < 0)
		return BM_DEVICE_NONE;
	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->items[i].path, path))
			return (int)i;
	return BM_DEVICE_NONE;
}

int bm_devices_find_spec(
	const struct bm_devices *devices, const char *spec, const char *fstype, int near, bool *ret_exact)
{
	_cleanup_spec_ struct bm_spec parsed = {0};
	_cleanup_free_ bool *fits = calloc(devices->n + 1, sizeof(*fits));

	*ret_exact = true;
	if (!fits || bm_fstab_spec_parse(spec, &parsed) < 0)
		return BM_DEVICE_NONE;
	switch (parsed.kind) {
	case BM_SPEC_DEVNAME:
		return find_by_name(devices, parsed.value, fstype, near, fits, ret_exact);
	case BM_SPEC_ID:
		return find_by_link(devices, "by-id", parsed.value);
	case BM_SPEC_PATH:
		return find_by_link(devices, "by-path", parsed.value);
	default:
		for (size_t i = 0; i < devices->n; i++)
			fits[i] = bm_device_carries(&devices->items[i], &parsed);
		return pick(devices, fits, near);
	}
}
