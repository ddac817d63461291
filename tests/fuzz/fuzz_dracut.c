/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks of dracut: what they do by themselves, and the first line as a hook's name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/image/dracut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = strndup((const char *)data, size), *path;

	bm_dracut_default_of((const char *)data, size);
	name[strcspn(name, "\n")] = '\0';
	path = bm_dracut_wait_of(name);
	if (path && (*path != '/' || strlen(path) >= strlen(name)))
		abort();
	free(path);
	free(name);
	return 0;
}
