/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The count of unattended repairs: a try always counts, and what is written is read as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fmt/own/tries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char key[] = "0123456789abcdef";
	_cleanup_buf_ struct bm_buf first = {0}, second = {0};
	struct bm_tries one, two;

	if (bm_tries_add((const char *)data, size, key, 1764331262, &first, &one) < 0)
		abort();
	if (one.same == 0 || one.all < one.same || first.len > BM_TRIES_SIZE_MAX)
		abort();
	if (bm_tries_add(first.data, first.len, key, 1764331262, &second, &two) < 0)
		abort();
	if (two.same != one.same + 1 && two.same != UINT32_MAX)
		abort();
	return 0;
}
