/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysimage.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/block/loop.h"
#include "../os/block/lvm.h"
#include "../os/mount/mount.h"
#include "../os/root/fence.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"

enum { BUSY_TRIES = 20, BUSY_WAIT_MS = 100 };

/* The volumes that this process activated for the sysimage. */
static struct bm_lvm active;

/* Activates the logical volume at dm path, for writing or not. */
static int activate(const char *path, bool writable)
{
	for (size_t i = 0; i < active.n_lvs; i++)
		if (bm_streq(active.lvs[i].path, path))
			return bm_lvm_activate(&active, i, writable);
	return bm_err(-ENODEV, "%s is no logical volume any more", path);
}

/* Activates all logical volumes that the system's mounts lie on. */
static int activate_all(const struct bm_survey *survey, const struct bm_system *system, bool writable)
{
	_cleanup_strv_ struct bm_strv pvs = {0};
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < system->n_mounts; i++)
		any |= system->mounts[i].device >= 0 &&
		       survey->devices.items[system->mounts[i].device].kind == BM_DEVICE_LV;
	if (!any || system->given)
		return 0;
	for (size_t i = 0; i < survey->devices.n; i++)
		if (bm_streq(survey->devices.items[i].fstype, "LVM2_member") && survey->devices.items[i].path &&
			bm_strv_add(&pvs, survey->devices.items[i].path) < 0)
			return -ENOMEM;
	bm_lvm_done(&active);
	/* The survey has asked lvm just now; a second sysimage of the same survey asks again. */
	bm_devices_take_lvm(&active);
	if (active.n_lvs == 0)
		r = bm_lvm_scan(&pvs, &active);
	for (size_t i = 0; r == 0 && i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->device >= 0 && survey->devices.items[mount->device].kind == BM_DEVICE_LV)
			r = activate(survey->devices.items[mount->device].path, writable);
	}
	return r;
}

/*
 * The loop device that the filesystem is mounted from already, for free(); NULL where it is not. A filesystem on two
 * loop devices is two for the kernel (since 6.7 also a btrfs, which it gives another UUID for the while), and writing
 * to both destroys it.
 */
static int loop_of(const struct bm_system *system, const struct bm_mount *mount, char **ret_path)
{
	*ret_path = NULL;
	for (size_t i = 0; i < system->n_mounts; i++) {
		_cleanup_free_ char *at = bm_path_join(BM_SYSIMAGE_DIR, system->mounts[i].target);
		_cleanup_mounts_ struct bm_mounts mounts = {0};

		if (&system->mounts[i] == mount || bm_streq(system->mounts[i].target, mount->target))
			break;
		if (!at)
			return -ENOMEM;
		if (system->mounts[i].device != mount->device || bm_mounts_list(at, &mounts) < 0)
			continue;
		for (size_t k = 0; k < mounts.n; k++)
			if (bm_streq(mounts.items[k].target, at) && bm_str_starts(mounts.items[k].source, "/dev/loop"))
				return bm_str_set(ret_path, mounts.items[k].source);
	}
	return 0;
}

/* Attaches the part of an image file, unless it is. */
static int attach(const struct bm_device *device, const struct bm_guard *guard, const char *loop_path,
	struct bm_loop *loop, const char **ret_source)
{
	int r = 0;

	if (!loop_path)
		r = guard ? bm_guard_attach(guard, device, loop)
			  : bm_loop_attach(device->image, device->image_offset, device->size_bytes, device->sector_size,
				    true, loop);
	*ret_source = loop_path ? loop_path : loop->path;
	return r;
}

