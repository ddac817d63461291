/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

int bm_check_default(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;

	if (loader->kind == BM_LOADER_NONE)
		return BM_CHECK_ADD(check, BM_FINDING_DEFAULT_UNKNOWN, NULL, 0,
			"no configuration of GRUB or systemd-boot was found, so it is not known what would be booted");
	if (!check->entry)
		return BM_CHECK_ADD(check, BM_FINDING_DEFAULT_UNKNOWN, loader->config, 0, "%s",
			loader->default_text ? loader->default_text : "the menu is empty");
	if (loader->default_lost &&
		BM_CHECK_ADD(check, BM_FINDING_DEFAULT_UNKNOWN,
			loader->environment ? loader->environment : loader->config, 0, "%s", loader->default_text) < 0)
		return -ENOMEM;
	if (check->entry->kernel && !check->entry->kernel_exists)
		return BM_CHECK_ADD(check, BM_FINDING_KERNEL_MISSING, check->entry->entry.file,
			check->entry->entry.line, "'%s' loads %s, which does not exist", check->entry->entry.title,
			check->entry->kernel);
	if (check->kernel && check->kernel->image_problem)
		return BM_CHECK_ADD(
			check, BM_FINDING_KERNEL_DAMAGED, check->kernel->image, 0, "%s", check->kernel->image_problem);
	return 0;
}
