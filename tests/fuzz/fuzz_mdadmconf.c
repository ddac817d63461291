/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mdadm.conf: a UUID that was kept reads as itself.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/etc/mdadmconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_mdadmconf conf;

	if (bm_mdadmconf_parse((const char *)data, size, &conf) < 0)
		return 0;
	for (size_t i = 0; i < conf.n; i++) {
		char uuid[BM_MD_UUID_TEXT];

		if (conf.arrays[i].line == 0)
			abort();
		if (conf.arrays[i].uuid[0] &&
			(!bm_md_uuid(conf.arrays[i].uuid, uuid) || strcmp(uuid, conf.arrays[i].uuid) != 0))
			abort();
	}
	bm_mdadmconf_done(&conf);
	return 0;
}
