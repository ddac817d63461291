/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the system's other filesystems are: fstab first, then what lies on them.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/btrfs.h"
#include "../os/mount/mount.h"
#include "../os/mount/running.h"
#include "system.h"

/* The mount points that bootmend cares for, parents before children. */
static const char *const targets[] = {"/usr", "/var", "/var/lib", "/var/log", "/var/tmp", "/boot", "/boot/efi", "/efi"};

const char *bm_mount_source_text(enum bm_mount_source source)
{
	static const char *const texts[] = {"root", "fstab", "family", "renamed", "content", "type", "missing"};

	return texts[source];
}

static int volume_of(const struct bm_volumes *volumes, int device)
{
	for (size_t i = 0; device >= 0 && i < volumes->n; i++)
		if (volumes->items[i].device == (size_t)device && volumes->items[i].root)
			return (int)i;
	return -1;
}

static struct bm_mount *add_mount(struct bm_system *system, const char *target, enum bm_mount_source source, int device,
	const struct bm_volumes *volumes)
{
	struct bm_mount *mount = BM_VEC_PUSH(system->mounts, system->n_mounts, system->cap_mounts);

	if (!mount || bm_str_set(&mount->target, target) < 0)
		return NULL;
	mount->source = source;
	mount->device = device;
	mount->volume = volume_of(volumes, device);
	return mount;
}

static int take_fstab_fields(struct bm_mount *mount, const struct bm_fstab_line *line)
{
	if (!line)
		return 0;
	mount->line = line->line;
	mount->optional =
		bm_fstab_flag(line->options, "noauto", "auto") || bm_fstab_flag(line->options, "nofail", "fail");
	if (bm_str_set(&mount->spec, line->spec) < 0 || bm_str_set(&mount->fstype, line->fstype) < 0 ||
		bm_str_set(&mount->options, line->options) < 0)
		return -ENOMEM;
	return 0;
}

static int read_fstab(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf text = {0};
	int r = bm_root_read(system->root, "etc/fstab", BM_FSTAB_SIZE_MAX, &text);

	if (r == -ENOENT)
		return 0;
	system->fstab_exists = true;
	if (r == 0)
		r = bm_fstab_parse(bm_buf_text(&text), text.len, &system->fstab);
	if (r < 0)
		return r == -ENOMEM ? r : bm_strv_addf(&system->problems, "fstab is not read: %s", bm_err_text(r));
	return 0;
}

/* How many of the root's module versions have a kernel on the volume. */
static size_t kernels_in_common(const struct bm_strv *modules, const struct bm_volume *volume)
{
	size_t n = 0;

	for (size_t i = 0; i < modules->n; i++)
		n += bm_strv_has(&volume->kernel_versions, modules->items[i]);
	return n;
}

/* The only volume whose kernels match the root's modules best; -1 for none, or for several that do. */
static int boot_by_content(
	const struct bm_system *system, const struct bm_devices *devices, const struct bm_volumes *volumes)
{
	_cleanup_strv_ struct bm_strv modules = {0};
	size_t best = 0;
	bool best_near = false, tie = false;
	int found = -1;

	if (bm_root_list(system->root, "/lib/modules", 0, &modules) < 0)
		return -1;
	for (size_t i = 0; i < volumes->n; i++) {
		const struct bm_volume *volume = &volumes->items[i];
		size_t common = kernels_in_common(&modules, volume);
		bool near;

		if (common == 0 || !volume->root || volume->score >= BM_ROOT_SCORE_MIN ||
			(int)volume->device == system->root_device)
			continue;
		near = system->root_device >= 0 &&
		       bm_devices_share_disk(devices, volume->device, (size_t)system->root_device);
		if (found >= 0 && common == best && near == best_near) {
			tie = true;
			continue;
		}
		if (found < 0 || common > best || (common == best && near)) {
			found = (int)i;
			best = common;
			best_near = near;
			tie = false;
		}
	}
	return tie ? -1 : found;
}

