/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A repair as data: the ordered steps that apply/ takes, each of which can be printed before anything changes.
 */
#ifndef BM_PLAN_PLAN_H
#define BM_PLAN_PLAN_H

#include "../check/finding.h"
#include "../system/system.h"

enum bm_step_kind {
	BM_STEP_MOUNT,	 /* the system read-write under /mnt/sysimage, with proc, sys, dev, run */
	BM_STEP_FSCK,	 /* argv checks and repairs a filesystem, from outside, before MOUNT; can't be taken back */
	BM_STEP_DISCARD, /* target's swap header, at offset_bytes, loses its hibernation image, from outside, before
			    MOUNT; can't be taken back */
	BM_STEP_EDIT,	 /* target's text is changed line by line (made, where before is "") */
	BM_STEP_LINK,	 /* target becomes a symbolic link to link */
	BM_STEP_MOVE,	 /* target moves away, into the journal's folder or to another filesystem's */
	BM_STEP_DEPMOD,	 /* depmod of version; target is its folder of modules */
	BM_STEP_BUILD,	 /* the system's own tool builds the image in a work folder */
	BM_STEP_PROVE,	 /* the new image can boot version on this machine */
	BM_STEP_SWAP,	 /* the previous image is kept, the new one takes target by rename */
	BM_STEP_CONFIG,	 /* argv writes the loader's configuration into the work folder; read again with our own parser:
			    its default entry must load a kernel and an initramfs that exist, with a root that is known;
			    then it takes target as with EDIT */
	BM_STEP_RECORD,	 /* the repair is written to /var/log/bootmend */
	BM_STEP_UNMOUNT, /* everything down again */
};

/* One change of a text: line (from 1, of the text before) and old say what is taken out, new what stands there then. */
struct bm_edit {
	unsigned int line;
	char *old; /* without line end; NULL: new is put in before this line (or at the end, behind the last) */
	char *new; /* without line end; NULL: the line goes. May hold several lines, joined by line feeds */
};

struct bm_step {
	enum bm_step_kind kind;
	char *version;	     /* kernel version, or NULL */
	char *target;	     /* path in the system: the file, the image, the folder of RECORD; or NULL */
	char *filesystem;    /* UUID of the filesystem that the step changes, or NULL */
	struct bm_strv argv; /* of FSCK, DEPMOD, BUILD, CONFIG; the words of plan/tool.h stand for what apply chooses */
	struct bm_strv environment; /* NAME=VALUE, of BUILD */
	char *why;		    /* a sentence, or NULL */
	char *text;		    /* the step for people: "rebuild the initramfs of 6.1.0-9-amd64 with dracut 059" */
	uint64_t least_bytes;	    /* SWAP: the new image will hardly be smaller; 0 unknown */
	uint64_t need_bytes;	    /* BUILD: estimated size of the new image */
	struct bm_strv drivers;	    /* BUILD: the drivers that were added */
	bool generic;		    /* BUILD: for any hardware, because the patient's is not known */
	struct bm_edit *edits;	    /* EDIT: in the order of their lines */
	size_t n_edits, cap_edits;
	bool no_newline;	     /* EDIT: the text after has no line end behind its last line */
	char before[BM_SHA256_TEXT]; /* EDIT, MOVE: SHA-256 of the file before; "" where it does not exist */
	char after[BM_SHA256_TEXT];  /* EDIT, DISCARD: of the file, or the header, after */
	char *link;		     /* LINK: the link's text */
	uint64_t offset_bytes;	     /* DISCARD: where the header lies on the device */
	uint64_t page_bytes;	     /* DISCARD: the header's page, of which before and after are the hashes */
	struct bm_strv serves;	     /* ids of the findings that it mends */
};

/* What a plan was decided from: a file of the system and its content. */
struct bm_basis {
	char *path;
	char hash[BM_SHA256_TEXT]; /* SHA-256; "" where it does not exist */
};

