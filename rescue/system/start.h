/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which loader the machine starts, where that can be seen: by the boot entries of its UEFI firmware, or by the first
 * sectors of its disks. Where there is any doubt it is unknown.
 */
#ifndef BM_SYSTEM_START_H
#define BM_SYSTEM_START_H

#include "../base/vec.h"

enum bm_starter {
	BM_STARTER_UNKNOWN,
	BM_STARTER_GRUB2, /* its own program, or shim before it */
	BM_STARTER_GRUB_LEGACY,
	BM_STARTER_SYSTEMD_BOOT,
	BM_STARTER_UNIFIED, /* a unified kernel image, without any loader */
	BM_STARTER_OTHER,   /* one whose configuration is not read here */
};

struct bm_start {
	enum bm_starter kind;
	char *program;	     /* what the firmware starts, a path in the system; NULL for a boot sector */
	char *name;	     /* "rEFInd", "LILO"; NULL where the kind says it */
	char *how;	     /* how that is known: "the firmware's entry Boot0003 'debian'", "the boot sector of vda" */
	bool arguments;	     /* that entry has arguments of its own for the program */
	struct bm_strv gone; /* entries that are tried before it, and whose program is not there; a sentence each */
};

void bm_start_done(struct bm_start *start);
/* "unknown", "grub2", "grub-legacy", "systemd-boot", "unified", "other" */
const char *bm_starter_text(enum bm_starter kind);

#endif
