/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define BIT(n) (1U << (n))

enum { LEAF_FEATURES = 1, LEAF_STRUCTURED = 7 };

/* leaf 1: SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT */
#define V2_LEAF1    (BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23))
#define V2_EXTENDED BIT(0) /* LAHF and SAHF in 64-bit mode */
/* leaf 1: FMA, MOVBE, OSXSAVE, AVX, F16C; leaf 7: BMI1, AVX2, BMI2; extended: LZCNT */
#define V3_LEAF1    (BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29))
#define V3_LEAF7    (BIT(3) | BIT(5) | BIT(8))
#define V3_EXTENDED BIT(5)
#define V3_XCR0	    0x06 /* SSE and AVX registers */
/* leaf 7: AVX512F, DQ, CD, BW, VL */
#define V4_LEAF7 (BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31))
#define V4_XCR0	 0xe6 /* those, and the mask and the upper ZMM registers */

bool bm_cpu_read(struct bm_cpu_flags *ret_flags)
{
#if defined(__x86_64__) || defined(__i386__)
	struct bm_cpu_flags flags = {0};
	unsigned int a, b, c, d;

	if (!__get_cpuid(LEAF_FEATURES, &a, &b, &c, &d))
		return false;
	flags.leaf1_ecx = c;
	flags.leaf1_edx = d;
	if (__get_cpuid_count(LEAF_STRUCTURED, 0, &a, &b, &c, &d))
		flags.leaf7_ebx = b;
	if (__get_cpuid(0x80000001U, &a, &b, &c, &d)) {
		flags.extended_ecx = c;
		flags.extended_edx = d;
	}
	if (flags.leaf1_ecx & BIT(27)) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		flags.xcr0 = (uint64_t)d << 32 | a;
	}
	*ret_flags = flags;
	return true;
#else
	(void)ret_flags;
	return false;
#endif
}

static bool has(uint64_t value, uint64_t bits)
{
	return (value & bits) == bits;
}

unsigned int bm_cpu_level(const struct bm_cpu_flags *flags)
{
	if (!has(flags->extended_edx, BIT(29)))
		return 0;
	if (!has(flags->leaf1_ecx, V2_LEAF1) || !has(flags->extended_ecx, V2_EXTENDED))
		return 1;
	if (!has(flags->leaf1_ecx, V3_LEAF1) || !has(flags->leaf7_ebx, V3_LEAF7) ||
		!has(flags->extended_ecx, V3_EXTENDED) || !has(flags->xcr0, V3_XCR0))
		return 2;
	return has(flags->leaf7_ebx, V4_LEAF7) && has(flags->xcr0, V4_XCR0) ? 4 : 3;
}
