/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal is lines of
 *
 *	SUM BLANK WORD { BLANK KEY "=" VALUE } LF
 *
 * SUM are the first 16 hexadecimal digits of the SHA-256 of the SUM before (16 times "0" before the first line) and of
 * the line behind its SUM, from the blank to the last byte before the line feed. In a VALUE every byte that is no
 * printable ASCII, blank, "%" and "=" is written as %XX. Keys that are not known are skipped; a WORD that is not known
 * is damage, because what it says could matter.
 */
#include "journal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static const char *const kinds[BM_JOURNAL_N] = {
	"begin", "intent", "done", "taken-back", "step", "failed", "end", "resume", "undo-begin", "undone", "undo-end"};
static const char *const ops[BM_JOURNAL_OP_N] = {"replace", "create", "remove", "mkdir", "scope"};
static const char *const types[] = {"", "absent", "file", "link", "dir"};

enum field_type { TEXT, NUMBER, SIGNED, HASH, OP, TYPE };

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
};

#define AT(member) offsetof(struct bm_journal_record, member)
static const struct field fields[] = {
	{"id", TEXT, AT(id)},
	{"version", NUMBER, AT(version)},
	{"number", NUMBER, AT(number)},
	{"step", NUMBER, AT(step)},
	{"op", OP, AT(op)},
	{"path", TEXT, AT(path)},
	{"filesystem", TEXT, AT(filesystem)},
	{"pre", TEXT, AT(pre)},
	{"gap", NUMBER, AT(gap)},
	{"keep", NUMBER, AT(keep)},
	{"before", TYPE, AT(before.type)},
	{"before-sha256", HASH, AT(before.hash)},
	{"before-link", TEXT, AT(before.link)},
	{"before-size", NUMBER, AT(before.size_bytes)},
	{"before-mode", NUMBER, AT(before.mode)},
	{"before-uid", NUMBER, AT(before.uid)},
	{"before-gid", NUMBER, AT(before.gid)},
	{"before-mtime", SIGNED, AT(before.mtime_s)},
	{"before-mtime-ns", NUMBER, AT(before.mtime_ns)},
	{"after", TYPE, AT(after.type)},
	{"after-sha256", HASH, AT(after.hash)},
	{"after-link", TEXT, AT(after.link)},
	{"after-size", NUMBER, AT(after.size_bytes)},
	{"dir", TEXT, AT(dir)},
	{"dir-mtime", SIGNED, AT(dir_mtime_s)},
	{"dir-mtime-ns", NUMBER, AT(dir_mtime_ns)},
	{"system", TEXT, AT(system)},
	{"uuid", TEXT, AT(uuid)},
	{"plan", TEXT, AT(plan)},
	{"time", SIGNED, AT(time)},
	{"outcome", TEXT, AT(outcome)},
	{"text", TEXT, AT(text)},
};

void bm_journal_state_done(struct bm_journal_state *state)
{
	free(state->link);
	*state = (struct bm_journal_state){0};
}

int bm_journal_state_copy(const struct bm_journal_state *from, struct bm_journal_state *ret_state)
{
	struct bm_journal_state copy = *from;

	copy.link = NULL;
	if (bm_str_set(&copy.link, from->link) < 0)
		return -ENOMEM;
	*ret_state = copy;
	return 0;
}

void bm_journal_record_done(struct bm_journal_record *record)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(fields); i++)
		if (fields[i].type == TEXT)
			free(*(char **)((char *)record + fields[i].offset));
	*record = (struct bm_journal_record){0};
}

void bm_journal_done(struct bm_journal *journal)
{
	for (size_t i = 0; i < journal->n; i++)
		bm_journal_record_done(&journal->records[i]);
	free(journal->records);
	free(journal->marks);
	*journal = (struct bm_journal){0};
}

/* Room for the marks of a number. */
static int make_marks(struct bm_journal *journal, uint64_t number)
{
	size_t n = BM_MAX(journal->n_marks * 2, (size_t)number);
	struct bm_journal_mark *more;

	if (number == 0 || number > BM_JOURNAL_RECORDS_MAX || number <= journal->n_marks)
		return 0;
	more = realloc(journal->marks, n * sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + journal->n_marks, 0, (n - journal->n_marks) * sizeof(*more));
	journal->marks = more;
	journal->n_marks = n;
	return 0;
}

