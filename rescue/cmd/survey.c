/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../check/check.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "../plan/tool.h"
#include "../proof/configs.h"
#include "../proof/prove.h"
#include "../system/logs.h"
#include "../system/unopened.h"

#define LOCK_PATH "/run/bootmend/look"

enum { LOCK_WAIT_MS = 30000, LOCK_TRY_MS = 200 };

/* Two that look at the same disks at once would deactivate each other's logical volumes, and a filesystem that one of
 * them repairs cannot be mounted read-only by the other. */
static int take_lock(int *ret_lock)
{
	uint64_t begin = bm_time_ms();
	bool told = false;

	for (;;) {
		int holder = 0, r = bm_lock_take(LOCK_PATH, ret_lock, &holder);

		if (r != -EBUSY) {
			/* Where no lock can be made nobody else has one, either. */
			bm_err_clear();
			return BM_EXIT_OK;
		}
		if (bm_time_ms() - begin >= LOCK_WAIT_MS) {
			bm_cmd_error("another bootmend is at work on the disks (process %d)", holder);
			return BM_EXIT_FAILED;
		}
		if (!told && bm_time_ms() - begin > 2000) {
			bm_cmd_error("waiting for another bootmend (process %d)", holder);
			told = true;
		}
		bm_sleep_ms(LOCK_TRY_MS);
	}
}

int bm_cmd_survey_open(const struct bm_global *global, struct bm_cmd_survey *ret_survey)
{
	int r;

	*ret_survey = BM_CMD_SURVEY_NONE;
	if (!global->root && !bm_system_is_root()) {
		bm_cmd_error("looking at disks needs root's rights");
		return BM_EXIT_FAILED;
	}
	if (!global->root && global->disks.n == 0 && take_lock(&ret_survey->lock) != BM_EXIT_OK)
		return BM_EXIT_FAILED;
	/* Where this fails (no /proc) the namespace is left with the process: what is mounted is then ours alone. */
	if (bm_mntns_save(&ret_survey->home) < 0)
		bm_err_clear();
	r = bm_survey_run(&global->disks, global->root, &ret_survey->survey);
	ret_survey->filled = r == 0;
	for (size_t i = 0; r == 0 && i < ret_survey->survey.systems.n; i++)
		r = bm_proof_read_configs(&ret_survey->survey.systems.items[i], &ret_survey->survey);
	if (r < 0) {
		bm_cmd_survey_close(ret_survey);
		return bm_cmd_failed(r, NULL);
	}
	return BM_EXIT_OK;
}

void bm_cmd_survey_close(struct bm_cmd_survey *survey)
{
	if (survey->filled)
		bm_survey_done(&survey->survey);
	survey->filled = false;
	if (bm_mntns_return(&survey->home) < 0)
		bm_err_clear();
	bm_mntns_done(&survey->home);
	bm_file_close(survey->lock);
	survey->lock = -1;
}

/* What may be the reason that there is no system, for free(); NULL when memory is short. */
static char *why_none(const struct bm_survey *survey)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};
	_cleanup_free_ char *more = NULL;

	if (survey->devices.n == 0)
		return strdup(" (there are no disks)");
	if (bm_unopened_find(survey, &list) < 0)
		return NULL;
	if (list.n > 1)
		more = bm_strf(" (`bootmend scan` names %zu more)", list.n - 1);
	if (list.n > 0)
		return bm_strf("; one may lie in what was not opened: %s%s", list.items[0].text, more ? more : "");
	for (size_t i = 0; i < survey->volumes.n; i++)
		if (survey->volumes.items[i].error)
			return strdup(", and a filesystem can't be mounted (`bootmend scan -v` shows why)");
	return strdup(" (`bootmend scan -v` shows the disks)");
}

int bm_cmd_choose(const struct bm_global *global, const struct bm_survey *survey, struct bm_system **ret_system)
{
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf list = {0};
	int r = bm_survey_choose(survey, global->system, ret_system);

	if (r == 0)
		return BM_EXIT_OK;
	if (survey->systems.n == 0) {
		_cleanup_free_ char *why = why_none(survey);

		bm_cmd_error("no installed system was found%s", why ? why : "");
		return BM_EXIT_FAILED;
	}
	if (r == -EEXIST && global->system)
		bm_cmd_error("--system %s fits several systems; name one by its id:", global->system);
	else if (r == -EEXIST)
		bm_cmd_error("there are several systems; name one with --system:");
	else if (r == -ENOENT)
		bm_cmd_error("--system %s fits none of the systems:", global->system ? global->system : "");
	else
		return bm_cmd_failed(r, NULL);
	bm_report_systems_text(survey, &style, &list);
	bm_cmd_say(stderr, bm_buf_text(&list));
	return r == -EEXIST ? BM_EXIT_AMBIGUOUS : BM_EXIT_FAILED;
}

void bm_cmd_checked_done(struct bm_cmd_checked *checked)
{
	if (checked->proven)
		bm_proof_done(&checked->proof);
	bm_findings_done(&checked->findings);
	*checked = (struct bm_cmd_checked){0};
}

