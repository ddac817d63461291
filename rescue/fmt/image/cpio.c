/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry of a newc (070701) or crc (070702) archive; every field is eight hexadecimal digits:
 *
 *	+--------+-----+------+-----+-----+-------+-------+------+-----------+-----------+
 *	| 070701 | ino | mode | uid | gid | nlink | mtime | size | dev maj/min | rdev maj/min |
 *	+--------+-----+------+-----+-----+-------+-------+------+-----------+-----------+
 *	| name size, with its NUL | sum of the data (070702) |	   that makes 110 bytes
 *	+--------------------------+----------------+-------+
 *	| name NUL, to a multiple of 4 | data, to a multiple of 4 |
 *	+------------------------------+--------------------------+
 *
 * An archive ends with an entry of the name TRAILER!!!, and NULs. Reference: Linux, buffer-format.rst and
 * init/initramfs.c (the names of whose states are given below), cpio(5).
 */
#include "cpio.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char trailer_name[] = "TRAILER!!!";

void bm_cpio_init(struct bm_cpio *cpio, const struct bm_cpio_sink *sink)
{
	memset(cpio, 0, offsetof(struct bm_cpio, buffer));
	cpio->sink = sink;
	cpio->state = BM_CPIO_BETWEEN;
}

bool bm_cpio_at_end(const struct bm_cpio *cpio)
{
	return cpio->state == BM_CPIO_BETWEEN;
}

static enum bm_cpio_result fail(struct bm_cpio *cpio, enum bm_cpio_result result, const char *error)
{
	cpio->error = error;
	return result;
}

/* The callback's answer as a result; MORE means go on. */
static enum bm_cpio_result answer(struct bm_cpio *cpio, int r)
{
	if (r >= 0)
		return BM_CPIO_MORE;
	cpio->callback_error = r;
	return BM_CPIO_STOPPED;
}

static bool hex_field(const uint8_t *digits, uint32_t *ret_value)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = digits[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*ret_value = value;
	return true;
}

static unsigned int pad4(uint64_t len)
{
	return (unsigned int)(-len & 3);
}

/* Behind the name or what stands in its place: the rest of the entry is passed over. */
static void skip(struct bm_cpio *cpio, uint64_t bytes)
{
	cpio->remaining = bytes;
	cpio->state = BM_CPIO_IN_SKIP;
}

static enum bm_cpio_result skip_entry(struct bm_cpio *cpio, const char *name, const char *why, uint64_t bytes)
{
	skip(cpio, bytes);
	cpio->trailer = false;
	return answer(cpio, cpio->sink->skipped ? cpio->sink->skipped(cpio->sink->ctx, name, why) : 0);
}

/* do_header(): a complete header is at hand. */
static enum bm_cpio_result take_header(struct bm_cpio *cpio, const uint8_t *header)
{
	struct bm_cpio_entry *entry = &cpio->entry;
	uint32_t field[13], name_size, body;
	uint64_t name_room;

	if (memcmp(header, "070707", 6) == 0)
		return fail(cpio, BM_CPIO_UNSUPPORTED,
			"it is a cpio archive of the old odc format (070707), the kernel takes only newc");
	if (memcmp(header, "070701", 6) != 0 && memcmp(header, "070702", 6) != 0)
		return fail(cpio, BM_CPIO_BAD, "there is no cpio header where one must be");
	for (int i = 0; i < 13; i++)
		if (!hex_field(header + 6 + 8 * i, &field[i]))
			return fail(cpio, BM_CPIO_BAD, "a cpio header has a field that is no number");
	*entry = (struct bm_cpio_entry){.ino = field[0],
		.mode = field[1],
		.uid = field[2],
		.gid = field[3],
		.nlink = field[4],
		.mtime = field[5],
		.dev_major = field[7],
		.dev_minor = field[8],
		.rdev_major = field[9],
		.rdev_minor = field[10],
		.check = field[12],
		.crc = header[5] == '2'};
	body = field[6];
	name_size = field[11];
	cpio->crc = entry->crc;
	name_room = (uint64_t)name_size + pad4(BM_CPIO_HEADER + (uint64_t)name_size);
	cpio->padding = pad4(body);

	if (name_size == 0 || name_size > BM_CPIO_NAME_MAX)
		return skip_entry(cpio, NULL, "its name has no length, or more than 4095 bytes",
			name_room + body + cpio->padding);
	if (S_ISLNK(entry->mode) && body > BM_CPIO_LINK_MAX)
		return skip_entry(
			cpio, NULL, "it is a symlink to more than 4096 bytes", name_room + body + cpio->padding);
	if (!S_ISREG(entry->mode) && !S_ISLNK(entry->mode) && body > 0)
		return skip_entry(cpio, NULL, "it is no file and has data", name_room + body + cpio->padding);
	entry->size = body;
	cpio->remaining = name_size; /* kept for take_name() */
	cpio->collect = (size_t)name_room + (S_ISLNK(entry->mode) ? body : 0);
	cpio->collected = 0;
	cpio->state = BM_CPIO_IN_NAME;
	return BM_CPIO_MORE;
}

/* do_name(), do_symlink(): the name, and a symlink's target, stand in text. */
static enum bm_cpio_result take_name(struct bm_cpio *cpio, const uint8_t *text)
{
	struct bm_cpio_entry *entry = &cpio->entry;
	size_t name_size = (size_t)cpio->remaining;
	char link[BM_CPIO_LINK_MAX + 1];
	bool regular = S_ISREG(entry->mode);
	enum bm_cpio_result result;
	int r;

