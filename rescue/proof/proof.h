/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proof: can this initramfs boot that kernel on this machine, as far as its files tell? Pure: an image that was
 * read, and what the machine needs, go in; problems and what was proven come out. A repair swaps an image in only
 * with a verdict of true, so an image that lacks a driver must not pass; what can't be known is a note, not a problem,
 * unless nothing at all would be proven of a driver.
 */
#ifndef BM_PROOF_PROOF_H
#define BM_PROOF_PROOF_H

#include "../fmt/image/dracut.h"
#include "../fmt/image/image_list.h"
#include "../fmt/kernel/modules.h"

enum {
	BM_PROOF_SCRIPT_DEPTH = 5,	  /* scripts whose interpreter is a script; the kernel's limit */
	BM_PROOF_LIBRARIES_MAX = 2048,	  /* looked at for one program */
	BM_PROOF_STEPS_MAX = 1024 * 1024, /* lookups of libraries for one program: for hostile images */
	BM_PROOF_PROBLEMS_MAX = 64,	  /* that are kept; more say nothing new */
	BM_PROOF_NEEDS_MAX = 1024,	  /* drivers or tools */
};

enum bm_proof_role {
	BM_PROOF_STORAGE,    /* without it the disk does not appear */
	BM_PROOF_FILESYSTEM, /* without it root (or /usr) can't be mounted */
	BM_PROOF_OTHER,	     /* a keyboard, a console: missing ones are noted only */
};

/* One driver that must be there: by the device's modalias where it is known, else by the module's name. With both,
 * the name counts only where this kernel has no module for the modalias. */
struct bm_proof_driver {
	const char *modalias; /* any one of the modules for it will do; may be NULL */
	const char *name;     /* a module; for a filesystem also its type (ext3); may be NULL */
	const char *why;      /* what it is for: "/dev/sda", "root filesystem" */
	enum bm_proof_role role;
};

/* A program that must be inside, with its libraries: "lvm" where root is on LVM. */
struct bm_proof_tool {
	const char *name;
	const char *other; /* another that serves as well, or NULL */
	const char *why;
};

/* What the kernel and the machine need; all borrowed. */
struct bm_proof_need {
	const char *version;		  /* the kernel's */
	const struct bm_modules *modules; /* of that kernel; NULL where nothing is known */
	bool dep_known;			  /* modules.dep was there, so modules tells what is a module */
	bool builtin_known;		  /* modules.builtin was there, so modules tells what is built in */
	bool aliases_known; /* modules.builtin.modinfo was there, so modules tells the aliases of what is built in */
	const struct bm_strv
		*config_builtin;       /* drivers that the kernel's configuration has built in; NULL: none known */
	unsigned int compressions;     /* what the kernel can unpack (bm_image_config_compressions()); 0 unknown */
	const char *rdinit;	       /* from the kernel command line; NULL: /init */
	const char *cmdline;	       /* of the boot entry; NULL where it is not known */
	bool root_assembled;	       /* the root lies on LVM, md or LUKS, not on a disk or partition itself */
	const char *signatures_forced; /* why the kernel takes signed modules alone; NULL: it takes all */
	const struct bm_proof_driver *drivers;
	size_t n_drivers;
	const struct bm_proof_tool *tools;
	size_t n_tools;
};

