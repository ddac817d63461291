/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The room of a foreign system's program: what it needs of the machine, and no more of the rescue system than that.
 *
 *	/proc   of its own PID namespace
 *	/sys    the rescue system's, with efivars on UEFI
 *	/dev    a tmpfs: null, zero, full, random, urandom, tty; fd, stdin, stdout, stderr; pts and shm of its own;
 *every block device of the rescue system, and every link to one (disk/by-*, mapper/, md/, the folders of volume
 *	        groups); mapper/control, loop-control, btrfs-control, fuse
 *	/run    what the caller mounted there (a tmpfs), with lock/, and with the rescue system's udev/ read-only:
 *without udev's database LVM waits for each device
 *
 * This is order, no wall: the program is root, and reaches every disk by its device. docs/ARCHITECTURE.md tells what
 * hostile code can still do.
 */
#ifndef BM_OS_ROOM_H
#define BM_OS_ROOM_H

#include "base/util.h"

/*
 * For the child that becomes the program (struct bm_spawn's room), in its PID namespace: in a mount namespace of its
 * own dir gets the above and becomes the root and the working directory. The rest of the rescue system's mounts is gone
 * from the namespace; where that cannot be (its root is an unpacked initramfs) it is covered by the new root. A system
 * without /run gets none; one without /proc, /sys or /dev is refused with -ENOENT. Returns 0 or a negative errno; the
 * caller must end then.
 */
int bm_room_enter(const char *dir) BM_MUST_CHECK;

#endif
