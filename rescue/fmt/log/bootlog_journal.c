/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal as systemd exports it. Each entry is a block of fields, a blank line between two:
 *
 *	__REALTIME_TIMESTAMP=1760263200000000
 *	_BOOT_ID=3f2a...
 *	MESSAGE=text			or, where the text is no line:
 *	MESSAGE\n<length, 64 bits, little endian>bytes\n
 *
 * As JSON it is one object of strings for each entry; a MESSAGE that is no UTF-8 is an array of numbers.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "bootlog_int.h"

enum { FIELD_MAX = 64, VALUE_MAX = 256 };

struct entry {
	const char *message; /* borrowed */
	size_t message_len;
	char boot_id[33];
	char sender[VALUE_MAX];
	bool kernel;
	int64_t time_s;
	unsigned int number;
};

/* A field that matters; the rest is left out. */
static void take_field(struct entry *entry, const char *name, size_t name_len, const char *value, size_t len)
{
	if (name_len == 7 && memcmp(name, "MESSAGE", 7) == 0) {
		entry->message = value;
		entry->message_len = len;
	} else if (name_len == 8 && memcmp(name, "_BOOT_ID", 8) == 0 && len == 32) {
		memcpy(entry->boot_id, value, 32);
		entry->boot_id[32] = '\0';
	} else if (name_len == 17 && memcmp(name, "SYSLOG_IDENTIFIER", 17) == 0 && len < VALUE_MAX) {
		memcpy(entry->sender, value, len);
		entry->sender[len] = '\0';
	} else if (name_len == 10 && memcmp(name, "_TRANSPORT", 10) == 0) {
		entry->kernel = len == 6 && memcmp(value, "kernel", 6) == 0;
	} else if (name_len == 20 && memcmp(name, "__REALTIME_TIMESTAMP", 20) == 0 && len < 20) {
		entry->time_s = 0;
		for (size_t i = 0; i < len && isdigit((unsigned char)value[i]); i++)
			entry->time_s = entry->time_s * 10 + (value[i] - '0');
		entry->time_s /= 1000000;
	}
}

static int end_entry(struct bm_bootlog_maker *maker, struct entry *entry)
{
	struct bm_bootlog_record record = {.raw = entry->message,
		.len = entry->message_len,
		.boot_id = entry->boot_id[0] ? entry->boot_id : NULL,
		.time_s = entry->time_s,
		.known = true,
		.sender = entry->kernel ? BM_SENDER_KERNEL : BM_SENDER_OTHER};
	int r = 0;

	if (!entry->kernel && entry->sender[0])
		record.sender = bm_bootlog_sender_of(entry->sender, strlen(entry->sender));
	maker->number = BM_MAX(entry->number, 1U);
	if (entry->message)
		r = bm_bootlog_put(maker, &record);
	*entry = (struct entry){0};
	return r;
}

static int read_export(struct bm_bootlog_maker *maker, const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;
	struct entry entry = {0};
	unsigned int number = 0;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
		const char *equals = memchr(p, '=', BM_MIN((size_t)(stop - p), (size_t)FIELD_MAX + 1));
		int r;

		number++;
		if (stop == p) {
			r = end_entry(maker, &entry);
			if (r < 0)
				return r;
			p++;
			continue;
		}
		if (entry.number == 0)
			entry.number = number;
		if (equals) {
			take_field(&entry, p, (size_t)(equals - p), equals + 1, (size_t)(stop - equals - 1));
		} else if (newline && stop - p <= FIELD_MAX && end - newline > 8) {
			uint64_t size = 0;

			for (int i = 7; i >= 0; i--)
				size = size << 8 | (unsigned char)newline[1 + i];
			/* A length that leads out of the text is none: on with the next line. */
			if (size <= (uint64_t)(end - newline - 9)) {
				take_field(&entry, p, (size_t)(stop - p), newline + 9, (size_t)size);
				stop = newline + 9 + size;
			}
		}
		p = BM_MIN(stop + 1, end);
	}
	return end_entry(maker, &entry);
}

