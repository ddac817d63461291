/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The diagnosis: one sentence first, then the evidence. And the proof of an image, which is evidence, too.
 */
#include "report.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

enum { INDENT = 9 };

static enum bm_tone severity_tone(enum bm_severity severity)
{
	return severity == BM_SEVERITY_FATAL	 ? BM_TONE_BAD
	       : severity == BM_SEVERITY_WARNING ? BM_TONE_WARN
						 : BM_TONE_PLAIN;
}

static void put_line(struct bm_text *text, enum bm_tone tone, const char *label, const char *line)
{
	_cleanup_free_ char *whole = line && *line ? bm_strf("%s%s", label, line) : NULL;

	if (!line || !*line)
		return;
	if (!whole) {
		text->out->failed = true;
		return;
	}
	bm_text_to(text, INDENT);
	bm_text_wrap(text, INDENT, tone, whole);
}

/* What a rebuild would mend, and no image can be built for it. */
static bool is_beyond_rebuild(const struct bm_finding *finding)
{
	return bm_finding_kinds[finding->id].fixer == BM_FIXER_REBUILD && finding->rebuild == BM_REBUILD_NO;
}

static const char *advice_for(const struct bm_finding *finding)
{
	return is_beyond_rebuild(finding) && !finding->by_hand
		       ? "No image that cures it can be built for this kernel: boot another one, or "
			 "reinstall this one's package."
		       : bm_finding_advice(finding);
}

/* The command that mends it, or NULL: then the advice is all that can be done. served: the ids that a repair would
 * serve, where that was asked; or NULL. */
static char *command_for(const struct bm_finding *finding, const struct bm_strv *served)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];

	if (bm_finding_is_instruction(finding) || is_beyond_rebuild(finding))
		return NULL;
	switch (kind->fixer) {
	case BM_FIXER_FSCK:
		/* A console names devices as that boot had them. */
		return bm_strf("bootmend repair --fsck %s",
			finding->subject && !strchr(finding->subject, ' ') && finding->source != BM_SOURCE_CONSOLE
				? finding->subject
				: "DEVICE");
	case BM_FIXER_SPACE:
		return strdup("bootmend repair --free-boot");
	default:
		if (finding->source == BM_SOURCE_CONSOLE)
			return NULL;
		if (finding->doubtful || finding->severity == BM_SEVERITY_NOTE)
			return bm_strf("bootmend repair --only %s", kind->id);
		return served && !bm_strv_has(served, kind->id) ? NULL : strdup("bootmend repair");
	}
}

static void put_finding(struct bm_text *text, const struct bm_finding *finding, const struct bm_strv *served)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];
	_cleanup_free_ char *command = command_for(finding, served), *place = NULL;

	bm_text_end(text);
	bm_text_put(text, severity_tone(finding->severity), bm_severity_text(finding->severity));
	bm_text_to(text, INDENT);
	bm_text_put(text, BM_TONE_STRONG, kind->id);
	if (finding->doubtful || finding->likely)
		bm_text_put(text, BM_TONE_PLAIN, " (not certain)");
	bm_text_end(text);
	put_line(text, BM_TONE_PLAIN, "", kind->text);
	if (finding->file) {
		place = finding->line > 0 ? bm_strf("%s:%u", finding->file, finding->line)
			: finding->has_offset
				? bm_strf("%s, byte %llu", finding->file, (unsigned long long)finding->offset)
				: strdup(finding->file);
		put_line(text, BM_TONE_PLAIN, "", place ? place : "");
	}
	put_line(text, BM_TONE_PLAIN, "> ", finding->excerpt);
	put_line(text, BM_TONE_PLAIN, "", finding->evidence);
	put_line(text, BM_TONE_PLAIN, "Console: ", finding->console);
	put_line(text, BM_TONE_PLAIN, "To do: ", advice_for(finding));
	put_line(text, BM_TONE_PLAIN, "With: ", command);
}

