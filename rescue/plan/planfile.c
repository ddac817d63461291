/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan as a text; docs/plan-format.md is its reference.
 *
 *	bootmend plan 1
 *	system 3f2a9c1e
 *	uuid 3f2a9c1e-...
 *	kernel 6.1.0-9-amd64
 *	verdict This does not boot because ...
 *	note ...
 *	instruction ID: ...
 *	basis HASH|- /etc/fstab
 *
 *	step edit
 *		text correct /etc/fstab
 *		target /etc/fstab
 *		before HASH|-
 *		@ 3
 *		-UUID=... /data ext4 defaults 0 2
 *		+UUID=... /data ext4 defaults,nofail 0 2
 *	...
 *	sha256 HASH
 *
 * A key, a blank, a value up to the end of the line; in values \\, \n, \r, \t and \xNN stand for bytes that a reader or
 * a terminal could take for something else. A key that is not there is NULL, one without a value the empty text.
 */
#include "planfile.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/str.h"

static const char magic[] = "bootmend plan 1\n";

/* --- writing --- */

static void put_value(struct bm_buf *out, const char *value)
{
	const unsigned char *p = (const unsigned char *)value;

	while (*p) {
		size_t len = bm_utf8_len((const char *)p);
		/* A blank at the end is lost in the mail. */
		bool odd = *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0) || (*p == ' ' && !p[1]);

		if (*p == '\\')
			bm_buf_adds(out, "\\\\");
		else if (*p == '\n' || *p == '\r' || *p == '\t')
			bm_buf_addf(out, "\\%c", *p == '\n' ? 'n' : *p == '\r' ? 'r' : 't');
		else if (len == 0 || odd)
			bm_buf_addf(out, "\\x%02x", *p);
		else
			bm_buf_add(out, p, len);
		p += len == 0 || odd ? 1 : len;
	}
	bm_buf_addc(out, '\n');
}

static void put(struct bm_buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	bm_buf_adds(out, key);
	if (*value)
		bm_buf_addc(out, ' ');
	put_value(out, value);
}

static void put_all(struct bm_buf *out, const char *key, const struct bm_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		put(out, key, list->items[i]);
}

static void put_number(struct bm_buf *out, const char *key, uint64_t number)
{
	if (number > 0)
		bm_buf_addf(out, "%s %llu\n", key, (unsigned long long)number);
}

static const char *hash_text(const char *hash)
{
	return *hash ? hash : "-";
}

static void put_edit(struct bm_buf *out, const struct bm_edit *edit)
{
	bm_buf_addf(out, "\t@ %u\n", edit->line);
	if (edit->old) {
		bm_buf_adds(out, "\t-");
		put_value(out, edit->old);
	}
	for (const char *at = edit->new; at;) {
		const char *feed = strchr(at, '\n');
		_cleanup_free_ char *line = feed ? strndup(at, (size_t)(feed - at)) : strdup(at);

		if (!line) {
			out->failed = true;
			return;
		}
		bm_buf_adds(out, "\t+");
		put_value(out, line);
		at = feed ? feed + 1 : NULL;
	}
}

static void put_step(struct bm_buf *out, const struct bm_step *step)
{
	const bool hashed = step->kind == BM_STEP_EDIT || step->kind == BM_STEP_MOVE;

	bm_buf_addf(out, "\nstep %s\n", bm_step_kind_text(step->kind));
	put(out, "\ttext", step->text);
	put(out, "\twhy", step->why);
	put_all(out, "\tserves", &step->serves);
	put(out, "\tversion", step->version);
	put(out, "\ttarget", step->target);
	put(out, "\tfilesystem", step->filesystem);
	put(out, "\tlink", step->link);
	put_all(out, "\tenvironment", &step->environment);
	put_all(out, "\targument", &step->argv);
	put_all(out, "\tdriver", &step->drivers);
	put_number(out, "\tleast-bytes", step->least_bytes);
	put_number(out, "\tneed-bytes", step->need_bytes);
	put_number(out, "\toffset", step->offset_bytes);
	put_number(out, "\tpage", step->page_bytes);
	if (step->generic)
		bm_buf_adds(out, "\tgeneric\n");
	if (hashed || step->before[0])
		put(out, "\tbefore", hash_text(step->before));
	if (step->after[0])
		put(out, "\tafter", step->after);
	for (size_t i = 0; i < step->n_edits; i++)
		put_edit(out, &step->edits[i]);
	if (step->no_newline)
		bm_buf_adds(out, "\tno-newline\n");
}

