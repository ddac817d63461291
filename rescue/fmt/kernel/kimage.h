/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel images: which kernel a file in /boot is, from its own bytes and not from its name.
 */
#ifndef BM_FMT_KIMAGE_H
#define BM_FMT_KIMAGE_H

#include "base/util.h"

enum {
	BM_KIMAGE_NEED = 128 * 1024,  /* bytes of the file's beginning that bm_kimage_parse() wants (or all of it) */
	BM_KIMAGE_TEXT_MAX = 512,     /* bytes of a version text */
	BM_KIMAGE_OVERLAP = 1024,     /* see bm_kimage_more() */
	BM_KIMAGE_SECTIONS_MAX = 256, /* of a PE file */
};

enum bm_kimage_kind {
	BM_KIMAGE_NONE,	   /* no kernel: problem says what it is instead */
	BM_KIMAGE_BZIMAGE, /* x86 boot protocol */
	BM_KIMAGE_UKI,	   /* unified kernel image: a PE file with .linux */
	BM_KIMAGE_ARM64,   /* Image */
	BM_KIMAGE_ZBOOT,   /* compressed EFI kernel (arm64, riscv, loongarch) */
	BM_KIMAGE_RISCV,
	BM_KIMAGE_ELF, /* vmlinux */
	BM_KIMAGE_S390,
	BM_KIMAGE_GZIP, /* something compressed; a kernel or not */
	BM_KIMAGE_EFI,	/* another PE program: a boot loader, memtest */
};

struct bm_kimage_range {
	uint64_t offset;
	uint64_t size; /* 0: there is none */
};

struct bm_kimage {
	enum bm_kimage_kind kind;
	char *version; /* "6.1.0-37-amd64": what uname -r would say; NULL where the bytes given don't tell */
	char *text;    /* "6.1.0-37-amd64 (debian-kernel@...) #1 SMP ..."; NULL likewise; any bytes but NUL */

	/* BM_KIMAGE_BZIMAGE */
	unsigned int protocol; /* 0x020f: 2.15 */
	bool relocatable;
	bool big;		 /* loaded high: a bzImage, not a zImage */
	unsigned int xloadflags; /* bit 0: 64-bit entry, bit 2: 32-bit EFI handover, bit 3: 64-bit EFI handover */
	const char *compression; /* of the payload (also ZBOOT's): "gzip", "xz", "zstd" ...; NULL where unknown */
	/* Likewise: the compressed part, which may be cut off, or reach beyond the file. */
	struct bm_kimage_range payload;

	bool efi;		/* can be started by UEFI (a PE file) */
	uint64_t expected_size; /* bytes that the headers say the file has at least; 0 where they say nothing */
	bool truncated;		/* the file is shorter than that */

	/* UKI: its parts in the file, as its first profile has them */
	struct bm_kimage_range kernel, initrd, ucode, cmdline, osrel, uname;
	unsigned int profiles; /* further sets of sections that a menu offers; 0 where there is but one */
	/* Where the version may be found when it is still NULL: read this and pass it to bm_kimage_more(). */
	struct bm_kimage_range more;

	const char
		*problem; /* why the file can't be booted, for people, without its name; NULL where nothing is seen */
};

/*
 * Reads the first len bytes of a kernel file of file_size bytes. Anything is accepted: what is no kernel gives
 * BM_KIMAGE_NONE and a problem ("is empty", "holds only zero bytes" ...), what is cut gives truncated and a problem.
 * ret is overwritten; bm_kimage_done() releases it. Returns 0, -ENOMEM.
 */
int bm_kimage_parse(const void *bytes, size_t len, uint64_t file_size, struct bm_kimage *ret_kimage) BM_MUST_CHECK;
/*
 * Looks for the version in bytes of the range more: a UKI's .uname in one piece, or for a vmlinux any pieces that
 * overlap by BM_KIMAGE_OVERLAP bytes. Returns 1 where the version is known now, 0 where not, -ENOMEM.
 */
int bm_kimage_more(struct bm_kimage *kimage, const void *bytes, size_t len) BM_MUST_CHECK;
void bm_kimage_done(struct bm_kimage *kimage);
#define _cleanup_kimage_ BM_CLEANUP(bm_kimage_done)
/* "bzImage", "unified kernel image" ...: a word for messages. */
const char *bm_kimage_kind_name(enum bm_kimage_kind kind);

#endif
