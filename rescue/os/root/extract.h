/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the files of an untrusted archive below a directory. No name leads out of it: parents are opened with
 * openat2(RESOLVE_IN_ROOT), so that even an absolute symlink of the archive stays inside; on kernels before 5.6, which
 * lack it, no symlink is followed at all. Files are always created anew (O_EXCL), set-user-ID and the like are dropped,
 * device nodes and sockets are not made.
 */
#ifndef BM_OS_EXTRACT_H
#define BM_OS_EXTRACT_H

#include "base/util.h"

struct bm_extract;

/* Opens dir, which is created where it is missing and must be empty: whatever is found in it later was put there by
 * this object and may be replaced. Returns 0, -ENOTEMPTY, -ENOTDIR or another negative errno, with a line of context
 * (base/err.h). */
int bm_extract_new(const char *dir, struct bm_extract **ret_extract) BM_MUST_CHECK;
/* Closes all; a file that is still open stays as it is. */
void bm_extract_free(struct bm_extract *extract);
void bm_extract_freep(struct bm_extract **extract);
#define _cleanup_extract_ BM_CLEANUP(bm_extract_freep)

/*
 * Each makes one thing at path (with or without leading slash), with its missing parents. Returns 0; -EPERM where
 * nothing is made by principle (".." in the name, the root itself as a file); -ENOTDIR, -ELOOP, -EISDIR, -ENAMETOOLONG
 * ... where the archive contradicts itself: pass over the entry; -ENOSPC, -EROFS, -EIO, -EDQUOT, -ENOMEM: give up.
 */
int bm_extract_dir(struct bm_extract *extract, const char *path, unsigned int mode) BM_MUST_CHECK;
int bm_extract_symlink(struct bm_extract *extract, const char *path, const char *target) BM_MUST_CHECK;
int bm_extract_fifo(struct bm_extract *extract, const char *path, unsigned int mode) BM_MUST_CHECK;
/* A further name for the file at old, which must be a regular file in the directory. */
int bm_extract_link(struct bm_extract *extract, const char *old, const char *path) BM_MUST_CHECK;

/* A regular file: opened, written in pieces, closed with its time of modification. */
int bm_extract_open(struct bm_extract *extract, const char *path, unsigned int mode) BM_MUST_CHECK;
/* Opens one that was made before, to give a set of hard links its data. */
int bm_extract_reopen(struct bm_extract *extract, const char *path) BM_MUST_CHECK;
int bm_extract_write(struct bm_extract *extract, const void *bytes, size_t len) BM_MUST_CHECK;
int bm_extract_close(struct bm_extract *extract, int64_t mtime) BM_MUST_CHECK;

#endif
