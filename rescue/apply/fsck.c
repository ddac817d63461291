/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fsck.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/fault.h"
#include "../os/root/fileio.h"
#include "../os/run/spawn.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"
#include "fsck_int.h"
#include "watch.h"

#define DEVICE_WORD "@DEVICE@"

/* An undo file has the blocks that are changed; nobody knows how many before. This much must be left for it. */
#define UNDO_MEMORY (512 * BM_MIB)

enum { E2FSCK_ERRORS = 4 };

static const struct bm_fsck_tool tools[] = {
	{"e2fsck", {"ext2", "ext3", "ext4"}, {"-f", "-y"}, {"-f", "-n"},
		"Look at what e2fsck says, and copy the disk before it is run again"},
	{"xfs_repair", {"xfs"}, {"-e"}, {"-n"},
		"Look at what xfs_repair says, and copy the disk before it is run again"},
	{"fsck.fat", {"vfat"}, {"-a"}, {"-n"}, "Copy the files off it and make the filesystem anew"},
	{"btrfs", {"btrfs"}, {"check", "--readonly"}, {NULL},
		"Copy the data off it first (btrfs restore, or mount -o ro,rescue=all); `btrfs check --repair` may "
		"make it "
		"worse"},
};

void bm_fsck_result_done(struct bm_fsck_result *result)
{
	free(result->text);
	free(result->instruction);
	free(result->undo);
	bm_strv_done(&result->tail);
	*result = (struct bm_fsck_result){0};
}

const char *bm_fsck_outcome_text(enum bm_fsck_outcome outcome)
{
	static const char *const texts[] = {"clean", "repaired", "left", "refused", "failed"};

	return texts[outcome];
}

static const struct bm_fsck_tool *tool_for(const char *fstype)
{
	for (size_t i = 0; fstype && i < BM_ARRAY_SIZE(tools); i++)
		for (size_t t = 0; t < BM_ARRAY_SIZE(tools[i].fstypes); t++)
			if (bm_streq(tools[i].fstypes[t], fstype))
				return &tools[i];
	return NULL;
}

static int add_words(struct bm_strv *argv, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n && words[i]; i++)
		if (bm_strv_add(argv, words[i]) < 0)
			return -ENOMEM;
	return 0;
}

int bm_fsck_command(const char *fstype, struct bm_strv *argv)
{
	const struct bm_fsck_tool *tool = tool_for(fstype);

	if (!tool)
		return -ENOTSUP;
	if (bm_strv_add(argv, tool->name) < 0 || add_words(argv, tool->repair, BM_ARRAY_SIZE(tool->repair)) < 0)
		return -ENOMEM;
	return bm_strv_add(argv, DEVICE_WORD);
}

bool bm_fsck_is_command(const struct bm_step *step)
{
	const struct bm_strv *argv = &step->argv;

	for (size_t i = 0; argv->n > 0 && i < BM_ARRAY_SIZE(tools); i++) {
		size_t n = 1;

		while (n <= BM_ARRAY_SIZE(tools[i].repair) && tools[i].repair[n - 1] && n < argv->n &&
			bm_streq(argv->items[n], tools[i].repair[n - 1]))
			n++;
		if (bm_streq(argv->items[0], tools[i].name) && n + 1 == argv->n &&
			(bm_streq(argv->items[n], DEVICE_WORD) || bm_streq(argv->items[n], step->target)))
			return true;
	}
	return argv->n == 0;
}

/* --- what a status means --- */

static enum bm_fsck_outcome e2fsck_meaning(int status, const char **ret_text)
{
	if (status & (8 | 16 | 128)) {
		*ret_text = "e2fsck could not work on it";
		return BM_FSCK_FAILED;
	}
	if (status & 32) {
		*ret_text = "e2fsck was stopped";
		return BM_FSCK_FAILED;
	}
	if (status & E2FSCK_ERRORS) {
		*ret_text = "e2fsck left errors that it could not correct";
		return BM_FSCK_LEFT;
	}
	*ret_text = status ? "e2fsck corrected errors" : "e2fsck found nothing wrong";
	return status ? BM_FSCK_REPAIRED : BM_FSCK_CLEAN;
}

