/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LVM's devices file, /etc/lvm/devices/system.devices (lvmdevices(8)): where it exists, LVM sees only the devices that
 * it names.
 */
#ifndef BM_FMT_LVMDEVICES_H
#define BM_FMT_LVMDEVICES_H

#include "base/vec.h"

enum {
	BM_LVMDEVICES_SIZE_MAX = 1024 * 1024,
	BM_LVMDEVICES_ENTRIES_MAX = 4096,
	BM_LVM_PVID_TEXT = 32 + 1, /* a PV's UUID without its hyphens */
};

struct bm_lvmdevices_entry {
	unsigned int line; /* from 1 */
	char *idtype;	   /* sys_wwid, sys_serial, devname ... */
	char *idname;	   /* "." where it has none */
	char *devname;	   /* or NULL */
	char *pvid;	   /* as written, or NULL ("." is none) */
	unsigned int part; /* of the disk, 0 for none */
};

struct bm_lvmdevices {
	struct bm_lvmdevices_entry *entries; /* lines with IDTYPE and IDNAME, as LVM reads them */
	size_t n, capacity;
	bool knows_machine; /* has HOSTNAME= or PRODUCT_UUID=: on another machine LVM looks for the PVIDs by itself */
};

/* Reads len bytes. Lines that LVM passes over are left out. Returns 0; -EFBIG for more than BM_LVMDEVICES_SIZE_MAX
 * bytes, -ENOMEM. */
int bm_lvmdevices_parse(const char *text, size_t len, struct bm_lvmdevices *ret_devices) BM_MUST_CHECK;
void bm_lvmdevices_done(struct bm_lvmdevices *devices);
#define _cleanup_lvmdevices_ BM_CLEANUP(bm_lvmdevices_done)

/* The entry of a PVID, or NULL. */
const struct bm_lvmdevices_entry *bm_lvmdevices_find(const struct bm_lvmdevices *devices, const char *pvid);
/* A PV's UUID as blkid writes it, with hyphens, to a PVID. False where it is none. */
bool bm_lvm_pvid(const char *uuid, char ret_pvid[BM_LVM_PVID_TEXT]);

#endif