/* Whether `bootmend repair` without more words mends something. */
static bool repair_serves(const struct bm_findings *findings, const struct bm_strv *served)
{
	for (size_t i = 0; i < findings->n; i++) {
		_cleanup_free_ char *command = command_for(&findings->items[i], served);

		if (command && bm_streq(command, "bootmend repair"))
			return true;
	}
	return false;
}

/* The tone of the verdict. */
static enum bm_tone verdict_tone(const struct bm_verdict *verdict)
{
	switch (verdict->outcome) {
	case BM_VERDICT_FAILS:
	case BM_VERDICT_LIKELY_FAILS:
		return BM_TONE_BAD;
	case BM_VERDICT_NOT_JUDGED:
		return BM_TONE_WARN;
	case BM_VERDICT_BOOTS:
		break;
	}
	return verdict->doubt || verdict->stale ? BM_TONE_WARN : BM_TONE_GOOD;
}

void bm_report_verdict_text(const struct bm_verdict *verdict, const struct bm_report_style *style, struct bm_buf *out)
{
	_cleanup_free_ char *sentence = bm_report_verdict(verdict);
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	if (sentence)
		bm_text_wrap(&text, 0, verdict_tone(verdict), sentence);
	else
		out->failed = true;
}

void bm_report_diagnosis_text(
	const struct bm_report_diagnosis *diagnosis, const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_findings *findings = diagnosis->findings;
	const struct bm_verdict *verdict = diagnosis->verdict;
	_cleanup_free_ char *name = diagnosis->system ? bm_report_system_name(diagnosis->system) : NULL;
	struct bm_text text;

	if (diagnosis->system && !name) {
		out->failed = true;
		return;
	}
	bm_text_init(&text, out, style->color, style->columns);
	if (name) {
		bm_text_put(&text, BM_TONE_PLAIN, "System ");
		bm_text_put(&text, BM_TONE_STRONG, name);
		bm_text_end(&text);
	} else {
		bm_text_wrap(&text, 0, BM_TONE_PLAIN,
			diagnosis->no_disks ? "No disk was looked at." : "No installed system was found.");
	}
	bm_report_verdict_text(verdict, style, out);
	if (repair_serves(findings, diagnosis->served))
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, "To repair: bootmend repair (--dry-run shows what it would do)");
	else if (verdict->next == BM_NEXT_FINDINGS)
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, bm_report_look_next(verdict));
	if (verdict->next != BM_NEXT_FINDINGS)
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, bm_report_look_next(verdict));
	if (diagnosis->system)
		bm_report_interrupted_text(diagnosis->system, style, out);
	for (size_t i = 0; i < findings->n; i++)
		put_finding(&text, &findings->items[i], diagnosis->served);
	if (diagnosis->consoles)
		bm_report_consoles_text(diagnosis->consoles, style, out);
}

static void findings_json(struct bm_json *json, const struct bm_findings *findings, const struct bm_verdict *verdict,
	const struct bm_strv *served)
{
	bm_report_verdict_json(json, verdict);
	bm_json_array(json, "findings");
	for (size_t i = 0; i < findings->n; i++) {
		const struct bm_finding *finding = &findings->items[i];
		_cleanup_free_ char *command = command_for(finding, served);

		bm_json_object(json, NULL);
		bm_json_str(json, "id", bm_finding_kinds[finding->id].id);
		bm_json_str(json, "severity", bm_severity_text(finding->severity));
		bm_json_bool(json, "rebuild_cures", finding->rebuild == BM_REBUILD_YES);
		bm_json_str(json, "rebuild", bm_rebuild_text(finding->rebuild));
		bm_json_str(json, "fixer", bm_fixer_text(bm_finding_kinds[finding->id].fixer));
		bm_json_str(json, "advice", advice_for(finding));
		bm_json_str(json, "source", bm_source_text(finding->source));
		bm_json_bool(json, "doubtful", finding->doubtful);
		bm_json_array(json, "others");
		for (size_t o = 0; o < finding->n_others; o++)
			bm_json_str(json, NULL, bm_finding_kinds[finding->others[o]].id);
		bm_json_end(json);
		bm_json_str(json, "excerpt", finding->excerpt);
		bm_json_str(json, "console", finding->console);
		bm_json_str(json, "subject", finding->subject);
		bm_json_str(json, "text", bm_finding_kinds[finding->id].text);
		bm_json_str(json, "file", finding->file);
		bm_json_u64(json, "line", finding->line);
		if (finding->has_offset)
			bm_json_u64(json, "offset", finding->offset);
		else
			bm_json_str(json, "offset", NULL);
		bm_json_str(json, "evidence", finding->evidence);
		bm_json_str(json, "command", command);
		bm_json_end(json);
	}
	bm_json_end(json);
}

