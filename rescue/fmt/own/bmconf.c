/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel command line (Documentation/admin-guide/kernel-parameters.rst: words, double quotes keep blanks together)
 *
 *	BOOT_IMAGE=/vmlinuz quiet bootmend.auto bootmend.kernel=6.1.0-37-amd64 "bootmend.token=job 7"
 *
 * and bootmend.conf, one parameter a line or several:
 *
 *	# repair by ticket
 *	bootmend.auto
 *	bootmend.then = reboot		# afterwards
 */
#include "bmconf.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum { WORD_MAX = 1024, SHOWN_MAX = 80 };

static const char prefix[] = "bootmend.";

struct reader {
	struct bm_bmconf *conf;
	const char *p, *end;
	bool file;
};

void bm_bmconf_done(struct bm_bmconf *conf)
{
	free(conf->kernel);
	free(conf->system);
	free(conf->token);
	bm_strv_done(&conf->problems);
	*conf = (struct bm_bmconf){0};
}

static const char *const then_names[] = {
	[BM_THEN_UNSET] = "",
	[BM_THEN_REBOOT] = "reboot",
	[BM_THEN_POWEROFF] = "poweroff",
	[BM_THEN_SHELL] = "shell",
};

const char *bm_then_name(enum bm_then then)
{
	return (size_t)then < BM_ARRAY_SIZE(then_names) ? then_names[then] : "";
}

/* Adds a problem whose one %s is text, cut and made safe to print. */
static int add_problem(struct bm_bmconf *conf, const char *before, const char *text, const char *after)
{
	_cleanup_free_ char *cut = strndup(text, SHOWN_MAX);
	_cleanup_free_ char *safe = cut ? bm_str_safe(cut) : NULL;

	if (!safe)
		return -ENOMEM;
	if (conf->problems.n >= BM_BMCONF_PROBLEMS_MAX)
		return 0;
	return bm_strv_addf(
		&conf->problems, "%s \"%s%s\"%s", before, safe, strlen(text) > SHOWN_MAX ? "..." : "", after);
}

/* --- values --- */

static bool has_only(const char *value, const char *more)
{
	for (const char *p = value; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			    strchr(more, *p)))
			return false;
	return true;
}

/* Sets *field to the value where it is of the characters allowed (letters, digits and more) and at most max long. */
static int set_text(
	struct bm_bmconf *conf, char **field, const char *key, const char *value, const char *more, size_t max)
{
	if (!value || !*value)
		return add_problem(conf, "the parameter", key, " needs a value");
	if (strlen(value) > max)
		return add_problem(conf, "the value of the parameter", key, " is too long");
	if (!has_only(value, more))
		return add_problem(conf, "the value of the parameter", key, " has a character that is not allowed");
	return bm_str_set(field, value);
}

static int set_switch(struct bm_bmconf *conf, bool *field, const char *key, const char *value)
{
	static const char *const on[] = {"1", "yes", "true", "on"};
	static const char *const off[] = {"0", "no", "false", "off"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(on); i++) {
		if (!value || bm_strcaseeq(value, on[i])) {
			*field = true;
			return 0;
		}
		if (bm_strcaseeq(value, off[i])) {
			*field = false;
			return 0;
		}
	}
	return add_problem(conf, "the parameter", key, " is a switch: 1 or 0");
}

static int set_then(struct bm_bmconf *conf, const char *key, const char *value)
{
	for (size_t i = BM_THEN_UNSET + 1; i < BM_ARRAY_SIZE(then_names); i++)
		if (value && bm_strcaseeq(value, then_names[i])) {
			conf->then = (enum bm_then)i;
			return 0;
		}
	return add_problem(conf, "the parameter", key, " takes reboot, poweroff or shell");
}

static int set_seconds(struct bm_bmconf *conf, const char *key, const char *value)
{
	uint64_t seconds = 0;

	if (!value || bm_num_u64(value, &seconds) < 0 || seconds == 0 || seconds > BM_BMCONF_SECONDS_MAX)
		return add_problem(conf, "the parameter", key, " takes seconds, at most a day");
	conf->limit_seconds = (unsigned int)seconds;
	return 0;
}

/* A volume does not say whether it counts itself. */
static int set_config(struct reader *reader, const char *key, const char *value)
{
	static const char *const names[] = {"own", "any", "none"};

	if (reader->file)
		return add_problem(reader->conf, "the parameter", key, " counts on the kernel command line only");
	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++)
		if (value && bm_strcaseeq(value, names[i])) {
			reader->conf->config = (enum bm_config_from)i;
			return 0;
		}
	return add_problem(reader->conf, "the parameter", key, " takes own, any or none");
}

