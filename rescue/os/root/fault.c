/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault.h"

__attribute__((weak)) int bm_fault_point(const char *effect, const char *path)
{
	(void)effect;
	(void)path;
	return 0;
}
