/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "proctree.h"

#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { ORPHANS_MAX = 4096 };

static size_t key_len(const char *variable)
{
	return strcspn(variable, "=");
}

/* Sets or replaces; n counts the variables. */
static int put_env(struct bm_spawn_child *child, size_t *n, const char *variable)
{
	size_t i, len = key_len(variable);
	char *copy;

	for (i = 0; i < *n; i++)
		if (key_len(child->env[i]) == len && strncmp(child->env[i], variable, len) == 0)
			break;
	if (i >= BM_SPAWN_ENV_MAX)
		return -E2BIG;
	copy = strdup(variable);
	if (!copy)
		return -ENOMEM;
	free(child->env[i]);
	child->env[i] = copy;
	if (i == *n)
		++*n;
	return 0;
}

int bm_spawn_child_env(const struct bm_spawn *spawn, struct bm_spawn_child *child)
{
	const char *terminal = getenv("TERM");
	_cleanup_free_ char *term = bm_strf("TERM=%s", terminal && terminal[0] ? terminal : "linux");
	size_t n = 0, i;
	int r = term ? put_env(child, &n, "PATH=" CHILD_PATH) : -ENOMEM;

	if (r == 0)
		r = put_env(child, &n, "LANG=C");
	if (r == 0)
		r = put_env(child, &n, "HOME=/");
	if (r == 0)
		r = put_env(child, &n, term);
	for (i = 0; r == 0 && spawn->env && spawn->env[i]; i++)
		r = put_env(child, &n, spawn->env[i]);
	return r;
}

void bm_spawn_child_done(struct bm_spawn_child *child)
{
	size_t i;

	for (i = 0; i <= BM_SPAWN_ENV_MAX; i++)
		free(child->env[i]);
}

static void fail(const struct bm_spawn_child *child, int error) __attribute__((noreturn));

static void fail(const struct bm_spawn_child *child, int error)
{
	struct bm_spawn_word word = {BM_SPAWN_WORD_ERRNO, error};
	ssize_t put = write(child->exec_fd, &word, sizeof(word));

	_exit(put == (ssize_t)sizeof(word) ? 127 : 126);
}

