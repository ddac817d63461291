/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swap headers: what is to be written lies inside the page, and makes an area without an image of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/disk/swaphdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Mutations of the page's end are what counts; a seed need not be 64 KiB long. */
	static uint8_t bytes[BM_SWAPHDR_BYTES];
	static const uint32_t pages[] = {4096, 8192, 16384, 32768, 65536};
	const uint32_t page = size > 0 ? pages[data[0] % 5] : 4096;
	const size_t len = size > 0 ? BM_MIN(size - 1, (size_t)page) : 0;
	struct bm_swaphdr header;

	memset(bytes, 0, sizeof(bytes));
	if (len > 0)
		memcpy(bytes + page - len, data + 1, len);
	bm_swaphdr_parse(bytes, sizeof(bytes), &header);
	if (header.image && (!header.known || !header.kind || !header.page_bytes))
		abort();
	if (!header.restorable)
		return 0;
	if (!header.image || header.change_len > sizeof(header.change) ||
		header.change_at + header.change_len > header.page_bytes)
		abort();
	memcpy(bytes + header.change_at, header.change, header.change_len);
	memset(&header, 0xff, sizeof(header));
	bm_swaphdr_parse(bytes, page, &header);
	if (!header.known)
		abort();
	/* the input as it is */
	bm_swaphdr_parse(data, size, &header);
	return 0;
}
