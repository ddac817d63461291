/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of a boot log:
 *
 *	<4>[    1.234567][    T1] message			the kernel's own, with its caller
 *	[Mon Oct 12 10:00:00 2026] message			dmesg -T
 *	Oct 12 10:00:00 host kernel: [    1.234567] message	syslog (RFC 3164), journalctl -o short
 *	2026-10-12T10:00:00.1+02:00 host name[12]: message	rsyslog's and journald's ISO form
 *	[    1.234567] host name[12]: message			journalctl -o short-monotonic, rdsosreport.txt
 *	dracut-initqueue[288]: Warning: message			a console
 */
#include "bootlog_int.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* The end of the escape sequence at p (which is ESC), and whether it moves the cursor to another line. */
static const char *skip_escape(const char *p, const char *end, bool *ret_moves)
{
	*ret_moves = false;
	p++;
	if (p < end && *p == '[') {
		for (p++; p < end && (unsigned char)*p < 0x40; p++)
			if ((unsigned char)*p < 0x20)
				return p;
		if (p < end) {
			*ret_moves = strchr("ABEFHdfJ", *p) != NULL && *p;
			p++;
		}
		return p;
	}
	if (p < end && (*p == ']' || *p == 'P' || *p == '_' || *p == '^')) {
		/* A string for the terminal, up to BEL or ESC \; without an end it is not one. */
		for (const char *q = p; q < end && q - p < 256; q++) {
			if (*q == '\a')
				return q + 1;
			if (*q == '\033' && q + 1 < end && q[1] == '\\')
				return q + 2;
		}
		return p + 1;
	}
	if (p < end && strchr("()*+#%", *p) && *p)
		p++;
	if (p < end && *p == 'c')
		*ret_moves = true;
	return p < end && (unsigned char)*p >= 0x20 ? p + 1 : p;
}

/* What people's editors and systemd's locale make of quotes, dashes, dots and blanks. */
static const struct {
	const char *bytes, *ascii;
} typed[] = {
	{"\xe2\x80\x98", "'"},
	{"\xe2\x80\x99", "'"},
	{"\xe2\x80\x9a", "'"},
	{"\xe2\x80\x9b", "'"},
	{"\xe2\x80\x9c", "\""},
	{"\xe2\x80\x9d", "\""},
	{"\xe2\x80\x9e", "\""},
	{"\xe2\x80\x90", "-"},
	{"\xe2\x80\x91", "-"},
	{"\xe2\x80\x92", "-"},
	{"\xe2\x80\x93", "-"},
	{"\xe2\x80\x94", "-"},
	{"\xe2\x80\xa6", "..."},
	{"\xe2\x80\xaf", " "},
	{"\xe2\x80\x8b", ""},
	{"\xef\xbb\xbf", ""},
	{"\xc2\xa0", " "},
	{"\xc2\xb4", "'"},
	{"\xc2\xab", "\""},
	{"\xc2\xbb", "\""},
	{"\xc3\x97", "x"},
};

static bool put_typed(const char **p, const char *end, struct bm_buf *out)
{
	if ((unsigned char)**p < 0xc2)
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(typed); i++) {
		size_t len = strlen(typed[i].bytes);

		if ((size_t)(end - *p) < len || memcmp(*p, typed[i].bytes, len) != 0)
			continue;
		if (!bm_streq(typed[i].ascii, " "))
			bm_buf_adds(out, typed[i].ascii);
		else if (out->len > 0 && out->data[out->len - 1] != ' ')
			bm_buf_addc(out, ' ');
		*p += len;
		return true;
	}
	return false;
}

