/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The repairs of a system, and what an undo did:
 *
 *	20261121-034000-9c1e  2026-11-21 03:40  repaired     FSTAB-MISSING, GRUB-DEFAULT
 *	    /etc/fstab
 *	    /boot/grub2/grub.cfg
 */
#include "report.h"

#include <string.h>

#include "../base/str.h"
#include "text.h"

enum { PATHS_MAX = 4, DAY_S = 86400 };

/* 2026-11-21 03:40, in UTC: days from civil, the other way round (Gregorian, from 1 March 0000). */
static void put_time(struct bm_text *text, int64_t time)
{
	int64_t days = time / DAY_S + 719468, era = days / 146097, of_day = time % DAY_S;
	int64_t doe = days - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;

	/* Before 1970 no journal was written. */
	if (time < 0 || time > 253402300799LL)
		return;
	bm_text_putf(text, BM_TONE_PLAIN, "%04lld-%02lld-%02lld %02lld:%02lld",
		(long long)(yoe + era * 400 + (month <= 2)), (long long)month, (long long)day,
		(long long)(of_day / 3600), (long long)(of_day / 60 % 60));
}

static enum bm_tone tone_of(const struct bm_history_item *item)
{
	if (item->damaged || item->phase == BM_JOURNAL_OPEN || item->phase == BM_JOURNAL_UNDOING)
		return BM_TONE_BAD;
	return item->phase == BM_JOURNAL_ENDED ? BM_TONE_GOOD : BM_TONE_PLAIN;
}

static void put_item(struct bm_text *text, const struct bm_history_item *item, bool all)
{
	size_t shown = all ? item->paths.n : BM_MIN(item->paths.n, (size_t)PATHS_MAX);

	bm_text_put(text, BM_TONE_STRONG, item->id);
	bm_text_to(text, 22);
	put_time(text, item->time);
	bm_text_to(text, 40);
	bm_text_put(text, tone_of(item), bm_history_state_text(item));
	bm_text_to(text, 56);
	bm_text_wrap(text, 56, BM_TONE_PLAIN, item->text ? item->text : "");
	for (size_t i = 0; i < shown; i++) {
		bm_text_to(text, 4);
		bm_text_wrap(text, 4, BM_TONE_PLAIN, item->paths.items[i]);
	}
	if (item->paths.n > shown) {
		bm_text_to(text, 4);
		bm_text_putf(text, BM_TONE_PLAIN, "and %zu more", item->paths.n - shown);
		bm_text_end(text);
	}
}

void bm_report_history_item_text(const struct bm_system *system, const struct bm_history_item *item,
	const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	(void)system;
	bm_text_init(&text, out, style->color, style->columns);
	put_item(&text, item, true);
}

/* What a person does about one that was interrupted. */
static void put_advice(struct bm_text *text, const struct bm_history_item *item)
{
	if (item->damaged)
		bm_text_wrap(text, 0, BM_TONE_WARN, "Its journal is damaged: what it says can't be trusted.");
	else if (item->phase == BM_JOURNAL_UNDOING)
		bm_text_wrap(text, 0, BM_TONE_WARN, "An undo was interrupted: `bootmend undo` completes it.");
	else
		bm_text_wrap(text, 0, BM_TONE_WARN,
			"A repair was interrupted: `bootmend apply --resume` completes it, `bootmend undo` takes it "
			"back.");
}

void bm_report_interrupted_text(const struct bm_system *system, const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_history_item *item = bm_history_interrupted(&system->history);
	struct bm_text text;

	if (!item)
		return;
	bm_text_init(&text, out, style->color, style->columns);
	bm_text_putf(&text, BM_TONE_BAD, "%s %s", item->id, bm_history_state_text(item));
	bm_text_end(&text);
	put_advice(&text, item);
}

void bm_report_history_text(const struct bm_system *system, const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_history *history = &system->history;
	const struct bm_history_item *interrupted = bm_history_interrupted(history);
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	if (history->n == 0) {
		bm_text_put(&text, BM_TONE_PLAIN, "This system was not repaired by bootmend yet.");
		bm_text_end(&text);
	}
	for (size_t i = history->n; i > 0; i--)
		put_item(&text, &history->items[i - 1], style->verbose);
	if (interrupted)
		put_advice(&text, interrupted);
}

static void put_strv(struct bm_json *json, const char *key, const struct bm_strv *list)
{
	bm_json_array(json, key);
	for (size_t i = 0; i < list->n; i++)
		bm_json_str(json, NULL, list->items[i]);
	bm_json_end(json);
}

void bm_report_history_json(struct bm_json *json, const char *key, const struct bm_history *history)
{
	bm_json_array(json, key);
	for (size_t i = history->n; i > 0; i--) {
		const struct bm_history_item *item = &history->items[i - 1];

		bm_json_object(json, NULL);
		bm_json_str(json, "id", item->id);
		bm_json_int(json, "time", item->time);
		bm_json_str(json, "state", bm_history_state_text(item));
		bm_json_str(json, "purpose", item->text);
		bm_json_str(json, "plan", item->plan);
		bm_json_str(json, "root_uuid", item->uuid);
		put_strv(json, "paths", &item->paths);
		bm_json_end(json);
	}
	bm_json_end(json);
}

void bm_report_interrupted_json(struct bm_json *json, const char *key, const struct bm_history *history)
{
	const struct bm_history_item *item = bm_history_interrupted(history);

	if (!item) {
		bm_json_str(json, key, NULL);
		return;
	}
	bm_json_object(json, key);
	bm_json_str(json, "id", item->id);
	bm_json_int(json, "time", item->time);
	bm_json_str(json, "state", bm_history_state_text(item));
	bm_json_end(json);
}

void bm_report_undo_text(const struct bm_undo_result *result, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	if (result->already) {
		bm_text_putf(&text, BM_TONE_PLAIN, "%s was undone already; nothing is changed.", result->id);
		bm_text_end(&text);
		return;
	}
	for (size_t i = 0; i < result->restored.n; i++) {
		bm_text_put(&text, BM_TONE_GOOD, "as before");
		bm_text_to(&text, 11);
		bm_text_wrap(&text, 11, BM_TONE_PLAIN, result->restored.items[i]);
	}
	for (size_t i = 0; i < result->notes.n; i++) {
		bm_text_put(&text, BM_TONE_WARN, "stays");
		bm_text_to(&text, 11);
		bm_text_wrap(&text, 11, BM_TONE_PLAIN, result->notes.items[i]);
	}
	bm_text_put(&text, BM_TONE_PLAIN, "Result: ");
	bm_text_putf(&text, BM_TONE_GOOD, "undone %s", result->id);
	bm_text_end(&text);
}

void bm_report_undo_json(struct bm_json *json, const char *key, const struct bm_undo_result *result, bool undone)
{
	bm_json_object(json, key);
	bm_json_str(json, "id", result->id);
	bm_json_bool(json, "undone", undone || result->already);
	bm_json_bool(json, "already", result->already);
	put_strv(json, "restored", &result->restored);
	put_strv(json, "changed", &result->changed);
	put_strv(json, "stays", &result->notes);
	bm_json_end(json);
}