int bm_plan_write(const struct bm_plan *plan, struct bm_buf *out)
{
	_cleanup_buf_ struct bm_buf text = {0};
	char hash[BM_SHA256_TEXT];

	bm_buf_adds(&text, magic);
	put(&text, "system", plan->system_id);
	put(&text, "uuid", plan->system_uuid);
	put(&text, "kernel", plan->kernel);
	put(&text, "verdict", plan->verdict);
	put_all(&text, "note", &plan->notes);
	put_all(&text, "instruction", &plan->instructions);
	for (size_t i = 0; i < plan->n_basis; i++) {
		bm_buf_addf(&text, "basis %s", hash_text(plan->basis[i].hash));
		put(&text, "", plan->basis[i].path);
	}
	for (size_t i = 0; i < plan->n_steps; i++)
		put_step(&text, &plan->steps[i]);
	bm_buf_addc(&text, '\n');
	if (text.failed)
		return -ENOMEM;
	bm_sha256_text(bm_buf_text(&text), text.len, hash);
	bm_buf_addf(&text, "sha256 %s\n", hash);
	return text.failed ? -ENOMEM : bm_buf_add(out, text.data, text.len);
}

int bm_plan_hash(const struct bm_plan *plan, char ret_hash[BM_SHA256_TEXT])
{
	_cleanup_buf_ struct bm_buf text = {0};
	int r = bm_plan_write(plan, &text);

	if (r == 0)
		bm_sha256_text(bm_buf_text(&text), text.len, ret_hash);
	return r;
}

/* --- reading --- */

struct reader {
	struct bm_plan plan;
	struct bm_step *step; /* the one that is being read, or NULL */
	struct bm_edit *edit; /* its last, or NULL */
	struct bm_buf fresh;  /* the lines of its new text, each with its line feed */
	unsigned int line;
};

static int bad(const struct reader *reader, const char *what)
{
	return bm_err(-EBADMSG, "line %u of the plan: %s", reader->line, what);
}

