/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back from a mount namespace of our own (bm_mount_private()): what is mounted after the return is seen by
 * everybody again.
 */
#ifndef BM_OS_MNTNS_H
#define BM_OS_MNTNS_H

#include "base/util.h"

struct bm_mntns {
	int ns_fd;   /* the namespace */
	int cwd_fd;  /* the working directory in it: entering a namespace loses it */
	int root_fd; /* the root, which need not be the namespace's own: we may run in a chroot */
};

#define BM_MNTNS_NONE ((struct bm_mntns){.ns_fd = -1, .cwd_fd = -1, .root_fd = -1})

/* Keeps the present namespace; ret_ns is for bm_mntns_done(). */
int bm_mntns_save(struct bm_mntns *ret_ns) BM_MUST_CHECK;
/* Back into it. The mounts of the namespace that is left vanish, as far as no root is open in them. 0 for NONE. */
int bm_mntns_return(const struct bm_mntns *ns) BM_MUST_CHECK;
/* Accepts BM_MNTNS_NONE. */
void bm_mntns_done(struct bm_mntns *ns);
#define _cleanup_mntns_ BM_CLEANUP(bm_mntns_done)

#endif
