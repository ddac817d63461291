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

/* Fills in what shows which loaders are installed: grub, systemd_boot, unified, others. Returns 0 or -ENOMEM. */
int bm_loader_look(struct bm_system *system) BM_MUST_CHECK;

/* Sets loader->unread, and takes the sentence over (NULL: memory was short). Returns 0 or -ENOMEM. */
int bm_loader_unread(struct bm_loader *loader, char *sentence) BM_MUST_CHECK;

/*
 * Where neither GRUB's nor another configuration has a menu and GRUB is installed: sets kind, config, and
 * config_problem where that is missing or holds no menu. Where it may lie on a filesystem that was not seen, or is a
 * script that was not understood, unread says so instead. Returns 0 or -ENOMEM.
 */
int bm_loader_miss_config(struct bm_loader_reader *reader) BM_MUST_CHECK;

#endif
