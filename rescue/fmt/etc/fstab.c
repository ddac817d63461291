/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fstab(5), getmntent(3):
 *
 *	UUID=0a3407de-...  /boot/efi  vfat  umask=0077,nofail  0  2
 *	-----------------  ---------  ----  -----------------  -  -
 *	spec               target     type  options            |  pass of fsck
 *	                                                       dump
 *
 *	blanks (space, tab) between fields and before the first; a '#' before the first field makes a comment;
 *	\040 and other three octal digits stand for one byte in spec and target; from options on all is optional,
 *	and what follows the sixth field means nothing.
 */
#include "fstab.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"

enum { FIELDS = 6 };

struct field {
	const char *text;
	size_t len;
};

void bm_fstab_done(struct bm_fstab *fstab)
{
	for (size_t i = 0; i < fstab->n_lines; i++) {
		free(fstab->lines[i].spec);
		free(fstab->lines[i].target);
		free(fstab->lines[i].fstype);
		free(fstab->lines[i].options);
	}
	for (size_t i = 0; i < fstab->n_problems; i++)
		free(fstab->problems[i].text);
	free(fstab->lines);
	free(fstab->problems);
	*fstab = (struct bm_fstab){0};
}

static int BM_PRINTF(3, 4) add_problem(struct bm_fstab *fstab, unsigned int line, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_fstab_problem *problem;
	va_list args;

	if (fstab->n_problems >= BM_FSTAB_PROBLEMS_MAX)
		return 0;
	va_start(args, format);
	bm_buf_addv(&text, format, args);
	va_end(args);
	problem = BM_VEC_PUSH(fstab->problems, fstab->n_problems, fstab->cap_problems);
	if (!problem)
		return -ENOMEM;
	problem->line = line;
	problem->text = bm_buf_steal(&text);
	return problem->text ? 0 : -ENOMEM;
}

static bool is_octal(char c, char last)
{
	return c >= '0' && c <= last;
}

/* A copy of the field with its octal escapes resolved. \000 stays as it is: it would hide the rest of the name. */
static char *unescape(struct field field)
{
	char *out = malloc(field.len + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < field.len; i++) {
		const char *p = field.text + i;

		if (*p == '\\' && field.len - i >= 4 && is_octal(p[1], '3') && is_octal(p[2], '7') &&
			is_octal(p[3], '7')) {
			int byte = (p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0');

			if (byte != 0) {
				out[n++] = (char)byte;
				i += 3;
				continue;
			}
		}
		out[n++] = *p;
	}
	out[n] = '\0';
	return out;
}

/* Takes doubled and trailing slashes out of an absolute path, in place. */
static void tidy_path(char *path)
{
	char *out = path;

	if (*path != '/')
		return;
	for (const char *p = path; *p; p++)
		if (*p != '/' || p[1] != '/')
			*out++ = *p;
	if (out > path + 1 && out[-1] == '/')
		out--;
	*out = '\0';
}

static unsigned int split(const char *text, size_t len, struct field fields[FIELDS])
{
	unsigned int n = 0;
	size_t i = 0;

	while (n < FIELDS) {
		size_t start;

		while (i < len && (text[i] == ' ' || text[i] == '\t'))
			i++;
		if (i == len)
			break;
		start = i;
		while (i < len && text[i] != ' ' && text[i] != '\t')
			i++;
		fields[n++] = (struct field){text + start, i - start};
	}
	return n;
}

static int read_number(
	struct bm_fstab *fstab, unsigned int line, struct field field, const char *what, unsigned int *ret_value)
{
	uint64_t value;

	if (bm_num_base(field.text, field.len, 10, &value) < 0 || value > INT_MAX)
		return add_problem(fstab, line, "the %s field \"%.*s\" is no number", what, (int)field.len, field.text);
	*ret_value = (unsigned int)value;
	return 0;
}

static int check_line(struct bm_fstab *fstab, const struct bm_fstab_line *entry)
{
	if (entry->target[0] != '/' && !bm_streq(entry->fstype, "swap") && !bm_streq(entry->target, "none") &&
		!bm_streq(entry->target, "swap"))
		return add_problem(fstab, entry->line, "the mount point \"%s\" is no absolute path", entry->target);
	return 0;
}

static int add_entry(struct bm_fstab *fstab, unsigned int line, const struct field *fields, unsigned int n)
{
	struct bm_fstab_line *entry = BM_VEC_PUSH(fstab->lines, fstab->n_lines, fstab->cap_lines);
	int r;

	if (!entry)
		return -ENOMEM;
	entry->line = line;
	entry->spec = unescape(fields[0]);
	entry->target = unescape(fields[1]);
	entry->fstype = n > 2 ? strndup(fields[2].text, fields[2].len) : strdup("auto");
	entry->options = n > 3 ? strndup(fields[3].text, fields[3].len) : strdup("defaults");
	if (!entry->spec || !entry->target || !entry->fstype || !entry->options)
		return -ENOMEM;
	tidy_path(entry->target);
	if (n <= 2) {
		r = add_problem(fstab, line, "the filesystem type of %s is missing", entry->target);
		if (r < 0)
			return r;
	}
	r = n > 4 ? read_number(fstab, line, fields[4], "dump", &entry->dump) : 0;
	if (r < 0)
		return r;
	r = n > 5 ? read_number(fstab, line, fields[5], "fsck", &entry->pass) : 0;
	if (r < 0)
		return r;
	return check_line(fstab, entry);
}

static int parse_line(struct bm_fstab *fstab, unsigned int line, const char *text, size_t len)
{
	struct field fields[FIELDS];
	unsigned int n;

	if (memchr(text, '\0', len))
		return add_problem(fstab, line, "the line holds NUL bytes");
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len > BM_FSTAB_LINE_MAX)
		return add_problem(fstab, line, "the line is too long (%zu bytes)", len);
	n = split(text, len, fields);
	if (n == 0 || fields[0].text[0] == '#')
		return 0;
	if (n == 1)
		return add_problem(fstab, line, "\"%.*s\" has no mount point", (int)fields[0].len, fields[0].text);
	return add_entry(fstab, line, fields, n);
}

