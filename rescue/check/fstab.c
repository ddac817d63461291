/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

#include "../base/str.h"

/* How bad it is that fstab's device is not there: without nofail systemd stops in emergency mode; swap it does without.
 */
static enum bm_severity missing_severity(const struct bm_check *check, const struct bm_fstab_line *line)
{
	if (bm_fstab_flag(line->options, "nofail", "fail") || bm_fstab_flag(line->options, "noauto", "auto") ||
		bm_fstab_flag(line->options, "x-systemd.automount", NULL))
		return BM_SEVERITY_NOTE;
	if (check->hidden || bm_streq(line->fstype, "swap") || bm_streq(line->target, "/") ||
		bm_fstab_flag(line->options, "_netdev", NULL))
		return BM_SEVERITY_WARNING;
	return BM_SEVERITY_FATAL;
}

static int check_line(const struct bm_check *check, const struct bm_fstab_line *line)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;

	if (bm_fstab_spec_parse(line->spec, &spec) < 0)
		return -ENOMEM;
	/* Links by-id and by-path are udev's of that system; plain names move: neither proves that a device is gone. */
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_PARTLABEL && spec.kind != BM_SPEC_MAPPER)
		return 0;
	if (check->survey->devices.n == 0 || bm_devices_have(&check->survey->devices, line->spec))
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", line->line,
		"%s for %s is on none of the disks", line->spec, line->target);
	if (!finding)
		return -ENOMEM;
	finding->severity = missing_severity(check, line);
	/* A mapping that is no logical volume is made at boot: its absence here proves nothing. */
	if (spec.kind == BM_SPEC_MAPPER && !spec.vg && finding->severity == BM_SEVERITY_FATAL)
		finding->severity = BM_SEVERITY_WARNING;
	return 0;
}

int bm_check_fstab(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	if (!system->fstab_exists &&
		BM_CHECK_ADD(check, BM_FINDING_FSTAB_MISSING, "/etc/fstab", 0, "the file does not exist") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->fstab.n_problems; i++)
		if (BM_CHECK_ADD(check, BM_FINDING_FSTAB_SYNTAX, "/etc/fstab", system->fstab.problems[i].line, "%s",
			    system->fstab.problems[i].text) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->fstab.n_lines; i++)
		if (check_line(check, &system->fstab.lines[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->source == BM_MOUNT_CONTENT &&
			BM_CHECK_ADD(check, BM_FINDING_BOOT_BY_CONTENT, "/etc/fstab", mount->line,
				"%s holds what belongs at %s, and fstab does not name it",
				check->survey->devices.items[mount->device].name, mount->target) < 0)
			return -ENOMEM;
	}
	return 0;
}
