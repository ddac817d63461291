/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was not opened, and how it is opened by hand.
 */
#include "unopened.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

/* By libblkid's types. */
static const struct {
	const char *fstype;
	enum bm_unopened_kind kind;
	const char *what;      /* behind the device */
	const char *open;      /* the command; NULL: none helps */
	const char *open_tail; /* behind the device, which the command wants then; or NULL */
} rows[] = {
	{"crypto_LUKS", BM_UNOPENED_LUKS, "is encrypted (LUKS)", "cryptsetup open", "NAME"},
	{"linux_raid_member", BM_UNOPENED_RAID, "is a member of the RAID array", "mdadm --assemble --scan", NULL},
	{"isw_raid_member", BM_UNOPENED_RAID, "is a member of the firmware's RAID", "mdadm --assemble --scan", NULL},
	{"ddf_raid_member", BM_UNOPENED_RAID, "is a member of the firmware's RAID", "mdadm --assemble --scan", NULL},
	{"LVM2_member", BM_UNOPENED_LVM, "is a physical volume of LVM without a volume that is seen", "vgchange -ay",
		NULL},
	{"zfs_member", BM_UNOPENED_ZFS, "is a member of the ZFS pool", NULL, NULL},
	{"bcachefs", BM_UNOPENED_FILESYSTEM, "is a bcachefs", NULL, NULL},
	{"f2fs", BM_UNOPENED_FILESYSTEM, "is an f2fs", NULL, NULL},
	{"jfs", BM_UNOPENED_FILESYSTEM, "is a jfs", NULL, NULL},
	{"nilfs2", BM_UNOPENED_FILESYSTEM, "is a nilfs2", NULL, NULL},
	{"reiserfs", BM_UNOPENED_FILESYSTEM, "is a reiserfs", NULL, NULL},
};

void bm_unopened_done(struct bm_unopened_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		bm_strv_done(&list->items[i].names);
		free(list->items[i].text);
	}
	free(list->items);
	*list = (struct bm_unopened_list){0};
}

const char *bm_unopened_kind_text(enum bm_unopened_kind kind)
{
	static const char *const texts[] = {"luks", "raid", "lvm", "zfs", "filesystem", "subvolume"};

	return texts[kind];
}

static const char *path_of(const struct bm_device *device)
{
	return device->path ? device->path : device->name;
}

/* Whether another device of the same array, group, pool or filesystem is in the list. */
static bool is_told(
	const struct bm_unopened_list *list, const struct bm_devices *devices, const struct bm_device *device)
{
	for (size_t i = 0; device->uuid && i < list->n; i++) {
		const struct bm_device *other = &devices->items[list->items[i].device];

		if (bm_streq(other->fstype, device->fstype) && bm_streq(other->uuid, device->uuid))
			return true;
	}
	return false;
}

/* What a command of the text calls the device; a part of an image file has to become one first. */
static const char *argument_of(const struct bm_device *device)
{
	return device->image ? "DEVICE" : path_of(device);
}

static const char *before(const struct bm_device *device)
{
	return device->image ? "attach the image as a device (`losetup -fP IMAGE`), then " : "";
}

static char *text_of(const struct bm_device *device, size_t row, const char *name)
{
	_cleanup_free_ char *what =
		bm_strf("%s %s%s%s", path_of(device), rows[row].what, name ? " " : "", name ? name : "");
	const char *tail = rows[row].open_tail;

	if (!what)
		return NULL;
	if (!rows[row].open)
		return bm_strf("%s, which bootmend does not look into", what);
	return bm_strf("%s: %s`%s%s%s%s%s` by hand, and look again", what, before(device), rows[row].open,
		tail ? " " : "", tail ? argument_of(device) : "", tail ? " " : "", tail ? tail : "");
}

/* The array's name as mdadm writes it ("host:0"), the pool's; of the others the label is another matter. */
static const char *name_of(const struct bm_device *device, enum bm_unopened_kind kind)
{
	if (kind != BM_UNOPENED_RAID && kind != BM_UNOPENED_ZFS)
		return NULL;
	return device->label && *device->label ? device->label : device->uuid;
}

static int add_container(const struct bm_devices *devices, size_t index, size_t row, struct bm_unopened_list *list)
{
	const struct bm_device *device = &devices->items[index];
	const char *name = name_of(device, rows[row].kind);
	struct bm_unopened *item;

	if (rows[row].kind != BM_UNOPENED_LUKS && is_told(list, devices, device))
		return 0;
	item = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!item)
		return -ENOMEM;
	item->kind = rows[row].kind;
	item->device = index;
	item->text = text_of(device, row, name);
	return item->text && (!name || bm_strv_add(&item->names, name) == 0) ? 0 : -ENOMEM;
}

/* A btrfs whose subvolumes have systems in them: named with the first of them. */
static int add_subvolumes(
	const struct bm_devices *devices, const struct bm_volume *volume, struct bm_unopened_list *list)
{
	const struct bm_device *device = &devices->items[volume->device];
	_cleanup_free_ char *names = NULL;
	struct bm_unopened *item;

	/* A btrfs over several devices. */
	if (is_told(list, devices, device))
		return 0;
	item = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!item)
		return -ENOMEM;
	item->kind = BM_UNOPENED_SUBVOLUME;
	item->device = volume->device;
	for (size_t i = 0; i < volume->root_subvolumes.n; i++)
		if (bm_strv_add(&item->names, volume->root_subvolumes.items[i]) < 0)
			return -ENOMEM;
	names = bm_strv_join(&item->names, ", ");
	if (!names)
		return -ENOMEM;
	item->text = bm_strf("%s is a btrfs with an installed system in the subvolume%s %s, which a mount without "
			     "options does not show: %s`mount -o subvol=%s %s /mnt` by hand, /boot below it, and "
			     "look with `bootmend --root /mnt`",
		path_of(device), item->names.n > 1 ? "s" : "", names, before(device), item->names.items[0],
		argument_of(device));
	return item->text ? 0 : -ENOMEM;
}

static const struct bm_volume *volume_of(const struct bm_survey *survey, size_t device)
{
	for (size_t i = 0; i < survey->volumes.n; i++)
		if (survey->volumes.items[i].device == device)
			return &survey->volumes.items[i];
	return NULL;
}

int bm_unopened_find(const struct bm_survey *survey, struct bm_unopened_list *ret_list)
{
	const struct bm_devices *devices = &survey->devices;
	struct bm_unopened_list list = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < devices->n; i++) {
		const struct bm_volume *volume = volume_of(survey, i);

		if (volume && volume->root_subvolumes.n > 0 && volume->system_subvolumes.n == 0)
			r = add_subvolumes(devices, volume, &list);
		for (size_t row = 0; r == 0 && row < BM_ARRAY_SIZE(rows); row++)
			if (bm_streq(devices->items[i].fstype, rows[row].fstype) && !devices->items[i].context &&
				!bm_device_is_open(devices, i))
				r = add_container(devices, i, row, &list);
	}
	if (r < 0) {
		bm_unopened_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}
