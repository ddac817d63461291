/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "proctree.h"
#include "spawn_child.h"
#include "system.h"

enum {
	READ_CHUNK = 16384,
	POLL_MS = 200,
	INPUT_MAX = 4096,
	WORK_EVERY_MS = 1000,
	WORK_PERCENT = 5,     /* of a processor: whoever only wakes up to look around needs less */
	AFTER_EXIT_MS = 500,  /* for output that is still in the pipe when the child has ended */
	AFTER_KILL_MS = 15000 /* a process that hangs in the kernel is given up */
};

void bm_spawn_result_done(struct bm_spawn_result *result)
{
	bm_buf_done(&result->output);
	bm_buf_done(&result->errors);
}

bool bm_spawn_ok(const struct bm_spawn_result *result)
{
	return result->fate == BM_SPAWN_EXITED && result->code == 0;
}

char *bm_spawn_fate_text(const char *name, const struct bm_spawn_result *result)
{
	switch (result->fate) {
	case BM_SPAWN_EXITED:
		return bm_strf("%s: exited with status %d", name, result->code);
	case BM_SPAWN_KILLED:
		return bm_strf("%s: killed by signal %d", name, result->code);
	case BM_SPAWN_TIMED_OUT:
		return bm_strf("%s: did not end within %d s", name, result->code);
	case BM_SPAWN_STALLED:
		return bm_strf("%s: neither wrote nor computed anything for %d s", name, result->code);
	case BM_SPAWN_CANCELLED:
		return bm_strf("%s: cancelled", name);
	case BM_SPAWN_NOT_STARTED:
		break;
	}
	return bm_strf("%s: could not be started: %s", name, strerror(result->code));
}

char *bm_spawn_last_line(const char *text)
{
	const char *end = text + strlen(text), *start;

	while (end > text && strchr(" \t\r\n", end[-1]))
		end--;
	for (start = end; start > text && start[-1] != '\n' && start[-1] != '\r'; start--)
		;
	return strndup(start, (size_t)(end - start));
}

/* While a child runs, a signal to us is noted here, and the child stopped. */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};

struct run {
	const struct bm_spawn *spawn;
	struct bm_spawn_result *result;
	pid_t pid;
	int out_fd, err_fd, in_fd; /* our ends; -1 when closed */
	int exec_fd; /* becomes readable with a word, or closed by a successful execve (apart: by the end of init) */
	const char *input;
	size_t input_left;
	int exec_errno;
	struct bm_spawn_known known;	     /* children that we had before */
	uint64_t start_ms, stop_ms, exit_ms; /* stop_ms: when TERM was sent; exit_ms: when it was seen to have ended */
	uint64_t alive_ms, looked_ms,
		cpu_ms; /* when it last did something; when that was asked, and what it had used then */
	unsigned int ticks;
	bool killed, ended, told; /* told: status is that of the program, not that of its init */
	int status;
	struct rusage usage;
	struct sigaction old[BM_ARRAY_SIZE(watched)];
	struct sigaction old_pipe, old_ttou;
	int was_subreaper;
};

static void close_fd(int *fd)
{
	bm_file_close(*fd);
	*fd = -1;
}

/* Keeps the last bytes, with room for as many again so that not every chunk moves everything. */
static void keep(struct bm_buf *buf, const char *bytes, size_t len, size_t limit, bool *cut)
{
	if (bm_buf_add(buf, bytes, len) < 0) {
		*cut = true;
		return;
	}
	if (buf->len > limit * 2) {
		memmove(buf->data, buf->data + buf->len - limit, limit + 1);
		buf->len = limit;
		*cut = true;
	}
}

static void trim(struct bm_buf *buf, size_t limit, bool *cut)
{
	if (buf->len > limit) {
		memmove(buf->data, buf->data + buf->len - limit, limit + 1);
		buf->len = limit;
		*cut = true;
	}
}

static size_t limit_of(const struct bm_spawn *spawn)
{
	return spawn->keep_bytes ? spawn->keep_bytes : BM_SPAWN_KEEP_BYTES;
}