	entry->name = (const char *)text;
	if (text[name_size - 1] != '\0')
		return fail(cpio, BM_CPIO_BAD, "the name of an entry has no end");
	if (!S_ISLNK(entry->mode) && strcmp(entry->name, trailer_name) == 0) {
		cpio->trailer = true;
		cpio->boundary = true;
		cpio->archives++;
		skip(cpio, entry->size + cpio->padding);
		return answer(cpio, cpio->sink->trailer ? cpio->sink->trailer(cpio->sink->ctx) : 0);
	}
	if (S_ISLNK(entry->mode)) {
		/* The target has no NUL of its own. */
		memcpy(link, text + cpio->collect - entry->size, (size_t)entry->size);
		link[entry->size] = '\0';
		entry->link = link;
		entry->size = 0;
	} else if (!regular && !S_ISDIR(entry->mode) && !S_ISCHR(entry->mode) && !S_ISBLK(entry->mode) &&
		   !S_ISFIFO(entry->mode) && !S_ISSOCK(entry->mode)) {
		return skip_entry(cpio, entry->name, "it is of no known type", cpio->padding);
	}
	cpio->trailer = false;
	cpio->entries++;
	cpio->sum = 0;
	r = cpio->sink->entry(cpio->sink->ctx, entry);
	cpio->wanted = r == 0;
	entry->name = entry->link = NULL;
	result = answer(cpio, r);
	if (result != BM_CPIO_MORE)
		return result;
	if (entry->size > 0) {
		cpio->remaining = entry->size;
		cpio->state = BM_CPIO_IN_DATA;
		return BM_CPIO_MORE;
	}
	skip(cpio, cpio->padding);
	return answer(cpio, cpio->wanted && cpio->sink->end ? cpio->sink->end(cpio->sink->ctx) : 0);
}

static uint32_t sum_bytes(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum;
}

/* do_copy() */
static enum bm_cpio_result take_data(struct bm_cpio *cpio, const uint8_t *bytes, size_t len)
{
	const struct bm_cpio_sink *sink = cpio->sink;
	enum bm_cpio_result result;

	if (cpio->entry.crc)
		cpio->sum += sum_bytes(bytes, len);
	if (cpio->wanted && sink->data) {
		result = answer(cpio, sink->data(sink->ctx, bytes, len));
		if (result != BM_CPIO_MORE)
			return result;
	}
	cpio->remaining -= len;
	if (cpio->remaining > 0)
		return BM_CPIO_MORE;
	if (cpio->entry.crc && cpio->sum != cpio->entry.check)
		return fail(cpio, BM_CPIO_BAD, "the checksum of a file's data is wrong");
	skip(cpio, cpio->padding);
	return answer(cpio, cpio->wanted && sink->end ? sink->end(sink->ctx) : 0);
}

/* Gathers cpio->collect bytes: a pointer to them once they are all there (in the input where they are in one piece),
 * NULL before. Moves bytes and len on. */
static const uint8_t *gather(struct bm_cpio *cpio, const uint8_t **bytes, size_t *len)
{
	const uint8_t *whole = *bytes;
	size_t n = BM_MIN(*len, cpio->collect - cpio->collected);

	*bytes += n;
	*len -= n;
	if (n == cpio->collect)
		return whole;
	memcpy(cpio->buffer + cpio->collected, whole, n);
	cpio->collected += n;
	return cpio->collected == cpio->collect ? cpio->buffer : NULL;
}

/* do_reset(): NULs, then the next header or something else. */
static enum bm_cpio_result between(struct bm_cpio *cpio, const uint8_t **bytes, size_t *len, uint64_t offset)
{
	const uint8_t *at = *bytes, *end = *bytes + *len;

	while (at < end && *at == '\0')
		at++;
	offset += (uint64_t)(at - *bytes);
	*len = (size_t)(end - at);
	*bytes = at;
	if (*len == 0)
		return BM_CPIO_MORE;
	if (offset & 3)
		return fail(cpio, BM_CPIO_BAD, "what follows an archive does not begin at a multiple of 4 bytes");
	if (*at != '0')
		return BM_CPIO_FOREIGN;
	if (cpio->boundary) {
		cpio->boundary = false;
		return BM_CPIO_NEXT;
	}
	cpio->header_offset = offset;
	cpio->collect = BM_CPIO_HEADER;
	cpio->collected = 0;
	cpio->state = BM_CPIO_IN_HEADER;
	return BM_CPIO_MORE;
}

enum bm_cpio_result bm_cpio_feed(struct bm_cpio *cpio, const uint8_t *bytes, size_t len, size_t *ret_used)
{
	const uint8_t *begin = bytes, *whole;
	enum bm_cpio_result result = BM_CPIO_MORE;
	size_t n;

	while (len > 0 && result == BM_CPIO_MORE) {
		switch (cpio->state) {
		case BM_CPIO_BETWEEN:
			result = between(cpio, &bytes, &len, cpio->offset + (uint64_t)(bytes - begin));
			break;
		case BM_CPIO_IN_HEADER:
			whole = gather(cpio, &bytes, &len);
			if (whole)
				result = take_header(cpio, whole);
			break;
		case BM_CPIO_IN_NAME:
			whole = gather(cpio, &bytes, &len);
			if (whole)
				result = take_name(cpio, whole);
			break;
		case BM_CPIO_IN_DATA:
			n = (size_t)BM_MIN((uint64_t)len, cpio->remaining);
			result = take_data(cpio, bytes, n);
			bytes += n;
			len -= n;
			break;
		case BM_CPIO_IN_SKIP:
			n = (size_t)BM_MIN((uint64_t)len, cpio->remaining);
			cpio->remaining -= n;
			bytes += n;
			len -= n;
			break;
		}
		if (cpio->state == BM_CPIO_IN_SKIP && cpio->remaining == 0)
			cpio->state = BM_CPIO_BETWEEN;
	}
	*ret_used = (size_t)(bytes - begin);
	cpio->offset += *ret_used;
	return result;
}
