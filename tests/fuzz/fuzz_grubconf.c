/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdint.h>

#include "fmt/boot/grubconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const saved[] = {NULL, "1\n"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(saved); i++) {
		_cleanup_grubconf_ struct bm_grubconf conf = {0};

		if (bm_grubconf_parse((const char *)data, size, saved[i], &conf) < 0)
			continue;
		assert((conf.default_entry >= 0) == (conf.entries.n > 0));
		assert(conf.default_entry < (long)conf.entries.n);
		for (size_t n = 0; n < conf.entries.n; n++) {
			const struct bm_entry *entry = &conf.entries.items[n];

			assert(entry->title && entry->position == n && entry->parent == -1);
			assert(entry->kind != BM_ENTRY_LINUX || (entry->kernel && entry->cmdline));
		}
	}
	return 0;
}
