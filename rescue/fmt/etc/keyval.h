/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of shell assignments, read without a shell: os-release, /etc/default/grub, /etc/sysconfig, dracut.conf.
 */
#ifndef BM_FMT_KEYVAL_H
#define BM_FMT_KEYVAL_H

#include "base/vec.h"

enum {
	BM_KEYVAL_SIZE_MAX = 1024 * 1024, /* bytes of the file */
	BM_KEYVAL_PAIRS_MAX = 4096,
	BM_KEYVAL_VALUE_MAX = 16 * 1024, /* bytes of one value, sums of += included */
	BM_KEYVAL_PROBLEMS_MAX = 64,
};

struct bm_keyval_pair {
	unsigned int line; /* from 1 */
	char *key;	   /* [A-Za-z_][A-Za-z0-9_]* */
	char *value;	   /* quotes and backslashes resolved; for KEY+=x all that KEY holds by then */
	bool expands;	   /* a shell would replace a part ($x, $(x), `x`); it stands in the value as written */
};

struct bm_keyval {
	struct bm_keyval_pair *pairs;
	size_t n, capacity;
	struct bm_strv problems; /* "line 3: ..." */
};

/*
 * Reads len bytes of assignments. Lines that are none (commands, sections) are passed over; what looks like an
 * assignment and is broken gives a problem. Unquoted values with blanks, as some os-release files have, are taken to
 * the end of the line, with a problem.
 * ret is overwritten; bm_keyval_done() releases it.
 * Returns 0; -EFBIG for more than BM_KEYVAL_SIZE_MAX bytes, -ENOMEM.
 */
int bm_keyval_parse(const char *text, size_t len, struct bm_keyval *ret_keyval) BM_MUST_CHECK;
void bm_keyval_done(struct bm_keyval *keyval);
#define _cleanup_keyval_ BM_CLEANUP(bm_keyval_done)

/* The value that key has at the end of the file, owned by keyval; NULL where it is not set. */
const char *bm_keyval_get(const struct bm_keyval *keyval, const char *key);
/* The same with its line and flags. */
const struct bm_keyval_pair *bm_keyval_find(const struct bm_keyval *keyval, const char *key);

enum { BM_MACHINE_ID_TEXT = 33 };

/*
 * Reads /etc/machine-id (machine-id(5)): 32 hexadecimal digits, given in lower case.
 * Returns 0; -ENODATA for an empty file, -ENOENT for "uninitialized", -EINVAL for anything else.
 */
int bm_machine_id_parse(const char *text, size_t len, char ret_id[BM_MACHINE_ID_TEXT]) BM_MUST_CHECK;

#endif
