/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own words about what was just tried, from /dev/kmsg (Linux, Documentation/ABI/testing/dev-kmsg).
 */
#ifndef BM_OS_KMSG_H
#define BM_OS_KMSG_H

#include "base/vec.h"

enum { BM_KMSG_LINES_MAX = 8, BM_KMSG_RECORDS_MAX = 256 };

/* Opens the log at its end: bm_kmsg_since() then reads what came later. For bm_file_close(); -1 where there is no log
 * (or no right to read it), which bm_kmsg_since() takes. */
int bm_kmsg_open(void);
/* Appends the lines that name the device (its path; links are followed), at most BM_KMSG_LINES_MAX of them, without
 * their heads. Returns 0 or -ENOMEM. */
int bm_kmsg_since(int fd, const char *device, struct bm_strv *lines) BM_MUST_CHECK;

#endif
