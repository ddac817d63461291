/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/root/fileio.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"
#include "accept.h"
#include "fsck.h"
#include "record.h"
#include "run.h"
#include "swap.h"
#include "undo.h"

const char *bm_outcome_text(enum bm_outcome outcome)
{
	static const char *const texts[] = {"repaired", "failed", "no-space", "partly", "not-judged", "refused"};

	return texts[outcome];
}

void bm_result_done(struct bm_result *result)
{
	for (size_t i = 0; i < result->n_steps; i++)
		free(result->steps[i].text);
	free(result->steps);
	free(result->error);
	free(result->log_path);
	free(result->id);
	bm_strv_done(&result->tool_tail);
	bm_strv_done(&result->images);
	bm_strv_done(&result->backups);
	bm_strv_done(&result->hashes);
	*result = (struct bm_result){0};
}

/* Nothing has changed since the plan was made: asked before anything is changed. */
static int check_edits(struct bm_run *run)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->plan->n_steps; i++)
		if (bm_run_is_edit(&run->plan->steps[i]))
			r = bm_edit_check(run, &run->plan->steps[i]);
	return r;
}

/* What somebody changed since the interruption is not to be taken back when a later step fails. Lets go of the
 * transaction where there is such a thing. */
static int check_resume(struct bm_txn *txn)
{
	_cleanup_strv_ struct bm_strv changed = {0};
	_cleanup_free_ char *what = NULL;
	int r = bm_undo_check(txn, &changed);

	if (r == 0 && changed.n > 0) {
		what = bm_strv_join(&changed, "; ");
		r = bm_err(-ENOTRECOVERABLE, "the repair %s cannot go on: %s", txn->id, what ? what : "out of memory");
	}
	if (r < 0)
		bm_txn_done(txn);
	return r;
}

/* Takes up the journal of the repair that was interrupted. */
static int resume(struct bm_run *run)
{
	struct bm_txn txn;
	int r = bm_txn_open(run->image.own, run->options->resume, &txn);

	if (r == 0 && bm_journal_phase(&txn.journal) != BM_JOURNAL_OPEN) {
		/* It must not look like one that failed here: that would be taken back. */
		run->result->ended = bm_journal_phase(&txn.journal) == BM_JOURNAL_ENDED;
		bm_txn_done(&txn);
		r = bm_err(-ENOTRECOVERABLE, "the repair %s was not interrupted", run->options->resume);
	}
	if (r == 0)
		r = check_resume(&txn);
	if (r < 0)
		return r;
	run->txn = txn;
	r = bm_str_set(&run->result->id, run->txn.id);
	if (r == 0)
		r = bm_run_note(run, BM_JOURNAL_RESUME, NULL);
	for (size_t i = 0; r == 0 && i < run->plan->n_steps; i++)
		if (bm_run_is_edit(&run->plan->steps[i]))
			r = bm_edit_intend(run, &run->plan->steps[i]);
	return r < 0 ? r : bm_txn_flush(&run->txn);
}

static int step_mount(struct bm_run *run, struct bm_step_result *done)
{
	_cleanup_free_ char *notes = NULL;
	int r = 0;

	/* Whatever becomes of us, no mount stays behind. Looking at disks has a namespace of its own already. */
	if (run->view.given)
		r = bm_mount_private();
	if (r == 0)
		r = bm_sysimage_mount(run->survey, &run->view, &run->guard, &run->image);
	if (r < 0)
		return r;
	run->mounted = true;
	run->view.root = run->image.root;
	notes = bm_strv_join(&run->image.notes, "; ");
	bm_run_say(done, notes && *notes ? bm_strf("mounted at %s; %s", BM_SYSIMAGE_DIR, notes)
					 : bm_strf("mounted at %s", BM_SYSIMAGE_DIR));
	return run->options->resume ? resume(run) : check_edits(run);
}

