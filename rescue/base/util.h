/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small macros that every part uses: attributes, sizes, cleanup helpers.
 */
#ifndef BM_BASE_UTIL_H
#define BM_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define BM_MUST_CHECK	 __attribute__((warn_unused_result))
#define BM_PRINTF(f, a)	 __attribute__((format(printf, f, a)))
#define BM_UNUSED	 __attribute__((unused))
#define BM_CLEANUP(f)	 __attribute__((cleanup(f)))
#define BM_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BM_MIN(a, b)	 ((a) < (b) ? (a) : (b))
#define BM_MAX(a, b)	 ((a) > (b) ? (a) : (b))
#define BM_KIB		 ((uint64_t)1024)
#define BM_MIB		 (1024 * BM_KIB)
#define BM_GIB		 (1024 * BM_MIB)

/* Frees the pointer that the variable holds: `_cleanup_free_ char *p = NULL;`. */
static inline void bm_freep(void *p)
{
	free(*(void **)p);
}

#define _cleanup_free_ BM_CLEANUP(bm_freep)

#endif
