/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "os/block/loop.h"
#include "os/mount/mntns.h"
#include "os/mount/mount.h"
#include "os/mount/running.h"
#include "os/run/system.h"
#include "harness.h"
#include "os_images.h"

/* A btrfs has a device number of its own: the mount's source tells the device, also of a subvolume. */
BM_TEST(running_device_of_a_btrfs)
{
	struct bm_mount_fs mount = {.type = "btrfs", .writable = true};
	_cleanup_free_ char *image = NULL, *target = NULL, *below = NULL;
	struct bm_mntns home = BM_MNTNS_NONE;
	struct bm_loop loop = BM_LOOP_NONE;
	struct stat device, inside;
	uint64_t found;
	char *dir;

	if (!bm_system_is_root())
		BM_SKIP("needs root");
	dir = image_dir(IMAGE_NEEDS("mkfs.btrfs") "truncate -s 128M image; mkfs.btrfs -q image; mkdir target");
	image = bm_path_join(dir, "image");
	mount.target = target = bm_path_join(dir, "target");
	below = bm_path_join(target, "below");
	BM_CHECK_INT(bm_mntns_save(&home), 0);
	BM_CHECK_INT(bm_mount_private(), 0);
	BM_CHECK_INT(bm_running_device(target), 0);
	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, false, &loop), 0);
	mount.source = loop.path;
	BM_CHECK_INT(bm_mount_fs(&mount, NULL), 0);
	BM_CHECK_INT(bm_dir_make(below, 0755), 0);
	BM_CHECK_INT(stat(loop.path, &device), 0);
	BM_CHECK_INT(stat(target, &inside), 0);
	found = bm_running_device(target);
	BM_CHECK(inside.st_dev != device.st_rdev);
	BM_CHECK_INT(found, (int64_t)((uint64_t)major(device.st_rdev) << 32 | minor(device.st_rdev)));
	BM_CHECK_INT(bm_running_device(below), 0);
	BM_CHECK_INT(bm_umount(target), 0);
	BM_CHECK_INT(bm_running_device(target), 0);
	BM_CHECK_INT(bm_running_device("/nowhere/at/all"), 0);
	BM_CHECK_INT(bm_mntns_return(&home), 0);
	bm_mntns_done(&home);
	bm_loop_detach(&loop);
	image_dir_done(dir);
}
