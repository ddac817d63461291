/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completing a repair that was interrupted.
 */
#ifndef BM_CMD_RESUME_H
#define BM_CMD_RESUME_H

#include "../system/system.h"
#include "cmd.h"

/* `apply --resume [ID]`: completes the interrupted repair of that id (NULL: the newest), from the plan that lies beside
 * its journal. Returns an exit status: BM_EXIT_REPAIRED, or BM_EXIT_OK where nothing was interrupted. */
int bm_cmd_resume(const struct bm_global *global, const char *id, bool yes);

/* Asks question about a repair, after showing it. Where nobody can be asked that is said: --yes is needed to do
 * purpose. */
bool bm_cmd_agree(const struct bm_global *global, const struct bm_system *system, const struct bm_history_item *item,
	const char *purpose, const char *question);

/* Says that there is nothing to do (printf), as a line or as JSON, where keys (ended by NULL) are null and `notes` has
 * it. Returns an exit status. */
int bm_cmd_nothing(const struct bm_global *global, const char *verb, const char *const *keys, const char *format, ...)
	BM_PRINTF(4, 5);

/* What `apply --json` has in its document. */
extern const char *const bm_cmd_apply_keys[];

/* Whether a repair of the system, or its undo, was interrupted; then nothing new may begin, and this says why. */
bool bm_cmd_interrupted(const struct bm_system *system);

#endif
