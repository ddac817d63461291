/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings: what is wrong with the patient, as data. The catalogue is finding.def.
 */
#ifndef BM_CHECK_FINDING_H
#define BM_CHECK_FINDING_H

#include "../base/util.h"

enum bm_severity {
	BM_SEVERITY_FATAL,
	BM_SEVERITY_WARNING,
	BM_SEVERITY_NOTE,
};

/* Whether rebuilding the initramfs cures it. */
enum bm_rebuild {
	BM_REBUILD_NO,
	BM_REBUILD_AFTER, /* something else first, then the rebuild, where the image holds a copy of what was wrong */
	BM_REBUILD_YES,
};

/* The families of plan/ that mend findings. The order is that in which several are taken. */
enum bm_fixer {
	BM_FIXER_INSTRUCTION, /* none: the advice is what can be done */
	BM_FIXER_FSCK,	      /* never by itself */
	BM_FIXER_FSTAB,
	BM_FIXER_CRYPTTAB,
	BM_FIXER_MDADM,
	BM_FIXER_LVM_DEVICES,
	BM_FIXER_VOLUME,
	BM_FIXER_INIT,
	BM_FIXER_SPACE, /* never by itself */
	BM_FIXER_DEPMOD,
	BM_FIXER_REBUILD,
	BM_FIXER_ENTRY,
	BM_FIXER_CMDLINE,
	BM_FIXER_DEFAULT,
};

enum bm_finding_id {
#define FINDING(name, id, severity, rebuild, fixer, text, advice) BM_FINDING_##name,
#include "finding.def"
#undef FINDING
	BM_FINDING_COUNT,
};

/* A row of the catalogue. */
struct bm_finding_kind {
	const char *id;
	enum bm_severity severity;
	bool maybe_fatal; /* a check may make it graver than severity */
	enum bm_rebuild rebuild;
	enum bm_fixer fixer;
	const char *text;
	const char *advice;
};

extern const struct bm_finding_kind bm_finding_kinds[BM_FINDING_COUNT];

/* Where it was seen. */
enum bm_finding_source {
	BM_SOURCE_DISK,
	BM_SOURCE_CONSOLE, /* only the console's text, or a log, tells it */
	BM_SOURCE_BOTH,
};

enum { BM_FINDING_OTHERS_MAX = 4 };

struct bm_finding {
	enum bm_finding_id id;
	enum bm_severity severity; /* the catalogue's, or another where the boot survives it (or does not) */
	enum bm_rebuild rebuild;   /* the catalogue's, or NO where no image can be built that cures it */
	enum bm_finding_source source;
	bool doubtful;	   /* milder only because not everything could be seen: not mended unless asked for by name */
	char *file;	   /* the file it is about, as a path of the system; or NULL */
	unsigned int line; /* in that file, 0 for none */
	bool by_hand;	   /* it is in a unified kernel image, which only the tool that made it can make anew */
	bool has_offset;
	uint64_t offset; /* in that file, where has_offset is set */
	char *excerpt;	 /* what stands there, as it is; or NULL */
	char *evidence;	 /* what was seen, a sentence */
	char *console;	 /* what the console's text says to it, a sentence; or NULL */
	char *subject;	 /* what a fixer must know: the spec, argument, version or path that is wrong; or NULL */
	int device;	 /* the device that it is about, or -1 */
	bool likely;	 /* only a text tells it, and it is the likeliest of several causes, of which the others are */
	unsigned char others[BM_FINDING_OTHERS_MAX]; /* enum bm_finding_id */
	unsigned char n_others;
};

struct bm_findings {
	struct bm_finding *items;
	size_t n, capacity;
};

void bm_findings_done(struct bm_findings *findings);
/* Adds a finding with the catalogue's severity and the evidence (printf). Returns it, or NULL when memory is short. */
struct bm_finding *bm_findings_add(struct bm_findings *findings, enum bm_finding_id id, const char *file,
	unsigned int line, const char *format, ...) BM_PRINTF(5, 6);
/* Takes the one at index out. */
void bm_findings_remove(struct bm_findings *findings, size_t index);
/* How many findings have this severity. */
size_t bm_findings_count(const struct bm_findings *findings, enum bm_severity severity);
/* The first of this id, or NULL. */
struct bm_finding *bm_findings_find(const struct bm_findings *findings, enum bm_finding_id id);
/* Whether nothing but a person mends it: its kind has no fixer, or it is about a loader whose configuration is nowhere,
 * or about a unified kernel image. */
bool bm_finding_is_instruction(const struct bm_finding *finding);
/* What to do: the catalogue's advice, or where by_hand is set the one that fits. */
const char *bm_finding_advice(const struct bm_finding *finding);
/* Whether one of findings says the same: id, place and evidence. */
bool bm_findings_has(const struct bm_findings *findings, const struct bm_finding *finding);
/* Sorts by severity, then by the catalogue's order; stable. */
void bm_findings_sort(struct bm_findings *findings);
/* The id of the catalogue's text ("FSTAB-SYNTAX", any case). Returns 0, or -ENOENT. */
int bm_finding_by_text(const char *text, enum bm_finding_id *ret_id) BM_MUST_CHECK;
const char *bm_severity_text(enum bm_severity severity);
const char *bm_rebuild_text(enum bm_rebuild rebuild);	   /* no, after, yes */
const char *bm_fixer_text(enum bm_fixer fixer);		   /* instruction, fsck, fstab ... */
const char *bm_source_text(enum bm_finding_source source); /* disk, console, both */

#endif
