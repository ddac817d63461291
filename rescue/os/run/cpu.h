/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor can do, as far as it decides whether a system's C library starts on it: the levels of the x86-64
 * psABI ("Micro-Architecture Levels").
 */
#ifndef BM_OS_CPU_H
#define BM_OS_CPU_H

#include "base/util.h"

/* The registers that the levels are read from (Intel SDM, volume 2, CPUID; volume 1, section 13.3 for XCR0). */
struct bm_cpu_flags {
	uint32_t leaf1_ecx, leaf1_edx;
	uint32_t leaf7_ebx;
	uint32_t extended_ecx, extended_edx; /* leaf 0x80000001 */
	uint64_t xcr0;			     /* which registers the kernel saves; 0 without OSXSAVE */
};

/* This processor's. False on another architecture than x86. */
bool bm_cpu_read(struct bm_cpu_flags *ret_flags);
/* x86-64-v1 to v4: 1 to 4; 0 where it has no 64-bit mode. Pure. */
unsigned int bm_cpu_level(const struct bm_cpu_flags *flags);

#endif
