/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compressions of the Linux kernel's lib/decompress.c, read in pieces: bytes in, bytes out. One object reads one
 * member (a gzip member, an xz stream, a zstd frame ...), because that is what the kernel takes at a time.
 */
#ifndef BM_FMT_DECOMP_H
#define BM_FMT_DECOMP_H

#include "base/util.h"

enum bm_compression {
	BM_COMPRESSION_NONE,
	BM_COMPRESSION_GZIP,
	BM_COMPRESSION_BZIP2,
	BM_COMPRESSION_LZMA,
	BM_COMPRESSION_XZ,
	BM_COMPRESSION_LZO,
	BM_COMPRESSION_LZ4, /* the legacy format; the kernel refuses the frame format */
	BM_COMPRESSION_ZSTD,
	BM_COMPRESSION_COUNT,
};

/* Limits, the kernel's where it has any. */
#define BM_DECOMP_ZSTD_WINDOW_LOG 27		 /* the kernel refuses more than 128 MiB */
#define BM_DECOMP_LZMA_MEMORY	  (256 * BM_MIB) /* xz -9 needs 65 MiB */
#define BM_DECOMP_LZO_BLOCK	  (256 * BM_KIB) /* uncompressed: what lzop writes and the kernel takes */
#define BM_DECOMP_LZ4_BLOCK	  (8 * BM_MIB)	 /* uncompressed: likewise lz4 -l */
#define BM_DECOMP_OUTPUT	  (256 * BM_KIB) /* at most this much comes out at a time (lz4: a block) */

/* gzip, xz, ... or "none"; constant. */
const char *bm_compression_name(enum bm_compression compression);
/* The compression that the kernel takes by its first two bytes; _NONE where they are of none. */
enum bm_compression bm_compression_of(const uint8_t *bytes, size_t len);

struct bm_decomp;

/* Returns 0 and an object for bm_decomp_free(), -ENOMEM, or -EINVAL for BM_COMPRESSION_NONE. */
int bm_decomp_new(enum bm_compression compression, struct bm_decomp **ret_decomp) BM_MUST_CHECK;
void bm_decomp_free(struct bm_decomp *decomp);

enum bm_decomp_result {
	BM_DECOMP_MORE,	  /* go on, with more input where all was used */
	BM_DECOMP_END,	  /* the member is complete; the input behind it was not used */
	BM_DECOMP_BAD,	  /* damaged, or a checksum is wrong */
	BM_DECOMP_LIMIT,  /* needs a larger window or block than the kernel or we allow */
	BM_DECOMP_MEMORY, /* memory is short */
};

/* Works on *bytes, *len (both move on by what was used). ret_out, ret_len get what came out, owned by decomp until
 * the next call; it may come together with any result. With no input left and nothing out, MORE means that input is
 * needed. last says that no input will follow these bytes: only lz4 needs it, whose format has no end. */
enum bm_decomp_result bm_decomp_run(struct bm_decomp *decomp, const uint8_t **bytes, size_t *len, bool last,
	const uint8_t **ret_out, size_t *ret_len) BM_MUST_CHECK;

/* Unpacks in_len bytes, a block without what frames it in a file (gzip: a zlib stream; lzo and lz4: the bare block; xz,
 * zstd: the whole stream), into out, which has room for *out_len bytes; that becomes how many there are. Returns 0;
 * -EBADMSG where the block is damaged or gives more, -EINVAL for a compression without such blocks, or with a filter
 * that is not built in; -ENOMEM. */
int bm_decomp_whole(
	enum bm_compression compression, const void *in, size_t in_len, void *out, size_t *out_len) BM_MUST_CHECK;

/* One sentence on the last _BAD, _LIMIT or _MEMORY; constant. */
const char *bm_decomp_error(const struct bm_decomp *decomp);

#endif
