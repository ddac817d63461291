/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	System 3f2a9c1e  Debian GNU/Linux 12 (bookworm), host web01
 *	* OK             Debian GNU/Linux
 *	  OK             Advanced options for Debian GNU/Linux > Debian GNU/Linux, with Linux 6.1.0-9-amd64
 *	  WILL NOT BOOT  Advanced options for Debian GNU/Linux > Debian GNU/Linux, with Linux 6.1.0-8-amd64
 *			 its initramfs is missing: /boot/initrd.img-6.1.0-8-amd64
 *	  not judged     UEFI Firmware Settings
 */
#include "check.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

enum { COLUMN_STATE = 2, COLUMN_TITLE = 17, COLUMN_FINDING = 9 };

static const struct {
	const char *name, *shown;
	enum bm_tone tone;
} judgements[] = {
	[BM_JUDGED_BOOTS] = {"boots", "OK", BM_TONE_GOOD},
	[BM_JUDGED_FAILS] = {"fails", "WILL NOT BOOT", BM_TONE_BAD},
	[BM_JUDGED_NOT] = {"not-judged", "not judged", BM_TONE_PLAIN},
};

const char *bm_judgement_text(enum bm_judgement judgement)
{
	return judgements[judgement].name;
}

void bm_check_report_done(struct bm_check_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		free(report->items[i].title);
		free(report->items[i].why);
		bm_findings_done(&report->items[i].findings);
	}
	free(report->items);
	bm_findings_done(&report->findings);
	bm_strv_done(&report->notes);
	*report = (struct bm_check_report){0};
}

size_t bm_check_report_fails(const struct bm_check_report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->items[i].judgement == BM_JUDGED_FAILS;
	return n;
}

size_t bm_check_report_unread(const struct bm_check_report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->items[i].unread;
	return n;
}

static void put_item(struct bm_text *text, const struct bm_judged *item)
{
	bm_text_put(text, BM_TONE_STRONG, item->is_default ? "*" : " ");
	bm_text_to(text, COLUMN_STATE);
	bm_text_put(text, judgements[item->judgement].tone, judgements[item->judgement].shown);
	bm_text_to(text, COLUMN_TITLE);
	bm_text_wrap(text, COLUMN_TITLE, BM_TONE_PLAIN, item->title);
	if (!item->why)
		return;
	bm_text_to(text, COLUMN_TITLE);
	bm_text_wrap(text, COLUMN_TITLE, BM_TONE_PLAIN, item->why);
}

static void put_finding(struct bm_text *text, const struct bm_finding *finding)
{
	static const enum bm_tone tones[] = {
		[BM_SEVERITY_FATAL] = BM_TONE_BAD,
		[BM_SEVERITY_WARNING] = BM_TONE_WARN,
		[BM_SEVERITY_NOTE] = BM_TONE_PLAIN,
	};
	_cleanup_free_ char *place = NULL;

	bm_text_put(text, tones[finding->severity], bm_severity_text(finding->severity));
	bm_text_to(text, COLUMN_FINDING);
	bm_text_put(text, BM_TONE_STRONG, bm_finding_kinds[finding->id].id);
	bm_text_end(text);
	if (finding->file && finding->line > 0)
		place = bm_strf("%s:%u", finding->file, finding->line);
	else if (finding->file)
		place = strdup(finding->file);
	if (place) {
		bm_text_to(text, COLUMN_FINDING);
		bm_text_wrap(text, COLUMN_FINDING, BM_TONE_PLAIN, place);
	}
	bm_text_to(text, COLUMN_FINDING);
	bm_text_wrap(text, COLUMN_FINDING, BM_TONE_PLAIN,
		finding->evidence && *finding->evidence ? finding->evidence : bm_finding_kinds[finding->id].text);
}

