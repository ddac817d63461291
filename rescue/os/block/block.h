/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about block devices, from /sys/class/block and libblkid's low-level probing (never its cache file), and the
 * same facts about a disk image in a file. Nothing is opened for writing, no loop device is made.
 *
 * The list is flat and sorted (disks in version order, each followed by its partitions; then stacked devices) and the
 * tree is in the indices: parent (disk of a partition) and slaves (what a dm or md device lies on).
 */
#ifndef BM_OS_BLOCK_H
#define BM_OS_BLOCK_H

#include "base/vec.h"

enum { BM_BLOCKS_MAX = 4096, BM_BLOCK_CHAIN_MAX = 32, BM_BLOCK_SLAVES_MAX = 256 };
#define BM_BLOCK_NONE SIZE_MAX

enum bm_block_kind {
	BM_BLOCK_DISK,
	BM_BLOCK_PARTITION,
	BM_BLOCK_LOOP,
	BM_BLOCK_DM,
	BM_BLOCK_MD,
	BM_BLOCK_ROM,
	BM_BLOCK_OTHER,
};

/* What libblkid says of the bytes. All strings NULL where nothing was found. */
struct bm_block_fs {
	char *type;  /* ext4, xfs, LVM2_member, crypto_LUKS, swap, ... */
	char *usage; /* filesystem, raid, crypto, other */
	char *uuid;  /* as written in the superblock's usual form */
	char *label;
	char *uuid_sub; /* btrfs: of this device; md: of this member */
	char *version;
	bool ambiguous;	   /* signatures of several types: trust none */
	bool bad_checksum; /* recognised, but its superblock is damaged */
	int error;	   /* negative errno when reading failed, 0 otherwise */
};

/* One level of the way from the device to the top of /sys/devices. */
struct bm_block_driver {
	char *modalias;	 /* virtio:d00000002v00001AF4; NULL where the level has none */
	char *driver;	 /* virtio_blk: name of the bound driver, or NULL */
	char *module;	 /* virtio_blk: the module that the driver is in; NULL where it is built into this kernel */
	char *subsystem; /* scsi, pci, virtio, nvme, usb, ... or NULL */
};

struct bm_block {
	char *name;  /* vda1; for an image "disk.img", and "disk.img:1" for its partitions */
	char *path;  /* /dev/vda1; /dev/mapper/vg-root for dm; the image file's path for an image and its partitions */
	char *sysfs; /* /sys/devices/..., NULL for images */
	enum bm_block_kind kind;
	uint32_t major, minor; /* 0:0 for images */
	size_t parent;	       /* BM_BLOCK_NONE where there is none */
	size_t *slaves;
	size_t n_slaves, cap_slaves;
	bool context; /* only here because a selected device lies on it: do not look for systems in it */

	uint64_t size_bytes;
	uint32_t sector_size; /* logical, bytes */
	bool read_only, removable;
	bool image;	       /* lies in a file: size_bytes from offset_bytes on */
	uint64_t offset_bytes; /* from the start of the disk or image */

	char *model, *vendor, *serial; /* white space stripped; NULL where unknown */
	const char *transport;	       /* virtio, nvme, ata, usb, scsi, xen, hyperv, mmc, loop, image; NULL: unknown */

	char *table_type; /* of a disk with partitions: dos, gpt, ... */
	char *table_uuid; /* GPT's disk GUID, DOS's disk signature */
	unsigned int part_number;
	char *part_uuid, *part_label, *part_type; /* type: GUID, or 0x83 for DOS */
	uint64_t part_flags;

	struct bm_block_fs fs;

	char *dm_name, *dm_uuid; /* dm_uuid begins LVM- for logical volumes */
	char *backing_file;	 /* of a loop device */

	struct bm_block_driver *chain; /* from the device up; empty for dm, md, images and partitions (see the disk) */
	size_t n_chain, cap_chain;
};

struct bm_blocks {
	struct bm_block *items;
	size_t n, cap;
};

void bm_blocks_done(struct bm_blocks *blocks);
#define _cleanup_blocks_ BM_CLEANUP(bm_blocks_done)

/* All block devices except ram, zram, floppies (reading an empty drive takes minutes), empty loops, and drives without
 * a medium. With only (may be NULL: all), just those devices (any path to a device node) and what lies on them; what
 * they lie on is added with .context set; nothing else is read. A device that cannot be read is in the list with
 * fs.error set. ret is embedded, for bm_blocks_done(). Returns 0, -ENOENT or -ENOTBLK for a path of only. */
int bm_block_scan(const struct bm_strv *only, struct bm_blocks *ret_blocks) BM_MUST_CHECK;

/* The disk in the raw image file, appended to blocks: the whole (kind DISK, image set), then its partitions, logical
 * ones among them; a GPT of 4096-byte sectors is recognised. -EINVAL for a file that is no regular file, -ENOTSUP for
 * qcow2, VMDK, VHDX and VDI, naming the format. */
int bm_block_scan_image(const char *path, struct bm_blocks *blocks) BM_MUST_CHECK;

/* What lies at the offset (size 0: to the end) of a device or file. 0 also where nothing is recognised; ret_fs is for
 * bm_block_fs_done(). */
int bm_block_probe(
	const char *path, uint64_t offset_bytes, uint64_t size_bytes, struct bm_block_fs *ret_fs) BM_MUST_CHECK;
void bm_block_fs_done(struct bm_block_fs *fs);

/* The index of the device that the path (a node, a link, an image file) names, or BM_BLOCK_NONE. */
size_t bm_blocks_find_path(const struct bm_blocks *blocks, const char *path);
/* The index by major and minor, or BM_BLOCK_NONE. */
size_t bm_blocks_find_dev(const struct bm_blocks *blocks, uint32_t major, uint32_t minor);
/* Marks in ret_below (one bool for each device, n of them) the device itself and everything that it lies on. */
void bm_blocks_below(const struct bm_blocks *blocks, size_t index, bool *ret_below);
/* The name of a kind: disk, partition, loop, dm, md, rom, other. */
const char *bm_block_kind_name(enum bm_block_kind kind);

#endif
