/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal; and its lines with checksums that are right, which no fuzzer finds by itself. What is read is written as
 * a journal that reads the same.
 */
#include <assert.h>
#include <string.h>

#include "fmt/own/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The records of journal as a text; they move into again. */
static void rewrite(struct bm_journal *journal, struct bm_journal *again, struct bm_buf *out)
{
	for (size_t i = 0; i < journal->n; i++) {
		if (bm_journal_add(again, &journal->records[i], out) < 0)
			return;
		journal->records[i] = (struct bm_journal_record){0};
	}
}

/* Each line gets the checksum that it needs. */
static void sign(const uint8_t *data, size_t size, struct bm_buf *out)
{
	char sum[BM_SHA256_TEXT] = "0000000000000000";

	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		struct bm_sha256 hash;

		bm_sha256_init(&hash);
		bm_sha256_add(&hash, sum, BM_JOURNAL_SUM);
		bm_sha256_add(&hash, data + at, len);
		bm_sha256_end(&hash, sum);
		bm_buf_add(out, sum, BM_JOURNAL_SUM);
		bm_buf_add(out, data + at, len);
		bm_buf_addc(out, '\n');
		at += len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_journal_ struct bm_journal plain = {0}, journal = {0}, again = {0}, last = {0};
	_cleanup_buf_ struct bm_buf text = {0}, out = {0};
	size_t n;

	if (bm_journal_parse((const char *)data, size, &plain) == 0)
		assert(plain.whole_bytes <= size && (plain.torn || plain.whole_bytes == size));
	sign(data, size, &text);
	if (bm_journal_parse(bm_buf_text(&text), text.len, &journal) < 0)
		return 0;
	n = journal.n;
	for (uint64_t i = 0; i < 4; i++)
		assert(!bm_journal_intent(&journal, i) || bm_journal_after(&journal, i));
	rewrite(&journal, &again, &out);
	assert(bm_journal_parse(bm_buf_text(&out), out.len, &last) == 0);
	assert(!last.torn && last.n == again.n && (again.n == n || again.n < n));
	for (size_t i = 0; i < last.n; i++) {
		assert(last.records[i].kind == again.records[i].kind);
		assert(!last.records[i].path == !again.records[i].path);
		assert(!last.records[i].path || strcmp(last.records[i].path, again.records[i].path) == 0);
		assert(last.records[i].before.mtime_s == again.records[i].before.mtime_s);
	}
	return 0;
}
