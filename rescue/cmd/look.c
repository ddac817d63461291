/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "look.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../report/text.h"

void bm_look_done(struct bm_look *look)
{
	bm_strv_done(&look->remains);
	free(look->verdict);
	*look = (struct bm_look){0};
}

/* What is known of the system that was repaired, as it is now; false where it cannot be looked at. */
static bool judge(const struct bm_global *global, const struct bm_plan *plan, struct bm_cmd_survey *open,
	struct bm_cmd_checked *ret_checked)
{
	struct bm_system *system;

	bm_cmd_survey_close(open);
	if (bm_cmd_survey_open(global, open) != BM_EXIT_OK)
		return false;
	if (bm_survey_choose(&open->survey, global->root ? NULL : plan->system_id, &system) < 0) {
		bm_cmd_error("the system that was repaired is not found again");
		return false;
	}
	return bm_cmd_check(&open->survey, system, true, ret_checked) == BM_EXIT_OK;
}

/* What the verdict over the system makes of the result. */
static int take_verdict(const struct bm_cmd_checked *checked, struct bm_result *result, struct bm_look *look)
{
	struct bm_verdict verdict;

	bm_cmd_verdict(checked, &verdict);
	look->failing = verdict.bits & BM_VERDICT_BIT_PROBLEMS;
	for (size_t i = 0; i < verdict.n_causes; i++)
		if (verdict.causes[i].certainty == BM_CERTAIN &&
			bm_strv_add(&look->remains, bm_finding_kinds[verdict.causes[i].finding->id].id) < 0)
			return -ENOMEM;
	if (verdict.bits & BM_VERDICT_BIT_UNJUDGED) {
		result->outcome = BM_OUTCOME_NOT_JUDGED;
	} else if (look->failing) {
		result->outcome = BM_OUTCOME_PARTLY;
	}
	if (verdict.outcome == BM_VERDICT_BOOTS && !verdict.doubt && !verdict.stale)
		return 0;
	look->verdict = bm_report_verdict(&verdict);
	return look->verdict ? 0 : -ENOMEM;
}

int bm_look_again(const struct bm_global *global, const struct bm_plan *plan, struct bm_cmd_survey *open,
	struct bm_result *result, struct bm_look *ret_look)
{
	_cleanup_cmd_checked_ struct bm_cmd_checked checked = {0};
	struct bm_look look = {0};
	int r = 0;

	*ret_look = look;
	if (result->outcome != BM_OUTCOME_REPAIRED && result->outcome != BM_OUTCOME_PARTLY)
		return BM_EXIT_OK;
	look.partly = result->outcome == BM_OUTCOME_PARTLY;
	look.looked = judge(global, plan, open, &checked);
	if (look.looked)
		r = take_verdict(&checked, result, &look);
	if (r < 0) {
		bm_look_done(&look);
		return bm_cmd_failed(r, NULL);
	}
	*ret_look = look;
	return BM_EXIT_OK;
}

int bm_look_status(const struct bm_result *result, const struct bm_look *look)
{
	switch (result->outcome) {
	case BM_OUTCOME_REPAIRED:
		return BM_EXIT_REPAIRED;
	case BM_OUTCOME_PARTLY:
		return BM_EXIT_REPAIRED | BM_EXIT_PROBLEMS;
	case BM_OUTCOME_NOT_JUDGED:
		return BM_EXIT_REPAIRED | BM_EXIT_FAILED | (look->failing || look->partly ? BM_EXIT_PROBLEMS : 0);
	case BM_OUTCOME_FAILED:
	case BM_OUTCOME_NO_SPACE:
	case BM_OUTCOME_REFUSED:
		break;
	}
	return BM_EXIT_FAILED;
}

void bm_look_text(const struct bm_look *look, const struct bm_report_style *style, struct bm_buf *out)
{
	_cleanup_free_ char *line = look->verdict
					    ? bm_strf("Looked again: %s", look->verdict)
					    : strdup("Looked again: nothing is found any more that stops the boot.");
	struct bm_text text;

	if (!look->looked)
		return;
	bm_text_init(&text, out, style->color, style->columns);
	if (line)
		bm_text_wrap(&text, 0, look->failing ? BM_TONE_BAD : look->verdict ? BM_TONE_WARN : BM_TONE_GOOD, line);
	else
		out->failed = true;
}

void bm_look_json(const struct bm_look *look, struct bm_json *json)
{
	if (!look->looked) {
		bm_json_str(json, "remains", NULL);
		return;
	}
	bm_json_array(json, "remains");
	for (size_t i = 0; i < look->remains.n; i++)
		bm_json_str(json, NULL, look->remains.items[i]);
	bm_json_end(json);
}
