/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot entry as any loader describes it: what the menu shows, and what it loads. GRUB 2's evaluator (grubcfg.h), BLS
 * files (bls.h) and GRUB legacy's file (grubconf.h) all give their menus in this form.
 *
 * A menu is a flat list in menu order. A submenu is an item of its own (kind BM_ENTRY_SUBMENU), followed by its
 * entries; each entry names the index of its submenu as `parent`.
 */
#ifndef BM_FMT_ENTRY_H
#define BM_FMT_ENTRY_H

#include "base/util.h"
#include "base/vec.h"

enum bm_entry_kind {
	BM_ENTRY_LINUX = 0, /* loads a Linux kernel, perhaps under Xen: kernel is set */
	BM_ENTRY_SUBMENU,   /* opens a menu: the entries whose parent is this one */
	BM_ENTRY_CHAIN,	    /* hands over to another loader (chainloader, ntldr, configfile, an EFI image) */
	BM_ENTRY_OTHER,	    /* anything else: firmware setup, memtest, reboot, another kernel */
};

/* What a loader's path is relative to. A search (by UUID, label or a file's presence) comes first; where it fails, GRUB
 * goes on with device. Where all are NULL the path is on the filesystem that the configuration was read from. */
struct bm_entry_place {
	char *device;	    /* "hd0,msdos1", "hd0,1", "lvm/vg-lv", without parentheses; or NULL */
	char *search_uuid;  /* the filesystem's UUID */
	char *search_label; /* its label */
	char *search_file;  /* a path that exists on it */
};

struct bm_entry {
	enum bm_entry_kind kind;
	char *id;	     /* GRUB's --id, a BLS file's name without .conf; else NULL */
	char *title;	     /* never NULL, may be empty */
	struct bm_strv path; /* titles of the submenus that hold the entry, outermost first */
	long parent;	     /* index of its submenu in the list, -1 at the top */
	size_t position;     /* index in its own menu, from 0; submenus count, as GRUB counts */

	char *kernel;		/* path as the loader sees it, without device: "/vmlinuz-6.1.0", or NULL */
	struct bm_strv initrds; /* paths in the order of loading, without devices */
	char *cmdline;		/* the kernel's arguments, one space between; NULL when there is no kernel */
	char *devicetree;	/* or NULL */
	char *program; /* what chainloader hands over to, likewise: "/EFI/Linux/arch.efi"; its arguments are cmdline; or
			  NULL */
	char *hypervisor;	     /* path of Xen where it loads the kernel, or NULL */
	char *version;		     /* a BLS file's version, or NULL */
	struct bm_entry_place place; /* of the kernel */
	char *initrd_device;	     /* the first initrd's own device where it names one, or NULL: that of the kernel */

	char *file;		  /* the file it stands in, where the parser knows it; or NULL */
	unsigned int line;	  /* in that file, from 1; 0 unknown */
	unsigned int kernel_line; /* where the command begins that loads the kernel, mostly in that file; 0 unknown */
	unsigned int initrd_line; /* likewise the last one that loads an initramfs; 0 where none does */
	bool unresolved; /* a variable inside one of its paths or arguments has no value here (one that is a whole word
			    and empty is left out, as the loader does, and is no doubt) */
	bool bls;	 /* came from a BLS file */
};

struct bm_entries {
	struct bm_entry *items;
	size_t n;
	size_t capacity;
};

void bm_entry_done(struct bm_entry *entry);
void bm_entry_place_done(struct bm_entry_place *place);
void bm_entries_done(struct bm_entries *list);
#define _cleanup_entries_ BM_CLEANUP(bm_entries_done)

/* Appends an empty entry at the top (parent -1, empty title) and returns it; NULL when memory is short. The pointer is
 * good until the next call. position is counted: the number of entries with the same parent before it. */
struct bm_entry *bm_entries_add(struct bm_entries *list, long parent);

/* Copies src into *ret, which must be zeroed or fresh. Returns 0, -ENOMEM (then *ret is empty). */
int bm_entry_copy(const struct bm_entry *src, struct bm_entry *ret) BM_MUST_CHECK;
int bm_entry_place_copy(const struct bm_entry_place *src, struct bm_entry_place *ret) BM_MUST_CHECK;

/* Index of the item with this parent and position, or -1. */
long bm_entries_at(const struct bm_entries *list, long parent, size_t position);

/* How a title or an id finds an item of one menu. Returns its index in the list, or -1. */
long bm_entries_by_id(const struct bm_entries *list, long parent, const char *id);
long bm_entries_by_title(const struct bm_entries *list, long parent, const char *title);

/* Index of the first entry of kind BM_ENTRY_LINUX, or -1. */
long bm_entries_first_linux(const struct bm_entries *list);

/* The entry's full name as GRUB's default names it: titles from the outermost submenu inward, joined by ">"; for
 * free(). NULL when memory is short. */
char *bm_entry_name(const struct bm_entry *entry);

/* Whether a loader's variable is one that is rightly empty on most systems (tuned_params, root before any search ...),
 * so that its having no value is no reason for doubt. */
bool bm_entry_variable_optional(const char *name);

/* Splits "(hd0,1)/vmlinuz" into device "hd0,1" and path "/vmlinuz"; without parentheses the device is NULL. Both for
 * free(). Returns 0, -ENOMEM, or -EINVAL where the parenthesis does not end. */
int bm_entry_split_path(const char *text, char **ret_device, char **ret_path) BM_MUST_CHECK;

#endif
