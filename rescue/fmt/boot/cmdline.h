/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel command line, cut into arguments as the kernel cuts it (Linux, "The kernel's command-line parameters";
 * next_arg() in lib/cmdline.c): white space separates outside double quotes; a quote at the beginning of a value or of
 * the whole argument goes, with the one at its end; "--" ends what is for the kernel.
 */
#ifndef BM_FMT_CMDLINE_H
#define BM_FMT_CMDLINE_H

#include "base/buf.h"
#include "base/util.h"
#include "base/vec.h"

enum {
	BM_CMDLINE_SIZE_MAX = 64 * 1024, /* bytes read; x86 hands 2047 to the kernel */
	BM_CMDLINE_ARGS_MAX = 4096,
};

struct bm_cmdline_arg {
	char *key;   /* "root" of root=/dev/sda1; the whole argument where there is no = */
	char *value; /* "" after a bare "="; NULL without "=" */
	bool init;   /* stands behind "--": for init */
};

struct bm_cmdline {
	struct bm_cmdline_arg *items; /* in order; "--" itself is not among them */
	size_t n, capacity;
	bool truncated; /* a limit was reached */
};

/* Parses len bytes (up to a NUL, where one comes first). Returns 0 or -ENOMEM. */
int bm_cmdline_parse(const char *text, size_t len, struct bm_cmdline *ret) BM_MUST_CHECK;
void bm_cmdline_done(struct bm_cmdline *line);
#define _cleanup_cmdline_ BM_CLEANUP(bm_cmdline_done)

/* Values of the first and the last argument of that key before "--", owned by line; NULL when the key is absent, and ""
 * when it stands there without "=". The kernel takes the last root=, dracut too; console= and rd.* collect all. As in
 * the kernel, - and _ in a key are the same. */
const char *bm_cmdline_first(const struct bm_cmdline *line, const char *key);
const char *bm_cmdline_last(const struct bm_cmdline *line, const char *key);
bool bm_cmdline_has(const struct bm_cmdline *line, const char *key);
/* Appends the values of all arguments of that key. Returns 0 or -ENOMEM. */
int bm_cmdline_all(const struct bm_cmdline *line, const char *key, struct bm_strv *list) BM_MUST_CHECK;
/* How dracut reads a switch: present without a value or with 1/yes is true, 0/no is false, absent is fallback. */
bool bm_cmdline_bool(const struct bm_cmdline *line, const char *key, bool fallback);

/* What decides how a system starts; the strings belong to the command line that they were taken from. */
struct bm_cmdline_boot {
	const char *root;	/* root=, or NULL */
	const char *rootflags;	/* rootflags=, or NULL */
	const char *rootfstype; /* rootfstype=, or NULL */
	const char *resume;	/* resume=, or NULL; noresume makes it NULL */
	const char *init;	/* init=, or NULL; S, s, single and 1..5 are runlevels, not this */
	const char *rdinit;	/* rdinit=, or NULL: /init */
	const char *boot_image; /* BOOT_IMAGE=, or NULL: what GRUB or syslinux loaded */
	const char *image;	/* initrd=, or NULL: EFI stub's own loading */
	const char *usr;	/* mount.usr=, or NULL */
	bool read_write;	/* rw came after ro */
};
void bm_cmdline_boot(const struct bm_cmdline *line, struct bm_cmdline_boot *ret);

/* Appends one argument to a text of a command line, with quotes where the value holds white space. value NULL: no "=".
 * Returns 0, -ENOMEM, -EINVAL where it holds a quote or a control character and so cannot be written. */
int bm_cmdline_append(struct bm_buf *out, const char *key, const char *value) BM_MUST_CHECK;

#endif