void bm_report_findings_json(struct bm_json *json, const struct bm_findings *findings)
{
	const struct bm_verdict_input input = {.findings = findings, .disks = true, .system = true};
	struct bm_verdict verdict;

	bm_verdict_make(&input, &verdict);
	findings_json(json, findings, &verdict, NULL);
}

void bm_report_diagnosis_json(struct bm_json *json, const struct bm_report_diagnosis *diagnosis)
{
	const struct bm_verdict *verdict = diagnosis->verdict;

	findings_json(json, diagnosis->findings, verdict, diagnosis->served);
	bm_json_str(json, "look_next", verdict->next == BM_NEXT_FINDINGS ? NULL : bm_report_look_next(verdict));
	if (diagnosis->consoles)
		bm_report_consoles_json(json, diagnosis->consoles);
}

static void put_list(struct bm_text *text, const char *mark, enum bm_tone tone, const struct bm_strv *list)
{
	for (size_t i = 0; i < list->n; i++) {
		bm_text_to(text, 2);
		bm_text_put(text, tone, mark);
		bm_text_to(text, 8);
		bm_text_wrap(text, 8, BM_TONE_PLAIN, list->items[i]);
	}
}

void bm_report_proof_text(const struct bm_proof *proof, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	bm_text_put(&text,
		proof->verdict	 ? BM_TONE_GOOD
		: proof->unknown ? BM_TONE_WARN
				 : BM_TONE_BAD,
		proof->verdict	 ? "The image can boot this kernel."
		: proof->unknown ? "Whether the image can boot this kernel is not known."
				 : "The image cannot boot this kernel.");
	bm_text_end(&text);
	for (size_t i = 0; i < proof->n_problems; i++) {
		bm_text_to(&text, 2);
		bm_text_put(&text, BM_TONE_BAD, "BAD");
		bm_text_to(&text, 8);
		bm_text_wrap(&text, 8, BM_TONE_PLAIN, proof->problems[i].text);
	}
	put_list(&text, "ok", BM_TONE_GOOD, &proof->proven);
	put_list(&text, "note", BM_TONE_WARN, &proof->notes);
}

static void put_strv(struct bm_json *json, const char *key, const struct bm_strv *list)
{
	bm_json_array(json, key);
	for (size_t i = 0; i < list->n; i++)
		bm_json_str(json, NULL, list->items[i]);
	bm_json_end(json);
}

void bm_report_proof_json(struct bm_json *json, const char *key, const struct bm_proof *proof)
{
	bm_json_object(json, key);
	bm_json_bool(json, "verdict", proof->verdict);
	bm_json_bool(json, "unknown", proof->unknown);
	bm_json_array(json, "problems");
	for (size_t i = 0; i < proof->n_problems; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "kind", bm_proof_kind_name(proof->problems[i].kind));
		bm_json_str(json, "subject", proof->problems[i].subject);
		bm_json_str(json, "text", proof->problems[i].text);
		bm_json_end(json);
	}
	bm_json_end(json);
	put_strv(json, "proven", &proof->proven);
	put_strv(json, "notes", &proof->notes);
	bm_json_end(json);
}
