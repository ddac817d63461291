/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boot loader of a system would boot: of the configurations that there are the one that starts it.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "kernels.h"
#include "loader_int.h"

const char *bm_loader_kind_text(enum bm_loader_kind kind)
{
	static const char *const texts[] = {"none", "grub2", "grub2-bls", "grub-legacy", "systemd-boot", "firmware"};

	return texts[kind];
}

void bm_loader_done(struct bm_loader *loader)
{
	free(loader->config);
	free(loader->environment);
	for (size_t i = 0; i < loader->n_entries; i++) {
		bm_entry_done(&loader->entries[i].entry);
		free(loader->entries[i].kernel);
		free(loader->entries[i].kernel_problem);
		free(loader->entries[i].version);
		free(loader->entries[i].from_top);
		free(loader->entries[i].initramfs);
		bm_strv_done(&loader->entries[i].initrds);
		bm_strv_done(&loader->entries[i].initrds_missing);
	}
	for (size_t i = 0; i < loader->n_cuts; i++) {
		free(loader->cuts[i].id);
		free(loader->cuts[i].file);
	}
	free(loader->cuts);
	free(loader->entries);
	free(loader->env_damage);
	free(loader->default_wanted);
	free(loader->default_text);
	free(loader->saved_entry);
	free(loader->next_entry);
	free(loader->kernelopts);
	free(loader->config_problem);
	free(loader->unread);
	bm_loader_stub_done(&loader->stub);
	free(loader->grub);
	free(loader->systemd_boot);
	free(loader->unified);
	bm_strv_done(&loader->others);
	bm_strv_done(&loader->rivals);
	bm_strv_done(&loader->warnings);
	*loader = (struct bm_loader){.default_entry = -1};
}

/* --- which of several --- */

enum { CANDIDATES_MAX = 64 };

/* The best menu so far. */
struct choice {
	struct bm_loader menu; /* without the signs, which stay in the system */
	enum bm_loader_standing standing;
	struct bm_strv foreign; /* what was read and is none of the system's, a sentence each */
};

/* Parts the menu that was read from the signs of what is installed. */
static struct bm_loader take_menu(struct bm_loader *loader)
{
	struct bm_loader menu = *loader;

	*loader = (struct bm_loader){.default_entry = -1,
		.grub = menu.grub,
		.systemd_boot = menu.systemd_boot,
		.unified = menu.unified,
		.others = menu.others};
	menu.grub = menu.systemd_boot = menu.unified = NULL;
	menu.others = (struct bm_strv){0};
	return menu;
}

static void put_menu(struct bm_loader *loader, struct bm_loader *menu)
{
	struct bm_loader signs = take_menu(loader);

	bm_loader_done(&signs);
	signs = *loader;
	*loader = *menu;
	loader->grub = signs.grub;
	loader->systemd_boot = signs.systemd_boot;
	loader->unified = signs.unified;
	loader->others = signs.others;
	*menu = (struct bm_loader){.default_entry = -1};
}

/* Keeps what was just read, where it is better than what was before. Of one loader's configurations the first counts
 * that leads to a kernel at all: a default that leads nowhere is a fault of it. */
static int keep(struct bm_loader_reader *reader, enum bm_loader_owner owner, struct choice *choice)
{
	enum bm_loader_standing standing = bm_loader_standing(reader, owner);
	struct bm_loader menu = take_menu(&reader->system->loader);
	bool meant = reader->path && bm_streq(reader->path, menu.config);
	int r = 0;

	if (standing == BM_LOADER_FOREIGN)
		r = bm_strv_addf(&choice->foreign, "%s is another system's: nothing in it is this one's", menu.config);
	if (meant || BM_MIN(standing, BM_LOADER_BOOTS) > BM_MIN(choice->standing, BM_LOADER_BOOTS)) {
		struct bm_loader before = choice->menu;

		choice->menu = menu;
		choice->standing = meant ? BM_LOADER_BOOTS_DEFAULT : standing;
		menu = before;
	}
	bm_loader_done(&menu);
	return r;
}

/* Whose a folder of the ESP is: the one that the firmware starts GRUB from is the system's own, whatever its name. */
static enum bm_loader_owner owner_of(const struct bm_system *system, const char *base, const char *name)
{
	_cleanup_free_ char *folder = bm_path_join(base, name);
	const char *program = system->start.kind == BM_STARTER_GRUB2 ? system->start.program : NULL;

	return folder && program && bm_path_below(program, folder) ? BM_LOADER_OWN
								   : bm_loader_folder_owner(system, name);
}