static enum bm_fsck_outcome xfs_meaning(int status, const char **ret_text)
{
	switch (status) {
	case 0:
		*ret_text = "xfs_repair found nothing wrong";
		return BM_FSCK_CLEAN;
	case 4:
		*ret_text = "xfs_repair corrected errors";
		return BM_FSCK_REPAIRED;
	case 2:
		*ret_text = "its log holds changes that must be replayed by a mount first";
		return BM_FSCK_LEFT;
	default:
		*ret_text = "xfs_repair could not work on it";
		return BM_FSCK_FAILED;
	}
}

enum bm_fsck_outcome bm_fsck_meaning(const char *tool, int status, const char **ret_text)
{
	const char *name = bm_path_base(tool);

	if (bm_streq(name, "e2fsck"))
		return e2fsck_meaning(status, ret_text);
	if (bm_streq(name, "xfs_repair"))
		return xfs_meaning(status, ret_text);
	if (bm_streq(name, "btrfs")) {
		*ret_text = status == 0 ? "btrfs check found nothing wrong" : "btrfs check found errors";
		return status == 0 ? BM_FSCK_CLEAN : BM_FSCK_LEFT;
	}
	*ret_text = status == 0	  ? "fsck.fat found nothing wrong"
		    : status == 1 ? "fsck.fat corrected errors"
				  : "fsck.fat could not work on it";
	return status == 0 ? BM_FSCK_CLEAN : status == 1 ? BM_FSCK_REPAIRED : BM_FSCK_FAILED;
}

/* --- a run of the tool --- */

/* Runs the words (which get their NULL); *ret_text is what became of it, for free(). */
static int run_words(struct bm_fsck *fsck, struct bm_strv *words, enum bm_fsck_outcome *ret_outcome, char **ret_text)
{
	struct bm_watch watch = {.options = fsck->options, .step = fsck->step};
	_cleanup_spawn_ struct bm_spawn_result ended = {0};
	struct bm_spawn spawn = {.argv = bm_strv_argv(words)};
	const char *text = NULL;
	int r;

	if (!spawn.argv)
		return -ENOMEM;
	bm_watch_spawn(&watch, &spawn);
	r = bm_spawn_run(&spawn, &ended);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || ended.fate != BM_SPAWN_EXITED) {
		*ret_outcome = BM_FSCK_FAILED;
		*ret_text = r < 0 ? bm_strf("%s", bm_err_text(r)) : bm_spawn_fate_text(words->items[0], &ended);
	} else {
		*ret_outcome = bm_fsck_meaning(words->items[0], ended.code, &text);
		*ret_text = strdup(text);
		fsck->dirty_log = bm_streq(fsck->tool->name, "xfs_repair") && ended.code == 2;
	}
	if (!*ret_text)
		return -ENOMEM;
	return *ret_outcome >= BM_FSCK_LEFT ? bm_watch_tail(&ended.output, &fsck->result->tail) : 0;
}

/* The step's words, or the usual ones, with the device in its place. */
static int compose(const struct bm_fsck *fsck, struct bm_strv *words)
{
	_cleanup_strv_ struct bm_strv usual = {0};
	const struct bm_strv *given = &fsck->step->argv;
	bool placed = false;

	if (given->n == 0) {
		if (bm_fsck_command(fsck->device->fstype, &usual) < 0)
			return -ENOMEM;
		given = &usual;
	}
	for (size_t i = 0; i < given->n; i++) {
		bool is_device = bm_streq(given->items[i], DEVICE_WORD) ||
				 (i > 0 && bm_streq(given->items[i], fsck->step->target));

		placed |= is_device;
		if (bm_strv_add(words, is_device ? fsck->path : given->items[i]) < 0)
			return -ENOMEM;
		if (i == 0 && fsck->undo && (bm_strv_add(words, "-z") < 0 || bm_strv_add(words, fsck->undo) < 0))
			return -ENOMEM;
	}
	return placed ? 0 : bm_strv_add(words, fsck->path);
}

