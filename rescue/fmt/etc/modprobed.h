/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of modprobe.d (modprobe.d(5), kmod): the rules that keep a module from being loaded.
 */
#ifndef BM_FMT_MODPROBED_H
#define BM_FMT_MODPROBED_H

#include "base/util.h"

enum {
	BM_MODPROBED_SIZE_MAX = 1024 * 1024,
	BM_MODPROBED_RULES_MAX = 4096,
	BM_MODPROBED_NAME_MAX = 256, /* bytes of a module's name or an alias, with the NUL */
};

enum bm_modprobed_kind {
	BM_MODPROBED_BLACKLIST, /* it is not loaded by an alias (a device, a filesystem's type); by its name it is */
	BM_MODPROBED_INSTALL,	/* a command is run instead of loading it, however it is asked for */
};

struct bm_modprobed_rule {
	enum bm_modprobed_kind kind;
	unsigned int line; /* from 1; of several joined by backslashes, the first */
	char *module;	   /* the module or the alias, - written as _ */
	char *command;	   /* of INSTALL: what is run; else NULL */
};

struct bm_modprobed {
	struct bm_modprobed_rule *rules; /* in the file's order */
	size_t n, capacity;
};

/* Appends the rules of len bytes of a file to rules (initialised with `= {0}`). Returns 0; -EFBIG for more than
 * BM_MODPROBED_SIZE_MAX bytes, -ENOMEM; then nothing is appended. */
int bm_modprobed_parse(const char *text, size_t len, struct bm_modprobed *rules) BM_MUST_CHECK;
void bm_modprobed_done(struct bm_modprobed *rules);
#define _cleanup_modprobed_ BM_CLEANUP(bm_modprobed_done)

/* Whether the rule is an INSTALL whose command loads nothing: true, false, and the like, with any path. A command that
 * does something is taken to load the module. */
bool bm_modprobed_loads_nothing(const struct bm_modprobed_rule *rule);
/* The rule that keeps module (with - or _) from being loaded: an INSTALL that loads nothing, or, where it is asked for
 * by an alias, a BLACKLIST. NULL where there is none. kmod takes the first INSTALL of a name. */
const struct bm_modprobed_rule *bm_modprobed_hinders(
	const struct bm_modprobed *rules, const char *module, bool by_alias);

#endif
