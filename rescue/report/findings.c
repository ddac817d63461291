/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The diagnosis: one sentence first, then the evidence. And the proof of an image, which is evidence, too.
 */
#include "report.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

enum { CAUSES_MAX = 4, INDENT = 9 };

/* The fatal findings of a verdict, each kind once, in the order in which the boot meets them. */
struct causes {
	const struct bm_finding *items[BM_FINDING_COUNT];
	size_t n, cured, after;
	bool agreed;	   /* a console says so, too */
	bool console_only; /* nothing but a console says so */
};

static void find_causes(const struct bm_findings *findings, struct causes *ret)
{
	*ret = (struct causes){.console_only = true};
	for (int id = 0; id < BM_FINDING_COUNT; id++)
		for (size_t i = 0; i < findings->n; i++) {
			const struct bm_finding *finding = &findings->items[i];

			if ((int)finding->id != id || finding->severity != BM_SEVERITY_FATAL)
				continue;
			if (ret->n == 0 || ret->items[ret->n - 1]->id != finding->id) {
				ret->items[ret->n++] = finding;
				ret->cured += bm_finding_kinds[id].rebuild == BM_REBUILD_YES;
				ret->after += bm_finding_kinds[id].rebuild == BM_REBUILD_AFTER;
			}
			ret->agreed |= finding->source == BM_SOURCE_BOTH;
			ret->console_only &= finding->source == BM_SOURCE_CONSOLE;
		}
}

/* Whether rebuilding the initramfs helps. */
static void put_cure(const struct causes *causes, struct bm_buf *out)
{
	bool first = bm_finding_kinds[causes->items[0]->id].rebuild == BM_REBUILD_YES;

	bm_buf_adds(out, "; rebuilding the initramfs ");
	if (causes->cured == causes->n)
		bm_buf_adds(out, causes->n > 1 ? "cures them." : "cures it.");
	else if (causes->cured == 0 && causes->after == 0)
		bm_buf_adds(out, "does not help.");
	else if (causes->cured == 0)
		bm_buf_adds(out, "alone does not help.");
	else if (causes->n == 2)
		bm_buf_addf(out, "cures only the %s.", first ? "former" : "latter");
	else
		bm_buf_addf(out, "cures only %zu of these %zu.", causes->cured, causes->n);
}

static char *verdict_without_cause(const struct bm_findings *findings)
{
	size_t warnings = bm_findings_count(findings, BM_SEVERITY_WARNING);

	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].source == BM_SOURCE_CONSOLE && findings->items[i].doubtful &&
			findings->items[i].severity == BM_SEVERITY_WARNING &&
			bm_finding_kinds[findings->items[i].id].severity == BM_SEVERITY_FATAL)
			return bm_strf(
				"Nothing was found on the disk that stops the boot, but a console's text says that %s.",
				bm_finding_kinds[findings->items[i].id].text);
	if (warnings > 0)
		return bm_strf("Nothing was found that stops the boot; there %s %zu %s.", warnings == 1 ? "is" : "are",
			warnings, warnings == 1 ? "warning" : "warnings");
	return strdup("Nothing was found that stops the boot.");
}

char *bm_report_verdict(const struct bm_findings *findings)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct causes causes;

	find_causes(findings, &causes);
	if (causes.n == 0)
		return verdict_without_cause(findings);
	bm_buf_adds(&out, causes.console_only ? "By the console's text this does not boot" : "This does not boot");
	for (size_t i = 0; i < causes.n && i < CAUSES_MAX; i++)
		bm_buf_addf(&out, "%sbecause %s",
			i == 0						? " "
			: i + 1 == BM_MIN(causes.n, (size_t)CAUSES_MAX) ? ", and "
									: ", ",
			bm_finding_kinds[causes.items[i]->id].text);
	if (causes.n > CAUSES_MAX)
		bm_buf_addf(&out, " (and %zu more)", causes.n - CAUSES_MAX);
	if (causes.agreed)
		bm_buf_adds(&out, ", as the console says, too");
	put_cure(&causes, &out);
	return bm_buf_steal(&out);
}

