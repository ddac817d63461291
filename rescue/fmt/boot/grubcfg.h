/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB 2's grub.cfg: a script. This runs it, within limits and without effects, as the loader would: variables,
 * conditions, functions, loops, other files, menu entries and submenus; then runs each entry's body to learn which
 * kernel, initramfs and arguments it loads; then says which entry boots by itself. Reference: GRUB manual, "Writing
 *full configuration files directly" and "Commands"; behaviour of GRUB 2.02 to 2.14 and of Fedora's blscfg.
 *
 *	struct bm_grubcfg_input input = {.env = &grubenv, .bls = &bls_list, .path = "/grub2/grub.cfg"};
 *	struct bm_grubcfg cfg = {0};
 *	error = bm_grubcfg_parse(text, len, &input, &cfg);
 *	if (!error && cfg.default_entry >= 0) ... cfg.entries.items[cfg.default_entry]
 */
#ifndef BM_FMT_GRUBCFG_H
#define BM_FMT_GRUBCFG_H

#include "base/util.h"
#include "base/vec.h"
#include "bls.h"
#include "entry.h"
#include "grubenv.h"

enum {
	BM_GRUBCFG_SIZE_MAX = 4 * 1024 * 1024, /* bytes of one file; the rest is dropped with a warning */
	BM_GRUBCFG_FILES_MAX = 64,	       /* files read through source and configfile */
	BM_GRUBCFG_DEPTH_MAX = 24,	       /* functions, files, submenus and blocks inside each other, each */
	BM_GRUBCFG_ENTRIES_MAX = 4096,	       /* menu items kept */
	BM_GRUBCFG_VARIABLES_MAX = 512,	       /* variables in one scope */
	BM_GRUBCFG_FUNCTIONS_MAX = 256,
	BM_GRUBCFG_LOOP_MAX = 256,	       /* rounds of one loop */
	BM_GRUBCFG_WORD_MAX = 64 * 1024,       /* bytes of one word or value after expansion */
	BM_GRUBCFG_WARNINGS_MAX = 64,	       /* kept; the others are counted */
	BM_GRUBCFG_WORK_MAX = 3 * 1024 * 1024, /* units of work: commands, bytes expanded, variables looked at */
};

/* A file as the script names it. place.device may be NULL, see struct bm_entry_place. */
struct bm_grubcfg_ref {
	const char *path;
	const struct bm_entry_place *place;
};

enum bm_grubcfg_test { BM_GRUBCFG_EXISTS, BM_GRUBCFG_REGULAR, BM_GRUBCFG_DIRECTORY, BM_GRUBCFG_NOT_EMPTY };

/* What the parser cannot know by itself. All may be left zero. */
struct bm_grubcfg_input {
	const char *path;     /* of the file, as the loader sees it ("/grub2/grub.cfg"): config_file; its folder is
				 config_directory and, where prefix is NULL, prefix. NULL: /boot/grub/grub.cfg */
	const char *prefix;   /* GRUB's own folder */
	const char *platform; /* grub_platform: "pc" (also for NULL), "efi", "xen", "ieee1275" */
	const char *cpu;      /* grub_cpu: NULL is "i386" for pc, else "x86_64" */
	bool keeps_hex; /* Fedora's and Enterprise Linux' GRUB, which passes \xHH through to the kernel; upstream's
			   drops the backslash */
	const struct bm_grubenv *env;  /* the environment block, or NULL: none. `-s .../grubenv` follows it */
	const struct bm_bls_list *bls; /* what `blscfg` finds, in any order; or NULL */
	/* Whether a file is there: 1, 0, or -1 for unknown. NULL: unknown. What is unknown is taken as absent. */
	int (*exists)(void *arg, const struct bm_grubcfg_ref *ref, enum bm_grubcfg_test test);
	/* Reads a file for source and configfile: 0 and *ret_text (for free()), or negative: not there. */
	int (*read)(void *arg, const struct bm_grubcfg_ref *ref, char **ret_text, size_t *ret_len);
	void *arg;
};

enum bm_grubcfg_warning_kind {
	BM_GRUBCFG_SYNTAX,  /* GRUB itself drops this statement */
	BM_GRUBCFG_UNKNOWN, /* a command that neither GRUB's manual nor the file defines */
	BM_GRUBCFG_LIMIT,   /* one of the limits above was reached: the result is not complete */
	BM_GRUBCFG_MISSING, /* a file that is sourced without a test, or environment block, is not there */
	BM_GRUBCFG_PATTERN, /* a loop over a pattern of file names: what it makes is not known */
};

struct bm_grubcfg_warning {
	enum bm_grubcfg_warning_kind kind;
	unsigned int line;
	char *file; /* the file that was read by source or configfile; NULL: the first one */
	char *text; /* one line, no full stop */
};

struct bm_grubcfg_variable {
	char *name;
	char *value;
	char *before_search; /* what stood there before search set it, or NULL */
	bool exported;	     /* seen by submenus and files run by configfile */
};

struct bm_grubcfg {
	struct bm_entries entries;

	/* The default as GRUB resolves it: by id, then by title, then by index, each step of "1>2" in its submenu.
	 * Where it points nowhere GRUB takes the first item. default_entry is the entry that boots (inside the submenu
	 * where one is named without a step into it: its first entry), -1 where the menu is empty. */
	long default_entry;
	char *default_text;   /* $default as it stands at the end; "" when unset */
	char *default_reason; /* why default_text did not lead there itself; NULL when it did, or was empty */
	char *fallback;	      /* $fallback, or NULL */
	char *timeout;	      /* $timeout, or NULL: the menu waits for ever */

	bool uses_bls;			 /* blscfg ran */
	size_t bls_position;		 /* how many items stood in its menu before */
	unsigned int bls_line;		 /* where */
	struct bm_entry_place bls_place; /* $root (or $boot) at that point */
	char *bls_dir;			 /* $blsdir or its --path argument; NULL: /loader/entries */
	bool uses_env;			 /* load_env ran */

	struct bm_grubcfg_variable *variables; /* as they stand at the end of the script */
	size_t n_variables, cap_variables;

	struct bm_grubcfg_warning *warnings;
	size_t n_warnings, cap_warnings;
	size_t n_warnings_dropped;
};

/* Runs the script. Any bytes give a result; returns 0 or -ENOMEM. *ret is filled on success only; release it with
 * bm_grubcfg_done(). input may be NULL. */
int bm_grubcfg_parse(
	const char *text, size_t len, const struct bm_grubcfg_input *input, struct bm_grubcfg *ret) BM_MUST_CHECK;
void bm_grubcfg_done(struct bm_grubcfg *cfg);
#define _cleanup_grubcfg_ BM_CLEANUP(bm_grubcfg_done)

/* A variable's value at the end of the script, owned by cfg; NULL when unset. */
const char *bm_grubcfg_var(const struct bm_grubcfg *cfg, const char *name);

/* Resolves a default's text in a menu, as described at default_entry. Returns the item's index, -1 when it names none.
 * A submenu named without a step into it gives the submenu itself. */
long bm_grubcfg_find(const struct bm_entries *entries, const char *spec);

#endif
