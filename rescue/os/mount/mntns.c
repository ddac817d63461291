/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mntns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/err.h"

int bm_mntns_save(struct bm_mntns *ret_ns)
{
	struct bm_mntns ns = BM_MNTNS_NONE;
	int r;

	ns.ns_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (ns.ns_fd < 0)
		return bm_err(-errno, "cannot keep the mount namespace");
	ns.cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns.cwd_fd < 0) {
		r = -errno;
		bm_mntns_done(&ns);
		return bm_err(r, "cannot keep the working directory");
	}
	ns.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ns.root_fd < 0) {
		r = -errno;
		bm_mntns_done(&ns);
		return bm_err(r, "cannot keep the root");
	}
	*ret_ns = ns;
	return 0;
}

int bm_mntns_return(const struct bm_mntns *ns)
{
	if (ns->ns_fd < 0)
		return 0;
	if (setns(ns->ns_fd, CLONE_NEWNS) < 0)
		return bm_err(-errno, "cannot return to the mount namespace");
	/* Entering a namespace takes its own root; in a chroot that is somebody else's. */
	if (ns->root_fd >= 0 && (fchdir(ns->root_fd) < 0 || chroot(".") < 0))
		return bm_err(-errno, "cannot return to the root");
	/* Without it only relative paths of later --disk arguments are lost, and those are resolved already. */
	if (ns->cwd_fd >= 0 && fchdir(ns->cwd_fd) < 0)
		bm_err_clear();
	return 0;
}

void bm_mntns_done(struct bm_mntns *ns)
{
	if (ns->ns_fd >= 0)
		close(ns->ns_fd);
	if (ns->cwd_fd >= 0)
		close(ns->cwd_fd);
	if (ns->root_fd >= 0)
		close(ns->root_fd);
	*ns = BM_MNTNS_NONE;
}
