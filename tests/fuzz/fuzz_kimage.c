/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel images. The first two bytes say how much larger than the bytes given the file is.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/kernel/kimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_kimage kimage;
	uint64_t beyond;

	if (size < 2)
		return 0;
	beyond = (uint64_t)(data[0] | data[1] << 8) * 256;
	data += 2;
	size -= 2;
	if (bm_kimage_parse(data, size, size + beyond, &kimage) < 0)
		abort();
	if (!kimage.version != !kimage.text || (kimage.kind == BM_KIMAGE_NONE && !kimage.problem))
		abort();
	if (kimage.version && (!*kimage.version || strlen(kimage.text) > BM_KIMAGE_TEXT_MAX))
		abort();
	if (kimage.more.size > 0 && kimage.more.offset + kimage.more.size > size + beyond)
		abort();
	if (kimage.more.size > 0 && bm_kimage_more(&kimage, data, size) < 0)
		abort();
	bm_kimage_done(&kimage);
	return 0;
}
