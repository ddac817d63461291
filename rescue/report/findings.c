/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The diagnosis: one sentence first, then the evidence. And the proof of an image, which is evidence, too.
 */
#include "report.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

/* The first fatal finding that a rebuild cures, or does not cure; NULL where there is none. */
static const struct bm_finding *first_fatal(const struct bm_findings *findings, bool rebuild)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].severity == BM_SEVERITY_FATAL &&
			(bm_finding_kinds[findings->items[i].id].rebuild == BM_REBUILD_YES) == rebuild)
			return &findings->items[i];
	return NULL;
}

char *bm_report_verdict(const struct bm_findings *findings)
{
	const struct bm_finding *cured = first_fatal(findings, true), *other = first_fatal(findings, false);
	size_t warnings = bm_findings_count(findings, BM_SEVERITY_WARNING);

	if (cured && other)
		return bm_strf("This does not boot because %s, and because %s; rebuilding the initramfs cures only the "
			       "former.",
			bm_finding_kinds[cured->id].text, bm_finding_kinds[other->id].text);
	if (cured)
		return bm_strf("This does not boot because %s; rebuilding the initramfs cures it.",
			bm_finding_kinds[cured->id].text);
	if (other)
		return bm_strf("This does not boot because %s; rebuilding the initramfs does not help.",
			bm_finding_kinds[other->id].text);
	if (warnings > 0)
		return bm_strf("Nothing was found that stops the boot; there %s %zu %s.", warnings == 1 ? "is" : "are",
			warnings, warnings == 1 ? "warning" : "warnings");
	return strdup("Nothing was found that stops the boot.");
}

static enum bm_tone severity_tone(enum bm_severity severity)
{
	return severity == BM_SEVERITY_FATAL	 ? BM_TONE_BAD
	       : severity == BM_SEVERITY_WARNING ? BM_TONE_WARN
						 : BM_TONE_PLAIN;
}

static void put_finding(struct bm_text *text, const struct bm_finding *finding)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];

	bm_text_end(text);
	bm_text_put(text, severity_tone(finding->severity), bm_severity_text(finding->severity));
	bm_text_to(text, 9);
	bm_text_put(text, BM_TONE_STRONG, kind->id);
	bm_text_end(text);
	bm_text_to(text, 9);
	bm_text_wrap(text, 9, BM_TONE_PLAIN, kind->text);
	if (finding->file) {
		_cleanup_free_ char *place =
			finding->line > 0 ? bm_strf("%s:%u", finding->file, finding->line) : strdup(finding->file);

		bm_text_to(text, 9);
		bm_text_wrap(text, 9, BM_TONE_PLAIN, place ? place : "");
	}
	if (finding->evidence && *finding->evidence) {
		bm_text_to(text, 9);
		bm_text_wrap(text, 9, BM_TONE_PLAIN, finding->evidence);
	}
}

void bm_report_findings_text(const struct bm_system *system, const struct bm_findings *findings,
	const struct bm_report_style *style, struct bm_buf *out)
{
	_cleanup_free_ char *verdict = bm_report_verdict(findings);
	_cleanup_free_ char *name = bm_report_system_name(system);
	const struct bm_kernel *kernel = bm_system_default_kernel(system);
	bool helps, remains;
	struct bm_text text;

	if (!verdict || !name) {
		out->failed = true;
		return;
	}
	bm_text_init(&text, out, style->color, style->columns);
	bm_text_put(&text, BM_TONE_PLAIN, "System ");
	bm_text_put(&text, BM_TONE_STRONG, name);
	bm_text_end(&text);
	bm_findings_rebuild(findings, &helps, &remains);
	bm_text_wrap(&text, 0, helps || remains ? BM_TONE_BAD : BM_TONE_GOOD, verdict);
	if (helps) {
		_cleanup_free_ char *command =
			kernel ? bm_strf("To repair: bootmend repair --kernel %s", kernel->version)
			       : strdup("To repair: bootmend repair --kernel VER");

		bm_text_wrap(&text, 2, BM_TONE_PLAIN, command ? command : "");
	}
	for (size_t i = 0; i < findings->n; i++)
		put_finding(&text, &findings->items[i]);
}

void bm_report_findings_json(struct bm_json *json, const struct bm_findings *findings)
{
	_cleanup_free_ char *verdict = bm_report_verdict(findings);
	bool helps, remains;

	if (!verdict)
		json->out->failed = true;
	bm_findings_rebuild(findings, &helps, &remains);
	bm_json_str(json, "verdict", verdict);
	bm_json_bool(json, "rebuild_helps", helps);
	bm_json_bool(json, "rebuild_leaves_fatal", remains);
	bm_json_array(json, "findings");
	for (size_t i = 0; i < findings->n; i++) {
		const struct bm_finding *finding = &findings->items[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "id", bm_finding_kinds[finding->id].id);
		bm_json_str(json, "severity", bm_severity_text(finding->severity));
		bm_json_bool(json, "rebuild_cures", bm_finding_kinds[finding->id].rebuild == BM_REBUILD_YES);
		bm_json_str(json, "rebuild", bm_rebuild_text(bm_finding_kinds[finding->id].rebuild));
		bm_json_str(json, "fixer", bm_fixer_text(bm_finding_kinds[finding->id].fixer));
		bm_json_str(json, "advice", bm_finding_kinds[finding->id].advice);
		bm_json_str(json, "source", bm_source_text(finding->source));
		bm_json_bool(json, "doubtful", finding->doubtful);
		bm_json_str(json, "excerpt", finding->excerpt);
		bm_json_str(json, "console", finding->console);
		bm_json_str(json, "subject", finding->subject);
		bm_json_str(json, "text", bm_finding_kinds[finding->id].text);
		bm_json_str(json, "file", finding->file);
		bm_json_u64(json, "line", finding->line);
		bm_json_str(json, "evidence", finding->evidence);
		bm_json_end(json);
	}
	bm_json_end(json);
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
	bm_text_put(&text, proof->verdict ? BM_TONE_GOOD : BM_TONE_BAD,
		proof->verdict ? "The image can boot this kernel." : "The image cannot boot this kernel.");
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
