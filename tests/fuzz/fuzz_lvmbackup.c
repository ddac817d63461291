/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LVM's text of a volume group: every name and UUID is a piece of the text.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fmt/etc/lvmbackup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_in(const uint8_t *data, size_t size, const char *piece)
{
	if (piece && *piece && !memmem(data, size, piece, strlen(piece)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_lvmbackup backup;

	if (bm_lvmbackup_parse((const char *)data, size, &backup) < 0)
		return 0;
	must_be_in(data, size, backup.group);
	must_be_in(data, size, backup.uuid);
	for (size_t i = 0; i < backup.n; i++) {
		if (!backup.volumes[i].name)
			abort();
		must_be_in(data, size, backup.volumes[i].name);
		must_be_in(data, size, backup.volumes[i].uuid);
	}
	bm_lvmbackup_done(&backup);
	return 0;
}
