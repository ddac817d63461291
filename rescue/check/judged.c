/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether it is known what the system boots. Where it is not, no check that found nothing may pass for "it boots": one
 * finding says what was looked at and what was not.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/bls.h"
#include "../fmt/boot/cmdline.h"

/* A filesystem of /boot's that fstab names and that was not seen, or NULL. */
static const struct bm_mount *unseen_boot(const struct bm_system *system)
{
	static const char *const targets[] = {"/boot", "/boot/efi", "/efi"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(targets); i++) {
		const struct bm_mount *mount = bm_system_mount(system, targets[i]);

		if (mount && (mount->source == BM_MOUNT_MISSING || !mount->looked))
			return mount;
	}
	return NULL;
}

/* Why no loader's menu was read. For free(). */
static char *why_no_menu(const struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;
	const struct bm_mount *mount = unseen_boot(system);
	_cleanup_free_ char *others = bm_strv_join(&loader->others, ", ");

	if (!others)
		return NULL;
	if (system->start.kind == BM_STARTER_OTHER && loader->unread)
		return strdup(loader->unread);
	if (loader->others.n > 0)
		return bm_strf("the configuration of %s is not read", others);
	if (loader->unified)
		return bm_strf("no loader's menu was found, and whether the firmware starts %s is not seen on the disk",
			loader->unified);
	if (loader->unread)
		return strdup(loader->unread);
	if (mount)
		return bm_strf("no loader's configuration was found, and %s, which fstab has on %s, was not seen",
			mount->target, mount->spec ? mount->spec : "another filesystem");
	if (loader->grub)
		return bm_strf("GRUB is installed (%s), and its configuration was not found", loader->grub);
	return bm_strf("no configuration of GRUB or systemd-boot was found in /boot, /boot/efi and /efi");
}

static bool is_ostree(const struct bm_check *check, bool *ret_is)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = check->entry->entry.cmdline ? check->entry->entry.cmdline : "";

	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return false;
	*ret_is = bm_cmdline_has(&line, "ostree");
	return true;
}

/* Why the default entry is not judged, or not all of it: *ret_why for free(), NULL where it is. */
static int why_not_entry(const struct bm_check *check, char **ret_why)
{
	const struct bm_boot_entry *entry = check->entry;
	bool ostree = false;

	if (!is_ostree(check, &ostree))
		return -ENOMEM;
	if (!bm_check_boots(check))
		*ret_why =
			bm_strf("the default entry '%s' boots another system or another loader%s", entry->entry.title,
				entry->foreign ? " (its root= is another, and its kernel has no modules here or its "
						 "machine-id is another)"
					       : "");
	else if (ostree)
		*ret_why =
			bm_strf("'%s' boots a deployment of ostree, and which of them is the root is not looked into",
				entry->entry.title);
	else if (entry->entry.unresolved && !entry->kernelopts_lost)
		*ret_why = bm_strf("a variable in '%s' has no value here, or it names its files by a pattern, so what "
				   "it loads is not known",
			entry->entry.title);
	else
		return 0;
	return *ret_why ? 0 : -ENOMEM;
}

/* Several loaders, of which it may not have been seen which one starts. */
static int check_rivals(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	const struct bm_start *start = &check->system->start;
	_cleanup_free_ char *rivals = bm_strv_join(&loader->rivals, ", ");
	struct bm_finding *finding;

	if (!rivals)
		return -ENOMEM;
	if (loader->rivals.n == 0)
		return 0;
	if (loader->started)
		finding = bm_findings_add(check->findings, BM_FINDING_LOADER_SEVERAL, loader->config, 0,
			"%s starts what reads %s; what is left of %s is not used", start->how, loader->config, rivals);
	else
		finding = bm_findings_add(check->findings, BM_FINDING_LOADER_SEVERAL, loader->config, 0,
			"%s is taken for what boots the system%s; there is also %s", loader->config,
			loader->rival_boots ? "" : ", because its menu leads to a kernel", rivals);
	if (!finding)
		return -ENOMEM;
	/* It was seen which one starts; or grub-install of GRUB 2 has taken the place of GRUB legacy, and left its
	 * menu. */
	if (loader->rival_leftover)
		finding->severity = BM_SEVERITY_NOTE;
	return 0;
}

/* Where the firmware goes on with the next entry all the same, nothing is lost. */
static int check_firmware(const struct bm_check *check)
{
	const struct bm_strv *gone = &check->system->start.gone;

	for (size_t i = 0; i < gone->n; i++)
		if (BM_CHECK_ADD(check, BM_FINDING_FIRMWARE_ENTRY, NULL, 0, "%s", gone->items[i]) < 0)
			return -ENOMEM;
	return 0;
}

int bm_check_judged(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	_cleanup_free_ char *why = NULL;
	struct bm_finding *finding;

	if (check_firmware(check) < 0 || check_rivals(check) < 0)
		return -ENOMEM;
	/* That nothing is booted has been told. */
	if (bm_findings_find(check->findings, BM_FINDING_GRUB_CONFIG_MISSING) ||
		bm_findings_find(check->findings, BM_FINDING_MENU_EMPTY))
		return 0;
	if (loader->kind == BM_LOADER_NONE || (!check->entry && loader->unified)) {
		why = why_no_menu(check->system);
		if (!why)
			return -ENOMEM;
	} else if (loader->unread) {
		why = strdup(loader->unread);
		if (!why)
			return -ENOMEM;
	} else if (check->entry && why_not_entry(check, &why) < 0) {
		return -ENOMEM;
	}
	if (!why)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_NOT_JUDGED, loader->config, 0,
		"%s. Looked at were the %zu kernel%s that were found, fstab and the system's own programs; not what is "
		"booted and "
		"with which initramfs and arguments",
		why, check->system->n_kernels, check->system->n_kernels == 1 ? "" : "s");
	return finding ? 0 : -ENOMEM;
}
