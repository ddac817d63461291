/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resolving a path inside a tree without openat2(): component by component, links by hand. For os/ only.
 */
#ifndef BM_OS_WALK_H
#define BM_OS_WALK_H

#include "base/util.h"

/* Resolves path below top_fd. ret_fd is an O_PATH descriptor for close(); ret_path (may be NULL) the path without
 * links, beginning with a slash, for free(). Returns 0, -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, ...; sets no error
 * line. */
int bm_walk(int top_fd, const char *path, bool follow, int *ret_fd, char **ret_path) BM_MUST_CHECK;

#endif
