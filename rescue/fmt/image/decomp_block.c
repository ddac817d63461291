/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compressions that come in blocks, each unpacked at once.
 *
 * lz4 legacy, little endian (lz4's doc/lz4_Frame_format.md, Linux lib/decompress_unlz4.c):
 *
 *	02 21 4c 18 | size of block 1 | block 1, 8 MiB unpacked | size of block 2 | ...
 *
 * It has no end but the end of the file, a size of 0 (padding), or the magic again.
 *
 * lzop, big endian (lzop's own file, Linux lib/decompress_unlzo.c):
 *
 *	89 LZO 0 \r \n \x1a \n | version 2 | lib version 2 | [needed version 2] | method 1 | [level 1] | flags 4 |
 *	[filter 4] | mode 4 | mtime low 4 | [mtime high 4] | name length 1 | name | header checksum 4
 *	then blocks:  unpacked size 4 | packed size 4 | [adler32 4] [crc32 4] of unpacked | [the same of packed] | bytes
 *	then:	      00 00 00 00
 *
 * A block whose sizes are equal is stored as it is. Of the checksums the one that lzop writes by default is checked,
 *the adler32 of the unpacked block; the kernel checks none.
 */
#include <errno.h>
#include <string.h>

#include <lz4.h>
#include <lzo/lzo1x.h>
#include <zlib.h>

#include "decomp_int.h"

enum {
	LZO_FIXED = 9 + 2 + 2,
	LZO_HEADER_MAX = 512, /* the name has at most 255 bytes */
	LZO_ADLER32_UNPACKED = 0x1,
	LZO_ADLER32_PACKED = 0x2,
	LZO_EXTRA = 0x40,
	LZO_CRC32_UNPACKED = 0x100,
	LZO_CRC32_PACKED = 0x200,
	LZO_MULTIPART = 0x400,
	LZO_FILTER = 0x800,
	LZO_BLOCK_HEADER_MAX = 8 + 4 * 4,
};

/* Both formats: small headers and large blocks, gathered from the input piece by piece. */
struct blocks {
	enum { AT_MAGIC, AT_HEADER, AT_SIZES, AT_BLOCK } at;
	uint8_t *packed;    /* gathered bytes */
	uint8_t *unpacked;  /* NULL until the first block */
	size_t packed_room; /* of packed */
	size_t gathered;    /* bytes in packed */
	size_t need;	    /* bytes that packed must hold before there is something to do */
	uint32_t size;	    /* lzo: unpacked size of the block */
	uint32_t sum;	    /* lzo: its adler32, where flags say that there is one */
	uint32_t flags;	    /* lzo: of the header */
};

static enum bm_decomp_result fail(struct bm_decomp_io *io, enum bm_decomp_result result, const char *error)
{
	io->error = error;
	return result;
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | (uint32_t)p[1];
}

static int blocks_start(void **ret_state, size_t packed_room, size_t need)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return -ENOMEM;
	blocks->packed = malloc(packed_room);
	if (!blocks->packed) {
		free(blocks);
		return -ENOMEM;
	}
	blocks->packed_room = packed_room;
	blocks->need = need;
	*ret_state = blocks;
	return 0;
}

static void blocks_stop(void *state)
{
	struct blocks *blocks = state;

	free(blocks->packed);
	free(blocks->unpacked);
	free(blocks);
}

/* The next need bytes in one piece: in the input itself where they are, else gathered in packed; NULL: not yet. */
static const uint8_t *gather(struct blocks *blocks, struct bm_decomp_io *io)
{
	const uint8_t *whole = io->in;
	size_t n = BM_MIN(io->in_len, blocks->need - blocks->gathered);

	io->in += n;
	io->in_len -= n;
	if (n == blocks->need)
		return whole;
	memcpy(blocks->packed + blocks->gathered, whole, n);
	blocks->gathered += n;
	return blocks->gathered == blocks->need ? blocks->packed : NULL;
}

static void next(struct blocks *blocks, int at, size_t need)
{
	blocks->at = at;
	blocks->gathered = 0;
	blocks->need = need;
}

static bool unpacked_room(struct blocks *blocks, size_t size)
{
	if (!blocks->unpacked)
		blocks->unpacked = malloc(size);
	return blocks->unpacked != NULL;
}

static int lz4_start(void **ret_state)
{
	return blocks_start(ret_state, (size_t)LZ4_compressBound(BM_DECOMP_LZ4_BLOCK), 4);
}

static enum bm_decomp_result lz4_block(struct blocks *blocks, struct bm_decomp_io *io, const uint8_t *block)
{
	int len;

	if (!unpacked_room(blocks, BM_DECOMP_LZ4_BLOCK))
		return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack lz4");
	len = LZ4_decompress_safe(
		(const char *)block, (char *)blocks->unpacked, (int)blocks->need, (int)BM_DECOMP_LZ4_BLOCK);
	if (len < 0)
		return fail(io, BM_DECOMP_BAD, "an lz4 block is damaged");
	io->out = blocks->unpacked;
	io->out_len = (size_t)len;
	next(blocks, AT_SIZES, 4);
	return BM_DECOMP_MORE;
}

static enum bm_decomp_result lz4_run(void *state, struct bm_decomp_io *io)
{
	struct blocks *blocks = state;
	const uint8_t *whole;
	uint32_t size;

	for (;;) {
		whole = gather(blocks, io);
		if (!whole) {
			bool between = blocks->at == AT_SIZES && blocks->gathered == 0;

			return io->last && between ? BM_DECOMP_END : BM_DECOMP_MORE;
		}
		if (blocks->at == AT_BLOCK)
			return lz4_block(blocks, io, whole);
		size = le32(whole);
		if (blocks->at == AT_MAGIC && size != 0x184c2102)
			return fail(io, BM_DECOMP_BAD, "the lz4 magic is damaged");
		if (size == 0x184c2102) {
			next(blocks, AT_SIZES, 4);
			continue;
		}
		/* NULs: the padding of the image, which the caller may skip (these four are gone, that is the same). */
		if (size == 0)
			return BM_DECOMP_END;
		if (size > blocks->packed_room)
			return fail(io, BM_DECOMP_BAD, "the size of an lz4 block is impossible");
		next(blocks, AT_BLOCK, size);
	}
}

const struct bm_decomp_ops bm_decomp_lz4 = {
	.start = lz4_start, .run = lz4_run, .stop = blocks_stop, .own_buffer = true};

static int lzo_start(void **ret_state)
{
	/* lzop stores what does not shrink, so a packed block is never larger than an unpacked one. */
	return blocks_start(ret_state, BM_DECOMP_LZO_BLOCK, LZO_FIXED);
}

static bool is_set(uint32_t flags, uint32_t flag)
{
	return (flags & flag) != 0;
}

/* How many bytes the header has, as far as the gathered ones tell: it is asked again each time when there are more. */
static size_t lzo_header_size(const uint8_t *h, size_t len, uint32_t *ret_flags)
{
	bool recent = be16(h + 9) >= 0x0940;
	size_t at = LZO_FIXED + (recent ? 2 : 0) + 1 + (recent ? 1 : 0); /* where flags stand */

	if (len < at + 4)
		return at + 4;
	*ret_flags = be32(h + at);
	at += 4 + (is_set(*ret_flags, LZO_FILTER) ? 4 : 0) + 4 + 4 + (recent ? 4 : 0); /* where the name's length is */
	if (len < at + 1)
		return at + 1;
	return at + 1 + h[at] + 4;
}

static enum bm_decomp_result lzo_header(struct blocks *blocks, struct bm_decomp_io *io)
{
	static const uint8_t magic[9] = {0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n'};
	size_t size;

	if (memcmp(blocks->packed, magic, sizeof(magic)) != 0)
		return fail(io, BM_DECOMP_BAD, "the lzop magic is damaged");
	size = lzo_header_size(blocks->packed, blocks->gathered, &blocks->flags);
	if (size > blocks->gathered) {
		blocks->need = size;
		return BM_DECOMP_MORE;
	}
	if (blocks->flags & (LZO_MULTIPART | LZO_EXTRA))
		return fail(io, BM_DECOMP_LIMIT, "it is an lzop archive of several parts");
	next(blocks, AT_SIZES, 4);
	return BM_DECOMP_MORE;
}

/* The sizes and checksums before a block; 4 bytes are enough to see the end. */
static enum bm_decomp_result lzo_sizes(struct blocks *blocks, struct bm_decomp_io *io)
{
	size_t sums = is_set(blocks->flags, LZO_ADLER32_UNPACKED) + is_set(blocks->flags, LZO_CRC32_UNPACKED);
	uint32_t packed;

	blocks->size = be32(blocks->packed);
	if (blocks->need == 4) {
		if (blocks->size == 0)
			return BM_DECOMP_END;
		blocks->need = 8;
	}
	if (blocks->gathered < 8)
		return BM_DECOMP_MORE;
	packed = be32(blocks->packed + 4);
	if (blocks->size > BM_DECOMP_LZO_BLOCK)
		return fail(io, BM_DECOMP_LIMIT, "an lzop block is larger than the 256 KiB that the kernel allows");
	if (packed == 0 || packed > blocks->size)
		return fail(io, BM_DECOMP_BAD, "the size of an lzop block is impossible");
	if (packed < blocks->size)
		sums += is_set(blocks->flags, LZO_ADLER32_PACKED) + is_set(blocks->flags, LZO_CRC32_PACKED);
	if (blocks->gathered < 8 + 4 * sums) {
		blocks->need = 8 + 4 * sums;
		return BM_DECOMP_MORE;
	}
	if (blocks->flags & LZO_ADLER32_UNPACKED)
		blocks->sum = be32(blocks->packed + 8); /* the first one */
	next(blocks, AT_BLOCK, packed);
	return BM_DECOMP_MORE;
}

static enum bm_decomp_result lzo_block(struct blocks *blocks, struct bm_decomp_io *io, const uint8_t *block)
{
	lzo_uint len = blocks->size;

	if (blocks->need == blocks->size) {
		io->out = block; /* stored; the input and packed both stay until the next call */
	} else {
		if (!unpacked_room(blocks, BM_DECOMP_LZO_BLOCK))
			return fail(io, BM_DECOMP_MEMORY, "memory is too short to unpack lzo");
		if (lzo1x_decompress_safe(block, blocks->need, blocks->unpacked, &len, NULL) != LZO_E_OK ||
			len != blocks->size)
			return fail(io, BM_DECOMP_BAD, "an lzop block is damaged");
		io->out = blocks->unpacked;
	}
	if ((blocks->flags & LZO_ADLER32_UNPACKED) && adler32(1, io->out, (uInt)len) != blocks->sum) {
		io->out = NULL;
		return fail(io, BM_DECOMP_BAD, "the checksum of an lzop block is wrong");
	}
	io->out_len = (size_t)len;
	next(blocks, AT_SIZES, 4);
	return BM_DECOMP_MORE;
}

/* Headers grow while they are read, so they are always gathered in packed. */
static bool gather_header(struct blocks *blocks, struct bm_decomp_io *io)
{
	size_t n = BM_MIN(io->in_len, blocks->need - blocks->gathered);

	memcpy(blocks->packed + blocks->gathered, io->in, n);
	blocks->gathered += n;
	io->in += n;
	io->in_len -= n;
	return blocks->gathered == blocks->need;
}

static enum bm_decomp_result lzo_run(void *state, struct bm_decomp_io *io)
{
	struct blocks *blocks = state;
	enum bm_decomp_result result = BM_DECOMP_MORE;

	if (blocks->at == AT_MAGIC)
		blocks->at = AT_HEADER;
	while (result == BM_DECOMP_MORE && io->out_len == 0) {
		if (blocks->at == AT_BLOCK) {
			const uint8_t *whole = gather(blocks, io);

			if (!whole)
				break;
			result = lzo_block(blocks, io, whole);
			continue;
		}
		if (!gather_header(blocks, io))
			break;
		result = blocks->at == AT_HEADER ? lzo_header(blocks, io) : lzo_sizes(blocks, io);
	}
	return result;
}

const struct bm_decomp_ops bm_decomp_lzo = {
	.start = lzo_start, .run = lzo_run, .stop = blocks_stop, .own_buffer = true};
