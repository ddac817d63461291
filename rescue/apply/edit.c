/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps whose whole effect is known before: a text changed by lines, a link, a file that moves away.
 */
#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../system/source.h"
#include "run.h"

/* Texts are read whole; grub.cfg may have four MiB. */
#define TEXT_MAX (4 * BM_MIB)

/* Where the step's effect takes place: an edit goes through links, the others are about the name itself. */
static int place_of(const struct bm_run *run, const struct bm_step *step, char **ret_path)
{
	_cleanup_free_ char *dir = NULL, *real = NULL;
	int r;

	if (step->kind == BM_STEP_EDIT && bm_root_exists(run->image.root, step->target))
		return bm_root_realpath(run->image.root, step->target, ret_path);
	bm_err_clear();
	dir = bm_path_dir(step->target);
	if (!dir)
		return -ENOMEM;
	r = bm_root_realpath(run->image.root, dir, &real);
	if (r == -ENOENT) {
		/* The folder is to be made, too. */
		bm_err_clear();
		r = bm_str_set(&real, dir);
	}
	if (r < 0)
		return r;
	*ret_path = bm_path_join(real, bm_path_base(step->target));
	return *ret_path ? 0 : -ENOMEM;
}

/* What the text becomes; *ret_was tells whether it is that already. */
static int compose(
	const struct bm_run *run, const struct bm_step *step, const char *path, struct bm_buf *out, bool *ret_was)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_journal_state now = {0};
	int r = bm_state_read(run->image.root, path, true, &now);
	bool absent;

	if (r < 0)
		return r;
	absent = now.type == BM_JOURNAL_ABSENT;
	*ret_was = now.type == BM_JOURNAL_FILE && step->after[0] && bm_streq(now.hash, step->after);
	if (*ret_was || (now.type != BM_JOURNAL_FILE && now.type != BM_JOURNAL_ABSENT)) {
		bm_journal_state_done(&now);
		return *ret_was ? 0 : bm_err(-EINVAL, "%s is no regular file", path);
	}
	if (now.type == BM_JOURNAL_FILE)
		r = bm_root_read(run->image.root, path, TEXT_MAX, &text);
	/* An empty file and none are two things. */
	if (r == 0 && absent != (step->before[0] == '\0'))
		r = -ESTALE;
	bm_journal_state_done(&now);
	if (r == 0)
		r = bm_step_edit(step, absent ? NULL : bm_buf_text(&text), text.len, out);
	return r == -ESTALE ? bm_err(-ENOTRECOVERABLE, "%s has changed since the plan was made", path) : r;
}

static int check_move(const struct bm_run *run, const struct bm_step *step, const char *path)
{
	struct bm_journal_state now;
	bool is;
	int r = bm_state_read(run->image.root, path, true, &now);

	if (r < 0)
		return r;
	is = now.type == BM_JOURNAL_FILE && bm_streq(now.hash, step->before);
	bm_journal_state_done(&now);
	return is ? 0 : bm_err(-ENOTRECOVERABLE, "%s has changed since the plan was made", path);
}

int bm_edit_check(struct bm_run *run, const struct bm_step *step)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_journal_state now;
	bool was;
	int r = place_of(run, step, &path);

	if (r < 0)
		return r;
	switch (step->kind) {
	case BM_STEP_EDIT:
		return compose(run, step, path, &text, &was);
	case BM_STEP_MOVE:
		return check_move(run, step, path);
	default:
		r = bm_state_read(run->image.root, path, false, &now);
		if (r == 0 && now.type == BM_JOURNAL_DIR)
			r = bm_err(-EISDIR, "%s", path);
		if (r == 0)
			bm_journal_state_done(&now);
		return r;
	}
}

int bm_edit_intend(struct bm_run *run, const struct bm_step *step)
{
	struct bm_journal_record intent = {.step = bm_run_number(run, step)};
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	uint64_t number;
	bool was = false;
	int r = place_of(run, step, &path);

	/* A resumed repair noted it before. */
	if (r < 0 || bm_txn_find(&run->txn, 0, intent.step, path))
		return r;
	switch (step->kind) {
	case BM_STEP_EDIT:
		r = compose(run, step, path, &text, &was);
		intent.after.type = BM_JOURNAL_FILE;
		intent.after.size_bytes = text.len;
		bm_sha256_text(bm_buf_text(&text), text.len, intent.after.hash);
		break;
	case BM_STEP_LINK:
		intent.after.type = BM_JOURNAL_LINK;
		r = bm_str_set(&intent.after.link, step->link);
		break;
	default:
		intent.after.type = BM_JOURNAL_ABSENT;
		intent.op = BM_JOURNAL_REMOVE;
		break;
	}
	if (r == 0 && !was && step->kind != BM_STEP_MOVE)
		intent.op = bm_root_exists(run->image.root, path) ? BM_JOURNAL_REPLACE : BM_JOURNAL_CREATE;
	bm_err_clear();
	if (r == 0 && !was)
		r = bm_str_set(&intent.path, path);
	if (r == 0 && !was)
		r = bm_str_set(&intent.filesystem, step->filesystem);
	if (r < 0 || was) {
		bm_journal_record_done(&intent);
		return r;
	}
	return bm_txn_intend(&run->txn, &intent, step->kind == BM_STEP_MOVE ? BM_TXN_MOVE : BM_TXN_COPY, &number);
}

int bm_edit_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	const struct bm_journal_record *intent;
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	bool was = false;
	int r = bm_run_need_txn(run);

	if (r == 0)
		r = place_of(run, step, &path);
	if (r < 0)
		return r;
	intent = bm_txn_find(&run->txn, 0, bm_run_number(run, step), path);
	if (intent)
		r = bm_state_is(run->image.root, path, &intent->after, &was);
	else
		was = true;
	if (r == 0 && was) {
		bm_run_say(done, bm_strf("%s is as it should be already", path));
		return 0;
	}
	if (r == 0 && step->kind == BM_STEP_EDIT) {
		r = compose(run, step, path, &text, &was);
		if (r == 0)
			r = bm_txn_put(&run->txn, intent->number, bm_buf_text(&text), text.len);
		if (r == 0)
			bm_run_say(done, bm_strf("%s is changed", path));
	} else if (r == 0 && step->kind == BM_STEP_LINK) {
		r = bm_txn_put_link(&run->txn, intent->number);
		if (r == 0)
			bm_run_say(done, bm_strf("%s leads to %s", path, step->link));
	} else if (r == 0) {
		_cleanup_free_ char *pre = bm_strf("%s", intent->pre);

		r = bm_txn_move(&run->txn, intent->number);
		if (r == 0)
			bm_run_say(done, bm_strf("%s is kept as %s", path, pre ? pre : "?"));
	}
	return r;
}
