/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's configuration: every option that is kept can be found, and names itself.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "fmt/kernel/kconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};

	if (bm_kconfig_parse((const char *)data, size, &kconfig) < 0)
		return 0;
	assert(kconfig.n <= BM_KCONFIG_OPTIONS_MAX);
	for (size_t i = 0; i < kconfig.n && i < 64; i++) {
		assert(strncmp(kconfig.items[i].name, "CONFIG_", 7) == 0);
		assert(bm_kconfig_state(&kconfig, kconfig.items[i].name) != BM_KCONFIG_UNKNOWN);
	}
	assert(bm_kconfig_get(&kconfig, "") == NULL);
	return 0;
}
