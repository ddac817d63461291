/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot Loader Specification entries, type 1: /boot/loader/entries/ID.conf (uapi-group.org, "Boot Loader
 * Specification"), with the keys that Fedora's and Enterprise Linux' GRUB adds (grub_users, grub_arg, grub_class) and
 * its variables in options ($kernelopts, $tuned_params).
 */
#ifndef BM_FMT_BLS_H
#define BM_FMT_BLS_H

#include "base/util.h"
#include "base/vec.h"
#include "entry.h"

enum {
	BM_BLS_SIZE_MAX = 64 * 1024, /* bytes of one file that are read; the rest is dropped */
	BM_BLS_INITRDS_MAX = 32,
	BM_BLS_OPTIONS_MAX = 32 * 1024, /* bytes of the options after expansion; a kernel takes 2 to 4 KiB */
};

struct bm_bls {
	char *id;      /* file name without .conf (and without boot counting's +LEFT-DONE); never NULL */
	char *file;    /* where it was read, for whoever sets it; or NULL */
	char *title;   /* or NULL: the id is shown */
	char *version; /* or NULL */
	char *sort_key, *machine_id, *architecture;
	char *kernel;		/* key linux; or NULL */
	char *efi;		/* key efi or uki: another loader or a unified image; or NULL */
	struct bm_strv initrds; /* every word of every initrd line */
	char *options;		/* all options lines joined by a space, variables as written; "" when there are none */
	char *devicetree;
	char *grub_class, *grub_users, *grub_arg; /* or NULL */
	unsigned int
		stop_line;	  /* first line after which GRUB reads no further (a blank one, or a key alone) though
				     more   keys follow; 0 when it reads all. The keys behind it are parsed all the same. */
	unsigned int kernel_line; /* from 1; 0 without the key */
	long tries_left;	  /* boot counting: how often it may still be tried; -1 where it is not counted */
	bool truncated;		  /* the file was longer than BM_BLS_SIZE_MAX, or one of its lists too long */
};

struct bm_bls_list {
	struct bm_bls *items;
	size_t n, capacity;
};

/* Parses one file. name is its file name (a path is cut to its last part). Returns 0 or -ENOMEM; a file without kernel
 * and efi is a valid result that boots nothing. */
int bm_bls_parse(const char *name, const char *text, size_t len, struct bm_bls *ret) BM_MUST_CHECK;
void bm_bls_done(struct bm_bls *bls);
#define _cleanup_bls_ BM_CLEANUP(bm_bls_done)

/* The same, appended to a list. Returns 0 or -ENOMEM. */
int bm_bls_list_add(struct bm_bls_list *list, const char *name, const char *text, size_t len) BM_MUST_CHECK;
void bm_bls_list_done(struct bm_bls_list *list);
#define _cleanup_bls_list_ BM_CLEANUP(bm_bls_list_done)

/* The order of GRUB's blscfg: ids cut into name, version and release at the last two dashes, each compared as RPM
 * compares versions; the newest comes first. Rescue entries (ID-0-rescue) have version 0 and so come last, `~` sorts
 * before everything (5.14~debug is older than 5.14). <0: a comes before b in the menu. */
int bm_bls_cmp(const struct bm_bls *a, const struct bm_bls *b);
void bm_bls_list_sort(struct bm_bls_list *list);
/* The same for systemd-boot's order. */
int bm_bls_cmp_systemd(const struct bm_bls *a, const struct bm_bls *b);
void bm_bls_list_sort_systemd(struct bm_bls_list *list);
/* Compares versions as systemd-boot does (UAPI group, "Version Format Specification"). <0, 0, >0. */
int bm_bls_version_cmp_systemd(const char *a, const char *b);

/* Compares as rpm compares versions and releases (segments of digits and letters; `~` sorts before all, `+` after). <0,
 * 0, >0. */
int bm_bls_version_cmp(const char *a, const char *b);

/* Looks a variable up; NULL when it has no value. */
typedef const char *bm_bls_lookup(void *arg, const char *name);

/* Makes the menu entry that GRUB makes of it: $name and ${name} in options and initrds expanded through lookup (NULL:
 * nothing has a value). For a name without a value nothing stands in its place; entry.unresolved is set where it was
 * only part of a word, and for kernelopts. *ret must be zeroed. file and the menu's position are the caller's. Returns
 * 0 or -ENOMEM. */
int bm_bls_entry(const struct bm_bls *bls, bm_bls_lookup *lookup, void *arg, struct bm_entry *ret) BM_MUST_CHECK;

/* systemd-boot's loader.conf. */
struct bm_loader_conf {
	char *default_pattern; /* a glob over ids, with or without .conf; "@saved" as written; or NULL */
	char *timeout;
};
int bm_loader_conf_parse(const char *text, size_t len, struct bm_loader_conf *ret) BM_MUST_CHECK;
void bm_loader_conf_done(struct bm_loader_conf *conf);
/* Whether loader.conf's pattern names the entry. */
bool bm_loader_conf_names(const char *pattern, const struct bm_bls *bls);

/* The index of the entry that systemd-boot boots without keys and EFI variables: the first in its order that matches
 * the pattern, else the first. -1 for an empty list. The list need not be sorted. */
long bm_loader_conf_default(const struct bm_loader_conf *conf, const struct bm_bls_list *list);

#endif
