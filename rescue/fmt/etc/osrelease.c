/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * os-release(5) is shell assignments; what was there before it is a line for people:
 *
 *	CentOS Linux release 7.9.2009 (Core)		redhat-release, centos-release, oracle-release ...
 *	Red Hat Enterprise Linux Server release 6.10 (Santiago)
 *	|--- name -------------------|         |ver|
 *
 *	SUSE Linux Enterprise Server 11 (x86_64)	SuSE-release
 *	VERSION = 11
 *	PATCHLEVEL = 4
 *
 *	7.11  or  jessie/sid				debian_version
 *
 *	DISTRIB_ID=Ubuntu				lsb-release
 *	DISTRIB_RELEASE=14.04
 */
#include "osrelease.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "keyval.h"

enum { LINE_MAX_BYTES = 512 };

const char *const bm_osrelease_files[] = {
	"etc/os-release",
	"usr/lib/os-release",
	"etc/lsb-release",
	"etc/oracle-release",
	"etc/centos-release",
	"etc/redhat-release",
	"etc/SuSE-release",
	"etc/debian_version",
	"etc/system-release",
	NULL,
};

/* Ids for names that os-release never named. The first that a name begins with, ignoring case, is taken. */
static const struct {
	const char *prefix, *id;
} ids[] = {
	{"Red Hat Enterprise", "rhel"},
	{"Red Hat", "redhat"},
	{"CentOS", "centos"},
	{"Fedora", "fedora"},
	{"Scientific", "scientific"},
	{"Oracle", "ol"},
	{"Enterprise Linux", "ol"},
	{"Rocky", "rocky"},
	{"AlmaLinux", "almalinux"},
	{"CloudLinux", "cloudlinux"},
	{"Amazon", "amzn"},
	{"SUSE Linux Enterprise Server", "sles"},
	{"SUSE Linux Enterprise Desktop", "sled"},
	{"openSUSE", "opensuse"},
	{"SUSE", "suse"},
	{"Debian", "debian"},
	{"Ubuntu", "ubuntu"},
	{"LinuxMint", "linuxmint"},
	{"Mandriva", "mandriva"},
};

void bm_osrelease_done(struct bm_osrelease *release)
{
	free(release->id);
	free(release->id_like);
	free(release->image_id);
	free(release->name);
	free(release->version);
	free(release->pretty);
	*release = (struct bm_osrelease){0};
}

static bool starts_nocase(const char *text, const char *prefix)
{
	for (; *prefix; text++, prefix++)
		if (tolower((unsigned char)*text) != tolower((unsigned char)*prefix))
			return false;
	return true;
}

/* Sets *field to value where there is one that says something. */
static int set_known(char **field, const char *value)
{
	return value && *value ? bm_str_set(field, value) : 0;
}