/* The only ESP on the root's disk, or -1. */
static int esp_by_content(
	const struct bm_system *system, const struct bm_devices *devices, const struct bm_volumes *volumes)
{
	int found = -1;

	for (size_t i = 0; i < volumes->n; i++) {
		const struct bm_volume *volume = &volumes->items[i];

		if (!(volume->signs & BM_SIGN_EFI) || system->root_device < 0 ||
			!bm_devices_share_disk(devices, volume->device, (size_t)system->root_device))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

/* Whether the root's own /boot has a kernel, so that no other filesystem is needed there. */
static bool boot_is_on_root(const struct bm_system *system)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(system->root, "/boot", 0, &names) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (bm_str_starts(names.items[i], "vmlinu") || bm_str_starts(names.items[i], "bzImage") ||
			bm_str_starts(names.items[i], "Image") || bm_str_starts(names.items[i], "kernel-"))
			return true;
	return false;
}

/*
 * Whether the volume that fstab names for /boot may be the wrong one, so that another with this root's kernels is
 * taken instead, where there is one: it has neither kernel nor loader; or it was named as /dev/sda1, which another
 * disk may be today, and holds other kernels.
 */
static bool boot_is_doubtful(
	const struct bm_system *system, const struct bm_fstab_line *line, int volume, const struct bm_volumes *volumes)
{
	_cleanup_strv_ struct bm_strv modules = {0};
	_cleanup_spec_ struct bm_spec spec = {0};

	if (volume < 0)
		return false;
	if (!(volumes->items[volume].signs & (BM_SIGN_KERNELS | BM_SIGN_LOADER)))
		return true;
	if (bm_fstab_spec_parse(line->spec, &spec) < 0 || spec.kind != BM_SPEC_DEVNAME ||
		bm_root_list(system->root, "/lib/modules", 0, &modules) < 0)
		return false;
	return kernels_in_common(&modules, &volumes->items[volume]) == 0;
}

/* The device that is mounted at target below a given root, or BM_DEVICE_NONE. */
static int mounted_device(const struct bm_system *system, const char *target, const struct bm_devices *devices)
{
	_cleanup_free_ char *path = system->given && system->dir ? bm_path_join(system->dir, target) : NULL;
	uint64_t dev = path ? bm_running_device(path) : 0;

	return dev ? bm_devices_find_dev(devices, dev) : BM_DEVICE_NONE;
}

/* GPT's types of a /usr: x86-64, x86, arm64, arm, riscv64, ppc64le, s390x, loongarch64 (UAPI group, "Discoverable
 * Partitions Specification"), and that of CoreOS, which Flatcar has. */
static const char *const usr_types[] = {"8484680c-9521-48c6-9c11-b0720656f69e", "75250d76-8cc6-458e-bd66-bd47cc81a812",
	"b0e01050-ee5f-4390-949a-9101b17104e9", "7d0359a3-02b3-4f0a-865c-654403e70625",
	"beaec34b-8442-439b-a40b-984381ed097d", "15bb03af-77e7-4d4a-b12b-c0d084f7491c",
	"8a4f5770-50aa-4ed3-874a-99b710db6fea", "e611c702-575c-4cbe-9a46-434fa0bf7e3f",
	"5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6"};

static bool is_usr_type(const struct bm_device *device)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(usr_types); i++)
		if (bm_strcaseeq(device->part_type, usr_types[i]))
			return true;
	return false;
}

/* "vda3 (USR-A)", behind what is there already. */
static int put_partition(struct bm_strv *names, const struct bm_device *device)
{
	return device->partlabel && *device->partlabel ? bm_strv_addf(names, "%s (%s)", device->name, device->partlabel)
						       : bm_strv_add(names, device->name);
}

/*
 * A /usr that no fstab names: the only partition of the root's disk that has its type. Several are A and B of an
 * update, of which the loader decides; they are told, as is one that can't be looked into.
 */
static int usr_by_type(struct bm_system *system, const struct bm_devices *devices, const struct bm_volumes *volumes)
{
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ char *list = NULL;
	int found = BM_DEVICE_NONE;

	if (system->root_device < 0 || bm_root_exists(system->root, "/usr/bin") ||
		bm_root_exists(system->root, "/usr/lib"))
		return 0;
	for (size_t i = 0; i < devices->n; i++) {
		if (!is_usr_type(&devices->items[i]) || !bm_devices_share_disk(devices, i, (size_t)system->root_device))
			continue;
		found = (int)i;
		if (put_partition(&names, &devices->items[i]) < 0)
			return -ENOMEM;
	}
	if (names.n == 1 && volume_of(volumes, found) >= 0)
		return add_mount(system, "/usr", BM_MOUNT_TYPE, found, volumes) ? 0 : -ENOMEM;
	list = bm_strv_join(&names, " and ");
	if (!list)
		return -ENOMEM;
	return names.n == 0
		       ? 0
		       : bm_strv_addf(&system->problems, "/usr is not looked into: by the partitions' type it is %s%s",
				 list, names.n > 1 ? ", of which the loader decides" : "");
}

