/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loop devices: a part of an image file as a block device. A loop device made here vanishes with its last user
 * (LO_FLAGS_AUTOCLEAR), also when bootmend is killed.
 */
#ifndef BM_OS_LOOP_H
#define BM_OS_LOOP_H

#include "base/util.h"

struct bm_loop {
	int fd;	    /* keeps the device; a mount keeps it, too */
	char *path; /* /dev/loop3 */
};

#define BM_LOOP_NONE ((struct bm_loop){.fd = -1})

/* Attaches size_bytes (0: to the end) of the file from offset_bytes on, with the logical sector size (0: 512). Returns
 * 0, -ENODEV without the loop driver, -EBUSY when no device became free, ... ret_loop is for bm_loop_detach(). */
int bm_loop_attach(const char *file, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size, bool read_only,
	struct bm_loop *ret_loop) BM_MUST_CHECK;
/* The same of an open file, whose descriptor stays the caller's; what locks it holds stay as long as the device. file
 * is its name, for errors. */
int bm_loop_attach_fd(int fd, const char *file, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size,
	bool read_only, struct bm_loop *ret_loop) BM_MUST_CHECK;
/* The process of the bootmend that made a loop device of this name (lo_file_name), 0 where it is another's: the loop
 * devices of bootmend are named by their maker, since their files are found by number and not by name. */
int bm_loop_maker(const char *name);
/* Lets go of it: the device is gone at once, or when its last mount goes. Accepts BM_LOOP_NONE. */
void bm_loop_detach(struct bm_loop *loop);
#define _cleanup_loop_ BM_CLEANUP(bm_loop_detach)

#endif
