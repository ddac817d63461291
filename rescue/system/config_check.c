/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_check.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

/* Why the root= is not known, or NULL; -ENOMEM. */
static int check_root(
	const struct bm_survey *survey, const struct bm_system *system, const char *cmdline, char **ret_why)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	struct bm_cmdline_boot boot;
	bool exact;

	if (bm_cmdline_parse(cmdline ? cmdline : "", cmdline ? strlen(cmdline) : 0, &line) < 0)
		return -ENOMEM;
	bm_cmdline_boot(&line, &boot);
	if (!boot.root || !*boot.root)
		*ret_why = bm_strf("its default entry has no root=");
	/* Without the disks nothing can be said: a folder that somebody mounted. */
	else if (system->root_device >= 0 && !bm_devices_have(&survey->devices, boot.root) &&
		 bm_devices_find_spec(&survey->devices, boot.root, NULL, system->root_device, &exact) < 0)
		*ret_why = bm_strf("its default entry asks for root=%s, which is on none of the disks", boot.root);
	else
		return 0;
	return *ret_why ? 0 : -ENOMEM;
}

static int check_default(
	const struct bm_survey *survey, const struct bm_system *system, const struct bm_loader *loader, char **ret_why)
{
	const struct bm_boot_entry *entry;

	if (loader->default_entry < 0 || (size_t)loader->default_entry >= loader->n_entries) {
		*ret_why = bm_strf("it has no entry");
		return *ret_why ? 0 : -ENOMEM;
	}
	entry = &loader->entries[loader->default_entry];
	if (!entry->kernel || !entry->kernel_exists)
		*ret_why = bm_strf("its default entry loads the kernel %s, which does not exist",
			entry->kernel ? entry->kernel : "of another system");
	else if (entry->initrds.n == 0)
		*ret_why = bm_strf("its default entry loads no initramfs");
	else if (entry->initrds_missing.n > 0)
		*ret_why = bm_strf("its default entry loads %s, which does not exist", entry->initrds_missing.items[0]);
	else
		return check_root(survey, system, entry->entry.cmdline, ret_why);
	return *ret_why ? 0 : -ENOMEM;
}

static bool has_version(const struct bm_loader *loader, const char *version)
{
	for (size_t i = 0; i < loader->n_entries; i++)
		if (bm_streq(loader->entries[i].version, version))
			return true;
	return false;
}

static int check_kernels(const struct bm_loader *before, const struct bm_loader *after, char **ret_why)
{
	for (size_t i = 0; i < before->n_entries; i++) {
		const struct bm_boot_entry *entry = &before->entries[i];

		if (!entry->kernel_exists || !entry->version || has_version(after, entry->version))
			continue;
		*ret_why = bm_strf("the kernel %s is not in its menu any more", entry->version);
		return *ret_why ? 0 : -ENOMEM;
	}
	return 0;
}

int bm_config_check(const struct bm_survey *survey, const struct bm_system *system, const char *path, const char *text,
	size_t len, char **ret_why)
{
	/* What the reading of a loader needs, and nothing that it could change for the system itself. */
	struct bm_system view = {
		.root = system->root,
		.root_device = system->root_device,
		.given = system->given,
		.uefi = system->uefi,
		.start = system->start,
		.machine_id = system->machine_id,
		.entry_tokens = system->entry_tokens,
		.os_id = system->os_id,
		.os_id_like = system->os_id_like,
		.mounts = system->mounts,
		.n_mounts = system->n_mounts,
		.selinux = system->selinux,
	};
	_cleanup_buf_ struct bm_buf bytes = {0};
	_cleanup_free_ char *why = NULL;
	int r = bm_buf_add(&bytes, text, len);

	if (r == 0)
		r = bm_system_read_kernels(&view);
	if (r == 0)
		r = bm_system_read_loader_as(&view, &survey->devices, path, &bytes);
	if (r == 0)
		r = check_default(survey, system, &view.loader, &why);
	if (r == 0 && !why)
		r = check_kernels(&system->loader, &view.loader, &why);
	view.root = NULL;
	view.start = (struct bm_start){0};
	view.machine_id = NULL;
	view.entry_tokens = (struct bm_strv){0};
	view.os_id = NULL;
	view.os_id_like = NULL;
	view.mounts = NULL;
	view.n_mounts = 0;
	bm_system_done(&view);
	if (r < 0)
		return r;
	*ret_why = why;
	why = NULL;
	return 0;
}
