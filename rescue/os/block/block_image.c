/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk in a raw image file, read in place.
 *
 *	| MBR or GPT in sectors of 512 or of 4096 bytes | partition 1 | partition 2 | ... |
 *
 * A file does not say how large its sectors are. 512 is taken, unless only with 4096 a GPT is found, or a DOS table
 *with partitions in which something is recognised.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "block_in.h"

enum { MAGIC_BYTES = 512 };

/* QEMU's docs/interop/qcow2.txt; VMware's Virtual Disk Format 5.0; MS-VHDX; VirtualBox's VDI header. */
static const struct {
	const char *name;
	size_t offset, len;
	const char *magic;
} formats[] = {
	{"qcow2", 0, 4, "QFI\xfb"},
	{"VMDK", 0, 4, "KDMV"},
	{"VMDK", 0, 4, "COWD"},
	{"VMDK (its descriptor: the data lies in another file)", 0, 21, "# Disk DescriptorFile"},
	{"VHDX", 0, 8, "vhdxfile"},
	{"VHD", 0, 8, "conectix"},
	{"VDI", 64, 4, "\x7f\x10\xda\xbe"},
};

static int refuse_formats(int fd, const char *path)
{
	char head[MAGIC_BYTES];
	size_t got, i;
	int r = bm_file_at(fd, 0, head, sizeof(head), &got);

	if (r < 0)
		return bm_err(r, "%s", path);
	for (i = 0; i < BM_ARRAY_SIZE(formats); i++)
		if (got >= formats[i].offset + formats[i].len &&
			memcmp(head + formats[i].offset, formats[i].magic, formats[i].len) == 0)
			return bm_err(
				-ENOTSUP, "%s is %s; convert it with qemu-img convert -O raw", path, formats[i].name);
	return 0;
}

struct view {
	uint32_t sector_size;
	struct bm_block_fs fs; /* of the whole */
	struct bm_block_table table;
	struct bm_block_fs *part_fs; /* one for each partition */
	size_t n_known;		     /* partitions in which something was recognised */
};

static void view_done(struct view *view)
{
	size_t i;

	for (i = 0; view->part_fs && i < view->table.n_parts; i++)
		bm_block_fs_done(&view->part_fs[i]);
	free(view->part_fs);
	bm_block_table_done(&view->table);
	bm_block_fs_done(&view->fs);
	*view = (struct view){0};
}

static int look(int fd, uint64_t size_bytes, uint32_t sector_size, struct view *ret_view)
{
	struct view view = {.sector_size = sector_size};
	size_t i;
	int r;

	r = bm_block_probe_fd(fd, 0, 0, sector_size, &view.fs, &view.table);
	if (r == 0 && view.table.n_parts > 0) {
		view.part_fs = calloc(view.table.n_parts, sizeof(*view.part_fs));
		r = view.part_fs ? 0 : -ENOMEM;
	}
	for (i = 0; r == 0 && i < view.table.n_parts; i++) {
		struct bm_block_part *part = &view.table.parts[i];

		if (bm_block_is_extended(part->type))
			continue;
		if (part->size_bytes == 0 || part->offset_bytes >= size_bytes ||
			part->size_bytes > size_bytes - part->offset_bytes) {
			/* The image is shorter than the disk was. */
			view.part_fs[i].error = -ENODATA;
			continue;
		}
		r = bm_block_probe_fd(fd, part->offset_bytes, part->size_bytes, sector_size, &view.part_fs[i], NULL);
		if (r == 0 && view.part_fs[i].type)
			view.n_known++;
	}
	if (r < 0)
		view_done(&view);
	else
		*ret_view = view;
	return r;
}

