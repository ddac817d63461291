/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs mount, umount and chroot, as functions for the menu, too.
 */
#ifndef BM_CMD_MOUNT_H
#define BM_CMD_MOUNT_H

#include "cmd.h"

/* Mounts the system at /mnt/sysimage and leaves it there. Returns an exit status, having said what was done. */
int bm_mount_run(const struct bm_global *global, bool writable);
/* Takes down what is mounted there. Returns an exit status, having said what was done. */
int bm_umount_run(const struct bm_global *global);
/* Runs the command (argv, NULL-terminated; NULL or empty: a shell) inside the system, which is mounted for that time
 * where `mount` has not done it. Returns its exit status, 128 and the signal that killed it, 127 where it is not there,
 * 126 where it could not be started; or one of ours after saying why. */
int bm_chroot_run(const struct bm_global *global, bool writable, const char *const *argv);

#endif