/* Whether a second look, which writes nothing, finds it whole. */
static int look_again(struct bm_fsck *fsck, bool *ret_clean)
{
	_cleanup_strv_ struct bm_strv words = {0};
	_cleanup_free_ char *text = NULL;
	enum bm_fsck_outcome outcome;
	int r;

	r = bm_strv_add(&words, fsck->tool->name);
	if (r == 0)
		r = add_words(&words, fsck->tool->look, BM_ARRAY_SIZE(fsck->tool->look));
	if (r == 0)
		r = bm_strv_add(&words, fsck->path);
	if (r == 0)
		r = run_words(fsck, &words, &outcome, &text);
	*ret_clean = r == 0 && outcome == BM_FSCK_CLEAN;
	return r;
}

/* A name for e2fsck's undo file where there is room for one; none is no reason to stop. */
static int choose_undo(struct bm_fsck *fsck, const char *undo_dir)
{
	struct bm_system_info info;
	char id[17];
	bool plenty;
	int r;

	if (!bm_streq(fsck->tool->name, "e2fsck"))
		return 0;
	if (!undo_dir) {
		r = bm_system_info(&info);
		if (r < 0)
			return r == -ENOMEM ? r : 0;
		plenty = info.memory_available_bytes >= UNDO_MEMORY;
		bm_system_info_done(&info);
		undo_dir = "/run/bootmend";
		if (!plenty)
			return 0;
	}
	r = bm_dir_make(undo_dir, 0700);
	if (r == 0)
		r = bm_system_random_hex(4, id);
	if (r < 0) {
		bm_err_clear();
		return 0;
	}
	fsck->undo = bm_strf("%s/%s-%s.e2undo", undo_dir, bm_path_base(fsck->device->name), id);
	return fsck->undo ? 0 : -ENOMEM;
}

static int conclude(struct bm_fsck *fsck, enum bm_fsck_outcome outcome, char *text)
{
	struct bm_fsck_result *result = fsck->result;

	if (outcome == BM_FSCK_REPAIRED) {
		bool clean = false;
		int r = look_again(fsck, &clean);

		if (r < 0) {
			free(text);
			return r;
		}
		if (!clean) {
			char *longer = bm_strf("%s, but a second look finds more", text);

			free(text);
			text = longer;
			outcome = BM_FSCK_LEFT;
		}
	}
	result->outcome = outcome;
	result->text = text ? bm_strf("%s: %s", fsck->device->name, text) : NULL;
	free(text);
	if (outcome == BM_FSCK_LEFT && !result->instruction &&
		bm_str_set(&result->instruction, fsck->tool->instruction) < 0)
		return -ENOMEM;
	if (fsck->undo && (outcome == BM_FSCK_CLEAN || !bm_file_exists(fsck->undo))) {
		if (bm_file_exists(fsck->undo) && bm_file_unlink(fsck->undo) < 0)
			bm_err_clear();
	} else if (fsck->undo) {
		result->undo = fsck->undo;
		fsck->undo = NULL;
	}
	return result->text ? 0 : -ENOMEM;
}

static int refuse(struct bm_fsck_result *result, char *text)
{
	bm_err_clear();
	result->outcome = BM_FSCK_REFUSED;
	result->text = text;
	return text ? 0 : -ENOMEM;
}

/* e2fsck 1.47 crashes with an undo file where it must go over to the backup of the group descriptors; without one it
 * does not. What it had changed till then is where it would have gone on anyway. */
