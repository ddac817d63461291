/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypttab, and all that is asked about a line.
 */
#include <stddef.h>
#include <stdint.h>

#include "fmt/etc/crypttab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_crypttab crypttab;

	if (bm_crypttab_parse((const char *)data, size, &crypttab) < 0)
		return 0;
	for (size_t i = 0; i < crypttab.n; i++) {
		const struct bm_crypttab_line *line = &crypttab.lines[i];

		if (!line->name || !line->source || !line->key || !line->options || line->line == 0)
			abort();
		if (!bm_crypttab_find(&crypttab, line->name))
			abort();
		bm_crypttab_option(line, "nofail");
	}
	bm_crypttab_done(&crypttab);
	return 0;
}
