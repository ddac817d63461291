/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as processors give them: what VMware's EVC modes and QEMU's models show.
 */
#include "os/run/cpu.h"
#include "harness.h"

#define LONG_MODE (1U << 29)

BM_TEST(cpu_levels)
{
	/* QEMU's qemu64: long mode, CMPXCHG16B and SSE3, and no SSE4 */
	struct bm_cpu_flags flags = {.leaf1_ecx = 0x80002001, .extended_edx = LONG_MODE, .extended_ecx = 1};

	BM_CHECK_INT(bm_cpu_level(&flags), 1);
	/* Nehalem */
	flags.leaf1_ecx = 0x0098e3fd;
	BM_CHECK_INT(bm_cpu_level(&flags), 2);
	/* no LAHF in long mode: an early 64-bit processor */
	flags.extended_ecx = 0;
	BM_CHECK_INT(bm_cpu_level(&flags), 1);
	/* Haswell */
	flags.leaf1_ecx = 0x7ffafbff;
	flags.leaf7_ebx = 0x000027ab;
	flags.extended_ecx = 0x21;
	flags.xcr0 = 7;
	BM_CHECK_INT(bm_cpu_level(&flags), 3);
	/* the hypervisor does not save the AVX registers */
	flags.xcr0 = 3;
	BM_CHECK_INT(bm_cpu_level(&flags), 2);
	/* Skylake server */
	flags.leaf7_ebx = 0xd39ffffb;
	flags.xcr0 = 0xe7;
	BM_CHECK_INT(bm_cpu_level(&flags), 4);
	flags.xcr0 = 7;
	BM_CHECK_INT(bm_cpu_level(&flags), 3);
	flags.extended_edx = 0;
	BM_CHECK_INT(bm_cpu_level(&flags), 0);
}

BM_TEST(cpu_of_this_machine)
{
	struct bm_cpu_flags flags;

	if (!bm_cpu_read(&flags))
		BM_SKIP("no x86");
	BM_CHECK(bm_cpu_level(&flags) <= 4);
#ifdef __x86_64__
	BM_CHECK(bm_cpu_level(&flags) >= 1);
#endif
}
