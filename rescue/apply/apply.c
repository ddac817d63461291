/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/rootw.h"
#include "../os/system.h"
#include "../system/prove.h"
#include "index.h"
#include "record.h"
#include "swap.h"
#include "sysimage.h"
#include "work.h"

/* A plan on its way. */
struct run {
	struct bm_plan *plan;
	struct bm_survey *survey;
	struct bm_system view; /* the system, read through the sysimage */
	const struct bm_apply_options *options;
	struct bm_result *result;
	struct bm_sysimage image;
	bool mounted;
	struct bm_work work;
	struct bm_index_backup index; /* of a depmod whose image is not in place yet */
	bool reindexed;
	struct bm_needs needs; /* of the kernel whose image is being made */
};

const char *bm_outcome_text(enum bm_outcome outcome)
{
	static const char *const texts[] = {"repaired", "failed", "no-space", "partly"};

	return texts[outcome];
}

void bm_result_done(struct bm_result *result)
{
	for (size_t i = 0; i < result->n_steps; i++)
		free(result->steps[i].text);
	free(result->steps);
	free(result->error);
	free(result->log_path);
	bm_strv_done(&result->tool_tail);
	bm_strv_done(&result->images);
	bm_strv_done(&result->backups);
	bm_strv_done(&result->hashes);
	*result = (struct bm_result){0};
}

static void say(struct bm_step_result *done, char *text)
{
	free(done->text);
	done->text = text;
}

/* Takes over what a tool that failed left; -ENOTRECOVERABLE stands for "it is told already". */
static int tool_failed(struct run *run, struct bm_tool_run *tool)
{
	bm_strv_done(&run->result->tool_tail);
	run->result->tool_tail = tool->tail;
	tool->tail = (struct bm_strv){0};
	return bm_err(-ENOTRECOVERABLE, "%s", tool->error);
}

static int step_mount(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_free_ char *notes = NULL;
	int r;

	(void)step;
	r = bm_sysimage_mount(run->survey, &run->view, true, &run->image);
	if (r < 0)
		return r;
	run->mounted = true;
	run->view.root = run->image.root;
	notes = bm_strv_join(&run->image.notes, "; ");
	say(done, notes && *notes ? bm_strf("mounted at %s; %s", BM_SYSIMAGE_DIR, notes)
				  : bm_strf("mounted at %s", BM_SYSIMAGE_DIR));
	return 0;
}

