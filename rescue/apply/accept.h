/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the executor takes at all. A plan comes from a file, or with a journal from the patient's own disk, and anybody
 * may have written them: before anything is mounted they are looked at as data, for the order of the steps, for what
 * each kind needs, and for paths that lead out of the system. That a path leads nowhere else through a link or a mount
 * is seen to when it is opened (os/root/fence.h).
 */
#ifndef BM_APPLY_ACCEPT_H
#define BM_APPLY_ACCEPT_H

#include "../fmt/own/journal.h"
#include "../plan/plan.h"

enum { BM_ACCEPT_INTENTS_MAX = 16384 };

/* Whether path is one that a repair may change: absolute, more than "/", no "..", not at or below /proc, /sys, /dev,
 * /run, nor where the journals lie. exact: nor with "." or doubled slashes, as the journal has its paths. */
bool bm_accept_path(const char *path, bool exact);

/*
 * The steps stand in their order (filesystem checks, mount, what changes the system, with build, proof and swap of one
 * kernel behind each other, record, unmount last), each has what its kind needs, and its paths are acceptable. Returns
 * 0, or -EBADMSG with a line of context (base/err.h).
 */
int bm_accept_plan(const struct bm_plan *plan) BM_MUST_CHECK;

/*
 * The journal of the folder id begins once, with that id; its intents are numbered from 1 without a gap, their paths
 * are acceptable, what was there is kept where bootmend keeps it, and owners, modes and times are such. Returns 0 or
 * -EBADMSG.
 */
int bm_accept_journal(const struct bm_journal *journal, const char *id) BM_MUST_CHECK;

/*
 * The device that a FSCK step means, which must be one of the system's own: for plans that come from its disk. Returns
 * 0, -ENODEV or -EEXIST as bm_fsck_find_device(), -EPERM for a device of somebody else, each with a line of context.
 */
int bm_accept_fsck(const struct bm_step *step, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_device **ret_device) BM_MUST_CHECK;

#endif
