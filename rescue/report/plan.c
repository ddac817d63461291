/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan before it is carried out, and what became of it.
 */
#include "report.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

/* The command as one could type it: words with anything but plain characters in single quotes. */
static char *command_text(const struct bm_step *step)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
	_cleanup_buf_ struct bm_buf buf = {0};

	for (size_t i = 0; i < step->environment.n; i++)
		bm_buf_addf(&buf, "%s ", step->environment.items[i]);
	for (size_t i = 0; i < step->argv.n; i++) {
		const char *word = step->argv.items[i];

		if (i > 0)
			bm_buf_addc(&buf, ' ');
		if (*word && word[strspn(word, plain)] == '\0') {
			bm_buf_adds(&buf, word);
			continue;
		}
		bm_buf_addc(&buf, '\'');
		for (; *word; word++) {
			if (*word == '\'')
				bm_buf_adds(&buf, "'\\''");
			else
				bm_buf_addc(&buf, *word);
		}
		bm_buf_addc(&buf, '\'');
	}
	return bm_buf_steal(&buf);
}

/* "-" and the text, below a step. */
static void put_detail(struct bm_text *text, const char *label, const char *detail)
{
	bm_text_to(text, 5);
	bm_text_put(text, BM_TONE_PLAIN, label);
	bm_text_to(text, 15);
	bm_text_wrap(text, 15, BM_TONE_PLAIN, detail);
}

/* The lines of a file that go and come, each cut at the terminal's width: the plan file has all of them. */
static void put_edit(struct bm_text *text, const struct bm_edit *edit)
{
	_cleanup_free_ char *number = bm_strf("line %u", edit->line);
	const char *label = number ? number : "";

	if (edit->old) {
		bm_text_to(text, 5);
		bm_text_put(text, BM_TONE_PLAIN, label);
		bm_text_to(text, 15);
		bm_text_put(text, BM_TONE_BAD, "- ");
		bm_text_put(text, BM_TONE_PLAIN, edit->old);
		bm_text_end(text);
		label = "";
	}
	for (const char *at = edit->new; at;) {
		const char *feed = strchr(at, '\n');
		_cleanup_free_ char *line = strndup(at, feed ? (size_t)(feed - at) : strlen(at));

		bm_text_to(text, 5);
		bm_text_put(text, BM_TONE_PLAIN, label);
		bm_text_to(text, 15);
		bm_text_put(text, BM_TONE_GOOD, "+ ");
		bm_text_put(text, BM_TONE_PLAIN, line ? line : "");
		bm_text_end(text);
		label = "";
		at = feed ? feed + 1 : NULL;
	}
}

static void put_step(struct bm_text *text, size_t number, const struct bm_step *step, bool verbose)
{
	bm_text_putf(text, BM_TONE_PLAIN, "%3zu.", number);
	bm_text_to(text, 5);
	bm_text_wrap(text, 5, BM_TONE_STRONG, step->text ? step->text : bm_step_kind_text(step->kind));
	if (step->why)
		put_detail(text, "because", step->why);
	if (step->argv.n > 0) {
		_cleanup_free_ char *command = command_text(step);

		put_detail(text, "runs", command ? command : "");
	}
	/* A tool without an option for them gets them through its configuration. */
	if (step->drivers.n > 0 && !bm_strv_has(&step->argv, "--add-drivers")) {
		_cleanup_free_ char *drivers = bm_strv_join(&step->drivers, ", ");

		put_detail(text, "drivers", drivers ? drivers : "");
	}
	for (size_t i = 0; i < step->n_edits; i++)
		put_edit(text, &step->edits[i]);
	if (step->need_bytes > 0) {
		_cleanup_free_ char *size = bm_size_text(step->need_bytes);
		_cleanup_free_ char *line = bm_strf("about %s of room", size ? size : "");

		put_detail(text, "needs", line ? line : "");
	}
	if (verbose && step->target)
		put_detail(text, "target", step->target);
	if (verbose && step->filesystem) {
		_cleanup_free_ char *line = bm_strf("UUID=%s", step->filesystem);

		put_detail(text, "changes", line ? line : "");
	}
}

/* What no step does. */
static void put_instructions(struct bm_text *text, const struct bm_plan *plan)
{
	if (plan->instructions.n > 0) {
		bm_text_put(text, BM_TONE_STRONG, "For you to do:");
		bm_text_end(text);
	}
	for (size_t i = 0; i < plan->instructions.n; i++) {
		bm_text_to(text, 2);
		bm_text_wrap(text, 2, BM_TONE_PLAIN, plan->instructions.items[i]);
	}
}

