/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module's file in pieces: what it is does not depend on where they are cut.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/kernel/kofile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_kofile_reader whole = {0}, pieces = {0};
	struct bm_kofile a, b;
	size_t step = size > 0 ? 1 + data[size / 2] % 67 : 1;

	bm_kofile_feed(&whole, data, size);
	bm_kofile_end(&whole, &a);
	for (size_t i = 0; i < size; i += step)
		bm_kofile_feed(&pieces, data + i, BM_MIN(step, size - i));
	bm_kofile_end(&pieces, &b);
	if (a.elf != b.elf || a.whole != b.whole || a.is_signed != b.is_signed || strcmp(a.vermagic, b.vermagic) != 0)
		abort();
	if (bm_kofile_foreign(&a, "6.1.0") && a.vermagic[0] == '\0')
		abort();
	return 0;
}
