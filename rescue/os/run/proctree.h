/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes and what they have cost, from /proc (proc_pid_stat(5)).
 */
#ifndef BM_OS_PROCTREE_H
#define BM_OS_PROCTREE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

struct bm_process {
	pid_t pid, parent;
	uint64_t cpu_ms; /* its own, and that of its children that have ended */
};

/* All processes that /proc shows. Returns how many; *ret_processes is for free(), NULL where there are none. */
size_t bm_processes_list(struct bm_process **ret_processes);
/* The name of a process, for free(); "?" where it has none any more, NULL where memory is short. */
char *bm_process_name(pid_t pid);
/* The processor time of a process and all below it, so far. It goes back where one ends that nobody waited for. */
uint64_t bm_processes_cpu_ms(pid_t top);

#endif
