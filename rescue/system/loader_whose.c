/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose it is: a folder of the ESP, a boot entry, a whole menu. Disks, ESPs and filesystems of /boot are shared, and
 * what another system left there says nothing about this one.
 */
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "loader_int.h"

/*
 * The folders that distributions make in EFI/, and the ids of os-release whose boot loader lies there: what
 * GRUB_DISTRIBUTOR, or the package of the signed loader, makes of it. Linux Mint and its kin keep Ubuntu's.
 */
static const struct {
	const char *folder;
	const char *ids[8];
} vendors[] = {
	{"almalinux", {"almalinux"}},
	{"amzn", {"amzn"}},
	{"centos", {"centos"}},
	{"debian", {"debian", "lmde", "raspbian"}},
	{"deepin", {"deepin"}},
	{"endeavouros", {"endeavouros"}},
	{"eurolinux", {"eurolinux"}},
	{"fedora", {"fedora"}},
	{"gentoo", {"gentoo"}},
	{"kali", {"kali"}},
	{"mageia", {"mageia"}},
	{"manjaro", {"manjaro"}},
	{"microsoft", {NULL}},
	{"neon", {"neon"}},
	{"opensuse", {"opensuse", "opensuse-leap", "opensuse-tumbleweed", "opensuse-microos", "opensuse-slowroll"}},
	{"openeuler", {"openeuler"}},
	{"redhat", {"rhel", "ol"}},
	{"rocky", {"rocky"}},
	{"sles", {"sles", "sle_hpc", "sles_sap"}},
	{"sled", {"sled"}},
	{"ubuntu", {"ubuntu", "linuxmint", "zorin", "elementary", "neon", "tuxedo", "pop", "bodhi"}},
};

/* Whether a link of the system's own leads into the folder: Fedora's packages have them, whatever the system was made
 * into later. */
static bool is_linked(const struct bm_system *system, const char *name)
{
	static const char *const links[] = {"/etc/grub2-efi.cfg", "/boot/grub2/grubenv"};
	_cleanup_free_ char *part = bm_strf("/EFI/%s/", name);
	bool linked = false;

	for (size_t i = 0; part && system->root && !linked && i < BM_ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *text = NULL;

		linked = bm_root_readlink(system->root, links[i], &text) == 0 && strcasestr(text, part);
	}
	bm_err_clear();
	return linked;
}

enum bm_loader_owner bm_loader_folder_owner(const struct bm_system *system, const char *name)
{
	if (bm_strcaseeq(name, system->os_id) || is_linked(system, name))
		return BM_LOADER_OWN;
	for (size_t i = 0; i < BM_ARRAY_SIZE(vendors); i++) {
		if (!bm_strcaseeq(name, vendors[i].folder))
			continue;
		for (size_t k = 0; k < BM_ARRAY_SIZE(vendors[i].ids) && vendors[i].ids[k]; k++)
			if (bm_streq(vendors[i].ids[k], system->os_id))
				return BM_LOADER_OWN;
		/* A derivative may have kept its parent's folder. A system that does not say what it is may be any. */
		return !system->os_id || bm_system_is_like(system, vendors[i].folder) ? BM_LOADER_OPEN
										      : BM_LOADER_OTHERS;
	}
	return BM_LOADER_OPEN;
}

enum root_place {
	ROOT_OPEN,  /* no root=, or one that does not tell */
	ROOT_OWN,   /* this system's root filesystem */
	ROOT_OTHER, /* another one that is there */
	ROOT_GONE,  /* none that is there */
};

static enum root_place root_of(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry)
{
	const char *text = entry->entry.cmdline ? entry->entry.cmdline : "";
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_cmdline_boot boot;
	bool exact;
	int device;

