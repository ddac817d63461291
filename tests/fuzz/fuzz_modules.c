/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of depmod and a modalias, one behind the other with "\n%\n" between them:
 * modalias, modules.dep, modules.alias, modules.softdep, modules.builtin, modules.builtin.modinfo.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/kernel/modules.h"

enum { PARTS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(const char *text, size_t len, const char *parts[PARTS], size_t lens[PARTS])
{
	for (unsigned int i = 0; i < PARTS; i++) {
		const char *mark = i + 1 < PARTS && len > 0 ? memmem(text, len, "\n%\n", 3) : NULL;

		parts[i] = text;
		lens[i] = mark ? (size_t)(mark - text) : len;
		text += lens[i] + (mark ? 3 : 0);
		len -= lens[i] + (mark ? 3 : 0);
	}
}

static void ask(const struct bm_modules *modules, const char *modalias)
{
	struct bm_strv list = {0};

	if (bm_modules_resolve(modules, modalias, &list) == 0)
		for (size_t i = 0; i < list.n && i < 16; i++)
			if (bm_modules_softdeps(modules, list.items[i], &list) < 0)
				abort();
	bm_strv_done(&list);
	for (size_t i = 0; i < bm_modules_count(modules) && i < 64; i++) {
		const char *path = bm_modules_nth_path(modules, i);

		if (!path || !bm_modules_has(modules, path) || !bm_modules_path(modules, path))
			abort();
		if (bm_modules_closure(modules, path, &list) == 0 && list.n == 0 && !bm_modules_builtin(modules, path))
			abort();
		bm_strv_done(&list);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *parts[PARTS];
	size_t lens[PARTS];
	struct bm_modules *modules = NULL;
	char *modalias;
	int r;

	split((const char *)data, size, parts, lens);
	modalias = strndup(parts[0], lens[0]);
	r = bm_modules_new(&(struct bm_modules_texts){.dep = parts[1],
				   .dep_len = lens[1],
				   .alias = parts[2],
				   .alias_len = lens[2],
				   .softdep = parts[3],
				   .softdep_len = lens[3],
				   .builtin = parts[4],
				   .builtin_len = lens[4],
				   .builtin_modinfo = parts[5],
				   .builtin_modinfo_len = lens[5]},
		&modules);
	/* No text as small as these may go over a limit. */
	if (r < 0)
		abort();
	ask(modules, modalias);
	bm_modules_free(modules);
	free(modalias);
	return 0;
}