/* grub.cfg on an ESP: /boot/efi/EFI/NAME/grub.cfg, the system's own folder first. */
static int read_esp(struct bm_loader_reader *reader, struct choice *choice)
{
	static const char *const bases[] = {"/boot/efi/EFI", "/efi/EFI", "/boot/EFI"};
	static const enum bm_loader_owner owners[] = {BM_LOADER_OWN, BM_LOADER_OPEN, BM_LOADER_OTHERS};

	for (size_t o = 0; o < BM_ARRAY_SIZE(owners); o++)
		for (size_t b = 0; b < BM_ARRAY_SIZE(bases); b++) {
			_cleanup_strv_ struct bm_strv names = {0};

			if (bm_root_list(reader->system->root, bases[b], CANDIDATES_MAX, &names) < 0)
				continue;
			for (size_t i = 0; i < names.n; i++) {
				_cleanup_free_ char *config = bm_strf("%s/%s/grub.cfg", bases[b], names.items[i]);
				bool used = false;

				if (owner_of(reader->system, bases[b], names.items[i]) != owners[o])
					continue;
				if (!config || bm_loader_read_grub2(reader, config, &used) < 0)
					return -ENOMEM;
				if (used && keep(reader, owners[o], choice) < 0)
					return -ENOMEM;
			}
		}
	return 0;
}

