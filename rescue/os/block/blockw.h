/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few bytes of a block device, written in place. For the one thing that lies outside of every filesystem and must be
 * changed: the signature of a swap area.
 */
#ifndef BM_OS_BLOCKW_H
#define BM_OS_BLOCKW_H

#include "base/util.h"

/* At most size bytes from a position of the block device, from the disk itself and not from a cache, as far as the
 * kernel lets us. *ret_len is less at the device's end. */
int bm_block_read_back(
	const char *path, uint64_t offset_bytes, void *buffer, size_t size, size_t *ret_len) BM_MUST_CHECK;
/* Writes the bytes there and makes them durable. The device is opened for its own (O_EXCL): -EBUSY where it is mounted,
 * swapped on, or carries another device. -ENOTBLK for anything else than a block device. */
int bm_block_write(const char *path, uint64_t offset_bytes, const void *bytes, size_t len) BM_MUST_CHECK;

#endif
