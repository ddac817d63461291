/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/cmdline.h"

/* Whether the kernel finds this root= without an initramfs: only by number, name or partition. */
static bool kernel_finds_root(const char *root)
{
	return !root || bm_str_starts(root, "PARTUUID=") || bm_str_starts(root, "PARTLABEL=") ||
	       (bm_str_starts(root, "/dev/") && !bm_str_starts(root, "/dev/mapper/") &&
		       !bm_str_starts(root, "/dev/disk/"));
}

int bm_check_cmdline(const struct bm_check *check)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_spec_ struct bm_spec spec = {0};
	const char *text = check->entry ? check->entry->entry.cmdline : NULL;
	const struct bm_finding *none = NULL;
	struct bm_finding *finding;
	const char *root;

	if (!text)
		return 0;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	root = bm_cmdline_last(&line, "root");
	/* Microcode alone is no initramfs. */
	if (check->entry->kernel &&
		(check->entry->initrds.n == 0 || (check->kernel && !check->kernel->initramfs_by_entry))) {
		finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_NO_INITRD, check->entry->entry.file,
			check->entry->entry.line, "'%s' loads %s and no initramfs, and asks for root=%s",
			check->entry->entry.title, check->entry->kernel, root ? root : "(nothing)");
		if (finding == none)
			return -ENOMEM;
		if (root && !kernel_finds_root(root))
			finding->severity = BM_SEVERITY_FATAL;
	}
	if (!root || check->entry->entry.unresolved)
		return 0;
	if (bm_fstab_spec_parse(root, &spec) < 0)
		return -ENOMEM;
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_MAPPER)
		return 0;
	/* PARTUUID=.../PARTNROFF=1 is counted from a partition. Without a device for the root nothing is known. */
	if (strchr(spec.value, '/') || bm_devices_have(&check->survey->devices, root) || check->system->root_device < 0)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_CMDLINE_ROOT_UNKNOWN, check->entry->entry.file,
		check->entry->entry.line, "'%s' asks for root=%s", check->entry->entry.title, root);
	if (!finding)
		return -ENOMEM;
	if (check->hidden)
		finding->severity = BM_SEVERITY_WARNING;
	return 0;
}
