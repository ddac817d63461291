/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume group as LVM writes it into /etc/lvm/backup/NAME after each change (vgcfgbackup(8)): nested sections
 * NAME { KEY = VALUE }, values being numbers, "texts" and [lists]. What a group and its volumes were called when the
 * system last changed them, with the UUIDs that stay whatever somebody calls them later.
 */
#ifndef BM_FMT_LVMBACKUP_H
#define BM_FMT_LVMBACKUP_H

#include "base/vec.h"

enum {
	BM_LVMBACKUP_SIZE_MAX = 4 * 1024 * 1024,
	BM_LVMBACKUP_VOLUMES_MAX = 4096,
};

struct bm_lvmbackup_volume {
	char *name, *uuid; /* uuid with hyphens, as LVM writes it */
};

struct bm_lvmbackup {
	char *group, *uuid; /* NULL where the text has none */
	struct bm_lvmbackup_volume *volumes;
	size_t n, capacity;
};

/* Reads len bytes, up to the first thing that is no such text; what was read till then stays. Returns 0; -EFBIG for
 * more than BM_LVMBACKUP_SIZE_MAX bytes, -ENOMEM. */
int bm_lvmbackup_parse(const char *text, size_t len, struct bm_lvmbackup *ret_backup) BM_MUST_CHECK;
void bm_lvmbackup_done(struct bm_lvmbackup *backup);
#define _cleanup_lvmbackup_ BM_CLEANUP(bm_lvmbackup_done)

#endif