/* Takes one parameter; value is NULL where no '=' stands behind the key. */
static int set(struct reader *reader, char *key, const char *value)
{
	struct bm_bmconf *conf = reader->conf;
	const char *name = bm_str_after(key, prefix);

	if (!name)
		return reader->file ? add_problem(conf, "the word", key, " is no parameter of bootmend") : 0;
	for (char *p = key; *p; p++)
		if (*p == '_')
			*p = '-';
	if (bm_streq(name, "auto"))
		return set_switch(conf, &conf->asked, key, value);
	if (bm_streq(name, "dry-run"))
		return set_switch(conf, &conf->dry_run, key, value);
	if (bm_streq(name, "kernel"))
		return set_text(conf, &conf->kernel, key, value, "._+~:@%,=/-", BM_BMCONF_KERNEL_MAX);
	if (bm_streq(name, "system"))
		return set_text(conf, &conf->system, key, value, "._:-", BM_BMCONF_SYSTEM_MAX);
	if (bm_streq(name, "token"))
		return set_text(conf, &conf->token, key, value, "._:-", BM_BMCONF_TOKEN_MAX);
	if (bm_streq(name, "time-limit"))
		return set_seconds(conf, key, value);
	if (bm_streq(name, "then"))
		return set_then(conf, key, value);
	if (bm_streq(name, "config"))
		return set_config(reader, key, value);
	/* The dracut module's: it stands on the ISO's own command line. */
	if (bm_streq(name, "rescue"))
		return 0;
	return add_problem(conf, "the parameter", key, " is unknown");
}

/* --- words --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\f' || c == '\v' || c == '\0';
}

static void skip_blanks(struct reader *reader)
{
	while (reader->p < reader->end && is_blank(*reader->p))
		reader->p++;
}

/* Reads to the next space outside double quotes, or to '=' where stop_at_equals is set. Quotes are left out. A quote
 * never goes over a line's end. */
static int read_word(struct reader *reader, bool stop_at_equals, char **ret_word)
{
	_cleanup_buf_ struct bm_buf word = {0};
	bool quoted = false;

	for (; reader->p < reader->end; reader->p++) {
		char c = *reader->p;

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if ((!quoted && is_space(c)) || c == '\n' || c == '\0' || (stop_at_equals && c == '='))
			break;
		/* The rest of an overlong word is read past: no key and no value is as long. */
		if (word.len <= WORD_MAX)
			bm_buf_addc(&word, c);
	}
	*ret_word = bm_buf_steal(&word);
	return *ret_word ? 0 : -ENOMEM;
}

/*
 * Cuts "key=value" at the first '='. The quotes may be around the whole ("key=some value"), so the command line's
 * words are read whole and cut then.
 */
static int read_parameter(struct reader *reader)
{
	_cleanup_free_ char *key = NULL, *value = NULL;
	bool given = false;
	int r;

	r = read_word(reader, reader->file && *reader->p != '"', &key);
	if (r < 0)
		return r;
	if (reader->file) {
		const char *mark = reader->p;

		skip_blanks(reader);
		given = reader->p < reader->end && *reader->p == '=';
		if (given) {
			reader->p++;
			skip_blanks(reader);
			r = read_word(reader, false, &value);
			return r < 0 ? r : set(reader, key, value);
		}
		reader->p = mark;
	}
	if (strchr(key, '=')) {
		value = strdup(strchr(key, '=') + 1);
		if (!value)
			return -ENOMEM;
		*strchr(key, '=') = '\0';
	}
	return set(reader, key, value);
}

static int read_text(struct bm_bmconf *conf, const char *text, size_t len, bool file)
{
	struct reader reader = {conf, text, text + len, file};
	int r = 0;

	if (len > BM_BMCONF_SIZE_MAX)
		return -EFBIG;
	if (file && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader.p += 3;
	while (reader.p < reader.end && r == 0) {
		if (is_space(*reader.p)) {
			reader.p++;
		} else if (file && *reader.p == '#') {
			const char *feed = memchr(reader.p, '\n', (size_t)(reader.end - reader.p));

			reader.p = feed ? feed : reader.end;
		} else {
			r = read_parameter(&reader);
		}
	}
	return r;
}

int bm_bmconf_read_cmdline(struct bm_bmconf *conf, const char *text, size_t len)
{
	return read_text(conf, text, len, false);
}

int bm_bmconf_read_file(struct bm_bmconf *conf, const char *text, size_t len)
{
	return read_text(conf, text, len, true);
}
