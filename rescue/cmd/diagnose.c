/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend diagnose: why a system does not boot, and whether rebuilding its initramfs helps. The disks tell it, and the
 * console's text, where one is given.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/log/bootlog.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "planning.h"
#include "survey.h"
#include "versions.h"

enum { CONSOLES_MAX = 32, CHUNK = 65536, SLACK = 4 * 1024 * 1024 };

/* All of a file, or of standard input, but no more than the last bytes that a console's text may have. */
static int read_tail(const char *path, struct bm_buf *buf)
{
	_cleanup_fd_ int fd = -1;
	size_t len;
	int r;

	/* An empty text, as a script has it that saw none. */
	if (bm_file_is_null(path))
		return 0;
	r = bm_file_open(path, &fd, NULL);
	while (r == 0) {
		if (buf->len > BM_BOOTLOG_SIZE_MAX + SLACK) {
			memmove(buf->data, buf->data + SLACK, buf->len - SLACK);
			buf->len -= SLACK;
		}
		r = bm_buf_reserve(buf, CHUNK);
		if (r == 0)
			r = bm_file_next(fd, buf->data + buf->len, CHUNK, &len);
		if (r < 0 || len == 0)
			break;
		buf->len += len;
		buf->data[buf->len] = '\0';
	}
	return r;
}

static int read_consoles(const struct bm_strv *paths, struct bm_consoles *consoles)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i];
		_cleanup_buf_ struct bm_buf buf = {0};
		int r = read_tail(path, &buf);

		if (r == 0)
			r = bm_console_read(consoles, bm_streq(path, "-") ? "standard input" : path, BM_CONSOLE_GIVEN,
				bm_buf_text(&buf), buf.len);
		if (r < 0)
			return bm_cmd_failed(r, path);
	}
	return BM_EXIT_OK;
}

/* --console may be given several times: takes it out of the command line. */
static int take_consoles(int *argc, char **argv, struct bm_strv *paths)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		const char *value = bm_str_after(argv[i], "--console=");

		if (bm_streq(argv[i], "--console"))
			value = i + 1 < *argc ? argv[++i] : "";
		if (!value) {
			argv[kept++] = argv[i];
			continue;
		}
		if (!*value)
			return bm_cmd_usage("--console needs a file, or - for standard input");
		if (paths->n >= CONSOLES_MAX)
			return bm_cmd_usage("too many texts");
		if (bm_strv_add(paths, value) < 0)
			return bm_cmd_failed(-ENOMEM, NULL);
	}
	argv[kept] = NULL;
	*argc = kept;
	return BM_EXIT_OK;
}

static void write_json(const struct bm_survey *survey, const struct bm_report_diagnosis *report,
	const struct bm_cmd_diagnosis *diagnosis, struct bm_buf *out)
{
	struct bm_json json;

	bm_report_json_begin(&json, out, BM_VERSION, "diagnose");
	if (report->system)
		bm_report_system_json(&json, "system", survey, report->system, NULL);
	else
		bm_json_str(&json, "system", NULL);
	bm_report_diagnosis_json(&json, report);
	if (diagnosis->checked.proven)
		bm_report_proof_json(&json, "proof", &diagnosis->checked.proof);
	else
		bm_json_str(&json, "proof", NULL);
	bm_json_array(&json, "notes");
	for (size_t i = 0; i < diagnosis->notes.n; i++)
		bm_json_str(&json, NULL, diagnosis->notes.items[i]);
	bm_json_end(&json);
	bm_report_in_use_json(&json, survey);
	bm_report_json_end(&json);
}

static void write_text(const struct bm_global *global, const struct bm_survey *survey,
	const struct bm_report_diagnosis *report, const struct bm_cmd_diagnosis *diagnosis, struct bm_buf *out)
{
	struct bm_report_style style = bm_cmd_style(global);

	bm_report_in_use_text(survey, &style, out);
	bm_report_diagnosis_text(report, &style, out);
	if (!style.verbose)
		return;
	if (diagnosis->checked.proven) {
		bm_buf_addf(out, "\n%s\n", bm_system_default_kernel(report->system)->initramfs_path);
		bm_report_proof_text(&diagnosis->checked.proof, &style, out);
	}
	for (size_t i = 0; i < diagnosis->notes.n; i++)
		bm_buf_addf(out, "%s%s\n", i == 0 ? "\n" : "", diagnosis->notes.items[i]);
}

/* The system to look at. *ret_system stays NULL where there is none and the rest may still say why: a text, or a root
 * that can't be mounted. */
