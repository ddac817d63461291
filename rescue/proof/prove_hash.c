/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prove_hash.h"

#include "../base/err.h"
#include "../os/root/fileio.h"

struct reader {
	int fd;
	struct bm_sha256 hash;
	uint64_t bytes;
};

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	struct reader *reader = ctx;
	size_t got = 0;
	int r = bm_file_next(reader->fd, buf, len, &got);

	if (r < 0)
		return r;
	bm_sha256_add(&reader->hash, buf, got);
	reader->bytes += got;
	return (ssize_t)got;
}

/* What the proof had no use for. */
static int read_rest(struct reader *reader)
{
	char chunk[16384];
	ssize_t got;

	do {
		got = next_bytes(reader, chunk, sizeof(chunk));
	} while (got > 0);
	return (int)got;
}

int bm_prove_hash(const struct bm_root *root, const char *path, const struct bm_needs *needs,
	struct bm_proof *ret_proof, char ret_hash[BM_SHA256_TEXT], uint64_t *ret_bytes)
{
	_cleanup_image_list_ struct bm_image_list list = {.facts = true, .inspect = &needs->inspect};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	const struct bm_proof_need need = bm_needs_for_proof(needs);
	struct reader reader = {.fd = -1};
	const struct bm_image_source source = {next_bytes, &reader};
	int r = bm_root_open_file(root, path, &reader.fd);

	if (r < 0)
		return r;
	bm_sha256_init(&reader.hash);
	r = bm_image_list_read(&source, &list, &summary);
	if (r == 0)
		r = read_rest(&reader);
	bm_file_close(reader.fd);
	if (r == 0)
		r = bm_proof_check(&list, &summary, &need, ret_proof);
	if (r < 0)
		return bm_err_within(r, "%s", path);
	bm_sha256_end(&reader.hash, ret_hash);
	*ret_bytes = reader.bytes;
	return 0;
}
