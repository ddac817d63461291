/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accept.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/disk/swaphdr.h"
#include "../plan/tool.h"
#include "fsck_int.h"
#include "txn.h"

/* --- paths --- */

/* path without doubled slashes and dots; for free(), NULL where it has ".." or memory is short. */
static char *plain(const char *path)
{
	_cleanup_buf_ struct bm_buf out = {0};

	for (const char *at = path + strspn(path, "/"); *at; at += strspn(at, "/")) {
		size_t len = strcspn(at, "/");

		if (len == 2 && at[0] == '.' && at[1] == '.')
			return NULL;
		if (len != 1 || at[0] != '.')
			bm_buf_addf(&out, "/%.*s", (int)len, at);
		at += len;
	}
	return out.len > 0 ? bm_buf_steal(&out) : NULL;
}

bool bm_accept_path(const char *path, bool exact)
{
	static const char *const others[] = {"/proc", "/sys", "/dev", "/run", BM_TXN_HOME};
	_cleanup_free_ char *clean = NULL;

	if (!path || path[0] != '/' || strlen(path) >= BM_ROOT_PATH_MAX)
		return false;
	clean = plain(path);
	if (!clean || (exact && !bm_streq(clean, path)))
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		if (bm_path_below(clean, others[i]))
			return false;
	return true;
}

/* A kernel version becomes a word of a command line and a part of paths. */
static bool is_version(const char *text)
{
	return text && *text && *text != '-' && *text != '.' && !strchr(text, '/') && strlen(text) < NAME_MAX;
}

/* --- plans --- */

/* How far a plan is. */
enum at { OUTSIDE = 1, INSIDE = 2, BUILT = 4, PROVEN = 8, RECORDED = 16, ENDED = 32 };
/* What a step must have. */
enum has { TARGET = 1, VERSION = 2, WORDS = 4, LINK = 8, OUTPUT = 16 };

/* By kind: from where it may be taken, where it leads, what it needs. A kind without a row is refused. */
static const struct {
	unsigned int from, to, needs;
} kinds[] = {
	[BM_STEP_DISCARD] = {OUTSIDE, OUTSIDE, 0},
	[BM_STEP_FSCK] = {OUTSIDE, OUTSIDE, 0},
	[BM_STEP_MOUNT] = {OUTSIDE, INSIDE, 0},
	[BM_STEP_EDIT] = {INSIDE, INSIDE, TARGET},
	[BM_STEP_LINK] = {INSIDE, INSIDE, TARGET | LINK},
	[BM_STEP_MOVE] = {INSIDE, INSIDE, TARGET},
	[BM_STEP_DEPMOD] = {INSIDE, INSIDE, TARGET | VERSION | WORDS},
	[BM_STEP_CONFIG] = {INSIDE, INSIDE, TARGET | WORDS | OUTPUT},
	[BM_STEP_BUILD] = {INSIDE, BUILT, VERSION | WORDS | OUTPUT},
	[BM_STEP_PROVE] = {BUILT, PROVEN, VERSION | TARGET},
	[BM_STEP_SWAP] = {PROVEN, INSIDE, VERSION | TARGET},
	[BM_STEP_RECORD] = {INSIDE, RECORDED, TARGET},
	[BM_STEP_UNMOUNT] = {INSIDE | RECORDED, ENDED, 0},
};

/* The tool writes into the work folder, not over anything. */
static bool has_output(const struct bm_step *step)
{
	for (size_t i = 0; i < step->argv.n; i++)
		if (strstr(step->argv.items[i], BM_TOOL_OUTPUT))
			return true;
	return false;
}

/* What the step lacks, or NULL. */
static const char *lack_of(const struct bm_step *step, unsigned int needs)
{
	if (step->kind == BM_STEP_FSCK)
		return !step->target && !step->filesystem ? "it names no device"
		       : !bm_fsck_is_command(step)	  ? "this is no command line of a filesystem check's"
							  : NULL;
	if (step->kind == BM_STEP_DISCARD)
		return !step->target && !step->filesystem ? "it names no device"
		       : step->page_bytes == 0 || step->page_bytes > BM_SWAPHDR_BYTES || !*step->before || !*step->after
			       ? "it tells of no swap header"
			       : NULL;
	if (needs & TARGET && !bm_accept_path(step->target, false))
		return "its target is no path that a repair may change";
	if (needs & VERSION && !is_version(step->version))
		return "it names no kernel version";
	if (needs & WORDS && (step->argv.n == 0 || !*step->argv.items[0]))
		return "it has no command line";
	if (needs & OUTPUT && !has_output(step))
		return "its tool would not write into the work folder";
	if (needs & LINK && (!step->link || !*step->link || strlen(step->link) >= BM_ROOT_PATH_MAX))
		return "it has no text for the link";
	if (step->kind == BM_STEP_DEPMOD && !bm_streq(step->argv.items[step->argv.n - 1], step->version))
		return "depmod would not index that version";
	if (step->kind == BM_STEP_RECORD && !bm_path_below(step->target, "/var/log"))
		return "the record belongs below /var/log";
	return NULL;
}

/* Proof and swap are about the image that was just built. */
static const char *other_image(const struct bm_plan *plan, size_t i)
{
	const struct bm_step *step = &plan->steps[i], *before = i > 0 ? step - 1 : NULL;

	if (!before || (step->kind != BM_STEP_PROVE && step->kind != BM_STEP_SWAP))
		return NULL;
	if (!bm_streq(step->version, before->version) ||
		(step->kind == BM_STEP_SWAP && !bm_streq(step->target, before->target)))
		return "it is about another image than the step before";
	return NULL;
}