/* Fills what follows from the other fields: the id from the name, the text for people from name and version. */
static int complete(struct bm_osrelease *release)
{
	for (size_t i = 0; release->name && !release->id && i < BM_ARRAY_SIZE(ids); i++)
		if (starts_nocase(release->name, ids[i].prefix) && bm_str_set(&release->id, ids[i].id) < 0)
			return -ENOMEM;
	if (release->id)
		for (char *p = release->id; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	if (!release->name && set_known(&release->name, release->id) < 0)
		return -ENOMEM;
	if (!release->pretty && release->name) {
		release->pretty =
			release->version ? bm_strf("%s %s", release->name, release->version) : strdup(release->name);
		if (!release->pretty)
			return -ENOMEM;
	}
	return release->pretty ? 0 : -ENODATA;
}

static int parse_os_release(const char *text, size_t len, struct bm_osrelease *release)
{
	_cleanup_keyval_ struct bm_keyval keyval = {0};
	int r = bm_keyval_parse(text, len, &keyval);

	if (r < 0)
		return r;
	if (set_known(&release->id, bm_keyval_get(&keyval, "ID")) < 0 ||
		set_known(&release->id_like, bm_keyval_get(&keyval, "ID_LIKE")) < 0 ||
		set_known(&release->image_id, bm_keyval_get(&keyval, "IMAGE_ID")) < 0 ||
		set_known(&release->name, bm_keyval_get(&keyval, "NAME")) < 0 ||
		set_known(&release->version, bm_keyval_get(&keyval, "VERSION_ID")) < 0 ||
		set_known(&release->pretty, bm_keyval_get(&keyval, "PRETTY_NAME")) < 0)
		return -ENOMEM;
	return 0;
}

static int parse_lsb_release(const char *text, size_t len, struct bm_osrelease *release)
{
	_cleanup_keyval_ struct bm_keyval keyval = {0};
	int r = bm_keyval_parse(text, len, &keyval);

	if (r < 0)
		return r;
	if (set_known(&release->name, bm_keyval_get(&keyval, "DISTRIB_ID")) < 0 ||
		set_known(&release->version, bm_keyval_get(&keyval, "DISTRIB_RELEASE")) < 0 ||
		set_known(&release->pretty, bm_keyval_get(&keyval, "DISTRIB_DESCRIPTION")) < 0)
		return -ENOMEM;
	return 0;
}

/* A stripped copy of the first line that is not empty; -ENODATA where there is none. */
static int first_line(const char *text, size_t len, char **ret_line)
{
	size_t i = 0, n;
	char *line;

	while (i < len && isspace((unsigned char)text[i]))
		i++;
	for (n = 0; i + n < len && text[i + n] != '\n' && text[i + n] != '\0' && n < LINE_MAX_BYTES;)
		n++;
	if (n == 0)
		return -ENODATA;
	line = strndup(text + i, n);
	if (!line)
		return -ENOMEM;
	bm_str_strip(line);
	*ret_line = line;
	return 0;
}

/* Takes the version, which begins with a digit, from the start of text. */
static int take_version(struct bm_osrelease *release, const char *text)
{
	size_t len;

	text += strspn(text, " ");
	if (!isdigit((unsigned char)*text))
		return 0;
	len = strcspn(text, " \t(,");
	release->version = strndup(text, len);
	return release->version ? 0 : -ENOMEM;
}

static int parse_release_line(const char *text, size_t len, struct bm_osrelease *release)
{
	const char *word = " release ";
	const char *at;
	int r = first_line(text, len, &release->pretty);

	if (r < 0)
		return r;
	at = strstr(release->pretty, word);
	if (!at)
		return set_known(&release->name, release->pretty);
	release->name = strndup(release->pretty, (size_t)(at - release->pretty));
	if (!release->name)
		return -ENOMEM;
	return take_version(release, at + strlen(word));
}

/* The value of "KEY = value" at the start of a line, for free(); NULL where there is none. */
static char *suse_value(const char *text, size_t len, const char *key)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		const char *stop = feed ? feed : end;
		size_t n = strlen(key);

		if ((size_t)(stop - line) > n && memcmp(line, key, n) == 0) {
			const char *p = line + n;

			while (p < stop && (*p == ' ' || *p == '\t'))
				p++;
			if (p < stop && *p == '=') {
				for (p++; p < stop && (*p == ' ' || *p == '\t');)
					p++;
				while (stop > p && isspace((unsigned char)stop[-1]))
					stop--;
				return strndup(p, BM_MIN((size_t)(stop - p), (size_t)LINE_MAX_BYTES));
			}
		}
		line = feed ? feed + 1 : end;
	}
	return NULL;
}

static int parse_suse_release(const char *text, size_t len, struct bm_osrelease *release)
{
	_cleanup_free_ char *version = suse_value(text, len, "VERSION");
	_cleanup_free_ char *level = suse_value(text, len, "PATCHLEVEL");
	size_t n;
	int r = first_line(text, len, &release->pretty);

	if (r < 0)
		return r;
	/* The name is what stands before the first digit or parenthesis. */
	n = strcspn(release->pretty, "0123456789(");
	while (n > 0 && release->pretty[n - 1] == ' ')
		n--;
	if (n > 0) {
		release->name = strndup(release->pretty, n);
		if (!release->name)
			return -ENOMEM;
	}
	if (version && *version) {
		bool patched = level && *level && !bm_streq(level, "0");

		release->version = patched ? bm_strf("%s.%s", version, level) : strdup(version);
		if (!release->version)
			return -ENOMEM;
	}
	return 0;
}

static int parse_debian_version(const char *text, size_t len, struct bm_osrelease *release)
{
	_cleanup_free_ char *line = NULL;
	int r = first_line(text, len, &line);

	if (r < 0)
		return r;
	if (bm_str_set(&release->name, "Debian GNU/Linux") < 0)
		return -ENOMEM;
	/* "trixie/sid" is a name of what is not released yet, and no version. */
	if (isdigit((unsigned char)*line))
		return bm_str_set(&release->version, line);
	release->pretty = bm_strf("Debian GNU/Linux %s", line);
	return release->pretty ? 0 : -ENOMEM;
}

int bm_osrelease_parse(const char *file, const char *text, size_t len, struct bm_osrelease *ret_release)
{
	struct bm_osrelease release = {0};
	int r;

	if (len > BM_KEYVAL_SIZE_MAX)
		return -EFBIG;
	if (bm_streq(file, "os-release") || bm_streq(file, "initrd-release"))
		r = parse_os_release(text, len, &release);
	else if (bm_streq(file, "lsb-release"))
		r = parse_lsb_release(text, len, &release);
	else if (bm_streq(file, "SuSE-release"))
		r = parse_suse_release(text, len, &release);
	else if (bm_streq(file, "debian_version"))
		r = parse_debian_version(text, len, &release);
	else
		r = parse_release_line(text, len, &release);
	if (r == 0)
		r = complete(&release);
	if (r < 0) {
		bm_osrelease_done(&release);
		return r;
	}
	*ret_release = release;
	return 0;
}
