/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "swap.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "../proof/prove.h"
#include "label.h"

/* Left free beside the images: metadata of the filesystem itself. */
#define RESERVE (512 * BM_KIB)

/* One swap on its way. */
struct job {
	struct bm_txn *txn;
	const struct bm_root *root; /* the transaction's */
	const struct bm_swap *swap;
	char *target; /* the file itself, after links */
	char *dir;    /* its folder */
	char *fresh;  /* the new image beside it, before the rename */
	char *backup; /* where the previous image goes */
	bool old_exists;
	struct bm_stat old;
	uint64_t number; /* of the intent */
};

void bm_swap_result_done(struct bm_swap_result *result)
{
	free(result->target);
	free(result->backup);
	*result = (struct bm_swap_result){0};
}

static void job_done(struct job *job)
{
	free(job->target);
	free(job->dir);
	free(job->fresh);
	free(job->backup);
}

/* NAME.bootmend-TIME in dir, a name that is free; for free(). */
static int backup_name(const struct bm_root *root, const char *dir, const char *name, char **ret_path)
{
	char time[BM_TIME_TEXT];

	bm_time_text(bm_time_now(), time);
	for (unsigned int i = 0; i < 100; i++) {
		_cleanup_free_ char *file =
			i == 0 ? bm_strf("%s.bootmend-%s", name, time) : bm_strf("%s.bootmend-%s-%u", name, time, i);
		_cleanup_free_ char *path = NULL;
		struct bm_stat st;

		if (!file)
			return -ENOMEM;
		/* vfat takes no colons. */
		for (char *c = file; *c; c++)
			if (*c == ':')
				*c = '-';
		path = bm_path_join(dir, file);
		if (!path)
			return -ENOMEM;
		if (bm_root_stat(root, path, false, &st) == -ENOENT) {
			*ret_path = path;
			path = NULL;
			bm_err_clear();
			return 0;
		}
	}
	return bm_err(-EEXIST, "%s/%s.bootmend-%s", dir, name, time);
}

static int job_begin(struct bm_txn *txn, const struct bm_swap *swap, struct job *job)
{
	int r;

	*job = (struct job){.txn = txn, .root = txn->root, .swap = swap};
	r = bm_state_target(job->root, swap->target, &job->target);
	if (r < 0)
		return r;
	job->dir = bm_path_dir(job->target);
	job->fresh = bm_state_fresh(job->target);
	if (!job->dir || !job->fresh)
		return -ENOMEM;
	if (bm_root_stat(job->root, job->target, false, &job->old) == 0) {
		if (job->old.type != BM_FILE_REGULAR)
			return bm_err(-EINVAL, "%s is no regular file", job->target);
		job->old_exists = true;
	}
	bm_err_clear();
	return 0;
}

/* Notes what is about to happen, and has it on the disk. */
static int intend(struct job *job, bool gap)
{
	struct bm_journal_record intent = {
		.step = job->swap->step,
		.op = job->old_exists ? BM_JOURNAL_REPLACE : BM_JOURNAL_CREATE,
		.gap = gap,
		.after.type = BM_JOURNAL_FILE,
		.after.size_bytes = job->swap->size_bytes,
	};
	int r = bm_str_set(&intent.path, job->target);

	if (r == 0)
		r = bm_str_set(&intent.pre, job->backup);
	if (r == 0)
		r = bm_str_set(&intent.filesystem, job->swap->filesystem);
	memcpy(intent.after.hash, job->swap->hash, BM_SHA256_TEXT);
	if (job->swap->before)
		memcpy(intent.before.hash, job->swap->before, BM_SHA256_TEXT);
	if (r < 0) {
		bm_journal_record_done(&intent);
		return r;
	}
	r = bm_txn_intend(job->txn, &intent, BM_TXN_BESIDE, &job->number);
	return r < 0 ? r : bm_txn_flush(job->txn);
}

static uint64_t rounded(const struct bm_fs_space *space, uint64_t bytes)
{
	uint64_t block = space->block_size_bytes ? space->block_size_bytes : 4096;

	return (bytes + block - 1) / block * block + RESERVE;
}

/* Writes the new image beside the target (the copy is compared with what was proven), with the previous one's owner,
 * mode and labels. */
static int write_fresh(const struct job *job)
{
	struct bm_rootw_attr attr = {.mode = job->old.mode, .uid = job->old.uid, .gid = job->old.gid};
	const char *old = bm_root_exists(job->root, job->target) ? job->target : job->backup;
	struct bm_stat st;
	int r;

	/* What a run that was killed left; it was never anybody's image. */
	if (bm_root_stat(job->root, job->fresh, false, &st) == 0) {
		r = bm_rootw_unlink(job->root, job->fresh);
		if (r < 0)
			return r;
	}
	bm_err_clear();
	if (!job->old_exists) {
		r = bm_root_stat(job->root, job->swap->image, false, &st);
		if (r < 0)
			return r;
		attr.mode = st.mode;
	}
	r = bm_rootw_copy_as(job->root, job->swap->image, job->fresh, job->old_exists ? old : NULL, &attr);
	if (r == 0 && bm_label_apply_as(job->root, job->fresh, job->old_exists ? old : NULL, job->target) < 0)
		bm_err_clear();
	return r;
}

/* Gives the previous image its second name, and its first one to the new: by a hard link before the rename; where there
 * are none by an exchange, which is one step, or a copy. */