int bm_accept_plan(const struct bm_plan *plan)
{
	unsigned int at = OUTSIDE;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct bm_step *step = &plan->steps[i];
		const char *why;

		if ((size_t)step->kind >= BM_ARRAY_SIZE(kinds) || !(kinds[step->kind].from & at))
			return bm_err(-EBADMSG, "step %zu of the plan (%s) does not belong there", i + 1,
				bm_step_kind_text(step->kind));
		why = lack_of(step, kinds[step->kind].needs);
		if (!why)
			why = other_image(plan, i);
		if (why)
			return bm_err(
				-EBADMSG, "step %zu of the plan (%s): %s", i + 1, bm_step_kind_text(step->kind), why);
		at = kinds[step->kind].to;
	}
	if (at == ENDED || (at == OUTSIDE && plan->n_steps > 0))
		return 0;
	return bm_err(-EBADMSG, "the plan does not end with unmounting");
}

int bm_accept_fsck(const struct bm_step *step, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_device **ret_device)
{
	const struct bm_device *device;
	int r = bm_fsck_find_device(survey, step, &device);

	for (size_t i = 0; r == 0 && i < system->n_mounts; i++)
		if (system->mounts[i].device >= 0 && &survey->devices.items[system->mounts[i].device] == device) {
			*ret_device = device;
			return 0;
		}
	return r < 0 ? r : bm_err(-EPERM, "%s holds no filesystem of this system", device->name);
}

/* --- journals --- */

static bool is_time_name(const char *text)
{
	return text && *text && text[strspn(text, "0123456789TZ-")] == '\0';
}

/* What was there is kept in the journal's own folder, by number; an image beside its place or in the folder above. */
static bool pre_is_ours(const struct bm_journal_record *intent, const char *id)
{
	_cleanup_free_ char *number = bm_strf(BM_TXN_HOME "/%s/%llu.pre", id, (unsigned long long)intent->number);
	_cleanup_free_ char *beside = bm_strf("%s.bootmend-", intent->path);
	_cleanup_free_ char *moved = bm_strf(BM_TXN_HOME "/%s.bootmend-", bm_path_base(intent->path));

	if (!number || !beside || !moved)
		return false;
	if (!intent->keep)
		return bm_streq(intent->pre, number);
	return is_time_name(bm_str_after(intent->pre, beside)) || is_time_name(bm_str_after(intent->pre, moved));
}

static const char *state_is_wrong(const struct bm_journal_state *state)
{
	if (state->mode > 07777 || state->uid > UINT32_MAX || state->gid > UINT32_MAX)
		return "an owner or a mode that cannot be";
	if (state->mtime_ns > 999999999 || state->size_bytes > INT64_MAX)
		return "a time or a size that cannot be";
	if (state->type == BM_JOURNAL_LINK && (!*state->link || strlen(state->link) >= BM_ROOT_PATH_MAX))
		return "a link that cannot be";
	return NULL;
}

static const char *intent_is_wrong(const struct bm_journal_record *intent, const char *id)
{
	_cleanup_free_ char *dir = NULL;
	const char *why = state_is_wrong(&intent->before);

	if (!why)
		why = state_is_wrong(&intent->after);
	if (why)
		return why;
	if (!bm_accept_path(intent->path, true))
		return "a path that no repair may change";
	dir = bm_path_dir(intent->path);
	if (!dir || !bm_streq(intent->dir, dir))
		return "a folder that is not the path's";
	if (intent->dir_mtime_ns > 999999999)
		return "a time that cannot be";
	if (intent->before.type == BM_JOURNAL_DIR ||
		(intent->op == BM_JOURNAL_MKDIR && intent->before.type != BM_JOURNAL_ABSENT))
		return "a folder that was there before";
	if (intent->before.type == BM_JOURNAL_FILE ? !intent->pre || !pre_is_ours(intent, id)
						   : intent->pre && !pre_is_ours(intent, id))
		return "what was there is kept where bootmend keeps nothing";
	return NULL;
}

int bm_accept_journal(const struct bm_journal *journal, const char *id)
{
	uint64_t intents = 0;

	for (size_t i = 0; i < journal->n; i++) {
		const struct bm_journal_record *record = &journal->records[i];
		const char *why = NULL;

		if ((i == 0) != (record->kind == BM_JOURNAL_BEGIN))
			why = i == 0 ? "it does not begin with the begin" : "it begins twice";
		else if (i == 0)
			why = bm_streq(record->id, id) ? NULL : "it is another repair's";
		else if (record->kind == BM_JOURNAL_INTENT)
			why = record->number != ++intents || intents > BM_ACCEPT_INTENTS_MAX
				      ? "a change that is not the next"
				      : intent_is_wrong(record, id);
		else if (record->number > intents)
			why = "a change that was never begun";
		else if (record->kind == BM_JOURNAL_DONE)
			why = state_is_wrong(&record->after);
		if (why)
			return bm_err(-EBADMSG,
				"the journal of %s is none that bootmend wrote (record %zu: %s); nothing is done with "
				"it, "
				"and where it is in the way move " BM_TXN_HOME "/%s away",
				id, i + 1, why, id);
	}
	return 0;
}