/* What fstab's line for target names, or what lies on a volume. Adds at most one mount. */
static int resolve_target(struct bm_system *system, const char *target, const struct bm_devices *devices,
	const struct bm_volumes *volumes)
{
	const struct bm_fstab_line *line = bm_fstab_find(&system->fstab, target);
	bool is_boot = bm_streq(target, "/boot"), is_esp = bm_streq(target, "/boot/efi");
	enum bm_mount_source source = BM_MOUNT_FSTAB;
	const struct bm_rename *rename = NULL;
	int device = BM_DEVICE_NONE;
	bool doubtful = false;
	struct bm_mount *mount;

	if (line) {
		int mounted = mounted_device(system, target, devices);
		bool exact;

		/* Of clones the one that is mounted is meant. */
		device = bm_devices_find_spec(
			devices, line->spec, line->fstype, mounted >= 0 ? mounted : system->root_device, &exact);
		rename = device < 0 ? bm_renames_find(&system->renames, line->spec) : NULL;
		source = rename	      ? BM_MOUNT_RENAMED
			 : device < 0 ? BM_MOUNT_MISSING
			 : exact      ? BM_MOUNT_FSTAB
				      : BM_MOUNT_FAMILY;
		device = rename ? rename->device : device;
		doubtful = is_boot && boot_is_doubtful(system, line, volume_of(volumes, device), volumes);
	}
	if ((!line || source == BM_MOUNT_MISSING || doubtful) &&
		(is_boot || (is_esp && (line || !system->fstab_exists)))) {
		int guess = -1;

		if (is_boot && (line || !boot_is_on_root(system)))
			guess = boot_by_content(system, devices, volumes);
		else if (is_esp)
			guess = esp_by_content(system, devices, volumes);
		if (guess >= 0) {
			source = BM_MOUNT_CONTENT;
			device = (int)volumes->items[guess].device;
		}
	}
	if (!line && bm_streq(target, "/usr"))
		return usr_by_type(system, devices, volumes);
	if (!line && source != BM_MOUNT_CONTENT)
		return 0;
	if (source == BM_MOUNT_MISSING)
		device = BM_DEVICE_NONE;
	mount = add_mount(system, target, source, device, volumes);
	return mount ? take_fstab_fields(mount, line) : -ENOMEM;
}

/* Whether an option names the subvolume that is to be there. */
static bool names_subvolume(const struct bm_mount *mount)
{
	return mount->options && (strstr(mount->options, "subvol=") || strstr(mount->options, "subvolid="));
}

/* Mounts what is there: the volume as it was looked at, or another subvolume of it. */
static int mount_below(const struct bm_system *system, const struct bm_mount *mount, const struct bm_devices *devices,
	const struct bm_volume *volume)
{
	const struct bm_device *device = &devices->items[mount->device];
	const struct bm_mount_fs tree = {
		.type = "btrfs",
		.source = volume->loop ? volume->loop : device->path,
		.options = mount->options,
		.root = system->root,
		.target = mount->target,
	};

	if (bm_streq(device->fstype, "btrfs") && names_subvolume(mount))
		return bm_mount_fs(&tree, NULL);
	return bm_mount_bind(volume->dir, system->root, mount->target, false, true);
}

/* Shows the mount's filesystem below the root's looking mount. */
static int look_below(struct bm_system *system, struct bm_mount *mount, const struct bm_devices *devices,
	const struct bm_volumes *volumes)
{
	int r;

	if (mount->volume < 0)
		return mount->device < 0
			       ? 0
			       : bm_strv_addf(&system->problems,
					 "%s is not looked into: its filesystem cannot be mounted", mount->target);
	r = mount_below(system, mount, devices, &volumes->items[mount->volume]);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return bm_strv_addf(&system->problems, "%s is not looked into: %s", mount->target, bm_err_text(r));
	mount->looked = true;
	return 0;
}

