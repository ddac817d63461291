/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Superblocks, and the kernel's words about a mount.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/disk/fssuper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"ext4", "xfs", "btrfs"};
	struct bm_fssuper super;
	char text[512];

	for (size_t i = 0; i < BM_ARRAY_SIZE(types); i++) {
		bm_fssuper_parse(data, size, types[i], &super);
		if (memchr(super.function, '\0', sizeof(super.function)) == NULL)
			abort();
		if (!super.known && (super.errors || super.unknown || super.n_errors))
			abort();
	}
	if (size < sizeof(text)) {
		memcpy(text, data, size);
		text[size] = '\0';
		if (bm_fs_reason_of(-EINVAL, text) == BM_FS_REASON_NONE)
			abort();
	}
	return 0;
}