/* The work folder for the next BUILD step's image, made before depmod or the build, whichever comes first. */
static int need_work(struct run *run, const struct bm_step *step)
{
	uint64_t need = 0, missing = 0;
	int r;

	if (run->work.dir)
		return 0;
	for (const struct bm_step *at = step; at < run->plan->steps + run->plan->n_steps; at++) {
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
	return r;
}

static int step_depmod(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	struct bm_tool_run tool = {0};
	int r = need_work(run, step);

	if (r == 0)
		r = bm_index_save(&run->work, step->target, &run->index);
	if (r < 0)
		return r;
	run->reindexed = true;
	r = bm_work_run(&run->work, step, run->options, &tool);
	if (r == 0 && tool.error)
		r = tool_failed(run, &tool);
	if (r == 0)
		say(done, bm_strf("the modules of %s are indexed", step->version));
	bm_tool_run_done(&tool);
	return r;
}

static int step_build(struct run *run, struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_free_ char *size = NULL;
	struct bm_tool_run tool = {0};
	struct bm_stat st;
	int r = need_work(run, step);

	if (r == 0 && run->reindexed)
		r = bm_plan_refresh_build(run->survey, &run->view, step);
	if (r == 0)
		r = bm_work_run(&run->work, step, run->options, &tool);
	if (r < 0)
		return r;
	if (tool.error) {
		r = tool_failed(run, &tool);
	} else {
		r = bm_root_stat(run->image.root, run->work.output, false, &st);
		/* Some versions of dracut end with status 0 and no image. */
		if (r == -ENOENT)
			r = bm_err(-ENOTRECOVERABLE, "%s ended well and wrote no image",
				bm_path_base(step->argv.items[0]));
	}
	if (r == 0) {
		size = bm_size_text(st.size_bytes);
		say(done, bm_strf("built, %s", size ? size : "?"));
	}
	bm_tool_run_done(&tool);
	return r;
}

static int step_prove(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	const struct bm_kernel *kernel = bm_system_kernel(&run->view, step->version);
	_cleanup_proof_ struct bm_proof proof = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	int r;

	bm_needs_done(&run->needs);
	r = bm_needs_read(run->survey, &run->view, kernel, true, &run->needs);
	if (r == 0)
		r = bm_prove_file(run->image.root, run->work.output, &run->needs, &proof);
	if (r < 0)
		return r;
	if (!proof.verdict) {
		for (size_t i = 0; i < proof.n_problems; i++)
			bm_buf_addf(&text, "%s%s", i > 0 ? "; " : "", proof.problems[i].text);
		return bm_err(-ENOTRECOVERABLE, "the new image cannot boot %s: %s", step->version, bm_buf_text(&text));
	}
	for (size_t i = 0; i < proof.proven.n; i++)
		bm_buf_addf(&text, "%s%s", i > 0 ? "; " : "", proof.proven.items[i]);
	say(done, bm_strf("proven: %s", bm_buf_text(&text)));
	return 0;
}

static int step_swap(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	const struct bm_swap swap = {run->work.output, step->target, &run->needs};
	struct bm_swap_result swapped;
	int r = bm_swap(run->image.root, &swap, &swapped);

	if (r == -ENOSPC)
		run->result->missing_bytes = swapped.missing_bytes;
	if (r == 0) {
		struct bm_result *result = run->result;

		/* The index belongs to the image that is in place now. */
		run->reindexed = false;
		if (bm_strv_add(&result->images, swapped.target) < 0 ||
			bm_strv_add(&result->backups, swapped.backup ? swapped.backup : "") < 0 ||
			bm_strv_add(&result->hashes, swapped.hash) < 0)
			r = -ENOMEM;
		say(done, swapped.backup ? bm_strf("%s is the new image; the previous one is %s", swapped.target,
						   swapped.backup)
					 : bm_strf("%s is the new image; there was none before", swapped.target));
	}
	bm_swap_result_done(&swapped);
	bm_work_end(&run->work);
	bm_index_done(&run->index);
	return r;
}

static int step_record(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	int r = bm_record_write(run->image.root, step->target, run->plan, run->result, &run->result->log_path);

	/* The repair stands, with or without its record. */
	say(done, r < 0 ? bm_strf("not written: %s", bm_err_text(r)) : bm_strf("%s", run->result->log_path));
	bm_err_clear();
	return 0;
}

/* Everything to the disk, everything down. */
static int take_down(struct run *run)
{
	unsigned int n;
	int r = 0;

	bm_work_end(&run->work);
	if (!run->mounted)
		return 0;
	for (size_t i = 0; i < run->view.n_mounts; i++)
		if (run->view.mounts[i].device >= 0 &&
			bm_rootw_sync_fs(run->image.root, run->view.mounts[i].target) < 0)
			r = -EIO;
	bm_sysimage_done(&run->image);
	run->view.root = NULL;
	run->mounted = false;
	if (bm_sysimage_umount(&n) < 0)
		r = -EIO;
	return r;
}

static int step_unmount(struct run *run, const struct bm_step *step, struct bm_step_result *done)
{
	int r = take_down(run);

	(void)step;
	if (r == 0)
		say(done, bm_strf("unmounted"));
	return r;
}

static int take_step(struct run *run, struct bm_step *step, struct bm_step_result *done)
{
	switch (step->kind) {
	case BM_STEP_MOUNT:
		return step_mount(run, step, done);
	case BM_STEP_DEPMOD:
		return step_depmod(run, step, done);
	case BM_STEP_BUILD:
		return step_build(run, step, done);
	case BM_STEP_PROVE:
		return step_prove(run, step, done);
	case BM_STEP_SWAP:
		return step_swap(run, step, done);
	case BM_STEP_RECORD:
		return step_record(run, step, done);
	case BM_STEP_UNMOUNT:
		return step_unmount(run, step, done);
	case BM_STEP_FSCK:
	case BM_STEP_EDIT:
	case BM_STEP_LINK:
	case BM_STEP_MOVE:
	case BM_STEP_CONFIG:
		break;
	}
	return -EINVAL;
}

static int take_steps(struct run *run)
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
			say(done, bm_strf("%s", bm_err_text(r)));
			run->result->outcome = run->result->images.n > 0 ? BM_OUTCOME_PARTLY
					       : r == -ENOSPC		 ? BM_OUTCOME_NO_SPACE
									 : BM_OUTCOME_FAILED;
			return r;
		}
		done->done = true;
	}
	return 0;
}

int bm_apply(struct bm_plan *plan, struct bm_survey *survey, const struct bm_system *system,
	const struct bm_apply_options *options, struct bm_result *ret_result)
{
	struct bm_result result = {.outcome = BM_OUTCOME_REPAIRED};
	struct run run = {.plan = plan, .survey = survey, .view = *system, .options = options, .result = &result};
	int r = take_steps(&run);

	if (r < 0 && run.mounted) {
		if (run.reindexed && bm_index_restore(&run.work, &run.index) < 0)
			bm_err_clear();
		/* Of several kernels the earlier ones are repaired, and that is written down. */
		if (result.outcome == BM_OUTCOME_PARTLY &&
			bm_record_write(run.image.root, "/var/log/bootmend", plan, &result, &result.log_path) < 0)
			bm_err_clear();
	}
	if (take_down(&run) < 0)
		bm_err_clear();
	bm_needs_done(&run.needs);
	bm_index_done(&run.index);
	*ret_result = result;
	return 0;
}