/* Whether an entry before this one has the finding already: several entries may load one image. */
static bool is_told(const struct bm_check_report *report, size_t entry, const struct bm_finding *finding)
{
	for (size_t i = 0; i < entry; i++)
		if (bm_findings_has(&report->items[i].findings, finding))
			return true;
	return false;
}

/* Notes are for -v: a check of a healthy machine is to be short. */
static bool is_shown(const struct bm_finding *finding, bool verbose)
{
	return verbose || finding->severity != BM_SEVERITY_NOTE;
}

static void put_findings(struct bm_text *text, const struct bm_check_report *report, bool verbose)
{
	for (size_t i = 0; i < report->findings.n; i++)
		if (is_shown(&report->findings.items[i], verbose))
			put_finding(text, &report->findings.items[i]);
	for (size_t e = 0; e < report->n; e++) {
		const struct bm_findings *own = &report->items[e].findings;

		for (size_t i = 0; i < own->n; i++)
			if (is_shown(&own->items[i], verbose) && !is_told(report, e, &own->items[i]))
				put_finding(text, &own->items[i]);
	}
}

void bm_report_check_text(const struct bm_check_report *report, const struct bm_report_style *style, struct bm_buf *out)
{
	_cleanup_free_ char *name = bm_report_system_name(report->system);
	struct bm_text text;

	if (!name) {
		out->failed = true;
		return;
	}
	bm_text_init(&text, out, style->color, style->columns);
	bm_text_put(&text, BM_TONE_PLAIN, "System ");
	bm_text_put(&text, BM_TONE_STRONG, name);
	bm_text_end(&text);
	for (size_t i = 0; i < report->n; i++)
		put_item(&text, &report->items[i]);
	for (size_t i = 0; i < report->notes.n; i++)
		bm_text_wrap(&text, COLUMN_STATE, BM_TONE_PLAIN, report->notes.items[i]);
	put_findings(&text, report, style->verbose);
}

static void add_safe(struct bm_buf *out, const char *text)
{
	_cleanup_free_ char *safe = bm_str_safe(text ? text : "");

	if (safe)
		bm_buf_adds(out, safe);
	else
		out->failed = true;
}

void bm_report_check_warning(const struct bm_check_report *report, struct bm_buf *out)
{
	bool fails = bm_check_report_fails(report) > 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct bm_judged *item = &report->items[i];

		if (item->judgement != BM_JUDGED_FAILS && !item->unread)
			continue;
		bm_buf_adds(out, "bootmend: WARNING: ");
		if (item->is_default)
			bm_buf_adds(out, "the default boot entry ");
		bm_buf_adds(out, "'");
		add_safe(out, item->title);
		bm_buf_adds(out, item->unread ? "' could not be judged:\n  " : "' will not boot:\n  ");
		add_safe(out, item->why);
		bm_buf_adds(out, "\n");
	}
	if (fails)
		bm_buf_adds(out, "  Mend this before the next reboot; `bootmend check` says more.\n");
}

void bm_report_check_json(struct bm_json *json, const struct bm_check_report *report)
{
	bm_report_system_json(json, "system", report->survey, report->system, NULL);
	bm_json_array(json, "entries");
	for (size_t i = 0; i < report->n; i++) {
		const struct bm_judged *item = &report->items[i];

		bm_json_object(json, NULL);
		if (item->entry >= 0)
			bm_json_int(json, "entry", item->entry);
		else
			bm_json_str(json, "entry", NULL);
		bm_json_str(json, "title", item->title);
		bm_json_str(json, "version", item->version);
		bm_json_bool(json, "default", item->is_default);
		bm_json_str(json, "judgement", bm_judgement_text(item->judgement));
		bm_json_str(json, "why", item->why);
		bm_report_findings_json(json, &item->findings);
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_report_findings_json(json, &report->findings);
	bm_json_array(json, "notes");
	for (size_t i = 0; i < report->notes.n; i++)
		bm_json_str(json, NULL, report->notes.items[i]);
	bm_json_end(json);
}
