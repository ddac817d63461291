/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the log of an xfs filesystem ends in an unmount, or holds changes that a mount would replay.
 */
#ifndef BM_FMT_XFSLOG_H
#define BM_FMT_XFSLOG_H

#include "../../base/util.h"

enum bm_xfslog_state {
	BM_XFSLOG_UNKNOWN, /* no xfs, a log on another device, or one that cannot be read */
	BM_XFSLOG_CLEAN,   /* never used, or its last record is that of an unmount */
	BM_XFSLOG_DIRTY,   /* a mount replays it, or it cannot be made out: what is on the disk may be older */
};

/* Reads len bytes at at_bytes of the filesystem. Returns 0, or a negative errno also where fewer are there. */
typedef int bm_xfslog_read(void *context, uint64_t at_bytes, void *buffer, size_t len);

/* Looks for the end of the log, by a few dozen reads of 512 bytes. super has the first len bytes of the filesystem
 * (512 or more). */
enum bm_xfslog_state bm_xfslog_look(const uint8_t *super, size_t len, bm_xfslog_read *read, void *context);

#endif
