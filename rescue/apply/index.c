/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module index that depmod writes (modules.dep and its sisters). depmod has no useful way to write elsewhere, so
 * everything it may write is kept in the journal first.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "run.h"

/* What depmod of kmod, module-init-tools and busybox makes. */
static const char *const made[] = {"modules.dep", "modules.dep.bin", "modules.alias", "modules.alias.bin",
	"modules.symbols", "modules.symbols.bin", "modules.softdep", "modules.weakdep", "modules.devname",
	"modules.builtin.bin", "modules.builtin.alias.bin", "modules.ccwmap", "modules.ieee1394map", "modules.inputmap",
	"modules.isapnpmap", "modules.ofmap", "modules.pcimap", "modules.seriomap", "modules.usbmap"};

static int intend_one(struct bm_run *run, const struct bm_step *step, const char *name)
{
	struct bm_journal_record intent = {
		.step = bm_run_number(run, step), .op = BM_JOURNAL_SCOPE, .time = bm_time_now()};
	_cleanup_free_ char *dir = NULL;
	uint64_t number;
	int r = bm_root_realpath(run->image.root, step->target, &dir);

	if (r == 0) {
		intent.path = bm_path_join(dir, name);
		r = intent.path ? bm_str_set(&intent.filesystem, step->filesystem) : -ENOMEM;
	}
	if (r < 0) {
		bm_journal_record_done(&intent);
		return r;
	}
	return bm_txn_intend(&run->txn, &intent, BM_TXN_COPY, &number);
}

/* Files that came with the kernel and are not written again (modules.order, modules.builtin) are left out. */
static int intend_all(struct bm_run *run, const struct bm_step *step)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(made); i++)
		r = intend_one(run, step, made[i]);
	return r < 0 ? r : bm_txn_flush(&run->txn);
}

/* Notes what the files are now: only what is still so may be taken back later. */
static int finish_all(struct bm_run *run, const struct bm_step *step)
{
	uint64_t last = bm_txn_last(&run->txn), number = bm_run_number(run, step);

	for (uint64_t n = 1; n <= last; n++) {
		const struct bm_journal_record *intent = bm_journal_intent(&run->txn.journal, n);
		struct bm_journal_state after;
		int r;

		if (!intent || intent->step != number || bm_journal_has(&run->txn.journal, BM_JOURNAL_TAKEN_BACK, n))
			continue;
		r = bm_state_read(run->image.root, intent->path, true, &after);
		if (r < 0)
			return r;
		bm_txn_finished(&run->txn, n, &after);
		bm_journal_state_done(&after);
	}
	return 0;
}

int bm_index_take(struct bm_run *run, const struct bm_step *step, struct bm_step_result *done)
{
	struct bm_tool_run tool = {0};
	bool was = false;
	int r = bm_run_need_work(run, step);

	if (r == 0)
		r = bm_run_need_txn(run);
	if (r == 0)
		r = bm_run_in_place(run, step, &was);
	if (r < 0 || was) {
		run->reindexed = run->reindexed || was;
		bm_run_say(done, r < 0 ? NULL : bm_strf("the modules of %s are indexed already", step->version));
		return r;
	}
	r = intend_all(run, step);
	if (r < 0)
		return r;
	run->reindexed = true;
	r = bm_work_run(&run->work, step, run->options, &tool);
	if (r == 0 && tool.error)
		r = bm_run_tool_failed(run, &tool);
	if (r == 0)
		r = bm_rootw_sync_fs(run->image.root, step->target);
	if (r == 0)
		r = finish_all(run, step);
	if (r == 0)
		bm_run_say(done, bm_strf("the modules of %s are indexed", step->version));
	bm_tool_run_done(&tool);
	return r;
}
