/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a loader's configuration that is not in place yet would boot the system.
 */
#ifndef BM_SYSTEM_CONFIG_CHECK_H
#define BM_SYSTEM_CONFIG_CHECK_H

#include "system.h"

/*
 * Reads text as the grub.cfg at path (links followed). Its default entry must load a kernel and an initramfs that
 * exist, with a root= that is on a disk; and every kernel that exists and that the present menu has must be in the new
 * one. system->root must be open. Returns 0 with *ret_why NULL for a good one, or else a sentence without full stop,
 * for free(); or a negative errno.
 */
int bm_config_check(const struct bm_survey *survey, const struct bm_system *system, const char *path, const char *text,
	size_t len, char **ret_why) BM_MUST_CHECK;

#endif
