/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/mount/mount.h"
#include "../os/mount/room.h"
#include "../os/root/rootw.h"
#include "../os/run/spawn.h"
#include "../os/run/system.h"
#include "../plan/tool.h"
#include "watch.h"

/* A tool that goes on for ever, at work all the time, ends after so many times its limit. */
enum { STALL_S = 20 * 60, LIMIT_STALLS = 12 };

/* A tool unpacks what it packs: three to five times the image, beside the image itself. */
#define UNPACKED_TIMES 5
/* What the rescue system keeps for itself and for the tool's processes. */
#define MEMORY_RESERVE (160 * BM_MIB)
#define MEMORY_PLENTY  (BM_GIB)
#define DISK_RESERVE   (16 * BM_MIB)
/* Less than this holds no initramfs's files. */
#define DISK_LEAST (24 * BM_MIB)
/* For a /run that holds no work folder. */
#define RUN_SIZE (16 * BM_MIB)

/* On the disk, parents first in the order of preference: what a reboot cleans, then the root filesystem's own top. */
static const char *const disk_places[] = {"/var/tmp", "/tmp", "/root", "/var", "/"};

static int name_paths(struct bm_work *work, const char *parent)
{
	char id[17];
	int r = bm_system_random_hex(8, id);

	if (r < 0)
		return r;
	work->dir = bm_strf("%s/bootmend-%s", bm_streq(parent, "/") ? "" : parent, id);
	if (!work->dir)
		return -ENOMEM;
	work->output = bm_path_join(work->dir, "image");
	work->tmpdir = bm_path_join(work->dir, "tmp");
	work->confdir = bm_path_join(work->dir, "conf");
	return work->output && work->tmpdir && work->confdir ? 0 : -ENOMEM;
}

static void free_paths(struct bm_work *work)
{
	free(work->dir);
	free(work->output);
	free(work->tmpdir);
	free(work->confdir);
	free(work->place);
	*work = (struct bm_work){.root = work->root};
}

/* A tmpfs of our own: the rescue system's /run is nothing for foreign programs, and may be small, or forbid them. */
static int mount_run(struct bm_work *work, uint64_t size_bytes)
{
	_cleanup_free_ char *real = NULL;
	int r = bm_root_realpath(work->root, "/run", &real);

	if (r == 0)
		r = bm_mount_tmpfs(work->root, real, size_bytes);
	if (r < 0)
		return r;
	work->run = bm_path_join(bm_root_dir(work->root), real);
	return work->run ? 0 : -ENOMEM;
}

static void umount_run(struct bm_work *work)
{
	if (work->run && bm_umount(work->run) < 0)
		bm_err_clear();
	free(work->run);
	work->run = NULL;
}

static int begin_in_memory(struct bm_work *work, uint64_t size_bytes)
{
	int r = mount_run(work, size_bytes);

	work->in_memory = true;
	if (r == 0)
		r = name_paths(work, "/run");
	if (r == 0)
		r = bm_rootw_mkdir_p(work->root, work->dir, 0700);
	if (r == 0)
		r = bm_rootw_mkdir_p(work->root, work->tmpdir, 0700);
	if (r < 0)
		bm_work_end(work);
	return r;
}

static int begin_at(struct bm_work *work, const char *place)
{
	struct bm_stat st;
	int r = name_paths(work, place);

	if (r == 0)
		r = bm_root_stat(work->root, place, true, &st);
	if (r == 0)
		r = bm_str_set(&work->place, place);
	if (r == 0) {
		work->place_mtime_s = st.mtime_s;
		work->place_mtime_ns = st.mtime_ns;
	}
	if (r == 0)
		r = bm_rootw_mkdir_p(work->root, work->tmpdir, 0700);
	if (r < 0)
		bm_work_end(work);
	return r;
}

/* The first place with all the room that was estimated, else the one with the most: an estimate is no reason to refuse,
 * and a tool that runs out of room fails without harm. */
static int begin_on_disk(struct bm_work *work, uint64_t size_bytes, uint64_t *ret_missing_bytes)
{
	const char *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < BM_ARRAY_SIZE(disk_places); i++) {
		struct bm_fs_space space;

		if (!bm_root_is_dir(work->root, disk_places[i]) ||
			bm_root_space(work->root, disk_places[i], &space) < 0 || space.read_only)
			continue;
		if (space.free_bytes > most) {
			most = space.free_bytes;
			best = disk_places[i];
		}
		if (space.free_bytes >= size_bytes + DISK_RESERVE)
			return begin_at(work, disk_places[i]);
	}
	if (best && most >= DISK_LEAST)
		return begin_at(work, best);
	*ret_missing_bytes = DISK_LEAST - most;
	return -ENOSPC;
}

/* Memory counts as room when it holds what is estimated, or when it is plenty by any measure. */
int bm_work_begin(
	const struct bm_root *root, uint64_t need_bytes, struct bm_work *ret_work, uint64_t *ret_missing_bytes)
{
	struct bm_work work = {.root = root};
	struct bm_system_info info;
	uint64_t size = need_bytes * (UNPACKED_TIMES + 1), spare;
	int r;

	r = bm_system_info(&info);
	if (r < 0)
		return r;
	spare = info.memory_available_bytes - BM_MIN(info.memory_available_bytes, MEMORY_RESERVE);
	bm_system_info_done(&info);
	r = -ENOSPC;
	if (bm_root_is_dir(root, "/run") && spare > BM_MIN(size, MEMORY_PLENTY))
		r = begin_in_memory(&work, spare);
	if (r < 0) {
		r = bm_root_is_dir(root, "/run") ? mount_run(&work, RUN_SIZE) : 0;
		if (r == 0)
			r = begin_on_disk(&work, size, ret_missing_bytes);
	}
	if (r < 0) {
		umount_run(&work);
		return r;
	}
	*ret_work = work;
	return 0;
}

