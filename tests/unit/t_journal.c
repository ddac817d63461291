/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/own/journal.h"
#include "harness.h"

static void add(struct bm_journal *journal, struct bm_buf *out, struct bm_journal_record record, const char *path,
	const char *text)
{
	BM_CHECK_INT(bm_str_set(&record.path, path), 0);
	BM_CHECK_INT(bm_str_set(&record.text, text), 0);
	BM_CHECK_INT(bm_journal_add(journal, &record, out), 0);
}

/* A whole repair and its undo. */
static void make(struct bm_buf *out)
{
	_cleanup_journal_ struct bm_journal journal = {0};
	struct bm_journal_record begin = {.kind = BM_JOURNAL_BEGIN, .version = BM_JOURNAL_VERSION, .time = 1795230000};
	struct bm_journal_record intent = {.kind = BM_JOURNAL_INTENT,
		.number = 1,
		.step = 2,
		.op = BM_JOURNAL_REPLACE,
		.before = {.type = BM_JOURNAL_FILE,
			.size_bytes = 7,
			.mode = 0640,
			.uid = 1,
			.gid = 2,
			.mtime_s = -5,
			.mtime_ns = 999999999},
		.after.type = BM_JOURNAL_FILE};

	BM_CHECK_INT(bm_str_set(&begin.id, "20261121-034000-9c1e"), 0);
	bm_sha256_text("before", 6, intent.before.hash);
	bm_sha256_text("after", 5, intent.after.hash);
	add(&journal, out, begin, NULL, "FSTAB-DEVICE-UNKNOWN, two words = 100%");
	add(&journal, out, intent, "/etc/a b%\n\xc3\xa4=\x01", NULL);
	add(&journal, out, (struct bm_journal_record){.kind = BM_JOURNAL_DONE, .number = 1}, NULL, NULL);
	add(&journal, out, (struct bm_journal_record){.kind = BM_JOURNAL_END, .time = 1795230001}, NULL, NULL);
	add(&journal, out, (struct bm_journal_record){.kind = BM_JOURNAL_UNDO_BEGIN, .time = 1}, NULL, NULL);
	BM_CHECK_INT(journal.whole_bytes, out->len);
	BM_CHECK_INT(bm_journal_phase(&journal), BM_JOURNAL_UNDOING);
}

BM_TEST(journal_is_read_as_it_was_written)
{
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	const struct bm_journal_record *intent;
	char hash[BM_SHA256_TEXT];

	make(&text);
	BM_CHECK_INT(bm_journal_parse(text.data, text.len, &journal), 0);
	BM_CHECK(!journal.torn && journal.damaged_line == 0);
	BM_CHECK_INT(journal.n, 5);
	BM_CHECK_INT(journal.whole_bytes, text.len);
	BM_CHECK_STR(journal.records[0].text, "FSTAB-DEVICE-UNKNOWN, two words = 100%");
	intent = bm_journal_intent(&journal, 1);
	BM_CHECK(intent && !bm_journal_intent(&journal, 2));
	BM_CHECK_STR(intent->path, "/etc/a b%\n\xc3\xa4=\x01");
	BM_CHECK(intent->before.mode == 0640 && intent->before.uid == 1 && intent->before.gid == 2);
	BM_CHECK(intent->before.mtime_s == -5 && intent->before.mtime_ns == 999999999);
	bm_sha256_text("before", 6, hash);
	BM_CHECK_STR(intent->before.hash, hash);
	bm_sha256_text("after", 5, hash);
	BM_CHECK_STR(bm_journal_after(&journal, 1)->hash, hash);
	BM_CHECK(bm_journal_has(&journal, BM_JOURNAL_DONE, 1) && !bm_journal_has(&journal, BM_JOURNAL_UNDONE, 1));
	/* One record a line, nothing but printable ASCII: a person can read it. */
	for (size_t i = 0; i < text.len; i++)
		BM_CHECK(text.data[i] == '\n' || (text.data[i] >= ' ' && text.data[i] < 0x7f));
}

/* The power went at every byte of the file. */
BM_TEST(journal_that_is_torn_anywhere)
{
	_cleanup_buf_ struct bm_buf text = {0};

	make(&text);
	for (size_t len = 0; len < text.len; len++) {
		_cleanup_journal_ struct bm_journal journal = {0}, again = {0};
		_cleanup_buf_ struct bm_buf more = {0};
		size_t lines = 0, whole = 0;

		for (size_t i = 0; i < len; i++)
			if (text.data[i] == '\n') {
				lines++;
				whole = i + 1;
			}
		BM_CHECK_INT(bm_journal_parse(text.data, len, &journal), 0);
		BM_CHECK_INT(journal.n, lines);
		BM_CHECK_INT(journal.whole_bytes, whole);
		BM_CHECK_INT(journal.torn, whole < len);
		BM_CHECK_INT(journal.damaged_line, 0);
		/* What is written behind the last whole record is read again. */
		if (lines == 0)
			continue;
		BM_CHECK_INT(bm_buf_add(&more, text.data, journal.whole_bytes), 0);
		add(&journal, &more, (struct bm_journal_record){.kind = BM_JOURNAL_RESUME, .time = 7}, NULL, NULL);
		BM_CHECK_INT(bm_journal_parse(more.data, more.len, &again), 0);
		BM_CHECK(!again.torn && again.n == lines + 1);
		BM_CHECK_INT(bm_journal_phase(&again), BM_JOURNAL_OPEN);
	}
}

