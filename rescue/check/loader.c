/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boot loader reads: its environment block, the default, the entry itself, and the kernel that this names.
 */
#include "check_int.h"

#include <errno.h>

#include "../base/str.h"

static const struct bm_loader_cut *cut_of(const struct bm_loader *loader, const char *id)
{
	for (size_t i = 0; id && i < loader->n_cuts; i++)
		if (bm_streq(loader->cuts[i].id, id))
			return &loader->cuts[i];
	return NULL;
}

/* Where the default is written that leads nowhere. */
static struct bm_check_line default_place(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	const char *wrong = loader->default_wanted ? loader->default_wanted : "";
	struct bm_check_line place = {loader->config, 0};

	if (loader->environment && (bm_streq(loader->next_entry, wrong) || bm_streq(loader->saved_entry, wrong))) {
		place.file = loader->environment;
		place.line = bm_check_find_line(check, place.file, 1,
			bm_streq(loader->next_entry, wrong) ? "next_entry=" : "saved_entry=", wrong);
		return place;
	}
	place.line = bm_check_find_line(check, place.file, 1, "default", wrong);
	return place;
}

static int add_default(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	struct bm_check_line place = default_place(check);
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_DEFAULT_UNKNOWN, place.file,
		place.line, "%s", loader->default_text ? loader->default_text : "the menu is empty");

	return finding ? bm_check_place(check, finding, loader->default_wanted) : -ENOMEM;
}

/* GRUB skips a BLS file of which it reads no kernel: another entry boots in its place. */
static int add_hidden_cut(const struct bm_check *check, const struct bm_loader_cut *cut)
{
	const struct bm_loader *loader = &check->system->loader;
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_CUT, cut->file, cut->line,
		"GRUB stops reading %s at line %u and finds no kernel in it, so %s", cut->file, cut->line,
		check->entry ? "it boots another entry instead of this one" : "the menu is empty");

	if (!finding)
		return -ENOMEM;
	if (loader->n_entries == 0 || !check->entry)
		finding->severity = BM_SEVERITY_FATAL;
	return bm_check_place(check, finding, cut->id);
}

static int check_environment(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	struct bm_finding *finding;

	if (!loader->env_damage)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_GRUBENV_DAMAGED, loader->environment,
		loader->env_damage_line, "the environment block %s%s", loader->env_damage,
		loader->env_refused ? ", so GRUB takes nothing from it" : "");
	return finding ? bm_check_place(check, finding, loader->environment) : -ENOMEM;
}

/* Whether an entry boots a system: this one or another. Firmware's setup, a memory test, a reboot do not. */
static bool menu_boots(const struct bm_loader *loader)
{
	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].entry.kind == BM_ENTRY_LINUX || loader->entries[i].entry.kind == BM_ENTRY_CHAIN)
			return true;
	return false;
}

/* GRUB then stops at its prompt. */
static int add_config_missing(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_GRUB_CONFIG_MISSING, loader->config, 0,
		"%s %s, and GRUB is installed%s%s%s: it stops at its prompt", loader->config, loader->config_problem,
		loader->grub ? " (" : "", loader->grub ? loader->grub : "", loader->grub ? ")" : "");

	return finding ? bm_check_place(check, finding, loader->config) : -ENOMEM;
}

/* GRUB's program starts, and finds no menu. */
static int check_stub(const struct bm_check *check)
{
	const struct bm_loader_stub *stub = &check->system->loader.stub;
	const struct bm_spec spec = {.kind = BM_SPEC_UUID, .value = stub->wrong};
	struct bm_finding *finding;

	if (!stub->path)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_GRUB_STUB, stub->path, stub->search_line,
		"%s, which should lead GRUB from the ESP to %s, %s", stub->path, check->system->loader.config,
		stub->problem);
	if (!finding)
		return -ENOMEM;
	if (stub->doubtful || (stub->wrong && bm_check_may_hide(check, &spec)))
		bm_check_doubt(finding);
	return bm_check_place(check, finding, stub->wrong);
}

static int add_empty(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	bool bls = loader->kind == BM_LOADER_GRUB2_BLS || loader->kind == BM_LOADER_BLS;
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_MENU_EMPTY, loader->config, 0,
		"the menu of %s %s", loader->config,
		bls && loader->n_entries == 0 ? "is made of the files in loader/entries, and there is none"
		: loader->n_entries == 0      ? "has no entry"
					      : "has entries, and none of them boots a system");

	return finding ? bm_check_place(check, finding, loader->config) : -ENOMEM;
}

