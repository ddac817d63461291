/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of /boot that nobody owns: kernels, their images, maps and configurations of a version that has no modules and
 * no boot entry. Left behind where a removal or an update broke off, they fill a small /boot.
 */
#ifndef BM_SYSTEM_ORPHANS_H
#define BM_SYSTEM_ORPHANS_H

#include "../base/util.h"
#include "../base/vec.h"

enum { BM_ORPHANS_MAX = 256 };

struct bm_orphan {
	char *path; /* in the system */
	char *version;
	uint64_t size_bytes;
};

struct bm_orphans {
	struct bm_orphan *items; /* sorted by path */
	size_t n, capacity;
};

void bm_orphans_done(struct bm_orphans *orphans);

#endif
