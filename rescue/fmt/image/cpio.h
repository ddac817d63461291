/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cpio archives of an initramfs (newc and crc), read in pieces as they come. Follows the Linux kernel's own
 * reader (init/initramfs.c, Documentation/driver-api/early-userspace/buffer-format.rst): what it takes is taken,
 * what it refuses is refused.
 */
#ifndef BM_FMT_CPIO_H
#define BM_FMT_CPIO_H

#include "base/util.h"

enum {
	BM_CPIO_HEADER = 110,	 /* bytes of a newc or crc header */
	BM_CPIO_NAME_MAX = 4096, /* PATH_MAX, with the NUL: the kernel passes over entries with longer names */
	BM_CPIO_LINK_MAX = 4096, /* likewise for the target of a symlink, without the NUL */
};

/* One entry of an archive. The texts live until the callback returns. */
struct bm_cpio_entry {
	const char *name; /* as it stands in the archive: not made safe in any way */
	const char *link; /* a symlink's target; NULL for anything else */
	uint64_t size;	  /* bytes of data: those of a regular file, or 0 */
	uint32_t ino;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t nlink;
	uint32_t mtime;			 /* seconds since 1970 */
	uint32_t dev_major, dev_minor;	 /* of the device that holds the file: with ino, what hard links share */
	uint32_t rdev_major, rdev_minor; /* of a device node */
	uint32_t check;			 /* sum of the data's bytes (crc format only) */
	bool crc;			 /* 070702 */
};

/* What an entry callback answers when it does not want the data. */
enum { BM_CPIO_SKIP = 1 };

/* Each callback but entry may be NULL. A negative errno stops the reading and is passed on. */
struct bm_cpio_sink {
	/* Returns 0: data() and end() follow; BM_CPIO_SKIP: neither. */
	int (*entry)(void *ctx, const struct bm_cpio_entry *entry);
	int (*data)(void *ctx, const uint8_t *bytes, size_t len);
	int (*end)(void *ctx);
	int (*trailer)(void *ctx); /* TRAILER!!!: what follows shares no hard links with what was */
	/* An entry that the kernel passes over; the sentence is constant, name may be NULL. */
	int (*skipped)(void *ctx, const char *name, const char *why);
	void *ctx;
};

enum bm_cpio_result {
	BM_CPIO_MORE,	     /* all bytes were used; it may end here only if bm_cpio_at_end() */
	BM_CPIO_FOREIGN,     /* between entries: the next byte is neither NUL nor the begin of a header */
	BM_CPIO_NEXT,	     /* behind a trailer and its NULs: another archive begins; feed the rest to read it */
	BM_CPIO_BAD,	     /* damaged: see error */
	BM_CPIO_UNSUPPORTED, /* a cpio format that the kernel refuses: see error */
	BM_CPIO_STOPPED,     /* a callback said so: see callback_error */
};

enum bm_cpio_state {
	BM_CPIO_BETWEEN,
	BM_CPIO_IN_HEADER,
	BM_CPIO_IN_NAME,
	BM_CPIO_IN_DATA,
	BM_CPIO_IN_SKIP,
};

struct bm_cpio {
	const struct bm_cpio_sink *sink; /* borrowed */
	enum bm_cpio_state state;
	uint64_t offset;	/* bytes used so far */
	uint64_t header_offset; /* where the header of the current entry began */
	uint64_t entries;	/* without trailers */
	unsigned int archives;	/* trailers seen */
	bool trailer;		/* the last entry was a trailer */
	bool crc;		/* the current entry's format */
	const char *error;	/* one sentence, constant, after BM_CPIO_BAD and _UNSUPPORTED */
	int callback_error;
	/* private */
	struct bm_cpio_entry entry;
	bool wanted;
	bool boundary;
	uint32_t sum;
	uint64_t remaining; /* bytes of data still to come, or to pass over */
	unsigned int padding;
	size_t collect, collected;
	uint8_t buffer[BM_CPIO_HEADER + BM_CPIO_NAME_MAX + BM_CPIO_LINK_MAX + 8];
};

/* Begins a stream; sink must live as long as cpio. Nothing to release. */
void bm_cpio_init(struct bm_cpio *cpio, const struct bm_cpio_sink *sink);

/* Reads the next len bytes. ret_used gets how many belong to the archive: all of them with BM_CPIO_MORE.
 * After anything but _MORE, _NEXT and _FOREIGN the stream is over. */
enum bm_cpio_result bm_cpio_feed(
	struct bm_cpio *cpio, const uint8_t *bytes, size_t len, size_t *ret_used) BM_MUST_CHECK;

/* Whether the stream may end here: between entries. cpio->trailer says whether a trailer came last. */
bool bm_cpio_at_end(const struct bm_cpio *cpio);

#endif
