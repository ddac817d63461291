/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the unit tests that registered themselves, in the order of their files and names.
 *
 *	unit [-l] [TEXT]	-l lists them; TEXT takes only those whose `file:name` contains it
 *
 * A test that hangs ends the run after its time limit, with its name; a crash is the sanitizer's to report, and
 * the name of the test that ran is printed too. Leaks are looked for at the end, as one more test, when all passed:
 * a test that ended early leaves its memory behind.
 */
#include "harness.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_LIMIT_SECONDS 60

enum outcome { PASSED, FAILED, SKIPPED };

static struct bm_test *tests;
static struct bm_test *running;
static jmp_buf escape;
static unsigned int counts[3];

/* LeakSanitizer's, where the binary is built with it. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
	return "leak_check_at_exit=0";
}

void bm_test_register(struct bm_test *test)
{
	test->next = tests;
	tests = test;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static _Noreturn void leave(enum outcome outcome)
{
	longjmp(escape, 1 + (int)outcome);
}

static void complain(const char *file, int line, const char *text)
{
	printf("FAIL %s:%s\n  %s:%d: %s\n", base_name(running->file), running->name, file, line, text);
}

void bm_test_check(bool ok, const char *file, int line, const char *text)
{
	if (ok)
		return;
	complain(file, line, text);
	leave(FAILED);
}

void bm_test_check_str(const char *a, const char *b, const char *file, int line, const char *text)
{
	if (a == b || (a && b && strcmp(a, b) == 0))
		return;
	complain(file, line, text);
	printf("    got  %s%s%s\n    want %s%s%s\n", a ? "\"" : "", a ? a : "NULL", a ? "\"" : "", b ? "\"" : "",
		b ? b : "NULL", b ? "\"" : "");
	leave(FAILED);
}

void bm_test_check_int(int64_t a, int64_t b, const char *file, int line, const char *text)
{
	if (a == b)
		return;
	complain(file, line, text);
	printf("    got  %" PRId64 "\n    want %" PRId64 "\n", a, b);
	leave(FAILED);
}

void bm_test_skip(const char *reason)
{
	printf("SKIP %s:%s: %s\n", base_name(running->file), running->name, reason);
	leave(SKIPPED);
}

static int compare(const void *a, const void *b)
{
	const struct bm_test *const *x = a;
	const struct bm_test *const *y = b;
	int order = strcmp((*x)->file, (*y)->file);

	return order ? order : strcmp((*x)->name, (*y)->name);
}

/* Only async-signal-safe calls: says which test ran, then lets the signal have its way. */
static void on_signal(int number)
{
	static const char during[] = "\nFAIL (signal: crash, abort or time limit) in ";

	(void)!write(STDOUT_FILENO, during, sizeof(during) - 1);
	if (running) {
		(void)!write(STDOUT_FILENO, running->file, strlen(running->file));
		(void)!write(STDOUT_FILENO, ":", 1);
		(void)!write(STDOUT_FILENO, running->name, strlen(running->name));
	}
	(void)!write(STDOUT_FILENO, "\n", 1);
	signal(number, SIG_DFL);
	raise(number);
}

static void run(struct bm_test *test)
{
	int jumped;

	running = test;
	alarm(TIME_LIMIT_SECONDS);
	jumped = setjmp(escape);
	if (jumped == 0) {
		test->run();
		jumped = 1 + (int)PASSED;
	}
	alarm(0);
	counts[jumped - 1]++;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
	const char *only = argc > 1 + list ? argv[1 + list] : "";
	struct bm_test **sorted;
	size_t count = 0;
	size_t i = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_signal);
	signal(SIGABRT, on_signal);
	for (struct bm_test *test = tests; test; test = test->next)
		count++;
	sorted = calloc(count + 1, sizeof(struct bm_test *));
	if (!sorted)
		return 1;
	for (struct bm_test *test = tests; test; test = test->next)
		sorted[i++] = test;
	qsort(sorted, count, sizeof(struct bm_test *), compare);
	for (i = 0; i < count; i++) {
		char id[256];

		snprintf(id, sizeof(id), "%s:%s", base_name(sorted[i]->file), sorted[i]->name);
		if (!strstr(id, only))
			continue;
		if (list)
			puts(id);
		else
			run(sorted[i]);
	}
	free(sorted);
	if (list)
		return 0;
	if (!counts[FAILED] && !counts[SKIPPED] && __lsan_do_recoverable_leak_check) {
		fflush(stdout);
		if (__lsan_do_recoverable_leak_check()) {
			puts("FAIL leaks");
			counts[FAILED]++;
		} else {
			counts[PASSED]++;
		}
	}
	printf("%u passed, %u failed, %u skipped\n", counts[PASSED], counts[FAILED], counts[SKIPPED]);
	return counts[FAILED] ? 1 : 0;
}
