/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's messages, all that are still there.
 */
#ifndef BM_OS_KLOG_H
#define BM_OS_KLOG_H

#include "base/buf.h"

/* Appends them as lines with priority and time. Returns 0, -EPERM, -ENOSYS, -ENOMEM. */
int bm_klog_read(struct bm_buf *buf) BM_MUST_CHECK;

#endif
