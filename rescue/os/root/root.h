/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A foreign root: a directory tree whose every path is resolved inside it, as if by chroot. Absolute symbolic links
 * and ".." never leave the tree, /proc's magic links are refused, and at most 40 links are followed. Paths may or may
 * not begin with a slash; both mean "from the tree's top". This is the reading half; os/rootw.h writes.
 *
 * Where the kernel has no openat2() (before 5.6, or a seccomp filter refuses it) a walk in user space does the same.
 *
 * Nothing here waits: FIFOs, devices and sockets are never opened. Each function that fails leaves a line that names
 * the path (base/err.h). Common errors: -ENOENT, -ENOTDIR, -ELOOP, -EACCES, -ENAMETOOLONG, -EIO, -ENOMEM.
 */
#ifndef BM_OS_ROOT_H
#define BM_OS_ROOT_H

#include "base/buf.h"
#include "base/sha256.h"
#include "base/vec.h"

enum { BM_ROOT_LINKS_MAX = 40, BM_ROOT_PATH_MAX = 4096, BM_ROOT_LIST_MAX = 65536 };

struct bm_root;

enum bm_file_type {
	BM_FILE_OTHER, /* FIFO, socket, device */
	BM_FILE_REGULAR,
	BM_FILE_DIR,
	BM_FILE_SYMLINK,
};

struct bm_stat {
	enum bm_file_type type;
	uint32_t mode; /* permission bits, with setuid, setgid and sticky; no type */
	uint32_t uid, gid;
	uint64_t size_bytes;
	uint64_t blocks; /* allocated, in units of 512 bytes */
	int64_t mtime_s;
	uint32_t mtime_ns;
	uint64_t dev, ino; /* dev: major << 32 | minor */
	uint32_t links;
};

struct bm_fs_space {
	uint64_t free_bytes; /* what anybody may still write: of ext's reserve a part is nobody's */
	uint64_t total_bytes;
	uint64_t free_inodes; /* UINT64_MAX where the filesystem has no such limit */
	uint32_t block_size_bytes;
	bool read_only; /* mounted so */
	uint64_t magic; /* statfs f_type */
	uint64_t dev;	/* as in bm_stat */
};

/* Opens the directory dir of the rescue system as a root. What is mounted over dir later is not seen: open it again
 * then. Release with bm_root_free(). Returns 0, -ENOTDIR, -ENOENT, ... */
int bm_root_open(const char *dir, struct bm_root **ret_root) BM_MUST_CHECK;
/* Accepts NULL; returns NULL. */
struct bm_root *bm_root_free(struct bm_root *root);
void bm_root_freep(struct bm_root **root);
#define _cleanup_root_ BM_CLEANUP(bm_root_freep)

/* The O_PATH descriptor of the tree's top, and the path that it was opened by; both borrowed. */
int bm_root_fd(const struct bm_root *root);
const char *bm_root_dir(const struct bm_root *root);
/* Tells every later bm_root_*() to walk in user space, for tests. */
void bm_root_force_walk(bool force);

/* An O_PATH descriptor of whatever path names; the last component is followed where follow is set. For close(). */
int bm_root_open_path(const struct bm_root *root, const char *path, bool follow, int *ret_fd) BM_MUST_CHECK;
/* A regular file for reading (links followed). -EISDIR for a directory, -EINVAL for any other type. For close(). */
int bm_root_open_file(const struct bm_root *root, const char *path, int *ret_fd) BM_MUST_CHECK;
/* A directory for reading (links followed). For close(). */
int bm_root_open_dir(const struct bm_root *root, const char *path, int *ret_fd) BM_MUST_CHECK;

/* The whole of a regular file, appended to buf. -EFBIG when it holds more than max_bytes (checked by reading, too). */
int bm_root_read(const struct bm_root *root, const char *path, size_t max_bytes, struct bm_buf *buf) BM_MUST_CHECK;
/* Its first n bytes, or all where it is shorter, appended to buf. */
int bm_root_read_head(const struct bm_root *root, const char *path, size_t n, struct bm_buf *buf) BM_MUST_CHECK;
/* Its last n bytes, or all where it is shorter, appended to buf. */
int bm_root_read_tail(const struct bm_root *root, const char *path, size_t n, struct bm_buf *buf) BM_MUST_CHECK;

/* -ENOENT where there is nothing (a dangling link, with follow). */
int bm_root_stat(const struct bm_root *root, const char *path, bool follow, struct bm_stat *ret_stat) BM_MUST_CHECK;
/* Shorthands; errors count as "no". Links are followed. */
bool bm_root_is_file(const struct bm_root *root, const char *path);
bool bm_root_is_dir(const struct bm_root *root, const char *path);
bool bm_root_exists(const struct bm_root *root, const char *path);

/* The link's own text, for free(). -EINVAL where path is no link. */
int bm_root_readlink(const struct bm_root *root, const char *path, char **ret_text) BM_MUST_CHECK;
/* Names in a directory without "." and "..", sorted by bytes, appended to names. -EFBIG when there are more than max
 * (0: BM_ROOT_LIST_MAX); names then holds what it held before. */
int bm_root_list(const struct bm_root *root, const char *dir, size_t max, struct bm_strv *names) BM_MUST_CHECK;
/* The path inside the root, beginning with a slash, after all links; for free(). What it names must exist. */
int bm_root_realpath(const struct bm_root *root, const char *path, char **ret_path) BM_MUST_CHECK;
/* The extended attribute of whatever path names (the last component is followed where follow is set), appended to buf;
 * at most 64 KiB. -ENODATA where it has no such attribute, -ENOTSUP where the filesystem has none at all. */
int bm_root_xattr(
	const struct bm_root *root, const char *path, bool follow, const char *name, struct bm_buf *buf) BM_MUST_CHECK;
/* Space of the filesystem that path lies on. */
int bm_root_space(const struct bm_root *root, const char *path, struct bm_fs_space *ret_space) BM_MUST_CHECK;
/* SHA-256 of a regular file's content; ret_size_bytes may be NULL. */
int bm_root_hash(const struct bm_root *root, const char *path, char ret_hex[BM_SHA256_TEXT],
	uint64_t *ret_size_bytes) BM_MUST_CHECK;

#endif
