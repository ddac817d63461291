/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one run of a grub.cfg, shared by the files grubcfg*.c. For these only.
 *
 *	grubcfg.c         the public face: run, order the items, resolve the default
 *	grubcfg_syntax.c  text to statements
 *	grubcfg_run.c     statements and words
 *	grubcfg_vars.c    variables, devices
 *	grubcfg_cmd.c     the commands
 *	grubcfg_test.c    the command test
 *	grubcfg_menu.c    menu items
 *	grubcfg_load.c    what an item loads
 */
#ifndef BM_FMT_GRUBCFG_RUN_H
#define BM_FMT_GRUBCFG_RUN_H

#include <errno.h>

#include "base/buf.h"
#include "base/util.h"
#include "base/vec.h"
#include "grubcfg.h"
#include "grubcfg_syntax.h"

/* Variables of a menu, or of one entry's body on top of its menu. */
struct bm_grubcfg_scope {
	struct bm_grubcfg_scope *outer;
	bool sees_all;			   /* all of outer; else only what is exported there */
	struct bm_grubcfg_variable *items; /* value NULL: unset here, whatever outer says */
	size_t n, capacity;
};

struct bm_grubcfg_function {
	char *name;
	const struct bm_grubcfg_node *body;
	const char *file;
};

/* Beside each entry of the result: how to run it. */
struct bm_grubcfg_item {
	const struct bm_grubcfg_node *body;
	const char *file;      /* that the body stands in */
	struct bm_strv params; /* its title and further arguments: $1 ... */
	size_t first, last;    /* a submenu's entries: indexes [first, last) */
};

enum bm_grubcfg_flow {
	BM_GRUBCFG_GO,
	BM_GRUBCFG_BREAK,
	BM_GRUBCFG_CONTINUE,
	BM_GRUBCFG_RETURN,
	BM_GRUBCFG_STOP /* the script is over: another menu took its place, or a limit was reached */
};

struct bm_grubcfg_run {
	const struct bm_grubcfg_input *input;
	struct bm_grubcfg *cfg;
	struct bm_grubcfg_arena arena;
	struct bm_grubcfg_scope *scope;

	struct bm_grubcfg_function *functions;
	size_t n_functions, cap_functions;
	struct bm_grubcfg_item *items; /* one for each of cfg->entries */
	size_t n_items, cap_items;
	struct bm_strv names; /* of files */
	char **texts;	      /* of files and eval */
	size_t n_texts, cap_texts;
	unsigned int n_files;

	const char *file; /* being run; NULL: the first */
	unsigned int line;
	struct bm_strv *params; /* $1 ..., a view onto others' strings; or NULL */
	bool unset;		/* a variable without value was used since this was cleared */
	size_t work;
	unsigned int depth;
	unsigned int loops; /* around the current command */
	long menu;	    /* parent of new items */
	bool in_body;	    /* an entry's body is run: it adds no items */

	struct bm_entry load; /* what the loader has loaded so far */
	bool chain;	      /* ... and that is another loader */
	bool boot;	      /* `boot` ran */

	int error;  /* -ENOMEM, else 0 */
	int status; /* of the last command: 0 is true */
	enum bm_grubcfg_flow flow;
	unsigned int flow_levels; /* loops that break and continue still have to leave */
};

/* grubcfg_run.c */
void bm_grubcfg_exec(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *list);
/* Whether GRUB takes it for a pattern of file names, which is not evaluated here. */
bool bm_grubcfg_is_pattern(const char *text);
/* Runs a text; name (kept by the run, or NULL) is for warnings. text must live as long as the run. */
void bm_grubcfg_exec_text(struct bm_grubcfg_run *run, const char *text, size_t len, const char *name);
void bm_grubcfg_warn(struct bm_grubcfg_run *run, enum bm_grubcfg_warning_kind kind, const char *format, ...)
	BM_PRINTF(3, 4);