int bm_cmd_check(
	const struct bm_survey *survey, struct bm_system *system, bool read_image, struct bm_cmd_checked *ret_checked)
{
	const struct bm_kernel *kernel = bm_system_default_kernel(system);
	const struct bm_loader *loader = &system->loader;
	bool unified = loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries &&
		       loader->entries[loader->default_entry].unified &&
		       loader->entries[loader->default_entry].initramfs_exists;
	struct bm_cmd_checked checked = {0};
	int r = 0;

	if (read_image && kernel && (unified || kernel->initramfs_exists)) {
		r = unified ? bm_prove_entry(survey, system, (size_t)loader->default_entry, &checked.proof)
			    : bm_prove_kernel(survey, system, kernel, &checked.proof);
		if (r == -ENOMEM)
			return bm_cmd_failed(r, NULL);
		/* An image that cannot be read is told, and the other checks go on. */
		checked.proven = r == 0;
		checked.unread = r < 0 && r != -ENOENT;
		if (r < 0)
			bm_cmd_error("%s", bm_err_text(r));
	}
	checked.no_rebuild = kernel && (!kernel->modules_dir || !bm_tool_of(system));
	r = bm_check_system(survey, system, checked.proven ? &checked.proof : NULL, &checked.findings);
	if (r < 0) {
		bm_cmd_checked_done(&checked);
		return bm_cmd_failed(r, NULL);
	}
	bm_findings_sort(&checked.findings);
	*ret_checked = checked;
	return BM_EXIT_OK;
}

void bm_cmd_verdict(const struct bm_cmd_checked *checked, struct bm_verdict *ret_verdict)
{
	const struct bm_verdict_input input = {.findings = &checked->findings,
		.disks = true,
		.system = true,
		.unread = checked->unread,
		.no_rebuild = checked->no_rebuild};

	bm_verdict_make(&input, ret_verdict);
}

void bm_cmd_diagnosis_done(struct bm_cmd_diagnosis *diagnosis)
{
	bm_cmd_checked_done(&diagnosis->checked);
	bm_consoles_done(&diagnosis->consoles);
	bm_strv_done(&diagnosis->notes);
	*diagnosis = (struct bm_cmd_diagnosis){0};
}

/* Each log is let go when it is read: what counts of it is little. */
static int read_logs(struct bm_logs *logs, enum bm_console_kind kind, struct bm_cmd_diagnosis *diagnosis)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < logs->n; i++) {
		struct bm_log *log = &logs->items[i];

		r = bm_console_read(&diagnosis->consoles, log->name, kind, bm_buf_text(&log->bytes), log->bytes.len);
		bm_buf_done(&log->bytes);
	}
	for (size_t i = 0; r == 0 && i < logs->notes.n; i++)
		r = bm_strv_add(&diagnosis->notes, logs->notes.items[i]);
	return r;
}

/* When the image of the default entry was written, 0 where unknown. */
static int64_t image_time(const struct bm_system *system)
{
	const struct bm_kernel *kernel = bm_system_default_kernel(system);
	struct bm_stat st;

	if (!kernel || !kernel->initramfs_exists || !system->root)
		return 0;
	if (bm_root_stat(system->root, kernel->initramfs_path, true, &st) < 0) {
		bm_err_clear();
		return 0;
	}
	return st.mtime_s;
}

int bm_cmd_diagnosis_make(const struct bm_survey *survey, struct bm_system *system, struct bm_cmd_diagnosis *diagnosis)
{
	_cleanup_logs_ struct bm_logs present = {0}, kept = {0};
	struct bm_cmd_checked *checked = &diagnosis->checked;
	struct bm_console_facts facts = {0};
	int r = 0, status;

	if (system) {
		status = bm_cmd_check(survey, system, true, checked);
		if (status != BM_EXIT_OK)
			return status;
	} else if (survey) {
		r = bm_check_disks(survey, &checked->findings);
	}
	if (r == 0 && survey)
		r = bm_logs_read_present(&present);
	if (r == 0)
		r = read_logs(&present, BM_CONSOLE_PRESENT, diagnosis);
	if (r == 0 && system)
		r = bm_logs_read(system, &kept);
	if (r == 0)
		r = read_logs(&kept, BM_CONSOLE_KEPT, diagnosis);
	if (system)
		facts = (struct bm_console_facts){
			survey, system, checked->proven ? &checked->proof : NULL, image_time(system)};
	if (r == 0)
		r = bm_console_join(&diagnosis->consoles, &facts, &checked->findings);
	return r == 0 ? BM_EXIT_OK : bm_cmd_failed(r, NULL);
}

struct bm_report_style bm_cmd_style(const struct bm_global *global)
{
	struct bm_report_style style = {.color = global->color, .verbose = global->verbose > 0};
	unsigned int rows;

	if (bm_tty_is(STDOUT_FILENO)) {
		const char *terminal = bm_system_env("TERM");

		bm_tty_size(STDOUT_FILENO, &style.columns, &rows);
		if (!terminal || bm_streq(terminal, "dumb"))
			style.color = false;
	}
	/* Beyond that a line is hard to follow. */
	style.columns = BM_MIN(style.columns, 132U);
	return style;
}
