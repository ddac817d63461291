/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of an initramfs as a tree, as the kernel leaves them after unpacking: later segments over earlier ones,
 * hard links joined, symlinks followed inside the image. Filled by a sink of bm_image_read(). Memory is limited, and
 * whether a limit was met is told.
 */
#ifndef BM_FMT_IMAGE_LIST_H
#define BM_FMT_IMAGE_LIST_H

#include "elf.h"
#include "image.h"

enum {
	BM_IMAGE_LIST_NODES = 96 * 1024,       /* files and directories */
	BM_IMAGE_LIST_NAMES = 4 * 1024 * 1024, /* bytes of names and of symlinks' targets */
	BM_IMAGE_LIST_FACTS = 2 * 1024 * 1024, /* bytes of what executables need */
	BM_IMAGE_LIST_SYMLINKS = 40,	       /* followed in one lookup; the kernel's MAXSYMLINKS */
	BM_IMAGE_LIST_VERSIONS = 64,	       /* kernel versions */
	BM_IMAGE_LIST_CAPTURE = 16 * 1024,     /* bytes kept of a small text file */
};

/* A file of the image. */
struct bm_image_node {
	uint32_t parent; /* index into list->nodes; the root's is itself (0) */
	uint32_t name;	 /* offset into list->names */
	uint32_t link;	 /* symlink: offset of its target in list->names */
	uint32_t mode;	 /* 0: not in the archive (any more): a directory that was only implied, or a file replaced */
	uint32_t canonical; /* hard link: the first of its kind, which has size and elf; else its own index */
	uint32_t next;	    /* private: hash chain */
	uint32_t sibling;   /* next child of the same parent, 0 at the end */
	uint32_t child;	    /* a directory's last child, 0 for none */
	uint64_t size;
	struct bm_elf *elf; /* of executables and libraries, where facts were asked for; else NULL */
};

/* A kernel version for which there is a directory of modules. */
struct bm_image_version {
	char *version;
	size_t modules;	  /* .ko files, compressed or not */
	bool modules_dep; /* modules.dep or modules.dep.bin is there */
};

struct bm_image_module {
	uint32_t node;
	uint32_t version; /* index into versions */
	uint32_t name;	  /* offset into names: the module's name with underscores, without .ko and what follows */
};

struct bm_image_list {
	bool facts;		     /* set before reading: look into executables too, for the proof */
	struct bm_image_node *nodes; /* 0 is the root directory */
	size_t n_nodes, cap_nodes;
	char *names;
	size_t n_names, cap_names;
	struct bm_image_version *versions; /* newest first */
	size_t n_versions, cap_versions;
	struct bm_image_module *modules; /* sorted by name, version */
	size_t n_modules, cap_modules;
	char *generator; /* "dracut 059-4", "initramfs-tools", "mkinitcpio", "booster"; NULL when not recognised */
	char *os;	 /* PRETTY_NAME of etc/initrd-release; NULL */
	struct bm_strv library_dirs; /* from etc/ld.so.conf and its includes */
	bool squashed;		     /* dracut's squash module: most files are inside a squashfs that is not read */
	bool incomplete;	     /* a limit was met: files are missing from this list */
	struct bm_image_list_reader *reader; /* private */
};

void bm_image_list_done(struct bm_image_list *list);
#define _cleanup_image_list_ BM_CLEANUP(bm_image_list_done)

/* Prepares list (initialised with `= {0}` and .facts as wanted) and ret_sink, whose callbacks fill it. A caller with a
 * sink of his own may call those from his. Returns 0 or -ENOMEM. */
int bm_image_list_sink(struct bm_image_list *list, struct bm_image_sink *ret_sink) BM_MUST_CHECK;
/* After reading: versions, modules, generator. Returns 0 or -ENOMEM. */
int bm_image_list_finish(struct bm_image_list *list) BM_MUST_CHECK;

/* The two steps and bm_image_read() between them. Returns what that returns. */
int bm_image_list_read(const struct bm_image_source *source, struct bm_image_list *list,
	struct bm_image_summary *ret_summary) BM_MUST_CHECK;

/* The file that path (from the image's root, with or without leading slash) leads to; symlinks are followed inside the
 * image, also the last. NULL where there is none, or the symlinks go round. */
const struct bm_image_node *bm_image_list_find(const struct bm_image_list *list, const char *path);
/* The same, but a symlink at the end is not followed. */
const struct bm_image_node *bm_image_list_lfind(const struct bm_image_list *list, const char *path);
/* The path of a node, without symlinks, with leading slash; for free(), NULL when memory is short. */
char *bm_image_list_path(const struct bm_image_list *list, const struct bm_image_node *node);
/* The node's own name, and a symlink's target (NULL for others); owned by the list. */
const char *bm_image_list_name(const struct bm_image_list *list, const struct bm_image_node *node);
const char *bm_image_list_link(const struct bm_image_list *list, const struct bm_image_node *node);
/* The one that has size and elf: itself, or the first of its hard links. */
const struct bm_image_node *bm_image_list_body(const struct bm_image_list *list, const struct bm_image_node *node);

const struct bm_image_version *bm_image_list_version(const struct bm_image_list *list, const char *version);
/* The module's file for that version: name with - or _, without suffix. A file of no bytes is none. NULL: not inside.
 */
const struct bm_image_node *bm_image_list_module(
	const struct bm_image_list *list, const char *version, const char *name);
/* A file of that name in any directory, the first that takes it (ctx, node); NULL. */
const struct bm_image_node *bm_image_list_any(const struct bm_image_list *list, const char *name,
	bool (*takes)(void *ctx, const struct bm_image_node *node), void *ctx);

#endif
