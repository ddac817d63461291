/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that are unpacked at once, as squashfs has them: a zlib stream, an xz file, a bare block of lzo or lz4, a zstd
 * frame.
 */
#include <errno.h>

#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "decomp.h"

static int gzip_whole(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)in,
		.avail_in = (uInt)in_len,
		.next_out = out,
		.avail_out = (uInt)*out_len};
	int r = inflateInit(&stream);

	if (r != Z_OK)
		return -ENOMEM;
	r = inflate(&stream, Z_FINISH);
	*out_len = stream.total_out;
	inflateEnd(&stream);
	return r == Z_STREAM_END ? 0 : r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static int xz_whole(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	uint64_t memory = BM_DECOMP_LZMA_MEMORY;
	size_t in_at = 0, out_at = 0;
	lzma_ret r = lzma_stream_buffer_decode(&memory, 0, NULL, in, &in_at, in_len, out, &out_at, *out_len);

	*out_len = out_at;
	switch (r) {
	case LZMA_OK:
		return 0;
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_OPTIONS_ERROR: /* a filter that the library was built without */
	case LZMA_MEMLIMIT_ERROR:
		return -EINVAL;
	default:
		return -EBADMSG;
	}
}

static int lzo_whole(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	lzo_uint len = *out_len;
	int r = lzo1x_decompress_safe(in, in_len, out, &len, NULL);

	*out_len = len;
	return r == LZO_E_OK ? 0 : -EBADMSG;
}

static int lz4_whole(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	int r = LZ4_decompress_safe((const char *)in, (char *)out, (int)in_len, (int)*out_len);

	*out_len = r < 0 ? 0 : (size_t)r;
	return r < 0 ? -EBADMSG : 0;
}

static int zstd_whole(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	size_t r = ZSTD_decompress(out, *out_len, in, in_len);
	bool failed = ZSTD_isError(r);

	*out_len = failed ? 0 : r;
	return !failed ? 0 : ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
}

int bm_decomp_whole(enum bm_compression compression, const void *in, size_t in_len, void *out, size_t *out_len)
{
	static int (*const methods[BM_COMPRESSION_COUNT])(const uint8_t *, size_t, uint8_t *, size_t *) = {
		[BM_COMPRESSION_GZIP] = gzip_whole,
		[BM_COMPRESSION_XZ] = xz_whole,
		[BM_COMPRESSION_LZO] = lzo_whole,
		[BM_COMPRESSION_LZ4] = lz4_whole,
		[BM_COMPRESSION_ZSTD] = zstd_whole,
	};

	if (compression >= BM_COMPRESSION_COUNT || !methods[compression] || in_len > INT32_MAX || *out_len > INT32_MAX)
		return -EINVAL;
	return methods[compression](in, in_len, out, out_len);
}
