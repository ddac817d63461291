/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's configuration as its build leaves it: /boot/config-VERSION (Linux, Documentation/kbuild/kconfig.rst).
 */
#ifndef BM_FMT_KCONFIG_H
#define BM_FMT_KCONFIG_H

#include "base/util.h"

enum {
	BM_KCONFIG_SIZE_MAX = 4 * 1024 * 1024, /* bytes read; the rest is dropped */
	BM_KCONFIG_OPTIONS_MAX = 64 * 1024,    /* options kept */
};

/* What became of an option that is a switch. */
enum bm_kconfig_state {
	BM_KCONFIG_UNKNOWN, /* the file does not name it: it may not exist in this version, or the file is cut */
	BM_KCONFIG_OFF,	    /* "is not set", or n */
	BM_KCONFIG_MODULE,
	BM_KCONFIG_BUILTIN, /* y, or a value: a number, a text that is not empty */
};

struct bm_kconfig_option {
	const char *name;  /* "CONFIG_XFS_FS" */
	const char *value; /* "y", "m", "0x1000"; a text without its quotes; NULL: "is not set" */
	unsigned int line; /* from 1 */
};

struct bm_kconfig {
	struct bm_kconfig_option *items; /* in the file's order */
	size_t n, capacity;
	bool truncated; /* a limit was reached */
	char *text;	/* private: what the options point into */
};

/* Reads len bytes. Lines that are no options are passed over. Returns 0 or -ENOMEM. */
int bm_kconfig_parse(const char *text, size_t len, struct bm_kconfig *ret_kconfig) BM_MUST_CHECK;
void bm_kconfig_done(struct bm_kconfig *kconfig);
#define _cleanup_kconfig_ BM_CLEANUP(bm_kconfig_done)

/* The option's value, owned by kconfig; NULL where it is not set or not named. Of several the last counts. */
const char *bm_kconfig_get(const struct bm_kconfig *kconfig, const char *name);
/* The line that counts, from 1; 0 where the option is not named. */
unsigned int bm_kconfig_line(const struct bm_kconfig *kconfig, const char *name);
enum bm_kconfig_state bm_kconfig_state(const struct bm_kconfig *kconfig, const char *name);

#endif
