/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootlog.c, bootlog_line.c and bootlog_journal.c among themselves.
 */
#ifndef BM_FMT_BOOTLOG_INT_H
#define BM_FMT_BOOTLOG_INT_H

#include "base/buf.h"
#include "bootlog.h"

/* Cleans raw bytes of one line (bootlog_line.c): escape sequences, controls and backspaces are carried out or dropped,
 * runs of blanks become one, quotes and dashes become ASCII. Where the cursor moved to another line, out has a newline.
 * Appends to out, at most BM_BOOTLOG_LINE_MAX bytes. *ret_columns is how wide the line was on its screen. */
int bm_bootlog_clean(const char *raw, size_t len, struct bm_buf *out, unsigned int *ret_columns) BM_MUST_CHECK;

/* What stood before a message. */
struct bm_bootlog_prefix {
	enum bm_bootlog_sender sender;
	bool stamped;
	int64_t time_s; /* 0 unknown */
	bool zoned;
};
/* The message behind a line's priority, times, host and sender. */
const char *bm_bootlog_message(const char *line, struct bm_bootlog_prefix *ret);
/* The sender that a program's name stands for. */
enum bm_bootlog_sender bm_bootlog_sender_of(const char *name, size_t len);

/* A message for the log under construction (bootlog.c): raw may hold anything but is one line or more. boot_id and
 * time_s are the journal's own, or NULL and 0. */
struct bm_bootlog_maker {
	struct bm_bootlog *log;
	struct bm_buf text, line;
	bool wrapped;	     /* the last line filled a console's width */
	bool wrapped_blank;  /* and ended with a blank */
	bool again;	     /* rdsosreport.txt comes to the kernel's log of the same boot */
	unsigned int number; /* of the present line */
	unsigned int width;  /* of a wider screen that broke the lines, or 0 */
};
struct bm_bootlog_record {
	const char *raw;
	size_t len;
	const char *boot_id; /* or NULL */
	int64_t time_s;	     /* 0 unknown */
	bool known;	     /* sender is, and there is no prefix in the text */
	enum bm_bootlog_sender sender;
};
int bm_bootlog_put(struct bm_bootlog_maker *maker, const struct bm_bootlog_record *record) BM_MUST_CHECK;

/* Whether the text is a journal in systemd's export format or JSON; then its messages are put into maker. */
int bm_bootlog_journal(struct bm_bootlog_maker *maker, const char *bytes, size_t len, bool *ret_is) BM_MUST_CHECK;

#endif