/* Mounts a device at target in root (NULL root: at the sysimage's own top). */
static int mount_device(const struct bm_survey *survey, const struct bm_system *system, const struct bm_mount *mount,
	const struct bm_root *root, const struct bm_guard *guard)
{
	const struct bm_device *device = &survey->devices.items[mount->device];
	_cleanup_loop_ struct bm_loop loop = BM_LOOP_NONE;
	_cleanup_free_ char *loop_path = NULL;
	/* A /usr that is known by its type may be sealed (dm-verity): a mount for writing alone would break that. */
	bool writable = guard && mount->source != BM_MOUNT_TYPE;
	struct bm_mount_fs fs = {
		.source = device->path,
		.type = device->fstype,
		.options = mount->options,
		.root = root,
		.target = root ? mount->target : BM_SYSIMAGE_DIR,
		.writable = writable,
		.enter = true,
	};
	struct bm_mount_result result = {0};
	int r = 0;

	/* Windows may be hibernated on it, or think that it is still mounted; no system needs one to boot. */
	if (writable && device->fstype && bm_str_starts(device->fstype, "ntfs"))
		return bm_err(-ENOTSUP, "%s at %s: nothing is written to NTFS", device->name, mount->target);
	/* The survey saw logical volumes as it had activated them, read-only; by now they are not. */
	if (writable && device->read_only && device->kind != BM_DEVICE_LV)
		return bm_err(-EROFS, "%s at %s: the disk is attached read-only", device->name, mount->target);
	if (device->image)
		r = loop_of(system, mount, &loop_path);
	if (r == 0 && device->image)
		r = attach(device, writable ? guard : NULL, loop_path, &loop, &fs.source);
	/* The read-only mounts of the survey end a moment after they were let go of. */
	for (unsigned int try = 0; r == 0 && try < BUSY_TRIES; try++) {
		r = bm_mount_fs(&fs, &result);
		if (r != -EBUSY)
			break;
		if (try + 1 < BUSY_TRIES)
			r = 0;
		bm_sleep_ms(BUSY_WAIT_MS);
	}
	if (r < 0)
		return bm_err_within(r, "%s at %s", device->name, mount->target);
	if (writable && result.read_only)
		return bm_err(-EROFS, "%s at %s: the disk is read-only, or the kernel found the filesystem damaged",
			device->name, mount->target);
	return 0;
}

/* The root itself: a device, or a folder that somebody mounted. */
static int mount_root(const struct bm_survey *survey, const struct bm_system *system, const struct bm_guard *guard)
{
	_cleanup_free_ char *options = system->subvolume ? bm_strf("subvol=%s", system->subvolume) : NULL;
	struct bm_mount root = system->mounts[0];

	if (system->given)
		return bm_mount_bind(system->dir, NULL, BM_SYSIMAGE_DIR, true, false);
	/* The tree that was judged, whatever fstab says. */
	if (options)
		root.options = options;
	return system->subvolume && !options ? -ENOMEM : mount_device(survey, system, &root, NULL, guard);
}

static int is_mounted_at(const char *target, bool *ret_is)
{
	_cleanup_free_ char *path = bm_path_join(BM_SYSIMAGE_DIR, target);

	return path ? bm_mount_is_point(path, ret_is) : -ENOMEM;
}

/* The other filesystems. One that the boot survives without (nofail, noauto, or not there) is noted and left out. */
static int mount_others(const struct bm_survey *survey, const struct bm_system *system, const struct bm_guard *guard,
	struct bm_sysimage *image)
{
	for (size_t i = 1; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];
		bool there = false;
		int r;

		if (mount->device < 0) {
			r = bm_strv_addf(&image->notes, "%s: %s is not there", mount->target, mount->spec);
			if (r < 0)
				return r;
			continue;
		}
		if (system->given && (is_mounted_at(mount->target, &there) < 0 || there))
			continue;
		r = mount_device(survey, system, mount, image->root, guard);
		/* An ESP is of no use to the chroot but for loader tools; the repair may go on without it. */
		if (r < 0 &&
			(mount->optional || bm_streq(mount->target, "/boot/efi") || bm_streq(mount->target, "/efi")))
			r = bm_strv_addf(&image->notes, "%s", bm_err_text(r));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether each of the system's filesystems takes a file: some say "read-only" only when something is written. */
static int probe_writing(const struct bm_system *system, const struct bm_root *root)
{
	static const char *const dirs[] = {"/", "/boot", "/var"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		int r;

		if (i > 0 && !bm_system_mount(system, dirs[i]))
			continue;
		r = bm_rootw_probe(root, dirs[i]);
		/* A full filesystem is writable; how much room there is, is asked later. */
		if (r < 0 && r != -ENOSPC && r != -EDQUOT)
			return bm_err_within(r, "cannot write to %s of the system", dirs[i]);
	}
	return 0;
}

/* Whether what is mounted at path is the system's: one of its filesystems, or with a given root another whole one that
 * somebody mounted there; not a folder of this machine that is bound there, and nothing that is there for tools. */
static bool is_own(const struct bm_system *system, const struct bm_mount_entry *entry, const char *path)
{
	static const char *const others[] = {"/proc", "/sys", "/dev", "/run"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		if (bm_path_below(path, others[i]))
			return false;
	return bm_system_mount(system, path) || bm_streq(entry->root, "/");
}

static int fence_in(const struct bm_system *system, struct bm_sysimage *image)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	int r = bm_root_open(BM_SYSIMAGE_DIR, &image->own);

	if (r == 0)
		r = bm_mounts_list(BM_SYSIMAGE_DIR, &mounts);
	if (r == 0)
		r = bm_root_fence_add(image->own, image->root, "/");
	for (size_t i = 0; r == 0 && i < mounts.n; i++) {
		const char *path = mounts.items[i].target + strlen(BM_SYSIMAGE_DIR);

		if (*path && is_own(system, &mounts.items[i], path))
			r = bm_root_fence_add(image->own, image->root, path);
	}
	return r;
}

static int mount_all(const struct bm_survey *survey, const struct bm_system *system, const struct bm_guard *guard,
	struct bm_sysimage *image)
{
	int r;

