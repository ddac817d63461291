/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the console's texts and the system's logs said.
 */
#include <string.h>

#include "../base/str.h"
#include "report.h"
#include "text.h"

static void put_observation(struct bm_text *text, const struct bm_observation *observation)
{
	_cleanup_free_ char *line = bm_strf("line %u: \"%s\": %s", observation->line, observation->text,
		bm_signatures[observation->signature].meaning);

	if (!line) {
		text->out->failed = true;
		return;
	}
	bm_text_to(text, 2);
	bm_text_wrap(text, 4, BM_TONE_PLAIN, line);
}

/* Whether an observation that is printed stands for the end already. */
static bool is_told(const struct bm_console *console)
{
	for (size_t i = 0; i < console->n_observations; i++)
		if (!console->observations[i].answered && console->observations[i].line == console->end.line)
			return true;
	return false;
}

static void put_console(struct bm_text *text, const struct bm_console *console)
{
	static const char *const reached[] = {"it does not come to a kernel", "it comes to the kernel",
		"it comes to the initramfs", "it comes to the root filesystem", "it comes to the other filesystems",
		"it comes up"};
	_cleanup_buf_ struct bm_buf line = {0};

	bm_buf_addf(&line, "Console %s: %zu line%s", console->name, console->n_lines, console->n_lines == 1 ? "" : "s");
	if (console->n_boots > 1)
		bm_buf_addf(&line, ", %zu boots, of which the last one counts", console->n_boots);
	if (console->kernel)
		bm_buf_addf(&line, "; kernel %s", console->kernel);
	if (console->n_lines == 0)
		bm_buf_adds(&line, ", an empty text");
	else
		bm_buf_addf(&line, "; %s", reached[BM_MIN(console->reached, BM_STAGE_UP)]);
	bm_buf_addc(&line, '.');
	if (line.failed) {
		text->out->failed = true;
		return;
	}
	bm_text_end(text);
	bm_text_wrap(text, 2, BM_TONE_PLAIN, bm_buf_text(&line));
	if (console->end.kind != BM_END_NONE && !is_told(console)) {
		_cleanup_free_ char *end = bm_strf("line %u: \"%s\": %s", console->end.line, console->end.text,
			bm_report_end_text(console->end.kind));

		bm_text_to(text, 2);
		bm_text_wrap(text, 4, BM_TONE_BAD, end ? end : "");
	}
	if (console->old) {
		_cleanup_free_ char *old = bm_strf(
			"It %s tell the present fault: %s.", console->overtaken ? "does not" : "may not", console->old);

		bm_text_to(text, 2);
		bm_text_wrap(text, 2, BM_TONE_WARN, old ? old : "");
	}
	for (size_t i = 0; i < console->n_observations; i++)
		if (!console->observations[i].answered)
			put_observation(text, &console->observations[i]);
}

void bm_report_consoles_text(
	const struct bm_consoles *consoles, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	for (size_t i = 0; i < consoles->n; i++)
		if (consoles->items[i].kind != BM_CONSOLE_KEPT || style->verbose)
			put_console(&text, &consoles->items[i]);
}

static void put_observation_json(struct bm_json *json, const struct bm_observation *observation)
{
	const struct bm_signature *signature = &bm_signatures[observation->signature];

	bm_json_object(json, NULL);
	bm_json_str(json, "signature", signature->name);
	bm_json_u64(json, "line", observation->line);
	bm_json_u64(json, "times", observation->times);
	bm_json_str(json, "text", observation->text);
	bm_json_str(json, "subject", observation->subject);
	bm_json_str(json, "meaning", signature->meaning);
	bm_json_array(json, "candidates");
	for (size_t i = 0; i < signature->n_candidates; i++)
		bm_json_str(json, NULL, bm_finding_kinds[signature->candidates[i]].id);
	bm_json_end(json);
	bm_json_str(json, "finding", observation->answered ? bm_finding_kinds[observation->finding].id : NULL);
	bm_json_end(json);
}

void bm_report_consoles_json(struct bm_json *json, const struct bm_consoles *consoles)
{
	bm_json_array(json, "consoles");
	for (size_t i = 0; i < consoles->n; i++) {
		const struct bm_console *console = &consoles->items[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "name", console->name);
		bm_json_str(json, "kind", bm_console_kind_text(console->kind));
		bm_json_u64(json, "lines", console->n_lines);
		bm_json_bool(json, "cut", console->cut);
		bm_json_u64(json, "boots", console->n_boots);
		bm_json_str(json, "kernel", console->kernel);
		bm_json_str(json, "cmdline", console->cmdline);
		bm_json_str(json, "boot_id", console->boot_id);
		bm_json_int(json, "time", console->time_s);
		bm_json_str(json, "reached", bm_stage_text(console->reached));
		if (console->end.kind == BM_END_NONE) {
			bm_json_str(json, "end", NULL);
		} else {
			bm_json_object(json, "end");
			bm_json_str(json, "kind", bm_end_text(console->end.kind));
			bm_json_u64(json, "line", console->end.line);
			bm_json_str(json, "text", console->end.text);
			bm_json_end(json);
		}
		bm_json_str(json, "old", console->old);
		bm_json_array(json, "observations");
		for (size_t o = 0; o < console->n_observations; o++)
			put_observation_json(json, &console->observations[o]);
		bm_json_end(json);
		bm_json_end(json);
	}
	bm_json_end(json);
}