int bm_bootlog_clean(const char *raw, size_t len, struct bm_buf *out, unsigned int *ret_columns)
{
	const char *p = raw, *end = raw + len;
	unsigned int columns = 0;

	while (p < end && out->len < BM_BOOTLOG_LINE_MAX) {
		unsigned char c = (unsigned char)*p;
		size_t run = 0;

		/* Nearly all of a text is this. */
		while (p + run < end && p[run] > ' ' && p[run] < 0x7f && p[run] != '`' &&
			out->len + run < BM_BOOTLOG_LINE_MAX)
			run++;
		if (run > 0) {
			bm_buf_add(out, p, run);
			columns += (unsigned int)run;
			p += run;
			continue;
		}
		if (c == '\033') {
			bool moves;

			p = skip_escape(p, end, &moves);
			if (moves)
				bm_buf_addc(out, '\n');
			continue;
		}
		if (put_typed(&p, end, out)) {
			columns++;
			continue;
		}
		p++;
		if (c == '\b') {
			if (out->len > 0 && out->data[out->len - 1] != '\n')
				out->data[--out->len] = '\0';
		} else if (c == '\r' || c == '\n' || c == '\v' || c == '\f') {
			/* "text\r\n" is one line, "text\rtext" two, of which the second was written over the first. */
			if (p < end)
				bm_buf_addc(out, '\n');
		} else if (c == ' ' || c == '\t') {
			columns++;
			if (out->len > 0 && out->data[out->len - 1] != ' ' && out->data[out->len - 1] != '\n')
				bm_buf_addc(out, ' ');
		} else if (c >= 0x20 && c != 0x7f) {
			columns += (c & 0xc0) != 0x80;
			bm_buf_addc(out, c == '`' ? '\'' : (char)c);
		}
	}
	while (out->len > 0 && (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\n'))
		out->data[--out->len] = '\0';
	*ret_columns = columns;
	return out->failed ? -ENOMEM : 0;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, unsigned int month, unsigned int day)
{
	static const unsigned short before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t y = year - 1;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[month - 1] + (leap && month > 2) + day - 1;
}

/* n digits at *p as a number; false (and *p as it was) where there are none. */
static bool digits(const char **p, unsigned int min, unsigned int max, unsigned int *ret)
{
	unsigned int value = 0, n = 0;

	while (n < max && isdigit((unsigned char)(*p)[n]))
		value = value * 10 + (unsigned int)((*p)[n++] - '0');
	if (n < min)
		return false;
	*p += n;
	*ret = value;
	return true;
}

/* "10:00:00", with a fraction that is dropped. */
static bool clock_of(const char **p, int64_t *ret_seconds)
{
	const char *q = *p;
	unsigned int h, m, s;

	if (!digits(&q, 1, 2, &h) || *q++ != ':' || !digits(&q, 2, 2, &m) || *q++ != ':' || !digits(&q, 2, 2, &s) ||
		h > 24 || m > 59 || s > 60)
		return false;
	if (*q == '.' || *q == ',')
		for (q++; isdigit((unsigned char)*q); q++)
			;
	*ret_seconds = (int64_t)h * 3600 + m * 60 + s;
	*p = q;
	return true;
}

static unsigned int month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned int i = 0; i < 12; i++)
		if (strncasecmp(p, names + 3 * i, 3) == 0 && p[3] == ' ')
			return i + 1;
	return 0;
}

