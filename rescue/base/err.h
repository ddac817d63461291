/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error is a negative errno and one line of context. The line belongs to the last error of the process; cmd/
 * prints it. fmt/ does not use this: its parsers have results of their own.
 */
#ifndef BM_BASE_ERR_H
#define BM_BASE_ERR_H

#include "util.h"

/* Keeps the line (printf) as the context of error and returns error, so that `return bm_err(-EIO, "...")` works.
 * A line without the errno's text; bm_err_text() adds it. */
int bm_err(int error, const char *format, ...) BM_PRINTF(2, 3);
/* Puts "context: " before the kept line; returns error. */
int bm_err_within(int error, const char *format, ...) BM_PRINTF(2, 3);
/* The line for error: the kept context and the errno's text; owned by the module, until its next call. */
const char *bm_err_text(int error);
/* Forgets the kept line. */
void bm_err_clear(void);

#endif
