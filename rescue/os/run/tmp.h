/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary directories of the rescue system (never of the patient).
 */
#ifndef BM_OS_TMP_H
#define BM_OS_TMP_H

#include "base/util.h"

/* A new private directory (mode 0700) below /run/bootmend, or $TMPDIR or /tmp where /run is not writable. ret_path is
 * for bm_tmp_remove(). */
int bm_tmp_dir(const char *purpose, char **ret_path) BM_MUST_CHECK;
/* Removes the directory and all below it (no links followed, other filesystems are not entered: -EBUSY while something
 * is mounted there). 0 where there is nothing. */
int bm_tmp_remove(const char *path) BM_MUST_CHECK;
/* For cleanup attributes: removes the tree and frees the path, errors ignored. Accepts a NULL path. */
void bm_tmp_removep(char **path);
#define _cleanup_tmp_ BM_CLEANUP(bm_tmp_removep)
/* Makes a directory of the rescue system and its missing parents. 0 also where it was there. */
int bm_dir_make(const char *path, uint32_t mode) BM_MUST_CHECK;

#endif
