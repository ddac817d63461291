/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

int bm_check_storage(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	for (size_t i = 0; i < check->survey->devices.n; i++)
		if (check->survey->devices.items[i].vg_partial && system->root_device >= 0 &&
			bm_device_on(&check->survey->devices, (size_t)system->root_device, i) &&
			BM_CHECK_ADD(check, BM_FINDING_LVM_PV_MISSING, NULL, 0, "volume group %s",
				check->survey->devices.items[i].vg_name) < 0)
			return -ENOMEM;
	return 0;
}
