/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel command line; what can be written again reads as the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "fmt/boot/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0}, again = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_cmdline_boot boot;
	size_t n = 0;

	if (bm_cmdline_parse((const char *)data, size, &line) < 0)
		return 0;
	bm_cmdline_boot(&line, &boot);
	for (; n < line.n && !line.items[n].init && strcmp(line.items[n].key, "--") != 0; n++) {
		const struct bm_cmdline_arg *arg = &line.items[n];

		assert(bm_cmdline_has(&line, arg->key));
		if (bm_cmdline_append(&out, arg->key, arg->value) < 0)
			break;
	}
	if (bm_cmdline_parse(bm_buf_text(&out), out.len, &again) < 0)
		return 0;
	assert(again.truncated || again.n == n);
	for (size_t i = 0; i < again.n && !again.truncated; i++) {
		assert(strcmp(again.items[i].key, line.items[i].key) == 0);
		assert((again.items[i].value != NULL) == (line.items[i].value != NULL));
		if (again.items[i].value)
			assert(strcmp(again.items[i].value, line.items[i].value) == 0);
	}
	return 0;
}
