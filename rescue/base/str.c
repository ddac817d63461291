/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "buf.h"

bool bm_streq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool bm_strcaseeq(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

bool bm_str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool bm_str_ends(const char *text, const char *suffix)
{
	size_t t = strlen(text), s = strlen(suffix);

	return t >= s && memcmp(text + t - s, suffix, s) == 0;
}

const char *bm_str_after(const char *text, const char *prefix)
{
	return bm_str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

char *bm_strf(const char *format, ...)
{
	_cleanup_buf_ struct bm_buf buf = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&buf, format, args);
	va_end(args);
	return bm_buf_steal(&buf);
}

int bm_str_set(char **text, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*text);
	*text = copy;
	return 0;
}

char *bm_str_strip(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

int bm_num_base(const char *text, size_t len, unsigned int base, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (c >= 'a' && c <= 'z')
			digit = (unsigned int)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'Z')
			digit = (unsigned int)(c - 'A') + 10;
		else
			return -EINVAL;
		if (digit >= base)
			return -EINVAL;
		if (value > (UINT64_MAX - digit) / base)
			return -ERANGE;
		value = value * base + digit;
	}
	*ret_value = value;
	return 0;
}

int bm_num_u64(const char *text, uint64_t *ret_value)
{
	return bm_num_base(text, strlen(text), 10, ret_value);
}

int bm_version_cmp(const char *a, const char *b)
{
	while (*a || *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t la, lb;
			int order;

			a += strspn(a, "0");
			b += strspn(b, "0");
			la = strspn(a, "0123456789");
			lb = strspn(b, "0123456789");
			if (la != lb)
				return la < lb ? -1 : 1;
			order = strncmp(a, b, la);
			if (order != 0)
				return order;
			a += la;
			b += lb;
			continue;
		}
		/* A release beats its own pre-release, as 6.1~rc1 < 6.1. */
		if (*a != *b && (*a == '~' || *b == '~'))
			return *a == '~' ? -1 : 1;
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++;
		b++;
	}
	return 0;
}

char *bm_path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);
	char *path;

	while (len > 0 && dir[len - 1] == '/')
		len--;
	while (*name == '/')
		name++;
	if (*name == '\0')
		return len > 0 ? strndup(dir, len) : strdup("/");
	path = malloc(len + 1 + strlen(name) + 1);
	if (!path)
		return NULL;
	memcpy(path, dir, len);
	path[len] = '/';
	memcpy(path + len + 1, name, strlen(name) + 1);
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	return path;
}

const char *bm_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *bm_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

bool bm_path_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

char *bm_size_text(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < BM_KIB)
		return bm_strf("%u B", (unsigned int)bytes);
	value /= 1024;
	while (value >= 1023.95 && unit + 1 < BM_ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	return bm_strf("%.1f %s", value, units[unit]);
}

size_t bm_utf8_len(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
		return 0;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

char *bm_str_safe(const char *text)
{
	_cleanup_buf_ struct bm_buf buf = {0};
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t len = bm_utf8_len((const char *)p);
		/* C1 controls are as good as an escape to many terminals. */
		bool control = *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);

		if (len == 0 || control) {
			bm_buf_addf(&buf, "\\x%02x", *p);
			p++;
		} else {
			bm_buf_add(&buf, p, len);
			p += len;
		}
	}
	return bm_buf_steal(&buf);
}
