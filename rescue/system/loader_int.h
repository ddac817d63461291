/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to loader*.c. */
#ifndef BM_SYSTEM_LOADER_INT_H
#define BM_SYSTEM_LOADER_INT_H

#include "../fmt/boot/bls.h"
#include "system.h"

struct bm_loader_reader {
	struct bm_system *system;
	const struct bm_devices *devices;
	const struct bm_mount *home;   /* where paths that name no place are looked for first, or NULL */
	const struct bm_bls_list *bls; /* of the configuration that is read, or NULL */
	bool kernelopts;	       /* $kernelopts has a value there */
	const char *path;	       /* a grub.cfg that is not read from the disk, or NULL */
	const struct bm_buf *text;     /* what it holds */
};

/* Whether the place is a filesystem that is there and is none of this system's: the entry boots another system. */
bool bm_loader_foreign(const struct bm_loader_reader *reader, const struct bm_entry_place *place);

/* Whether the place is none of this system's filesystems, as far as that can be told. */
bool bm_loader_unknown(const struct bm_loader_reader *reader, const struct bm_entry_place *place);

/*
 * The path of the system for what the loader calls path on place. Where the place names a filesystem of the system,
 * the loader looks nowhere else. Where it does not tell, the filesystem of /boot is tried, then that of the root; what
 * exists wins, else the first is meant. For free(); NULL when memory is short.
 */
char *bm_loader_path(const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path);

/* The path below its filesystem, as the loader sees it; points into path. */
const char *bm_loader_view(const struct bm_system *system, const char *path);

/* Adds the menu's entries to the loader's, with their paths as the system's own; those of BLS files are looked up in
 * reader->bls. config is the file that the menu was read from. Returns 0 or -ENOMEM. */
int bm_loader_take_entries(
	struct bm_loader_reader *reader, const struct bm_entries *entries, const char *config) BM_MUST_CHECK;

/* Appends the BLS files of dir to the list; for_grub: as far as GRUB reads them. Returns 0 or -ENOMEM. */
int bm_loader_read_bls(
	struct bm_system *system, const char *dir, bool for_grub, struct bm_bls_list *list) BM_MUST_CHECK;

/*
 * Each reads one configuration into system->loader, which must be fresh but for the signs. *ret_used is false, and
 * nothing was read, where there is none, or where it has no menu of its own (an EFI stub). Return 0 or -ENOMEM.
 */
int bm_loader_read_grub2(struct bm_loader_reader *reader, const char *config, bool *ret_used) BM_MUST_CHECK;
int bm_loader_read_legacy(struct bm_loader_reader *reader, const char *config, bool *ret_used) BM_MUST_CHECK;
int bm_loader_read_systemd_boot(struct bm_loader_reader *reader, bool *ret_used) BM_MUST_CHECK;
/* Without its configuration GRUB shows no menu. What that would hold, as far as BLS files tell, is read all the same:
 * it says which kernel is meant. */
int bm_loader_read_without_config(struct bm_loader_reader *reader) BM_MUST_CHECK;

/* Appends the unified images in EFI/Linux of what is mounted at esp, as systemd-boot makes entries of them. What cannot
 * be read makes loader->unread. Returns 0 or -ENOMEM. */
int bm_loader_add_unified(struct bm_system *system, const char *esp, struct bm_bls_list *list) BM_MUST_CHECK;
/* Appends the unified image that the firmware starts (system->start.program), where it is not in the list: it may lie
 * in any folder. Returns 0 or -ENOMEM. */
int bm_loader_add_started(struct bm_system *system, struct bm_bls_list *list) BM_MUST_CHECK;
/* Where the file's key efi or uki names a unified image, that is its kernel. Returns 0 or -ENOMEM. */
int bm_loader_adopt_unified(const struct bm_system *system, struct bm_bls *bls) BM_MUST_CHECK;

/* Releases what the loader holds, signs included, and leaves it empty. */
void bm_loader_done(struct bm_loader *loader);

/* --- whose it is (loader_whose.c) --- */

enum bm_loader_owner {
	BM_LOADER_OWN,	  /* the system's own */
	BM_LOADER_OPEN,	  /* nobody's by its name */
	BM_LOADER_OTHERS, /* another distribution's */
};
/* Whose a folder of the ESP is by its name. */
enum bm_loader_owner bm_loader_folder_owner(const struct bm_system *system, const char *name);

/* Whether an entry is another system's: its root= is another, and its kernel has no modules here, where others have, or
 * it is of another machine-id. */
bool bm_loader_entry_foreign(const struct bm_loader_reader *reader, const struct bm_boot_entry *entry);

/* How a menu stands to the system, the worst first. */
enum bm_loader_standing {
	BM_LOADER_NO_MENU,
	BM_LOADER_FOREIGN,	 /* it has nothing to do with this system */
	BM_LOADER_OURS,		 /* it is this system's, and leads to none of its kernels */
	BM_LOADER_BOOTS,	 /* an entry leads to a kernel of this system */
	BM_LOADER_BOOTS_DEFAULT, /* the default entry does */
};
/* That of system->loader; owner: whose the place of its configuration is. */
enum bm_loader_standing bm_loader_standing(const struct bm_loader_reader *reader, enum bm_loader_owner owner);

/*
 * How the path on place begins, where it is known on which filesystem the loader looks: what is not there, and would be
 * with /boot in front or without it, begins wrongly. RIGHT for everything else.
 */
enum bm_boot_prefix bm_loader_prefix(
	const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path);

/* On btrfs GRUB counts from the top of the filesystem: the path of a file that it is likely not to find, as it would
 * have to be, with the subvolume. For free(); NULL where nothing is known to be wrong, or memory is short. */
char *bm_loader_from_top(const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path);

/* Fills in what shows which loaders are installed: grub, systemd_boot, unified, others. Returns 0 or -ENOMEM. */
int bm_loader_look(struct bm_system *system) BM_MUST_CHECK;

/* --- the ESP's way to the configuration (loader_stub.c) --- */

void bm_loader_stub_done(struct bm_loader_stub *stub);
#define _cleanup_loader_stub_ BM_CLEANUP(bm_loader_stub_done)
/* When the menu is chosen: fills in loader->stub. Returns 0 or -ENOMEM. */
int bm_loader_look_at_stub(struct bm_loader_reader *reader) BM_MUST_CHECK;
/* The configuration that the stub at path leads to, as the system's own path; NULL where it is no stub, or leads to
 * none of the system's filesystems, or memory is short. For free(). */
char *bm_loader_stub_target(const struct bm_loader_reader *reader, const char *path);

/* Sets loader->unread, and takes the sentence over (NULL: memory was short). Returns 0 or -ENOMEM. */
int bm_loader_unread(struct bm_loader *loader, char *sentence) BM_MUST_CHECK;

/*
 * Where neither GRUB's nor another configuration has a menu and GRUB is installed: sets kind, config, and
 * config_problem where that is missing or holds no menu. Where it may lie on a filesystem that was not seen, or is a
 * script that was not understood, unread says so instead. Returns 0 or -ENOMEM.
 */
int bm_loader_miss_config(struct bm_loader_reader *reader) BM_MUST_CHECK;

#endif
