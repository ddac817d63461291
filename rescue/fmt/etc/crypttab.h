/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypttab(5), of systemd and of Debian's cryptsetup: NAME DEVICE [KEY [OPTIONS]].
 */
#ifndef BM_FMT_CRYPTTAB_H
#define BM_FMT_CRYPTTAB_H

#include "base/vec.h"

enum {
	BM_CRYPTTAB_SIZE_MAX = 1024 * 1024,
	BM_CRYPTTAB_LINES_MAX = 1024,
};

struct bm_crypttab_line {
	unsigned int line; /* from 1 */
	char *name;	   /* of the mapping */
	char *source;	   /* UUID=..., a path ...; octal escapes resolved */
	char *key;	   /* "none" where it is absent */
	char *options;	   /* "" where they are absent */
};

struct bm_crypttab {
	struct bm_crypttab_line *lines;
	size_t n, capacity;
};

/* Reads len bytes. Lines without a device are left out. Returns 0; -EFBIG for more than BM_CRYPTTAB_SIZE_MAX bytes,
 * -ENOMEM. */
int bm_crypttab_parse(const char *text, size_t len, struct bm_crypttab *ret_crypttab) BM_MUST_CHECK;
void bm_crypttab_done(struct bm_crypttab *crypttab);
#define _cleanup_crypttab_ BM_CLEANUP(bm_crypttab_done)

/* The line that makes this mapping, or NULL. */
const struct bm_crypttab_line *bm_crypttab_find(const struct bm_crypttab *crypttab, const char *name);
/* Whether the option ("nofail"; "swap") is among the line's; a value behind = does not matter. */
bool bm_crypttab_option(const struct bm_crypttab_line *line, const char *option);

#endif
