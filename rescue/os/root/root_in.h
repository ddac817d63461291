/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root.c, rootw.c and mount.c share; for os/ only.
 */
#ifndef BM_OS_ROOT_IN_H
#define BM_OS_ROOT_IN_H

#include <sys/stat.h>

#include "root.h"

/* The directory that holds the last component (an O_PATH descriptor, for close()) and that component (for free()).
 * -EINVAL where the path ends in "." or ".." or is the root itself. */
int bm_root_parent(const struct bm_root *root, const char *path, int *ret_dir_fd, char **ret_name) BM_MUST_CHECK;
/* A descriptor that can be read and written (flags as of open(2)) for the file that an O_PATH descriptor names. */
int bm_root_reopen(int path_fd, int flags, const char *path, int *ret_fd) BM_MUST_CHECK;
/* The type of an st_mode. */
enum bm_file_type bm_root_type(mode_t mode);
/* Whether the descriptor is a regular file: 0, -EISDIR, -EINVAL with a line that names the path and its type. */
int bm_root_check_file(int fd, const char *path, struct stat *ret_stat) BM_MUST_CHECK;
/* Gives the file to the extended attributes of from, and its ACL or none; what its filesystem does not know is left
 * out. Where to has another content (same_content false) IMA's and EVM's hashes and signatures are left out, too. */
int bm_root_copy_xattrs(int from, int to, bool same_content) BM_MUST_CHECK;
/* Room for the id of one more mount that root may reach; NULL where memory is short. */
long *bm_root_fence_slot(struct bm_root *root);
/* major << 32 | minor. */
uint64_t bm_root_dev(dev_t dev);

#endif
