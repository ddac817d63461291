/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel module's file, read in pieces and never kept: is it a module, is it whole, for which kernel was it built, is
 * it signed. What the kernel's loader asks first (Linux, kernel/module/main.c, elf_validity_check() and same_magic()).
 */
#ifndef BM_FMT_KOFILE_H
#define BM_FMT_KOFILE_H

#include "base/util.h"

enum {
	BM_KOFILE_HEAD = 64,	   /* bytes of an ELF header */
	BM_KOFILE_MAGIC_MAX = 256, /* bytes of a vermagic; a longer one is cut */
	BM_KOFILE_MARK = 28,	   /* bytes of the mark behind a signature */
};

struct bm_kofile {
	bool elf;			    /* a relocatable ELF file: what a module is */
	bool whole;			    /* its section headers lie inside the file */
	bool is_signed;			    /* the mark of a signature stands at its end */
	char vermagic[BM_KOFILE_MAGIC_MAX]; /* "6.1.0-9-amd64 SMP preempt mod_unload modversions "; "" where none is */
};

/* Between the pieces; `= {0}` at the begin. */
struct bm_kofile_reader {
	uint64_t size; /* bytes so far */
	uint8_t head[BM_KOFILE_HEAD];
	uint8_t tail[BM_KOFILE_MARK]; /* the last bytes, right-aligned */
	size_t matched;		      /* bytes of "vermagic=" that were just seen */
	size_t magic_len;
	bool magic_begun, magic_done;
	char magic[BM_KOFILE_MAGIC_MAX];
};

/* Takes the next len bytes of the file, which is not compressed. */
void bm_kofile_feed(struct bm_kofile_reader *reader, const uint8_t *bytes, size_t len);
/* What all of them together are. */
void bm_kofile_end(const struct bm_kofile_reader *reader, struct bm_kofile *ret_kofile);

/* Whether a kernel of that version (uname -r) may refuse the module for its vermagic. With modversions the kernel does
 * not compare versions but the symbols' checksums, and distributions build modules for many kernels: such a module is
 * not called foreign. Nor is one without a vermagic. */
bool bm_kofile_foreign(const struct bm_kofile *kofile, const char *version);

#endif
