/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB 2's script language, cut into statements. For grubcfg*.c only.
 *
 * Statements are read one after the other, because a syntax error costs GRUB the statement it stands in, from there on
 * it reads from the next line. Nodes live in an arena; their texts point into the script, which must outlive them.
 */
#ifndef BM_FMT_GRUBCFG_SYNTAX_H
#define BM_FMT_GRUBCFG_SYNTAX_H

#include "base/util.h"

enum {
	BM_GRUBCFG_WORDS_MAX = 256 * 1024, /* words and parts of words in all files of one run */
	BM_GRUBCFG_NESTING_MAX = 48,	   /* blocks inside each other */
};

struct bm_grubcfg_arena {
	struct bm_grubcfg_chunk *chunks;
	size_t n_words; /* words and parts made so far */
};

void bm_grubcfg_arena_done(struct bm_grubcfg_arena *arena);

/* A piece of a word: text as it is, or a variable whose name it is. */
struct bm_grubcfg_part {
	struct bm_grubcfg_part *next;
	const char *text;
	size_t len;
	bool variable;
	bool quoted; /* a variable inside "...": not split at blanks */
};

struct bm_grubcfg_word {
	struct bm_grubcfg_word *next;
	struct bm_grubcfg_part *parts;
	bool quoted; /* holds quotes: is an argument even when nothing is left of it */
};

enum bm_grubcfg_node_kind {
	BM_GRUBCFG_COMMAND,  /* words; body is its block */
	BM_GRUBCFG_IF,	     /* cond, body, other: a list, or one IF node for elif */
	BM_GRUBCFG_FOR,	     /* words: variable, values; body */
	BM_GRUBCFG_WHILE,    /* cond, body */
	BM_GRUBCFG_UNTIL,    /* cond, body */
	BM_GRUBCFG_FUNCTION, /* words: name; body */
};

struct bm_grubcfg_node {
	struct bm_grubcfg_node *next;
	enum bm_grubcfg_node_kind kind;
	unsigned int line;
	bool block; /* a command that has one, even an empty one */
	bool elif;  /* other is an IF node that `elif` made */
	struct bm_grubcfg_word *words;
	struct bm_grubcfg_node *cond, *body, *other;
};

struct bm_grubcfg_reader {
	struct bm_grubcfg_arena *arena;
	const char *text;
	size_t len, pos;
	unsigned int line; /* of pos, from 1 */
	unsigned int depth;
	bool keeps_hex;		 /* \xHH outside quotes is text; else the backslash goes, as before any character */
	bool delimited;		 /* a ";" or newline ended the last statement */
	const char *fault;	 /* what is wrong, a static text; NULL: nothing */
	unsigned int fault_line; /* where */
	bool full;		 /* the arena's limit was reached */
	bool no_memory;
};

void bm_grubcfg_reader_init(
	struct bm_grubcfg_reader *reader, struct bm_grubcfg_arena *arena, const char *text, size_t len);

/* Reads the next statement into *ret_node; NULL at the end. Returns 0; -EINVAL for
 * a syntax error (fault says which; the reader stands behind the line of the error), -E2BIG for a limit, -ENOMEM. */
int bm_grubcfg_read(struct bm_grubcfg_reader *reader, struct bm_grubcfg_node **ret_node) BM_MUST_CHECK;

#endif
