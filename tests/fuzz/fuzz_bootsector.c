/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot sectors: what is named is known, and what is too short or has no signature is none.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fmt/disk/bootsector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_bootsector sector;

	bm_bootsector_parse(data, size, &sector);
	if (sector.active > 4 || sector.kind > BM_BOOTSECTOR_SYSLINUX)
		abort();
	if (sector.kind != BM_BOOTSECTOR_NONE &&
		(size < BM_BOOTSECTOR_BYTES || data[0x1fe] != 0x55 || data[0x1ff] != 0xaa))
		abort();
	if (bm_bootsector_name(sector.kind) && sector.kind <= BM_BOOTSECTOR_CHAIN)
		abort();
	return 0;
}
