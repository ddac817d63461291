/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot entries of the firmware: names and paths are short, and hold nothing that a terminal would obey.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/boot/efiboot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
	if (text && strlen(text) > BM_EFIBOOT_TEXT_MAX)
		abort();
	for (; text && *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t numbers[BM_EFIBOOT_ORDER_MAX];
	struct bm_efiboot entry;

	if (bm_efiboot_parse(data, size, &entry) < 0)
		return 0;
	if (!entry.valid && (entry.name || entry.path || entry.partuuid))
		abort();
	check(entry.name);
	check(entry.path);
	if (entry.path && (entry.path[0] != '/' || strstr(entry.path, "//") || strchr(entry.path, '\\')))
		abort();
	bm_efiboot_done(&entry);
	if (bm_efiboot_numbers(data, size, numbers) > BM_EFIBOOT_ORDER_MAX)
		abort();
	return 0;
}
