/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block_ids.h"

#include <errno.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"

enum { ATTRIBUTE_MAX = 4096 };

void bm_block_ids_done(struct bm_block_ids *ids)
{
	free(ids->wwid);
	free(ids->serial);
	*ids = (struct bm_block_ids){0};
}

/* The first of the two attributes that is there and not empty; *ret_text stays as it was where neither is. */
static int read_attribute(uint32_t major, uint32_t minor, const char *first, const char *second, char **ret_text)
{
	const char *const names[] = {first, second};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = bm_strf("/sys/dev/block/%u:%u/%s", major, minor, names[i]);
		_cleanup_buf_ struct bm_buf text = {0};
		const char *value;

		if (!path)
			return -ENOMEM;
		if (bm_file_read(path, ATTRIBUTE_MAX, &text) < 0 || text.len == 0) {
			bm_err_clear();
			continue;
		}
		value = bm_str_strip(text.data);
		if (*value)
			return bm_str_set(ret_text, value);
	}
	return 0;
}

int bm_block_ids_read(uint32_t major, uint32_t minor, struct bm_block_ids *ret_ids)
{
	_cleanup_free_ char *degraded = NULL;
	struct bm_block_ids ids = {0};
	uint64_t missing = 0;

	if (read_attribute(major, minor, "device/wwid", "wwid", &ids.wwid) < 0 ||
		read_attribute(major, minor, "device/serial", "serial", &ids.serial) < 0 ||
		read_attribute(major, minor, "md/degraded", "md/degraded", &degraded) < 0) {
		bm_block_ids_done(&ids);
		return -ENOMEM;
	}
	if (degraded && bm_num_u64(degraded, &missing) == 0 && missing <= UINT32_MAX)
		ids.md_missing = (unsigned int)missing;
	*ret_ids = ids;
	return 0;
}
