/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verb of the command line. Each file in cmd/ exports one const struct bm_cmd; cmd/table.c lists them.
 */
#ifndef BM_CMD_CMD_H
#define BM_CMD_CMD_H

#include <stdio.h>

#include "../base/buf.h"
#include "../base/util.h"
#include "../base/vec.h"

/* Exit status: fsck's bits, so that several may be joined. */
enum bm_exit {
	BM_EXIT_OK = 0,		/* nothing wrong */
	BM_EXIT_REPAIRED = 1,	/* something was wrong and is repaired */
	BM_EXIT_REBOOT = 2,	/* a reboot is advised */
	BM_EXIT_PROBLEMS = 4,	/* problems remain */
	BM_EXIT_FAILED = 8,	/* could not work, the patient is as it was; or could not judge */
	BM_EXIT_USAGE = 16,	/* the command line is wrong */
	BM_EXIT_CANCELLED = 32, /* somebody said no */
	BM_EXIT_AMBIGUOUS = 64, /* two or more systems: name one with --system */
};

/* What stands before or behind any verb. */
struct bm_global {
	struct bm_strv disks; /* --disk, as given */
	const char *system;   /* --system, or NULL */
	const char *root;     /* --root, or NULL */
	bool json;
	bool quiet;
	bool color;
	unsigned int verbose;
};

struct bm_cmd {
	const char *name;
	const char *arguments; /* for the help: "[--kernel VER|all] [--dry-run]" */
	const char *summary;   /* one line, lower case, no full stop */
	const char *details;   /* the verb's own options, a line each, or NULL */
	/* argv[0] is the verb; global options are taken out already. Returns an exit status. */
	int (*run)(const struct bm_global *global, int argc, char **argv);
	bool passes_options; /* what follows is another program's command line (chroot) */
};

extern const struct bm_cmd *const bm_cmds[];
extern const size_t bm_cmds_n;

const struct bm_cmd *bm_cmd_find(const char *name);
/* Prints the help of everything, or of one verb. */
void bm_cmd_help(const struct bm_cmd *cmd);
/* How the line begins that `bootmend auto` ends with (cmd/auto.c), and that a script reads. */
#define BM_CMD_RESULT "bootmend: result="
/* Appends the text to out, with a mark in front of each line that begins as that one: much of what is shown comes from
 * the patient, and none of it may be taken for our result. Returns 0 or -ENOMEM. */
int bm_cmd_guard(const char *text, size_t len, struct bm_buf *out) BM_MUST_CHECK;
/* Writes the text, so guarded, to the stream. */
void bm_cmd_say(FILE *stream, const char *text);
/* Prints "bootmend: ..." on stderr. */
void bm_cmd_error(const char *format, ...) BM_PRINTF(1, 2);
/* What was printed so last, "" where nothing was; for whoever has to tell it elsewhere, too. */
const char *bm_cmd_said(void);
/* Prints the last error's line for the errno and returns BM_EXIT_FAILED. */
int bm_cmd_failed(int error, const char *what);
/* Prints the line and a hint at --help; returns BM_EXIT_USAGE. */
int bm_cmd_usage(const char *format, ...) BM_PRINTF(1, 2);
/* Writes the whole text to stdout; BM_EXIT_FAILED where that fails (a full disk, a closed pipe), else status. */
int bm_cmd_print(const struct bm_buf *text, int status);

/*
 * Options of a verb, in a table: `{"--kernel", 'k', true, &value_or_flag}`. Reads them out of argv from argv[1] on and
 * moves the other words to the front of argv (*ret_n_words, from argv[1]). "--" ends the options. `--name=value`
 * works. Returns BM_EXIT_OK, or BM_EXIT_USAGE after saying why.
 */
struct bm_cmd_option {
	const char *name;
	char letter;	    /* 0 where there is none */
	const char **value; /* takes a value */
	bool *flag;	    /* or takes none */
};
int bm_cmd_options(const struct bm_cmd_option *options, size_t n, int argc, char **argv, int *ret_n_words);

#endif