void bm_report_plan_text(const struct bm_plan *plan, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	if (plan->verdict && plan->n_steps > 0) {
		bm_text_wrap(&text, 0, BM_TONE_PLAIN, plan->verdict);
	}
	if (plan->n_steps > 0) {
		bm_text_putf(&text, BM_TONE_STRONG, "Plan for system %s", plan->system_id ? plan->system_id : "-");
		if (plan->kernel)
			bm_text_putf(&text, BM_TONE_STRONG, ", kernel %s", plan->kernel);
		bm_text_end(&text);
	}
	for (size_t i = 0; i < plan->n_steps; i++)
		put_step(&text, i + 1, &plan->steps[i], style->verbose);
	for (size_t i = 0; i < plan->notes.n; i++) {
		/* Without steps the note is all that there is to say. */
		if (plan->n_steps > 0) {
			bm_text_put(&text, BM_TONE_WARN, "note");
			bm_text_to(&text, 5);
		}
		bm_text_wrap(&text, plan->n_steps > 0 ? 5 : 0, BM_TONE_PLAIN, plan->notes.items[i]);
	}
	put_instructions(&text, plan);
}

static void put_outcome(struct bm_text *text, const struct bm_result *result)
{
	enum bm_tone tone = result->outcome == BM_OUTCOME_REPAIRED ? BM_TONE_GOOD
			    : result->outcome == BM_OUTCOME_PARTLY || result->outcome == BM_OUTCOME_NOT_JUDGED
				    ? BM_TONE_WARN
				    : BM_TONE_BAD;

	bm_text_put(text, BM_TONE_PLAIN, "Result: ");
	bm_text_put(text, tone, bm_outcome_text(result->outcome));
	bm_text_end(text);
	if (result->error) {
		bm_text_to(text, 2);
		bm_text_wrap(text, 2, BM_TONE_PLAIN, result->error);
	}
	if (result->missing_bytes > 0) {
		_cleanup_free_ char *size = bm_size_text(result->missing_bytes);

		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_PLAIN, "missing: %llu bytes (%s)", (unsigned long long)result->missing_bytes,
			size ? size : "");
		bm_text_end(text);
	}
}

void bm_report_result_text(const struct bm_plan *plan, const struct bm_result *result,
	const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	for (size_t i = 0; i < result->n_steps; i++) {
		const struct bm_step_result *step = &result->steps[i];
		const char *planned = i < plan->n_steps ? plan->steps[i].text : NULL;

		bm_text_put(&text, step->done ? BM_TONE_GOOD : BM_TONE_BAD, step->done ? "  ok" : "FAIL");
		bm_text_to(&text, 5);
		bm_text_putf(&text, BM_TONE_PLAIN, "%4u s", step->seconds);
		bm_text_to(&text, 13);
		if (!step->done || style->verbose) {
			bm_text_wrap(&text, 13, BM_TONE_PLAIN, step->text ? step->text : planned ? planned : "");
			continue;
		}
		/* What went well is worth a line; all of it stands in the record. */
		bm_text_put(&text, BM_TONE_PLAIN, step->text ? step->text : planned);
		bm_text_end(&text);
	}
	if (result->tool_tail.n > 0) {
		bm_text_put(&text, BM_TONE_PLAIN, "The tool's last lines:");
		bm_text_end(&text);
		for (size_t i = 0; i < result->tool_tail.n; i++) {
			bm_text_to(&text, 2);
			bm_text_put(&text, BM_TONE_PLAIN, "| ");
			bm_text_wrap(&text, 4, BM_TONE_PLAIN, result->tool_tail.items[i]);
		}
	}
	for (size_t i = 0; i < result->images.n; i++) {
		const char *backup = i < result->backups.n ? result->backups.items[i] : "";

		bm_text_put(&text, BM_TONE_PLAIN, "new");
		bm_text_to(&text, 10);
		bm_text_wrap(&text, 10, BM_TONE_PLAIN, result->images.items[i]);
		bm_text_put(&text, BM_TONE_PLAIN, "previous");
		bm_text_to(&text, 10);
		bm_text_wrap(&text, 10, BM_TONE_PLAIN, *backup ? backup : "there was none");
	}
	if (result->log_path) {
		bm_text_put(&text, BM_TONE_PLAIN, "record");
		bm_text_to(&text, 10);
		bm_text_wrap(&text, 10, BM_TONE_PLAIN, result->log_path);
	}
	if (result->id) {
		bm_text_put(&text, BM_TONE_PLAIN, "undo");
		bm_text_to(&text, 10);
		bm_text_putf(&text, BM_TONE_PLAIN, "bootmend undo %s", result->id);
		bm_text_end(&text);
	}
	/* The plan's own words have left the screen by now. */
	if (result->outcome == BM_OUTCOME_PARTLY || result->outcome == BM_OUTCOME_NOT_JUDGED)
		put_instructions(&text, plan);
	put_outcome(&text, result);
}