static int swap_beside(struct job *job)
{
	int r;

	if (!job->old_exists)
		return bm_rootw_rename_new(job->root, job->fresh, job->target);
	r = bm_rootw_link(job->root, job->target, job->backup);
	if (r == -EOPNOTSUPP || r == -EPERM || r == -EMLINK || r == -ENOSYS) {
		bm_err_clear();
		r = bm_rootw_exchange(job->root, job->fresh, job->target);
		if (r == 0)
			return bm_rootw_rename_new(job->root, job->fresh, job->backup);
		if (r != -EOPNOTSUPP)
			return r;
		bm_err_clear();
		r = bm_rootw_copy(job->root, job->target, job->backup);
	}
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, job->dir);
	if (r == 0)
		r = bm_rootw_rename(job->root, job->fresh, job->target);
	return r;
}

/* There is room for both images. */
static int swap_with_room(struct job *job)
{
	int r = job->old_exists ? backup_name(job->root, job->dir, bm_path_base(job->target), &job->backup) : 0;

	if (r == 0)
		r = intend(job, false);
	if (r == 0)
		r = write_fresh(job);
	if (r == 0)
		r = swap_beside(job);
	/* The room was counted: it is the write that failed, and more room may not help. */
	if (r == -ENOSPC) {
		_cleanup_free_ char *why = bm_strf("%s", bm_err_text(r));

		return bm_err(-EIO, "%s", why ? why : "out of memory");
	}
	return r < 0 ? r : bm_rootw_sync_dir(job->root, job->dir);
}

/* Whether the previous image could boot: only one that can't may be moved away before the new one is in place. */
static int old_is_good(const struct job *job, bool *ret_good)
{
	_cleanup_proof_ struct bm_proof proof = {0};
	int r = bm_prove_file(job->root, job->target, job->swap->needs, &proof);

	if (r < 0)
		return r;
	*ret_good = proof.verdict || proof.unknown;
	return 0;
}

/* The previous image, which can't boot, moves to the root's filesystem and makes room for the new one. */
static int swap_by_moving(struct job *job)
{
	int r = backup_name(job->root, BM_TXN_HOME, bm_path_base(job->target), &job->backup);

	if (r == 0)
		r = intend(job, true);
	if (r == 0)
		r = bm_rootw_copy(job->root, job->target, job->backup);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, BM_TXN_HOME);
	if (r == 0)
		r = bm_rootw_unlink(job->root, job->target);
	if (r == 0)
		r = write_fresh(job);
	if (r == 0)
		r = bm_rootw_rename_new(job->root, job->fresh, job->target);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, job->dir);
	if (r == -ENOSPC) {
		_cleanup_free_ char *why = bm_strf("%s", bm_err_text(r));

		return bm_err(-EIO, "%s", why ? why : "out of memory");
	}
	return r;
}

/* Whether the folder for backups lies on another filesystem with room for the previous image. */
static bool can_move(const struct job *job, const struct bm_fs_space *space)
{
	struct bm_fs_space other;
	const char *near = bm_root_is_dir(job->root, "/var/lib") ? "/var/lib" : "/";

	return bm_root_space(job->root, near, &other) == 0 && other.dev != space->dev && !other.read_only &&
	       other.free_bytes >= rounded(&other, job->old.size_bytes);
}

static int swap_without_room(struct job *job, const struct bm_fs_space *space, uint64_t *ret_missing)
{
	uint64_t need = rounded(space, job->swap->size_bytes);
	uint64_t freed = job->old_exists ? job->old.blocks * 512 : 0;
	bool good = false;
	int r;

	*ret_missing = need - space->free_bytes;
	if (!job->old_exists || !can_move(job, space) || space->free_bytes + freed < need)
		return bm_err(
			-ENOSPC, "%s lacks %llu bytes for the new image", job->dir, (unsigned long long)*ret_missing);
	r = old_is_good(job, &good);
	if (r < 0)
		return r;
	if (good)
		return bm_err(-ENOSPC,
			"%s lacks %llu bytes to hold the new image beside the present one, which is good and is not "
			"given up before",
			job->dir, (unsigned long long)*ret_missing);
	return swap_by_moving(job);
}

static int swap_job(struct job *job, struct bm_swap_result *result)
{
	struct bm_fs_space space;
	int r = bm_root_space(job->root, job->dir, &space);

	if (r < 0)
		return r;
	if (space.free_bytes >= rounded(&space, job->swap->size_bytes))
		r = swap_with_room(job);
	else
		r = swap_without_room(job, &space, &result->missing_bytes);
	if (r == 0)
		bm_txn_finished(job->txn, job->number, NULL);
	return r;
}

int bm_swap(struct bm_txn *txn, const struct bm_swap *swap, struct bm_swap_result *ret_result)
{
	struct bm_swap_result result = {0};
	struct job job;
	int r = job_begin(txn, swap, &job);

	if (r == 0)
		r = swap_job(&job, &result);
	if (r == 0) {
		result.target = job.target;
		result.backup = job.backup;
		job.target = job.backup = NULL;
	}
	job_done(&job);
	*ret_result = result;
	return r;
}

int bm_swap_missing(const struct bm_root *root, const char *target, uint64_t size_bytes, uint64_t *ret_missing_bytes)
{
	_cleanup_free_ char *path = NULL, *dir = NULL;
	struct bm_fs_space space;
	struct bm_stat st;
	uint64_t have, need;
	int r = bm_state_target(root, target, &path);

	if (r < 0)
		return r;
	dir = bm_path_dir(path);
	r = dir ? bm_root_space(root, dir, &space) : -ENOMEM;
	if (r < 0)
		return r;
	have = space.free_bytes;
	if (bm_root_stat(root, path, false, &st) == 0)
		have += st.blocks * 512;
	bm_err_clear();
	need = rounded(&space, size_bytes);
	*ret_missing_bytes = have < need ? need - have : 0;
	return 0;
}
