/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each stage as text for people and as JSON for programs. Nothing here reads or prints: a stage's struct in, bytes in a
 * buffer out. Names that come from a disk are made safe for a terminal. JSON keys are described in docs/json.md; a
 * released key keeps its meaning.
 *
 * Memory that runs short shows as out->failed, once at the end.
 */
#ifndef BM_REPORT_REPORT_H
#define BM_REPORT_REPORT_H

#include "../apply/apply.h"
#include "../apply/undo.h"
#include "../base/buf.h"
#include "../base/json.h"
#include "../check/console.h"
#include "../check/finding.h"
#include "../check/verdict.h"
#include "../plan/plan.h"
#include "../proof/proof.h"
#include "../system/system.h"

struct bm_report_style {
	bool color;	      /* ANSI colours */
	bool verbose;	      /* everything, without a limit of lines */
	unsigned int columns; /* of the terminal; 0: 80 */
};

/* A system with what was found about it; findings may be NULL: not checked. */
struct bm_report_item {
	const struct bm_system *system;
	const struct bm_findings *findings;
};

/* The scan. One system fits 80 columns and 24 lines unless style->verbose. */
void bm_report_survey_text(const struct bm_survey *survey, const struct bm_report_item *items, size_t n,
	const struct bm_report_style *style, struct bm_buf *out);
/* The list of systems, a line each: what a verb shows that needs one and has several. */
void bm_report_systems_text(const struct bm_survey *survey, const struct bm_report_style *style, struct bm_buf *out);
/* "3f2a9c1e  Debian GNU/Linux 12 (bookworm), host web01"; for free(), NULL when memory is short. */
char *bm_report_system_name(const struct bm_system *system);

/* The verdict as one sentence (two where something was not judged, or may be stale); for free(). */
char *bm_report_verdict(const struct bm_verdict *verdict);
/* The same as lines, in its tone. */
void bm_report_verdict_text(const struct bm_verdict *verdict, const struct bm_report_style *style, struct bm_buf *out);
/* Members "verdict", "boot", "causes", "rebuild", "rebuild_helps", "rebuild_leaves_fatal", "not_judged", "stale". */
void bm_report_verdict_json(struct bm_json *json, const struct bm_verdict *verdict);
/* Where to look next: a sentence or two. */
const char *bm_report_look_next(const struct bm_verdict *verdict);
/* "the kernel panicked": what a boot ended in, a clause. */
const char *bm_report_end_text(enum bm_end end);

/* What a diagnosis rests on. */
struct bm_report_diagnosis {
	const struct bm_system *system; /* NULL: none was found, or no disk was looked at */
	const struct bm_findings *findings;
	const struct bm_verdict *verdict;   /* of all of it */
	const struct bm_consoles *consoles; /* or NULL */
	const struct bm_strv *served;	    /* ids that a repair would serve; NULL: that was not asked */
	bool no_disks;
};
/* The verdict, what to do, then each finding with its evidence, and the consoles. */
void bm_report_diagnosis_text(
	const struct bm_report_diagnosis *diagnosis, const struct bm_report_style *style, struct bm_buf *out);
/* The members of the verdict, "findings", "look_next", "consoles". */
void bm_report_diagnosis_json(struct bm_json *json, const struct bm_report_diagnosis *diagnosis);
/* The texts that were read, and what they say that no finding has told yet. */
void bm_report_consoles_text(
	const struct bm_consoles *consoles, const struct bm_report_style *style, struct bm_buf *out);

/* Who else uses the disks, a line each, where anybody does. */
void bm_report_in_use_text(const struct bm_survey *survey, const struct bm_report_style *style, struct bm_buf *out);

/* A proof: what was looked at in the image and what came of it. */
void bm_report_proof_text(const struct bm_proof *proof, const struct bm_report_style *style, struct bm_buf *out);

/* The plan as numbered steps, with what each one runs and changes. */
void bm_report_plan_text(const struct bm_plan *plan, const struct bm_report_style *style, struct bm_buf *out);
/* What became of it: the steps taken, where the old images are, or why it failed and with which last lines. */
void bm_report_result_text(const struct bm_plan *plan, const struct bm_result *result,
	const struct bm_report_style *style, struct bm_buf *out);

/* The repairs of a system, the newest first; one of them; and nothing, or what to do where one was interrupted. */
void bm_report_history_text(const struct bm_system *system, const struct bm_report_style *style, struct bm_buf *out);
void bm_report_history_item_text(const struct bm_system *system, const struct bm_history_item *item,
	const struct bm_report_style *style, struct bm_buf *out);
void bm_report_interrupted_text(
	const struct bm_system *system, const struct bm_report_style *style, struct bm_buf *out);
/* What an undo did. */
void bm_report_undo_text(const struct bm_undo_result *result, const struct bm_report_style *style, struct bm_buf *out);

/*
 * JSON: a verb begins a document, adds the parts it has under their keys, and ends it.
 *
 *	bm_report_json_begin(&json, &out, BM_VERSION, "scan");
 *	bm_report_survey_json(&json, &survey, items, n);
 *	bm_report_json_end(&json);
 */
void bm_report_json_begin(struct bm_json *json, struct bm_buf *out, const char *version, const char *verb);
void bm_report_json_end(struct bm_json *json);
/* Member "in_use". */
void bm_report_in_use_json(struct bm_json *json, const struct bm_survey *survey);
/* Members "systems", "devices", "volumes", "problems", "in_use". */
void bm_report_survey_json(
	struct bm_json *json, const struct bm_survey *survey, const struct bm_report_item *items, size_t n);
/* One object; key NULL in an array. findings may be NULL. */
void bm_report_system_json(struct bm_json *json, const char *key, const struct bm_survey *survey,
	const struct bm_system *system, const struct bm_findings *findings);
/* The members of the verdict that these findings of a system alone give, and "findings". */
void bm_report_findings_json(struct bm_json *json, const struct bm_findings *findings);
/* Member "consoles". */
void bm_report_consoles_json(struct bm_json *json, const struct bm_consoles *consoles);
void bm_report_proof_json(struct bm_json *json, const char *key, const struct bm_proof *proof);
void bm_report_plan_json(struct bm_json *json, const char *key, const struct bm_plan *plan);
void bm_report_history_json(struct bm_json *json, const char *key, const struct bm_history *history);
/* The interrupted repair as an object, or null. */
void bm_report_interrupted_json(struct bm_json *json, const char *key, const struct bm_history *history);
void bm_report_undo_json(struct bm_json *json, const char *key, const struct bm_undo_result *result, bool undone);
void bm_report_result_json(
	struct bm_json *json, const char *key, const struct bm_plan *plan, const struct bm_result *result);

#endif
