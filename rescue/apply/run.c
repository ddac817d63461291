/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fence.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"
#include "swap.h"

uint64_t bm_run_number(const struct bm_run *run, const struct bm_step *step)
{
	return (uint64_t)(step - run->plan->steps) + 1;
}

void bm_run_say(struct bm_step_result *done, char *text)
{
	free(done->text);
	done->text = text;
}

int bm_run_tool_failed(struct bm_run *run, struct bm_tool_run *tool)
{
	bm_strv_done(&run->result->tool_tail);
	run->result->tool_tail = tool->tail;
	tool->tail = (struct bm_strv){0};
	return bm_err(-ENOTRECOVERABLE, "%s", tool->error);
}

int bm_run_note_irreversible(const struct bm_step *step)
{
	_cleanup_free_ char *line = NULL;
	char time[BM_TIME_TEXT];
	int r;

	bm_time_text(bm_time_now(), time);
	line = bm_strf("%s %s %s\n", time, step->filesystem ? step->filesystem : step->target, step->text);
	r = line ? bm_dir_make("/run/bootmend", 0755) : -ENOMEM;
	return r < 0 ? r : bm_file_append("/run/bootmend/irreversible", line, strlen(line), 0600);
}

int bm_run_need_work(struct bm_run *run, const struct bm_step *step)
{
	uint64_t need = 0, missing = 0;
	int r;

	if (run->work.dir)
		return 0;
	/* Made before depmod or the build, whichever comes first. */
	for (const struct bm_step *at = step;
		step->kind != BM_STEP_CONFIG && at < run->plan->steps + run->plan->n_steps; at++) {
		if (at->kind == BM_STEP_BUILD && need == 0)
			need = at->need_bytes;
		if (at->kind != BM_STEP_SWAP)
			continue;
		/* Half the estimate: what is refused here would have failed for certain, and nothing was built for it.
		 */
		r = bm_swap_missing(run->image.root, at->target, need / 2, &missing);
		if (r < 0)
			return r;
		if (missing > 0) {
			run->result->missing_bytes = missing;
			return bm_err(-ENOSPC, "there is no room for a new %s", at->target);
		}
		break;
	}
	r = bm_work_begin(run->image.root, need, &run->work, &missing);
	if (r == -ENOSPC) {
		run->result->missing_bytes = missing;
		return bm_err(-ENOSPC, "there is no room to build an image, neither in memory nor on the disk");
	}
	/* What is built there is copied into the system. */
	return r < 0 ? r : bm_root_fence_add(run->image.own, run->image.root, run->work.dir);
}

bool bm_run_is_edit(const struct bm_step *step)
{
	return step->kind == BM_STEP_EDIT || step->kind == BM_STEP_LINK || step->kind == BM_STEP_MOVE;
}

int bm_run_note(struct bm_run *run, enum bm_journal_kind kind, const char *text)
{
	struct bm_journal_record record = {.kind = kind, .time = bm_time_now()};
	int r = bm_str_set(kind == BM_JOURNAL_END ? &record.outcome : &record.text, text);

	if (r < 0) {
		bm_journal_record_done(&record);
		return r;
	}
	return bm_txn_note(&run->txn, &record);
}

int bm_run_need_txn(struct bm_run *run)
{
	int r;

	if (run->txn.root)
		return 0;
	r = bm_txn_begin(run->image.own, run->plan, &run->txn);
	if (r == 0)
		r = bm_str_set(&run->result->id, run->txn.id);
	for (size_t i = 0; r == 0 && i < run->irreversible.n; i++)
		r = bm_run_note(run, BM_JOURNAL_STEP, run->irreversible.items[i]);
	for (size_t i = 0; r == 0 && i < run->plan->n_steps; i++)
		if (bm_run_is_edit(&run->plan->steps[i]))
			r = bm_edit_intend(run, &run->plan->steps[i]);
	return r < 0 ? r : bm_txn_flush(&run->txn);
}

int bm_run_in_place(struct bm_run *run, const struct bm_step *step, bool *ret_is)
{
	uint64_t number = bm_run_number(run, step), from = 0;
	const struct bm_journal_record *intent;
	bool all = true, any = false;
	int r = 0;

	*ret_is = false;
	if (!run->options->resume || !run->txn.root)
		return 0;
	while (r == 0 && all && (intent = bm_txn_find(&run->txn, from, number, NULL))) {
		const struct bm_journal_state *after = bm_journal_after(&run->txn.journal, intent->number);

		any = true;
		from = intent->number + 1;
		all = after->type != BM_JOURNAL_UNKNOWN;
		if (all)
			r = bm_state_is(run->image.root, intent->path, after, &all);
		if (r == 0 && all)
			r = bm_state_settle(run->image.root, intent);
	}
	if (r == 0 && any && !all)
		r = bm_txn_take_back(&run->txn, 0, number, true);
	*ret_is = any && all;
	return r;
}