/* Reads what is there. Returns false when nothing was, or at the end. */
static bool drain(struct run *run, int *fd, bool errors)
{
	char chunk[READ_CHUNK];
	ssize_t got = read(*fd, chunk, sizeof(chunk));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (got <= 0) {
		close_fd(fd);
		return false;
	}
	run->alive_ms = bm_time_ms();
	keep(errors ? &run->result->errors : &run->result->output, chunk, (size_t)got, limit_of(run->spawn),
		&run->result->cut);
	if (run->spawn->on_output)
		run->spawn->on_output(run->spawn->context, chunk, (size_t)got);
	return true;
}

static void feed(struct run *run)
{
	ssize_t put = write(run->in_fd, run->input, run->input_left);

	if (put > 0) {
		run->input += put;
		run->input_left -= (size_t)put;
	}
	if (run->input_left == 0 || (put < 0 && errno != EINTR && errno != EAGAIN))
		close_fd(&run->in_fd);
}

/* The process group, and whatever was reparented to us (we are the subreaper) because its own parent has gone. The
 * child is not waited for before all of it is over, so its number stays its own. */
static void signal_all(struct run *run, int number)
{
	kill(run->pid, number);
	kill(-run->pid, number);
	bm_spawn_signal_orphans(&run->known, run->pid, number);
}

static void stop(struct run *run, enum bm_spawn_fate fate, int code)
{
	if (run->stop_ms)
		return;
	run->result->fate = fate;
	run->result->code = code;
	run->stop_ms = bm_time_ms();
	signal_all(run, SIGTERM);
	signal_all(run, SIGCONT);
}

/* Whether a child that writes nothing works all the same. */
static void watch_work(struct run *run, uint64_t now)
{
	uint64_t cpu_ms;

	if (!run->spawn->stall_s || now - run->looked_ms < WORK_EVERY_MS)
		return;
	cpu_ms = bm_processes_cpu_ms(run->pid);
	if (cpu_ms < run->cpu_ms || (cpu_ms - run->cpu_ms) * 100 >= (now - run->looked_ms) * WORK_PERCENT)
		run->alive_ms = now;
	run->cpu_ms = cpu_ms;
	run->looked_ms = now;
	if (now - run->alive_ms >= (uint64_t)run->spawn->stall_s * 1000)
		stop(run, BM_SPAWN_STALLED, (int)run->spawn->stall_s);
}

static void watch_time(struct run *run)
{
	uint64_t now = bm_time_ms(), elapsed = now - run->start_ms;
	int r;

	if (caught)
		stop(run, BM_SPAWN_CANCELLED, caught);
	if (run->spawn->limit_s && !run->spawn->interactive && elapsed >= (uint64_t)run->spawn->limit_s * 1000)
		stop(run, BM_SPAWN_TIMED_OUT, (int)run->spawn->limit_s);
	watch_work(run, now);
	if (run->stop_ms && !run->killed && now - run->stop_ms >= BM_SPAWN_TERM_S * 1000) {
		run->killed = true;
		signal_all(run, SIGKILL);
	}
	if (run->spawn->on_tick && elapsed / 1000 > run->ticks) {
		run->ticks = (unsigned int)(elapsed / 1000);
		r = run->spawn->on_tick(run->spawn->context, run->ticks);
		if (r != 0)
			stop(run, BM_SPAWN_CANCELLED, r);
	}
}

/* Notes that the child has ended, without waiting for it. */
static void look(struct run *run)
{
	siginfo_t info = {0};

	if (run->ended)
		return;
	/* An error means that nobody is left to wait for. */
	if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR : info.si_pid != 0) {
		run->ended = true;
		run->exit_ms = bm_time_ms();
		return;
	}
	/* Nobody could continue a command that was stopped by Ctrl-Z. */
	info.si_pid = 0;
	if (run->spawn->interactive && waitid(P_PID, (id_t)run->pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid)
		kill(-run->pid, SIGCONT);
}

