/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	search.fs_uuid UUID root hd0,gpt2                search --no-floppy --root-dev-only --fs-uuid --set=dev UUID
 *	set prefix=($root)'/boot/grub'                   set prefix=($dev)/grub2
 *	                                                 export $prefix
 *	configfile $prefix/grub.cfg                      configfile $prefix/grub.cfg
 *
 * Debian's and Ubuntu's grub-install writes the one, Fedora's and Enterprise Linux' packages the other. Hints behind
 *the variable only say where to look first.
 */
#include "grubstub.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

void bm_grubstub_done(struct bm_grubstub *stub)
{
	free(stub->uuid);
	free(stub->variable);
	free(stub->dir);
	*stub = (struct bm_grubstub){0};
}

bool bm_grubstub_dir_plain(const char *dir)
{
	return dir && *dir == '/' && !dir[strcspn(dir, " \t\r\n'\"\\$;&|<>{}()#*?[]")];
}

/* Takes the quotes away, which here never hide anything. */
static void unquote(char *word)
{
	char *to = word;

	for (; *word; word++)
		if (*word != '\'' && *word != '"')
			*to++ = *word;
	*to = '\0';
}

/* What search is told. False where it searches for something else. */
static bool take_search(const struct bm_strv *words, const char **ret_uuid, const char **ret_variable)
{
	bool fs_uuid = bm_streq(words->items[0], "search.fs_uuid"), options = !fs_uuid;

	*ret_uuid = NULL;
	*ret_variable = options ? NULL : "root";
	for (size_t i = 1; i < words->n; i++) {
		const char *word = words->items[i], *set = bm_str_after(word, "--set=");

		if (options && *word == '-') {
			if (set)
				*ret_variable = set;
			else if (bm_streq(word, "--fs-uuid") || bm_streq(word, "-u"))
				fs_uuid = true;
			else if (!bm_streq(word, "--no-floppy") && !bm_streq(word, "--root-dev-only") &&
				 !bm_str_starts(word, "--hint"))
				return false;
		} else if (!*ret_uuid) {
			*ret_uuid = word;
		} else if (!options && i == 2) {
			*ret_variable = word;
		} else if (options) {
			return false;
		}
	}
	return fs_uuid && *ret_uuid && *ret_variable && **ret_variable && **ret_uuid &&
	       !(*ret_uuid)[strcspn(*ret_uuid, "$(\\")];
}

/* The folder in "prefix=($VARIABLE)/DIR"; NULL where it is anything else. */
static const char *take_prefix(const char *word, const char *variable)
{
	const char *at = bm_str_after(word, "prefix=($");

	at = at && variable ? bm_str_after(at, variable) : NULL;
	at = at ? bm_str_after(at, ")") : NULL;
	return bm_grubstub_dir_plain(at) ? at : NULL;
}

/* One statement; *ret_known is false where it is none of a stub's. 0 or -ENOMEM. */
static int take_line(
	struct bm_grubstub *stub, const struct bm_strv *words, unsigned int line, bool *ret_known, bool *config)
{
	const char *name = words->items[0], *uuid, *variable, *dir;

	*ret_known = true;
	if (*config)
		*ret_known = false;
	else if ((bm_streq(name, "search.fs_uuid") || bm_streq(name, "search")) && !stub->uuid &&
		 take_search(words, &uuid, &variable)) {
		stub->search_line = line;
		return bm_str_set(&stub->uuid, uuid) < 0 || bm_str_set(&stub->variable, variable) < 0 ? -ENOMEM : 0;
	} else if (bm_streq(name, "set") && words->n == 2 && !stub->dir &&
		   (dir = take_prefix(words->items[1], stub->variable))) {
		stub->prefix_line = line;
		return bm_str_set(&stub->dir, dir);
	} else if (bm_streq(name, "configfile") && words->n == 2 && stub->dir &&
		   (bm_streq(words->items[1], "$prefix/grub.cfg") || bm_streq(words->items[1], "${prefix}/grub.cfg")))
		*config = true;
	else
		*ret_known = bm_streq(name, "export") || bm_streq(name, "insmod");
	return 0;
}

int bm_grubstub_parse(const char *text, size_t len, struct bm_grubstub *ret_stub)
{
	_cleanup_grubstub_ struct bm_grubstub stub = {0};
	bool known = len <= BM_GRUBSTUB_SIZE_MAX && (len == 0 || !memchr(text, '\0', len)), config = false;
	unsigned int line = 1;

	for (size_t at = 0; known && at < len; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = (end ? (size_t)(end - text) : len) - at;
		_cleanup_free_ char *copy = strndup(text + at, n);
		_cleanup_strv_ struct bm_strv words = {0};

		if (!copy || bm_strv_split(&words, copy, " \t\r") < 0)
			return -ENOMEM;
		at += n + 1;
		known = line <= BM_GRUBSTUB_LINES_MAX;
		if (!known || words.n == 0 || *words.items[0] == '#')
			continue;
		for (size_t i = 0; i < words.n; i++)
			unquote(words.items[i]);
		if (take_line(&stub, &words, line, &known, &config) < 0)
			return -ENOMEM;
	}
	*ret_stub = (struct bm_grubstub){0};
	if (!known || !config)
		return 0;
	stub.understood = true;
	*ret_stub = stub;
	stub = (struct bm_grubstub){0};
	return 0;
}

char *bm_grubstub_prefix(const char *variable, const char *dir)
{
	return bm_strf("set prefix=($%s)%s", variable, dir);
}

char *bm_grubstub_text(enum bm_grubstub_style style, const char *uuid, const char *dir)
{
	static const struct {
		const char *search, *variable, *before, *export;
	} styles[] = {
		[BM_GRUBSTUB_DEBIAN] = {"search.fs_uuid", "root", "", ""},
		[BM_GRUBSTUB_FEDORA] = {"search --no-floppy --fs-uuid", "dev", "--set=dev ", "export prefix\n"},
	};
	_cleanup_free_ char *prefix = bm_grubstub_prefix(styles[style].variable, dir);

	return prefix ? bm_strf("%s %s%s%s\n%s\n%sconfigfile $prefix/grub.cfg", styles[style].search,
				styles[style].before, uuid, style == BM_GRUBSTUB_DEBIAN ? " root" : "", prefix,
				styles[style].export)
		      : NULL;
}
