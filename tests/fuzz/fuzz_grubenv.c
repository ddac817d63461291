/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An environment block; what is read from it can be written, and read again as the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "fmt/boot/grubenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_grubenv_ struct bm_grubenv env = {0}, again = {0};
	_cleanup_buf_ struct bm_buf out = {0};

	if (bm_grubenv_parse((const char *)data, size, &env) < 0)
		return 0;
	assert(env.damaged == (env.damage != NULL));
	env.size_bytes = BM_GRUBENV_SIZE_MAX;
	if (bm_grubenv_write(&env, &out) < 0)
		return 0;
	assert(out.len == BM_GRUBENV_SIZE_MAX);
	if (bm_grubenv_parse(out.data, out.len, &again) < 0)
		return 0;
	assert(!again.refused && again.n == env.n);
	for (size_t i = 0; i < env.n; i++) {
		assert(strcmp(again.items[i].name, env.items[i].name) == 0);
		assert(strcmp(again.items[i].value, env.items[i].value) == 0);
	}
	return 0;
}