int bm_fstab_parse(const char *text, size_t len, struct bm_fstab *ret_fstab)
{
	struct bm_fstab fstab = {0};
	unsigned int line = 0;
	size_t start = 0;
	int r = 0;

	if (len > BM_FSTAB_SIZE_MAX)
		return -EFBIG;
	while (start < len && r == 0) {
		const char *feed = memchr(text + start, '\n', len - start);
		size_t size = feed ? (size_t)(feed - text) - start : len - start;

		line++;
		if (fstab.n_lines == BM_FSTAB_LINES_MAX) {
			r = add_problem(&fstab, line, "more than %d entries, the rest is not read", BM_FSTAB_LINES_MAX);
			break;
		}
		r = parse_line(&fstab, line, text + start, size);
		start += size + 1;
	}
	if (r < 0) {
		bm_fstab_done(&fstab);
		return r;
	}
	*ret_fstab = fstab;
	return 0;
}

const struct bm_fstab_line *bm_fstab_find(const struct bm_fstab *fstab, const char *target)
{
	for (size_t i = 0; i < fstab->n_lines; i++)
		if (bm_streq(fstab->lines[i].target, target) && !bm_streq(fstab->lines[i].fstype, "swap") &&
			!bm_streq(fstab->lines[i].fstype, "ignore"))
			return &fstab->lines[i];
	return NULL;
}

/* The length of the option at text: to the next comma outside double quotes (SELinux contexts hold commas). */
static size_t option_len(const char *text)
{
	bool quoted = false;
	size_t i;

	for (i = 0; text[i] && (quoted || text[i] != ','); i++)
		if (text[i] == '"')
			quoted = !quoted;
	return i;
}

/* Whether the option at text has the name. ret_value is what stands behind '=', text NULL without one. */
static bool option_is(const char *text, size_t len, const char *name, struct field *ret_value)
{
	size_t n = strlen(name);

	if (len < n || memcmp(text, name, n) != 0 || (len > n && text[n] != '='))
		return false;
	*ret_value = (struct field){len > n ? text + n + 1 : NULL, len > n ? len - n - 1 : 0};
	return true;
}

int bm_fstab_option(const char *options, const char *name, char **ret_value)
{
	struct field value = {0};
	bool found = false;
	char *copy = NULL;

	for (const char *p = options; *p;) {
		size_t len = option_len(p);

		found |= option_is(p, len, name, &value);
		p += len;
		p += *p == ',';
	}
	if (!found)
		return 0;
	if (!ret_value)
		return 1;
	if (value.text) {
		if (value.len >= 2 && value.text[0] == '"' && value.text[value.len - 1] == '"') {
			value.text++;
			value.len -= 2;
		}
		copy = strndup(value.text, value.len);
		if (!copy)
			return -ENOMEM;
	}
	*ret_value = copy;
	return 1;
}

bool bm_fstab_flag(const char *options, const char *on, const char *off)
{
	struct field value;
	bool set = false;

	for (const char *p = options; *p;) {
		size_t len = option_len(p);

		if (option_is(p, len, on, &value))
			set = true;
		else if (off && option_is(p, len, off, &value))
			set = false;
		p += len;
		p += *p == ',';
	}
	return set;
}
