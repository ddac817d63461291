/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB legacy's grub.conf or menu.lst (GNU GRUB 0.97 manual, "Configuration", with the additions of Red Hat and SUSE).
 */
#ifndef BM_FMT_GRUBCONF_H
#define BM_FMT_GRUBCONF_H

#include "base/util.h"
#include "base/vec.h"
#include "entry.h"

enum {
	BM_GRUBCONF_SIZE_MAX = 4 * 1024 * 1024, /* bytes read; the rest is dropped with a warning */
	BM_GRUBCONF_ENTRIES_MAX = 1024,
	BM_GRUBCONF_WARNINGS_MAX = 64,
	BM_GRUBCONF_LINE_MAX = 16 * 1024,
	BM_GRUBCONF_INITRDS_MAX = 32, /* paths in one entry */
};

struct bm_grubconf_warning {
	unsigned int line;
	char *text;
};

struct bm_grubconf {
	struct bm_entries entries; /* all titles, also those that boot no Linux: GRUB's own numbers */
	long default_entry;	   /* the entry that boots; -1 where the menu is empty */
	long default_number;	   /* as written (or saved); 0 when nothing is */
	bool default_saved;	   /* `default saved`: the number is in /boot/grub/default */
	char *default_reason;	   /* why default_entry is not default_number; NULL when it is */
	struct bm_strv fallback;   /* numbers as written */
	char *timeout;		   /* seconds, or NULL: the menu waits for ever */
	struct bm_grubconf_warning *warnings;
	size_t n_warnings, cap_warnings;
};

/* Parses the file. saved is the content of /boot/grub/default (its first number counts), or NULL. Any bytes give a
 * result; returns 0 or -ENOMEM. *ret is filled on success only. */
int bm_grubconf_parse(const char *text, size_t len, const char *saved, struct bm_grubconf *ret) BM_MUST_CHECK;
void bm_grubconf_done(struct bm_grubconf *conf);
#define _cleanup_grubconf_ BM_CLEANUP(bm_grubconf_done)

#endif
