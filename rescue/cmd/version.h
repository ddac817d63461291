/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BM_CMD_VERSION_H
#define BM_CMD_VERSION_H

#include "../base/util.h"

/* Prints bootmend's version and those of the libraries in it; returns an exit status. */
int bm_cmd_version(bool json);

#endif
