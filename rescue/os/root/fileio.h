/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the rescue system: the FILE of `bootmend image`, bootmend.conf, reports. The patient's files are
 * os/root.h's. A path is used as the shell would, links followed.
 */
#ifndef BM_OS_FILEIO_H
#define BM_OS_FILEIO_H

#include "base/buf.h"
#include "base/vec.h"

/* Opens a regular file or a block device for reading in sequence; "-" is standard input (any type). FIFOs and character
 * devices by name are -EINVAL, directories -EISDIR. ret_size_bytes (may be NULL) is UINT64_MAX where unknown. */
int bm_file_open(const char *path, int *ret_fd, uint64_t *ret_size_bytes) BM_MUST_CHECK;
void bm_file_close(int fd); /* accepts -1 */
void bm_file_closep(int *fd);
#define _cleanup_fd_ BM_CLEANUP(bm_file_closep)

/* At most size bytes; *ret_len is 0 at the end. Goes on after EINTR and short reads until the buffer is full. */
int bm_file_next(int fd, void *buffer, size_t size, size_t *ret_len) BM_MUST_CHECK;
/* The same from a position, which fd's own does not follow. */
int bm_file_at(int fd, uint64_t offset_bytes, void *buffer, size_t size, size_t *ret_len) BM_MUST_CHECK;
/* All bytes or an error. */
int bm_file_put(int fd, const void *bytes, size_t len) BM_MUST_CHECK;

/* The whole file, appended to buf. -EFBIG when it holds more than max_bytes. */
int bm_file_read(const char *path, size_t max_bytes, struct bm_buf *buf) BM_MUST_CHECK;
/* Writes a file whole: beside the old one under another name, fsync, rename, fsync of the directory. */
int bm_file_write(const char *path, const void *bytes, size_t len, uint32_t mode) BM_MUST_CHECK;
/* Appends and fsyncs; the file is made with the mode where it is missing. */
int bm_file_append(const char *path, const void *bytes, size_t len, uint32_t mode) BM_MUST_CHECK;

bool bm_file_exists(const char *path); /* links followed */
bool bm_file_is_dir(const char *path);
bool bm_file_is_device(const char *path); /* block device */
bool bm_file_is_null(const char *path);	  /* /dev/null, by whatever name */
/* realpath(3), for free(). */
int bm_file_realpath(const char *path, char **ret_path) BM_MUST_CHECK;
int bm_file_unlink(const char *path) BM_MUST_CHECK;
/* Names in a directory, sorted, without dots; at most 65536. */
int bm_file_list(const char *dir, struct bm_strv *names) BM_MUST_CHECK;

#endif