static int choose(
	const struct bm_global *global, const struct bm_survey *survey, bool text, struct bm_system **ret_system)
{
	/* A folder without a system in it is none, as long as there is a text to read. */
	if (text && !global->system && survey->systems.n == 1 && survey->systems.items[0].given &&
		survey->systems.items[0].score < BM_ROOT_SCORE_MIN)
		return BM_EXIT_OK;
	if (survey->systems.n == 0 && !global->system)
		return BM_EXIT_OK;
	return bm_cmd_choose(global, survey, ret_system);
}

static void judge(const struct bm_cmd_diagnosis *diagnosis, bool disks, bool system, struct bm_verdict *ret_verdict)
{
	const struct bm_verdict_input input = {.findings = &diagnosis->checked.findings,
		.consoles = &diagnosis->consoles,
		.disks = disks,
		.system = system,
		.unread = diagnosis->checked.unread,
		.no_rebuild = diagnosis->checked.no_rebuild};

	bm_verdict_make(&input, ret_verdict);
}

static int run(const struct bm_global *global, bool no_disks, struct bm_cmd_diagnosis *diagnosis)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	const struct bm_findings *findings = &diagnosis->checked.findings;
	struct bm_verdict verdict;
	struct bm_report_diagnosis report = {
		.findings = findings, .verdict = &verdict, .consoles = &diagnosis->consoles, .no_disks = no_disks};
	_cleanup_strv_ struct bm_strv served = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_system *system = NULL;
	int status = BM_EXIT_OK;

	if (!no_disks)
		status = bm_cmd_survey_open(global, &open);
	if (status == BM_EXIT_OK && !no_disks)
		status = choose(global, &open.survey, diagnosis->consoles.n > 0, &system);
	if (status == BM_EXIT_OK)
		status = bm_cmd_diagnosis_make(no_disks ? NULL : &open.survey, system, diagnosis);
	if (status != BM_EXIT_OK)
		return status;
	/* Nothing at all to go by. */
	if (!system && diagnosis->consoles.n == 0 && findings->n == 0)
		return bm_cmd_choose(global, &open.survey, &system);
	report.system = system;
	if (system && bm_planning_served(&open.survey, system, findings, &served) < 0)
		return bm_cmd_failed(-ENOMEM, NULL);
	report.served = system ? &served : NULL;
	judge(diagnosis, !no_disks, system != NULL, &verdict);
	if (global->json)
		write_json(&open.survey, &report, diagnosis, &out);
	else
		write_text(global, &open.survey, &report, diagnosis, &out);
	return bm_cmd_print(&out, verdict.bits);
}

static int diagnose_run(const struct bm_global *global, int argc, char **argv)
{
	_cleanup_cmd_diagnosis_ struct bm_cmd_diagnosis diagnosis = {0};
	_cleanup_strv_ struct bm_strv paths = {0};
	bool no_disks = false;
	const struct bm_cmd_option options[] = {{"--no-disks", 0, NULL, &no_disks}};
	int words, status;

	status = take_consoles(&argc, argv, &paths);
	if (status == BM_EXIT_OK)
		status = bm_cmd_options(options, BM_ARRAY_SIZE(options), argc, argv, &words);
	if (status != BM_EXIT_OK)
		return status;
	if (words > 0)
		return bm_cmd_usage("diagnose takes no arguments (name disks with --disk, a text with --console)");
	if (no_disks && paths.n == 0)
		return bm_cmd_usage("--no-disks needs a text: --console FILE");
	if (no_disks && (global->root || global->disks.n > 0 || global->system))
		return bm_cmd_usage("--no-disks looks at no disk and no system");
	status = read_consoles(&paths, &diagnosis.consoles);
	return status == BM_EXIT_OK ? run(global, no_disks, &diagnosis) : status;
}

const struct bm_cmd bm_cmd_diagnose = {
	.name = "diagnose",
	.arguments = "[--console FILE|-]",
	.summary = "say why the system does not boot, with evidence",
	.details = "Reads the initramfs of the default boot entry from its beginning to its end, and the system's own "
		   "logs.\n"
		   "Nothing is written. Exit status 4 where something was found that stops the boot, and 8 (both are\n"
		   "added) where something that decides it could not be judged.\n"
		   "  --console FILE|-     what the console said, from a file or standard input: a serial log, dmesg,\n"
		   "                       /var/log/messages, journalctl's output, rdsosreport.txt, or typed from a\n"
		   "                       screen; it is compared with what the disks show (may be repeated)\n"
		   "  --no-disks           the text alone: no disk is looked at\n"
		   "  -v                   also what was proven of the initramfs, and what the system's logs say\n",
	.run = diagnose_run,
};
