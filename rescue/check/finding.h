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

enum bm_finding_id {
#define FINDING(name, id, severity, rebuild, text) BM_FINDING_##name,
#include "finding.def"
#undef FINDING
	BM_FINDING_COUNT,
};

/* A row of the catalogue. */
struct bm_finding_kind {
	const char *id;
	enum bm_severity severity;
	bool rebuild; /* rebuilding the initramfs cures it */
	const char *text;
};

extern const struct bm_finding_kind bm_finding_kinds[BM_FINDING_COUNT];

struct bm_finding {
	enum bm_finding_id id;
	enum bm_severity severity; /* the catalogue's, or milder where the boot survives it */
	char *file;		   /* the file it is about, as a path of the system; or NULL */
	unsigned int line;	   /* in that file, 0 for none */
	char *evidence;		   /* what was seen, a sentence */
};

struct bm_findings {
	struct bm_finding *items;
	size_t n, capacity;
};

void bm_findings_done(struct bm_findings *findings);
/* Adds a finding with the catalogue's severity and the evidence (printf). Returns it, or NULL when memory is short. */
struct bm_finding *bm_findings_add(struct bm_findings *findings, enum bm_finding_id id, const char *file,
	unsigned int line, const char *format, ...) BM_PRINTF(5, 6);
/* How many findings have this severity. */
size_t bm_findings_count(const struct bm_findings *findings, enum bm_severity severity);
/* Sorts by severity, then by the catalogue's order; stable. */
void bm_findings_sort(struct bm_findings *findings);
/* Whether a rebuild of the initramfs cures a fatal finding, and whether a fatal one remains after it. */
void bm_findings_rebuild(const struct bm_findings *findings, bool *ret_helps, bool *ret_remains);
const char *bm_severity_text(enum bm_severity severity);

#endif
