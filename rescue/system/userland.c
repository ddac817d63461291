/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "userland.h"

#include "system.h"

void bm_userland_done(struct bm_userland *userland)
{
	char *texts[] = {userland->init, userland->init_real, userland->missing, userland->missing_for,
		userland->init_candidate, userland->isa_file, userland->selinux_type};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		free(texts[i]);
	bm_strv_done(&userland->unlabeled);
	*userland = (struct bm_userland){0};
}

int bm_system_read_userland(struct bm_system *system)
{
	(void)system;
	return 0;
}