char *bm_report_diagnosis_verdict(const struct bm_report_diagnosis *diagnosis)
{
	const struct bm_observation *blame = diagnosis->consoles ? bm_consoles_blame(diagnosis->consoles) : NULL;

	if (!blame || bm_findings_count(diagnosis->findings, BM_SEVERITY_FATAL) > 0)
		return bm_report_verdict(diagnosis->findings);
	if (bm_signatures[blame->signature].strength == BM_STRENGTH_END)
		return bm_strf("%s: %s: \"%s\".",
			blame->stage >= BM_STAGE_UP ? "By the console's text the system came up and then stopped"
						    : "By the console's text this does not boot",
			bm_signatures[blame->signature].meaning, blame->text);
	return bm_strf("By the console's text this does not boot: %s; rebuilding the initramfs does not help.",
		bm_signatures[blame->signature].meaning);
}

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

/* The command that mends it, or NULL: then the advice is all that can be done. */
static char *command_for(const struct bm_finding *finding)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];

	if (bm_finding_is_instruction(finding))
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
		return strdup("bootmend repair");
	}
}

static void put_finding(struct bm_text *text, const struct bm_finding *finding)
{
	const struct bm_finding_kind *kind = &bm_finding_kinds[finding->id];
	_cleanup_free_ char *command = command_for(finding), *place = NULL;

	bm_text_end(text);
	bm_text_put(text, severity_tone(finding->severity), bm_severity_text(finding->severity));
	bm_text_to(text, INDENT);
	bm_text_put(text, BM_TONE_STRONG, kind->id);
	if (finding->doubtful)
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
	put_line(text, BM_TONE_PLAIN, "To do: ", kind->advice);
	put_line(text, BM_TONE_PLAIN, "With: ", command);
}

/* Whether `bootmend repair` without more words mends something. */
static bool repair_serves(const struct bm_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		_cleanup_free_ char *command = command_for(&findings->items[i]);

		if (command && bm_streq(command, "bootmend repair"))
			return true;
	}
	return false;
}

void bm_report_diagnosis_text(
	const struct bm_report_diagnosis *diagnosis, const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_findings *findings = diagnosis->findings;
	_cleanup_free_ char *verdict = bm_report_diagnosis_verdict(diagnosis);
	_cleanup_free_ char *name = diagnosis->system ? bm_report_system_name(diagnosis->system) : NULL;
	bool fatal = bm_findings_count(findings, BM_SEVERITY_FATAL) > 0;
	bool blame = diagnosis->consoles && bm_consoles_blame(diagnosis->consoles);
	struct bm_text text;

	if (!verdict || (diagnosis->system && !name)) {
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
	bm_text_wrap(&text, 0, fatal || blame ? BM_TONE_BAD : BM_TONE_GOOD, verdict);
	if (repair_serves(findings))
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, "To repair: bootmend repair (--dry-run shows what it would do)");
	else if (fatal)
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, "What to do stands with each finding.");
	if (!fatal)
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, bm_report_look_next(diagnosis));
	if (diagnosis->system)
		bm_report_interrupted_text(diagnosis->system, style, out);
	for (size_t i = 0; i < findings->n; i++)
		put_finding(&text, &findings->items[i]);
	if (diagnosis->consoles)
		bm_report_consoles_text(diagnosis->consoles, style, out);
}

void bm_report_findings_text(const struct bm_system *system, const struct bm_findings *findings,
	const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_report_diagnosis diagnosis = {.system = system, .findings = findings};

	bm_report_diagnosis_text(&diagnosis, style, out);
}

static void findings_json(struct bm_json *json, const struct bm_findings *findings, const char *verdict)
{
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
		_cleanup_free_ char *command = command_for(finding);

		bm_json_object(json, NULL);
		bm_json_str(json, "id", bm_finding_kinds[finding->id].id);
		bm_json_str(json, "severity", bm_severity_text(finding->severity));
		bm_json_bool(json, "rebuild_cures", finding->rebuild == BM_REBUILD_YES);
		bm_json_str(json, "rebuild", bm_rebuild_text(finding->rebuild));
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
	_cleanup_free_ char *verdict = bm_report_verdict(findings);

	findings_json(json, findings, verdict);
}

void bm_report_diagnosis_json(struct bm_json *json, const struct bm_report_diagnosis *diagnosis)
{
	_cleanup_free_ char *verdict = bm_report_diagnosis_verdict(diagnosis);

	findings_json(json, diagnosis->findings, verdict);
	bm_json_str(json, "look_next",
		bm_findings_count(diagnosis->findings, BM_SEVERITY_FATAL) > 0 ? NULL : bm_report_look_next(diagnosis));
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
