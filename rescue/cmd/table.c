/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs, in the order of the help.
 */
#include "cmd.h"

#include "../base/str.h"

extern const struct bm_cmd bm_cmd_scan, bm_cmd_repair, bm_cmd_plan, bm_cmd_apply, bm_cmd_mount, bm_cmd_umount,
	bm_cmd_chroot, bm_cmd_image, bm_cmd_auto, bm_cmd_menu, bm_cmd_diagnose, bm_cmd_check_verb, bm_cmd_undo,
	bm_cmd_history;

const struct bm_cmd *const bm_cmds[] = {
	&bm_cmd_menu,
	&bm_cmd_scan,
	&bm_cmd_diagnose,
	&bm_cmd_check_verb,
	&bm_cmd_repair,
	&bm_cmd_plan,
	&bm_cmd_apply,
	&bm_cmd_history,
	&bm_cmd_undo,
	&bm_cmd_mount,
	&bm_cmd_umount,
	&bm_cmd_chroot,
	&bm_cmd_image,
	&bm_cmd_auto,
};
const size_t bm_cmds_n = BM_ARRAY_SIZE(bm_cmds);

const struct bm_cmd *bm_cmd_find(const char *name)
{
	for (size_t i = 0; i < bm_cmds_n; i++)
		if (bm_streq(bm_cmds[i]->name, name))
			return bm_cmds[i];
	return NULL;
}