/* Which subvolume of a btrfs is seen at the mount. */
static int look_at_subvolume(const struct bm_system *system, struct bm_mount *mount, const struct bm_devices *devices)
{
	_cleanup_free_ char *path = system->dir ? bm_path_join(system->dir, mount->target) : NULL;
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	uint64_t shown, by_default;

	if (!mount->looked || !path || mount->device < 0 || !bm_streq(devices->items[mount->device].fstype, "btrfs") ||
		bm_mounts_list(path, &mounts) < 0)
		return 0;
	/* The last one covers the others. */
	for (size_t i = 0; i < mounts.n; i++)
		if (bm_streq(mounts.items[i].target, path) && bm_streq(mounts.items[i].type, "btrfs") &&
			bm_str_set(&mount->subvolume, mounts.items[i].root) < 0)
			return -ENOMEM;
	if (mount->subvolume && bm_btrfs_look(path, &shown, &by_default) == 0)
		mount->subvolume_default = shown == by_default		? BM_SUBVOLUME_SAME
					   : by_default == BM_BTRFS_TOP ? BM_SUBVOLUME_TOP
									: BM_SUBVOLUME_OTHER;
	return 0;
}

/* How much room the mount has. Below a given root, a folder that is no mount point has its parent's. */
static void look_at_space(const struct bm_system *system, struct bm_mount *mount)
{
	struct bm_fs_space space;
	struct bm_stat top, here;

	if (!mount->looked || bm_root_space(system->root, mount->target, &space) < 0)
		return;
	if (!bm_streq(mount->target, "/") &&
		(bm_root_stat(system->root, "/", true, &top) < 0 ||
			bm_root_stat(system->root, mount->target, true, &here) < 0 || top.dev == here.dev))
		return;
	mount->space_known = true;
	mount->free_bytes = space.free_bytes;
	mount->total_bytes = space.total_bytes;
}

/* A vfat with EFI at its top. The folder alone is no sign: Enterprise Linux has /boot/efi/EFI on BIOS machines, too. */
static bool is_esp_mount(const struct bm_system *system, const struct bm_mount *mount, const struct bm_devices *devices,
	const struct bm_volumes *volumes)
{
	_cleanup_free_ char *folder = NULL;
	const char *fstype = mount->device >= 0 ? devices->items[mount->device].fstype : mount->fstype;

	if (mount->volume >= 0)
		return volumes->items[mount->volume].signs & BM_SIGN_EFI;
	if (!mount->looked || !bm_streq(fstype, "vfat"))
		return false;
	folder = bm_path_join(mount->target, "EFI");
	return folder && bm_root_is_dir(system->root, folder);
}

int bm_system_read_mounts(struct bm_system *system, const struct bm_devices *devices, const struct bm_volumes *volumes)
{
	struct bm_mount *mount;

	if (read_fstab(system) < 0 || bm_system_read_renames(system, devices) < 0)
		return -ENOMEM;
	mount = add_mount(system, "/", BM_MOUNT_IS_ROOT, system->root_device, volumes);
	if (!mount || take_fstab_fields(mount, bm_fstab_find(&system->fstab, "/")) < 0)
		return -ENOMEM;
	mount->looked = true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(targets); i++) {
		size_t before = system->n_mounts;

		if (resolve_target(system, targets[i], devices, volumes) < 0)
			return -ENOMEM;
		if (system->n_mounts > before && !system->given && bm_streq(targets[i], "/boot") &&
			bm_system_read_hidden_boot(system) < 0)
			return -ENOMEM;
		/* At once, because /lib/modules may be on /usr, and /boot/efi lies in /boot. */
		if (system->n_mounts > before && !system->given &&
			look_below(system, &system->mounts[before], devices, volumes) < 0)
			return -ENOMEM;
		if (system->n_mounts > before && system->given)
			system->mounts[before].looked = true;
	}
	for (size_t i = 0; i < system->n_mounts; i++)
		if (is_esp_mount(system, &system->mounts[i], devices, volumes))
			system->uefi = true;
	for (size_t i = 0; i < system->n_mounts; i++) {
		look_at_space(system, &system->mounts[i]);
		if (look_at_subvolume(system, &system->mounts[i], devices) < 0)
			return -ENOMEM;
	}
	bm_err_clear();
	return 0;
}

const struct bm_mount *bm_system_mount(const struct bm_system *system, const char *target)
{
	for (size_t i = 0; i < system->n_mounts; i++)
		if (bm_streq(system->mounts[i].target, target))
			return &system->mounts[i];
	return NULL;
}

const struct bm_mount *bm_system_mount_of(const struct bm_system *system, const char *path)
{
	const struct bm_mount *best = NULL;

	for (size_t i = 0; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->source == BM_MOUNT_MISSING || !bm_path_below(path, mount->target))
			continue;
		if (!best || strlen(mount->target) > strlen(best->target))
			best = mount;
	}
	return best;
}