/* Takes over the record, on success only. */
static int keep(struct bm_journal *journal, const struct bm_journal_record *record)
{
	struct bm_journal_record *kept;
	struct bm_journal_mark *mark;

	if (make_marks(journal, record->number) < 0)
		return -ENOMEM;
	kept = BM_VEC_PUSH(journal->records, journal->n, journal->capacity);
	if (!kept)
		return -ENOMEM;
	*kept = *record;
	if (record->number == 0 || record->number > journal->n_marks)
		return 0;
	mark = &journal->marks[record->number - 1];
	mark->kinds |= 1U << record->kind;
	if (record->kind == BM_JOURNAL_INTENT && !mark->intent)
		mark->intent = (uint32_t)journal->n;
	if (record->kind == BM_JOURNAL_DONE && record->after.type != BM_JOURNAL_UNKNOWN)
		mark->after = (uint32_t)journal->n;
	return 0;
}

static void start(struct bm_journal *journal)
{
	if (journal->sum[0])
		return;
	memset(journal->sum, '0', BM_JOURNAL_SUM);
	journal->sum[BM_JOURNAL_SUM] = '\0';
}

/* The checksum of a line (behind its own) that follows the record with the checksum before. */
static void checksum(const char *before, const char *rest, size_t len, char ret_sum[BM_JOURNAL_SUM + 1])
{
	struct bm_sha256 hash;
	char text[BM_SHA256_TEXT];

	bm_sha256_init(&hash);
	bm_sha256_add(&hash, before, BM_JOURNAL_SUM);
	bm_sha256_add(&hash, rest, len);
	bm_sha256_end(&hash, text);
	memcpy(ret_sum, text, BM_JOURNAL_SUM);
	ret_sum[BM_JOURNAL_SUM] = '\0';
}

/* --- reading --- */

static bool unescape(const char *value, size_t len, char *out, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t byte = (unsigned char)value[i];

		if (value[i] == '%') {
			if (len - i < 3 || bm_num_base(value + i + 1, 2, 16, &byte) < 0 || byte == 0)
				return false;
			i += 2;
		}
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	*ret_len = n;
	return true;
}

static bool find_word(const char *const *words, size_t n, const char *text, int *ret_index)
{
	for (size_t i = 0; i < n; i++)
		if (bm_streq(words[i], text)) {
			*ret_index = (int)i;
			return true;
		}
	return false;
}

static bool is_hash(const char *text)
{
	return strlen(text) == BM_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == BM_SHA256_TEXT - 1;
}

/* 1, 0 where the value is not what the field takes, -ENOMEM. */
static int set_field(struct bm_journal_record *record, const struct field *field, const char *value)
{
	void *at = (char *)record + field->offset;
	uint64_t number;
	int index;

	switch (field->type) {
	case TEXT:
		/* twice the same key is nothing we wrote */
		if (*(char **)at)
			return 0;
		return bm_str_set(at, value) < 0 ? -ENOMEM : 1;
	case NUMBER:
		return bm_num_u64(value, at) == 0;
	case SIGNED:
		if (bm_num_u64(*value == '-' ? value + 1 : value, &number) < 0 || number > INT64_MAX)
			return 0;
		*(int64_t *)at = *value == '-' ? -(int64_t)number : (int64_t)number;
		return 1;
	case HASH:
		if (!is_hash(value))
			return 0;
		memcpy(at, value, BM_SHA256_TEXT);
		return 1;
	case OP:
		if (!find_word(ops, BM_JOURNAL_OP_N, value, &index))
			return 0;
		*(enum bm_journal_op *)at = (enum bm_journal_op)index;
		return 1;
	case TYPE:
		if (!find_word(types, BM_ARRAY_SIZE(types), value, &index) || index == 0)
			return 0;
		*(enum bm_journal_type *)at = (enum bm_journal_type)index;
		return 1;
	}
	return 0;
}

static int set_pair(struct bm_journal_record *record, const char *pair, size_t len, char *scratch)
{
	const char *equals = memchr(pair, '=', len);
	size_t key_len, value_len;

	if (!equals || equals == pair)
		return 0;
	key_len = (size_t)(equals - pair);
	if (!unescape(equals + 1, len - key_len - 1, scratch, &value_len))
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].key) == key_len && memcmp(fields[i].key, pair, key_len) == 0)
			return set_field(record, &fields[i], scratch);
	return 1;
}

