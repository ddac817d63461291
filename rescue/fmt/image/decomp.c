/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel tells compressions apart by two bytes (lib/decompress.c), so that is done here too; the rest of each
 * format's magic is the library's to check.
 *
 *	1f 8b  gzip	42 5a  bzip2 (BZ)	5d 00  lzma alone	fd 37  xz (fd 7zXZ)
 *	1f 9e  gzip	89 4c  lzop (89 LZO)	02 21  lz4 legacy	28 b5  zstd
 */
#include "decomp.h"

#include <errno.h>

#include "decomp_int.h"

static const struct {
	const char *name;
	const struct bm_decomp_ops *ops;
} methods[BM_COMPRESSION_COUNT] = {
	[BM_COMPRESSION_NONE] = {"none", NULL},
	[BM_COMPRESSION_GZIP] = {"gzip", &bm_decomp_gzip},
	[BM_COMPRESSION_BZIP2] = {"bzip2", &bm_decomp_bzip2},
	[BM_COMPRESSION_LZMA] = {"lzma", &bm_decomp_lzma},
	[BM_COMPRESSION_XZ] = {"xz", &bm_decomp_xz},
	[BM_COMPRESSION_LZO] = {"lzo", &bm_decomp_lzo},
	[BM_COMPRESSION_LZ4] = {"lz4", &bm_decomp_lz4},
	[BM_COMPRESSION_ZSTD] = {"zstd", &bm_decomp_zstd},
};

struct bm_decomp {
	const struct bm_decomp_ops *ops;
	void *state;
	uint8_t *buffer;
	const char *error;
};

const char *bm_compression_name(enum bm_compression compression)
{
	return compression < BM_COMPRESSION_COUNT ? methods[compression].name : "unknown";
}

enum bm_compression bm_compression_of(const uint8_t *bytes, size_t len)
{
	static const struct {
		uint8_t magic[2];
		uint8_t compression;
	} table[] = {
		{{0x1f, 0x8b}, BM_COMPRESSION_GZIP},
		{{0x1f, 0x9e}, BM_COMPRESSION_GZIP},
		{{0x42, 0x5a}, BM_COMPRESSION_BZIP2},
		{{0x5d, 0x00}, BM_COMPRESSION_LZMA},
		{{0xfd, 0x37}, BM_COMPRESSION_XZ},
		{{0x89, 0x4c}, BM_COMPRESSION_LZO},
		{{0x02, 0x21}, BM_COMPRESSION_LZ4},
		{{0x28, 0xb5}, BM_COMPRESSION_ZSTD},
	};

	if (len < 2)
		return BM_COMPRESSION_NONE;
	for (size_t i = 0; i < BM_ARRAY_SIZE(table); i++)
		if (bytes[0] == table[i].magic[0] && bytes[1] == table[i].magic[1])
			return (enum bm_compression)table[i].compression;
	return BM_COMPRESSION_NONE;
}

int bm_decomp_new(enum bm_compression compression, struct bm_decomp **ret_decomp)
{
	struct bm_decomp *decomp;
	int r;

	if (compression >= BM_COMPRESSION_COUNT || !methods[compression].ops)
		return -EINVAL;
	decomp = calloc(1, sizeof(*decomp));
	if (!decomp)
		return -ENOMEM;
	decomp->ops = methods[compression].ops;
	if (!decomp->ops->own_buffer) {
		decomp->buffer = malloc(BM_DECOMP_OUTPUT);
		if (!decomp->buffer) {
			free(decomp);
			return -ENOMEM;
		}
	}
	r = decomp->ops->start(&decomp->state);
	if (r < 0) {
		free(decomp->buffer);
		free(decomp);
		return r;
	}
	*ret_decomp = decomp;
	return 0;
}

void bm_decomp_free(struct bm_decomp *decomp)
{
	if (!decomp)
		return;
	decomp->ops->stop(decomp->state);
	free(decomp->buffer);
	free(decomp);
}

enum bm_decomp_result bm_decomp_run(struct bm_decomp *decomp, const uint8_t **bytes, size_t *len, bool last,
	const uint8_t **ret_out, size_t *ret_len)
{
	struct bm_decomp_io io = {.in = *bytes, .in_len = *len, .last = last, .buffer = decomp->buffer};
	enum bm_decomp_result result;

	result = decomp->ops->run(decomp->state, &io);
	*bytes = io.in;
	*len = io.in_len;
	*ret_out = io.out;
	*ret_len = io.out_len;
	if (io.error)
		decomp->error = io.error;
	return result;
}

const char *bm_decomp_error(const struct bm_decomp *decomp)
{
	return decomp->error ? decomp->error : "";
}