	r = activate_all(survey, system, guard);
	if (r == 0)
		r = mount_root(survey, system, guard);
	if (r == 0)
		r = bm_root_open(BM_SYSIMAGE_DIR, &image->root);
	if (r == 0)
		r = mount_others(survey, system, guard, image);
	if (r == 0 && guard)
		r = probe_writing(system, image->root);
	if (r == 0)
		r = fence_in(system, image);
	return r;
}

/* Takes down what was mounted. Returns an error that says why. */
static int give_up(int error, struct bm_sysimage *image)
{
	_cleanup_free_ char *why = bm_strf("%s", bm_err_text(error));
	unsigned int n;

	bm_sysimage_done(image);
	if (bm_sysimage_umount(NULL, &n) < 0)
		bm_err_clear();
	/* The line has the errno's text already, which bm_err_text() would say once more. */
	return bm_err(-ENOTRECOVERABLE, "%s", why ? why : "out of memory");
}

int bm_sysimage_mount(struct bm_survey *survey, const struct bm_system *system, const struct bm_guard *guard,
	struct bm_sysimage *ret_image)
{
	struct bm_sysimage image = {0};
	bool taken = false;
	int r;

	bm_survey_release(survey);
	r = bm_dir_make(BM_SYSIMAGE_DIR, 0755);
	if (r == 0)
		r = bm_mount_is_point(BM_SYSIMAGE_DIR, &taken);
	if (r == 0 && taken)
		r = bm_err(-EBUSY, "something is mounted at %s (`bootmend umount` takes it down)", BM_SYSIMAGE_DIR);
	if (r < 0)
		return r;
	r = mount_all(survey, system, guard, &image);
	if (r < 0)
		return give_up(r, &image);
	*ret_image = image;
	return 0;
}

int bm_sysimage_open(struct bm_sysimage *image)
{
	int r = bm_mount_api(image->root, &image->notes);

	return r < 0 ? give_up(r, image) : 0;
}

void bm_sysimage_done(struct bm_sysimage *image)
{
	bm_root_free(image->root);
	bm_root_free(image->own);
	bm_strv_done(&image->notes);
	*image = (struct bm_sysimage){0};
}

int bm_sysimage_umount(struct bm_strv *notes, unsigned int *ret_n)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	int r = bm_mounts_list(BM_SYSIMAGE_DIR, &mounts);

	if (r < 0)
		return r;
	bm_mount_close_writing(BM_SYSIMAGE_DIR);
	r = bm_umount_below(BM_SYSIMAGE_DIR, notes);
	if (r < 0)
		return r;
	/* Volumes that this or an earlier run activated; one that is in use elsewhere refuses, rightly. */
	for (size_t i = 0; i < mounts.n; i++)
		if (bm_str_starts(mounts.items[i].source, "/dev/mapper/") &&
			bm_lvm_deactivate_path(mounts.items[i].source) < 0)
			bm_err_clear();
	bm_lvm_done(&active);
	*ret_n = (unsigned int)mounts.n;
	return 0;
}