pid_t bm_spawn_child_fork(struct bm_spawn_child *child)
{
	long pid;

	child->init = child->spawn->apart && !child->spawn->interactive;
	if (child->init) {
		/* The C library has no fork() with flags; with no stack of its own the child gets a copy of ours. */
		pid = syscall(SYS_clone, (unsigned long)(CLONE_NEWPID | SIGCHLD), 0UL, 0UL, 0UL, 0UL);
		if (pid >= 0 || (errno != EINVAL && errno != EPERM && errno != ENOSPC && errno != EUSERS))
			return (pid_t)pid;
		child->init = false;
	}
	return fork();
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	int number;

	/* Some numbers cannot be set (KILL, STOP, the C library's own): their errors mean nothing. */
	for (number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Closes the descriptors from first to last, at once or at execve. */
static void shut_fds(unsigned int first, unsigned int last, bool at_once)
{
	int flags;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, at_once ? 0U : 4U /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
#endif
	for (unsigned int fd = first; fd <= last && fd < 1024; fd++) {
		if (at_once)
			close((int)fd);
		else if ((flags = fcntl((int)fd, F_GETFD)) >= 0 && !(flags & FD_CLOEXEC))
			fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC);
	}
}

/* Puts fd at the standard descriptor; fd -1: /dev/null. The pipes are numbered 3 and above (bm_system_init() opened the
 * standard three), so that none is overwritten before it is used. */
static int put_standard(int fd, int standard, int flags)
{
	int opened = fd;

	if (fd < 0)
		opened = open("/dev/null", flags | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	if (opened == standard)
		return fcntl(opened, F_SETFD, 0) < 0 ? -errno : 0;
	return dup2(opened, standard) < 0 ? -errno : 0;
}

/* The group of an interactive child gets the terminal, so that Ctrl-C and job control work in a shell. */
static void give_terminal(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	setpgid(0, 0);
	sigaction(SIGTTOU, &ignore, NULL);
	if (isatty(STDIN_FILENO))
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

void bm_spawn_take_terminal(void)
{
	if (isatty(STDIN_FILENO))
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

/* execvpe with the child's PATH: musl has it, but would use our PATH. */
static int exec_program(const struct bm_spawn_child *child)
{
	union {
		const char *const *in;
		char *const *out;
	} argv = {.in = child->spawn->argv};
	const char *name = argv.in[0], *path = CHILD_PATH, *at;
	char file[4096];
	int error = ENOENT;
	size_t i;

	if (strchr(name, '/')) {
		execve(name, argv.out, child->env);
		return errno;
	}
	for (i = 0; child->env[i]; i++)
		if (bm_str_starts(child->env[i], "PATH="))
			path = child->env[i] + 5;
	for (at = path; *at; at += strspn(at, ":")) {
		size_t len = strcspn(at, ":");

		if (len > 0 && (size_t)snprintf(file, sizeof(file), "%.*s/%s", (int)len, at, name) < sizeof(file)) {
			execve(file, argv.out, child->env);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
		}
		at += len;
	}
	return error;
}

/* Dies with us, also when we are killed. The check closes the gap before the call: we are the only reader of exec_fd,
 * and no parent that the init of a namespace could see. */
static void die_with_parent(const struct bm_spawn_child *child)
{
	struct pollfd gone = {.fd = child->exec_fd};

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close(child->heard_fd);
	if (child->init ? poll(&gone, 1, 0) != 0 : getppid() != child->parent)
		_exit(126);
}

static int take_standard(const struct bm_spawn_child *child)
{
	int r;

	if (child->spawn->interactive) {
		give_terminal();
		return 0;
	}
	if (setsid() < 0)
		setpgid(0, 0);
	r = put_standard(child->in_fd, STDIN_FILENO, O_RDONLY);
	if (r == 0)
		r = put_standard(child->out_fd, STDOUT_FILENO, O_WRONLY);
	return r < 0 ? r : put_standard(child->err_fd >= 0 ? child->err_fd : child->out_fd, STDERR_FILENO, O_WRONLY);
}

static int take_root(const struct bm_spawn *spawn)
{
	int r;

	if (spawn->apart && !spawn->interactive) {
		/* What the kernel has not cannot be had. */
		(void)unshare(CLONE_NEWIPC);
		(void)unshare(CLONE_NEWUTS);
	}
	if (spawn->room) {
		r = spawn->room(spawn->chroot_dir);
		if (r < 0)
			dprintf(STDERR_FILENO, "%s\n", bm_err_text(r));
		return r;
	}
	return spawn->chroot_dir && (chroot(spawn->chroot_dir) < 0 || chdir("/") < 0) ? -errno : 0;
}

static void start_program(const struct bm_spawn_child *child) __attribute__((noreturn));

static void start_program(const struct bm_spawn_child *child)
{
	const struct bm_spawn *spawn = child->spawn;

	/* Ours all are O_CLOEXEC; what we were started with may not be. */
	shut_fds(3, ~0U, false);
	umask(022);
	if ((spawn->cwd || !spawn->chroot_dir) && chdir(spawn->cwd ? spawn->cwd : "/") < 0)
		fail(child, errno);
	fail(child, exec_program(child));
}

/* The first process of the namespace: no signal but a KILL from outside reaches it, and its end is that of all. It
 * leaves the room, so that /proc/1/root shows no more than a folder without files: programs that ask whether they run
 * in a chroot (ischroot, systemd) get the answer that they would get without a namespace. */
static void be_init(const struct bm_spawn_child *child) __attribute__((noreturn));

static void be_init(const struct bm_spawn_child *child)
{
	struct bm_spawn_word word = {BM_SPAWN_WORD_STATUS, 0};
	pid_t program, ended;

	/* Init becomes no other program: what bootmend has open would stay in reach of /proc/1/fd. */
	if (child->exec_fd > 3)
		shut_fds(3, (unsigned int)child->exec_fd - 1, true);
	shut_fds((unsigned int)child->exec_fd + 1, ~0U, true);
	program = fork();
	if (program == 0)
		start_program(child);
	if (program < 0)
		fail(child, errno);
	if (child->spawn->chroot_dir)
		(void)!chroot("/proc/self/fdinfo");
	do {
		ended = waitpid(-1, &word.value, 0);
		if (ended < 0 && errno != EINTR)
			fail(child, errno);
	} while (ended != program);
	_exit(write(child->exec_fd, &word, sizeof(word)) == (ssize_t)sizeof(word) ? 0 : 126);
}

void bm_spawn_child_run(const struct bm_spawn_child *child)
{
	int r;

	die_with_parent(child);
	r = take_standard(child);
	reset_signals();
	if (r == 0)
		r = take_root(child->spawn);
	if (r < 0)
		fail(child, -r);
	if (child->init)
		be_init(child);
	start_program(child);
}

/* Our children. */
static size_t list_children(pid_t *pids, size_t max)
{
	_cleanup_free_ struct bm_process *all = NULL;
	size_t n = 0, n_all = bm_processes_list(&all);
	pid_t own = getpid();

	for (size_t i = 0; i < n_all && n < max; i++)
		if (all[i].parent == own)
			pids[n++] = all[i].pid;
	return n;
}

void bm_spawn_known_init(struct bm_spawn_known *known)
{
	known->n = 0;
	known->pids = calloc(ORPHANS_MAX, sizeof(*known->pids));
	if (known->pids)
		known->n = list_children(known->pids, ORPHANS_MAX);
}

void bm_spawn_known_done(struct bm_spawn_known *known)
{
	free(known->pids);
	*known = (struct bm_spawn_known){0};
}

/* The children that are neither known nor the one named. Where memory was too short to know any, none. */
static size_t list_orphans(const struct bm_spawn_known *known, pid_t except, pid_t *pids)
{
	size_t n = known->pids ? list_children(pids, ORPHANS_MAX) : 0, i, j, kept = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < known->n && known->pids[j] != pids[i]; j++)
			;
		if (j == known->n && pids[i] != except)
			pids[kept++] = pids[i];
	}
	return kept;
}

unsigned int bm_spawn_signal_orphans(const struct bm_spawn_known *known, pid_t except, int number)
{
	pid_t *pids = calloc(ORPHANS_MAX, sizeof(*pids)), group;
	size_t n, i;

	if (!pids)
		return 0;
	n = list_orphans(known, except, pids);
	for (i = 0; i < n; i++) {
		group = getpgid(pids[i]);
		if (group > 1 && group != getpgrp())
			kill(-group, number);
		kill(pids[i], number);
	}
	free(pids);
	return (unsigned int)n;
}

void bm_spawn_reap_orphans(const struct bm_spawn_known *known, pid_t except)
{
	pid_t *pids = calloc(ORPHANS_MAX, sizeof(*pids));
	size_t n, i;

	if (!pids)
		return;
	n = list_orphans(known, except, pids);
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, WNOHANG);
	free(pids);
}

int bm_spawn_find(const char *name, char **ret_path)
{
	const char *at;
	struct stat st;

	for (at = CHILD_PATH; *at; at += strspn(at, ":")) {
		size_t len = strcspn(at, ":");
		char *path = bm_strf("%.*s/%s", (int)len, at, name);

		if (!path)
			return bm_err(-ENOMEM, "%s", name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0) {
			*ret_path = path;
			return 0;
		}
		free(path);
		at += len;
	}
	return bm_err(-ENOENT, "%s", name);
}
