/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the same unattended repair ended in a reboot: the file that stops a machine from being repaired and
 *rebooted for ever. It lies on the patient, because nothing else of a machine lasts from one boot to the next.
 *
 *	9f86d081884c7d65 2 1764331262
 *	KEY              TRIES TIME
 */
#ifndef BM_FMT_TRIES_H
#define BM_FMT_TRIES_H

#include "base/buf.h"

enum {
	BM_TRIES_SIZE_MAX = 16 * 1024,
	BM_TRIES_LINES_MAX = 64,
	BM_TRIES_KEY = 16,		/* hexadecimal digits */
	BM_TRIES_FORGET = 24 * 60 * 60, /* seconds; what is older is another occasion */
};

struct bm_tries {
	uint64_t same; /* of this key, with this one */
	uint64_t all;  /* of all keys */
};

/*
 * Adds a try of key at the time now (seconds) to what the file has (text may be NULL), and appends what it is to hold
 * from then on to out. Lines that are none are left out; so is what is older than BM_TRIES_FORGET, but not what is said
 * to lie in the future: a clock that starts anew with each boot must not make each try the first. Returns 0 or -ENOMEM.
 */
int bm_tries_add(const char *text, size_t len, const char *key, int64_t now, struct bm_buf *out,
	struct bm_tries *ret_tries) BM_MUST_CHECK;

#endif
