/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "fmt/boot/grubstub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood can be written, in each style, and is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_grubstub_ struct bm_grubstub stub = {0};

	if (bm_grubstub_parse((const char *)data, size, &stub) < 0)
		return 0;
	assert(stub.understood == (stub.uuid && stub.variable && stub.dir && stub.search_line < stub.prefix_line));
	for (int style = BM_GRUBSTUB_DEBIAN; stub.understood && style <= BM_GRUBSTUB_FEDORA; style++) {
		_cleanup_free_ char *text = bm_grubstub_text((enum bm_grubstub_style)style, stub.uuid, stub.dir);
		_cleanup_grubstub_ struct bm_grubstub again = {0};

		/* A UUID that looks like an option is one for the other command. */
		if (!text || *stub.uuid == '-' || bm_grubstub_parse(text, strlen(text), &again) < 0)
			continue;
		assert(again.understood && bm_streq(again.uuid, stub.uuid) && bm_streq(again.dir, stub.dir));
	}
	return 0;
}