/* 2026-10-12T10:00:00.123456+02:00 and a blank. */
static bool iso_time(const char **p, struct bm_bootlog_prefix *prefix)
{
	const char *q = *p;
	unsigned int year, month, day, h, m;
	int64_t seconds, offset = 0;
	bool zoned = false;

	if (!digits(&q, 4, 4, &year) || *q++ != '-' || !digits(&q, 2, 2, &month) || *q++ != '-' ||
		!digits(&q, 2, 2, &day) || (*q != 'T' && *q != ' ') || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	q++;
	if (!clock_of(&q, &seconds))
		return false;
	if (*q == 'Z') {
		zoned = true;
		q++;
	} else if (*q == '+' || *q == '-') {
		int sign = *q++ == '-' ? -1 : 1;

		if (!digits(&q, 2, 2, &h))
			return false;
		if (*q == ':')
			q++;
		if (!digits(&q, 2, 2, &m))
			return false;
		offset = sign * ((int64_t)h * 3600 + m * 60);
		zoned = true;
	}
	if (*q != ' ')
		return false;
	prefix->time_s = days_of(year, month, day) * 86400 + seconds - offset;
	prefix->zoned = zoned;
	*p = q + 1;
	return true;
}

/* "Oct 12 10:00:00 ", or with the year behind it (dmesg -T, "Oct 12 10:00:00 2026"). */
static bool syslog_time(const char **p, struct bm_bootlog_prefix *prefix)
{
	const char *q = *p;
	unsigned int month = month_of(q), day, year = 0;
	int64_t seconds;

	if (month == 0)
		return false;
	q += 4;
	if (!digits(&q, 1, 2, &day) || *q++ != ' ' || day < 1 || day > 31 || !clock_of(&q, &seconds))
		return false;
	if (*q == ' ') {
		const char *after = q + 1;

		if (digits(&after, 4, 4, &year) && (*after == ' ' || *after == ']' || *after == '\0') && year > 1970)
			q = after;
		else
			year = 0;
	}
	if (year > 0)
		prefix->time_s = days_of(year, month, day) * 86400 + seconds;
	if (*q == ' ')
		q++;
	*p = q;
	return true;
}

/* "[    1.234567] ", "[Mon Oct 12 10:00:00 2026] ", "[    T1] "; blanks are single here. */
static bool bracket(const char **p, struct bm_bootlog_prefix *prefix)
{
	const char *q = *p + 1, *close = strchr(*p, ']');
	unsigned int n;

	if (!close || close - q > 40)
		return false;
	if (*q == ' ')
		q++;
	if (isdigit((unsigned char)*q)) {
		if (!digits(&q, 1, 9, &n) || *q++ != '.' || !digits(&q, 1, 9, &n) || q != close)
			return false;
	} else if (prefix->stamped && (*q == 'T' || *q == 'C') && isdigit((unsigned char)q[1])) {
		q++;
		if (!digits(&q, 1, 9, &n) || q != close)
			return false;
	} else {
		/* A weekday of three letters. */
		if (close - q < 20 || q[3] != ' ')
			return false;
		q += 4;
		if (!syslog_time(&q, prefix) || q != close)
			return false;
	}
	prefix->stamped = true;
	*p = close + 1 + (close[1] == ' ');
	return true;
}

/* dracut's hooks, and what prepares a root; dracut itself runs in a system, too, and dracut-shutdown at its end. */
static bool is_initrd_program(const char *name, size_t len)
{
	static const char *const names[] = {"dracut-cmdline", "dracut-pre-", "dracut-initqueue", "dracut-mount",
		"dracut-emergency", "ostree-prepare-root", "ignition", "initrd-", "booster", "bootc-root-setup"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++)
		if (len >= strlen(names[i]) && strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

enum bm_bootlog_sender bm_bootlog_sender_of(const char *name, size_t len)
{
	static const char *const boot[] = {"systemd", "init", "dracut", "lvm", "mount", "mdadm", "cryptsetup", "fsck",
		"kdump", "nfs", "rpc.", "initrd", "udevd", "systemctl", "sulogin", "modprobe", "load_policy", "selinux",
		"rc.sysinit", "bash", "sh", "@ystemctl", "localmount", "vgchange", "btrfs", "umount", "swapon",
		"depmod"};

	if (len == 6 && strncmp(name, "kernel", 6) == 0)
		return BM_SENDER_KERNEL;
	if (is_initrd_program(name, len))
		return BM_SENDER_INITRD;
	if (len > 1 && name[0] == '(')
		return BM_SENDER_BOOT;
	for (size_t i = 0; i < BM_ARRAY_SIZE(boot); i++) {
		size_t n = strlen(boot[i]);

		if (len >= n && strncmp(name, boot[i], n) == 0 &&
			(len == n || !isalpha((unsigned char)name[n]) || i < 11))
			return BM_SENDER_BOOT;
	}
	return BM_SENDER_OTHER;
}

/* "name[12]: " or "name: " at p: the message behind it, or NULL. strict: only with a number, or the kernel's. */
static const char *behind_tag(const char *p, bool strict, struct bm_bootlog_prefix *prefix)
{
	size_t n = 0, name;
	bool pid = false;

	while (n < 64 && (isalnum((unsigned char)p[n]) || (p[n] && strchr("_./@()-+", p[n]))))
		n++;
	if (n == 0)
		return NULL;
	name = n;
	if (p[n] == '[') {
		const char *q = p + n + 1;
		unsigned int number;

		if (!digits(&q, 1, 9, &number) || *q != ']')
			return NULL;
		n = (size_t)(q + 1 - p);
		pid = true;
	}
	if (p[n] != ':' || (p[n + 1] != ' ' && p[n + 1] != '\0'))
		return NULL;
	if (strict && !pid && !(name == 6 && strncmp(p, "kernel", 6) == 0))
		return NULL;
	prefix->sender = bm_bootlog_sender_of(p, name);
	return p + n + 1 + (p[n + 1] == ' ');
}

/* The first word's end where another one follows. */
static const char *second_word(const char *p)
{
	const char *blank = strchr(p, ' ');

	return blank && blank > p && blank - p < 256 ? blank + 1 : NULL;
}

/* "host kernel: message", a line of syslog whose time somebody left out: the message, or NULL. Only of those senders
 * that belong to a boot: the word before may be anything. */
static const char *behind_host(const char *p, struct bm_bootlog_prefix *prefix)
{
	struct bm_bootlog_prefix tried = *prefix;
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || (p[n] && strchr("._-", p[n])))
		n++;
	if (n == 0 || p[n] != ' ')
		return NULL;
	p = behind_tag(p + n + 1, true, &tried);
	if (!p || tried.sender == BM_SENDER_OTHER)
		return NULL;
	*prefix = tried;
	return p;
}

const char *bm_bootlog_message(const char *line, struct bm_bootlog_prefix *ret)
{
	const char *p = line, *next;

	*ret = (struct bm_bootlog_prefix){0};
	for (int round = 0; round < 8; round++) {
		bool syslog;

		if (*p == '<' && isdigit((unsigned char)p[1])) {
			const char *q = p + 1;
			unsigned int priority;

			if (!digits(&q, 1, 3, &priority) || *q != '>')
				return p;
			p = q + 1 + (q[1] == ' ');
			continue;
		}
		if (*p == '[') {
			if (!bracket(&p, ret))
				return p;
			/* journalctl's monotonic form has the host and the sender behind it. */
			next = second_word(p);
			next = next && ret->sender == BM_SENDER_NONE ? behind_tag(next, true, ret) : NULL;
			if (next)
				p = next;
			continue;
		}
		syslog = iso_time(&p, ret) || syslog_time(&p, ret);
		if (syslog) {
			ret->stamped = true;
			next = second_word(p);
			next = next ? behind_tag(next, false, ret) : NULL;
			if (!next)
				next = behind_tag(p, false, ret);
			if (next)
				p = next;
			continue;
		}
		if (ret->sender != BM_SENDER_NONE && ret->sender != BM_SENDER_KERNEL)
			return p;
		next = behind_tag(p, true, ret);
		if (!next && round == 0)
			next = behind_host(p, ret);
		if (!next)
			return p;
		p = next;
	}
	return p;
}
