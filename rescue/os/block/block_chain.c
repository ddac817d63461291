/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drivers between a disk and the top of /sys/devices: what an initramfs must hold for the disk to appear.
 *
 *	/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda
 *	             |          |            `- modalias virtio:d2v1af4, driver virtio_blk, its module virtio_blk
 *	             |          `- modalias pci:v1af4..., driver virtio-pci, its module virtio_pci
 *	             `- neither
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "os/root/fileio.h"
#include "block_in.h"

#define TOP "/sys/devices"

/* The last component of what a link of sysfs leads to, for free(); NULL where there is none. */
static char *link_name(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);
	char target[PATH_MAX];
	ssize_t len;

	len = path ? readlink(path, target, sizeof(target) - 1) : -1;
	if (len <= 0)
		return NULL;
	target[len] = '\0';
	return strdup(bm_path_base(target));
}

static int add_level(struct bm_block *block, const char *dir)
{
	struct bm_block_driver level =
				       {
					       .modalias = bm_block_sys_attr(dir, "modalias"),
					       .driver = link_name(dir, "driver"),
					       .module = link_name(dir, "driver/module"),
					       .subsystem = link_name(dir, "subsystem"),
				       },
			       *added;

	if ((level.modalias || level.driver) && block->n_chain < BM_BLOCK_CHAIN_MAX) {
		added = BM_VEC_PUSH(block->chain, block->n_chain, block->cap_chain);
		if (added) {
			*added = level;
			return 0;
		}
	}
	free(level.modalias);
	free(level.driver);
	free(level.module);
	free(level.subsystem);
	return 0;
}

/* Every level from the path up, the top itself left out. */
static int climb(struct bm_block *block, const char *from)
{
	_cleanup_free_ char *dir = realpath(from, NULL);
	char *slash;
	int r = 0;

	while (r == 0 && dir && bm_str_starts(dir, TOP "/")) {
		r = add_level(block, dir);
		slash = strrchr(dir, '/');
		*slash = '\0';
	}
	return r;
}

/* An NVMe disk with native multipath hangs below a virtual subsystem, which links to the controllers. */
static int climb_controllers(struct bm_block *block, const char *subsystem)
{
	_cleanup_strv_ struct bm_strv names = {0};
	size_t i;
	int r = 0;

	if (bm_file_list(subsystem, &names) < 0)
		return 0;
	for (i = 0; r == 0 && i < names.n; i++) {
		_cleanup_free_ char *path = NULL;
		char target[8];

		/* nvme0 is the controller, nvme0n1 the disk itself */
		if (!bm_str_starts(names.items[i], "nvme") || strchr(names.items[i] + 4, 'n'))
			continue;
		path = bm_path_join(subsystem, names.items[i]);
		if (path && readlink(path, target, sizeof(target)) > 0)
			r = climb(block, path);
	}
	return r;
}

static bool in_chain(const struct bm_block *block, const char *subsystem)
{
	size_t i;

	for (i = 0; i < block->n_chain; i++)
		if (bm_streq(block->chain[i].subsystem, subsystem))
			return true;
	return false;
}

static const char *transport_of(const struct bm_block *block)
{
	if (block->kind == BM_BLOCK_LOOP)
		return "loop";
	if (bm_str_starts(block->name, "nvme"))
		return "nvme";
	if (in_chain(block, "usb"))
		return "usb";
	if (in_chain(block, "virtio"))
		return "virtio";
	if (in_chain(block, "vmbus"))
		return "hyperv";
	if (in_chain(block, "xen"))
		return "xen";
	if (bm_str_starts(block->name, "mmcblk"))
		return "mmc";
	if (strstr(block->sysfs, "/ata"))
		return "ata";
	return in_chain(block, "scsi") ? "scsi" : NULL;
}

int bm_block_sys_chain(struct bm_block *block)
{
	_cleanup_free_ char *device = NULL;
	int r = 0;

	if (!block->sysfs)
		return 0;
	device = bm_path_join(block->sysfs, "device");
	if (!device)
		return -ENOMEM;
	if (access(device, F_OK) == 0)
		r = climb(block, device);
	if (r == 0 && block->n_chain == 0 && bm_str_starts(block->name, "nvme"))
		r = climb_controllers(block, device);
	block->transport = transport_of(block);
	return r;
}
