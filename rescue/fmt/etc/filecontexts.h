/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SELinux's file_contexts: which label the policy gives to a path.
 *
 *	/boot/.*			system_u:object_r:boot_t:s0
 *	/boot/lost\+found	-d	system_u:object_r:lost_found_t:s0
 *	/boot/lost\+found/.*		<<none>>
 *
 * and its .subs and .subs_dist: "/run /var/run" reads a path below the first as one below the second.
 */
#ifndef BM_FMT_FILECONTEXTS_H
#define BM_FMT_FILECONTEXTS_H

#include "base/vec.h"

enum {
	BM_FILECONTEXTS_SIZE_MAX = 4 * 1024 * 1024, /* of one text */
	BM_FILECONTEXTS_LINES_MAX = 20000,	    /* of all texts */
	BM_FILECONTEXTS_CONTEXT_MAX = 4096,	    /* bytes of a label */
};

/* What a line is for, and what a path is. */
enum bm_filecontexts_type {
	BM_FILECONTEXTS_ANY, /* of a line: every type */
	BM_FILECONTEXTS_REGULAR,
	BM_FILECONTEXTS_DIR,
	BM_FILECONTEXTS_LINK,
	BM_FILECONTEXTS_CHAR,
	BM_FILECONTEXTS_BLOCK,
	BM_FILECONTEXTS_SOCKET,
	BM_FILECONTEXTS_FIFO,
};

struct bm_filecontexts_spec {
	const char *pattern, *context; /* in texts; context NULL for <<none>> */
	enum bm_filecontexts_type type;
	bool exact;    /* the pattern has nothing but literals */
	bool branches; /* it has a '|' outside of groups: its beginning binds only a part of it */
};

struct bm_filecontexts_sub {
	const char *from, *to;
};

/* Initialise with `= {0}`. */
struct bm_filecontexts {
	struct bm_strv texts;
	struct bm_filecontexts_spec *specs; /* in the order of the lines */
	size_t n_specs, cap_specs;
	struct bm_filecontexts_sub *subs[2]; /* of .subs, of .subs_dist */
	size_t n_subs[2], cap_subs[2];
	size_t lines;	/* read so far */
	size_t skipped; /* lines that make no sense */
};

void bm_filecontexts_done(struct bm_filecontexts *contexts);
#define _cleanup_filecontexts_ BM_CLEANUP(bm_filecontexts_done)

/* Adds the lines of a text, up to a NUL. To be called in libselinux's order: file_contexts, .homedirs, .local. Returns
 * 0, -EFBIG beyond the limits (then the text's beginning may have been added), -ENOMEM. */
int bm_filecontexts_parse(struct bm_filecontexts *contexts, const char *text, size_t len) BM_MUST_CHECK;
/* Adds the lines of .subs, or of .subs_dist (dist). */
int bm_filecontexts_parse_subs(struct bm_filecontexts *contexts, const char *text, size_t len, bool dist) BM_MUST_CHECK;

/* The label of a path (absolute, without links) of this type, as libselinux finds it: the last line whose pattern is
 * the path itself, else the last whose expression matches all of it. Expressions that are not understood match nothing.
 * *ret_context is borrowed. Returns 0; -ENOENT where no line matches or the one that does says <<none>>; -ENOMEM. */
int bm_filecontexts_find(const struct bm_filecontexts *contexts, const char *path, enum bm_filecontexts_type type,
	const char **ret_context) BM_MUST_CHECK;

/* Whether text can be a label: user:role:type, with or without levels. */
bool bm_filecontexts_is_label(const char *text);

#endif