static int step_fsck(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_fsck_ struct bm_fsck_result fsck = {0};
	const struct bm_device *device;
	int r;

	/* The plan of a repair that is resumed comes from the patient's disk. */
	r = run->options->resume ? bm_accept_fsck(step, run->survey, &run->view, &device) : 0;
	if (r < 0)
		return r;
	r = bm_run_note_irreversible(step);
	if (r < 0)
		return r;
	r = bm_fsck_run(step, run->survey, &run->guard, NULL, run->options, &fsck);
	if (r < 0)
		return r;
	bm_strv_done(&run->result->tool_tail);
	run->result->tool_tail = fsck.tail;
	fsck.tail = (struct bm_strv){0};
	if (fsck.outcome != BM_FSCK_CLEAN && fsck.outcome != BM_FSCK_REPAIRED)
		return bm_err(-ENOTRECOVERABLE, "%s%s%s", fsck.text, fsck.instruction ? "; " : "",
			fsck.instruction ? fsck.instruction : "");
	if (bm_strv_addf(&run->irreversible, "%s%s%s", fsck.text, fsck.undo ? "; its undo file is " : "",
		    fsck.undo ? fsck.undo : "") < 0)
		return -ENOMEM;
	bm_run_say(done, bm_strf("%s", fsck.text));
	return 0;
}

/* The journal says that all is done, before anything else is written down. */
static int end_txn(struct bm_run *run)
{
	int r;

	if (!run->txn.root || run->ended)
		return 0;
	r = bm_run_note(run, BM_JOURNAL_END, bm_outcome_text(run->result->outcome));
	if (r == 0)
		r = bm_txn_flush(&run->txn);
	run->ended = r == 0;
	return r;
}

static int step_record(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	int r = run->irreversible.n > 0 ? bm_run_need_txn(run) : 0;

	if (r == 0)
		r = end_txn(run);
	if (r < 0)
		return r;
	r = bm_record_write(run->image.own, step->target, run->plan, run->result, &run->result->log_path);
	/* The repair stands, with or without its record. */
	bm_run_say(done, r < 0 ? bm_strf("not written: %s", bm_err_text(r)) : bm_strf("%s", run->result->log_path));
	bm_err_clear();
	return 0;
}

/* Everything to the disk. */
static int sync_all(struct bm_run *run)
{
	int r = 0;

	for (size_t i = 0; run->mounted && i < run->view.n_mounts; i++)
		if (run->view.mounts[i].device >= 0 &&
			bm_rootw_sync_fs(run->image.root, run->view.mounts[i].target) < 0)
			r = bm_err(-EIO, "%s: what was written may not be on the disk", run->view.mounts[i].target);
	return r;
}

/* Everything down. */
static int take_down(struct bm_run *run, struct bm_strv *notes)
{
	unsigned int n;

	bm_work_end(&run->work);
	bm_txn_done(&run->txn);
	if (!run->mounted)
		return 0;
	bm_sysimage_done(&run->image);
	run->view.root = NULL;
	run->mounted = false;
	return bm_sysimage_umount(notes, &n);
}

/* The repair is whole and on the disk before anything is unmounted: what stays busy is told, and changes nothing of it.
 */
static int step_unmount(struct bm_run *run, struct bm_step_result *done)
{
	_cleanup_strv_ struct bm_strv notes = {0};
	_cleanup_free_ char *text = NULL;
	int r = end_txn(run);

	if (r == 0)
		r = sync_all(run);
	if (r < 0)
		return r;
	r = take_down(run, &notes);
	text = bm_strv_join(&notes, "; ");
	if (r < 0)
		bm_run_say(done, bm_strf("all is written; not unmounted: %s", bm_err_text(r)));
	else
		bm_run_say(done, bm_strf("unmounted%s%s", text && *text ? "; " : "", text ? text : ""));
	bm_err_clear();
	return 0;
}

static int take_step(struct bm_run *run, struct bm_step *step, struct bm_step_result *done)
{
	switch (step->kind) {
	case BM_STEP_MOUNT:
		return step_mount(run, done);
	case BM_STEP_FSCK:
		return step_fsck(run, step, done);
	case BM_STEP_DISCARD:
		return bm_discard_take(run, step, done);
	case BM_STEP_EDIT:
	case BM_STEP_LINK:
	case BM_STEP_MOVE:
		return bm_edit_take(run, step, done);
	case BM_STEP_CONFIG:
		return bm_config_take(run, step, done);
	case BM_STEP_DEPMOD:
		return bm_index_take(run, step, done);
	case BM_STEP_BUILD:
		return bm_image_build(run, step, done);
	case BM_STEP_PROVE:
		return bm_image_prove(run, step, done);
	case BM_STEP_SWAP:
		return bm_image_swap(run, step, done);
	case BM_STEP_RECORD:
		return step_record(run, step, done);
	case BM_STEP_UNMOUNT:
		return step_unmount(run, done);
	}
	return -EINVAL;
}

