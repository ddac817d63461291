/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The count of unattended repairs that end in a reboot (fmt/own/tries.h), on the patient itself.
 */
#ifndef BM_APPLY_TRIES_H
#define BM_APPLY_TRIES_H

#include "../fmt/own/tries.h"
#include "../system/system.h"

#define BM_TRIES_PATH "/var/lib/bootmend/auto-tries"

/* Mounts the system for writing, counts a try of key (BM_TRIES_KEY hexadecimal digits) durably, and takes everything
 * down again. The survey lets go of the disks. Returns 0, or a negative errno where it cannot be counted: then no
 * reboot may follow. */
int bm_tries_count(struct bm_survey *survey, const struct bm_system *system, const char *key,
	struct bm_tries *ret_tries) BM_MUST_CHECK;

/* The same in a root that is mounted for writing, at the time now. */
int bm_tries_count_in(
	const struct bm_root *root, const char *key, int64_t now, struct bm_tries *ret_tries) BM_MUST_CHECK;

#endif
