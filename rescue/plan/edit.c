/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EDIT steps: the difference of two texts as a list of changed lines, and a text changed by such a list.
 *
 * A line ends before its line feed; a carriage return belongs to the line, so that nothing is lost of texts that have
 * some. Whether the last line has a line feed is kept beside the list (no_newline).
 */
#include "plan.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

/* How many lines a difference may be away from where the texts meet again; else all up to the end is one change. */
enum { MEET_LINES_MAX = 48 };

struct line {
	const char *text;
	size_t len;
};

struct lines {
	struct line *items;
	size_t n, capacity;
	bool newline; /* the last line has its line feed */
};

static void lines_done(struct lines *lines)
{
	free(lines->items);
}

#define _cleanup_lines_ BM_CLEANUP(lines_done)

static int split(const char *text, size_t len, struct lines *ret)
{
	const char *at = text, *end = text + len;

	ret->newline = true;
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		struct line *line = BM_VEC_PUSH(ret->items, ret->n, ret->capacity);

		if (!line)
			return -ENOMEM;
		*line = (struct line){at, (size_t)((feed ? feed : end) - at)};
		ret->newline = feed != NULL;
		at = feed ? feed + 1 : end;
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* How many lines of each text a change that begins at a and b takes: the least number of lines after which both go on
 * alike. */
static void change_size(
	const struct lines *before, size_t a, const struct lines *after, size_t b, size_t *ret_old, size_t *ret_new)
{
	for (size_t sum = 1; sum <= MEET_LINES_MAX; sum++)
		for (size_t k = 0; k <= sum + 1; k++) {
			/* Lines against lines first: most changes replace. */
			size_t half = sum / 2, old, new;

			if (k % 2 == 0 ? k / 2 > half : half + (k + 1) / 2 > sum)
				continue;
			old = k % 2 == 0 ? half - k / 2 : half + (k + 1) / 2;
			new = sum - old;
			if (a + old < before->n &&
				b + new < after->n &&same(&before->items[a + old], &after->items[b + new])) {
				*ret_old = old;
				*ret_new = new;
				return;
			}
		}
	*ret_old = before->n - a;
	*ret_new = after->n - b;
}

static char *text_of(const struct line *line)
{
	return strndup(line->text, line->len);
}

/* Lines as one text with line feeds between. */
static char *joined(const struct line *lines, size_t n)
{
	struct bm_buf out = {0};

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			bm_buf_addc(&out, '\n');
		bm_buf_add(&out, lines[i].text, lines[i].len);
	}
	return bm_buf_steal(&out);
}

static bool holds_nul(const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memchr(lines[i].text, '\0', lines[i].len))
			return true;
	return false;
}

/* One change: each old line gets its new one; what is left of the new ones stands behind the last. */
static int add_change(struct bm_step *step, const struct line *old, size_t n_old, const struct line *new, size_t n_new,
	unsigned int line)
{
	size_t n = n_old > 0 ? n_old : 1;

	if (holds_nul(old, n_old) || holds_nul(new, n_new))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		size_t take = i >= n_new ? 0 : i + 1 == n ? n_new - i : 1;
		struct bm_edit *edit;

		if (i < n_old && take == 1 && same(&old[i], &new[i]))
			continue;
		edit = BM_VEC_PUSH(step->edits, step->n_edits, step->cap_edits);
		if (!edit)
			return -ENOMEM;
		edit->line = line + (unsigned int)i;
		if (i < n_old) {
			edit->old = text_of(&old[i]);
			if (!edit->old)
				return -ENOMEM;
		}
		if (take > 0) {
			edit->new = joined(new + i, take);
			if (!edit->new)
				return -ENOMEM;
		}
	}
	return 0;
}

static void edits_done(struct bm_step *step)
{
	for (size_t i = 0; i < step->n_edits; i++) {
		free(step->edits[i].old);
		free(step->edits[i].new);
	}
	free(step->edits);
	step->edits = NULL;
	step->n_edits = step->cap_edits = 0;
}

static int differences(struct bm_step *step, const struct lines *before, const struct lines *after)
{
	size_t a = 0, b = 0;

	while (a < before->n || b < after->n) {
		size_t n_old, n_new;
		int r;

		if (a < before->n && b < after->n && same(&before->items[a], &after->items[b])) {
			a++;
			b++;
			continue;
		}
		change_size(before, a, after, b, &n_old, &n_new);
		r = add_change(step, before->items ? before->items + a : NULL, n_old,
			after->items ? after->items + b : NULL, n_new, (unsigned int)a + 1);
		if (r < 0)
			return r;
		a += n_old;
		b += n_new;
	}
	return 0;
}

int bm_step_set_edit(struct bm_step *step, const char *before, size_t before_len, const char *after, size_t after_len)
{
	_cleanup_lines_ struct lines old = {0}, new = {0};
	int r = 0;

	edits_done(step);
	if (before)
		r = split(before, before_len, &old);
	if (r == 0)
		r = split(after, after_len, &new);
	if (r == 0)
		r = differences(step, &old, &new);
	if (r < 0) {
		edits_done(step);
		return r;
	}
	step->no_newline = !new.newline;
	step->before[0] = '\0';
	if (before)
		bm_sha256_text(before, before_len, step->before);
	bm_sha256_text(after, after_len, step->after);
	return 0;
}

static bool is_line(const struct line *line, const char *text)
{
	return line->len == strlen(text) && memcmp(line->text, text, line->len) == 0;
}

/* Writes the text's lines with the edits among them. */
static int write_edited(const struct bm_step *step, const struct lines *lines, struct bm_buf *out)
{
	size_t next = 0; /* the first line that is not written yet */

	for (size_t e = 0; e < step->n_edits; e++) {
		const struct bm_edit *edit = &step->edits[e];

		if (edit->line < next + 1 || edit->line - 1 > lines->n)
			return -ESTALE;
		for (; next + 1 < edit->line; next++) {
			bm_buf_add(out, lines->items[next].text, lines->items[next].len);
			bm_buf_addc(out, '\n');
		}
		if (edit->old) {
			if (next >= lines->n || !is_line(&lines->items[next], edit->old))
				return -ESTALE;
			next++;
		}
		if (edit->new) {
			bm_buf_adds(out, edit->new);
			bm_buf_addc(out, '\n');
		}
	}
	for (; next < lines->n; next++) {
		bm_buf_add(out, lines->items[next].text, lines->items[next].len);
		bm_buf_addc(out, '\n');
	}
	return 0;
}

int bm_step_edit(const struct bm_step *step, const char *text, size_t len, struct bm_buf *out)
{
	_cleanup_lines_ struct lines lines = {0};
	_cleanup_buf_ struct bm_buf edited = {0};
	char hash[BM_SHA256_TEXT] = "";
	int r;

	if (text)
		bm_sha256_text(text, len, hash);
	if (!bm_streq(hash, step->before))
		return -ESTALE;
	r = text ? split(text, len, &lines) : 0;
	if (r == 0)
		r = write_edited(step, &lines, &edited);
	if (r < 0)
		return r;
	if (step->no_newline && edited.len > 0)
		edited.len--;
	if (edited.failed)
		return -ENOMEM;
	bm_sha256_text(bm_buf_text(&edited), edited.len, hash);
	if (!bm_streq(hash, step->after))
		return -ESTALE;
	return edited.len > 0 ? bm_buf_add(out, edited.data, edited.len) : 0;
}
