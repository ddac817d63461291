/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The count that ends a loop of unattended repairs and reboots.
 */
#include <string.h>

#include "apply/tries.h"
#include "base/str.h"
#include "harness.h"
#include "os/root/rootw.h"
#include "os/run/tmp.h"

#define A   "aaaaaaaaaaaaaaaa"
#define B   "bbbbbbbbbbbbbbbb"
#define DAY BM_TRIES_FORGET

static struct bm_tries add(struct bm_buf *file, const char *key, int64_t now)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_tries tries = {0};

	BM_CHECK_INT(bm_tries_add(bm_buf_text(file), file->len, key, now, &out, &tries), 0);
	bm_buf_done(file);
	BM_CHECK_INT(bm_buf_add(file, out.data, out.len), 0);
	return tries;
}

BM_TEST(tries_of_the_same)
{
	_cleanup_buf_ struct bm_buf file = {0};

	BM_CHECK_INT(add(&file, A, 1000).same, 1);
	BM_CHECK_STR(bm_buf_text(&file), A " 1 1000\n");
	BM_CHECK_INT(add(&file, B, 1100).same, 1);
	/* by turns is a loop, too */
	BM_CHECK_INT(add(&file, A, 1200).same, 2);
	BM_CHECK_INT(add(&file, B, 1300).all, 4);
	BM_CHECK_STR(bm_buf_text(&file), A " 2 1200\n" B " 2 1300\n");
}

BM_TEST(tries_are_forgotten)
{
	_cleanup_buf_ struct bm_buf file = {0};

	add(&file, A, 1000);
	BM_CHECK_INT(add(&file, A, 1000 + DAY).same, 2);
	BM_CHECK_INT(add(&file, A, 1001 + DAY + DAY).same, 1);
	/* a clock that starts anew with each boot */
	BM_CHECK_INT(add(&file, A, 5).same, 2);
	BM_CHECK_INT(add(&file, A, 5).same, 3);
}

BM_TEST(tries_hostile)
{
	static const char *const texts[] = {"", "\n\n", "x", A, A " ", A " 1", A " 1 ", A "  1 1\n", A " 1 1 1\n",
		A " -1 1\n", A " 1 99999999999999999999999\n", A " 99999999999999 1\n", "AAAAAAAAAAAAAAAA 1 1\n",
		"zzzzzzzzzzzzzzzz 1 1\n"};
	_cleanup_buf_ struct bm_buf file = {0};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++) {
		bm_buf_done(&file);
		BM_CHECK_INT(bm_buf_adds(&file, texts[i]), 0);
		BM_CHECK_INT(add(&file, A, 1).same, 1);
	}
	/* as many as can be counted, on two lines */
	bm_buf_done(&file);
	BM_CHECK_INT(bm_buf_adds(&file, A " 4294967295 1\n" A " 4294967295 1"), 0);
	BM_CHECK_INT(add(&file, A, 1).same, 4294967295);
	/* no end of keys: the newest stay, and the sum tells it */
	bm_buf_done(&file);
	for (int i = 0; i < 200; i++)
		BM_CHECK_INT(bm_buf_addf(&file, "%016x 1 1\n", i), 0);
	BM_CHECK_INT(add(&file, A, 1).all, BM_TRIES_LINES_MAX);
	BM_CHECK_INT(add(&file, A, 1).same, 2);
}

BM_TEST(tries_on_the_patient)
{
	struct bm_root *root = NULL;
	struct bm_tries tries = {0};
	char *top = NULL;
	struct bm_stat st;

	BM_CHECK_INT(bm_tmp_dir("tries", &top), 0);
	BM_CHECK_INT(bm_root_open(top, &root), 0);
	BM_CHECK_INT(bm_tries_count_in(root, A, 100, &tries), 0);
	BM_CHECK_INT(tries.same, 1);
	BM_CHECK_INT(bm_tries_count_in(root, A, 200, &tries), 0);
	BM_CHECK_INT(tries.same, 2);
	BM_CHECK_INT(bm_root_stat(root, BM_TRIES_PATH, false, &st), 0);
	BM_CHECK_INT(st.mode, 0600);
	/* what cannot be read is no first try */
	BM_CHECK_INT(bm_rootw_unlink(root, BM_TRIES_PATH), 0);
	BM_CHECK_INT(bm_rootw_mkdir_p(root, BM_TRIES_PATH, 0700), 0);
	BM_CHECK(bm_tries_count_in(root, A, 300, &tries) < 0);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}
