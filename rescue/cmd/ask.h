/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions on the console. Standard input may be a terminal, a serial line or a pipe; answers that were typed ahead
 * are not lost.
 */
#ifndef BM_CMD_ASK_H
#define BM_CMD_ASK_H

#include "../base/buf.h"

/* Writes the prompt on stdout and reads one key, in lower case; Enter is '\n'. An Enter right behind another key
 * belongs to it and is swallowed. Keys that are no character are 0. Returns 0, -ENODATA at the end of input, ... */
int bm_ask_key(const char *prompt, int *ret_key) BM_MUST_CHECK;

/* Writes the prompt and appends a line of input to ret_line, without blanks around it. Errors as above. */
int bm_ask_line(const char *prompt, struct bm_buf *ret_line) BM_MUST_CHECK;

/* Asks "question [y/N] ". Only y and yes are yes; the end of input is no. */
bool bm_ask_yes(const char *question);

#endif
