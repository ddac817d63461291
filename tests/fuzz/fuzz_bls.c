/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BLS file; its first line is also its name, and the whole a loader.conf.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/boot/bls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *arg, const char *name)
{
	(void)arg;
	return strlen(name) % 3 == 0 ? NULL : name;
}

static void check_order(const struct bm_bls_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (size_t j = 0; j < list->n; j++) {
			int r = bm_bls_cmp(&list->items[i], &list->items[j]);
			int back = bm_bls_cmp(&list->items[j], &list->items[i]);

			assert((r < 0) == (back > 0) && (r == 0) == (back == 0));
			r = bm_bls_cmp_systemd(&list->items[i], &list->items[j]);
			back = bm_bls_cmp_systemd(&list->items[j], &list->items[i]);
			assert((r < 0) == (back > 0) && (r == 0) == (back == 0));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = size ? memchr(text, '\n', size) : NULL;
	char *name = strndup(text, end ? (size_t)(end - text) : 0);
	_cleanup_bls_list_ struct bm_bls_list list = {0};
	struct bm_loader_conf conf = {0};
	struct bm_entry entry = {0};

	if (!name)
		return 0;
	if (bm_bls_list_add(&list, name, text, size) == 0 &&
		bm_bls_list_add(&list, "m-5.14.0-70.el9.conf", "", 0) == 0 &&
		bm_bls_list_add(&list, "m-0-rescue.conf", text, size / 2) == 0) {
		check_order(&list);
		bm_bls_list_sort_systemd(&list);
		bm_bls_list_sort(&list);
		if (bm_bls_entry(&list.items[0], lookup, NULL, &entry) == 0) {
			assert(entry.title && entry.id);
			bm_entry_done(&entry);
		}
		if (bm_loader_conf_parse(text, size, &conf) == 0) {
			long n = bm_loader_conf_default(&conf, &list);

			assert(n >= 0 && n < 3);
			bm_loader_conf_done(&conf);
		}
	}
	free(name);
	return 0;
}
