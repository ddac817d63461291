/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "../base/str.h"
#include "../os/run/system.h"
#include "ask.h"
#include "survey.h"
#include "versions.h"

#define LOCK_PATH "/run/bootmend/lock"

const char *const bm_cmd_apply_keys[] = {"plan", "result", NULL};

bool bm_cmd_interrupted(const struct bm_system *system)
{
	const struct bm_history_item *item = bm_history_interrupted(&system->history);

	if (!item)
		return false;
	if (item->damaged)
		bm_cmd_error("the journal of the repair %s is damaged, so it can be neither completed nor taken back; "
			     "what it "
			     "kept is in %s/%s: move that folder away to go on",
			item->id, BM_HISTORY_DIR, item->id);
	else if (item->phase == BM_JOURNAL_UNDOING)
		bm_cmd_error("the undo of %s was interrupted: `bootmend undo` completes it", item->id);
	else
		bm_cmd_error("the repair %s was interrupted: `bootmend apply --resume` completes it, `bootmend undo` "
			     "takes it back",
			item->id);
	return true;
}

/* Whether a step of the plan gives the image up. */
static bool is_discarded(const struct bm_survey *survey, const struct bm_hibernation *image, const struct bm_plan *plan)
{
	const struct bm_device *device = image->device >= 0 ? &survey->devices.items[image->device] : NULL;

	for (size_t i = 0; plan && device && i < plan->n_steps; i++) {
		const struct bm_step *step = &plan->steps[i];

		if (step->kind == BM_STEP_DISCARD && image->placed && step->offset_bytes == image->offset_bytes &&
			step->page_bytes == image->header.page_bytes && bm_streq(step->before, image->before) &&
			(bm_streq(step->target, device->path) || bm_streq(step->target, device->name) ||
				(device->uuid && bm_streq(step->filesystem, device->uuid))))
			return true;
	}
	return false;
}

/* Whether the image lies on a disk of a filesystem that the plan repairs from outside. */
static bool is_beside(const struct bm_survey *survey, const struct bm_hibernation *image, const struct bm_plan *plan)
{
	for (size_t i = 0; plan && i < plan->n_steps; i++)
		for (size_t d = 0; d < survey->devices.n; d++) {
			const struct bm_device *device = &survey->devices.items[d];

			if (plan->steps[i].target &&
				(bm_streq(device->path, plan->steps[i].target) ||
					bm_streq(device->name, plan->steps[i].target)) &&
				image->device >= 0 && bm_devices_share_disk(&survey->devices, d, (size_t)image->device))
				return true;
		}
	return false;
}

bool bm_cmd_hibernated(const struct bm_survey *survey, const struct bm_system *system, const struct bm_plan *plan)
{
	const struct bm_hibernations *images = system ? &system->hibernations : &survey->hibernations;

	for (size_t i = 0; i < images->n; i++) {
		_cleanup_free_ char *name = bm_hibernation_name(survey, &images->items[i]);

		if (is_discarded(survey, &images->items[i], plan) ||
			(!system && !is_beside(survey, &images->items[i], plan)))
			continue;
		bm_cmd_error(
			"%s holds the memory of a machine that was hibernated, so nothing is changed: when it goes on, "
			"it writes over what it finds. %s",
			name ? name : "swap", bm_finding_kinds[BM_FINDING_HIBERNATED].advice);
		return true;
	}
	return false;
}

int bm_cmd_nothing(const struct bm_global *global, const char *verb, const char *const *keys, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf text = {0}, out = {0};
	_cleanup_free_ char *safe = NULL;
	struct bm_json json;
	va_list args;

	va_start(args, format);
	bm_buf_addv(&text, format, args);
	va_end(args);
	safe = bm_str_safe(bm_buf_text(&text));
	if (!safe || text.failed)
		return bm_cmd_failed(-ENOMEM, NULL);
	if (global->json) {
		bm_report_json_begin(&json, &out, BM_VERSION, verb);
		for (; *keys; keys++)
			bm_json_str(&json, *keys, NULL);
		bm_json_array(&json, "notes");
		bm_json_str(&json, NULL, safe);
		bm_json_end(&json);
		bm_report_json_end(&json);
	} else {
		bm_buf_addf(&out, "%s\n", safe);
	}
	return bm_cmd_print(&out, BM_EXIT_OK);
}

bool bm_cmd_agree(const struct bm_global *global, const struct bm_system *system, const struct bm_history_item *item,
	const char *purpose, const char *question)
{
	const struct bm_report_style style = bm_cmd_style(global);
	_cleanup_buf_ struct bm_buf out = {0};

	if (!isatty(STDIN_FILENO) || global->json) {
		bm_cmd_error("nobody is there to be asked: add --yes to %s", purpose);
		return false;
	}
	bm_report_history_item_text(system, item, &style, &out);
	return bm_cmd_print(&out, BM_EXIT_OK) == BM_EXIT_OK && bm_ask_yes(question);
}

int bm_repair_lock(int *ret_lock)
{
	int holder = 0, r = bm_lock_take(LOCK_PATH, ret_lock, &holder);

	if (r == -EBUSY) {
		bm_cmd_error("another bootmend is at work (process %d)", holder);
		return BM_EXIT_FAILED;
	}
	return r < 0 ? bm_cmd_failed(r, "cannot take the lock") : BM_EXIT_OK;
}
