/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hibernated machine. That stops no boot: it would resume. But what is on its disks is not what it knows of them.
 */
#include <errno.h>

#include "../base/str.h"
#include "check_int.h"

int bm_check_hibernation(const struct bm_check *check)
{
	const struct bm_hibernations *images = &check->system->hibernations;

	for (size_t i = 0; i < images->n; i++) {
		const struct bm_hibernation *image = &images->items[i];
		_cleanup_free_ char *name = bm_hibernation_name(check->survey, image);
		const char *kind = image->header.kind;
		struct bm_finding *finding;

		if (!name)
			return -ENOMEM;
		finding = bm_findings_add(check->findings, BM_FINDING_HIBERNATED, image->file, 0,
			"%s holds the memory of a machine that was hibernated%s%s%s", name, kind ? " (" : "",
			kind ? kind : "", kind ? ")" : "");
		if (!finding || bm_check_detail(finding, kind, name) < 0)
			return -ENOMEM;
		finding->device = image->device;
	}
	return 0;
}
