/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A squashfs filesystem (version 4), read whole: dracut's squash module keeps the files of an initramfs in one. What is
 * in it goes out as the entries of an archive do, so that whatever reads an image reads this, too.
 */
#ifndef BM_FMT_SQUASHFS_H
#define BM_FMT_SQUASHFS_H

#include "image.h"

enum {
	BM_SQUASHFS_ENTRIES_MAX = 128 * 1024, /* names in it */
	BM_SQUASHFS_DEPTH_MAX = 128,	      /* directories in directories */
	BM_SQUASHFS_BLOCK_MAX = 1024 * 1024,  /* bytes of a block of data; the kernel's limit */
};
/* Bytes of files that are unpacked in all: an initramfs is far smaller, and a hostile one ends here. */
#define BM_SQUASHFS_DATA_MAX (2 * BM_GIB)

enum bm_squashfs_status {
	BM_SQUASHFS_OK,
	BM_SQUASHFS_BAD,	 /* damaged, cut off, or no squashfs */
	BM_SQUASHFS_UNSUPPORTED, /* of another version, or compressed as nothing here reads */
	BM_SQUASHFS_LIMIT,	 /* more than the limits above */
};

struct bm_squashfs_result {
	enum bm_squashfs_status status;
	const char *text; /* why it is not OK, one sentence, constant; NULL */
	const char *compression;
	uint64_t entries;
};

/* Whether the bytes begin as a squashfs does. */
bool bm_squashfs_is(const void *bytes, size_t len);

/*
 * Reads the filesystem of len bytes and calls the sink's entry(), data() and entry_end() (the others of it are not
 * called) for all that is in it but the top directory, a directory before what is in it, in the order of its
 * directories. Hard links have the same ino, and each of them brings the data. Extended attributes are left out.
 * Returns 0 whatever the filesystem is like, with ret_result; a negative errno of a callback, or -ENOMEM.
 */
int bm_squashfs_read(const void *bytes, size_t len, const struct bm_image_sink *sink,
	struct bm_squashfs_result *ret_result) BM_MUST_CHECK;

#endif
