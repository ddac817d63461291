/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every verb that writes asks before it begins: whose turn it is, whether something was interrupted, whether
 * somebody agrees.
 */
#ifndef BM_CMD_TURN_H
#define BM_CMD_TURN_H

#include "../plan/plan.h"
#include "cmd.h"

/* Whether a repair of the system, or its undo, was interrupted; then nothing new may begin, and this says why. */
bool bm_cmd_interrupted(const struct bm_system *system);

/* Whether the machine is hibernated, by an image on the system's disks that plan (or NULL) does not discard; then
 * nothing may be written to them, and this says why and what can be done. Without a system: on the disks of what plan
 * repairs. */
bool bm_cmd_hibernated(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan *plan);

/* Says that there is nothing to do (printf), as a line or as JSON, where keys (ended by NULL) are null and `notes` has
 * it. Returns an exit status. */
int bm_cmd_nothing(const struct bm_global *global, const char *verb, const char *const *keys, const char *format, ...)
	BM_PRINTF(4, 5);

/* Asks question about a repair, after showing it. Where nobody can be asked that is said: --yes is needed to do
 * purpose. */
bool bm_cmd_agree(const struct bm_global *global, const struct bm_system *system, const struct bm_history_item *item,
	const char *purpose, const char *question);

/* What `apply --json` has in its document. */
extern const char *const bm_cmd_apply_keys[];

/* Takes the lock that keeps two repairs apart. Returns BM_EXIT_OK with *ret_lock for bm_file_close(), or BM_EXIT_FAILED
 * after saying why. */
int bm_repair_lock(int *ret_lock);

#endif