/* Takes units of work; false where none are left: then the run is stopped. */
bool bm_grubcfg_charge(struct bm_grubcfg_run *run, size_t units);
/* Keeps a text for the run (takes it over, also on failure). */
bool bm_grubcfg_keep(struct bm_grubcfg_run *run, char *text);
static inline void bm_grubcfg_no_memory(struct bm_grubcfg_run *run)
{
	run->error = -ENOMEM;
	run->flow = BM_GRUBCFG_STOP;
}

/* grubcfg_vars.c */
struct bm_grubcfg_scope *bm_grubcfg_scope_push(struct bm_grubcfg_run *run, bool sees_all);
void bm_grubcfg_scope_pop(struct bm_grubcfg_run *run);
const struct bm_grubcfg_variable *bm_grubcfg_find_variable(struct bm_grubcfg_run *run, const char *name);
/* NULL when unset. */
const char *bm_grubcfg_get(struct bm_grubcfg_run *run, const char *name);
void bm_grubcfg_set(struct bm_grubcfg_run *run, const char *name, const char *value);
void bm_grubcfg_unset(struct bm_grubcfg_run *run, const char *name);
void bm_grubcfg_export(struct bm_grubcfg_run *run, const char *name);
/* What search does: kind is "fs_uuid", "fs_label" or "fs_file". */
void bm_grubcfg_set_search(struct bm_grubcfg_run *run, const char *name, const char *kind, const char *value);
/* Splits "(device)/path" into path and the place that the device stands for, $root where there is none. The caller
 * releases both. False: no memory, or no path. */
bool bm_grubcfg_locate(struct bm_grubcfg_run *run, const char *text, char **ret_path, struct bm_entry_place *ret_place);
/* The variables that are seen at the end, into the result. */
void bm_grubcfg_collect_variables(struct bm_grubcfg_run *run);

/* grubcfg_cmd.c: runs a command that GRUB knows. False: it knows none of this name. */
bool bm_grubcfg_command(struct bm_grubcfg_run *run, const struct bm_strv *args, const struct bm_grubcfg_node *node);
/* Whether GRUB knows it, and it has no say in what boots: it succeeds. */
bool bm_grubcfg_command_silent(const char *name);

/* grubcfg_test.c: the expression args[first .. end). Returns 0 for true, 1 for false. */
int bm_grubcfg_test(struct bm_grubcfg_run *run, const struct bm_strv *args, size_t first, size_t end);
/* Whether a file is there. */
bool bm_grubcfg_exists(struct bm_grubcfg_run *run, const char *path, enum bm_grubcfg_test test);

/* grubcfg_menu.c and grubcfg_load.c; each returns the command's status. */
int bm_grubcfg_menuentry(struct bm_grubcfg_run *run, const struct bm_strv *args, const struct bm_grubcfg_node *node);
int bm_grubcfg_blscfg(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_linux(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_initrd(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_multiboot(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_module(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_devicetree(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_chain(struct bm_grubcfg_run *run, const struct bm_strv *args);
int bm_grubcfg_chainloader(struct bm_grubcfg_run *run, const struct bm_strv *args);
/* Runs the bodies of all items, submenus included. */
void bm_grubcfg_run_menu(struct bm_grubcfg_run *run);
/* Makes an entry of what the script itself loaded and booted. */
void bm_grubcfg_add_direct(struct bm_grubcfg_run *run);

/* A menu that another one may replace. */
struct bm_grubcfg_menu {
	struct bm_entries entries;
	struct bm_grubcfg_item *items;
	size_t n_items, cap_items;
};
void bm_grubcfg_menu_put_aside(struct bm_grubcfg_run *run, struct bm_grubcfg_menu *ret_menu);
void bm_grubcfg_menu_take_back(struct bm_grubcfg_run *run, struct bm_grubcfg_menu *menu);
void bm_grubcfg_menu_drop(struct bm_grubcfg_menu *menu);

#endif
