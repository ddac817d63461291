/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a module inside an image tells, while its bytes pass: unpacked where it is compressed, as libkmod does by the
 * first bytes and not by the name, and read by fmt/kernel/kofile.h. A module that unpacks to more than its limit is
 * not judged.
 */
#include <errno.h>
#include <string.h>

#include "fmt/kernel/modules.h"
#include "image_list_int.h"

enum {
	BEGIN = 8,	 /* bytes of a file that tell its compression, and for xz the check that it has */
	INDEX_HEAD = 12, /* of an index: its header */
	NAME_MAX_BYTES = 256,
};

struct bm_image_list_module {
	struct bm_image_module_facts facts;
	struct bm_kofile_reader file;
	struct bm_decomp *decomp;
	uint8_t begin[BEGIN];
	size_t n_begin;
	bool begun, ended, stopped;
};

bool bm_image_list_inspects(const struct bm_image_list *list, const char *name)
{
	char normal[NAME_MAX_BYTES];
	size_t low = 0, high = list->inspect ? list->inspect->n : 0;

	if (!list->facts || bm_modules_name(name, normal, sizeof(normal)) < 0)
		return false;
	if (!list->inspect)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(list->inspect->items[middle], normal);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int bm_image_list_module_begin(struct bm_image_list_reader *reader)
{
	if (!reader->module)
		reader->module = malloc(sizeof(*reader->module));
	if (!reader->module)
		return -ENOMEM;
	*reader->module = (struct bm_image_list_module){0};
	return 0;
}

void bm_image_list_module_free(struct bm_image_list_module *module)
{
	if (module)
		bm_decomp_free(module->decomp);
	free(module);
}

static int feed(struct bm_image_list_module *module, const uint8_t *bytes, size_t len)
{
	if (!module->decomp) {
		bm_kofile_feed(&module->file, bytes, len);
		return 0;
	}
	while (!module->ended && !module->stopped) {
		const uint8_t *out;
		size_t n, before = len;
		enum bm_decomp_result result = bm_decomp_run(module->decomp, &bytes, &len, false, &out, &n);

		bm_kofile_feed(&module->file, out, n);
		if (result == BM_DECOMP_MEMORY)
			return -ENOMEM;
		module->ended = result == BM_DECOMP_END;
		module->stopped = result == BM_DECOMP_BAD || result == BM_DECOMP_LIMIT;
		module->facts.unjudged |= result == BM_DECOMP_LIMIT;
		if (module->file.size > BM_IMAGE_LIST_MODULE)
			module->facts.unjudged = module->stopped = true;
		if (result == BM_DECOMP_MORE && n == 0 && (len == 0 || len == before))
			break;
	}
	return 0;
}

/* The first bytes are there, or all of a file that has fewer. */
static int begin(struct bm_image_list_module *module)
{
	enum bm_compression compression = bm_compression_of(module->begin, module->n_begin);
	int r;

	module->begun = true;
	/* What libkmod unpacks; anything else it gives to the kernel as it is. */
	if (compression == BM_COMPRESSION_GZIP || compression == BM_COMPRESSION_XZ ||
		compression == BM_COMPRESSION_ZSTD) {
		module->facts.compression = compression;
		if (compression == BM_COMPRESSION_XZ && module->n_begin == BEGIN)
			module->facts.xz_check = module->begin[BEGIN - 1] & 0xf;
		r = bm_decomp_new(compression, &module->decomp);
		if (r < 0)
			return r;
	}
	return feed(module, module->begin, module->n_begin);
}

int bm_image_list_module_data(struct bm_image_list_reader *reader, const uint8_t *bytes, size_t len)
{
	struct bm_image_list_module *module = reader->module;
	int r;

	if (!module->begun) {
		size_t n = BM_MIN(len, BEGIN - module->n_begin);

		memcpy(module->begin + module->n_begin, bytes, n);
		module->n_begin += n;
		bytes += n;
		len -= n;
		if (module->n_begin < BEGIN)
			return 0;
		r = begin(module);
		if (r < 0)
			return r;
	}
	return len > 0 ? feed(module, bytes, len) : 0;
}

int bm_image_list_module_end(struct bm_image_list_reader *reader, struct bm_image_module_facts **ret_facts)
{
	struct bm_image_list_module *module = reader->module;
	int r = module->begun ? 0 : begin(module);
	struct bm_image_module_facts *facts = r < 0 ? NULL : malloc(sizeof(*facts));

	if (facts) {
		*facts = module->facts;
		facts->damaged = module->decomp && !module->ended && !facts->unjudged;
		bm_kofile_end(&module->file, &facts->file);
		*ret_facts = facts;
	}
	bm_decomp_free(module->decomp);
	module->decomp = NULL;
	return facts ? 0 : -ENOMEM;
}

/* kmod, libkmod/libkmod-index.c: magic 4, version 4, the root node's flags and place 4, big endian. depmod writes the
 * root node last, so that an index which was cut lacks it. */
bool bm_image_list_bad_index(const uint8_t *head, size_t len, uint64_t size)
{
	static const uint8_t magic[] = {0xb0, 0x07, 0xf4, 0x57};

	if (len < INDEX_HEAD || memcmp(head, magic, sizeof(magic)) != 0)
		return true;
	return ((uint32_t)(head[8] & 0x0f) << 24 | (uint32_t)head[9] << 16 | (uint32_t)head[10] << 8 | head[11]) >=
	       size;
}
