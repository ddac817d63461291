/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children: an argument list, no shell, a fixed environment, a time limit, captured output, and a fate.
 *
 * A child that is `apart` is a foreign system's program. It gets PID, IPC and UTS namespaces of its own, so that it
 *sees no process of ours, and nothing that it starts outlives it:
 *
 *	bootmend --- init of the namespace (our copy: it builds the room, then only waits) --- the program --- ...
 *
 * The kernel kills init when bootmend dies, however that happens, and all others when init dies.
 */
#ifndef BM_OS_SPAWN_H
#define BM_OS_SPAWN_H

#include "base/buf.h"

enum { BM_SPAWN_KEEP_BYTES = 65536, BM_SPAWN_TERM_S = 5, BM_SPAWN_ENV_MAX = 32 };

struct bm_spawn {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in the environment's PATH, in the chroot */
	const char *const
		*env; /* NULL-terminated KEY=VALUE added to (or replacing) PATH, LANG=C, HOME=/, TERM; or NULL */
	const char *chroot_dir; /* NULL: the rescue system */
	const char *cwd;	/* in the chroot; NULL: / */
	const char *input;	/* text for standard input; NULL: /dev/null. At most 4096 bytes. */
	unsigned int limit_s;	/* 0: none. Then TERM to the group, KILL after BM_SPAWN_TERM_S */
	unsigned int stall_s;	/* the same after so long without output and without work of the processor; 0: never */
	size_t keep_bytes;	/* of the output, its last ones; 0: BM_SPAWN_KEEP_BYTES */
	bool split_errors;	/* standard error into result.errors, not merged into result.output */
	bool interactive;	/* our own terminal, no capture, no limit; job control goes to the child */
	bool apart;		/* namespaces of its own, as far as the kernel has them; not for an interactive child */
	/* Called in the child in place of the chroot: makes dir its root, with what it shall see there
	 * (os/mount/room.h). NULL: a chroot. A negative errno, whose line goes to the child's standard error, is fate
	 * NOT_STARTED. */
	int (*room)(const char *dir);

	/* Called with what the child wrote, as it comes (NULL: not). Not a line each time. */
	void (*on_output)(void *context, const char *bytes, size_t len);
	/* Called about once a second with the time since the start; a return other than 0 stops the child (fate
	 * CANCELLED). */
	int (*on_tick)(void *context, unsigned int elapsed_s);
	void *context;
};

enum bm_spawn_fate {
	BM_SPAWN_EXITED,      /* code: its status */
	BM_SPAWN_KILLED,      /* code: the signal, by somebody else */
	BM_SPAWN_TIMED_OUT,   /* code: the limit in seconds */
	BM_SPAWN_STALLED,     /* code: stall_s */
	BM_SPAWN_CANCELLED,   /* code: what on_tick returned */
	BM_SPAWN_NOT_STARTED, /* code: positive errno of chroot, chdir or execve */
};

struct bm_spawn_result {
	enum bm_spawn_fate fate;
	int code;
	struct bm_buf output; /* the last keep_bytes of standard output and error */
	struct bm_buf errors; /* with split_errors */
	bool cut;	      /* earlier output was dropped */
	uint64_t elapsed_ms;
	uint64_t peak_kib; /* the largest memory of a process among it, ru_maxrss */
};

void bm_spawn_result_done(struct bm_spawn_result *result);
#define _cleanup_spawn_ BM_CLEANUP(bm_spawn_result_done)

/* Runs the child to its end, in a process group and session of its own; what it leaves behind is killed, and all of it
 * dies with us. Returns 0 whatever its fate, or a negative errno when no child could be made (memory, processes).
 * ret_result is for bm_spawn_result_done(). SIGINT and SIGTERM to us stop the child first (fate CANCELLED, code the
 * signal). */
int bm_spawn_run(const struct bm_spawn *spawn, struct bm_spawn_result *ret_result) BM_MUST_CHECK;
/* Whether it exited with status 0. */
bool bm_spawn_ok(const struct bm_spawn_result *result);
/* "dracut: exited with status 1", "... was killed by signal 9", "... did not end within 1200 s"; for free(). */
char *bm_spawn_fate_text(const char *name, const struct bm_spawn_result *result);
/* The last line of a text that is not blank, without its newline; for free(). "" where there is none. */
char *bm_spawn_last_line(const char *text);

/* The program's path in PATH of the environment that children get, for free(); -ENOENT. */
int bm_spawn_find(const char *name, char **ret_path) BM_MUST_CHECK;

#endif
