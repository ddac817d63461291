/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "undo.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "sysimage.h"
#include "txn.h"

void bm_undo_result_done(struct bm_undo_result *result)
{
	free(result->id);
	bm_strv_done(&result->restored);
	bm_strv_done(&result->changed);
	bm_strv_done(&result->notes);
	*result = (struct bm_undo_result){0};
}

static int note(struct bm_txn *txn, enum bm_journal_kind kind, uint64_t number)
{
	struct bm_journal_record record = {.kind = kind, .number = number};

	if (kind != BM_JOURNAL_UNDONE)
		record.time = bm_time_now();
	return bm_txn_note(txn, &record);
}

static int restore_all(struct bm_txn *txn, struct bm_undo_result *result)
{
	for (uint64_t number = bm_txn_last(txn); number > 0; number--) {
		const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
		int r;

		if (!bm_txn_is_open(txn, number))
			continue;
		if (bm_strv_add_once(&result->restored, intent->path) < 0)
			return -ENOMEM;
		r = bm_state_restore(txn->root, intent, bm_journal_after(&txn->journal, number));
		/* Which of them are done already the paths themselves tell, so this needs no sync. */
		if (r == 0)
			r = note(txn, BM_JOURNAL_UNDONE, number);
		if (r < 0)
			return r;
	}
	return bm_txn_restore_dirs(txn);
}

static int add_notes(const struct bm_txn *txn, struct bm_undo_result *result)
{
	for (size_t i = 0; i < txn->journal.n; i++)
		if (txn->journal.records[i].kind == BM_JOURNAL_STEP && txn->journal.records[i].text &&
			bm_strv_add(&result->notes, txn->journal.records[i].text) < 0)
			return -ENOMEM;
	return 0;
}

static int undo_open(struct bm_txn *txn, struct bm_undo_result *result)
{
	enum bm_journal_phase phase = bm_journal_phase(&txn->journal);
	int r;

	if (phase == BM_JOURNAL_UNDONE_ALL) {
		result->already = true;
		return 0;
	}
	r = bm_undo_check(txn, &result->changed);
	if (r == 0 && result->changed.n > 0)
		r = bm_err(-ECANCELED, "nothing was undone");
	if (r == 0)
		r = add_notes(txn, result);
	/* Also where an earlier one began: its record may be in the memory only, where that run was killed. */
	if (r == 0)
		r = note(txn, BM_JOURNAL_UNDO_BEGIN, 0);
	if (r == 0)
		r = bm_txn_flush(txn);
	if (r == 0)
		r = restore_all(txn, result);
	if (r == 0)
		r = note(txn, BM_JOURNAL_UNDO_END, 0);
	return r < 0 ? r : bm_txn_flush(txn);
}

int bm_undo_root(const struct bm_root *root, const char *id, struct bm_undo_result *ret_result)
{
	struct bm_undo_result result = {0};
	struct bm_txn txn;
	int r = bm_str_set(&result.id, id);

	if (r == 0)
		r = bm_txn_open(root, id, &txn);
	if (r == 0) {
		r = undo_open(&txn, &result);
		bm_txn_done(&txn);
	}
	*ret_result = result;
	return r;
}

static int undo_mounted(
	const struct bm_root *root, const struct bm_system *system, const char *id, struct bm_undo_result *result)
{
	int r = bm_undo_root(root, id, result);

	for (size_t i = 0; r == 0 && i < system->n_mounts; i++)
		if (system->mounts[i].device >= 0)
			r = bm_rootw_sync_fs(root, system->mounts[i].target);
	return r;
}

int bm_undo(struct bm_survey *survey, const struct bm_system *system, const char *id, struct bm_undo_result *ret_result)
{
	_cleanup_guard_ struct bm_guard guard = {0};
	struct bm_sysimage image = {0};
	_cleanup_free_ char *why = NULL;
	unsigned int n;
	int r;

	*ret_result = (struct bm_undo_result){0};
	r = system->given ? bm_mount_private() : 0;
	if (r == 0)
		r = bm_guard_take(survey, system, NULL, &guard);
	if (r == 0)
		r = bm_sysimage_mount(survey, system, &guard, &image);
	if (r < 0)
		return r;
	r = undo_mounted(image.own, system, id, ret_result);
	if (r < 0)
		why = bm_strf("%s", bm_err_text(r));
	bm_sysimage_done(&image);
	if (bm_sysimage_umount(NULL, &n) < 0 && r == 0)
		return bm_err_within(-EIO, "undone, but not unmounted");
	return r < 0 ? bm_err(-ECANCELED, "%s", why ? why : "out of memory") : 0;
}
