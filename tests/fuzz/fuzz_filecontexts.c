/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SELinux's file_contexts: the first line is the path that is asked for, the second one a line of .subs, the rest the
 * policy.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/etc/filecontexts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};
	_cleanup_free_ char *text = size < 65536 ? strndup((const char *)data, size) : NULL;
	char *subs = text ? strchr(text, '\n') : NULL, *rest;
	const char *label = NULL;

	if (!subs)
		return 0;
	*subs++ = '\0';
	rest = strchr(subs, '\n');
	if (!rest)
		return 0;
	*rest++ = '\0';
	if (bm_filecontexts_parse_subs(&contexts, subs, strlen(subs), false) < 0 ||
		bm_filecontexts_parse(&contexts, rest, strlen(rest)) < 0)
		return 0;
	for (int type = BM_FILECONTEXTS_REGULAR; type <= BM_FILECONTEXTS_LINK; type++)
		if (bm_filecontexts_find(&contexts, text, (enum bm_filecontexts_type)type, &label) == 0 &&
			!bm_filecontexts_is_label(label))
			abort();
	return 0;
}
