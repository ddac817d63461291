/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SELinux labels of the files that bootmend writes. A file without one keeps an enforcing system from reading it, and a
 * relabel of everything, which would mend that, takes a boot of its own: so each file gets its label when it is
 * written.
 */
#ifndef BM_APPLY_LABEL_H
#define BM_APPLY_LABEL_H

#include "../os/root/root.h"

/*
 * Gives what path names (a file, a folder, a link itself) its label in the system at root. To be called for everything
 * that is made there, under the name that it has at that moment or before it is renamed into place:
 *
 *	path	what was made: "/etc/fstab.bootmend-new"
 *	like	the file that it replaces, whose label it gets: "/etc/fstab"; or NULL
 *	as	the path that the policy is asked about, where that is not path: "/etc/fstab"; NULL: path
 *
 * The policy (file_contexts of SELINUXTYPE) is asked where like is NULL, does not exist or has no label. Where the
 * system does not use SELinux, its policy knows no label, or the filesystem keeps none (vfat), nothing is done and that
 * is no error. The rescue system itself needs no SELinux.
 *
 * Returns 0, or a negative errno (-EPERM, -ENOSPC, ...): a label that could not be set is worth a note, but no reason
 * to undo a repair, because a file without one is mended by restorecon.
 */
int bm_label_apply_as(const struct bm_root *root, const char *path, const char *like, const char *as) BM_MUST_CHECK;
int bm_label_apply(const struct bm_root *root, const char *path, const char *like) BM_MUST_CHECK;

/* The label that the policy of the system at root gives to path, for free(); type is what will be there. Returns 0;
 * -ENOENT where there is none: SELinux is disabled or not installed, or the policy says <<none>>; another negative
 * errno where the policy could not be read. */
int bm_label_of(const struct bm_root *root, const char *path, enum bm_file_type type, char **ret_label) BM_MUST_CHECK;

#endif
