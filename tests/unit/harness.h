/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit test registers itself; tests/unit/harness.c runs them all, prints one line for each that fails, and
 * ends with `N passed, N failed, N skipped`. A check that fails ends its test.
 */
#ifndef BM_TESTS_HARNESS_H
#define BM_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bm_test {
	const char *file;
	const char *name;
	void (*run)(void);
	struct bm_test *next;
};

void bm_test_register(struct bm_test *test);
/* Each ends the running test (longjmp) when it fails; resources of a failed test are not cleaned up. */
void bm_test_check(bool ok, const char *file, int line, const char *text);
void bm_test_check_str(const char *a, const char *b, const char *file, int line, const char *text);
void bm_test_check_int(int64_t a, int64_t b, const char *file, int line, const char *text);
/* Ends the running test as skipped, with the reason. */
void bm_test_skip(const char *reason);

#define BM_TEST(id)                                                                                                    \
	static void test_##id(void);                                                                                   \
	__attribute__((constructor)) static void register_##id(void)                                                   \
	{                                                                                                              \
		static struct bm_test test = {__FILE__, #id, test_##id, NULL};                                         \
		bm_test_register(&test);                                                                               \
	}                                                                                                              \
	static void test_##id(void)

#define BM_CHECK(expr)	   bm_test_check((expr), __FILE__, __LINE__, #expr)
#define BM_CHECK_STR(a, b) bm_test_check_str((a), (b), __FILE__, __LINE__, #a " is " #b)
#define BM_CHECK_INT(a, b) bm_test_check_int((int64_t)(a), (int64_t)(b), __FILE__, __LINE__, #a " is " #b)
#define BM_SKIP(reason)	   bm_test_skip(reason)

#endif
