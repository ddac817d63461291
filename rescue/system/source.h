/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small text files of a system that were read for the judgement, kept as they are: an edit is computed from them,
 * and a plan names their hashes, so that it can tell when they have changed since.
 */
#ifndef BM_SYSTEM_SOURCE_H
#define BM_SYSTEM_SOURCE_H

#include "../base/sha256.h"
#include "../base/util.h"
#include "../base/vec.h"

enum { BM_SOURCE_SIZE_MAX = 1024 * 1024, BM_SOURCES_MAX = 512 };

struct bm_source {
	char *path; /* in the system, as it is looked up: "/etc/fstab" */
	char *real; /* where links lead: the file itself; NULL where it does not exist */
	char *text; /* len bytes and a NUL; NULL where it does not exist or could not be read */
	size_t len;
	char hash[BM_SHA256_TEXT]; /* of the text; "" without one */
};

struct bm_sources {
	struct bm_source *items; /* sorted by path */
	size_t n, capacity;
};

void bm_sources_done(struct bm_sources *sources);
/* The file's, or NULL where it was not looked for. */
const struct bm_source *bm_sources_find(const struct bm_sources *sources, const char *path);
/* Line number (from 1) of the text, without its line end, for free(); NULL where there is none or memory is short. */
char *bm_source_line(const struct bm_source *source, unsigned int number);

#endif
