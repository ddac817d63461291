/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked before anything is taken back: all of it can be, or nothing is begun.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "undo.h"

/* What will be at the path when everything that came after intent number is taken back; NULL: what is there now. */
static const struct bm_journal_state *state_then(const struct bm_txn *txn, uint64_t number, const char *path)
{
	uint64_t last = bm_txn_last(txn);

	for (uint64_t later = number + 1; later <= last; later++)
		if (bm_txn_is_open(txn, later) && bm_streq(bm_journal_intent(&txn->journal, later)->path, path))
			return &bm_journal_intent(&txn->journal, later)->before;
	return NULL;
}

/* Whether the folder of the intent's path lies on the system's own filesystems, and is there for what comes back into
 * it: asked before anything is begun. */
static int check_place(const struct bm_txn *txn, const struct bm_journal_record *intent, bool *ret_gone)
{
	struct bm_stat dir;
	int r = intent->dir ? bm_root_stat(txn->root, intent->dir, true, &dir) : 0;

	if (r == -EXDEV)
		return r;
	*ret_gone = (r == -ENOENT || r == -ENOTDIR) && intent->before.type > BM_JOURNAL_ABSENT;
	bm_err_clear();
	return 0;
}

static int check_states(const struct bm_txn *txn, struct bm_strv *changed)
{
	for (uint64_t number = bm_txn_last(txn); number > 0; number--) {
		const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
		_cleanup_free_ char *why = NULL;
		bool gone = false;
		int r;

		if (!bm_txn_is_open(txn, number))
			continue;
		r = check_place(txn, intent, &gone);
		if (r == 0 && gone) {
			if (bm_strv_addf(changed, "%s: its folder is gone", intent->path) < 0)
				return -ENOMEM;
			continue;
		}
		if (r == 0)
			r = bm_state_check(txn->root, intent, bm_journal_after(&txn->journal, number),
				bm_journal_has(&txn->journal, BM_JOURNAL_DONE, number),
				state_then(txn, number, intent->path), &why);
		if (r < 0)
			return r;
		if (r == 0 && bm_strv_addf(changed, "%s: %s", intent->path, why) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the intent changed what is at the path; a folder only has to be there. */
static bool changes(const struct bm_txn *txn, uint64_t number, const char *path)
{
	const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);

	return bm_txn_is_open(txn, number) && intent->op != BM_JOURNAL_MKDIR && bm_streq(intent->path, path) &&
	       !bm_state_same(&intent->before, bm_journal_after(&txn->journal, number));
}

static int check_against(const struct bm_txn *txn, const struct bm_txn *later, struct bm_strv *changed)
{
	uint64_t last = bm_txn_last(txn), later_last = bm_txn_last(later);

	for (uint64_t number = last; number > 0; number--)
		for (uint64_t other = 1; bm_txn_is_open(txn, number) && other <= later_last; other++) {
			const char *path = bm_journal_intent(&txn->journal, number)->path;

			if (changes(later, other, path) &&
				bm_strv_addf(changed, "%s: the later repair %s changed it (undo that one first)", path,
					later->id) < 0)
				return -ENOMEM;
		}
	return 0;
}

/* What a later repair changed is its to give back, also where the content happens to be the one of before. */
static int check_later(const struct bm_txn *txn, struct bm_strv *changed)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = bm_root_list(txn->root, BM_TXN_HOME, 0, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct bm_txn later;

		if (strcmp(names.items[i], txn->id) <= 0)
			continue;
		/* One that cannot be read is no witness. */
		r = bm_txn_open(txn->root, names.items[i], &later);
		if (r < 0) {
			if (r == -ENOMEM)
				return r;
			bm_err_clear();
			r = 0;
			continue;
		}
		if (bm_journal_phase(&later.journal) != BM_JOURNAL_UNDONE_ALL)
			r = check_against(txn, &later, changed);
		bm_txn_done(&later);
	}
	return r;
}

enum { FILESYSTEMS = 16 };

/* What will be free of a filesystem, as the undo goes on. */
struct room {
	uint64_t dev;
	int64_t free;
};

static int room_of(const struct bm_txn *txn, const char *dir, uint64_t dev, struct room *rooms, struct room **ret_room)
{
	struct bm_fs_space space;
	struct room *room = rooms;
	int r;

	while (room < rooms + FILESYSTEMS && room->dev != 0 && room->dev != dev)
		room++;
	*ret_room = room < rooms + FILESYSTEMS ? room : NULL;
	if (!*ret_room || room->dev == dev)
		return 0;
	r = bm_root_space(txn->root, dir, &space);
	if (r < 0)
		return r;
	*room = (struct room){.dev = dev, .free = (int64_t)BM_MIN(space.free_bytes, (uint64_t)INT64_MAX / 2)};
	return 0;
}

/* A copy that lies on another filesystem needs room before what it replaces goes away. */
static int check_room(const struct bm_txn *txn, struct bm_strv *changed)
{
	struct room rooms[FILESYSTEMS] = {0};

	for (uint64_t number = bm_txn_last(txn); number > 0; number--) {
		const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
		struct bm_state_cost cost;
		struct room *room = NULL;
		int r;

		if (!bm_txn_is_open(txn, number))
			continue;
		r = bm_state_cost(txn->root, intent, &cost);
		if (r == 0 && cost.dev != 0)
			r = room_of(txn, intent->dir, cost.dev, rooms, &room);
		if (r < 0)
			return r;
		if (!room)
			continue;
		if ((int64_t)cost.needs > room->free &&
			bm_strv_addf(changed, "%s: its filesystem has no room for what it was (%llu bytes)",
				intent->path, (unsigned long long)cost.needs) < 0)
			return -ENOMEM;
		room->free += cost.gains;
	}
	return 0;
}

int bm_undo_check(const struct bm_txn *txn, struct bm_strv *changed)
{
	int r = check_later(txn, changed);

	if (r == 0 && changed->n == 0)
		r = check_states(txn, changed);
	if (r == 0 && changed->n == 0)
		r = check_room(txn, changed);
	return r;
}
