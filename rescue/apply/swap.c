/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "swap.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/rootw.h"
#include "../os/system.h"
#include "../system/prove.h"

#define BACKUP_DIR "/var/lib/bootmend"
/* Left free beside the images: metadata of the filesystem itself. */
#define RESERVE (512 * BM_KIB)

/* One swap on its way. */
struct job {
	const struct bm_root *root;
	const struct bm_swap *swap;
	char *target; /* the file itself, after links */
	char *dir;    /* its folder */
	char *fresh;  /* the new image beside it, before the rename */
	char *backup; /* where the previous image goes */
	bool old_exists;
	struct bm_stat old;
	uint64_t size_bytes; /* of the new image */
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

/* Where the link at path leads, also when nothing is there yet. */
static int resolve_target(const struct bm_root *root, const char *path, char **ret_target)
{
	_cleanup_free_ char *dir = bm_path_dir(path), *real_dir = NULL;
	struct bm_stat st;
	int r;

	if (bm_root_stat(root, path, true, &st) == 0)
		return bm_root_realpath(root, path, ret_target);
	bm_err_clear();
	r = dir ? bm_root_realpath(root, dir, &real_dir) : -ENOMEM;
	if (r < 0)
		return r;
	*ret_target = bm_path_join(real_dir, bm_path_base(path));
	return *ret_target ? 0 : -ENOMEM;
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

static int job_begin(const struct bm_root *root, const struct bm_swap *swap, struct job *job)
{
	struct bm_stat st;
	int r;

	*job = (struct job){.root = root, .swap = swap};
	r = bm_root_stat(root, swap->image, false, &st);
	if (r < 0)
		return r;
	job->size_bytes = st.size_bytes;
	r = resolve_target(root, swap->target, &job->target);
	if (r < 0)
		return r;
	job->dir = bm_path_dir(job->target);
	job->fresh = bm_strf("%s.bootmend-new", job->target);
	if (!job->dir || !job->fresh)
		return -ENOMEM;
	if (bm_root_stat(root, job->target, false, &job->old) == 0) {
		if (job->old.type != BM_FILE_REGULAR)
			return bm_err(-EINVAL, "%s is no regular file", job->target);
		job->old_exists = true;
	}
	bm_err_clear();
	/* What a run that was killed left; it was never anybody's image. */
	if (bm_root_stat(root, job->fresh, false, &st) == 0)
		return bm_rootw_unlink(root, job->fresh);
	bm_err_clear();
	return 0;
}

static uint64_t rounded(const struct bm_fs_space *space, uint64_t bytes)
{
	uint64_t block = space->block_size_bytes ? space->block_size_bytes : 4096;

	return (bytes + block - 1) / block * block + RESERVE;
}

/* Writes the new image beside the target (bm_rootw_copy() compares what it wrote), with the previous one's owner, mode
 * and labels. */
static int write_fresh(const struct job *job)
{
	const char *old = bm_root_exists(job->root, job->target) ? job->target : job->backup;
	int r = bm_rootw_copy(job->root, job->swap->image, job->fresh);

	if (r == 0 && job->old_exists)
		r = bm_rootw_attr_like(job->root, old, job->fresh);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, job->dir);
	return r;
}

/* Keeps the previous image under another name of the same folder, and gives its name to the new one: by an exchange,
 * which is one step; on a filesystem that has none by a hard link, or a copy, before the rename. */
static int swap_beside(struct job *job)
{
	int r;

	if (!job->old_exists)
		return bm_rootw_rename_new(job->root, job->fresh, job->target);
	r = backup_name(job->root, job->dir, bm_path_base(job->target), &job->backup);
	if (r < 0)
		return r;
	r = bm_rootw_link(job->root, job->target, job->backup);
	if (r == -EOPNOTSUPP || r == -EPERM || r == -EMLINK || r == -ENOSYS) {
		bm_err_clear();
		r = bm_rootw_exchange(job->root, job->fresh, job->target);
		if (r == 0) {
			r = bm_rootw_rename_new(job->root, job->fresh, job->backup);
			/* Back, so that what is cleaned up is the new image and not the old. */
			if (r < 0 && bm_rootw_exchange(job->root, job->fresh, job->target) < 0)
				return bm_err(r, "%s is the previous image now", job->fresh);
			return r;
		}
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
	int r = write_fresh(job);

	if (r == 0)
		r = swap_beside(job);
	if (r < 0) {
		_cleanup_free_ char *why = bm_strf("%s", bm_err_text(r));
		struct bm_stat st;

		if (bm_root_stat(job->root, job->fresh, false, &st) == 0 && bm_rootw_unlink(job->root, job->fresh) < 0)
			bm_err_clear();
		/* A backup that no rename followed is the same image once more. */
		if (job->backup && bm_root_stat(job->root, job->target, false, &st) == 0 &&
			bm_rootw_unlink(job->root, job->backup) < 0)
			bm_err_clear();
		return bm_err(r == -ENOSPC ? -EIO : r, "%s", why ? why : "out of memory");
	}
	return bm_rootw_sync_dir(job->root, job->dir);
}

/* Whether the previous image could boot: only one that can't may be moved away before the new one is in place. */
static int old_is_good(const struct job *job, bool *ret_good)
{
	_cleanup_proof_ struct bm_proof proof = {0};
	int r = bm_prove_file(job->root, job->target, job->swap->needs, &proof);

	if (r < 0)
		return r;
	*ret_good = proof.verdict;
	return 0;
}

/* Puts the previous image back from its copy. */
static int put_back(const struct job *job)
{
	struct bm_stat st;
	int r = 0;

	if (bm_root_stat(job->root, job->fresh, false, &st) == 0)
		r = bm_rootw_unlink(job->root, job->fresh);
	if (bm_root_stat(job->root, job->target, false, &st) == 0)
		return 0;
	if (r == 0)
		r = bm_rootw_copy(job->root, job->backup, job->fresh);
	if (r == 0)
		r = bm_rootw_rename_new(job->root, job->fresh, job->target);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, job->dir);
	return r;
}

/* The previous image, which can't boot, moves to the root's filesystem and makes room for the new one. */
static int swap_by_moving(struct job *job)
{
	int r, back;

	r = bm_rootw_mkdir_p(job->root, BACKUP_DIR, 0700);
	if (r == 0)
		r = backup_name(job->root, BACKUP_DIR, bm_path_base(job->target), &job->backup);
	if (r == 0)
		r = bm_rootw_copy(job->root, job->target, job->backup);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, BACKUP_DIR);
	if (r < 0)
		return r;
	r = bm_rootw_unlink(job->root, job->target);
	if (r == 0)
		r = write_fresh(job);
	if (r == 0)
		r = bm_rootw_rename_new(job->root, job->fresh, job->target);
	if (r == 0)
		r = bm_rootw_sync_dir(job->root, job->dir);
	if (r < 0) {
		_cleanup_free_ char *why = bm_strf("%s", bm_err_text(r));

		back = put_back(job);
		if (back < 0)
			return bm_err(back, "%s; the previous image is in %s and could not be put back",
				why ? why : "out of memory", job->backup);
		if (bm_rootw_unlink(job->root, job->backup) < 0)
			bm_err_clear();
		return bm_err(r == -ENOSPC ? -EIO : r, "%s", why ? why : "out of memory");
	}
	return 0;
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
	uint64_t need = rounded(space, job->size_bytes);
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
	if (space.free_bytes >= rounded(&space, job->size_bytes))
		r = swap_with_room(job);
	else
		r = swap_without_room(job, &space, &result->missing_bytes);
	if (r == 0)
		r = bm_root_hash(job->root, job->target, result->hash, NULL);
	return r;
}

int bm_swap(const struct bm_root *root, const struct bm_swap *swap, struct bm_swap_result *ret_result)
{
	struct bm_swap_result result = {0};
	struct job job;
	int r = job_begin(root, swap, &job);

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
	int r = resolve_target(root, target, &path);

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
