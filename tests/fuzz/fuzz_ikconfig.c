/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration inside a kernel: what is found does not depend on how the bytes are cut.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "fmt/image/ikconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cursor {
	const uint8_t *bytes;
	size_t len, step;
};

static ssize_t next(void *ctx, void *buf, size_t len)
{
	struct cursor *cursor = ctx;
	size_t n = BM_MIN(BM_MIN(len, cursor->len), cursor->step);

	if (n > 0)
		memcpy(buf, cursor->bytes, n);
	cursor->bytes += n;
	cursor->len -= n;
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_buf whole = {0}, pieces = {0};
	struct cursor all = {data, size, SIZE_MAX}, some = {data, size, 3};
	const struct bm_image_source first = {next, &all}, second = {next, &some};
	int r = bm_ikconfig_read(&first, &whole), other = bm_ikconfig_read(&second, &pieces);

	/* Of what is damaged more may come out when it is read in pieces. */
	if (r == 0 && other == 0)
		assert(whole.len == pieces.len && strcmp(bm_buf_text(&whole), bm_buf_text(&pieces)) == 0);
	assert(r == 0 || whole.len == 0);
	assert(other == 0 || pieces.len == 0);
	assert(whole.len <= BM_IKCONFIG_SIZE_MAX + 256 * BM_KIB);
	bm_buf_done(&whole);
	bm_buf_done(&pieces);
	return 0;
}
