/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LVM's devices file: an entry is found by its PVID.
 */
#include <stddef.h>
#include <stdint.h>

#include "fmt/etc/lvmdevices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_lvmdevices devices;

	if (bm_lvmdevices_parse((const char *)data, size, &devices) < 0)
		return 0;
	for (size_t i = 0; i < devices.n; i++) {
		const struct bm_lvmdevices_entry *entry = &devices.entries[i];
		char pvid[BM_LVM_PVID_TEXT];

		if (!entry->idtype || entry->line == 0)
			abort();
		if (!entry->pvid)
			continue;
		if (!bm_lvmdevices_find(&devices, entry->pvid))
			abort();
		if (bm_lvm_pvid(entry->pvid, pvid) && !pvid[0])
			abort();
	}
	bm_lvmdevices_done(&devices);
	return 0;
}
