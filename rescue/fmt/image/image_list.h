/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of an initramfs as a tree, as the kernel leaves them after unpacking: later segments over earlier ones,
 * hard links joined, symlinks followed inside the image. Filled by a sink of bm_image_read(). Memory is limited, and
 * whether a limit was met is told.
 */
#ifndef BM_FMT_IMAGE_LIST_H
#define BM_FMT_IMAGE_LIST_H

#include "fmt/kernel/elf.h"
#include "fmt/kernel/kofile.h"
#include "image.h"

enum {
	BM_IMAGE_LIST_NODES = 96 * 1024,       /* files and directories */
	BM_IMAGE_LIST_NAMES = 4 * 1024 * 1024, /* bytes of names and of symlinks' targets */
	BM_IMAGE_LIST_FACTS = 2 * 1024 * 1024, /* bytes of what executables need */
	BM_IMAGE_LIST_DEPTH = 256,	       /* directories in directories */
	BM_IMAGE_LIST_SYMLINKS = 40,	       /* followed in one lookup; the kernel's MAXSYMLINKS */
	BM_IMAGE_LIST_VERSIONS = 64,	       /* kernel versions */
	BM_IMAGE_LIST_LIBRARY_DIRS = 256,
	BM_IMAGE_LIST_WORK = 256 * 1024 * 1024,	  /* bytes of paths that are walked in all: for hostile images */
	BM_IMAGE_LIST_CAPTURE = 16 * 1024,	  /* bytes kept of a small text file */
	BM_IMAGE_LIST_BUILTIN = 128 * 1024,	  /* bytes kept of a modules.builtin */
	BM_IMAGE_LIST_TEXTS = 256,		  /* such files, both kinds */
	BM_IMAGE_LIST_MODULE = 256 * 1024 * 1024, /* bytes that a module may unpack to */
	BM_IMAGE_LIST_SQUASH = 256 * 1024 * 1024, /* bytes of a filesystem inside, which is kept whole to be read */
};

/* A name in the image. */
struct bm_image_node {
	uint32_t parent;   /* index into list->nodes; the root's is itself (0) */
	uint32_t name;	   /* offset into list->names */
	uint32_t link;	   /* symlink: offset of its target in list->names */
	uint32_t mode;	   /* 0: was there, and was replaced by something that could not be made */
	uint32_t body;	   /* regular file: index into list->bodies; hard links share it */
	uint32_t children; /* of a directory: how many there are */
	uint32_t hash;	   /* private, and the next of its chain */
	uint32_t next;
};

/* What a module's file tells. */
struct bm_image_module_facts {
	enum bm_compression compression; /* _NONE, or what libkmod unpacks */
	unsigned int xz_check;		 /* of an xz file: 0 none, 1 CRC32, 4 CRC64, 10 SHA-256 */
	bool damaged;			 /* what it is compressed in is damaged, or cut */
	bool unjudged;			 /* it unpacks to more than is looked at: the file is not known */
	struct bm_kofile file;
};

/* What is behind the names of a regular file. Facts are there where they were asked for. */
struct bm_image_body {
	uint64_t size;
	struct bm_elf *elf;		      /* of programs and libraries, else NULL */
	struct bm_image_module_facts *module; /* of a module that was to be inspected, else NULL */
	bool bad_index;			      /* modules.*.bin: cut, or no such index */
};

/* What a small text file holds: those that tell what the image does, see kept_texts of image_list.c. */
struct bm_image_text {
	uint32_t body; /* index into list->bodies */
	size_t len;
	char *text; /* len bytes and a NUL */
};

/* The files in which kmod looks modules up (depmod(8)). */
enum bm_image_index {
	BM_IMAGE_DEP = 1 << 0, /* modules.dep */
	BM_IMAGE_DEP_BIN = 1 << 1,
	BM_IMAGE_ALIAS = 1 << 2,
	BM_IMAGE_ALIAS_BIN = 1 << 3,
	BM_IMAGE_DEP_BB = 1 << 4, /* busybox's own, which holds aliases as well */
};

