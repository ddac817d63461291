/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removing a directory tree; for os/ only.
 */
#ifndef BM_OS_TREE_H
#define BM_OS_TREE_H

#include "base/util.h"

enum { BM_TREE_DEPTH_MAX = 64, BM_TREE_ENTRIES_MAX = 1000000 };

/* Removes name below dir_fd: a file or link, or a directory with all below it. Links are not followed, and another
 * filesystem is not entered (-EBUSY). 0 where there is nothing. Sets no error line. */
int bm_tree_remove(int dir_fd, const char *name) BM_MUST_CHECK;

#endif
