/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that bootmend runs on, as far as it decides whether a system boots on it.
 */
#ifndef BM_SYSTEM_MACHINE_H
#define BM_SYSTEM_MACHINE_H

#include "../base/util.h"

struct bm_machine {
	unsigned int cpu_level; /* x86-64-v1 to v4 of the x86-64 psABI: 1 to 4; 0: unknown, or another architecture */
	uint64_t memory_bytes;	/* all that the kernel has; 0 unknown */
};

/* Reads both. What can't be read is unknown. */
void bm_machine_read(struct bm_machine *ret_machine);
/* For tests, which link another one. Here it changes nothing. */
void bm_machine_hook(struct bm_machine *machine);

#endif