/* A kernel version for which there is a directory of modules. */
struct bm_image_version {
	char *version;
	size_t modules;	      /* .ko files, compressed or not */
	unsigned int indexes; /* bits of enum bm_image_index: those that are there, not empty and not known as bad */
};

struct bm_image_module {
	const char *name; /* with underscores, without .ko and what follows; owned by the list */
	uint32_t name_at; /* private */
	uint32_t node;
	uint32_t version; /* index into versions */
};

/* The filesystem that dracut's squash module puts the files into. */
struct bm_image_squash {
	const char *name;	 /* of its file in the image, constant; NULL: there is none */
	const char *why;	 /* why it was not read, a sentence, constant; NULL: it was */
	bool damaged;		 /* that is, because it is damaged, so that the kernel cannot read it either */
	const char *compression; /* constant; NULL where unknown */
	uint64_t entries;
};

struct bm_image_list {
	bool facts; /* set before reading: look into executables too, for the proof */
	/* Likewise: the modules to look into, as bm_modules_name() gives them, sorted; borrowed. NULL: all. */
	const struct bm_strv *inspect;
	const struct bm_image_sink
		*inner_sink;	     /* set before reading: also gets the entries of a filesystem inside; NULL */
	struct bm_image_node *nodes; /* 0 is the root directory */
	size_t n_nodes, cap_nodes;
	struct bm_image_body *bodies; /* 0 has no size: that of what is no regular file */
	size_t n_bodies, cap_bodies;
	uint32_t *buckets; /* private */
	size_t n_buckets;
	char *names;
	size_t n_names, cap_names;
	struct bm_image_version *versions; /* newest first */
	size_t n_versions, cap_versions;
	struct bm_image_module *modules; /* sorted by name */
	size_t n_modules, cap_modules;
	struct bm_image_text *texts;
	size_t n_texts, cap_texts;
	char *generator; /* "dracut 059-4", "initramfs-tools", "mkinitcpio", "booster"; NULL when not recognised */
	char *os;	 /* PRETTY_NAME of etc/initrd-release; NULL */
	struct bm_strv library_dirs; /* from etc/ld.so.conf and its includes */
	struct bm_image_squash squash;
	struct bm_image_list *inner; /* the tree that the squash's init makes the root; NULL: the files stay in this one
				      */
	bool incomplete;	     /* a limit was met: files are missing from this list */
	uint64_t lost;		     /* entries that the kernel can't unpack, because their directory is missing */
	char *first_lost;
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

/* The tree in which the initramfs does its work: list->inner where there is one, else the list. */
const struct bm_image_list *bm_image_list_booted(const struct bm_image_list *list);

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
/* Its size and facts; of nothing but size 0 where it is no regular file. */
const struct bm_image_body *bm_image_list_body(const struct bm_image_list *list, const struct bm_image_node *node);

const struct bm_image_version *bm_image_list_version(const struct bm_image_list *list, const char *version);
/* The module's file for that version: name with - or _, without suffix. A file of no bytes is none. NULL: not inside.
 */
const struct bm_image_node *bm_image_list_module(
	const struct bm_image_list *list, const char *version, const char *name);
/* What the module's file tells, symlinks followed; NULL where it was not inspected, or is not inside. */
const struct bm_image_module_facts *bm_image_list_module_facts(
	const struct bm_image_list *list, const char *version, const char *name);
/* The bytes of a text file that was kept (*ret_len of them, and a NUL), owned by the list; NULL where it was not. */
const char *bm_image_list_content(const struct bm_image_list *list, const struct bm_image_node *node, size_t *ret_len);
/* A file of that name in any directory, the first that takes it (ctx, node); NULL. */
const struct bm_image_node *bm_image_list_any(const struct bm_image_list *list, const char *name,
	bool (*takes)(void *ctx, const struct bm_image_node *node), void *ctx);

#endif
