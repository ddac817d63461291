/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mdadm.conf(5): the arrays that it names.
 */
#ifndef BM_FMT_MDADMCONF_H
#define BM_FMT_MDADMCONF_H

#include "base/vec.h"

enum {
	BM_MDADMCONF_SIZE_MAX = 1024 * 1024,
	BM_MDADMCONF_ARRAYS_MAX = 1024,
	BM_MD_UUID_TEXT = 32 + 1, /* hexadecimal digits only, lower case */
};

struct bm_mdadmconf_array {
	unsigned int line;	    /* where its line begins, from 1; indented lines continue it */
	char *device;		    /* /dev/md/data, /dev/md0, or NULL ("<ignore>" and "<none>" are kept as written) */
	char uuid[BM_MD_UUID_TEXT]; /* "" where it has none, or one that can't be read */
	char *name;		    /* name=, or NULL */
	bool spec_other;	    /* it is known by devices= or super-minor=, too */
};

struct bm_mdadmconf {
	struct bm_mdadmconf_array *arrays;
	size_t n, capacity;
};

/* Reads len bytes. Returns 0; -EFBIG for more than BM_MDADMCONF_SIZE_MAX bytes, -ENOMEM. */
int bm_mdadmconf_parse(const char *text, size_t len, struct bm_mdadmconf *ret_conf) BM_MUST_CHECK;
void bm_mdadmconf_done(struct bm_mdadmconf *conf);
#define _cleanup_mdadmconf_ BM_CLEANUP(bm_mdadmconf_done)

/* An array's UUID in any of its forms (01234567:89abcdef:..., with hyphens as blkid writes it) to plain digits. False
 * where it is none. */
bool bm_md_uuid(const char *text, char ret_uuid[BM_MD_UUID_TEXT]);

#endif
