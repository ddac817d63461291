/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Squashfs filesystems. What goes out must be names that a file can have, data as long as the entry says, and a text
 * where the filesystem is not whole.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "fmt/image/squashfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t promised, got, total;
	uint8_t first, last; /* read, for the sanitizer to see */
};

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct seen *seen = ctx;

	if (!*entry->name || *entry->name == '/' || strlen(entry->name) >= BM_CPIO_NAME_MAX ||
		(S_ISLNK(entry->mode) != 0) != (entry->link != NULL))
		abort();
	seen->promised = entry->size;
	seen->got = 0;
	/* Time is for the tables; some MiB of data show the rest. */
	return entry->size > 4 * BM_MIB || seen->total > 64 * BM_MIB ? BM_CPIO_SKIP : 0;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct seen *seen = ctx;

	if (len == 0)
		abort();
	seen->first = bytes[0];
	seen->last = bytes[len - 1];
	seen->got += len;
	seen->total += len;
	return seen->got > seen->promised ? -1 : 0;
}

static int on_end(void *ctx)
{
	const struct seen *seen = ctx;

	return seen->got == seen->promised ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {0};
	const struct bm_image_sink sink = {.entry = on_entry, .data = on_data, .entry_end = on_end, .ctx = &seen};
	struct bm_squashfs_result result;

	if (bm_squashfs_read(data, size, &sink, &result) < 0)
		abort();
	if ((result.status != BM_SQUASHFS_OK) != (result.text != NULL))
		abort();
	if (result.status == BM_SQUASHFS_OK && !bm_squashfs_is(data, size))
		abort();
	return 0;
}
