/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block devices as sysfs shows them (the kernel's Documentation/ABI/stable/sysfs-block).
 *
 *	/sys/class/block/sda1 -> ../../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1
 *	                                       `- modalias, driver/        `- modalias, driver/       `- partition, size
 *	/sys/class/block/dm-0/slaves/sda2, dm/name, dm/uuid
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cdrom.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "block_in.h"

#define CLASS "/sys/class/block"

enum { ATTR_MAX = 4096, SECTOR = 512 };

/* A device while the list is put together: what it refers to is still a name. */
struct raw {
	struct bm_block block;
	char *parent;
	struct bm_strv slaves;
	bool wanted, context;
};

struct raws {
	struct raw *items;
	size_t n, cap;
};

static void raws_done(struct raws *raws)
{
	size_t i;

	for (i = 0; i < raws->n; i++) {
		bm_block_done(&raws->items[i].block);
		free(raws->items[i].parent);
		bm_strv_done(&raws->items[i].slaves);
	}
	free(raws->items);
}

char *bm_block_sys_attr(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);
	_cleanup_buf_ struct bm_buf text = {0};
	char *start;

	if (!path || bm_file_read(path, ATTR_MAX, &text) < 0 || text.len == 0)
		return NULL;
	start = bm_str_strip(text.data);
	return start[0] ? strdup(start) : NULL;
}

static uint64_t attr_number(const char *dir, const char *name)
{
	_cleanup_free_ char *text = bm_block_sys_attr(dir, name);
	uint64_t value = 0;

	return text && bm_num_u64(text, &value) == 0 ? value : 0;
}

static bool has(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);

	return path && access(path, F_OK) == 0;
}

/* Devices that hold no system, and floppies, whose empty drives take minutes to say so. */
static bool is_ignored(const char *name)
{
	const char *number = bm_str_after(name, "fd");

	return bm_str_starts(name, "ram") || bm_str_starts(name, "zram") || bm_str_starts(name, "mtdblock") ||
	       (number && number[0] >= '0' && number[0] <= '9');
}

/* A CD drive reports a size even when it is empty. */
static bool has_medium(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), status;

	if (fd < 0)
		return false;
	status = ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);
	close(fd);
	/* A drive that cannot tell is taken to hold one; opening it will show. */
	return status < 0 || status == CDS_DISC_OK || status == CDS_NO_INFO;
}

static enum bm_block_kind kind_of(const char *name, const char *dir)
{
	if (has(dir, "partition"))
		return BM_BLOCK_PARTITION;
	if (has(dir, "dm"))
		return BM_BLOCK_DM;
	if (has(dir, "md"))
		return BM_BLOCK_MD;
	if (bm_str_starts(name, "loop"))
		return BM_BLOCK_LOOP;
	if (bm_str_starts(name, "sr") || bm_str_starts(name, "scd"))
		return BM_BLOCK_ROM;
	return has(dir, "device") || bm_str_starts(name, "nvme") ? BM_BLOCK_DISK : BM_BLOCK_OTHER;
}

/* The serial number that SCSI devices keep in page 0x80 (SPC-4, 7.8.12): 4 bytes of header, then text. */
static char *scsi_serial(const char *device)
{
	_cleanup_free_ char *path = bm_path_join(device, "vpd_pg80");
	_cleanup_buf_ struct bm_buf page = {0};
	char *start;

	if (!path || bm_file_read(path, ATTR_MAX, &page) < 0 || page.len <= 4)
		return NULL;
	start = bm_str_strip(page.data + 4);
	return start[0] ? strdup(start) : NULL;
}

static void identify(struct bm_block *block, const char *dir)
{
	_cleanup_free_ char *device = bm_path_join(dir, "device");

	if (!device)
		return;
	block->model = bm_block_sys_attr(device, "model");
	block->vendor = bm_block_sys_attr(device, "vendor");
	/* virtio and PCI put a number there */
	if (block->vendor && bm_str_starts(block->vendor, "0x")) {
		free(block->vendor);
		block->vendor = NULL;
	}
	block->serial = bm_block_sys_attr(dir, "serial");
	if (!block->serial)
		block->serial = bm_block_sys_attr(device, "serial");
	if (!block->serial)
		block->serial = scsi_serial(device);
}

static char *node_of(const struct bm_block *block)
{
	_cleanup_free_ char *mapper = block->dm_name ? bm_path_join("/dev/mapper", block->dm_name) : NULL;
	struct stat st;
	char *path, *bang;

	if (mapper && stat(mapper, &st) == 0 && S_ISBLK(st.st_mode) && major(st.st_rdev) == block->major &&
		minor(st.st_rdev) == block->minor) {
		path = mapper;
		mapper = NULL;
		return path;
	}
	path = bm_path_join("/dev", block->name);
	/* sysfs writes a slash of the name as an exclamation mark (cciss!c0d0) */
	for (bang = path; bang && (bang = strchr(bang, '!'));)
		*bang = '/';
	return path;
}

static int read_links(struct raw *raw, const char *dir)
{
	_cleanup_free_ char *slaves = bm_path_join(dir, "slaves"), *above = NULL;

	if (!slaves)
		return -ENOMEM;
	if (raw->block.kind == BM_BLOCK_PARTITION) {
		above = bm_path_dir(raw->block.sysfs);
		raw->parent = above ? strdup(bm_path_base(above)) : NULL;
		return raw->parent ? 0 : -ENOMEM;
	}
	if (access(slaves, F_OK) == 0 && bm_file_list(slaves, &raw->slaves) < 0)
		bm_strv_done(&raw->slaves);
	return 0;
}

static int read_device(const char *name, struct raws *raws)
{
	_cleanup_free_ char *dir = bm_path_join(CLASS, name), *dev = NULL;
	struct bm_block *block;
	struct raw *raw;
	uint64_t size;

	if (!dir)
		return -ENOMEM;
	size = attr_number(dir, "size");
	dev = bm_block_sys_attr(dir, "dev");
	if (size == 0 || !dev)
		return 0;
	raw = BM_VEC_PUSH(raws->items, raws->n, raws->cap);
	if (!raw)
		return -ENOMEM;
	block = &raw->block;
	block->parent = BM_BLOCK_NONE;
	if (sscanf(dev, "%u:%u", &block->major, &block->minor) != 2)
		block->major = block->minor = 0;
	block->name = strdup(name);
	block->sysfs = realpath(dir, NULL);
	if (!block->name || !block->sysfs)
		return -ENOMEM;
	block->kind = kind_of(name, dir);
	block->size_bytes = size > UINT64_MAX / SECTOR ? UINT64_MAX : size * SECTOR;
	block->read_only = attr_number(dir, "ro") != 0;
	block->removable = attr_number(dir, "removable") != 0;
	block->sector_size = (uint32_t)attr_number(dir, "queue/logical_block_size");
	block->part_number = (unsigned int)attr_number(dir, "partition");
	block->dm_name = bm_block_sys_attr(dir, "dm/name");
	block->dm_uuid = bm_block_sys_attr(dir, "dm/uuid");
	block->backing_file = bm_block_sys_attr(dir, "loop/backing_file");
	if (block->kind == BM_BLOCK_PARTITION)
		block->offset_bytes = attr_number(dir, "start") * SECTOR;
	else
		identify(block, dir);
	block->path = node_of(block);
	if (!block->path)
		return -ENOMEM;
	return read_links(raw, dir);
}

static struct raw *find(struct raws *raws, const char *name)
{
	size_t i;

	for (i = 0; name && i < raws->n; i++)
		if (strcmp(raws->items[i].block.name, name) == 0)
			return &raws->items[i];
	return NULL;
}

/* Marks the named devices. */
static int want(struct raws *raws, const struct bm_strv *only)
{
	struct stat st;
	size_t i, j;

	for (i = 0; i < raws->n; i++)
		raws->items[i].wanted = !only;
	for (i = 0; only && i < only->n; i++) {
		if (stat(only->items[i], &st) < 0)
			return bm_err(-errno, "%s", only->items[i]);
		if (!S_ISBLK(st.st_mode))
			return bm_err(-ENOTBLK, "%s", only->items[i]);
		for (j = 0; j < raws->n; j++)
			if (raws->items[j].block.major == major(st.st_rdev) &&
				raws->items[j].block.minor == minor(st.st_rdev))
				break;
		if (j == raws->n)
			return bm_err(-ENXIO, "%s holds no medium, or is none that can hold a system", only->items[i]);
		raws->items[j].wanted = true;
	}
	return 0;
}

/* What lies on a wanted device is wanted; what such a device lies on is context. */
static void spread(struct raws *raws)
{
	bool more = true;
	size_t i, j;

	while (more) {
		more = false;
		for (i = 0; i < raws->n; i++) {
			struct raw *raw = &raws->items[i], *below = find(raws, raw->parent);

			for (j = 0; j <= raw->slaves.n; j++) {
				if (below && below->wanted && !raw->wanted)
					more = raw->wanted = true;
				below = j < raw->slaves.n ? find(raws, raw->slaves.items[j]) : NULL;
			}
		}
	}
	for (more = true; more;) {
		more = false;
		for (i = 0; i < raws->n; i++) {
			struct raw *raw = &raws->items[i], *below = find(raws, raw->parent);

			for (j = 0; (raw->wanted || raw->context) && j <= raw->slaves.n; j++) {
				if (below && !below->wanted && !below->context)
					more = below->context = true;
				below = j < raw->slaves.n ? find(raws, raw->slaves.items[j]) : NULL;
			}
		}
	}
}

/* Where a device stands in the list. */
struct place {
	int group;
	const char *disk;
	unsigned int number;
	size_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order;

	if (x->group != y->group)
		return x->group - y->group;
	order = bm_version_cmp(x->disk, y->disk);
	if (order == 0)
		order = strcmp(x->disk, y->disk);
	if (order)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

static const int groups[] = {
	[BM_BLOCK_DISK] = 0,
	[BM_BLOCK_PARTITION] = 3,
	[BM_BLOCK_OTHER] = 3,
	[BM_BLOCK_LOOP] = 1,
	[BM_BLOCK_ROM] = 2,
	[BM_BLOCK_MD] = 4,
	[BM_BLOCK_DM] = 5,
};

static size_t index_of(const struct bm_blocks *blocks, const char *name)
{
	size_t i;

	for (i = 0; name && i < blocks->n; i++)
		if (strcmp(blocks->items[i].name, name) == 0)
			return i;
	return BM_BLOCK_NONE;
}

static int set_indices(struct bm_blocks *blocks, size_t index, const struct raw *raw)
{
	struct bm_block *block = &blocks->items[index];
	size_t i, found, *slave;

	block->parent = index_of(blocks, raw->parent);
	for (i = 0; i < raw->slaves.n && block->n_slaves < BM_BLOCK_SLAVES_MAX; i++) {
		found = index_of(blocks, raw->slaves.items[i]);
		if (found == BM_BLOCK_NONE)
			continue;
		slave = BM_VEC_PUSH(block->slaves, block->n_slaves, block->cap_slaves);
		if (!slave)
			return -ENOMEM;
		*slave = found;
	}
	return 0;
}

/* Moves the wanted devices into the list, in order. */
static int arrange(struct raws *raws, struct bm_blocks *blocks)
{
	_cleanup_free_ struct place *places = calloc(raws->n + 1, sizeof(*places));
	size_t i, n = 0;
	int r = 0;

	if (!places)
		return -ENOMEM;
	for (i = 0; i < raws->n; i++) {
		struct raw *raw = &raws->items[i], *disk = find(raws, raw->parent);

		if (!raw->wanted && !raw->context)
			continue;
		places[n++] = (struct place){
			.group = groups[disk ? disk->block.kind : raw->block.kind],
			.disk = disk ? disk->block.name : raw->block.name,
			.number = raw->block.part_number,
			.index = i,
		};
	}
	qsort(places, n, sizeof(*places), compare_places);
	for (i = 0; i < n; i++) {
		struct bm_block *block = BM_VEC_PUSH(blocks->items, blocks->n, blocks->cap);

		if (!block)
			return -ENOMEM;
		/* The names that the order is made of stay valid: they move along. */
		*block = raws->items[places[i].index].block;
		block->context = raws->items[places[i].index].context;
		raws->items[places[i].index].block = (struct bm_block){0};
	}
	for (i = 0; r == 0 && i < n; i++)
		r = set_indices(blocks, i, &raws->items[places[i].index]);
	return r;
}

/* A drive without a medium is left out before it is opened. */
static bool is_empty(const struct raw *raw)
{
	return raw->block.kind == BM_BLOCK_ROM && !has_medium(raw->block.path);
}

int bm_block_sys_list(const struct bm_strv *only, struct bm_blocks *ret_blocks)
{
	_cleanup_strv_ struct bm_strv names = {0};
	struct bm_blocks blocks = {0};
	struct raws raws = {0};
	size_t i;
	int r;

	r = bm_file_list(CLASS, &names);
	for (i = 0; r == 0 && i < names.n; i++) {
		if (is_ignored(names.items[i]))
			continue;
		if (raws.n >= BM_BLOCKS_MAX)
			break;
		r = read_device(names.items[i], &raws);
	}
	if (r == 0)
		r = want(&raws, only);
	for (i = 0; r == 0 && i < raws.n; i++)
		if (raws.items[i].wanted && is_empty(&raws.items[i])) {
			raws.items[i].wanted = false;
			if (only)
				r = bm_err(-ENOMEDIUM, "%s", raws.items[i].block.path);
		}
	if (r == 0) {
		spread(&raws);
		r = arrange(&raws, &blocks);
	}
	for (i = 0; r == 0 && i < blocks.n; i++) {
		struct bm_block *block = &blocks.items[i];

		/* A partition's queue is its disk's. */
		if (block->kind == BM_BLOCK_PARTITION && block->parent != BM_BLOCK_NONE) {
			block->sector_size = blocks.items[block->parent].sector_size;
			block->removable = blocks.items[block->parent].removable;
			block->transport = blocks.items[block->parent].transport;
		} else {
			r = bm_block_sys_chain(block);
		}
	}
	raws_done(&raws);
	if (r < 0) {
		bm_blocks_done(&blocks);
		return r == -ENOMEM ? bm_err(r, "block devices") : r;
	}
	*ret_blocks = blocks;
	return 0;
}