/* Any bit that is not as it was written ends what is believed. */
BM_TEST(journal_that_was_altered)
{
	_cleanup_buf_ struct bm_buf text = {0};

	make(&text);
	for (size_t i = 0; i < text.len; i++) {
		_cleanup_journal_ struct bm_journal journal = {0};
		size_t line = 1;

		for (size_t b = 0; b < i; b++)
			line += text.data[b] == '\n';
		text.data[i] ^= 4;
		BM_CHECK_INT(bm_journal_parse(text.data, text.len, &journal), 0);
		text.data[i] ^= 4;
		BM_CHECK(journal.torn);
		BM_CHECK_INT(journal.n, line - 1);
		/* In the last line, or in two that became one, it can't be told from a torn one. */
		if (line < 4 || (line == 4 && text.data[i] != '\n'))
			BM_CHECK_INT(journal.damaged_line, line);
	}
}

static unsigned int phase_of(const char *line)
{
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	char hash[BM_SHA256_TEXT];

	BM_CHECK_INT(bm_buf_addf(&text, "0000000000000000%s", line), 0);
	bm_sha256_text(text.data, text.len, hash);
	text.len = 0;
	BM_CHECK_INT(bm_buf_addf(&text, "%.16s%s\n", hash, line), 0);
	BM_CHECK_INT(bm_journal_parse(text.data, text.len, &journal), 0);
	return journal.n == 1 ? bm_journal_phase(&journal) : 99;
}

BM_TEST(journal_of_others)
{
	_cleanup_journal_ struct bm_journal journal = {0};
	struct bm_journal_record large = {.kind = BM_JOURNAL_FAILED};
	_cleanup_buf_ struct bm_buf text = {0};

	BM_CHECK_INT(phase_of(" begin id=x version=1"), BM_JOURNAL_OPEN);
	/* A key that is not known may be new; a record, or a version, may mean anything. */
	BM_CHECK_INT(phase_of(" begin id=x version=1 colour=blue"), BM_JOURNAL_OPEN);
	BM_CHECK_INT(phase_of(" begin id=x version=2"), 99);
	BM_CHECK_INT(phase_of(" begin version=1"), 99);
	BM_CHECK_INT(phase_of(" began id=x version=1"), 99);
	BM_CHECK_INT(phase_of(" begin id=x id=y version=1"), 99);
	BM_CHECK_INT(phase_of(" begin id=%zz version=1"), 99);
	BM_CHECK_INT(phase_of(" begin id=%00 version=1"), 99);
	BM_CHECK_INT(phase_of(" begin  id=x version=1"), 99);
	BM_CHECK_INT(phase_of(" begin id=x version=18446744073709551616"), 99);
	BM_CHECK_INT(phase_of(" intent number=1 path=/x before=absent"), BM_JOURNAL_NOTHING);
	BM_CHECK_INT(phase_of(" intent number=1 path=x before=absent"), 99);
	BM_CHECK_INT(phase_of(" intent number=1 path=/x"), 99);
	BM_CHECK_INT(phase_of(" intent number=0 path=/x before=absent"), 99);
	BM_CHECK_INT(phase_of(" intent number=1 path=/x before=link"), 99);
	BM_CHECK_INT(phase_of(" intent number=1 path=/x before=file before-sha256=abc"), 99);
	BM_CHECK_INT(phase_of(""), 99);
	BM_CHECK_INT(bm_journal_parse("", 0, &journal), 0);
	BM_CHECK(!journal.torn && journal.n == 0 && bm_journal_phase(&journal) == BM_JOURNAL_NOTHING);
	/* What could not be read again is not written. */
	large.text = malloc(BM_JOURNAL_LINE_MAX);
	BM_CHECK(large.text != NULL);
	memset(large.text, 'x', BM_JOURNAL_LINE_MAX - 1);
	large.text[BM_JOURNAL_LINE_MAX - 1] = '\0';
	BM_CHECK_INT(bm_journal_add(&journal, &large, &text), -EFBIG);
	BM_CHECK_INT(text.len, 0);
}
