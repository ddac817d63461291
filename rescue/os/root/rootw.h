/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing a foreign root. Only apply/ (and bootmend mount, chroot for their mount points) may include this.
 *
 * Parents are resolved inside the root as in os/root.h; the last component is never followed: a symbolic link there
 * is the thing that is renamed, unlinked or refused. What a function created and could not finish it removes again.
 * Content is durable (fsync) when a function that writes content returns 0; names are durable only after
 * bm_rootw_sync_dir(). Before each effect stands bm_fault_point() (os/fault.h). Common errors beside os/root.h's:
 * -EEXIST, -ENOSPC, -EROFS, -EXDEV.
 */
#ifndef BM_OS_ROOTW_H
#define BM_OS_ROOTW_H

#include "root.h"

/* Owner, permission bits and times of a new file. times_from_now: mtime is left as written. */
struct bm_rootw_attr {
	uint32_t mode, uid, gid;
	bool keep_mtime; /* set mtime_s and mtime_ns; otherwise the time of writing stays */
	int64_t mtime_s;
	uint32_t mtime_ns;
};

/* Makes dir and its missing parents, owned by root, with the mode; fsyncs each parent. 0 also where it was there. */
int bm_rootw_mkdir_p(const struct bm_root *root, const char *dir, uint32_t mode) BM_MUST_CHECK;

/* A new file (O_EXCL|O_NOFOLLOW, mode 0600) open for writing, for callers that stream; for bm_rootw_finish(). */
int bm_rootw_create(const struct bm_root *root, const char *path, int *ret_fd) BM_MUST_CHECK;
/* Sets the attributes, checks that the size is size_bytes, fsyncs, closes fd in every case. -EIO on another size. */
int bm_rootw_finish(int fd, const char *path, uint64_t size_bytes, const struct bm_rootw_attr *attr) BM_MUST_CHECK;
/* A new file with exactly these bytes; create and finish in one. */
int bm_rootw_write(const struct bm_root *root, const char *path, const void *bytes, size_t len,
	const struct bm_rootw_attr *attr) BM_MUST_CHECK;
/* Puts bytes at position offset_bytes of an existing file, cuts off what stood behind them, and fsyncs. */
int bm_rootw_put_at(const struct bm_root *root, const char *path, uint64_t offset_bytes, const void *bytes, size_t len,
	bool sync) BM_MUST_CHECK;
/* A new file with all that fd (which can seek) yields until its end; the copy is read again and compared, -EIO where it
 * differs. from is used in error lines. ret_size_bytes may be NULL. */
int bm_rootw_copy_fd(const struct bm_root *root, const char *path, int fd, const char *from,
	const struct bm_rootw_attr *attr, uint64_t *ret_size_bytes) BM_MUST_CHECK;
/* A new file to that is a copy of the regular file from (its link not followed): content, owner, mode, times, and
 * extended attributes; compared as above. */
int bm_rootw_copy(const struct bm_root *root, const char *from, const char *to) BM_MUST_CHECK;

/* A new file with these bytes, and the owner, mode, ACL and extended attributes of the regular file like, but for what
 * IMA and EVM say of like's content. */
int bm_rootw_write_like(
	const struct bm_root *root, const char *path, const void *bytes, size_t len, const char *like) BM_MUST_CHECK;
/* A new file to with the content of from and these attributes, and (like not NULL) the extended ones of like,
 * as above. */
int bm_rootw_copy_as(const struct bm_root *root, const char *from, const char *to, const char *like,
	const struct bm_rootw_attr *attr) BM_MUST_CHECK;

/* Gives the file to the owner, mode and extended attributes (security.* among them) of the file from, as above. An
 * attribute that the filesystem does not know is left out. */
int bm_rootw_attr_like(const struct bm_root *root, const char *from, const char *to) BM_MUST_CHECK;
/* Gives what path names itself (a link is not followed) the owner, the mode (not of a link) and, with keep_mtime, the
 * time. What is right already, and what the filesystem can't keep, is left alone. */
int bm_rootw_set_attr(const struct bm_root *root, const char *path, const struct bm_rootw_attr *attr) BM_MUST_CHECK;
/* The time of a file or directory (a link is refused with -ELOOP). */
int bm_rootw_set_mtime(const struct bm_root *root, const char *path, int64_t mtime_s, uint32_t mtime_ns) BM_MUST_CHECK;
/* Sets the permission bits of what path names (a link is refused with -ELOOP). */
int bm_rootw_chmod(const struct bm_root *root, const char *path, uint32_t mode) BM_MUST_CHECK;

/* Renames; both must lie on one filesystem. An existing to is replaced in one step. */
int bm_rootw_rename(const struct bm_root *root, const char *from, const char *to) BM_MUST_CHECK;
/* -EEXIST where to exists. Where the filesystem (vfat on old kernels, ...) has no NOREPLACE: link() and unlink(), or
 * a check before the rename. */
int bm_rootw_rename_new(const struct bm_root *root, const char *from, const char *to) BM_MUST_CHECK;
/* Exchanges two names in one step. -EOPNOTSUPP where the filesystem cannot. */
int bm_rootw_exchange(const struct bm_root *root, const char *a, const char *b) BM_MUST_CHECK;

int bm_rootw_unlink(const struct bm_root *root, const char *path) BM_MUST_CHECK;
int bm_rootw_rmdir(const struct bm_root *root, const char *path) BM_MUST_CHECK;
/* Removes a directory and all below it, never following a link nor crossing into another filesystem. At most
 * 1000000 entries, 64 levels. 0 where there is nothing. */
int bm_rootw_remove_tree(const struct bm_root *root, const char *path) BM_MUST_CHECK;
int bm_rootw_symlink(const struct bm_root *root, const char *text, const char *path) BM_MUST_CHECK;
int bm_rootw_link(const struct bm_root *root, const char *from, const char *to) BM_MUST_CHECK;

/* Makes names in a directory durable. A filesystem that has no fsync of directories is no error. */
int bm_rootw_sync_dir(const struct bm_root *root, const char *dir) BM_MUST_CHECK;
/* Content of an existing regular file, made durable. */
int bm_rootw_sync_file(const struct bm_root *root, const char *path) BM_MUST_CHECK;
/* Flushes the whole filesystem that path lies on (syncfs); reports write errors of the past, where the kernel does. */
int bm_rootw_sync_fs(const struct bm_root *root, const char *path) BM_MUST_CHECK;

/* The same, and what the filesystem's own journal holds is brought to its place, so that whoever looks at the disk
 * without replaying that journal, as bootmend does, sees it. A filesystem that lies with our own / is only flushed:
 * freezing that for a moment, which does it, would be too bold. */
int bm_rootw_settle_fs(const struct bm_root *root, const char *path) BM_MUST_CHECK;

/* Proves that files can be written in dir: creates, writes, fsyncs and removes a small one. -EROFS, -ENOSPC, ... */
int bm_rootw_probe(const struct bm_root *root, const char *dir) BM_MUST_CHECK;

#endif