static int take_steps(struct bm_run *run)
{
	for (size_t i = 0; i < run->plan->n_steps; i++) {
		struct bm_step *step = &run->plan->steps[i];
		struct bm_step_result *done =
			BM_VEC_PUSH(run->result->steps, run->result->n_steps, run->result->cap_steps);
		uint64_t start = bm_time_ms();
		int r;

		if (!done)
			return -ENOMEM;
		if (run->options->progress)
			run->options->progress(run->options->context, step, 0, NULL);
		r = take_step(run, step, done);
		done->seconds = (unsigned int)((bm_time_ms() - start) / 1000);
		if (r < 0) {
			free(run->result->error);
			run->result->error = bm_strf("%s", bm_err_text(r));
			bm_run_say(done, bm_strf("%s", bm_err_text(r)));
			run->result->outcome = r == -ENOSPC ? BM_OUTCOME_NO_SPACE : BM_OUTCOME_FAILED;
			return r;
		}
		done->done = true;
	}
	return 0;
}

/* Before anything is opened for writing nobody else may use the disks. */
static int begin(struct bm_run *run)
{
	int r = bm_guard_take(run->survey, &run->view, run->plan, &run->guard);

	if (r < 0) {
		run->result->error = bm_strf("%s", bm_err_text(r));
		run->result->outcome = r == -ECANCELED ? BM_OUTCOME_REFUSED : BM_OUTCOME_FAILED;
	}
	return r;
}

static void forget_images(struct bm_result *result)
{
	bm_strv_done(&result->images);
	bm_strv_done(&result->backups);
	bm_strv_done(&result->hashes);
}

/* A step failed: what this repair did is taken back, but for the finished images of `all`. */
static void give_up(struct bm_run *run)
{
	bool partly = run->floor > 0 || (!run->mounted && run->result->images.n > 0);
	int r;

	if (partly)
		run->result->outcome = BM_OUTCOME_PARTLY;
	if (!run->mounted || !run->txn.root)
		return;
	bm_work_end(&run->work);
	r = bm_txn_take_back(&run->txn, run->floor, 0, false);
	if (r < 0) {
		_cleanup_free_ char *error = run->result->error;

		run->result->interrupted = true;
		run->result->error = bm_strf("%s; and not everything could be taken back (%s): `bootmend undo` does it",
			error ? error : "", bm_err_text(r));
		bm_err_clear();
		return;
	}
	if (!partly) {
		forget_images(run->result);
		free(run->result->id);
		run->result->id = NULL;
		return;
	}
	/* Of several kernels the earlier ones are repaired, and that is written down. */
	if (end_txn(run) < 0 || bm_record_write(run->image.own, "/var/log/bootmend", run->plan, run->result,
					&run->result->log_path) < 0)
		bm_err_clear();
}

int bm_apply(struct bm_plan *plan, struct bm_survey *survey, const struct bm_system *system,
	const struct bm_apply_options *options, struct bm_result *ret_result)
{
	struct bm_result result = {.outcome = BM_OUTCOME_REPAIRED};
	struct bm_run run = {.plan = plan, .survey = survey, .view = *system, .options = options, .result = &result};
	int r = bm_accept_plan(plan);

	if (r < 0)
		return r;
	r = begin(&run);
	if (r == 0)
		r = take_steps(&run);
	if (r < 0)
		give_up(&run);
	if (sync_all(&run) < 0)
		bm_err_clear();
	if (take_down(&run, NULL) < 0)
		bm_err_clear();
	bm_guard_done(&run.guard);
	bm_needs_done(&run.needs);
	bm_strv_done(&run.irreversible);
	*ret_result = result;
	return 0;
}