int bm_check_default(const struct bm_check *check)
{
	const struct bm_loader *loader = &check->system->loader;
	const struct bm_loader_cut *cut = NULL;

	if (check_stub(check) < 0)
		return -ENOMEM;
	if (loader->config_problem)
		return add_config_missing(check);
	/* bm_check_judged() tells why. */
	if (loader->kind == BM_LOADER_NONE)
		return 0;
	if (check_environment(check) < 0)
		return -ENOMEM;
	for (size_t i = 0; !cut && i < loader->n_cuts; i++)
		if (loader->cuts[i].kernel && (!check->entry || bm_streq(loader->cuts[i].id, loader->default_wanted)))
			cut = &loader->cuts[i];
	if (cut)
		return add_hidden_cut(check, cut);
	if (!menu_boots(loader))
		return loader->unread || loader->unified ? 0 : add_empty(check);
	if (!check->entry || loader->default_lost)
		return add_default(check);
	return 0;
}

/* What GRUB does not read of the entry that it boots. */
static int check_cut(const struct bm_check *check)
{
	const struct bm_loader_cut *cut =
		check->entry->entry.bls ? cut_of(&check->system->loader, check->entry->entry.id) : NULL;
	struct bm_finding *finding;
	const char *lost;

	if (!cut)
		return 0;
	lost = cut->initrd && cut->root ? "its initramfs and its root filesystem"
	       : cut->initrd		? "its initramfs"
	       : cut->root		? "its root filesystem"
	       : cut->options		? "a part of its arguments"
					: NULL;
	finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_CUT, cut->file, cut->line,
		"'%s': GRUB stops reading at line %u, and so does not know %s", check->entry->entry.title, cut->line,
		lost ? lost : "what stands behind it, which no boot needs");
	if (!finding)
		return -ENOMEM;
	finding->severity = cut->initrd || cut->root ? BM_SEVERITY_FATAL
			    : cut->options	     ? BM_SEVERITY_WARNING
						     : BM_SEVERITY_NOTE;
	return bm_check_place(check, finding, cut->id);
}

static int add_kernel(const struct bm_check *check, enum bm_finding_id id, const char *why)
{
	const struct bm_boot_entry *entry = check->entry;
	struct bm_check_line place = {id == BM_FINDING_KERNEL_DAMAGED ? entry->kernel : entry->entry.file, 0};
	struct bm_finding *finding;

	if (id == BM_FINDING_KERNEL_MISSING)
		place.line = entry->entry.kernel_line ? entry->entry.kernel_line : entry->entry.line;
	finding = bm_findings_add(check->findings, id, place.file, place.line, "'%s' loads %s, which %s",
		entry->entry.title, entry->kernel, why);
	if (!finding)
		return -ENOMEM;
	if (entry->entry.unresolved)
		bm_check_doubt(finding);
	return bm_check_place(check, finding, entry->kernel);
}

/* Whether the entry's files may lie on a filesystem that was not seen, so that their absence proves nothing. */
static bool kernel_may_hide(const struct bm_check *check)
{
	const struct bm_mount *mount = bm_system_mount(check->system, "/boot");

	/* What fstab has at /boot was not found or not mounted: what lies there is not seen. */
	if (mount && (mount->source == BM_MOUNT_MISSING || !mount->looked))
		return true;
	return check->entry->place_unknown &&
	       (check->hidden || check->system->given ||
		       !(check->entry->entry.place.search_uuid || check->entry->entry.place.search_label));
}

/* The files are there, and the loader looks elsewhere. */
static int check_prefix(const struct bm_check *check)
{
	const struct bm_entry *entry = &check->entry->entry;
	_cleanup_free_ char *right = bm_boot_prefix_mend(check->entry->prefix, entry->kernel);
	const char *from_top = check->entry->from_top;
	struct bm_finding *finding;

	if (!right)
		return -ENOMEM;
	if (check->entry->prefix == BM_BOOT_PREFIX_RIGHT && !from_top)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_PREFIX, entry->file, entry->kernel_line,
		from_top ? "'%s' loads %s, which GRUB looks for at the top of the btrfs, and what is there was not "
			   "seen; it "
			   "is %s"
			 : "'%s' loads %s, which on the filesystem that the loader reads is %s",
		entry->title, entry->kernel, from_top ? from_top : right);
	if (!finding)
		return -ENOMEM;
	if (from_top)
		bm_check_doubt(finding);
	return bm_check_place(check, finding, entry->kernel);
}

int bm_check_entry_kernel(const struct bm_check *check)
{
	const struct bm_boot_entry *entry = check->entry;
	size_t before = check->findings->n;

	if (!bm_check_boots(check))
		return 0;
	if (check_cut(check) < 0 || check_prefix(check) < 0)
		return -ENOMEM;
	before = check->findings->n;
	if (!entry->kernel_exists) {
		if (add_kernel(check, BM_FINDING_KERNEL_MISSING, "does not exist") < 0)
			return -ENOMEM;
	} else if (entry->kernel_problem) {
		if (add_kernel(check, BM_FINDING_KERNEL_DAMAGED, entry->kernel_problem) < 0)
			return -ENOMEM;
	}
	if (check->findings->n > before && kernel_may_hide(check))
		bm_check_doubt(&check->findings->items[before]);
	return 0;
}
