/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk images that a test makes with the system's tools, in a directory of its own.
 */
#ifndef BM_TESTS_OS_IMAGES_H
#define BM_TESTS_OS_IMAGES_H

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/spawn.h"
#include "os/run/tmp.h"
#include "harness.h"

/* The beginning of a script: the tools it needs (else the test is skipped), its directory, its log. */
#define IMAGE_NEEDS(tools)                                                                                             \
	"for t in " tools "; do command -v $t >/dev/null || exit 77; done; cd \"$1\"; exec >log 2>&1; "

/* Runs the script with $1, a new directory; for image_dir_done(). */
static inline char *image_dir(const char *script)
{
	const char *argv[] = {"sh", "-eu", "-c", script, "sh", NULL, NULL};
	struct bm_spawn spawn = {.argv = argv, .limit_s = 60};
	_cleanup_spawn_ struct bm_spawn_result result = {0};
	char *dir = NULL, *log;

	BM_CHECK_INT(bm_tmp_dir("images", &dir), 0);
	argv[5] = dir;
	BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
	if (result.fate == BM_SPAWN_EXITED && result.code == 77) {
		bm_tmp_removep(&dir);
		BM_SKIP("a tool that makes images is missing");
	}
	if (!bm_spawn_ok(&result)) {
		log = bm_path_join(dir, "log");
		bm_buf_addf(&result.output, "status %d ", result.code);
		BM_CHECK(bm_file_read(log, 100000, &result.output) <= 0);
		free(log);
		BM_CHECK_STR(bm_buf_text(&result.output), "");
	}
	return dir;
}

static inline void image_dir_done(char *dir)
{
	BM_CHECK_INT(bm_tmp_remove(dir), 0);
	free(dir);
}

/* A sum over all bytes that is quick also under sanitizers (FNV-1a over words of 64 bits). */
static inline uint64_t image_sum(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name), *chunk = calloc(1, 1 << 20);
	uint64_t sum = 0xcbf29ce484222325u, word;
	size_t got, i;
	int fd;

	BM_CHECK(path && chunk);
	BM_CHECK_INT(bm_file_open(path, &fd, NULL), 0);
	do {
		BM_CHECK_INT(bm_file_next(fd, chunk, 1 << 20, &got), 0);
		for (i = 0; i < got; i += sizeof(word)) {
			__builtin_memcpy(&word, chunk + i, sizeof(word));
			sum = (sum ^ word) * 0x100000001b3u;
		}
	} while (got == 1 << 20);
	bm_file_close(fd);
	return sum;
}

#endif