static int read_grub2(struct bm_loader_reader *reader, struct choice *choice)
{
	static const char *const paths[] = {"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"};

	if (reader->system->uefi && read_esp(reader, choice) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < BM_ARRAY_SIZE(paths); i++) {
		bool used = false;

		if (bm_loader_read_grub2(reader, paths[i], &used) < 0 ||
			(used && keep(reader, BM_LOADER_OWN, choice) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int read_legacy(struct bm_loader_reader *reader, struct choice *choice)
{
	static const char *const paths[] = {
		"/boot/grub/grub.conf", "/boot/grub/menu.lst", "/boot/efi/EFI/redhat/grub.conf"};
	bool used = false;

	for (size_t i = 0; !used && i < BM_ARRAY_SIZE(paths); i++)
		if (bm_loader_read_legacy(reader, paths[i], &used) < 0)
			return -ENOMEM;
	return used ? keep(reader, BM_LOADER_OWN, choice) : 0;
}

static int read_systemd_boot(struct bm_loader_reader *reader, struct choice *choice)
{
	bool used = false;

	if (bm_loader_read_systemd_boot(reader, &used) < 0)
		return -ENOMEM;
	return used ? keep(reader, BM_LOADER_OWN, choice) : 0;
}

static const char *name_of(enum bm_loader_kind kind)
{
	return kind == BM_LOADER_BLS	       ? "systemd-boot"
	       : kind == BM_LOADER_FIRMWARE    ? "the firmware"
	       : kind == BM_LOADER_GRUB_LEGACY ? "GRUB legacy"
					       : "GRUB";
}

/* Loaders that hand over to what is read here: they are no rivals. */
static bool comes_before(const char *other)
{
	return bm_str_starts(other, "U-Boot") || bm_str_starts(other, "the Raspberry");
}

/* Names the other loaders whose menu might be the one that starts; where it was seen which one does, they are what is
 * left. */
static int note_rivals(struct bm_loader *loader, const struct choice *choices, size_t n, size_t best)
{
	loader->rival_leftover = true;
	for (size_t i = 0; i < n; i++) {
		if (i == best || choices[i].standing < BM_LOADER_OURS)
			continue;
		if (bm_strv_addf(&loader->rivals, "%s (%s)", name_of(choices[i].menu.kind), choices[i].menu.config) < 0)
			return -ENOMEM;
		loader->rival_boots |= choices[i].standing >= BM_LOADER_BOOTS;
		loader->rival_leftover &= choices[i].menu.kind == BM_LOADER_GRUB_LEGACY;
	}
	for (size_t i = 0; i < loader->others.n; i++) {
		if (comes_before(loader->others.items[i]))
			continue;
		if (bm_strv_add(&loader->rivals, loader->others.items[i]) < 0)
			return -ENOMEM;
		loader->rival_leftover = false;
	}
	loader->rival_leftover &= loader->rivals.n > 0 && loader->kind != BM_LOADER_BLS;
	loader->rival_leftover |= loader->rivals.n > 0 && loader->started;
	return 0;
}

enum family { FAMILY_GRUB2, FAMILY_LEGACY, FAMILY_SYSTEMD_BOOT, FAMILIES };

/* The family whose loader the machine starts; FAMILIES where that was not seen. */
static enum family started(const struct bm_start *start)
{
	switch (start->kind) {
	case BM_STARTER_GRUB2:
		return FAMILY_GRUB2;
	case BM_STARTER_GRUB_LEGACY:
		return FAMILY_LEGACY;
	case BM_STARTER_SYSTEMD_BOOT:
	case BM_STARTER_UNIFIED:
		return FAMILY_SYSTEMD_BOOT;
	default:
		return FAMILIES;
	}
}

/* Whether what starts first goes on in another loader: then the other one's menu is what counts. */
static bool leads_on(const struct bm_loader *menu)
{
	return menu->default_entry >= 0 && (size_t)menu->default_entry < menu->n_entries &&
	       menu->entries[menu->default_entry].entry.kind != BM_ENTRY_LINUX;
}

/* Nothing that is read here is what boots. */
static int take_other(struct bm_loader *loader, const struct bm_start *start)
{
	return bm_loader_unread(loader,
		bm_strf("%s starts %s%s%s%s, whose configuration is not read", start->how, start->name,
			start->program ? " (" : "", start->program ? start->program : "", start->program ? ")" : ""));
}

/*
 * Of GRUB 2, GRUB legacy and systemd-boot the one that the machine starts, where that was seen, and else the one whose
 * default entry leads to a kernel, the first of several. A menu that leads to none counts only where no other loader is
 * there that might be the one that starts.
 */
static int choose(struct bm_loader_reader *reader)
{
	static int (*const families[FAMILIES])(struct bm_loader_reader *, struct choice *) = {
		read_grub2, read_legacy, read_systemd_boot};
	struct choice choices[FAMILIES] = {0};
	struct bm_loader *loader = &reader->system->loader;
	const struct bm_start *start = &reader->system->start;
	/* What is only meant to be a configuration is judged as if it were started. */
	const enum family first = reader->path ? FAMILIES : started(start);
	enum bm_loader_standing limit;
	size_t best = 0;
	bool seen;
	int r = 0;

	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		/* BLS files alone are what is left of a GRUB whose configuration is gone, too. */
		if (i == FAMILY_SYSTEMD_BOOT && !loader->systemd_boot && loader->grub &&
			start->kind != BM_STARTER_UNIFIED)
			continue;
		r = families[i](reader, &choices[i]);
		/* GRUB 2 takes the place of GRUB legacy: that its default is at fault does not bring the old menu back.
		 */
		limit = i == FAMILY_LEGACY ? BM_LOADER_BOOTS : BM_LOADER_BOOTS_DEFAULT;
		if (BM_MIN(choices[i].standing, limit) > choices[best].standing)
			best = i;
	}
	seen = first < FAMILIES && choices[first].standing >= BM_LOADER_OURS && !leads_on(&choices[first].menu);
	if (seen)
		best = first;
	if (r == 0 && start->kind == BM_STARTER_OTHER && !reader->path) {
		r = take_other(loader, start);
	} else if (r == 0 && choices[best].standing >= BM_LOADER_OURS &&
		   (seen || choices[best].standing >= BM_LOADER_BOOTS || loader->others.n == 0)) {
		put_menu(loader, &choices[best].menu);
		loader->started = seen;
		r = note_rivals(loader, choices, FAMILIES, best);
	} else if (r == 0 && !reader->path && !loader->systemd_boot) {
		r = bm_loader_read_without_config(reader);
	}
	for (size_t i = 0; i < FAMILIES; i++) {
		for (size_t k = 0; r == 0 && k < choices[i].foreign.n; k++)
			r = bm_strv_add(&loader->warnings, choices[i].foreign.items[k]);
		bm_strv_done(&choices[i].foreign);
		bm_loader_done(&choices[i].menu);
	}
	return r;
}

int bm_system_read_loader_as(
	struct bm_system *system, const struct bm_devices *devices, const char *path, const struct bm_buf *text)
{
	struct bm_loader_reader reader = {.system = system, .devices = devices, .path = path, .text = text};
	int r;

	system->loader.default_entry = -1;
	r = bm_loader_look(system);
	if (r == 0)
		r = choose(&reader);
	/* What is only meant to be a configuration is none that anything leads to. */
	if (r == 0 && !path)
		r = bm_loader_look_at_stub(&reader);
	bm_system_sort_kernels(system);
	if (r == 0)
		bm_err_clear();
	return r;
}

int bm_system_read_loader(struct bm_system *system, const struct bm_devices *devices)
{
	return bm_system_read_loader_as(system, devices, NULL, NULL);
}

struct bm_kernel *bm_system_default_kernel(const struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;

	if (loader->default_entry < 0 || (size_t)loader->default_entry >= loader->n_entries ||
		!loader->entries[loader->default_entry].version)
		return NULL;
	return bm_system_kernel(system, loader->entries[loader->default_entry].version);
}

const struct bm_boot_entry *bm_system_entry_of(const struct bm_system *system, const char *version)
{
	const struct bm_loader *loader = &system->loader;
	int preferred = loader->default_entry;

	if (preferred >= 0 && (size_t)preferred < loader->n_entries &&
		bm_streq(loader->entries[preferred].version, version))
		return &loader->entries[preferred];
	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].initrds.n > 0 && bm_streq(loader->entries[i].version, version))
			return &loader->entries[i];
	for (size_t i = 0; i < loader->n_entries; i++)
		if (bm_streq(loader->entries[i].version, version))
			return &loader->entries[i];
	return NULL;
}