	if (reader->system->root_device < 0 || entry->entry.unresolved ||
		bm_cmdline_parse(text, strlen(text), &line) < 0)
		return ROOT_OPEN;
	bm_cmdline_boot(&line, &boot);
	if (!boot.root || bm_fstab_spec_parse(boot.root, &spec) < 0)
		return ROOT_OPEN;
	device = bm_devices_find_spec(reader->devices, boot.root, NULL, reader->system->root_device, &exact);
	if (device == reader->system->root_device)
		return ROOT_OWN;
	switch (spec.kind) {
	case BM_SPEC_UUID:
	case BM_SPEC_LABEL:
	case BM_SPEC_PARTUUID:
	case BM_SPEC_PARTLABEL:
	case BM_SPEC_MAPPER:
		return device == BM_DEVICE_NONE ? ROOT_GONE : ROOT_OTHER;
	default: /* names of disks move */
		return ROOT_OPEN;
	}
}

/* Whether the entry says that it is another machine's: by its key machine-id, else by its name. */
static bool other_machine(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry)
{
	enum { DIGITS = 32 };
	const char *own = reader->system->machine_id, *id = entry->entry.id;

	if (!own || !entry->entry.bls)
		return false;
	for (size_t i = 0; reader->bls && i < reader->bls->n; i++)
		if (bm_streq(reader->bls->items[i].id, id) && reader->bls->items[i].machine_id)
			return !bm_strcaseeq(reader->bls->items[i].machine_id, own);
	return id && strspn(id, "0123456789abcdef") == DIGITS && id[DIGITS] == '-' && strncmp(id, own, DIGITS) != 0;
}

bool bm_loader_entry_foreign(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry)
{
	const struct bm_system *system = reader->system;
	const struct bm_kernel *kernel = entry->version ? bm_system_kernel(system, entry->version) : NULL;
	bool modules = false;

	/* Where no kernel has modules they are hidden or gone, and tell nobody apart. */
	for (size_t i = 0; i < system->n_kernels; i++)
		modules |= system->kernels[i].modules_dir != NULL;
	if (!modules || entry->unified || !entry->version || bm_str_starts(entry->version, "0-rescue") ||
		strstr(entry->kernel, "-rescue"))
		return false;
	/* Two installations of one release have the same kernels. */
	if (kernel && (kernel->modules_dir || (kernel->config_known && !kernel->config_modules)))
		return other_machine(reader, entry) && root_of(reader, entry) == ROOT_OTHER;
	return root_of(reader, entry) >= ROOT_OTHER;
}

/* Whether the entry loads a kernel of this system. */
static bool boots(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry)
{
	/* Of a copy it is not known which filesystem had which UUID. */
	bool known = reader->devices->n > 0 && reader->system->root_device >= 0;

	return entry->entry.kind == BM_ENTRY_LINUX && entry->kernel && entry->kernel_exists && !entry->foreign &&
	       !(entry->place_unknown && known);
}

/* Whether it names something of this system's. */
static bool is_ours(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry)
{
	const struct bm_entry_place *place = &entry->entry.place;

	if (entry->entry.kind != BM_ENTRY_LINUX || !entry->kernel || entry->foreign)
		return false;
	return ((place->search_uuid || place->search_label) && !entry->place_unknown) ||
	       root_of(reader, entry) == ROOT_OWN;
}

enum bm_loader_standing bm_loader_standing(const struct bm_loader_reader *reader, enum bm_loader_owner owner)
{
	const struct bm_loader *loader = &reader->system->loader;
	enum bm_loader_standing standing = owner == BM_LOADER_OWN ? BM_LOADER_OURS : BM_LOADER_FOREIGN;

	for (size_t i = 0; i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];
		bool is_default = (int)i == loader->default_entry;

		if (boots(reader, entry) && is_default && entry->initrds_missing.n == 0)
			return BM_LOADER_BOOTS_DEFAULT;
		/* Another system's menu has this one's entries, too: os-prober found them. */
		if (owner != BM_LOADER_OWN && !is_default)
			continue;
		if (boots(reader, entry))
			standing = BM_MAX(standing, BM_LOADER_BOOTS);
		else if (is_ours(reader, entry))
			standing = BM_MAX(standing, BM_LOADER_OURS);
	}
	return standing;
}