/* Whether a record can be acted on: an intent without a path could be anything. */
static bool makes_sense(const struct bm_journal_record *record)
{
	switch (record->kind) {
	case BM_JOURNAL_BEGIN:
		return record->id != NULL && record->version == BM_JOURNAL_VERSION;
	case BM_JOURNAL_INTENT:
		return record->number > 0 && record->path && record->path[0] == '/' &&
		       record->before.type != BM_JOURNAL_UNKNOWN &&
		       (record->before.type != BM_JOURNAL_LINK || record->before.link) &&
		       (record->after.type != BM_JOURNAL_LINK || record->after.link);
	case BM_JOURNAL_DONE:
	case BM_JOURNAL_TAKEN_BACK:
	case BM_JOURNAL_UNDONE:
		return record->number > 0;
	default:
		return true;
	}
}

/* A line without its checksum. 1, 0 where it is no record, -ENOMEM. */
static int parse_record(const char *line, size_t len, char *scratch, struct bm_journal_record *record)
{
	size_t at = 0;
	int r = 1, kind;

	for (unsigned int word = 0; r == 1 && at < len; word++) {
		const char *end;
		size_t n;

		if (line[at] != ' ')
			return 0;
		at++;
		end = memchr(line + at, ' ', len - at);
		n = end ? (size_t)(end - line) - at : len - at;
		if (word > 0) {
			r = set_pair(record, line + at, n, scratch);
		} else {
			memcpy(scratch, line + at, n);
			scratch[n] = '\0';
			if (memchr(scratch, '\0', n) || !find_word(kinds, BM_JOURNAL_N, scratch, &kind))
				return 0;
			record->kind = (enum bm_journal_kind)kind;
		}
		at += n;
	}
	return r == 1 ? makes_sense(record) && len > 0 : r;
}

/* Takes the line at text. 1, 0 where it is no record of this journal, -ENOMEM. */
static int take_line(struct bm_journal *journal, const char *line, size_t len, char *scratch)
{
	struct bm_journal_record record = {0};
	char sum[BM_JOURNAL_SUM + 1];
	int r;

	if (len <= BM_JOURNAL_SUM || len > BM_JOURNAL_LINE_MAX || memchr(line, '\0', len))
		return 0;
	checksum(journal->sum, line + BM_JOURNAL_SUM, len - BM_JOURNAL_SUM, sum);
	if (memcmp(sum, line, BM_JOURNAL_SUM) != 0)
		return 0;
	r = parse_record(line + BM_JOURNAL_SUM, len - BM_JOURNAL_SUM, scratch, &record);
	if (r == 1) {
		r = keep(journal, &record);
		if (r == 0) {
			memcpy(journal->sum, sum, sizeof(sum));
			return 1;
		}
	}
	bm_journal_record_done(&record);
	return r;
}

int bm_journal_parse(const char *text, size_t len, struct bm_journal *ret_journal)
{
	_cleanup_free_ char *scratch = NULL;
	struct bm_journal journal = {0};
	unsigned int number = 1;
	int r = 1;

	if (len > BM_JOURNAL_SIZE_MAX)
		return -EFBIG;
	start(&journal);
	scratch = malloc(BM_JOURNAL_LINE_MAX + 1);
	if (!scratch)
		return -ENOMEM;
	for (size_t at = 0; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);

		r = end && journal.n < BM_JOURNAL_RECORDS_MAX
			    ? take_line(&journal, text + at, (size_t)(end - text) - at, scratch)
			    : 0;
		if (r != 1) {
			/* What a power cut tears is the end; a line feed with more behind it is no end. */
			journal.torn = true;
			if (end && (size_t)(end - text) + 1 < len)
				journal.damaged_line = number;
			break;
		}
		at = (size_t)(end - text) + 1;
		journal.whole_bytes = at;
	}
	if (r < 0) {
		bm_journal_done(&journal);
		return r;
	}
	*ret_journal = journal;
	return 0;
}

/* --- writing --- */

static int add_escaped(struct bm_buf *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c <= ' ' || c >= 0x7f || c == '%' || c == '=')
			bm_buf_addf(out, "%%%02x", c);
		else
			bm_buf_addc(out, (char)c);
	}
	return out->failed ? -ENOMEM : 0;
}

