/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compressions whose libraries work on streams of any cut: gzip (RFC 1952), bzip2, lzma alone and xz (the .xz file
 * format 1.1), zstd (RFC 8878). Checksums inside are checked by the libraries.
 */
#include <errno.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "decomp_int.h"

static enum bm_decomp_result fail(struct bm_decomp_io *io, enum bm_decomp_result result, const char *error)
{
	io->error = error;
	return result;
}

/* The input moved on to next; the output of len bytes stands in the shared buffer. */
static void moved(struct bm_decomp_io *io, const void *next, size_t left, size_t len)
{
	io->in = next;
	io->in_len = left;
	io->out = io->buffer;
	io->out_len = len;
}

static int gzip_start(void **ret_state)
{
	z_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	if (inflateInit2(stream, 15 + 16) != Z_OK) { /* the largest window, with a gzip header */
		free(stream);
		return -ENOMEM;
	}
	*ret_state = stream;
	return 0;
}

static enum bm_decomp_result gzip_run(void *state, struct bm_decomp_io *io)
{
	z_stream *stream = state;
	uInt len = (uInt)BM_MIN(io->in_len, (size_t)1 << 30);
	int r;

	stream->next_in = (z_const Bytef *)(uintptr_t)io->in;
	stream->avail_in = len;
	stream->next_out = io->buffer;
	stream->avail_out = BM_DECOMP_OUTPUT;
	r = inflate(stream, Z_NO_FLUSH);
	moved(io, stream->next_in, io->in_len - len + stream->avail_in, BM_DECOMP_OUTPUT - stream->avail_out);
	switch (r) {
	case Z_OK:
	case Z_BUF_ERROR: /* no progress: more input is needed */
		return BM_DECOMP_MORE;
	case Z_STREAM_END:
		return BM_DECOMP_END;
	case Z_MEM_ERROR:
		return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack gzip");
	default:
		return fail(io, BM_DECOMP_BAD, "the gzip data is damaged");
	}
}

static void gzip_stop(void *state)
{
	inflateEnd(state);
	free(state);
}

const struct bm_decomp_ops bm_decomp_gzip = {.start = gzip_start, .run = gzip_run, .stop = gzip_stop};

static int bzip2_start(void **ret_state)
{
	bz_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) {
		free(stream);
		return -ENOMEM;
	}
	*ret_state = stream;
	return 0;
}

static enum bm_decomp_result bzip2_run(void *state, struct bm_decomp_io *io)
{
	bz_stream *stream = state;
	unsigned int len = (unsigned int)BM_MIN(io->in_len, (size_t)1 << 30);
	int r;

	stream->next_in = (char *)(uintptr_t)io->in;
	stream->avail_in = len;
	stream->next_out = (char *)io->buffer;
	stream->avail_out = BM_DECOMP_OUTPUT;
	r = BZ2_bzDecompress(stream);
	moved(io, stream->next_in, io->in_len - len + stream->avail_in, BM_DECOMP_OUTPUT - stream->avail_out);
	switch (r) {
	case BZ_OK:
		return BM_DECOMP_MORE;
	case BZ_STREAM_END:
		return BM_DECOMP_END;
	case BZ_MEM_ERROR:
		return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack bzip2");
	default:
		return fail(io, BM_DECOMP_BAD, "the bzip2 data is damaged");
	}
}

static void bzip2_stop(void *state)
{
	BZ2_bzDecompressEnd(state);
	free(state);
}

const struct bm_decomp_ops bm_decomp_bzip2 = {.start = bzip2_start, .run = bzip2_run, .stop = bzip2_stop};

static int lzma_start_any(void **ret_state, bool alone)
{
	lzma_stream *stream = calloc(1, sizeof(*stream));
	lzma_ret r;

	if (!stream)
		return -ENOMEM;
	r = alone ? lzma_alone_decoder(stream, BM_DECOMP_LZMA_MEMORY)
		  : lzma_stream_decoder(stream, BM_DECOMP_LZMA_MEMORY, 0);
	if (r != LZMA_OK) {
		free(stream);
		return -ENOMEM;
	}
	*ret_state = stream;
	return 0;
}

static int xz_start(void **ret_state)
{
	return lzma_start_any(ret_state, false);
}

static int lzma_start(void **ret_state)
{
	return lzma_start_any(ret_state, true);
}

static enum bm_decomp_result lzma_run(void *state, struct bm_decomp_io *io)
{
	lzma_stream *stream = state;
	lzma_ret r;

	stream->next_in = io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->buffer;
	stream->avail_out = BM_DECOMP_OUTPUT;
	r = lzma_code(stream, LZMA_RUN);
	moved(io, stream->next_in, stream->avail_in, BM_DECOMP_OUTPUT - stream->avail_out);
	switch (r) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no progress: more input is needed */
		return BM_DECOMP_MORE;
	case LZMA_STREAM_END:
		return BM_DECOMP_END;
	case LZMA_MEM_ERROR:
		return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack lzma");
	case LZMA_MEMLIMIT_ERROR:
		return fail(io, BM_DECOMP_LIMIT, "its lzma dictionary needs more than 256 MiB of memory");
	case LZMA_OPTIONS_ERROR:
		return fail(io, BM_DECOMP_BAD, "the xz data is damaged, or uses a filter of a newer format");
	default:
		return fail(io, BM_DECOMP_BAD, "the xz or lzma data is damaged");
	}
}

static void lzma_stop(void *state)
{
	lzma_end(state);
	free(state);
}

const struct bm_decomp_ops bm_decomp_xz = {.start = xz_start, .run = lzma_run, .stop = lzma_stop};
const struct bm_decomp_ops bm_decomp_lzma = {.start = lzma_start, .run = lzma_run, .stop = lzma_stop};

static int zstd_start(void **ret_state)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	if (!stream)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, BM_DECOMP_ZSTD_WINDOW_LOG))) {
		ZSTD_freeDStream(stream);
		return -ENOMEM;
	}
	*ret_state = stream;
	return 0;
}

static enum bm_decomp_result zstd_failed(struct bm_decomp_io *io, size_t code)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return fail(io, BM_DECOMP_LIMIT, "its zstd window is larger than the 128 MiB that the kernel allows");
	case ZSTD_error_memory_allocation:
		return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack zstd");
	default:
		return fail(io, BM_DECOMP_BAD, "the zstd data is damaged");
	}
}

static enum bm_decomp_result zstd_run(void *state, struct bm_decomp_io *io)
{
	ZSTD_inBuffer in = {io->in, io->in_len, 0};
	ZSTD_outBuffer out = {io->buffer, BM_DECOMP_OUTPUT, 0};
	size_t r = ZSTD_decompressStream(state, &out, &in);

	if (ZSTD_isError(r))
		return zstd_failed(io, r);
	moved(io, io->in + in.pos, io->in_len - in.pos, out.pos);
	return r == 0 ? BM_DECOMP_END : BM_DECOMP_MORE;
}

static void zstd_stop(void *state)
{
	ZSTD_freeDStream(state);
}

const struct bm_decomp_ops bm_decomp_zstd = {.start = zstd_start, .run = zstd_run, .stop = zstd_stop};
