/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of struct bm_modules: modindex.c fills it from depmod's texts, modules.c answers from it.
 */
#ifndef BM_FMT_MODINDEX_H
#define BM_FMT_MODINDEX_H

#include "modules.h"

enum { BM_MODINDEX_NAME_MAX = 256, BM_MODINDEX_PATH_MAX = 4096 };

struct bm_modindex_module {
	const char *name;
	const char *path; /* NULL where no line of modules.dep names it */
	size_t first_dep; /* into deps */
	size_t n_deps;
	size_t order; /* in which it was read */
	bool listed;  /* has a line of its own in modules.dep */
	bool builtin;
};

struct bm_modindex_alias {
	const char *pattern; /* '-' made '_' outside brackets */
	size_t prefix_len;   /* bytes before the first wildcard */
	const char *name;    /* of the module */
	size_t order;	     /* in which it was read */
};

struct bm_modindex_soft {
	const char *name;
	const char *wanted;
};

struct bm_modules {
	char *texts; /* all names, paths and patterns, each with a NUL; what points to a text points in here */
	size_t texts_len, texts_size;
	struct bm_modindex_module *modules; /* by name; each name once after the index is made */
	size_t n_modules, cap_modules;
	const char **deps; /* names */
	size_t n_deps, cap_deps;
	struct bm_modindex_alias *aliases; /* by prefix */
	size_t n_aliases, cap_aliases;
	struct bm_modindex_soft *softs; /* as read */
	size_t n_softs, cap_softs;
	size_t *listed; /* into modules, in the order of modules.dep */
	size_t n_listed;
	size_t bad_lines;
};

#endif