void bm_work_end(struct bm_work *work)
{
	if (work->dir && !work->in_memory && bm_rootw_remove_tree(work->root, work->dir) < 0)
		bm_err_clear();
	umount_run(work);
	if (work->place && bm_rootw_set_mtime(work->root, work->place, work->place_mtime_s, work->place_mtime_ns) < 0)
		bm_err_clear();
	free_paths(work);
}

void bm_tool_run_done(struct bm_tool_run *run)
{
	free(run->error);
	bm_strv_done(&run->tail);
	*run = (struct bm_tool_run){0};
}

/* A copy of word with the placeholders replaced, appended to words. */
static int add_word(const struct bm_work *work, const char *word, struct bm_strv *words)
{
	const struct {
		const char *name, *value;
	} rows[] = {{BM_TOOL_OUTPUT, work->output}, {BM_TOOL_TMPDIR, work->tmpdir}, {BM_TOOL_CONFDIR, work->confdir}};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		const char *at = strstr(word, rows[i].name);

		if (at)
			return bm_strv_addf(
				words, "%.*s%s%s", (int)(at - word), word, rows[i].value, at + strlen(rows[i].name));
	}
	return bm_strv_add(words, word);
}

/*
 * The system's tools are foreign programs: they run apart, in a room. Device mapper's wait for udev by a semaphore,
 * which udev does not see from outside: with this variable they make their nodes in the room's /dev themselves.
 */
static const char without_udev[] = "DM_DISABLE_UDEV=1";

static int run_words(const struct bm_work *work, struct bm_strv *words, struct bm_strv *environment,
	struct bm_watch *watch, struct bm_tool_run *run)
{
	unsigned int stall_s = watch->options->time_limit_seconds ? watch->options->time_limit_seconds : STALL_S;
	struct bm_spawn spawn = {
		.argv = bm_strv_argv(words),
		.env = bm_strv_add_once(environment, without_udev) < 0 ? NULL : bm_strv_argv(environment),
		.chroot_dir = bm_root_dir(work->root),
		.apart = true,
		.room = bm_room_enter,
		.limit_s = stall_s * LIMIT_STALLS,
		.stall_s = stall_s,
	};
	struct bm_spawn_result result = {0};
	int r;

	if (!spawn.argv || !spawn.env)
		return -ENOMEM;
	bm_watch_spawn(watch, &spawn);
	r = bm_spawn_run(&spawn, &result);
	if (r < 0)
		return r;
	if (!bm_spawn_ok(&result)) {
		run->error = bm_spawn_fate_text(bm_path_base(words->items[0]), &result);
		r = run->error ? bm_watch_tail(&result.output, &run->tail) : -ENOMEM;
	}
	bm_spawn_result_done(&result);
	return r;
}

/* Replaces a file of the work folder by its present content and more. */
static int append_to(const struct bm_work *work, const char *path, const char *more)
{
	const struct bm_rootw_attr attr = {.mode = 0644};
	_cleanup_buf_ struct bm_buf text = {0};
	int r = 0;

	if (bm_root_exists(work->root, path)) {
		r = bm_root_read(work->root, path, BM_MIB, &text);
		if (r == 0)
			r = bm_rootw_unlink(work->root, path);
	}
	if (r == 0)
		r = bm_buf_addf(&text, "\n%s\n", more);
	return r < 0 ? r : bm_rootw_write(work->root, path, bm_buf_text(&text), text.len, &attr);
}

/* The tool's configuration copied by the system's own cp, with the drivers added to the list of modules. */
static int copy_config(
	const struct bm_work *work, const struct bm_step *step, struct bm_watch *watch, struct bm_tool_run *run)
{
	_cleanup_strv_ struct bm_strv words = {0}, environment = {0};
	_cleanup_free_ char *drivers = bm_strv_join(&step->drivers, "\n");
	_cleanup_free_ char *modules = bm_path_join(work->confdir, "modules");
	_cleanup_free_ char *dropins = bm_path_join(work->confdir, "conf.d");
	_cleanup_free_ char *dropin = dropins ? bm_path_join(dropins, "zz-bootmend") : NULL;
	const char *const cp[] = {"cp", "-a", bm_tool_config(step), work->confdir};
	int r = drivers && modules && dropin ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(cp); i++)
		r = bm_strv_add(&words, cp[i]);
	if (r == 0)
		r = run_words(work, &words, &environment, watch, run);
	if (r == 0 && !run->error && step->drivers.n > 0)
		r = append_to(work, modules, drivers);
	/* MODULES=dep looks at this machine's hardware, which is not the patient's. */
	if (r == 0 && !run->error && step->generic) {
		r = bm_rootw_mkdir_p(work->root, dropins, 0755);
		if (r == 0)
			r = append_to(work, dropin, "MODULES=most");
	}
	return r;
}

int bm_work_run(const struct bm_work *work, const struct bm_step *step, const struct bm_apply_options *options,
	struct bm_tool_run *ret_run)
{
	_cleanup_strv_ struct bm_strv words = {0}, environment = {0};
	struct bm_watch watch = {.options = options, .step = step};
	struct bm_tool_run run = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < step->argv.n; i++)
		r = add_word(work, step->argv.items[i], &words);
	for (size_t i = 0; r == 0 && i < step->environment.n; i++)
		r = add_word(work, step->environment.items[i], &environment);
	if (r == 0 && bm_tool_config(step))
		r = copy_config(work, step, &watch, &run);
	if (r == 0 && !run.error)
		r = run_words(work, &words, &environment, &watch, &run);
	if (r < 0) {
		bm_tool_run_done(&run);
		return r;
	}
	*ret_run = run;
	return 0;
}
