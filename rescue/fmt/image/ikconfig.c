/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux, kernel/configs.c, among the constants of the kernel's program:
 *
 *	"IKCFG_ST"  a gzip member  "IKCFG_ED"
 *
 * On x86 and where the kernel unpacks itself that program is one compressed stream; a few bytes may follow it, which
 * are not looked at.
 */
#include "ikconfig.h"

#include <errno.h>
#include <string.h>

#include "decomp.h"

enum { PIECE = 64 * 1024 };

static const char magic[] = "IKCFG_ST";

struct search {
	size_t matched;		/* bytes of magic that were seen */
	struct bm_decomp *gzip; /* not NULL: within the configuration */
	struct bm_buf *text;
	uint64_t seen; /* bytes of the kernel's program */
};

static void decomp_freep(struct bm_decomp **decomp)
{
	bm_decomp_free(*decomp);
}
#define _cleanup_decomp_ BM_CLEANUP(decomp_freep)

/* Looks for magic. Returns how many bytes were used, up to its last where it is there. */
static size_t find_magic(struct search *search, const uint8_t *bytes, size_t len)
{
	const size_t magic_len = sizeof(magic) - 1;
	size_t i = 0;

	while (i < len && search->matched < magic_len) {
		if (search->matched == 0) {
			const uint8_t *first = memchr(bytes + i, magic[0], len - i);

			if (!first)
				return len;
			i = (size_t)(first - bytes);
		}
		/* Its first letter is in it but once, so that nothing else of what was matched can begin it. */
		if (bytes[i] == (uint8_t)magic[search->matched])
			search->matched++;
		else
			search->matched = bytes[i] == (uint8_t)magic[0];
		i++;
	}
	return i;
}

/* Unpacks what stands behind magic. Returns 1 at its end, 0, -ENOMEM. What cannot be unpacked is no configuration. */
static int unpack(struct search *search, const uint8_t **bytes, size_t *len)
{
	while (search->gzip) {
		const uint8_t *out;
		size_t n, before = *len;
		enum bm_decomp_result result = bm_decomp_run(search->gzip, bytes, len, false, &out, &n);

		if (result == BM_DECOMP_MEMORY || (n > 0 && bm_buf_add(search->text, out, n) < 0))
			return -ENOMEM;
		if (result == BM_DECOMP_END)
			return 1;
		if (result != BM_DECOMP_MORE || search->text->len > BM_IKCONFIG_SIZE_MAX) {
			bm_decomp_free(search->gzip);
			search->gzip = NULL;
			bm_buf_done(search->text);
			search->matched = 0;
		} else if (n == 0 && (*len == 0 || *len == before)) {
			return 0;
		}
	}
	return 0;
}

/* Takes bytes of the kernel's program. Returns 1 where the configuration is complete, 0, -ENOMEM. */
static int take(struct search *search, const uint8_t *bytes, size_t len)
{
	search->seen += len;
	while (len > 0) {
		int r;

		if (!search->gzip) {
			size_t used = find_magic(search, bytes, len);

			bytes += used;
			len -= used;
			if (search->matched < sizeof(magic) - 1)
				return 0;
			r = bm_decomp_new(BM_COMPRESSION_GZIP, &search->gzip);
			if (r < 0)
				return r;
		}
		r = unpack(search, &bytes, &len);
		if (r != 0)
			return r;
		if (search->gzip)
			return 0;
	}
	return 0;
}

/* Takes bytes of the file. Returns 1 where the configuration is complete, 0, -ENOENT where nothing more can come,
 * -EBADMSG, -ENOMEM. */
static int feed(struct search *search, struct bm_decomp *decomp, const uint8_t *bytes, size_t len)
{
	if (!decomp)
		return take(search, bytes, len);
	for (;;) {
		const uint8_t *out;
		size_t n, before = len;
		enum bm_decomp_result result = bm_decomp_run(decomp, &bytes, &len, false, &out, &n);
		int r = take(search, out, n);

		if (r != 0)
			return r;
		if (result == BM_DECOMP_MEMORY)
			return -ENOMEM;
		if (result == BM_DECOMP_BAD)
			return -EBADMSG;
		if (result != BM_DECOMP_MORE || search->seen > BM_IKCONFIG_KERNEL_MAX)
			return -ENOENT;
		if (n == 0 && (len == 0 || len == before))
			return 0;
	}
}

static int read_all(const struct bm_image_source *source, uint8_t *piece, struct search *search)
{
	_cleanup_decomp_ struct bm_decomp *decomp = NULL;

	for (uint64_t total = 0; total < BM_IKCONFIG_PACKED_MAX;) {
		ssize_t len = source->read(source->ctx, piece, PIECE);
		int r = 0;

		if (len <= 0)
			return len < 0 ? (int)len : -ENOENT;
		if (total == 0 && bm_compression_of(piece, (size_t)len) != BM_COMPRESSION_NONE)
			r = bm_decomp_new(bm_compression_of(piece, (size_t)len), &decomp);
		if (r == 0)
			r = feed(search, decomp, piece, (size_t)len);
		if (r != 0)
			return r;
		total += (uint64_t)len;
	}
	return -ENOENT;
}

int bm_ikconfig_read(const struct bm_image_source *source, struct bm_buf *text)
{
	struct search search = {.text = text};
	uint8_t *piece = malloc(PIECE);
	int r = piece ? read_all(source, piece, &search) : -ENOMEM;

	bm_decomp_free(search.gzip);
	free(piece);
	if (r > 0)
		return 0;
	bm_buf_done(text);
	return r;
}
