/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first sector of a disk or of a partition, as the BIOS or another such sector starts it: whose program that is.
 */
#ifndef BM_FMT_BOOTSECTOR_H
#define BM_FMT_BOOTSECTOR_H

#include "base/util.h"

enum { BM_BOOTSECTOR_BYTES = 512 };

enum bm_bootsector_kind {
	BM_BOOTSECTOR_NONE,	   /* nothing that could be started */
	BM_BOOTSECTOR_OTHER,	   /* a program that is not known */
	BM_BOOTSECTOR_CHAIN,	   /* it starts the sector of the partition that is marked active */
	BM_BOOTSECTOR_GRUB2,	   /* boot.img */
	BM_BOOTSECTOR_GRUB_LEGACY, /* stage1 */
	BM_BOOTSECTOR_LILO,
	BM_BOOTSECTOR_SYSLINUX, /* or EXTLINUX, the same program */
};

struct bm_bootsector {
	enum bm_bootsector_kind kind;
	unsigned int active; /* a disk's primary partition that is marked active, from 1; 0: none, or several */
};

/* Reads a sector; fewer bytes are none. active is only meant for the first sector of a disk with an MBR. */
void bm_bootsector_parse(const uint8_t *bytes, size_t len, struct bm_bootsector *ret_sector);

/* "GRUB 2", "GRUB legacy", "LILO", "SYSLINUX"; NULL for the others. */
const char *bm_bootsector_name(enum bm_bootsector_kind kind);

#endif