/* A failed execve sends its errno, the init of a namespace how the program ended. */
static void hear_exec(struct run *run)
{
	struct bm_spawn_word word;
	ssize_t got = read(run->exec_fd, &word, sizeof(word));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got != (ssize_t)sizeof(word)) {
		close_fd(&run->exec_fd);
	} else if (word.what == BM_SPAWN_WORD_ERRNO) {
		run->exec_errno = word.value;
	} else {
		run->told = true;
		run->status = word.value;
	}
}

static int wait_for(const struct run *run)
{
	if (run->ended)
		return 20;
	/* Without a pipe nothing wakes us: look often at first, the child may be short. */
	if (run->out_fd < 0 && run->err_fd < 0 && bm_time_ms() - run->start_ms < 1000)
		return 10;
	return POLL_MS;
}

/* One round of waiting. Returns false when all is over: the child ended, and its output, too. A daemon that it left
 * behind may hold the output open: it gets AFTER_EXIT_MS and is killed then. */
static bool turn(struct run *run)
{
	struct pollfd fds[] = {
		{.fd = run->out_fd, .events = POLLIN},
		{.fd = run->err_fd, .events = POLLIN},
		{.fd = run->in_fd, .events = POLLOUT},
		{.fd = run->exec_fd, .events = POLLIN},
	};

	if (poll(fds, BM_ARRAY_SIZE(fds), wait_for(run)) > 0) {
		if (fds[0].fd >= 0 && fds[0].revents)
			drain(run, &run->out_fd, false);
		if (fds[1].fd >= 0 && fds[1].revents)
			drain(run, &run->err_fd, true);
		if (fds[2].fd >= 0 && fds[2].revents)
			feed(run);
		if (fds[3].fd >= 0 && fds[3].revents)
			hear_exec(run);
	}
	watch_time(run);
	look(run);
	if (!run->ended)
		return !run->killed || bm_time_ms() - run->stop_ms < AFTER_KILL_MS;
	if (run->out_fd < 0 && run->err_fd < 0 && run->exec_fd < 0)
		return false;
	return bm_time_ms() - run->exit_ms < AFTER_EXIT_MS;
}

