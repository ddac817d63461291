/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a boot: a console's or serial log, dmesg, /var/log/messages, what journalctl prints (short, export or
 * JSON), rdsosreport.txt, or what somebody typed from a screen. It becomes lines without escapes, timestamps and
 * senders, cut into boots.
 *
 * References: RFC 3164 and 5424 (syslog), the kernel's Documentation/ABI/testing/dev-kmsg, systemd's "Journal Export
 * Formats", ECMA-48 (escape sequences).
 */
#ifndef BM_FMT_BOOTLOG_H
#define BM_FMT_BOOTLOG_H

#include "base/util.h"

enum {
	BM_BOOTLOG_SIZE_MAX = 64 * 1024 * 1024, /* of what is longer the end is kept: the last boots matter */
	BM_BOOTLOG_LINES_MAX = 1024 * 1024,	/* likewise */
	BM_BOOTLOG_LINE_MAX = 4000,		/* bytes of a line; the rest of it is dropped */
	BM_BOOTLOG_BOOTS_MAX = 4096,		/* the last ones are kept */
	BM_BOOTLOG_WIDTH = 80,			/* columns of a console that breaks lines */
};

/* Who wrote a line. */
enum bm_bootlog_sender {
	BM_SENDER_NONE,	  /* nobody is named: a console */
	BM_SENDER_KERNEL, /* the kernel */
	BM_SENDER_INITRD, /* a program that only an initramfs runs */
	BM_SENDER_BOOT,	  /* init, dracut, and what they start to bring a system up */
	BM_SENDER_OTHER,  /* another program of a running system: it says nothing about the boot */
};

struct bm_bootlog_line {
	size_t at;	     /* in bm_bootlog.text, ends with a NUL */
	unsigned int number; /* of the (first) line in the input, from 1 */
	enum bm_bootlog_sender sender;
	bool stamped; /* it had a time */
};

struct bm_bootlog_boot {
	size_t first, end; /* lines: first to end - 1 */
	char *kernel;	   /* its version, or NULL */
	char *cmdline;	   /* the kernel's, or NULL */
	char *id;	   /* the journal's boot id, 32 digits, or NULL */
	int64_t time_s;	   /* of the first line that says one with its year, since 1970; 0 unknown */
	bool zoned;	   /* time_s is exact; else its time zone is unknown (read as UTC) */
	bool ran;	   /* a kernel or a system has said something */
	bool crash;	   /* not a boot, but the kernel that kdump starts after a panic */
};

struct bm_bootlog {
	char *text;
	struct bm_bootlog_line *lines;
	size_t n_lines, cap_lines;
	struct bm_bootlog_boot *boots; /* in order; every line belongs to one */
	size_t n_boots, cap_boots;
	bool cut; /* the input's beginning was left out */
};

/* Returns 0 or -ENOMEM: whatever the bytes are, they are lines. ret is for bm_bootlog_done(). */
int bm_bootlog_parse(const char *bytes, size_t len, struct bm_bootlog *ret) BM_MUST_CHECK;
void bm_bootlog_done(struct bm_bootlog *log);
#define _cleanup_bootlog_ BM_CLEANUP(bm_bootlog_done)

static inline const char *bm_bootlog_text(const struct bm_bootlog *log, size_t line)
{
	return log->text + log->lines[line].at;
}

#endif