static void put_strv(struct bm_json *json, const char *key, const struct bm_strv *list)
{
	bm_json_array(json, key);
	for (size_t i = 0; i < list->n; i++)
		bm_json_str(json, NULL, list->items[i]);
	bm_json_end(json);
}

static void put_edits(struct bm_json *json, const struct bm_step *step)
{
	bm_json_array(json, "edits");
	for (size_t i = 0; i < step->n_edits; i++) {
		bm_json_object(json, NULL);
		bm_json_u64(json, "line", step->edits[i].line);
		bm_json_str(json, "old", step->edits[i].old);
		bm_json_str(json, "new", step->edits[i].new);
		bm_json_end(json);
	}
	bm_json_end(json);
}

void bm_report_plan_json(struct bm_json *json, const char *key, const struct bm_plan *plan)
{
	bm_json_object(json, key);
	bm_json_str(json, "system", plan->system_id);
	bm_json_str(json, "uuid", plan->system_uuid);
	bm_json_str(json, "kernel", plan->kernel);
	bm_json_str(json, "verdict", plan->verdict);
	bm_json_array(json, "steps");
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct bm_step *step = &plan->steps[i];

		bm_json_object(json, NULL);
		bm_json_str(json, "kind", bm_step_kind_text(step->kind));
		bm_json_str(json, "text", step->text);
		bm_json_str(json, "why", step->why);
		bm_json_str(json, "version", step->version);
		bm_json_str(json, "target", step->target);
		bm_json_str(json, "filesystem", step->filesystem);
		put_strv(json, "argv", &step->argv);
		put_strv(json, "environment", &step->environment);
		put_strv(json, "drivers", &step->drivers);
		bm_json_u64(json, "need_bytes", step->need_bytes);
		bm_json_str(json, "link", step->link);
		bm_json_str(json, "before", step->before[0] ? step->before : NULL);
		bm_json_str(json, "after", step->after[0] ? step->after : NULL);
		put_edits(json, step);
		put_strv(json, "serves", &step->serves);
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_json_array(json, "basis");
	for (size_t i = 0; i < plan->n_basis; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "path", plan->basis[i].path);
		bm_json_str(json, "sha256", plan->basis[i].hash[0] ? plan->basis[i].hash : NULL);
		bm_json_end(json);
	}
	bm_json_end(json);
	put_strv(json, "notes", &plan->notes);
	put_strv(json, "instructions", &plan->instructions);
	bm_json_end(json);
}

void bm_report_result_json(
	struct bm_json *json, const char *key, const struct bm_plan *plan, const struct bm_result *result)
{
	bm_json_object(json, key);
	bm_json_str(json, "outcome", bm_outcome_text(result->outcome));
	bm_json_str(json, "error", result->error);
	bm_json_array(json, "steps");
	for (size_t i = 0; i < result->n_steps; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "kind", i < plan->n_steps ? bm_step_kind_text(plan->steps[i].kind) : NULL);
		bm_json_bool(json, "done", result->steps[i].done);
		bm_json_str(json, "text", result->steps[i].text);
		bm_json_u64(json, "seconds", result->steps[i].seconds);
		bm_json_end(json);
	}
	bm_json_end(json);
	put_strv(json, "tool_tail", &result->tool_tail);
	bm_json_u64(json, "missing_bytes", result->missing_bytes);
	bm_json_array(json, "images");
	for (size_t i = 0; i < result->images.n; i++) {
		const char *backup = i < result->backups.n ? result->backups.items[i] : "";

		bm_json_object(json, NULL);
		bm_json_str(json, "path", result->images.items[i]);
		bm_json_str(json, "previous", *backup ? backup : NULL);
		bm_json_str(json, "sha256", i < result->hashes.n ? result->hashes.items[i] : NULL);
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_json_str(json, "log", result->log_path);
	bm_json_str(json, "id", result->id);
	bm_json_bool(json, "interrupted", result->interrupted);
	bm_json_end(json);
}