/* Stable; bm_proof_kind_name() gives TRUNCATED, NO-INIT ... */
enum bm_proof_kind {
	BM_PROOF_TRUNCATED,
	BM_PROOF_CORRUPT,
	BM_PROOF_EMPTY,
	BM_PROOF_COMPRESSION,	   /* packed in a way that this kernel, or any, can't unpack */
	BM_PROOF_TOO_LARGE,	   /* more files than the proof keeps: nothing can be said */
	BM_PROOF_SQUASHED,	   /* its files are in a filesystem inside that was not read: nothing can be said */
	BM_PROOF_RAMDISK,	   /* it is a filesystem for a RAM disk: nothing can be said */
	BM_PROOF_NO_INIT,	   /* init is missing, empty or not executable */
	BM_PROOF_INIT_INTERPRETER, /* what runs init is missing */
	BM_PROOF_INIT_LIBRARY,	   /* a library of init, or of its interpreter, is missing */
	BM_PROOF_WRONG_VERSION,	   /* modules of other kernels only */
	BM_PROOF_MODULES_DEP,	   /* modules, but not the index that modprobe needs */
	BM_PROOF_NO_LOADER,	   /* modules, but not what loads them */
	BM_PROOF_NO_UNIT, /* a unit of systemd is missing or masked without which it does not get to the root */
	BM_PROOF_NO_STORAGE_DRIVER,
	BM_PROOF_NO_FS_DRIVER,
	BM_PROOF_NO_TOOL,      /* a program is missing */
	BM_PROOF_TOOL_LIBRARY, /* a library or the interpreter of such a program is missing */
	BM_PROOF_KINDS,
};

struct bm_proof_problem {
	enum bm_proof_kind kind;
	char *subject;	/* the file, module or program; NULL */
	char *program;	/* of BM_PROOF_NO_TOOL and BM_PROOF_TOOL_LIBRARY: the tool's name; NULL */
	char *text;	/* one sentence with the evidence, without full stop; names are made safe for a terminal */
	bool no_module; /* of a driver: this kernel has no such module by its index, or refuses it: no image cures that
			 */
};

/* What lies between a disk and a filesystem, and has to be brought up. */
enum bm_layer { BM_LAYER_LVM, BM_LAYER_MD, BM_LAYER_CRYPT, BM_LAYERS };

/* What an image of dracut brings up and waits for by itself, beside what the kernel command line says. */
struct bm_proof_dracut {
	bool hooks[BM_LAYERS];			    /* the layer's own hook is inside */
	enum bm_dracut_default defaults[BM_LAYERS]; /* what it does without an argument */
	char *arguments;      /* of etc/cmdline and etc/cmdline.d, which come before the kernel's; or NULL */
	bool unread;	      /* one of these could not be read as a text */
	bool crypttab;	      /* etc/crypttab names something, which systemd opens */
	bool lvm_rules;	      /* LVM's own udev rules are inside, which activate every volume that appears */
	struct bm_strv waits; /* devices without which it does not go on: "/dev/disk/by-uuid/..." */
};

struct bm_proof {
	bool verdict;			      /* no problem */
	bool unknown;			      /* the problems are that it could not be looked at: it may boot */
	uint64_t image_bytes, unpacked_bytes; /* of a whole image; 0 of another */
	struct bm_proof_problem *problems;
	size_t n_problems, cap_problems;
	struct bm_strv proven; /* one sentence each */
	struct bm_strv notes;  /* what could not be known, or is unusual but harmless */
	char *generator;       /* which tool built it ("dracut 059", "initramfs-tools"), or NULL */
	bool systemd;	       /* systemd runs in it */
	bool waits_for_resume; /* and waits without a limit for the device that resume= names */
	bool brings_root;      /* it holds arguments of its own, root= among them */
	struct bm_proof_dracut dracut;
};

void bm_proof_done(struct bm_proof *proof);
#define _cleanup_proof_ BM_CLEANUP(bm_proof_done)

const char *bm_proof_kind_name(enum bm_proof_kind kind);

/* Adds to list the modules that serve an algorithm without which a module does not work (crc32c for ext4), built in or
 * not, of which one will do; none for most. Returns 0 or -ENOMEM. */
int bm_proof_vital_modules(const struct bm_modules *modules, const char *module, struct bm_strv *list) BM_MUST_CHECK;

/* Checks an image that was read with list->facts set and finished. Returns 0 with ret_proof for bm_proof_done(), also
 * when the verdict is false; -ENOMEM, or -E2BIG where need names more than BM_PROOF_NEEDS_MAX of anything. */
int bm_proof_check(const struct bm_image_list *list, const struct bm_image_summary *summary,
	const struct bm_proof_need *need, struct bm_proof *ret_proof) BM_MUST_CHECK;

#endif
