/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a console's text, or a log, says about a boot, joined with what the disk shows. Pure.
 *
 *	text --bm_console_read()--> observations --bm_console_join()--> findings
 *
 * Only the last boot in a text counts; what a boot got over is no fault of it. The table is signature.def.
 */
#ifndef BM_CHECK_CONSOLE_H
#define BM_CHECK_CONSOLE_H

#include "../proof/proof.h"
#include "../system/system.h"
#include "finding.h"

/* How far a boot came. */
enum bm_stage {
	BM_STAGE_LOADER,
	BM_STAGE_KERNEL, /* a kernel runs */
	BM_STAGE_INITRD, /* programs of an initramfs run */
	BM_STAGE_ROOT,	 /* the root filesystem is mounted and its init starts */
	BM_STAGE_LOCAL,	 /* the filesystems of fstab are mounted */
	BM_STAGE_UP,	 /* a login */
	BM_STAGE_NEVER,	 /* above all: of a signature that nothing makes harmless */
};

enum bm_strength {
	BM_STRENGTH_HINT,
	BM_STRENGTH_END,
	BM_STRENGTH_OPEN,
	BM_STRENGTH_GENERAL,
	BM_STRENGTH_SPECIFIC,
};

enum bm_signature_id {
#define SIGNATURE(name, text, strength, until, candidates, meaning, patterns) BM_SIGNATURE_##name,
#include "signature.def"
#undef SIGNATURE
	BM_SIGNATURE_COUNT,
};

enum { BM_CANDIDATES_MAX = 18 };

/* A row of the table. */
struct bm_signature {
	const char *name;
	enum bm_strength strength;
	enum bm_stage until;
	unsigned char n_candidates;
	unsigned char candidates[BM_CANDIDATES_MAX]; /* enum bm_finding_id */
	const char *meaning;
	const char *patterns; /* with newlines between; empty where only other lines make it (bm_console_relate()) */
};

extern const struct bm_signature bm_signatures[BM_SIGNATURE_COUNT];

/* Whether the pattern (len bytes of it) fits somewhere in the text. *ret_word is its word, of *ret_len bytes; NULL
 * where it has none. */
bool bm_signature_match(const char *pattern, size_t len, const char *text, const char **ret_word, size_t *ret_word_len);

struct bm_observation {
	enum bm_signature_id signature;
	unsigned int line; /* in the text */
	unsigned int last; /* where it was seen last */
	unsigned int times;
	enum bm_stage stage; /* how far the boot had come */
	char *text;	     /* the line, cut to a length for people */
	char *subject;	     /* device, file or version that it is about; or NULL */
	bool explained;	     /* another one of the same boot says why: alone it makes no finding, and is not to blame */
	bool answered;	     /* a finding was made of it, or agrees with it */
	enum bm_finding_id finding;
};

/* What a boot ended in, the gravest last. A shell that was asked for, and a shutdown's own halt, are none. */
enum bm_end {
	BM_END_NONE,
	BM_END_CRASH,  /* of the kernel (an oops, a lockup, no memory), and nothing goes on behind it */
	BM_END_PROMPT, /* of the loader */
	BM_END_SHELL,  /* an emergency shell, or a prompt for one */
	BM_END_HALT,   /* init or dracut stopped everything */
	BM_END_PANIC,
};

struct bm_console_end {
	enum bm_end kind;
	enum bm_stage stage; /* how far the boot had come */
	unsigned int line;   /* in the text; 0 for none */
	char *text;	     /* that line, cut to a length for people; or NULL */
};

/* Where a text comes from, and so how much it weighs. */
enum bm_console_kind {
	BM_CONSOLE_GIVEN,   /* --console */
	BM_CONSOLE_PRESENT, /* of the boot that bootmend was started in, in its initramfs */
	BM_CONSOLE_KEPT,    /* lay on the disk: it supports, and is never fatal alone */
};

struct bm_console {
	char *name; /* of the file */
	enum bm_console_kind kind;
	size_t n_lines, n_boots;
	bool cut;
	/* the last boot */
	char *kernel, *cmdline, *boot_id; /* or NULL */
	int64_t time_s;			  /* 0 unknown */
	bool zoned;
	bool initrd;	       /* the kernel was given an initramfs */
	bool disks;	       /* the kernel found a disk */
	enum bm_stage reached; /* how far it came */
	struct bm_console_end end;
	struct bm_strv boot_ids; /* of all boots that have one, in order */
	struct bm_observation *observations;
	size_t n_observations, cap_observations;
	char *old;	/* why it may not be about the present fault, a sentence; or NULL */
	bool overtaken; /* the disk has changed since, or other boots came after it: it tells of the past */
};

struct bm_consoles {
	struct bm_console *items;
	size_t n, capacity;
};

void bm_consoles_done(struct bm_consoles *consoles);
#define _cleanup_consoles_ BM_CLEANUP(bm_consoles_done)

/* Looks at the observations of a boot beside each other: turns a hint into what it means where the boot stops, and
 * marks as explained what only follows from another. last_line is the boot's last line in the text, life_line the last
 * that a program wrote (0: none). bm_console_read() calls it. */
void bm_console_relate(struct bm_console *console, unsigned int last_line, unsigned int life_line);
/* Whether a hint can become this signature. */
bool bm_signature_is_derived(enum bm_signature_id signature);

/* Reads a text and adds what it says. Returns 0 or -ENOMEM. */
int bm_console_read(struct bm_consoles *consoles, const char *name, enum bm_console_kind kind, const char *bytes,
	size_t len) BM_MUST_CHECK;

/* What the disks show, which a guess of a console is checked against. survey and system may be NULL: nothing. */
struct bm_console_facts {
	const struct bm_survey *survey;
	const struct bm_system *system;
	const struct bm_proof *proof; /* of the default entry's image; or NULL */
	int64_t image_time_s;	      /* when that was written; 0 unknown */
};

/*
 * Joins what the consoles say with the findings: those that agree get the console's sentence, and a fault that only a
 * console tells, and that the disks do not refute, becomes a finding. Sorts findings. Returns 0 or -ENOMEM.
 */
int bm_console_join(
	struct bm_consoles *consoles, const struct bm_console_facts *facts, struct bm_findings *findings) BM_MUST_CHECK;

/* Whether a text, of those that count, shows a boot that came up. */
bool bm_consoles_up(const struct bm_consoles *consoles);

const char *bm_end_text(enum bm_end end);		     /* none, crash, prompt, shell, halt, panic */
const char *bm_stage_text(enum bm_stage stage);		     /* loader, kernel, initramfs ... */
const char *bm_console_kind_text(enum bm_console_kind kind); /* given, present, kept */

#endif
