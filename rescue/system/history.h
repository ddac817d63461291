/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bootmend did to a system before: the journals that lie on it.
 */
#ifndef BM_SYSTEM_HISTORY_H
#define BM_SYSTEM_HISTORY_H

#include "../fmt/own/journal.h"
#include "../os/root/root.h"

#define BM_HISTORY_DIR "/var/lib/bootmend"

enum { BM_HISTORY_MAX = 512 };

struct bm_history_item {
	char *id;      /* the name of its folder */
	int64_t time;  /* when it began */
	char *plan;    /* the plan's hash */
	char *text;    /* what for */
	char *uuid;    /* of the root filesystem that it was made for, or NULL */
	char *outcome; /* "repaired", "partly"; NULL where it did not end */
	enum bm_journal_phase phase;
	struct bm_strv paths; /* what it changed, in the order of the changes */
	bool damaged;	      /* the journal is not what was written: undo refuses it */
};

struct bm_history {
	struct bm_history_item *items; /* the oldest first */
	size_t n, capacity;
};

/* Reads the journals below root; what can't be read is left out. Returns 0 or -ENOMEM. ret_history is initialised by
 * the call. */
int bm_history_read(const struct bm_root *root, struct bm_history *ret_history) BM_MUST_CHECK;
void bm_history_done(struct bm_history *history);

/* The newest repair, or undo, that was begun and not ended; NULL without one. */
const struct bm_history_item *bm_history_interrupted(const struct bm_history *history);
/* The newest that is not undone, or NULL. */
const struct bm_history_item *bm_history_latest(const struct bm_history *history);
/* The one whose id begins so; NULL where none or several do. */
const struct bm_history_item *bm_history_find(const struct bm_history *history, const char *id);
/* The newest that carried out the plan of that hash to its end, and is not undone; NULL without one. */
const struct bm_history_item *bm_history_applied(const struct bm_history *history, const char *plan_hash);

/* "interrupted", "repaired", "partly repaired", "being undone", "undone", "damaged". */
const char *bm_history_state_text(const struct bm_history_item *item);

#endif
