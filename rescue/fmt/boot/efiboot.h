/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot entries of UEFI firmware, as the files of efivarfs hold them: BootXXXX and BootOrder (UEFI
 * specification, "Boot Manager", EFI_LOAD_OPTION, and "Device Path Protocol").
 */
#ifndef BM_FMT_EFIBOOT_H
#define BM_FMT_EFIBOOT_H

#include "base/util.h"

enum {
	BM_EFIBOOT_SIZE_MAX = 64 * 1024, /* bytes of one variable's file; what is longer is no entry */
	BM_EFIBOOT_ORDER_MAX = 256,	 /* entries of the order that are read */
	BM_EFIBOOT_TEXT_MAX = 1024,	 /* characters of a name or a path; what is longer is no entry */
};

struct bm_efiboot {
	bool valid;	/* else nothing below is set */
	bool starts;	/* active, and in the order of booting: no application that only a key starts */
	char *name;	/* as the firmware's menu shows it */
	char *partuuid; /* of the partition that it lies on, as PARTUUID= has it, in small letters; NULL: it names none
			 */
	char *path;	/* of the program there, with slashes: "/EFI/debian/shimx64.efi"; NULL: the firmware's habit */
	bool inside;	/* a part of the firmware itself */
	bool arguments; /* text for the program stands behind it */
};

/* Reads the file of a variable BootXXXX, its attributes first. Any bytes give a result. Returns 0 or -ENOMEM;
 * *ret_entry is for bm_efiboot_done(). */
int bm_efiboot_parse(const uint8_t *bytes, size_t len, struct bm_efiboot *ret_entry) BM_MUST_CHECK;
void bm_efiboot_done(struct bm_efiboot *entry);
#define _cleanup_efiboot_ BM_CLEANUP(bm_efiboot_done)

/* Reads the file of BootOrder: the numbers of the entries, at most BM_EFIBOOT_ORDER_MAX; how many. */
size_t bm_efiboot_numbers(const uint8_t *bytes, size_t len, uint16_t ret_numbers[BM_EFIBOOT_ORDER_MAX]);

#endif
