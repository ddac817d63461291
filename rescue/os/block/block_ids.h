/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By what a disk is known to LVM's devices file, and what an array lacks; from /sys/dev/block.
 */
#ifndef BM_OS_BLOCK_IDS_H
#define BM_OS_BLOCK_IDS_H

#include "base/util.h"

struct bm_block_ids {
	char *wwid;		 /* device/wwid or wwid, stripped; NULL where it has none */
	char *serial;		 /* device/serial or serial, likewise */
	unsigned int md_missing; /* md/degraded: members that an array lacks */
};

/* ret_ids is for bm_block_ids_done(). Returns 0 (what is not there is NULL) or -ENOMEM. */
int bm_block_ids_read(uint32_t major, uint32_t minor, struct bm_block_ids *ret_ids) BM_MUST_CHECK;
void bm_block_ids_done(struct bm_block_ids *ids);
#define _cleanup_block_ids_ BM_CLEANUP(bm_block_ids_done)

#endif
