/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The work folder of a repair, inside the sysimage: in memory where there is enough, so that a failure leaves no trace
 * on the disk; else on the patient's filesystem with room. For that time the system has a /run of its own in memory,
 * where it has the folder.
 */
#ifndef BM_APPLY_WORK_H
#define BM_APPLY_WORK_H

#include "apply.h"
#include "sysimage.h"

struct bm_work {
	const struct bm_root *root; /* borrowed */
	char *dir;		    /* path in the system: work/, with tmp/ below */
	char *output;		    /* dir/image */
	char *tmpdir;		    /* dir/tmp */
	char *confdir;		    /* dir/conf */
	char *run;		    /* where its /run is mounted, in the rescue system; NULL: it has none */
	bool in_memory;		    /* dir lies in it */
	char *place;		    /* on the disk: the folder in which it was made, and that one's time before */
	int64_t place_mtime_s;
	uint32_t place_mtime_ns;
};

/*
 * Makes the folder for building an image of about need_bytes. Returns 0; -ENOSPC with *ret_missing_bytes where neither
 * memory nor any filesystem has room (nothing was made then); another negative errno.
 */
int bm_work_begin(const struct bm_root *root, uint64_t need_bytes, struct bm_work *ret_work,
	uint64_t *ret_missing_bytes) BM_MUST_CHECK;

/* Removes the folder and all in it. */
void bm_work_end(struct bm_work *work);

/* What one build, or one depmod, leaves: the reason it failed and the tool's last lines. */
struct bm_tool_run {
	char *error; /* NULL: it ended well */
	struct bm_strv tail;
};
void bm_tool_run_done(struct bm_tool_run *run);

/* Runs the step's command in the system, with the placeholders replaced. Returns 0 with run->error telling, or a
 * negative errno where it could not be started at all. */
int bm_work_run(const struct bm_work *work, const struct bm_step *step, const struct bm_apply_options *options,
	struct bm_tool_run *ret_run) BM_MUST_CHECK;

#endif
