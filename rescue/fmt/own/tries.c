/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tries.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

struct line {
	char key[BM_TRIES_KEY + 1];
	uint64_t tries;
	int64_t time;
};

struct file {
	struct line lines[BM_TRIES_LINES_MAX];
	size_t n;
};

/* The number up to the end of a word of len bytes. */
static bool number(const char *text, size_t len, uint64_t *ret_value)
{
	char word[24];

	if (len == 0 || len >= sizeof(word))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	return bm_num_u64(word, ret_value) == 0;
}

static bool parse_line(const char *text, size_t len, struct line *ret_line)
{
	const char *end = text + len, *blank;
	struct line line = {0};
	uint64_t time;

	if (len <= BM_TRIES_KEY || text[BM_TRIES_KEY] != ' ')
		return false;
	memcpy(line.key, text, BM_TRIES_KEY);
	text += BM_TRIES_KEY + 1;
	blank = memchr(text, ' ', (size_t)(end - text));
	if (strspn(line.key, "0123456789abcdef") != BM_TRIES_KEY || !blank ||
		!number(text, (size_t)(blank - text), &line.tries) ||
		!number(blank + 1, (size_t)(end - blank - 1), &time) || time > INT64_MAX || line.tries > UINT32_MAX)
		return false;
	line.time = (int64_t)time;
	*ret_line = line;
	return true;
}

/* Keeps the newest where there are too many. */
static void keep(struct file *file, const struct line *line)
{
	if (file->n == BM_TRIES_LINES_MAX) {
		memmove(file->lines, file->lines + 1, (BM_TRIES_LINES_MAX - 1) * sizeof(*line));
		file->n--;
	}
	file->lines[file->n++] = *line;
}

static void parse(const char *text, size_t len, const char *key, int64_t now, struct file *file, struct line *mine)
{
	const char *end = text + len;

	while (text && text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));
		size_t part = (size_t)((feed ? feed : end) - text);
		struct line line;

		if (parse_line(text, part, &line) && (line.time > now || now - line.time <= BM_TRIES_FORGET)) {
			if (bm_streq(line.key, key))
				mine->tries += line.tries;
			else
				keep(file, &line);
		}
		text += part + 1;
	}
}

int bm_tries_add(
	const char *text, size_t len, const char *key, int64_t now, struct bm_buf *out, struct bm_tries *ret_tries)
{
	struct file *file = calloc(1, sizeof(*file));
	struct bm_tries tries = {0};
	struct line mine = {0};

	if (!file)
		return -ENOMEM;
	parse(text, len, key, now, file, &mine);
	memcpy(mine.key, key, strnlen(key, BM_TRIES_KEY));
	mine.tries = BM_MIN(mine.tries, (uint64_t)UINT32_MAX - 1) + 1;
	mine.time = BM_MAX(now, (int64_t)0);
	keep(file, &mine);
	for (size_t i = 0; i < file->n; i++) {
		tries.all += file->lines[i].tries;
		bm_buf_addf(out, "%s %llu %lld\n", file->lines[i].key, (unsigned long long)file->lines[i].tries,
			(long long)file->lines[i].time);
	}
	tries.same = mine.tries;
	free(file);
	*ret_tries = tries;
	return out->failed ? -ENOMEM : 0;
}
