/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan file, with its hash made true so that the fuzzer gets behind it; what is read can be written and read again.
 * Behind a NUL byte: two texts, and the edits that lead from one to the other.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "plan/planfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void edit_texts(const char *text, size_t len)
{
	const char *middle = memchr(text, '\0', len);
	struct bm_plan plan = {0};
	struct bm_step *step = BM_VEC_PUSH(plan.steps, plan.n_steps, plan.cap_steps);
	_cleanup_buf_ struct bm_buf out = {0};
	size_t before = middle ? (size_t)(middle - text) : len;
	const char *after = middle ? middle + 1 : "";
	size_t after_len = middle ? len - before - 1 : 0;

	if (step && bm_step_set_edit(step, text, before, after, after_len) == 0) {
		assert(bm_step_edit(step, text, before, &out) == 0);
		assert(out.len == after_len && (after_len == 0 || memcmp(out.data, after, after_len) == 0));
	}
	bm_plan_done(&plan);
}

static void read_plan(const char *body, size_t len)
{
	_cleanup_buf_ struct bm_buf text = {0}, first = {0}, second = {0};
	struct bm_plan plan = {0}, again = {0};
	char hash[BM_SHA256_TEXT];

	bm_buf_adds(&text, "bootmend plan 1\n");
	bm_buf_add(&text, body, len);
	bm_buf_adds(&text, len > 0 && body[len - 1] != '\n' ? "\n" : "");
	bm_sha256_text(text.data, text.len, hash);
	bm_buf_addf(&text, "sha256 %s\n", hash);
	if (bm_plan_parse(text.data, text.len, &plan) < 0)
		return;
	for (size_t i = 0; i < plan.n_steps; i++) {
		_cleanup_buf_ struct bm_buf out = {0};

		/* Any edits may meet any text. */
		if (bm_step_edit(&plan.steps[i], body, len, &out) < 0)
			assert(out.len == 0);
	}
	assert(bm_plan_write(&plan, &first) == 0);
	assert(bm_plan_parse(first.data, first.len, &again) == 0);
	assert(bm_plan_write(&again, &second) == 0);
	assert(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	bm_plan_done(&plan);
	bm_plan_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;

	read_plan(text, nul ? (size_t)(nul - text) : size);
	if (nul)
		edit_texts(nul + 1, size - (size_t)(nul + 1 - text));
	return 0;
}
