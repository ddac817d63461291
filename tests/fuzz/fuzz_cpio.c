/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cpio reader: what comes out must not depend on how the bytes are cut. The first byte says how.
 */
#include <stdlib.h>
#include <string.h>

#include "fmt/image/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t hash;
	uint64_t left; /* bytes of data that the current entry still owes */
	bool open;
};

static void mix(struct seen *seen, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		seen->hash = (seen->hash ^ p[i]) * 0x100000001b3ULL;
}

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct seen *seen = ctx;

	if (seen->open || strlen(entry->name) >= BM_CPIO_NAME_MAX)
		abort();
	mix(seen, entry->name, strlen(entry->name) + 1);
	if (entry->link) {
		if (strlen(entry->link) > BM_CPIO_LINK_MAX)
			abort();
		mix(seen, entry->link, strlen(entry->link) + 1);
	}
	mix(seen, &entry->size, sizeof(entry->size));
	if (entry->ino % 3 == 0)
		return BM_CPIO_SKIP;
	seen->open = true;
	seen->left = entry->size;
	return 0;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct seen *seen = ctx;

	if (!seen->open || len > seen->left)
		abort();
	seen->left -= len;
	mix(seen, bytes, len);
	return 0;
}

static int on_end(void *ctx)
{
	struct seen *seen = ctx;

	if (!seen->open || seen->left != 0)
		abort();
	seen->open = false;
	mix(seen, "end", 3);
	return 0;
}

static int on_trailer(void *ctx)
{
	mix(ctx, "trailer", 7);
	return 0;
}

static int on_skipped(void *ctx, const char *name, const char *why)
{
	mix(ctx, name ? name : "", name ? strlen(name) : 0);
	mix(ctx, why, strlen(why));
	return 0;
}

/* Feeds all in pieces of at most step bytes; returns the place where the reader stopped. */
static uint64_t run(const uint8_t *data, size_t size, size_t step, struct seen *seen, enum bm_cpio_result *ret_result)
{
	struct bm_cpio_sink sink = {on_entry, on_data, on_end, on_trailer, on_skipped, seen};
	enum bm_cpio_result result = BM_CPIO_MORE;
	struct bm_cpio *cpio = malloc(sizeof(*cpio));
	uint64_t offset;

	if (!cpio)
		abort();
	bm_cpio_init(cpio, &sink);
	while (size > 0) {
		size_t used, n = BM_MIN(size, step);

		result = bm_cpio_feed(cpio, data, n, &used);
		if (used > n || (result == BM_CPIO_MORE && used != n))
			abort();
		data += used;
		size -= used;
		if (result != BM_CPIO_MORE && result != BM_CPIO_NEXT)
			break;
	}
	if ((result == BM_CPIO_BAD || result == BM_CPIO_UNSUPPORTED) && !cpio->error)
		abort();
	mix(seen, &cpio->entries, sizeof(cpio->entries));
	mix(seen, &cpio->archives, sizeof(cpio->archives));
	offset = cpio->offset;
	*ret_result = result;
	free(cpio);
	return offset;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {0}, pieces = {0};
	enum bm_cpio_result one, many;
	uint64_t at;

	if (size == 0)
		return 0;
	at = run(data + 1, size - 1, SIZE_MAX, &whole, &one);
	if (at != run(data + 1, size - 1, 1 + (size_t)data[0] % 127, &pieces, &many) || one != many)
		abort();
	if (whole.hash != pieces.hash)
		abort();
	return 0;
}
