/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A loader's configuration written anew by the system's own tool: into the work folder, read again with our own parser,
 * and only then put in place.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../system/config_check.h"
#include "run.h"

#define CONFIG_MAX (4 * BM_MIB)

/* The text takes the configuration's place, by the journal. */
static int put(struct bm_run *run, const struct bm_step *step, const char *path, const struct bm_buf *text)
{
	struct bm_journal_record intent = {.step = bm_run_number(run, step), .after.type = BM_JOURNAL_FILE};
	uint64_t number;
	int r = bm_str_set(&intent.path, path);

	intent.op = bm_root_exists(run->image.root, path) ? BM_JOURNAL_REPLACE : BM_JOURNAL_CREATE;
	bm_err_clear();
	intent.after.size_bytes = text->len;
	bm_sha256_text(bm_buf_text(text), text->len, intent.after.hash);
	if (r == 0)
		r = bm_str_set(&intent.filesystem, step->filesystem);
	if (r < 0) {
		bm_journal_record_done(&intent);
		return r;
	}
	r = bm_txn_intend(&run->txn, &intent, BM_TXN_COPY, &number);
	if (r == 0)
		r = bm_txn_flush(&run->txn);
	return r < 0 ? r : bm_txn_put(&run->txn, number, bm_buf_text(text), text->len);
}

/* Runs the tool and proves what it wrote. */
static int make(struct bm_run *run, struct bm_step *step, const char *path, struct bm_buf *text)
{
	_cleanup_free_ char *why = NULL;
	struct bm_tool_run tool = {0};
	int r = bm_work_run(&run->work, step, run->options, &tool);

	if (r == 0 && tool.error)
		r = bm_run_tool_failed(run, &tool);
	bm_tool_run_done(&tool);
	if (r == 0)
		r = bm_root_read(run->image.root, run->work.output, CONFIG_MAX, text);
	if (r == -ENOENT)
		r = bm_err(-ENOTRECOVERABLE, "%s ended well and wrote no configuration",
			bm_path_base(step->argv.items[0]));
	if (r == 0)
		r = bm_config_check(run->survey, &run->view, path, bm_buf_text(text), text->len, &why);
	if (r == 0 && why)
		r = bm_err(-ENOTRECOVERABLE, "the new %s would not boot: %s", path, why);
	return r;
}

int bm_config_take(struct bm_run *run, struct bm_step *step, struct bm_step_result *done)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	bool was = false;
	int r = bm_run_need_txn(run);

	if (r == 0)
		r = bm_run_in_place(run, step, &was);
	if (r < 0 || was) {
		bm_run_say(done, was ? bm_strf("%s is written already", step->target) : NULL);
		return r;
	}
	r = bm_state_target(run->image.root, step->target, &path);
	if (r == 0)
		r = bm_run_need_work(run, step);
	if (r == 0)
		r = make(run, step, path, &text);
	if (r == 0)
		r = put(run, step, path, &text);
	if (r == 0)
		bm_run_say(done, bm_strf("%s is written by %s and proven", path, bm_path_base(step->argv.items[0])));
	bm_work_end(&run->work);
	return r;
}
