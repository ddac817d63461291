/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lvmbackup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

/* The group's section, logical_volumes, the volume's; segments lie deeper. */
enum { IN_GROUP = 1, IN_VOLUMES, IN_VOLUME };

struct reader {
	const char *at, *end;
	struct bm_lvmbackup *backup;
	unsigned int depth;
	bool in_volumes; /* the section at IN_VOLUMES is that of the volumes */
	struct bm_lvmbackup_volume *volume;
};

void bm_lvmbackup_done(struct bm_lvmbackup *backup)
{
	for (size_t i = 0; i < backup->n; i++) {
		free(backup->volumes[i].name);
		free(backup->volumes[i].uuid);
	}
	free(backup->volumes);
	free(backup->group);
	free(backup->uuid);
	*backup = (struct bm_lvmbackup){0};
}

/* Over blanks, line ends, commas and comments. */
static void skip(struct reader *reader)
{
	while (reader->at < reader->end) {
		if (*reader->at == '#')
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
		else if (isspace((unsigned char)*reader->at) || *reader->at == ',')
			reader->at++;
		else
			return;
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_-+./", c);
}

/* The word at this place, its length 0 where there is none. Names of volumes have these characters and no others. */
static size_t word(struct reader *reader, const char **ret_word)
{
	*ret_word = reader->at;
	while (reader->at < reader->end && *reader->at && is_word(*reader->at))
		reader->at++;
	return (size_t)(reader->at - *ret_word);
}

/* A "text", without its quotes; a backslash keeps the next character. False where it does not end. */
static bool text(struct reader *reader, const char **ret_text, size_t *ret_len)
{
	const char *begin = ++reader->at;

	while (reader->at < reader->end && *reader->at != '"')
		reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
	if (reader->at >= reader->end)
		return false;
	*ret_text = begin;
	*ret_len = (size_t)(reader->at++ - begin);
	return true;
}

/* A value; *ret_text is NULL for what is no text. False where the text ends, or makes no sense. */
static bool value(struct reader *reader, const char **ret_text, size_t *ret_len)
{
	const char *inner;
	size_t len;

	*ret_text = NULL;
	skip(reader);
	if (reader->at >= reader->end)
		return false;
	if (*reader->at == '"')
		return text(reader, ret_text, ret_len);
	if (*reader->at != '[')
		return word(reader, &inner) > 0;
	reader->at++;
	for (;;) {
		skip(reader);
		if (reader->at >= reader->end)
			return false;
		if (*reader->at == ']') {
			reader->at++;
			return true;
		}
		if (*reader->at == '"' ? !text(reader, &inner, &len) : word(reader, &inner) == 0)
			return false;
	}
}

static int keep(char **target, const char *from, size_t len)
{
	if (*target)
		return 0;
	*target = strndup(from, len);
	return *target ? 0 : -ENOMEM;
}

/* A section of that name begins. */
static int enter(struct reader *reader, const char *name, size_t len)
{
	struct bm_lvmbackup *backup = reader->backup;

	reader->depth++;
	if (reader->depth == IN_GROUP)
		return keep(&backup->group, name, len);
	if (reader->depth == IN_VOLUMES)
		reader->in_volumes = len == strlen("logical_volumes") && memcmp(name, "logical_volumes", len) == 0;
	if (reader->depth != IN_VOLUME || !reader->in_volumes || backup->n >= BM_LVMBACKUP_VOLUMES_MAX)
		return 0;
	reader->volume = BM_VEC_PUSH(backup->volumes, backup->n, backup->capacity);
	return reader->volume ? keep(&reader->volume->name, name, len) : -ENOMEM;
}

static int assign(struct reader *reader, const char *key, size_t len, const char *from, size_t from_len)
{
	if (!from || len != 2 || memcmp(key, "id", 2) != 0)
		return 0;
	if (reader->depth == IN_GROUP)
		return keep(&reader->backup->uuid, from, from_len);
	if (reader->depth == IN_VOLUME && reader->volume)
		return keep(&reader->volume->uuid, from, from_len);
	return 0;
}

static void leave(struct reader *reader)
{
	if (reader->depth == IN_VOLUME)
		reader->volume = NULL;
	reader->depth -= reader->depth > 0;
	reader->at++;
}

/* 1 where the text goes on, 0 at its end, or -ENOMEM. */
static int step(struct reader *reader)
{
	const char *key, *from;
	size_t len, from_len = 0;

	skip(reader);
	if (reader->at >= reader->end)
		return 0;
	if (*reader->at == '}') {
		leave(reader);
		return 1;
	}
	len = word(reader, &key);
	skip(reader);
	if (len == 0 || reader->at >= reader->end)
		return 0;
	if (*reader->at == '{') {
		reader->at++;
		return enter(reader, key, len) < 0 ? -ENOMEM : 1;
	}
	if (*reader->at++ != '=' || !value(reader, &from, &from_len))
		return 0;
	return assign(reader, key, len, from, from_len) < 0 ? -ENOMEM : 1;
}

int bm_lvmbackup_parse(const char *data, size_t len, struct bm_lvmbackup *ret_backup)
{
	struct bm_lvmbackup backup = {0};
	struct reader reader = {.at = data, .end = data + len, .backup = &backup};
	int r;

	if (len > BM_LVMBACKUP_SIZE_MAX)
		return -EFBIG;
	do
		r = step(&reader);
	while (r > 0);
	if (r < 0) {
		bm_lvmbackup_done(&backup);
		return r;
	}
	*ret_backup = backup;
	return 0;
}
