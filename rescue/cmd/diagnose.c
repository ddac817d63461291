/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend diagnose: why a system does not boot, and whether rebuilding its initramfs helps.
 */
#include "survey.h"
#include "versions.h"

static void write_json(const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_findings *findings, const struct bm_proof *proof, struct bm_buf *out)
{
	struct bm_json json;

	bm_report_json_begin(&json, out, BM_VERSION, "diagnose");
	bm_report_system_json(&json, "system", survey, system, NULL);
	bm_report_findings_json(&json, findings);
	if (proof)
		bm_report_proof_json(&json, "proof", proof);
	else
		bm_json_str(&json, "proof", NULL);
	bm_report_json_end(&json);
}

static int diagnose_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_findings findings = {0};
	struct bm_proof proof = {0};
	struct bm_system *system;
	bool proven = false;
	int words, status;

	status = bm_cmd_options(NULL, 0, argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("diagnose takes no arguments (name disks with --disk)");
	status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK)
		status = bm_cmd_choose(global, &open.survey, &system);
	if (status == BM_EXIT_OK)
		status = bm_cmd_check(&open.survey, system, true, &findings, &proof, &proven);
	if (status != BM_EXIT_OK)
		return status;
	if (global->json) {
		write_json(&open.survey, system, &findings, proven ? &proof : NULL, &out);
	} else {
		bm_report_findings_text(system, &findings, &style, &out);
		if (style.verbose && proven) {
			bm_buf_addf(&out, "\n%s\n", bm_system_default_kernel(system)->initramfs_path);
			bm_report_proof_text(&proof, &style, &out);
		}
	}
	status = bm_findings_count(&findings, BM_SEVERITY_FATAL) > 0 ? BM_EXIT_PROBLEMS : BM_EXIT_OK;
	status = bm_cmd_print(&out, status);
	if (proven)
		bm_proof_done(&proof);
	bm_findings_done(&findings);
	return status;
}

const struct bm_cmd bm_cmd_diagnose = {
	.name = "diagnose",
	.arguments = "",
	.summary = "say why the system does not boot, with evidence",
	.details = "Reads the initramfs of the default boot entry from its beginning to its end. Nothing is written.\n"
		   "Exit status 4 where something was found that stops the boot.\n"
		   "  -v                   also what was proven of the initramfs\n",
	.run = diagnose_run,
};
