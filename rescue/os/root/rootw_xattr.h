/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes of a foreign root, by name. As with os/rootw.h, only apply/ may include this.
 */
#ifndef BM_OS_ROOTW_XATTR_H
#define BM_OS_ROOTW_XATTR_H

#include "root.h"

/* Sets an extended attribute of what path names (a link itself). -EOPNOTSUPP where the filesystem has none. */
int bm_rootw_set_xattr(
	const struct bm_root *root, const char *path, const char *name, const void *value, size_t len) BM_MUST_CHECK;

#endif
