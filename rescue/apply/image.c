/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that make an initramfs: built by the system's tool in a work folder, proven there, swapped in.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../proof/prove_hash.h"
#include "run.h"
#include "swap.h"

/* The SWAP step of the image that step is about. */
static const struct bm_step *swap_of(const struct bm_run *run, const struct bm_step *step)
{
	for (const struct bm_step *at = step; at < run->plan->steps + run->plan->n_steps; at++)
		if (at->kind == BM_STEP_SWAP)
			return at;
	return NULL;
}

/* With a resumed repair the image may be in place. */
static int in_place(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done, bool *ret_is)
{
	const struct bm_step *swap = swap_of(run, step);
	int r = swap ? bm_run_in_place(run, swap, ret_is) : 0;

	if (r == 0 && *ret_is)
		bm_run_say(done, bm_strf("%s is the new image already", swap->target));
	return r;
}

int bm_image_build(struct bm_run *run, struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_free_ char *size = NULL;
	struct bm_tool_run tool = {0};
	struct bm_stat st;
	bool was = false;
	int r = in_place(run, step, done, &was);

	if (r < 0 || was)
		return r;
	r = bm_run_need_work(run, step);
	if (r == 0 && run->reindexed)
		r = bm_plan_refresh_build(run->survey, &run->view, step);
	if (r == 0)
		r = bm_work_run(&run->work, step, run->options, &tool);
	if (r < 0)
		return r;
	if (tool.error) {
		r = bm_run_tool_failed(run, &tool);
	} else {
		r = bm_root_stat(run->image.root, run->work.output, false, &st);
		/* Some versions of dracut end with status 0 and no image. */
		if (r == -ENOENT)
			r = bm_err(-ENOTRECOVERABLE, "%s ended well and wrote no image",
				bm_path_base(step->argv.items[0]));
	}
	if (r == 0) {
		size = bm_size_text(st.size_bytes);
		bm_run_say(done, bm_strf("built, %s", size ? size : "?"));
	}
	bm_tool_run_done(&tool);
	return r;
}

int bm_image_prove(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	const struct bm_kernel *kernel = bm_system_kernel(&run->view, step->version);
	_cleanup_proof_ struct bm_proof proof = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	bool was = false;
	int r = in_place(run, step, done, &was);

	if (r < 0 || was)
		return r;
	if (!kernel)
		return bm_err(-ENOTRECOVERABLE, "the system has no kernel %s", step->version);
	bm_needs_done(&run->needs);
	r = bm_needs_read(run->survey, &run->view, kernel, true, &run->needs);
	if (r == 0)
		r = bm_prove_hash(
			run->image.root, run->work.output, &run->needs, &proof, run->image_hash, &run->image_bytes);
	if (r < 0)
		return r;
	if (!proof.verdict) {
		for (size_t i = 0; i < proof.n_problems; i++)
			bm_buf_addf(&text, "%s%s", i > 0 ? "; " : "", proof.problems[i].text);
		return bm_err(-ENOTRECOVERABLE, "the new image cannot boot %s: %s", step->version, bm_buf_text(&text));
	}
	for (size_t i = 0; i < proof.proven.n; i++)
		bm_buf_addf(&text, "%s%s", i > 0 ? "; " : "", proof.proven.items[i]);
	bm_run_say(done, bm_strf("proven: %s", bm_buf_text(&text)));
	return 0;
}

/* What the plan knows of the file's content, or NULL. */
static const char *known_hash(const struct bm_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_basis; i++)
		if (bm_streq(plan->basis[i].path, path) && plan->basis[i].hash[0])
			return plan->basis[i].hash;
	return NULL;
}

static int take_swap(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	const struct bm_swap swap = {
		.image = run->work.output,
		.hash = run->image_hash,
		.size_bytes = run->image_bytes,
		.target = step->target,
		.filesystem = step->filesystem,
		.before = known_hash(run->plan, step->target),
		.step = bm_run_number(run, step),
		.needs = &run->needs,
	};
	struct bm_swap_result swapped = {0};
	int r = bm_swap(&run->txn, &swap, &swapped);

	if (r == -ENOSPC)
		run->result->missing_bytes = swapped.missing_bytes;
	if (r == 0) {
		if (bm_strv_add(&run->result->images, swapped.target) < 0 ||
			bm_strv_add(&run->result->backups, swapped.backup ? swapped.backup : "") < 0 ||
			bm_strv_add(&run->result->hashes, run->image_hash) < 0)
			r = -ENOMEM;
		bm_run_say(done,
			swapped.backup
				? bm_strf("%s is the new image; the previous one is %s", swapped.target, swapped.backup)
				: bm_strf("%s is the new image; there was none before", swapped.target));
	}
	bm_swap_result_done(&swapped);
	return r;
}

int bm_image_swap(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	bool was = false;
	int r = in_place(run, step, done, &was);

	if (r == 0 && !was)
		r = bm_run_need_txn(run);
	if (r == 0 && !was)
		r = take_swap(run, step, done);
	if (r < 0)
		return r;
	/* The index belongs to the image that is in place now. */
	run->reindexed = false;
	if (bm_streq(run->plan->kernel, "all"))
		run->floor = bm_txn_last(&run->txn);
	bm_work_end(&run->work);
	return 0;
}
