/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LVM2 through the rescue system's own `lvm` (2.03): what volume groups there are, and activation, read-only first.
 *
 * The patient's lvm.conf and devices file are not used; the rescue system's are replaced by options on the command
 * line: only the given devices are looked at, no metadata is archived or written, and groups are named by UUID, so a
 * clone with the same name is told apart.
 */
#ifndef BM_OS_LVM_H
#define BM_OS_LVM_H

#include "base/buf.h"
#include "base/vec.h"

enum { BM_LVM_ROWS_MAX = 4096 };

struct bm_lvm_vg {
	char *name, *uuid;
	uint64_t size_bytes, free_bytes;
	unsigned int n_pvs, n_missing; /* n_missing > 0: partial */
	bool exported;
	bool clash; /* another group carries the same name */
};

struct bm_lvm_pv {
	char *path; /* NULL when missing */
	char *uuid;
	size_t vg; /* index, SIZE_MAX for a PV in no group */
	uint64_t size_bytes;
	bool missing;
	bool duplicate; /* a copy of a disk (a clone attached): lvm chose the other one, which has the same uuid */
};

struct bm_lvm_lv {
	char *name, *uuid; /* the name without brackets */
	size_t vg;
	char *segtype;		/* linear, striped, raid1, thin, thin-pool, snapshot, ...; "mixed" for several */
	struct bm_strv devices; /* device paths of its PVs, each once, or the names of hidden volumes */
	char *path;		/* /dev/mapper/vg-lv, with hyphens doubled */
	uint64_t size_bytes;
	bool active, hidden;	  /* hidden: an internal volume ([root_rimage_0]) */
	bool partial;		  /* lies on a missing PV */
	bool activated, writable; /* by us, and how */
};

struct bm_lvm {
	struct bm_strv devices; /* the devices that were looked at */
	struct bm_lvm_vg *vgs;
	size_t n_vgs, cap_vgs;
	struct bm_lvm_pv *pvs;
	size_t n_pvs, cap_pvs;
	struct bm_lvm_lv *lvs;
	size_t n_lvs, cap_lvs;
};

void bm_lvm_done(struct bm_lvm *lvm); /* frees only: see bm_lvm_deactivate_all() */
#define _cleanup_lvm_ BM_CLEANUP(bm_lvm_done)

/* What the PVs among devices (paths of block devices; NULL: all that there are) hold. Returns 0, -ENOPKG when there is
 * no lvm program, -ENODEV when the kernel has no device-mapper, -EIO when lvm failed (its last line in the context). */
int bm_lvm_scan(const struct bm_strv *devices, struct bm_lvm *ret_lvm) BM_MUST_CHECK;
/* Activates lvs[index], read-only unless writable. One that was active before bootmend came is left as it is and is not
 * ours to deactivate (and stays 0). Partial ones are refused: -ENXIO. */
int bm_lvm_activate(struct bm_lvm *lvm, size_t index, bool writable) BM_MUST_CHECK;
/* Activates, read-only, in few calls of lvm, the volumes of groups that have several. One that is not activated after
 * it is left to bm_lvm_activate(), which says why. -ENOMEM alone is an error. */
int bm_lvm_activate_all(struct bm_lvm *lvm) BM_MUST_CHECK;
/* Deactivates what bm_lvm_activate() activated. -EBUSY while it is in use. */
int bm_lvm_deactivate(struct bm_lvm *lvm, size_t index) BM_MUST_CHECK;
/* All of ours; goes on after a failure and returns the first. */
int bm_lvm_deactivate_all(struct bm_lvm *lvm) BM_MUST_CHECK;
/* Deactivates logical volumes that an earlier run of bootmend left active, named by dm paths (/dev/mapper/vg-lv). */
int bm_lvm_deactivate_path(const char *path) BM_MUST_CHECK;

/* For tests: the argument list for a verb, and the parser of lvm's answer (--nameprefixes rows). */
enum bm_lvm_verb { BM_LVM_PVS, BM_LVM_LVS, BM_LVM_ACTIVATE_RO, BM_LVM_ACTIVATE_RW, BM_LVM_DEACTIVATE };
int bm_lvm_compose(enum bm_lvm_verb verb, const struct bm_strv *devices, const struct bm_lvm_vg *vg,
	const struct bm_lvm_lv *const *lvs, size_t n_lvs, bool udev, struct bm_strv *argv) BM_MUST_CHECK;
int bm_lvm_parse_pvs(const char *text, struct bm_lvm *lvm) BM_MUST_CHECK;
int bm_lvm_parse_lvs(const char *text, struct bm_lvm *lvm) BM_MUST_CHECK;

#endif
