/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words; a line that begins with white space continues the one before; "#" begins a comment at the begin of a word
 * (mdadm, config.c, conf_word()). Keywords may be cut to three letters and are of any case.
 *
 *	ARRAY /dev/md/data metadata=1.2 UUID=01234567:89abcdef:01234567:89abcdef name=host:data
 */
#include "mdadmconf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

void bm_mdadmconf_done(struct bm_mdadmconf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		free(conf->arrays[i].device);
		free(conf->arrays[i].name);
	}
	free(conf->arrays);
	*conf = (struct bm_mdadmconf){0};
}

bool bm_md_uuid(const char *text, char ret_uuid[BM_MD_UUID_TEXT])
{
	char uuid[BM_MD_UUID_TEXT];
	size_t n = 0;

	for (; *text; text++) {
		if (strchr(":-. ", *text))
			continue;
		if (!isxdigit((unsigned char)*text) || n == BM_MD_UUID_TEXT - 1)
			return false;
		uuid[n++] = (char)tolower((unsigned char)*text);
	}
	if (n != BM_MD_UUID_TEXT - 1)
		return false;
	uuid[n] = '\0';
	memcpy(ret_uuid, uuid, sizeof(uuid));
	return true;
}

static bool is_keyword(const char *word)
{
	size_t len = strlen(word);

	return len >= 3 && len <= 5 && strncasecmp(word, "array", len) == 0;
}

static int take_word(struct bm_mdadmconf_array *array, const char *word)
{
	char uuid[BM_MD_UUID_TEXT];

	if (strncasecmp(word, "uuid=", 5) == 0) {
		if (bm_md_uuid(word + 5, uuid))
			memcpy(array->uuid, uuid, sizeof(uuid));
		return 0;
	}
	if (strncasecmp(word, "name=", 5) == 0)
		return bm_str_set(&array->name, word + 5);
	if (strncasecmp(word, "devices=", 8) == 0 || strncasecmp(word, "super-minor=", 12) == 0 ||
		strncasecmp(word, "container=", 10) == 0)
		array->spec_other = true;
	if (!strchr(word, '=') && !array->device)
		return bm_str_set(&array->device, word);
	return 0;
}

/* One line of the file; *array is the array that it may continue, or NULL. */
static int take_line(
	struct bm_mdadmconf *conf, const char *line, unsigned int number, struct bm_mdadmconf_array **array)
{
	_cleanup_strv_ struct bm_strv words = {0};
	size_t first = 0;

	if (bm_strv_split(&words, line, " \t\r") < 0)
		return -ENOMEM;
	if (*line != ' ' && *line != '\t') {
		*array = NULL;
		if (words.n == 0 || !is_keyword(words.items[0]) || conf->n >= BM_MDADMCONF_ARRAYS_MAX)
			return 0;
		*array = BM_VEC_PUSH(conf->arrays, conf->n, conf->capacity);
		if (!*array)
			return -ENOMEM;
		(*array)->line = number;
		first = 1;
	}
	for (size_t i = first; *array && i < words.n && words.items[i][0] != '#'; i++)
		if (take_word(*array, words.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

int bm_mdadmconf_parse(const char *text, size_t len, struct bm_mdadmconf *ret_conf)
{
	struct bm_mdadmconf conf = {0};
	struct bm_mdadmconf_array *array = NULL;
	const char *end = text + len;
	unsigned int number = 0;

	if (len > BM_MDADMCONF_SIZE_MAX)
		return -EFBIG;
	for (const char *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		_cleanup_free_ char *line = strndup(text, (size_t)((newline ? newline : end) - text));

		next = newline ? newline + 1 : end;
		number++;
		if (!line || take_line(&conf, line, number, &array) < 0) {
			bm_mdadmconf_done(&conf);
			return -ENOMEM;
		}
	}
	*ret_conf = conf;
	return 0;
}