/* A JSON string at *p (behind its quote), decoded into out, *p behind the closing quote. */
static void json_string(const char **p, const char *end, struct bm_buf *out)
{
	const char *q = *p;

	while (q < end && *q != '"') {
		unsigned int c = 0;
		uint64_t code;

		if (*q != '\\' || q + 1 >= end) {
			bm_buf_addc(out, *q++);
			continue;
		}
		q++;
		switch (*q) {
		case 'n':
		case 'r':
			bm_buf_addc(out, '\n');
			break;
		case 't':
			bm_buf_addc(out, ' ');
			break;
		case 'b':
			bm_buf_addc(out, '\b');
			break;
		case 'u':
			if (end - q > 4 && bm_num_base(q + 1, 4, 16, &code) == 0)
				c = (unsigned int)code;
			bm_buf_addc(out, c > 0 && c < 0x80 ? (char)c : '?');
			q += c ? 4 : 0;
			break;
		default:
			bm_buf_addc(out, *q);
		}
		q++;
	}
	*p = q < end ? q + 1 : end;
}

/* [72,97,...]: bytes. */
static void json_bytes(const char **p, const char *end, struct bm_buf *out)
{
	const char *q = *p;

	while (q < end && *q != ']') {
		unsigned int value = 0;

		if (!isdigit((unsigned char)*q)) {
			q++;
			continue;
		}
		while (q < end && isdigit((unsigned char)*q) && value < 256)
			value = value * 10 + (unsigned int)(*q++ - '0');
		bm_buf_addc(out, (char)value);
	}
	*p = q < end ? q + 1 : end;
}

/* Objects of strings, whatever stands between them. A string that is followed by a colon is a name. */
static int read_json(struct bm_bootlog_maker *maker, const char *bytes, size_t len)
{
	_cleanup_buf_ struct bm_buf name = {0}, value = {0}, message = {0};
	const char *p = bytes, *end = bytes + len;
	struct entry entry = {0};
	unsigned int number = 1;
	bool in_value = false;

	while (p < end) {
		char c = *p++;

		if (c == '\n') {
			number++;
		} else if (c == '{') {
			entry = (struct entry){.number = number};
			in_value = false;
		} else if (c == '}') {
			int r = end_entry(maker, &entry);

			if (r < 0)
				return r;
		} else if (c == ':') {
			in_value = true;
		} else if (c == ',') {
			in_value = false;
		} else if (c == '"' || (c == '[' && in_value)) {
			struct bm_buf *into = !in_value ? &name : &value;

			if (in_value && bm_streq(bm_buf_text(&name), "MESSAGE"))
				into = &message;
			into->len = 0;
			if (into->data)
				into->data[0] = '\0';
			if (c == '"')
				json_string(&p, end, into);
			else
				json_bytes(&p, end, into);
			if (in_value)
				take_field(&entry, bm_buf_text(&name), name.len, bm_buf_text(into), into->len);
		}
		if (name.failed || value.failed || message.failed)
			return -ENOMEM;
	}
	return 0;
}

int bm_bootlog_journal(struct bm_bootlog_maker *maker, const char *bytes, size_t len, bool *ret_is)
{
	const char *p = bytes, *end = bytes + len;
	size_t head = BM_MIN(len, (size_t)65536);

	*ret_is = true;
	if (memmem(bytes, head, "\n__REALTIME_TIMESTAMP=", 22) || (len > 9 && memcmp(bytes, "__CURSOR=", 9) == 0))
		return read_export(maker, bytes, len);
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (memmem(bytes, head, "\"MESSAGE\"", 9) &&
		(memmem(bytes, head, "\"__REALTIME_TIMESTAMP\"", 22) || memmem(bytes, head, "\"_BOOT_ID\"", 10)))
		return read_json(maker, bytes, len);
	*ret_is = false;
	return 0;
}
