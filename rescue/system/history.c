/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"

static void item_done(struct bm_history_item *item)
{
	free(item->id);
	free(item->plan);
	free(item->text);
	free(item->uuid);
	free(item->outcome);
	bm_strv_done(&item->paths);
	*item = (struct bm_history_item){0};
}

void bm_history_done(struct bm_history *history)
{
	for (size_t i = 0; i < history->n; i++)
		item_done(&history->items[i]);
	free(history->items);
	*history = (struct bm_history){0};
}

static int take_record(
	const struct bm_journal *journal, const struct bm_journal_record *record, struct bm_history_item *item)
{
	switch (record->kind) {
	case BM_JOURNAL_BEGIN:
		item->time = record->time;
		if (bm_str_set(&item->plan, record->plan) < 0 || bm_str_set(&item->text, record->text) < 0 ||
			bm_str_set(&item->uuid, record->uuid) < 0)
			return -ENOMEM;
		return 0;
	case BM_JOURNAL_INTENT:
		if (bm_journal_has(journal, BM_JOURNAL_TAKEN_BACK, record->number))
			return 0;
		return bm_strv_add_once(&item->paths, record->path);
	case BM_JOURNAL_END:
		return bm_str_set(&item->outcome, record->outcome);
	default:
		return 0;
	}
}

static int read_item(const struct bm_root *root, const char *id, struct bm_history_item *item)
{
	_cleanup_free_ char *path = bm_strf("%s/%s/journal", BM_HISTORY_DIR, id);
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	int r = path ? bm_root_read(root, path, BM_JOURNAL_SIZE_MAX, &text) : -ENOMEM;

	if (r == 0)
		r = bm_journal_parse(bm_buf_text(&text), text.len, &journal);
	if (r < 0)
		return r;
	item->phase = bm_journal_phase(&journal);
	item->damaged = journal.damaged_line > 0;
	r = bm_str_set(&item->id, id);
	for (size_t i = 0; r == 0 && i < journal.n; i++)
		r = take_record(&journal, &journal.records[i], item);
	return r;
}

int bm_history_read(const struct bm_root *root, struct bm_history *ret_history)
{
	_cleanup_strv_ struct bm_strv names = {0};
	struct bm_history history = {0};
	int r = bm_root_list(root, BM_HISTORY_DIR, 0, &names);

	/* Ids begin with the time, so the newest are the last. */
	for (size_t i = names.n > BM_HISTORY_MAX ? names.n - BM_HISTORY_MAX : 0; r != -ENOMEM && i < names.n; i++) {
		struct bm_history_item item = {0}, *kept = NULL;

		r = read_item(root, names.items[i], &item);
		if (r == 0 && (item.phase != BM_JOURNAL_NOTHING || item.damaged)) {
			kept = BM_VEC_PUSH(history.items, history.n, history.capacity);
			r = kept ? 0 : -ENOMEM;
		}
		if (kept)
			*kept = item;
		else
			item_done(&item);
	}
	bm_err_clear();
	if (r == -ENOMEM) {
		bm_history_done(&history);
		return r;
	}
	*ret_history = history;
	return 0;
}

const struct bm_history_item *bm_history_interrupted(const struct bm_history *history)
{
	for (size_t i = history->n; i > 0; i--)
		if (history->items[i - 1].phase == BM_JOURNAL_OPEN || history->items[i - 1].phase == BM_JOURNAL_UNDOING)
			return &history->items[i - 1];
	return NULL;
}

const struct bm_history_item *bm_history_latest(const struct bm_history *history)
{
	for (size_t i = history->n; i > 0; i--)
		if (history->items[i - 1].phase != BM_JOURNAL_UNDONE_ALL)
			return &history->items[i - 1];
	return NULL;
}

const struct bm_history_item *bm_history_find(const struct bm_history *history, const char *id)
{
	const struct bm_history_item *found = NULL;

	for (size_t i = 0; i < history->n; i++) {
		if (bm_streq(history->items[i].id, id))
			return &history->items[i];
		if (!bm_str_starts(history->items[i].id, id))
			continue;
		if (found)
			return NULL;
		found = &history->items[i];
	}
	return found;
}

const struct bm_history_item *bm_history_applied(const struct bm_history *history, const char *plan_hash)
{
	for (size_t i = history->n; i > 0; i--)
		if (history->items[i - 1].phase == BM_JOURNAL_ENDED && bm_streq(history->items[i - 1].plan, plan_hash))
			return &history->items[i - 1];
	return NULL;
}

const char *bm_history_state_text(const struct bm_history_item *item)
{
	if (item->damaged)
		return "damaged";
	switch (item->phase) {
	case BM_JOURNAL_NOTHING:
		return "nothing";
	case BM_JOURNAL_OPEN:
		return "interrupted";
	case BM_JOURNAL_ENDED:
		return bm_streq(item->outcome, "partly") ? "partly repaired" : "repaired";
	case BM_JOURNAL_UNDOING:
		return "being undone";
	case BM_JOURNAL_UNDONE_ALL:
		return "undone";
	}
	return "nothing";
}
