/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole image: every compression, the list of its files, the facts of its programs, and the proof on top. The first
 * byte says how many bytes the source gives at a time; the status must not depend on it.
 */
#include <stdlib.h>
#include <string.h>

#include "proof/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size, step;
};

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	struct bytes *bytes = ctx;
	size_t n = BM_MIN(BM_MIN(len, bytes->step), bytes->size);

	if (n > 0)
		memcpy(buf, bytes->data, n);
	bytes->data += n;
	bytes->size -= n;
	return (ssize_t)n;
}

static void prove(const struct bm_image_list *list, const struct bm_image_summary *summary)
{
	const struct bm_proof_driver drivers[] = {
		{.name = "virtio_blk", .why = "vda", .role = BM_PROOF_STORAGE},
		{.name = "ext3", .modalias = "fs-ext3", .why = "/", .role = BM_PROOF_FILESYSTEM},
	};
	const struct bm_proof_tool tool = {"lvm", NULL, "the root lies on a logical volume"};
	const struct bm_proof_need need = {.version = "6.1.0-1-amd64",
		.compressions = 1U << BM_COMPRESSION_GZIP,
		.drivers = drivers,
		.n_drivers = 2,
		.tools = &tool,
		.n_tools = 1};
	struct bm_proof proof;

	if (bm_proof_check(list, summary, &need, &proof) < 0)
		return;
	if (proof.verdict != (proof.n_problems == 0) || (proof.verdict && summary->status != BM_IMAGE_OK))
		abort();
	bm_proof_done(&proof);
}

static void walk(const struct bm_image_list *list)
{
	for (size_t i = 0; i < list->n_nodes && i < 512; i++) {
		char *path = bm_image_list_path(list, &list->nodes[i]);

		if (!path)
			continue;
		/* A node that lives is found by its path, unless that is longer than any path may be. */
		if (list->nodes[i].mode != 0 && strlen(path) < 4096 &&
			bm_image_list_lfind(list, path) != &list->nodes[i])
			abort();
		bm_image_list_find(list, path);
		free(path);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes one = {data + 1, size - 1, SIZE_MAX}, many = {data + 1, size - 1, 0};
	const struct bm_image_source source = {next_bytes, &one}, pieces = {next_bytes, &many};
	struct bm_image_summary summary = {0}, again = {0};
	struct bm_image_list list = {.facts = true};

	if (size == 0)
		return 0;
	many.step = 1 + (size_t)data[0] * 7;
	if (bm_image_list_read(&source, &list, &summary) == 0) {
		walk(&list);
		prove(&list, &summary);
		if (bm_image_read(&pieces, NULL, &again) == 0 &&
			(again.status != summary.status || again.entries != summary.entries))
			abort();
	}
	bm_image_summary_done(&again);
	bm_image_summary_done(&summary);
	bm_image_list_done(&list);
	return 0;
}
