/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completing a repair that was interrupted.
 */
#ifndef BM_CMD_RESUME_H
#define BM_CMD_RESUME_H

#include "../system/system.h"
#include "cmd.h"

/* `apply --resume [ID]`: completes the interrupted repair of that id (NULL: the newest), from the plan that lies beside
 * its journal. fsck (or NULL) is the device whose check was agreed to on the command line, where the repair has one;
 * else that is asked, whatever yes says. Returns an exit status: BM_EXIT_REPAIRED, or BM_EXIT_OK where nothing was
 * interrupted. */
int bm_cmd_resume(const struct bm_global *global, const char *id, const char *fsck, bool yes);

#endif
