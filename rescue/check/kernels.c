/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

int bm_check_kernels(const struct bm_check *check)
{
	for (size_t i = 0; i < check->system->n_kernels; i++) {
		const struct bm_kernel *kernel = &check->system->kernels[i];

		if (kernel->rescue)
			continue;
		if (kernel->image && !kernel->modules_dir &&
			BM_CHECK_ADD(check,
				kernel == check->kernel ? BM_FINDING_MODULES_MISSING : BM_FINDING_KERNEL_NO_MODULES,
				kernel->image, 0, "there is no /lib/modules/%s", kernel->version) < 0)
			return -ENOMEM;
		if (kernel->modules_dir && kernel->image && !kernel->modules_dep &&
			BM_CHECK_ADD(check, BM_FINDING_MODULES_DEP_MISSING, kernel->modules_dir, 0,
				"%s/modules.dep is missing or empty", kernel->modules_dir) < 0)
			return -ENOMEM;
		if (kernel->modules_dep && kernel->modules_dep_stale &&
			BM_CHECK_ADD(check, BM_FINDING_MODULES_DEP_STALE, kernel->modules_dir, 0,
				"a folder of modules was changed after %s/modules.dep", kernel->modules_dir) < 0)
			return -ENOMEM;
	}
	return 0;
}
