/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udevd loads the drivers of devices: its rule 80-drivers asks kmod for each device's alias, and whoever starts it asks
 * the kernel, by udevadm, to tell of the devices that were there before. Without one of them no driver of a disk comes
 * into the kernel, unless it is built in or loaded by its name.
 */
#include <string.h>

#include "../base/str.h"
#include "proof_int.h"

/* The drivers that disks of most machines have at their end. */
static const char *const disk_drivers[] = {
	"sd_mod", "virtio_blk", "nvme", "xen_blkfront", "mmc_block", "vmd", "dasd_eckd_mod", "hv_storvsc", "nd_pmem"};

/* Whether no disk is found without a module that udevd loads. Without knowing the machine that is certain only where no
 * driver of a disk is built in, and none is loaded by its name. */
static bool disks_need_udev(const struct bm_prover *prover, bool served_devices)
{
	if (served_devices)
		return true;
	if (!prover->need->builtin_known)
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(disk_drivers); i++)
		if (bm_prover_is_builtin(prover, disk_drivers[i]) || bm_prover_loads_by_name(prover, disk_drivers[i]))
			return false;
	return true;
}

static const char *first_of(const struct bm_image_list *list, const char *const *paths)
{
	for (; *paths; paths++)
		if (bm_image_list_find(list, *paths))
			return *paths;
	return NULL;
}

void bm_prover_udev(struct bm_prover *prover, bool served_devices)
{
	static const char *const rules[] = {"/usr/lib/udev/rules.d/80-drivers.rules",
		"/lib/udev/rules.d/80-drivers.rules", "/etc/udev/rules.d/80-drivers.rules", NULL};
	static const char *const daemons[] = {"/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd",
		"/usr/lib/udev/udevd", "/lib/udev/udevd", "/sbin/udevd", "/usr/sbin/udevd", "/usr/bin/udevd", NULL};
	_cleanup_free_ char *udevadm = NULL;
	const char *daemon;

	if (!disks_need_udev(prover, served_devices))
		return;
	/* What starts it in an image with a script for init: of initramfs-tools, or of another generator in its way. */
	daemon = first_of(prover->list, daemons);
	if (bm_image_list_find(prover->list, "/scripts/init-top/udev")) {
		bm_prover_must_start(prover, "systemd-udevd", daemon, false, "it loads the drivers of devices");
		udevadm = bm_prover_find_tool(prover, "udevadm");
		bm_prover_must_start(prover, "udevadm", udevadm, false, "it tells udevd of the devices that are there");
	}
	if (daemon && !first_of(prover->list, rules))
		bm_prover_problem(prover, BM_PROOF_NO_LOADER, rules[0],
			"80-drivers.rules is not in the image, so udevd loads no driver for a device");
}
