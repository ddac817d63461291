/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short grub.cfg on an ESP that does nothing but lead to the one in /boot: the installed GRUB of Debian, Ubuntu,
 * Fedora and Enterprise Linux 9 begins with it (GRUB manual, "search", "configfile").
 */
#ifndef BM_FMT_GRUBSTUB_H
#define BM_FMT_GRUBSTUB_H

#include "base/buf.h"
#include "base/util.h"

enum {
	BM_GRUBSTUB_SIZE_MAX = 16 * 1024, /* bytes; what is longer is no stub */
	BM_GRUBSTUB_LINES_MAX = 64,	  /* likewise */
};

struct bm_grubstub {
	bool understood;	  /* nothing else is done there, and all below is known; else nothing below is set */
	char *uuid;		  /* of the filesystem that is searched for */
	unsigned int search_line; /* from 1 */
	char *variable;		  /* that search sets: "dev", "root" */
	char *dir;		  /* GRUB's folder there: "/grub2" */
	unsigned int prefix_line;
};

/* How a stub is written. */
enum bm_grubstub_style {
	BM_GRUBSTUB_DEBIAN, /* search.fs_uuid */
	BM_GRUBSTUB_FEDORA, /* search --fs-uuid */
};

/* Reads a script; any bytes give a result. Returns 0 or -ENOMEM; *ret_stub is for bm_grubstub_done(). */
int bm_grubstub_parse(const char *text, size_t len, struct bm_grubstub *ret_stub) BM_MUST_CHECK;
void bm_grubstub_done(struct bm_grubstub *stub);
#define _cleanup_grubstub_ BM_CLEANUP(bm_grubstub_done)

/* Whether a folder may stand in a stub as it is: an absolute path without blanks, quotes and what GRUB expands. */
bool bm_grubstub_dir_plain(const char *dir);

/* A stub that leads to dir (plain) on the filesystem uuid, without the last line feed, for free(); NULL when memory is
 * short. */
char *bm_grubstub_text(enum bm_grubstub_style style, const char *uuid, const char *dir);

/* The line that sets prefix, for free(); NULL when memory is short. */
char *bm_grubstub_prefix(const char *variable, const char *dir);

#endif
