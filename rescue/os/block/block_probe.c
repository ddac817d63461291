/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libblkid's low-level probing: superblocks and partition tables of an open device or file.
 */
#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "block_in.h"

enum { PARTS_MAX = 1024, SECTOR = 512 };

void bm_block_table_done(struct bm_block_table *table)
{
	size_t i;

	for (i = 0; i < table->n_parts; i++) {
		free(table->parts[i].uuid);
		free(table->parts[i].label);
		free(table->parts[i].type);
	}
	free(table->parts);
	free(table->type);
	free(table->uuid);
	*table = (struct bm_block_table){0};
}

static int keep_value(blkid_probe probe, const char *name, char **ret_text)
{
	const char *value = NULL;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) < 0 || !value || !value[0])
		return 0;
	return bm_str_set(ret_text, value);
}

static int keep_fs(blkid_probe probe, struct bm_block_fs *fs)
{
	if (keep_value(probe, "TYPE", &fs->type) < 0 || keep_value(probe, "USAGE", &fs->usage) < 0 ||
		keep_value(probe, "UUID", &fs->uuid) < 0 || keep_value(probe, "LABEL", &fs->label) < 0 ||
		keep_value(probe, "UUID_SUB", &fs->uuid_sub) < 0 || keep_value(probe, "VERSION", &fs->version) < 0)
		return -ENOMEM;
	fs->bad_checksum = blkid_probe_has_value(probe, "SBBADCSUM") > 0;
	return 0;
}

/* One pass over the superblocks. Returns 1 when something was found, 0 when not. */
static int look_for_fs(blkid_probe probe, int extra_flags, struct bm_block_fs *fs)
{
	int found, r;

	if (blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE |
							     BLKID_SUBLKS_USAGE | BLKID_SUBLKS_VERSION | extra_flags) <
		0)
		return -ENOMEM;
	blkid_reset_probe(probe);
	errno = 0;
	found = blkid_do_safeprobe(probe);
	if (found == -2) {
		fs->ambiguous = true;
		return 1;
	}
	if (found < 0) {
		fs->error = errno > 0 ? -errno : -EIO;
		return 1;
	}
	if (found > 0)
		return 0;
	r = keep_fs(probe, fs);
	return r < 0 ? r : fs->type != NULL;
}

static int keep_part(blkid_partition part, uint64_t offset_bytes, struct bm_block_table *table)
{
	struct bm_block_part *kept;
	const char *type = blkid_partition_get_type_string(part);
	char *number = NULL;
	int r;

	if (blkid_partition_get_partno(part) <= 0 || blkid_partition_get_start(part) < 0 ||
		blkid_partition_get_size(part) < 0)
		return 0;
	kept = BM_VEC_PUSH(table->parts, table->n_parts, table->cap_parts);
	if (!kept)
		return -ENOMEM;
	kept->number = (unsigned int)blkid_partition_get_partno(part);
	/* 512-byte units, whatever the sector's size */
	kept->offset_bytes = offset_bytes + (uint64_t)blkid_partition_get_start(part) * SECTOR;
	kept->size_bytes = (uint64_t)blkid_partition_get_size(part) * SECTOR;
	kept->flags = blkid_partition_get_flags(part);
	if (!type) {
		number = bm_strf("0x%x", (unsigned int)blkid_partition_get_type(part));
		if (!number)
			return -ENOMEM;
	}
	r = bm_str_set(&kept->type, type ? type : number);
	if (r == 0)
		r = bm_str_set(&kept->uuid, blkid_partition_get_uuid(part));
	if (r == 0)
		r = bm_str_set(&kept->label, blkid_partition_get_name(part));
	free(number);
	return r;
}

static int look_for_table(blkid_probe probe, uint64_t offset_bytes, struct bm_block_table *table)
{
	blkid_partlist list;
	blkid_parttable root;
	int n, i, r = 0;

	list = blkid_probe_get_partitions(probe);
	root = list ? blkid_partlist_get_table(list) : NULL;
	if (!root)
		return 0;
	r = bm_str_set(&table->type, blkid_parttable_get_type(root));
	if (r == 0)
		r = bm_str_set(&table->uuid, blkid_parttable_get_id(root));
	n = blkid_partlist_numof_partitions(list);
	for (i = 0; r == 0 && i < n && i < PARTS_MAX; i++) {
		blkid_partition part = blkid_partlist_get_partition(list, i);

		/* BSD slices and the like inside a partition are no partitions of Linux's systems. */
		if (part && !blkid_parttable_get_parent(blkid_partition_get_table(part)))
			r = keep_part(part, offset_bytes, table);
	}
	return r;
}

int bm_block_probe_fd(int fd, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size,
	struct bm_block_fs *ret_fs, struct bm_block_table *ret_table)
{
	struct bm_block_table table = {0};
	struct bm_block_fs fs = {0};
	blkid_probe probe;
	int r = 0;

	if (offset_bytes > INT64_MAX || size_bytes > INT64_MAX) {
		*ret_fs = (struct bm_block_fs){.error = -EINVAL};
		return 0;
	}
	probe = blkid_new_probe();
	if (!probe)
		return -ENOMEM;
	errno = 0;
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)offset_bytes, (blkid_loff_t)size_bytes) < 0) {
		fs.error = errno > 0 ? -errno : -EIO;
		goto out;
	}
	if (sector_size > 0 && blkid_probe_set_sectorsize(probe, sector_size) < 0) {
		r = -ENOMEM;
		goto out;
	}
	blkid_probe_enable_superblocks(probe, 1);
	if (ret_table) {
		blkid_probe_enable_partitions(probe, 1);
		blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	}
	r = look_for_fs(probe, 0, &fs);
	if (r == 0)
		r = look_for_fs(probe, BLKID_SUBLKS_BADCSUM, &fs);
	if (r >= 0 && ret_table)
		r = look_for_table(probe, offset_bytes, &table);
	r = BM_MIN(r, 0);
out:
	blkid_free_probe(probe);
	if (r < 0) {
		bm_block_fs_done(&fs);
		bm_block_table_done(&table);
		return r;
	}
	*ret_fs = fs;
	if (ret_table)
		*ret_table = table;
	return 0;
}

bool bm_block_is_extended(const char *type)
{
	return type && (bm_streq(type, "0x5") || bm_streq(type, "0xf") || bm_streq(type, "0x85"));
}
