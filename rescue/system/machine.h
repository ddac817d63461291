/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that bootmend runs on, as far as it decides whether a system boots on it.
 */
#ifndef BM_SYSTEM_MACHINE_H
#define BM_SYSTEM_MACHINE_H

#include "../base/util.h"
#include "firmware.h"

struct bm_machine {
	unsigned int cpu_level; /* x86-64-v1 to v4 of the x86-64 psABI: 1 to 4; 0: unknown, or another architecture */
	uint64_t memory_bytes;	/* all that the kernel has; 0 unknown */
	struct bm_firmware firmware;
};

/* Reads all of it. What can't be read is unknown. Returns 0 or -ENOMEM; ret_machine is for bm_machine_done(). */
int bm_machine_read(struct bm_machine *ret_machine) BM_MUST_CHECK;
void bm_machine_done(struct bm_machine *machine);
/* For tests, which link another one. Here it changes nothing. */
void bm_machine_hook(struct bm_machine *machine);

#endif
