/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grub.cfg. What the script reads is the input itself again, so that source and configfile are followed too.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fmt/boot/grubcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t len;
};

static int exists(void *arg, const struct bm_grubcfg_ref *ref, enum bm_grubcfg_test test)
{
	const struct input *input = arg;

	return (int)((input->len + strlen(ref->path) + (size_t)test) % 3) - 1;
}

static int read_file(void *arg, const struct bm_grubcfg_ref *ref, char **ret_text, size_t *ret_len)
{
	const struct input *input = arg;

	if (strlen(ref->path) % 4 == 0 || input->len > 4096)
		return -2;
	*ret_text = malloc(input->len + 1);
	if (!*ret_text)
		return -12;
	memcpy(*ret_text, input->text, input->len);
	*ret_len = input->len;
	return 0;
}

static void check(const struct bm_grubcfg *cfg)
{
	const struct bm_entries *list = &cfg->entries;

	assert(cfg->default_entry >= -1 && cfg->default_entry < (long)list->n);
	assert((cfg->default_entry >= 0) == (list->n > 0));
	for (size_t i = 0; i < list->n; i++) {
		const struct bm_entry *entry = &list->items[i];
		char *name = bm_entry_name(entry);

		assert(entry->title && name);
		assert(entry->kind != BM_ENTRY_LINUX || (entry->kernel && entry->cmdline));
		assert(entry->parent < (long)i);
		if (entry->parent >= 0)
			assert(list->items[entry->parent].kind == BM_ENTRY_SUBMENU);
		assert(bm_entries_at(list, entry->parent, entry->position) == (long)i || list->n > 256);
		free(name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	static const char bls_text[] =
		"title B\nlinux /vmlinuz-$v\ninitrd /initrd $tuned_initrd\noptions $kernelopts\n";
	_cleanup_grubenv_ struct bm_grubenv env = {0};
	_cleanup_bls_list_ struct bm_bls_list bls = {0};
	struct bm_grubcfg_input inputs[] = {{0}, {.path = "/grub2/grub.cfg",
							 .keeps_hex = true,
							 .platform = "efi",
							 .env = &env,
							 .bls = &bls,
							 .exists = exists,
							 .read = read_file,
							 .arg = &input}};

	if (bm_grubenv_set(&env, "saved_entry", "1>0") < 0 || bm_grubenv_set(&env, "kernelopts", "ro") < 0 ||
		bm_bls_list_add(&bls, "m-1-2.conf", bls_text, strlen(bls_text)) < 0 ||
		bm_bls_list_add(&bls, "m-1-10.conf", bls_text, strlen(bls_text)) < 0)
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(inputs); i++) {
		_cleanup_grubcfg_ struct bm_grubcfg cfg = {0};

		if (bm_grubcfg_parse(input.text, input.len, &inputs[i], &cfg) == 0)
			check(&cfg);
	}
	return 0;
}
