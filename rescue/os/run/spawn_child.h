/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child's half of os/spawn.c, and what concerns processes that a child leaves behind. For os/ only.
 */
#ifndef BM_OS_SPAWN_CHILD_H
#define BM_OS_SPAWN_CHILD_H

#include <sys/types.h>

#include "spawn.h"

struct bm_spawn_child {
	const struct bm_spawn *spawn;
	pid_t parent;
	int exec_fd, out_fd, err_fd, in_fd; /* the child's ends; -1: none */
	int heard_fd;			    /* our end of exec_fd, which the child must not keep */
	bool init;			    /* it is the first process of a PID namespace */
	char *env[BM_SPAWN_ENV_MAX + 1];    /* owned */
};

/* What comes through exec_fd, whole, until the program runs and its init has ended. */
struct bm_spawn_word {
	enum { BM_SPAWN_WORD_ERRNO = 1, BM_SPAWN_WORD_STATUS } what;
	int value; /* why it was not started; how it ended, as wait(2) tells it */
};

/* Builds the environment. -ENOMEM, -E2BIG for more than BM_SPAWN_ENV_MAX variables. */
int bm_spawn_child_env(const struct bm_spawn *spawn, struct bm_spawn_child *child) BM_MUST_CHECK;
void bm_spawn_child_done(struct bm_spawn_child *child);
/* As fork(); where the child is to live apart, in a PID namespace of its own (child->init), as far as the kernel has
 * any. */
pid_t bm_spawn_child_fork(struct bm_spawn_child *child);
/* In the child: becomes the program, or reports an errno through exec_fd and exits. The init of a namespace starts the
 * program and tells through exec_fd how it ended. */
void bm_spawn_child_run(const struct bm_spawn_child *child) __attribute__((noreturn));

/* The children that we have before a child is made, such as jobs of a shell that became bootmend: left alone. */
struct bm_spawn_known {
	pid_t *pids;
	size_t n;
};

void bm_spawn_known_init(struct bm_spawn_known *known);
void bm_spawn_known_done(struct bm_spawn_known *known);
/* Sends the signal to every other child of ours except the one named (they are orphans that came to us as the
 * subreaper) and to their groups. Returns how many there were. */
unsigned int bm_spawn_signal_orphans(const struct bm_spawn_known *known, pid_t except, int number);
/* Waits for those of them that have ended. */
void bm_spawn_reap_orphans(const struct bm_spawn_known *known, pid_t except);
/* Makes our process group the terminal's foreground group again. */
void bm_spawn_take_terminal(void);

#endif
