/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

static void lines_done(struct bm_draft *draft)
{
	for (size_t i = 0; i < draft->n_lines; i++) {
		free(draft->lines[i].text);
		free(draft->lines[i].above);
		free(draft->lines[i].below);
	}
	free(draft->lines);
	free(draft->tail);
	draft->lines = NULL;
	draft->tail = NULL;
	draft->n_lines = draft->cap_lines = 0;
}

static void draft_free(struct bm_draft *draft)
{
	if (!draft)
		return;
	lines_done(draft);
	bm_strv_done(&draft->whys);
	bm_strv_done(&draft->serves);
	free(draft);
}

void bm_drafts_done(struct bm_drafts *drafts)
{
	for (size_t i = 0; i < drafts->n; i++)
		draft_free(drafts->items[i]);
	free(drafts->items);
	*drafts = (struct bm_drafts){0};
}

static int split(struct bm_draft *draft, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	draft->newline = true;
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at)), *stop = feed ? feed : end;
		struct bm_draft_line *line = BM_VEC_PUSH(draft->lines, draft->n_lines, draft->cap_lines);

		if (!line)
			return -ENOMEM;
		line->cr = stop > at && stop[-1] == '\r';
		line->text = strndup(at, (size_t)(stop - at) - line->cr);
		if (!line->text)
			return -ENOMEM;
		draft->newline = feed != NULL;
		at = feed ? feed + 1 : end;
	}
	return 0;
}

/* Links lead several paths to one file. */
static bool same_file(const struct bm_source *a, const struct bm_source *b)
{
	return a == b || (a->real && bm_streq(a->real, b->real));
}

int bm_draft_open(struct bm_drafts *drafts, const struct bm_sources *sources, const char *path, bool create,
	struct bm_draft **ret_draft)
{
	const struct bm_source *source = path ? bm_sources_find(sources, path) : NULL;
	struct bm_draft *draft, **slot;

	/* What is there and could not be read has a real path and no text. */
	if (!source || (!source->text && (!create || source->real)))
		return -ENOENT;
	for (size_t i = 0; i < drafts->n; i++)
		if (same_file(drafts->items[i]->source, source)) {
			*ret_draft = drafts->items[i];
			return 0;
		}
	if (source->text && memchr(source->text, '\0', source->len))
		return -EINVAL;
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return -ENOMEM;
	draft->source = source;
	draft->newline = true;
	slot = BM_VEC_PUSH(drafts->items, drafts->n, drafts->capacity);
	if (!slot) {
		draft_free(draft);
		return -ENOMEM;
	}
	*slot = draft;
	if (source->text && split(draft, source->text, source->len) < 0)
		return -ENOMEM;
	*ret_draft = draft;
	return 0;
}

static struct bm_draft_line *line_of(const struct bm_draft *draft, unsigned int number)
{
	return number > 0 && number <= draft->n_lines ? &draft->lines[number - 1] : NULL;
}

const char *bm_draft_line(const struct bm_draft *draft, unsigned int number)
{
	const struct bm_draft_line *line = line_of(draft, number);

	return line ? line->text : NULL;
}

int bm_draft_set(struct bm_draft *draft, unsigned int number, const char *text)
{
	struct bm_draft_line *line = line_of(draft, number);

	if (!line || bm_streq(line->text, text))
		return 0;
	draft->changed = true;
	return bm_str_set(&line->text, text);
}

int bm_draft_remove(struct bm_draft *draft, unsigned int number)
{
	return bm_draft_set(draft, number, NULL);
}

/* Adds lines behind those that a place holds already. */
static int put(struct bm_draft *draft, char **place, const char *text)
{
	char *more = *place ? bm_strf("%s\n%s", *place, text) : strdup(text);

	if (!more)
		return -ENOMEM;
	free(*place);
	*place = more;
	draft->changed = true;
	return 0;
}

int bm_draft_above(struct bm_draft *draft, unsigned int number, const char *text)
{
	struct bm_draft_line *line = line_of(draft, number);

	return line ? put(draft, &line->above, text) : 0;
}

int bm_draft_below(struct bm_draft *draft, unsigned int number, const char *text)
{
	struct bm_draft_line *line = line_of(draft, number);

	return line ? put(draft, &line->below, text) : 0;
}

int bm_draft_append(struct bm_draft *draft, const char *text)
{
	return put(draft, &draft->tail, text);
}

int bm_draft_reset(struct bm_draft *draft, const char *text, size_t len)
{
	lines_done(draft);
	draft->changed = true;
	return split(draft, text, len);
}

int bm_draft_reason(struct bm_draft *draft, const struct bm_finding *finding, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf why = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&why, format, args);
	va_end(args);
	if (draft->whys.n == 0)
		draft->fixer = bm_finding_kinds[finding->id].fixer;
	if (why.failed || bm_strv_add_once(&draft->whys, bm_buf_text(&why)) < 0)
		return -ENOMEM;
	return bm_strv_add_once(&draft->serves, bm_finding_kinds[finding->id].id);
}

/* Each line of text with the line end that its neighbour has. */
static void put_lines(struct bm_buf *out, const char *text, bool cr)
{
	while (text) {
		const char *feed = strchr(text, '\n');

		bm_buf_add(out, text, feed ? (size_t)(feed - text) : strlen(text));
		bm_buf_adds(out, cr ? "\r\n" : "\n");
		text = feed ? feed + 1 : NULL;
	}
}

int bm_draft_text(const struct bm_draft *draft, struct bm_buf *out)
{
	const bool cr = draft->n_lines > 0 && draft->lines[0].cr;
	bool newline = true;

	for (size_t i = 0; i < draft->n_lines; i++) {
		const struct bm_draft_line *line = &draft->lines[i];

		put_lines(out, line->above, line->cr);
		put_lines(out, line->text, line->cr);
		put_lines(out, line->below, line->cr);
		if (i + 1 == draft->n_lines && line->text && !line->below)
			newline = draft->newline;
	}
	put_lines(out, draft->tail, cr);
	if (!newline && !draft->tail && !out->failed && out->len > 0)
		out->data[--out->len] = '\0';
	return out->failed ? -ENOMEM : 0;
}