struct bm_plan {
	char *system_id;   /* as `scan` shows it */
	char *system_uuid; /* of the root filesystem, or NULL where it has none */
	char *kernel;	   /* the version, "all", or NULL where no image is rebuilt */
	char *verdict;	   /* why, a sentence; or NULL */
	struct bm_step *steps;
	size_t n_steps, cap_steps;
	struct bm_basis *basis; /* sorted by path */
	size_t n_basis, cap_basis;
	struct bm_strv notes;	     /* what the user should know before saying yes */
	struct bm_strv instructions; /* what bootmend can't mend and a person must do, "ID: sentence" */
};

/* What is wanted. */
struct bm_plan_request {
	const char *
		kernel; /* as typed, or "all": rebuild this initramfs, whatever the findings; NULL: mend the findings */
	const struct bm_findings *findings; /* of the system; needed where kernel is NULL */
	const struct bm_strv *only;	    /* ids: just these, also doubtful ones and notes; NULL or empty: all */
	const char *fsck;		    /* the device to check, as typed; or NULL */
	bool free_boot;			    /* orphans of /boot may be moved away */
	bool discard;			    /* hibernation images are to be given up first */
	const char *date;		    /* YYYY-MM-DD, for the comments of edits; NULL: they have none */
};

/* Why no plan could be made. The sentence is in ret_plan->notes. */
enum bm_plan_refusal {
	BM_PLAN_OK,
	BM_PLAN_NO_KERNEL, /* no such version, or it has no modules: the message lists those that exist */
	BM_PLAN_NO_TOOL,   /* the system has no tool that builds an initramfs */
	BM_PLAN_NOTHING,   /* nothing is wrong that a repair mends (there may be instructions) */
	BM_PLAN_CANT,	   /* what was asked for can't be done: an id that is not found, a device that is mounted */
};

void bm_plan_done(struct bm_plan *plan);

/*
 * Makes the plan. ret_plan is initialised by the call. Returns 0 with *ret_refusal set (steps exist only for
 * BM_PLAN_OK; notes and instructions also else), or -ENOMEM.
 */
int bm_plan_make(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan_request *request,
	struct bm_plan *ret_plan, enum bm_plan_refusal *ret_refusal) BM_MUST_CHECK;

/* Adds a file that the plan rests on, once; hash is "" where it does not exist. Returns 0 or -ENOMEM. */
int bm_plan_add_basis(struct bm_plan *plan, const char *path, const char *hash) BM_MUST_CHECK;

/*
 * The plan of a machine on which no system is found, because the filesystem that holds it can't be mounted: the repair
 * of that device's filesystem and nothing else; with discard, hibernation images on its disks are given up first.
 * findings are what is known of the disks. As bm_plan_make().
 */
int bm_plan_fsck(const struct bm_survey *survey, const struct bm_findings *findings, const char *device, bool discard,
	struct bm_plan *ret_plan, enum bm_plan_refusal *ret_refusal) BM_MUST_CHECK;

/* Writes a BUILD step's command line again, from the modules as system->root has them now: after depmod there are names
 * to resolve. Returns 0 or -ENOMEM. */
int bm_plan_refresh_build(
	const struct bm_survey *survey, const struct bm_system *system, struct bm_step *step) BM_MUST_CHECK;

/*
 * What a text becomes by an EDIT step's edits, appended to out. Returns 0; -ESTALE where the text is not what the step
 * was made for (its hash is not step->before, or a line is not the old one) or would not become what was planned;
 * -ENOMEM. text is NULL where the file does not exist.
 */
int bm_step_edit(const struct bm_step *step, const char *text, size_t len, struct bm_buf *out) BM_MUST_CHECK;
/* Fills an EDIT step's edits and hashes with what leads from one text to the other (before NULL: a new file). Returns
 * 0, -ENOMEM, or -EINVAL where a line that changes holds a NUL byte. */
int bm_step_set_edit(
	struct bm_step *step, const char *before, size_t before_len, const char *after, size_t after_len) BM_MUST_CHECK;

const char *bm_step_kind_text(enum bm_step_kind kind);

#endif
