/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree: disks, their partitions, and what is built on them, as plain data. A device may have several
 * parents (a logical volume over two disks), so the tree is kept as indices into one array.
 */
#ifndef BM_SYSTEM_DEVICE_H
#define BM_SYSTEM_DEVICE_H

#include "../base/util.h"
#include "../base/vec.h"

enum bm_device_kind {
	BM_DEVICE_DISK,
	BM_DEVICE_PARTITION,
	BM_DEVICE_LV,
	BM_DEVICE_MD,
	BM_DEVICE_CRYPT,
	BM_DEVICE_LOOP,
	BM_DEVICE_OTHER,
};

/* One step of the chain of drivers that the kernel needs to reach a device, from the device towards the CPU. */
struct bm_device_driver {
	char *modalias; /* pci:v00001AF4d..., virtio:..., scsi:t-0x00; NULL where sysfs has none */
	char *module;	/* the module (or built-in driver) that the running kernel bound, or NULL */
};

struct bm_device {
	enum bm_device_kind kind;
	char *name;  /* vda1, vg-root; for an image file its base name and "#1" */
	char *path;  /* /dev/vda1; NULL for a part of an image file and for an LV that is not active */
	char *image; /* the image file that it is (part of), or NULL */
	uint64_t image_offset;
	size_t *parents; /* indices of the devices that it lies on */
	size_t n_parents, cap_parents;
	uint64_t dev; /* major << 32 | minor, 0 for (a part of) an image file */
	uint64_t size_bytes;
	unsigned int sector_size;
	unsigned int part_number;
	bool read_only, removable;
	char *model;		 /* of a disk */
	char *wwid, *serial;	 /* of a disk, as the kernel gives them; or NULL */
	unsigned int md_missing; /* members that an array lacks */
	char *table;		 /* dos, gpt, or NULL */
	char *part_type;	 /* GUID or 0xNN */
	char *fstype;		 /* libblkid's TYPE: ext4, xfs, swap, LVM2_member ... or NULL */
	char *uuid, *label, *partuuid, *partlabel;
	char *vg_name, *vg_uuid, *lv_name, *lv_uuid; /* of an LV */
	char *lv_type;				     /* linear, striped, thin ...; of an array its level: raid1 */
	bool vg_partial;			     /* a physical volume of its group is missing */
	bool context;				     /* only here because a named device lies on it: not looked into */
	struct bm_device_driver *drivers;
	size_t n_drivers, cap_drivers;
};

struct bm_devices {
	struct bm_device *items;
	size_t n, capacity;
	struct bm_strv problems; /* what could not be looked at, a sentence each */
};

enum { BM_DEVICE_NONE = -1 };

void bm_devices_done(struct bm_devices *devices);

/*
 * Looks at the machine's block devices, or only at those that disks names (devices or image files) and what lies on
 * them. With activate, logical volumes that are not active yet are activated read-only. What can't be looked at becomes
 * a problem, not an error. ret_devices is initialised by the call. Returns 0, or a negative errno where nothing could
 * be looked at
 * (-ENOENT: a named disk does not exist).
 */
int bm_devices_scan(const struct bm_strv *disks, bool activate, struct bm_devices *ret_devices) BM_MUST_CHECK;

/*
 * For tests, which link another one: replaces the devices of a system given with --root by those of a machine that is
 * not there, and returns the index of its root's device. Here it changes nothing and returns BM_DEVICE_NONE.
 */
int bm_devices_hook(struct bm_devices *devices);

struct bm_lvm;

/* Deactivates the logical volumes that a scan of this process activated. What they are stays known. */
void bm_devices_release(void);
/* Hands over what the last scan learned of LVM, to activate volumes without asking again. ret_lvm is for bm_lvm_done(),
 * and empty where there is none. */
void bm_devices_take_lvm(struct bm_lvm *ret_lvm);

/* Whether the device has a filesystem that bootmend mounts (ext2/3/4, xfs, btrfs, vfat). */
bool bm_device_mountable(const struct bm_device *device);

/*
 * The device that a spec (fstab's first field, root=, resume=) names. Plain names of disks are hints: hda3, sda3, vda3,
 * xvda3 and nvme0n1p3 are one family, and fstype (or NULL) must fit. Of several that fit, near itself or the one on the
 * same disk as near (a device, or BM_DEVICE_NONE) is meant. *ret_exact is false where only the family fits. Returns the
 * index, or BM_DEVICE_NONE where none or several fit, or where the spec names no block device.
 */
int bm_devices_find_spec(
	const struct bm_devices *devices, const char *spec, const char *fstype, int near, bool *ret_exact);
/* Whether any device carries the tag (UUID=, LABEL=, PARTUUID=, PARTLABEL=, a mapper's name) that spec names: clones
 * share one, so that it is not known which is meant, but it is not missing. */
bool bm_devices_have(const struct bm_devices *devices, const char *spec);
struct bm_spec;
/* Whether the device's tag of the spec's kind (as in bm_devices_have()) has its value. */
bool bm_device_carries(const struct bm_device *device, const struct bm_spec *spec);
/* The device of this number (as in bm_device.dev), or BM_DEVICE_NONE. */
int bm_devices_find_dev(const struct bm_devices *devices, uint64_t dev);
/* Whether two devices lie on a common disk. */
bool bm_devices_share_disk(const struct bm_devices *devices, size_t a, size_t b);

/* "disk", "partition", "lv" ... */
const char *bm_device_kind_text(enum bm_device_kind kind);

/* Whether device is, or lies on, the device above. */
bool bm_device_on(const struct bm_devices *devices, size_t device, size_t above);
/* Whether what the container holds was looked at: a device lies on it. */
bool bm_device_is_open(const struct bm_devices *devices, size_t container);
/* Whether a volume beneath device is only a part of another of its group (a thin pool, the legs of a mirror, a cache):
 * who activates that one activates it, too, and nobody names it. */
bool bm_device_is_part(const struct bm_devices *devices, size_t device, size_t volume);

#endif
