/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What files of an initramfs that dracut built say it does by itself: its hooks are shell scripts, and what they do
 * without any argument has changed between versions, so that they are read and not assumed.
 */
#ifndef BM_FMT_DRACUT_H
#define BM_FMT_DRACUT_H

#include "base/util.h"

enum { BM_DRACUT_SCRIPT_MAX = 64 * 1024, BM_DRACUT_PATH_MAX = 4096 };

/* What a hook (parse-lvm.sh, parse-md.sh, parse-crypt.sh) does where no argument names anything. */
enum bm_dracut_default {
	BM_DRACUT_UNKNOWN, /* it was not understood */
	BM_DRACUT_ALL,	   /* it brings up all that it finds */
	BM_DRACUT_NOTHING, /* it brings up nothing, unless rd.auto is given */
};

/* Reads the len bytes of a hook. */
enum bm_dracut_default bm_dracut_default_of(const char *script, size_t len);

/* The device that a hook of this name waits for (devexists-\x2fdev\x2fsda1.sh: /dev/sda1), for free(); NULL where it is
 * no such hook, or memory is short (errno is ENOMEM then, else 0). */
char *bm_dracut_wait_of(const char *name);

#endif