static int look_with_both(int fd, uint64_t size_bytes, struct view *ret_view)
{
	struct view small = {0}, large = {0};
	bool gpt, prefer;
	int r = look(fd, size_bytes, 512, &small);

	if (r < 0)
		return r;
	/* libblkid does not report the protective MBR that is all of a GPT that it sees with the wrong size. */
	if (small.fs.type || small.n_known > 0 || bm_streq(small.table.type, "gpt")) {
		*ret_view = small;
		return 0;
	}
	r = look(fd, size_bytes, 4096, &large);
	gpt = r == 0 && bm_streq(large.table.type, "gpt");
	prefer = r == 0 && (gpt || large.n_known > 0);
	*ret_view = prefer ? large : small;
	view_done(prefer ? &small : &large);
	return 0;
}

static struct bm_block *add(struct bm_blocks *blocks, enum bm_block_kind kind, const char *path)
{
	struct bm_block *block = BM_VEC_PUSH(blocks->items, blocks->n, blocks->cap);

	if (!block)
		return NULL;
	block->kind = kind;
	block->parent = BM_BLOCK_NONE;
	block->image = true;
	block->transport = "image";
	block->path = strdup(path);
	return block->path ? block : NULL;
}

static int add_part(struct bm_blocks *blocks, size_t disk, struct view *view, size_t index, uint64_t size_bytes)
{
	struct bm_block_part *part = &view->table.parts[index];
	struct bm_block *block = add(blocks, BM_BLOCK_PARTITION, blocks->items[disk].path);

	if (!block)
		return -ENOMEM;
	block->parent = disk;
	block->sector_size = view->sector_size;
	block->read_only = blocks->items[disk].read_only;
	block->offset_bytes = part->offset_bytes;
	block->size_bytes =
		part->offset_bytes >= size_bytes ? 0 : BM_MIN(part->size_bytes, size_bytes - part->offset_bytes);
	block->part_number = part->number;
	block->part_flags = part->flags;
	block->part_uuid = part->uuid;
	block->part_label = part->label;
	block->part_type = part->type;
	part->uuid = part->label = part->type = NULL;
	block->fs = view->part_fs[index];
	view->part_fs[index] = (struct bm_block_fs){0};
	block->name = bm_strf("%s:%u", blocks->items[disk].name, block->part_number);
	return block->name ? 0 : -ENOMEM;
}

static int add_all(const char *path, uint64_t size_bytes, struct view *view, struct bm_blocks *blocks)
{
	size_t disk = blocks->n, i;
	struct bm_block *block;
	int r = 0;

	if (blocks->n + view->table.n_parts >= BM_BLOCKS_MAX)
		return -EFBIG;
	block = add(blocks, BM_BLOCK_DISK, path);
	if (!block)
		return -ENOMEM;
	block->size_bytes = size_bytes;
	block->sector_size = view->sector_size;
	block->read_only = access(path, W_OK) < 0;
	block->table_type = view->table.type;
	block->table_uuid = view->table.uuid;
	view->table.type = view->table.uuid = NULL;
	block->fs = view->fs;
	view->fs = (struct bm_block_fs){0};
	block->name = strdup(bm_path_base(path));
	if (!block->name)
		return -ENOMEM;
	for (i = 0; r == 0 && i < view->table.n_parts; i++)
		r = add_part(blocks, disk, view, i, size_bytes);
	return r;
}

int bm_block_scan_image(const char *path, struct bm_blocks *blocks)
{
	size_t before = blocks->n;
	struct view view = {0};
	uint64_t size_bytes;
	int fd, r;

	if (bm_file_is_device(path))
		return bm_err(-EINVAL, "%s is a device, not an image", path);
	r = bm_file_open(path, &fd, &size_bytes);
	if (r < 0)
		return r;
	r = refuse_formats(fd, path);
	if (r == 0) {
		r = look_with_both(fd, size_bytes, &view);
		if (r == 0)
			r = add_all(path, size_bytes, &view, blocks);
		if (r < 0)
			bm_err(r, "%s", path);
		view_done(&view);
	}
	close(fd);
	while (r < 0 && blocks->n > before)
		bm_block_done(&blocks->items[--blocks->n]);
	return r;
}
