/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot entries of this machine's UEFI firmware, and whether Secure Boot is on. They say something about a system
 * only where it lies on this very machine: an entry names the partition that it starts from.
 */
#ifndef BM_SYSTEM_FIRMWARE_H
#define BM_SYSTEM_FIRMWARE_H

#include "../fmt/boot/efiboot.h"

struct bm_firmware_entry {
	uint16_t number; /* 3: Boot0003 */
	struct bm_efiboot boot;
};

struct bm_firmware {
	bool uefi;			   /* the machine was started by UEFI */
	bool secure_boot;		   /* Secure Boot is on, and shim was not told to check nothing */
	struct bm_firmware_entry *entries; /* in the order in which they are tried; empty where that cannot be read */
	size_t n, capacity;
};

/* Reads efivarfs, mounted at dir, into a zeroed struct. What can't be read is left out. Returns 0 or -ENOMEM. */
int bm_firmware_read(const char *dir, struct bm_firmware *firmware) BM_MUST_CHECK;
void bm_firmware_done(struct bm_firmware *firmware);

#endif