static bool is_hash(const char *text)
{
	return strlen(text) == BM_SHA256_TEXT - 1 && strspn(text, "0123456789abcdef") == BM_SHA256_TEXT - 1;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Resolves the backslashes of len bytes; NULL where one is wrong (*ret_bad) or memory is short. */
static char *value_of(const char *text, size_t len, bool *ret_bad)
{
	_cleanup_buf_ struct bm_buf out = {0};

	*ret_bad = true;
	for (size_t i = 0; i < len; i++) {
		const char next = i + 1 < len ? text[i + 1] : '\0';

		if (text[i] != '\\') {
			bm_buf_addc(&out, text[i]);
		} else if (next == '\\' || next == 'n' || next == 'r' || next == 't') {
			bm_buf_addc(&out, next == 'n' ? '\n' : next == 'r' ? '\r' : next == 't' ? '\t' : '\\');
			i++;
		} else if (next == 'x' && i + 3 < len) {
			int high = hex_digit(text[i + 2]), low = hex_digit(text[i + 3]);

			if (high < 0 || low < 0 || high + low == 0)
				return NULL;
			bm_buf_addc(&out, (char)(high * 16 + low));
			i += 3;
		} else {
			return NULL;
		}
	}
	*ret_bad = false;
	return bm_buf_steal(&out);
}

static int set_once(const struct reader *reader, char **slot, const char *value)
{
	if (*slot)
		return bad(reader, "it says that twice");
	return bm_str_set(slot, value);
}

static int set_hash(const struct reader *reader, char slot[BM_SHA256_TEXT], const char *value, bool may_lack)
{
	if (*slot)
		return bad(reader, "it says that twice");
	if (may_lack && bm_streq(value, "-"))
		return 0;
	if (!is_hash(value))
		return bad(reader, "this is no SHA-256");
	memcpy(slot, value, BM_SHA256_TEXT);
	return 0;
}

static int set_number(const struct reader *reader, uint64_t *slot, const char *value)
{
	if (*slot > 0)
		return bad(reader, "it says that twice");
	return bm_num_u64(value, slot) == 0 && *slot > 0 ? 0 : bad(reader, "this is no number");
}

/* A path of the system: never one that leads outside by its name. */
static bool is_path(const char *text)
{
	if (*text != '/')
		return false;
	for (const char *at = text; at; at = strchr(at, '/')) {
		at++;
		if (bm_streq(at, "..") || bm_str_starts(at, "../"))
			return false;
	}
	return true;
}

static int add_basis(struct reader *reader, const char *value)
{
	const char *path = strchr(value, ' ');
	_cleanup_free_ char *hash = path ? strndup(value, (size_t)(path - value)) : NULL;
	struct bm_plan *plan = &reader->plan;
	struct bm_basis *basis;

	if (!path || !is_path(path + 1))
		return bad(reader, "a basis is a hash and a path");
	if (!hash)
		return -ENOMEM;
	if (plan->n_basis >= BM_PLAN_BASIS_MAX)
		return bm_err(-EFBIG, "the plan rests on too many files");
	basis = BM_VEC_PUSH(plan->basis, plan->n_basis, plan->cap_basis);
	if (!basis)
		return -ENOMEM;
	if (bm_str_set(&basis->path, path + 1) < 0)
		return -ENOMEM;
	return set_hash(reader, basis->hash, hash, true);
}

/* The edit that was read has all of its new lines. */
static int end_edit(struct reader *reader)
{
	struct bm_buf *fresh = &reader->fresh;

	if (reader->edit && fresh->len > 0) {
		fresh->data[--fresh->len] = '\0';
		reader->edit->new = bm_buf_steal(fresh);
		if (!reader->edit->new)
			return -ENOMEM;
	}
	reader->edit = NULL;
	return fresh->failed ? -ENOMEM : 0;
}

static int add_step(struct reader *reader, const char *value)
{
	struct bm_plan *plan = &reader->plan;

	if (end_edit(reader) < 0)
		return -ENOMEM;

	for (int kind = 0; kind <= BM_STEP_UNMOUNT; kind++) {
		if (!bm_streq(bm_step_kind_text((enum bm_step_kind)kind), value))
			continue;
		if (plan->n_steps >= BM_PLAN_STEPS_MAX)
			return bm_err(-EFBIG, "the plan has too many steps");
		reader->step = BM_VEC_PUSH(plan->steps, plan->n_steps, plan->cap_steps);
		if (!reader->step)
			return -ENOMEM;
		reader->step->kind = (enum bm_step_kind)kind;
		return 0;
	}
	return bad(reader, "there is no such step");
}

static int read_head(struct reader *reader, const char *key, const char *value)
{
	struct bm_plan *plan = &reader->plan;

	if (bm_streq(key, "step"))
		return add_step(reader, value);
	if (reader->step)
		return bad(reader, "this does not belong behind a step");
	if (bm_streq(key, "system"))
		return set_once(reader, &plan->system_id, value);
	if (bm_streq(key, "uuid"))
		return set_once(reader, &plan->system_uuid, value);
	if (bm_streq(key, "kernel"))
		return set_once(reader, &plan->kernel, value);
	if (bm_streq(key, "verdict"))
		return set_once(reader, &plan->verdict, value);
	if (bm_streq(key, "note"))
		return bm_strv_add(&plan->notes, value);
	if (bm_streq(key, "instruction"))
		return bm_strv_add(&plan->instructions, value);
	if (bm_streq(key, "basis"))
		return add_basis(reader, value);
	return bad(reader, "this key is not known");
}

static int read_change(struct reader *reader, const char *key, const char *value)
{
	struct bm_step *step = reader->step;
	uint64_t number;

	if (!step)
		return bad(reader, "this belongs to a step");
	if (*key == '@') {
		if (bm_num_u64(value, &number) < 0 || number == 0 || number > UINT32_MAX)
			return bad(reader, "this is no line's number");
		if (end_edit(reader) < 0)
			return -ENOMEM;
		reader->edit = BM_VEC_PUSH(step->edits, step->n_edits, step->cap_edits);
		if (!reader->edit)
			return -ENOMEM;
		reader->edit->line = (unsigned int)number;
		return 0;
	}
	if (!reader->edit)
		return bad(reader, "a changed line without its number");
	if (*key == '-')
		return reader->fresh.len > 0 ? bad(reader, "the old line stands behind the new one")
					     : set_once(reader, &reader->edit->old, value);
	bm_buf_adds(&reader->fresh, value);
	return bm_buf_addc(&reader->fresh, '\n');
}

static int read_step_list(struct reader *reader, const char *key, const char *value)
{
	struct bm_step *step = reader->step;

	if (bm_streq(key, "serves"))
		return bm_strv_add(&step->serves, value);
	if (bm_streq(key, "environment"))
		return bm_strv_add(&step->environment, value);
	if (bm_streq(key, "argument"))
		return bm_strv_add(&step->argv, value);
	if (bm_streq(key, "driver"))
		return bm_strv_add(&step->drivers, value);
	return bad(reader, "this key is not known");
}

static int read_step(struct reader *reader, const char *key, const char *value)
{
	struct bm_step *step = reader->step;

	if (!step)
		return bad(reader, "this belongs to a step");
	if (bm_streq(key, "text"))
		return set_once(reader, &step->text, value);
	if (bm_streq(key, "why"))
		return set_once(reader, &step->why, value);
	if (bm_streq(key, "version"))
		return set_once(reader, &step->version, value);
	if (bm_streq(key, "filesystem"))
		return set_once(reader, &step->filesystem, value);
	if (bm_streq(key, "link"))
		return set_once(reader, &step->link, value);
	if (bm_streq(key, "target"))
		/* A device's name may be that of a part of an image file. */
		return step->kind == BM_STEP_FSCK || step->kind == BM_STEP_DISCARD || is_path(value)
			       ? set_once(reader, &step->target, value)
			       : bad(reader, "this is no path");
	if (bm_streq(key, "before"))
		return set_hash(reader, step->before, value, true);
	if (bm_streq(key, "after"))
		return set_hash(reader, step->after, value, false);
	if (bm_streq(key, "least-bytes"))
		return set_number(reader, &step->least_bytes, value);
	if (bm_streq(key, "need-bytes"))
		return set_number(reader, &step->need_bytes, value);
	if (bm_streq(key, "offset"))
		return set_number(reader, &step->offset_bytes, value);
	if (bm_streq(key, "page"))
		return set_number(reader, &step->page_bytes, value);
	if (bm_streq(key, "generic") && !*value)
		return step->generic = true, 0;
	if (bm_streq(key, "no-newline") && !*value)
		return step->no_newline = true, 0;
	return read_step_list(reader, key, value);
}

/* One line without its line feed. */
static int read_line(struct reader *reader, const char *line, size_t len)
{
	const bool inside = len > 0 && *line == '\t';
	const bool change = len > 1 && inside && strchr("-+", line[1]);
	const char *key = line + inside, *blank;
	_cleanup_free_ char *name = NULL, *value = NULL;
	size_t key_len;
	bool wrong;

	if (len == 0)
		return 0;
	len -= inside;
	blank = change ? NULL : memchr(key, ' ', len);
	key_len = change ? 1 : blank ? (size_t)(blank - key) : len;
	name = strndup(key, key_len);
	value = value_of(key + key_len + (blank != NULL), len - key_len - (blank != NULL), &wrong);
	if (wrong)
		return bad(reader, "a backslash that stands for nothing");
	if (!name || !value)
		return -ENOMEM;
	if (!inside)
		return read_head(reader, name, value);
	return change || bm_streq(name, "@") ? read_change(reader, name, value) : read_step(reader, name, value);
}

/* Checks the frame; *ret_len is what stands before the last line. */
static int check_frame(const char *text, size_t len, size_t *ret_len)
{
	const size_t tail = strlen("sha256 ") + BM_SHA256_TEXT; /* with its line feed */
	char hash[BM_SHA256_TEXT];

	if (len > BM_PLAN_SIZE_MAX)
		return bm_err(-EFBIG, "more than %d bytes are no plan", BM_PLAN_SIZE_MAX);
	if (len < strlen(magic) || memcmp(text, magic, strlen(magic)) != 0)
		return bm_err(-EBADMSG, "this is no plan of bootmend's");
	if (len < strlen(magic) + tail || text[len - 1] != '\n' || text[len - tail - 1] != '\n' ||
		memcmp(text + len - tail, "sha256 ", strlen("sha256 ")) != 0)
		return bm_err(-EBADMSG, "the plan ends early");
	bm_sha256_text(text, len - tail, hash);
	if (memcmp(text + len - BM_SHA256_TEXT, hash, BM_SHA256_TEXT - 1) != 0)
		return bm_err(-EBADMSG, "the plan was changed: its last line does not fit what stands above it");
	if (memchr(text, '\0', len))
		return bm_err(-EBADMSG, "the plan holds NUL bytes");
	*ret_len = len - tail;
	return 0;
}

int bm_plan_parse(const char *text, size_t len, struct bm_plan *ret_plan)
{
	struct reader reader = {.line = 1};
	size_t at = strlen(magic), end = 0;
	int r = check_frame(text, len, &end);

	while (r == 0 && at < end) {
		const char *feed = memchr(text + at, '\n', end - at);
		size_t stop = feed ? (size_t)(feed - text) : end;

		reader.line++;
		r = read_line(&reader, text + at, stop - at);
		at = stop + 1;
	}
	if (r == 0)
		r = end_edit(&reader);
	bm_buf_done(&reader.fresh);
	if (r < 0) {
		bm_plan_done(&reader.plan);
		return r;
	}
	*ret_plan = reader.plan;
	return 0;
}