static int again_without_undo(struct bm_fsck *fsck, enum bm_fsck_outcome *outcome, char **text)
{
	_cleanup_strv_ struct bm_strv words = {0};
	int r;

	if (bm_file_exists(fsck->undo) && bm_file_unlink(fsck->undo) < 0)
		bm_err_clear();
	free(fsck->undo);
	fsck->undo = NULL;
	r = compose(fsck, &words);
	if (r < 0)
		return r;
	free(*text);
	*text = NULL;
	bm_strv_done(&fsck->result->tail);
	return run_words(fsck, &words, outcome, text);
}

/* The tool on the device that is open for it. */
static int repair(struct bm_fsck *fsck, const char *undo_dir)
{
	_cleanup_strv_ struct bm_strv words = {0};
	enum bm_fsck_outcome outcome = BM_FSCK_FAILED;
	char *text = NULL;
	int r;

	r = choose_undo(fsck, undo_dir);
	if (r == 0)
		r = compose(fsck, &words);
	if (r == 0)
		r = bm_fault_point("fsck", fsck->path);
	if (r < 0 && r != -ENOMEM)
		return refuse(fsck->result, bm_strf("%s: %s", fsck->device->name, bm_err_text(r)));
	if (r == 0)
		r = run_words(fsck, &words, &outcome, &text);
	if (r == 0 && outcome == BM_FSCK_FAILED && fsck->undo)
		r = again_without_undo(fsck, &outcome, &text);
	if (r == 0 && fsck->dirty_log) {
		bool replayed = false;

		r = bm_fsck_replay(fsck, &replayed);
		if (r == 0 && replayed) {
			free(text);
			text = NULL;
			bm_strv_done(&fsck->result->tail);
			r = run_words(fsck, &words, &outcome, &text);
			if (r == 0 && outcome == BM_FSCK_CLEAN) {
				free(text);
				text = strdup("its log was replayed, and xfs_repair found nothing wrong");
			}
		}
	}
	if (r < 0) {
		free(text);
		return r;
	}
	return conclude(fsck, outcome, text);
}

static int run(struct bm_fsck *fsck, const struct bm_survey *survey, const char *undo_dir)
{
	const struct bm_step *step = fsck->step;
	_cleanup_free_ char *program = NULL;
	int r;

	r = bm_fsck_find_device(survey, step, &fsck->device);
	if (r < 0)
		return refuse(fsck->result, bm_strf("%s", bm_err_text(r)));
	fsck->tool = tool_for(fsck->device->fstype);
	if (!fsck->tool)
		return refuse(fsck->result, bm_strf("%s: there is no tool that repairs %s", fsck->device->name,
						    fsck->device->fstype ? fsck->device->fstype : "what lies on it"));
	if (step->argv.n > 0 && !bm_streq(bm_path_base(step->argv.items[0]), fsck->tool->name))
		return refuse(fsck->result, bm_strf("%s holds %s, which %s does not repair", fsck->device->name,
						    fsck->device->fstype, step->argv.items[0]));
	if (bm_spawn_find(fsck->tool->name, &program) < 0)
		return refuse(fsck->result,
			bm_strf("%s: this rescue system has no %s", fsck->device->name, fsck->tool->name));
	r = bm_fsck_open_device(fsck, survey);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return refuse(fsck->result, bm_strf("%s: %s", fsck->device->name, bm_err_text(r)));
	return repair(fsck, undo_dir);
}

int bm_fsck_run(const struct bm_step *step, const struct bm_survey *survey, const struct bm_guard *guard,
	const char *undo_dir, const struct bm_apply_options *options, struct bm_fsck_result *ret_result)
{
	struct bm_fsck_result result = {0};
	struct bm_fsck fsck = {
		.step = step, .options = options, .guard = guard, .result = &result, .loop = BM_LOOP_NONE};
	int r = run(&fsck, survey, undo_dir);

	bm_fsck_close_device(&fsck);
	free(fsck.undo);
	if (r < 0)
		bm_fsck_result_done(&result);
	*ret_result = result;
	return r;
}