static bool is_empty(const struct bm_journal_record *record, const struct field *field)
{
	const void *at = (const char *)record + field->offset;

	switch (field->type) {
	case TEXT:
		return *(char *const *)at == NULL;
	case NUMBER:
		return *(const uint64_t *)at == 0;
	case SIGNED:
		return *(const int64_t *)at == 0;
	case HASH:
		return *(const char *)at == '\0';
	case OP:
		return record->kind != BM_JOURNAL_INTENT;
	case TYPE:
		return *(const enum bm_journal_type *)at == BM_JOURNAL_UNKNOWN;
	}
	return true;
}

static void write_fields(const struct bm_journal_record *record, struct bm_buf *out)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(fields); i++) {
		const void *at = (const char *)record + fields[i].offset;

		if (is_empty(record, &fields[i]))
			continue;
		bm_buf_addf(out, " %s=", fields[i].key);
		switch (fields[i].type) {
		case TEXT:
			add_escaped(out, *(char *const *)at);
			break;
		case NUMBER:
			bm_buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
			break;
		case SIGNED:
			bm_buf_addf(out, "%lld", (long long)*(const int64_t *)at);
			break;
		case HASH:
			bm_buf_adds(out, at);
			break;
		case OP:
			bm_buf_adds(out, ops[*(const enum bm_journal_op *)at]);
			break;
		case TYPE:
			bm_buf_adds(out, types[*(const enum bm_journal_type *)at]);
			break;
		}
	}
}

int bm_journal_add(struct bm_journal *journal, struct bm_journal_record *record, struct bm_buf *out)
{
	_cleanup_buf_ struct bm_buf line = {0};
	char sum[BM_JOURNAL_SUM + 1];
	int r = 0;

	start(journal);
	bm_buf_addf(&line, " %s", kinds[record->kind]);
	write_fields(record, &line);
	if (line.failed)
		r = -ENOMEM;
	else if (line.len + BM_JOURNAL_SUM > BM_JOURNAL_LINE_MAX || journal->n >= BM_JOURNAL_RECORDS_MAX ||
		 journal->whole_bytes + line.len + BM_JOURNAL_SUM + 1 > BM_JOURNAL_SIZE_MAX)
		r = -EFBIG;
	if (r == 0)
		r = keep(journal, record);
	if (r < 0) {
		bm_journal_record_done(record);
		return r;
	}
	checksum(journal->sum, line.data, line.len, sum);
	*record = (struct bm_journal_record){0};
	memcpy(journal->sum, sum, sizeof(sum));
	journal->whole_bytes += BM_JOURNAL_SUM + line.len + 1;
	return bm_buf_addf(out, "%s%s\n", sum, bm_buf_text(&line)) < 0 ? -ENOMEM : 0;
}

/* --- asking --- */

static const struct bm_journal_mark *mark_of(const struct bm_journal *journal, uint64_t number)
{
	return number > 0 && number <= journal->n_marks ? &journal->marks[number - 1] : NULL;
}

const struct bm_journal_record *bm_journal_intent(const struct bm_journal *journal, uint64_t number)
{
	const struct bm_journal_mark *mark = mark_of(journal, number);

	return mark && mark->intent ? &journal->records[mark->intent - 1] : NULL;
}

const struct bm_journal_state *bm_journal_after(const struct bm_journal *journal, uint64_t number)
{
	const struct bm_journal_record *intent = bm_journal_intent(journal, number);
	const struct bm_journal_mark *mark = mark_of(journal, number);

	if (mark && mark->after)
		return &journal->records[mark->after - 1].after;
	return intent ? &intent->after : NULL;
}

bool bm_journal_has(const struct bm_journal *journal, enum bm_journal_kind kind, uint64_t number)
{
	const struct bm_journal_mark *mark = mark_of(journal, number);

	return mark && mark->kinds & 1U << kind;
}

enum bm_journal_phase bm_journal_phase(const struct bm_journal *journal)
{
	enum bm_journal_phase phase = BM_JOURNAL_NOTHING;

	for (size_t i = 0; i < journal->n; i++)
		switch (journal->records[i].kind) {
		case BM_JOURNAL_BEGIN:
		case BM_JOURNAL_RESUME:
			phase = BM_JOURNAL_OPEN;
			break;
		case BM_JOURNAL_END:
			phase = BM_JOURNAL_ENDED;
			break;
		case BM_JOURNAL_UNDO_BEGIN:
			phase = BM_JOURNAL_UNDOING;
			break;
		case BM_JOURNAL_UNDO_END:
			phase = BM_JOURNAL_UNDONE_ALL;
			break;
		default:
			break;
		}
	return phase;
}
