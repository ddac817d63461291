/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The logs that a system keeps of itself, and those of the boot that bootmend was started in. What can't be read is
 * left out; only that memory is short is an error.
 */
#ifndef BM_SYSTEM_LOGS_H
#define BM_SYSTEM_LOGS_H

#include "../base/buf.h"
#include "../base/vec.h"
#include "system.h"

enum {
	BM_LOG_TAIL = 256 * 1024,     /* bytes of a file's end */
	BM_LOG_JOURNAL = 1024 * 1024, /* bytes of the journal's end */
	BM_LOG_JOURNAL_ENTRIES = 1500,
	BM_LOG_JOURNAL_SECONDS = 3,	  /* that journalctl may take */
	BM_LOG_PRESENT = 8 * 1024 * 1024, /* bytes of the present boot's report */
};

struct bm_log {
	char *name; /* a path of the system; "the journal" */
	struct bm_buf bytes;
};

struct bm_logs {
	struct bm_log *items;
	size_t n, capacity;
	struct bm_strv notes; /* what was not read and why, a sentence each */
};

void bm_logs_done(struct bm_logs *logs);
#define _cleanup_logs_ BM_CLEANUP(bm_logs_done)

/*
 * Appends the ends of the system's logs: /var/log/messages, syslog, kern.log, boot.log, dmesg; reports of dracut that
 * were saved; what systemd kept of a panic, and what this machine's firmware did (pstore); the persistent journal,
 * where journalctl is here.
 */
int bm_logs_read(const struct bm_system *system, struct bm_logs *logs) BM_MUST_CHECK;

/* Where bootmend runs in the very initramfs that failed: appends dracut's report of it, else the kernel's messages. */
int bm_logs_read_present(struct bm_logs *logs) BM_MUST_CHECK;

#endif