static void set_signals(struct run *run)
{
	struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
	size_t i;

	caught = 0;
	for (i = 0; i < BM_ARRAY_SIZE(watched); i++)
		sigaction(watched[i], &action, &run->old[i]);
	if (run->spawn->interactive)
		sigaction(SIGINT, &ignore, NULL); /* Ctrl-C is for the child then */
	sigaction(SIGPIPE, &ignore, &run->old_pipe);
	/* Taking the terminal back from a child's group would stop us. */
	sigaction(SIGTTOU, &ignore, &run->old_ttou);
	prctl(PR_GET_CHILD_SUBREAPER, (unsigned long)&run->was_subreaper, 0, 0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static void restore_signals(struct run *run)
{
	size_t i;

	for (i = 0; i < BM_ARRAY_SIZE(watched); i++)
		sigaction(watched[i], &run->old[i], NULL);
	sigaction(SIGPIPE, &run->old_pipe, NULL);
	sigaction(SIGTTOU, &run->old_ttou, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, (unsigned long)run->was_subreaper, 0, 0, 0);
}

/* Whatever the child left is killed and waited for, then the child itself. Each round may bring up orphans of the
 * orphans. */
static void sweep(struct run *run)
{
	unsigned int rounds;
	int status;

	for (rounds = 0; rounds < 50; rounds++) {
		kill(-run->pid, SIGKILL);
		if (bm_spawn_signal_orphans(&run->known, run->pid, SIGKILL) == 0)
			break;
		bm_sleep_ms(20);
		bm_spawn_reap_orphans(&run->known, run->pid);
	}
	if (wait4(run->pid, &status, run->ended ? 0 : WNOHANG, &run->usage) != run->pid)
		status = SIGKILL;
	if (!run->told)
		run->status = status;
}

static void judge(struct run *run)
{
	struct bm_spawn_result *result = run->result;

	if (run->exec_errno) {
		result->fate = BM_SPAWN_NOT_STARTED;
		result->code = run->exec_errno;
	} else if (run->stop_ms) {
		/* stop() has said why */
	} else if (WIFEXITED(run->status)) {
		result->fate = BM_SPAWN_EXITED;
		result->code = WEXITSTATUS(run->status);
	} else {
		result->fate = BM_SPAWN_KILLED;
		result->code = WTERMSIG(run->status);
	}
	result->elapsed_ms = bm_time_ms() - run->start_ms;
	result->peak_kib = (uint64_t)run->usage.ru_maxrss;
	trim(&result->output, limit_of(run->spawn), &result->cut);
	trim(&result->errors, limit_of(run->spawn), &result->cut);
}

static int nonblocking(int fd)
{
	return fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

/* The child's ends of the pipes, and ours. */
static int make_pipes(struct run *run, struct bm_spawn_child *child)
{
	const struct bm_spawn *spawn = run->spawn;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	run->exec_fd = ends[0];
	child->heard_fd = ends[0];
	child->exec_fd = ends[1];
	if (nonblocking(run->exec_fd) < 0)
		return -EIO;
	if (spawn->interactive)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	run->out_fd = ends[0];
	child->out_fd = ends[1];
	if (spawn->split_errors) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		run->err_fd = ends[0];
		child->err_fd = ends[1];
	}
	if (spawn->input) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		child->in_fd = ends[0];
		run->in_fd = ends[1];
		run->input = spawn->input;
		run->input_left = strlen(spawn->input);
	}
	return nonblocking(run->out_fd) < 0 || nonblocking(run->err_fd) < 0 || nonblocking(run->in_fd) < 0 ? -EIO : 0;
}

static void close_child_ends(struct bm_spawn_child *child)
{
	close_fd(&child->exec_fd);
	close_fd(&child->out_fd);
	close_fd(&child->err_fd);
	close_fd(&child->in_fd);
}

int bm_spawn_run(const struct bm_spawn *spawn, struct bm_spawn_result *ret_result)
{
	struct bm_spawn_result result = {0};
	struct run run = {
		.spawn = spawn, .result = &result, .pid = -1, .out_fd = -1, .err_fd = -1, .in_fd = -1, .exec_fd = -1};
	struct bm_spawn_child child = {
		.spawn = spawn, .exec_fd = -1, .out_fd = -1, .err_fd = -1, .in_fd = -1, .heard_fd = -1};
	int r;

	if (!spawn->argv || !spawn->argv[0] || (spawn->input && strlen(spawn->input) > INPUT_MAX))
		return bm_err(-EINVAL, "no command, or too much input for it");
	r = bm_spawn_child_env(spawn, &child);
	if (r == 0)
		r = make_pipes(&run, &child);
	if (r == 0) {
		child.parent = getpid();
		bm_spawn_known_init(&run.known);
		set_signals(&run);
		run.start_ms = run.alive_ms = run.looked_ms = bm_time_ms();
		run.pid = bm_spawn_child_fork(&child);
		if (run.pid == 0)
			bm_spawn_child_run(&child);
		r = run.pid < 0 ? -errno : 0;
		if (r < 0)
			restore_signals(&run);
	}
	close_child_ends(&child);
	if (r == 0) {
		if (spawn->interactive)
			setpgid(run.pid, run.pid);
		while (turn(&run))
			;
		sweep(&run);
		if (spawn->interactive)
			bm_spawn_take_terminal();
		restore_signals(&run);
		judge(&run);
		*ret_result = result;
	} else {
		bm_err(r, "%s", spawn->argv[0]);
		bm_spawn_result_done(&result);
	}
	close_fd(&run.out_fd);
	close_fd(&run.err_fd);
	close_fd(&run.in_fd);
	close_fd(&run.exec_fd);
	bm_spawn_known_done(&run.known);
	bm_spawn_child_done(&child);
	return r;
}
