/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initramfs image, as the kernel's unpack_to_rootfs() reads it (init/initramfs.c): any number of segments, each a
 * cpio archive or compressed cpio archives, with NULs between them. Bytes come through a callback and go out through
 * callbacks, so memory does not grow with the image: less than 1 MiB beside the decompressor's own.
 */
#ifndef BM_FMT_IMAGE_H
#define BM_FMT_IMAGE_H

#include <sys/types.h>

#include "base/vec.h"
#include "cpio.h"
#include "decomp.h"

/* What unpacks to more can't be an initramfs: it would have to fit into memory. */
#define BM_IMAGE_UNPACKED_MAX (16 * BM_GIB)

enum {
	BM_IMAGE_BUFFER = 256 * 1024, /* bytes asked of a source at once */
	BM_IMAGE_SEGMENTS_MAX = 256,  /* segments that a summary keeps; the others are counted */
	BM_IMAGE_TEXT_MAX = 256,
};

/* Where the bytes come from. */
struct bm_image_source {
	/* Fills at most len bytes; returns how many, 0 at the end, or a negative errno. */
	ssize_t (*read)(void *ctx, void *buf, size_t len);
	void *ctx;
};

struct bm_image_segment {
	uint64_t offset; /* in the file */
	uint64_t size;	 /* bytes in the file; known at its end */
	uint64_t uncompressed;
	uint64_t entries;
	enum bm_compression compression;
	unsigned int archives; /* complete ones: trailers */
	bool crc;	       /* has entries of the crc format (070702) */
	bool early;	       /* holds nothing but what the kernel itself reads early: microcode, ACPI tables */
	bool bootconfig;       /* no archive at all: the boot configuration behind the last one */
};

enum bm_image_status {
	BM_IMAGE_OK,
	BM_IMAGE_TRUNCATED,   /* the file ends too early */
	BM_IMAGE_CORRUPT,     /* damaged, or something else than an image */
	BM_IMAGE_EMPTY,	      /* no file, nothing but NULs, or nothing but early microcode */
	BM_IMAGE_UNSUPPORTED, /* of a kind that the kernel refuses: lz4 frames, old cpio formats ... */
	BM_IMAGE_FILESYSTEM,  /* a filesystem, which the kernel puts into a RAM disk where it has one; not read here */
};

struct bm_image_summary {
	enum bm_image_status status;
	uint64_t offset;	      /* in the file, where status was decided */
	char text[BM_IMAGE_TEXT_MAX]; /* one sentence about it, without full stop; "" when OK */
	uint64_t size;		      /* bytes read: the file's size, unless status is not OK */
	uint64_t uncompressed;
	uint64_t entries;
	struct bm_image_segment *segments;
	size_t n_segments, cap_segments;
	uint64_t all_segments;	   /* also those beyond BM_IMAGE_SEGMENTS_MAX */
	uint64_t skipped;	   /* entries that the kernel passes over */
	unsigned int compressions; /* a bit (1 << enum bm_compression) for each one met */
};

void bm_image_summary_done(struct bm_image_summary *summary);
#define _cleanup_image_summary_ BM_CLEANUP(bm_image_summary_done)

/* Each may be NULL. A negative errno stops the reading; bm_image_read() returns it. */
struct bm_image_sink {
	int (*segment)(void *ctx, const struct bm_image_segment *segment); /* begins: offset and compression are set */
	int (*segment_end)(void *ctx, const struct bm_image_segment *segment); /* was read to its end */
	/* Returns 0: data() and entry_end() follow; BM_CPIO_SKIP: neither. */
	int (*entry)(void *ctx, const struct bm_cpio_entry *entry);
	int (*data)(void *ctx, const uint8_t *bytes, size_t len);
	int (*entry_end)(void *ctx);
	int (*archive_end)(void *ctx); /* a trailer: hard links do not reach across */
	/* An entry that the kernel passes over, and why (constant); name may be NULL. */
	int (*skipped)(void *ctx, const char *name, const char *why);
	void *ctx;
};

/* OK, TRUNCATED ...; constant. */
const char *bm_image_status_name(enum bm_image_status status);

/* Reads an image to its end, or to where the kernel would stop. sink may be NULL. Returns 0 whatever the image is
 * like, with the result in ret_summary (for bm_image_summary_done()); a negative errno of the source or of a callback,
 * or -ENOMEM, leaves ret_summary untouched. */
int bm_image_read(const struct bm_image_source *source, const struct bm_image_sink *sink,
	struct bm_image_summary *ret_summary) BM_MUST_CHECK;

/* The compressions that a kernel can unpack, as bits like those of summary.compressions, from the text of its
 * /boot/config-VER (CONFIG_RD_GZIP=y ...); 0 where the text does not tell. */
unsigned int bm_image_config_compressions(const char *text, size_t len);

#endif
