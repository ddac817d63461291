/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a test stops bootmend or lets an effect fail. Each function that changes something calls this first; tests link
 * one that counts, ends the process, or answers with an error (tests/repair/hooks.c).
 */
#ifndef BM_OS_FAULT_H
#define BM_OS_FAULT_H

#include "base/util.h"

/* effect is a word (write, sync, rename ...), path what it is about. Returns 0, always but in tests; or the negative
 * errno with which the effect is to fail before it has done anything. */
int bm_fault_point(const char *effect, const char *path) BM_MUST_CHECK;

#endif
