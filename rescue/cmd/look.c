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

/* The findings of the system that was repaired, as it is now; false where it cannot be looked at. */
static bool judge(const struct bm_global *global, const struct bm_plan *plan, struct bm_cmd_survey *open,
	struct bm_findings *ret_findings)
{
	struct bm_system *system;

	bm_cmd_survey_close(open);
	if (bm_cmd_survey_open(global, open) != BM_EXIT_OK)
		return false;
	if (bm_survey_choose(&open->survey, global->root ? NULL : plan->system_id, &system) < 0) {
		bm_cmd_error("the system that was repaired is not found again");
		return false;
	}
	return bm_cmd_check(&open->survey, system, true, ret_findings, NULL, NULL) == BM_EXIT_OK;
}

int bm_look_again(const struct bm_global *global, const struct bm_plan *plan, struct bm_cmd_survey *open,
	struct bm_result *result, struct bm_look *ret_look)
{
	struct bm_findings findings = {0};
	struct bm_look look = {0};
	int r = 0;

	*ret_look = look;
	if (result->outcome != BM_OUTCOME_REPAIRED && result->outcome != BM_OUTCOME_PARTLY)
		return BM_EXIT_OK;
	look.looked = judge(global, plan, open, &findings);
	for (size_t i = 0; r == 0 && i < findings.n; i++)
		if (findings.items[i].severity == BM_SEVERITY_FATAL && !findings.items[i].doubtful)
			r = bm_strv_add_once(&look.remains, bm_finding_kinds[findings.items[i].id].id);
	if (look.remains.n > 0) {
		result->outcome = BM_OUTCOME_PARTLY;
		look.verdict = bm_report_verdict(&findings);
		r = look.verdict ? r : -ENOMEM;
	}
	bm_findings_done(&findings);
	if (r < 0) {
		bm_look_done(&look);
		return bm_cmd_failed(r, NULL);
	}
	*ret_look = look;
	return BM_EXIT_OK;
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
		bm_text_wrap(&text, 0, look->verdict ? BM_TONE_BAD : BM_TONE_GOOD, line);
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
