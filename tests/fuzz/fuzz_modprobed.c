/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modprobe.d: a rule that hinders a module is found by its name.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/etc/modprobed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_modprobed rules = {0};

	if (bm_modprobed_parse((const char *)data, size, &rules) < 0)
		return 0;
	for (size_t i = 0; i < rules.n; i++) {
		const struct bm_modprobed_rule *rule = &rules.rules[i];

		if (!rule->module || !*rule->module || rule->line == 0)
			abort();
		if ((rule->kind == BM_MODPROBED_INSTALL) != (rule->command != NULL))
			abort();
		if (rule->kind == BM_MODPROBED_BLACKLIST && !bm_modprobed_hinders(&rules, rule->module, true))
			abort();
		bm_modprobed_loads_nothing(rule);
	}
	bm_modprobed_done(&rules);
	return 0;
}
