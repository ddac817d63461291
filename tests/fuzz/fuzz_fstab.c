/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fstab, and all that is asked about its fields.
 */
#include <stddef.h>
#include <stdint.h>

#include "fmt/etc/fstab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct bm_fstab_line *line)
{
	struct bm_devname name;
	struct bm_spec spec;
	char *value = NULL;

	if (!line->spec || !line->target || !line->fstype || !line->options)
		abort();
	if (bm_fstab_spec_parse(line->spec, &spec) == 0) {
		if (!spec.value || !spec.vg != !spec.lv)
			abort();
		bm_spec_done(&spec);
	}
	if (bm_devname_parse(line->spec, &name) && !bm_devname_alike(line->spec, line->spec))
		abort();
	if (bm_fstab_option(line->options, "subvol", &value) > 0)
		free(value);
	bm_fstab_flag(line->options, "ro", "rw");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm_fstab fstab;

	if (bm_fstab_parse((const char *)data, size, &fstab) < 0)
		return 0;
	for (size_t i = 0; i < fstab.n_lines; i++) {
		ask(&fstab.lines[i]);
		bm_fstab_find(&fstab, fstab.lines[i].target);
	}
	bm_fstab_done(&fstab);
	return 0;
}
