/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/spawn.h"
#include "os/run/system.h"
#include "os/run/tmp.h"
#include "harness.h"

static struct bm_spawn_result shell(const char *script, struct bm_spawn spawn)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct bm_spawn_result result = {0};

	spawn.argv = argv;
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	return result;
}

BM_TEST(spawn_tells_fates_apart)
{
	const char *missing[] = {"no-such-program-anywhere", NULL};
	struct bm_spawn spawn = {.argv = missing};
	struct bm_spawn_result result;
	char *text;

	result = shell("echo out; echo err >&2; exit 3", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_EXITED);
	BM_CHECK_INT(result.code, 3);
	BM_CHECK_STR(bm_buf_text(&result.output), "out\nerr\n");
	text = bm_spawn_fate_text("sh", &result);
	BM_CHECK_STR(text, "sh: exited with status 3");
	free(text);
	bm_spawn_result_done(&result);

	result = shell("kill -SEGV $$", (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_KILLED);
	BM_CHECK_INT(result.code, SIGSEGV);
	bm_spawn_result_done(&result);

	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK_INT(result.fate, BM_SPAWN_NOT_STARTED);
	BM_CHECK_INT(result.code, ENOENT);
	bm_spawn_result_done(&result);

	spawn.chroot_dir = "/nonexistent";
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	BM_CHECK_INT(result.fate, BM_SPAWN_NOT_STARTED);
	bm_spawn_result_done(&result);
}

BM_TEST(spawn_stops_what_takes_too_long)
{
	uint64_t start = bm_time_ms();
	struct bm_spawn_result result = shell("echo begun; sleep 60 & sleep 60", (struct bm_spawn){.limit_s = 1});

	BM_CHECK_INT(result.fate, BM_SPAWN_TIMED_OUT);
	BM_CHECK_INT(result.code, 1);
	BM_CHECK_STR(bm_buf_text(&result.output), "begun\n");
	BM_CHECK(bm_time_ms() - start < 40000);
	bm_spawn_result_done(&result);
}

/* Seconds that are waited for are no time limit of the test: what works goes on for longer than what stalls may. */
BM_TEST(spawn_stops_what_makes_no_progress)
{
	struct bm_spawn_result result = shell("echo begun; sleep 60", (struct bm_spawn){.stall_s = 1});
	_cleanup_free_ char *text = bm_spawn_fate_text("sh", &result);

	BM_CHECK_INT(result.fate, BM_SPAWN_STALLED);
	BM_CHECK_STR(text, "sh: neither wrote nor computed anything for 1 s");
	bm_spawn_result_done(&result);
	/* what writes */
	result = shell("for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.6; done", (struct bm_spawn){.stall_s = 5});
	BM_CHECK(bm_spawn_ok(&result));
	bm_spawn_result_done(&result);
	/* what computes, here a child of it */
	result = shell("end=$(($(date +%s) + 8)); (while [ $(date +%s) -lt $end ]; do :; done); echo done",
		(struct bm_spawn){.stall_s = 6});
	BM_CHECK(bm_spawn_ok(&result));
	BM_CHECK_STR(bm_buf_text(&result.output), "done\n");
	bm_spawn_result_done(&result);
	/* but not for ever */
	result = shell("while :; do :; done", (struct bm_spawn){.stall_s = 60, .limit_s = 1});
	BM_CHECK_INT(result.fate, BM_SPAWN_TIMED_OUT);
	bm_spawn_result_done(&result);
}

BM_TEST(spawn_kills_what_ignores_term)
{
	struct bm_spawn_result result = shell("trap '' TERM; sleep 30; sleep 30", (struct bm_spawn){.limit_s = 1});

	BM_CHECK_INT(result.fate, BM_SPAWN_TIMED_OUT);
	BM_CHECK(result.elapsed_ms >= 5500 && result.elapsed_ms < 29000);
	bm_spawn_result_done(&result);
}

BM_TEST(spawn_leaves_no_daemon)
{
	_cleanup_tmp_ char *dir = NULL;
	_cleanup_free_ char *script = NULL, *file = NULL;
	_cleanup_buf_ struct bm_buf pid = {0};
	struct bm_spawn_result result;
	uint64_t start = bm_time_ms(), number;

	BM_CHECK_INT(bm_tmp_dir("spawn", &dir), 0);
	/* in a session of its own, its parent gone, holding our pipe open */
	script = bm_strf("setsid sh -c 'echo $$ >%s/pid; exec sleep 60' & sleep 0.3; echo end", dir);
	result = shell(script, (struct bm_spawn){0});
	BM_CHECK_INT(result.fate, BM_SPAWN_EXITED);
	BM_CHECK_STR(bm_buf_text(&result.output), "end\n");
	BM_CHECK(bm_time_ms() - start < 40000);
	file = bm_path_join(dir, "pid");
	BM_CHECK_INT(bm_file_read(file, 100, &pid), 0);
	BM_CHECK_INT(bm_num_u64(bm_str_strip(pid.data), &number), 0);
	BM_CHECK(kill((pid_t)number, 0) < 0 && errno == ESRCH);
	bm_spawn_result_done(&result);
}

static size_t seen;

static void count(void *context, const char *bytes BM_UNUSED, size_t len)
{
	BM_CHECK(context == &seen);
	seen += len;
}

static int cancel(void *context BM_UNUSED, unsigned int elapsed_s)
{
	return elapsed_s >= 1 ? 7 : 0;
}

BM_TEST(spawn_keeps_the_end_of_much_output)
{
	struct bm_spawn_result result;

	seen = 0;
	result = shell("i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done",
		(struct bm_spawn){.keep_bytes = 1000, .on_output = count, .context = &seen});
	BM_CHECK(bm_spawn_ok(&result));
	BM_CHECK_INT(result.output.len, 1000);
	BM_CHECK(result.cut);
	BM_CHECK(bm_str_ends(bm_buf_text(&result.output), "line 39999\n"));
	BM_CHECK(seen > 400000);
	bm_spawn_result_done(&result);
}

BM_TEST(spawn_feeds_splits_and_ticks)
{
	const char *env[] = {"LANG=de_DE", "EXTRA=1", NULL};
	struct bm_spawn_result result;
	char *last;

	result = shell("cat; echo error >&2; echo $LANG $EXTRA $HOME; pwd",
		(struct bm_spawn){.input = "fed\n", .split_errors = true, .env = env, .cwd = "/usr"});
	BM_CHECK_STR(bm_buf_text(&result.output), "fed\nde_DE 1 /\n/usr\n");
	BM_CHECK_STR(bm_buf_text(&result.errors), "error\n");
	last = bm_spawn_last_line(bm_buf_text(&result.output));
	BM_CHECK_STR(last, "/usr");
	free(last);
	bm_spawn_result_done(&result);
	result = shell("read x; echo \"<$x>\"", (struct bm_spawn){0});
	BM_CHECK_STR(bm_buf_text(&result.output), "<>\n");
	bm_spawn_result_done(&result);
	result = shell("sleep 60", (struct bm_spawn){.on_tick = cancel});
	BM_CHECK_INT(result.fate, BM_SPAWN_CANCELLED);
	BM_CHECK_INT(result.code, 7);
	bm_spawn_result_done(&result);
	/* Nothing of ours is open in the child, whatever we were started with. */
	result = shell("ls /proc/self/fd | sort -n | tr '\\n' ' '", (struct bm_spawn){0});
	BM_CHECK_STR(bm_buf_text(&result.output), "0 1 2 3 ");
	bm_spawn_result_done(&result);
}

BM_TEST(system_facts)
{
	struct bm_system_info info;
	char *first = NULL, hex[17], text[BM_TIME_TEXT];
	int fd, other, holder = -1;

	BM_CHECK_INT(bm_system_info(&info), 0);
	BM_CHECK(info.release && info.machine && info.memory_total_bytes > info.memory_available_bytes);
	bm_system_info_done(&info);
	BM_CHECK_INT(bm_system_random_hex(8, hex), 0);
	BM_CHECK_INT(strlen(hex), 16);
	bm_time_text(1795221600, text);
	BM_CHECK_STR(text, "2026-11-21T00:40:00Z");
	BM_CHECK_INT(bm_spawn_find("sh", &first), 0);
	BM_CHECK(bm_str_ends(first, "/sh"));
	free(first);
	BM_CHECK_INT(bm_spawn_find("no-such-program", &first), -ENOENT);
	BM_CHECK_INT(bm_tmp_dir("lock", &first), 0);
	{
		_cleanup_free_ char *path = bm_path_join(first, "deep/lock");

		BM_CHECK_INT(bm_lock_take(path, &fd, NULL), 0);
		BM_CHECK_INT(bm_lock_take(path, &other, &holder), -EBUSY);
		BM_CHECK_INT(holder, getpid());
		close(fd);
		BM_CHECK_INT(bm_lock_take(path, &fd, NULL), 0);
		close(fd);
	}
	bm_tmp_removep(&first);
}
