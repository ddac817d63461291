/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an executable needs in order to start: the interpreter and the libraries of an ELF file (System V gABI), or the
 * interpreter of a script. Nothing is trusted: every offset is checked against the bytes at hand.
 */
#ifndef BM_FMT_ELF_H
#define BM_FMT_ELF_H

#include "base/vec.h"

enum {
	BM_ELF_HEAD = 1024 * 1024,	/* bytes at a file's begin that a streaming caller keeps; names stand there */
	BM_ELF_DYNAMIC_MAX = 64 * 1024, /* bytes of a dynamic table that are looked at */
	BM_ELF_NEEDED_MAX = 256,	/* names in a list; more are left out */
	BM_ELF_NAME_MAX = 4096,
	BM_ELF_SCRIPT_MAX = 256, /* BINPRM_BUF_SIZE: what the kernel reads of a script's first line */
};

enum bm_elf_kind {
	BM_ELF_OTHER, /* neither: data */
	BM_ELF_SCRIPT,
	BM_ELF_BINARY,
};

struct bm_elf {
	enum bm_elf_kind kind;
	bool is64;
	bool big_endian;
	bool dynamic;	      /* has a dynamic table */
	bool complete;	      /* that table and its names were at hand: needed, soname and the paths can be relied on */
	uint64_t size_needed; /* bytes that the file must have: bm_elf_size_needed() */
	uint16_t machine;
	uint16_t type;	   /* 2 executable, 3 shared object or position-independent executable */
	char *interpreter; /* of an ELF file its PT_INTERP, of a script what stands behind #!; NULL where there is none
			    */
	char *soname;
	char *rpath;
	char *runpath;
	struct bm_strv needed;
	struct bm_strv
		dlopen; /* libraries that it asks for while it runs, by its notes (systemd, ELF_DLOPEN_METADATA) */
};

void bm_elf_done(struct bm_elf *elf);
#define _cleanup_elf_ BM_CLEANUP(bm_elf_done)

/* Where the dynamic table stands in the file, from the file's first bytes. Returns 0, or -ENOENT where there is none
 * (or none that can be found). ret_size is at most BM_ELF_DYNAMIC_MAX. */
int bm_elf_dynamic_at(const uint8_t *head, size_t len, uint64_t *ret_offset, uint64_t *ret_size) BM_MUST_CHECK;

/* Reads a file of which the first len bytes are at hand and, where they are not among those, the dynamic_len bytes of
 * its dynamic table (bm_elf_dynamic_at(); NULL, 0 otherwise). Returns 0 (whatever the bytes are: see kind) or -ENOMEM.
 * ret_elf is for bm_elf_done(). */
int bm_elf_parse(const uint8_t *head, size_t len, const uint8_t *dynamic, size_t dynamic_len,
	struct bm_elf *ret_elf) BM_MUST_CHECK;

/* How many bytes the file must have for all that its program headers load from it; 0 where none can be told. A shorter
 * file was cut off. */
uint64_t bm_elf_size_needed(const uint8_t *head, size_t len);

/* The x86-64 level (1 to 4; x86-64 psABI, "Micro-Architecture Levels") that the file is marked as needing, in its GNU
 * property note GNU_PROPERTY_X86_ISA_1_NEEDED; 0 where it has no such note, or that is not among the first len bytes.
 */
unsigned int bm_elf_x86_level(const uint8_t *head, size_t len);

#endif
