/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	/sys/firmware/efi/efivars/Boot0003-8be4df61-93ca-11d2-aa0d-00e098032b8c, little endian
 *	+--------------+--------------+-----------+-----------------+-------------+---------------+
 *	| the variable | of the entry | bytes of  | name, UTF-16,   | device path | for the       |
 *	| attributes 4 | attributes 4 | the path 2| ends with 0     |             | program       |
 *	+--------------+--------------+-----------+-----------------+-------------+---------------+
 *	device path: nodes of  type 1 | subtype 1 | length with these four bytes 2 | data
 *	  4.1  a partition: number 4 | first sector 8 | sectors 8 | signature 16 | table's kind 1 | signature's kind 1
 *	  4.4  a file's name, or a part of it, UTF-16
 *	  4.6, 4.7  a part of the firmware          7f.xx  the end
 *	BootOrder: the variable's attributes 4 | numbers, 2 each
 *
 * Reference: UEFI Specification 2.10, 3.1.3 "Load Options", 10.3 "Device Path Nodes". What follows the program's text
 * is the rule of systemd's stub: a first character below a blank is none.
 */
#include "efiboot.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	VARIABLE_HEAD = 4,
	ENTRY_HEAD = VARIABLE_HEAD + 6,
	ACTIVE = 0x1,
	CATEGORY = 0x1f00, /* of the attributes; 0: booted by the order */
	NODE_HEAD = 4,
	NODE_MEDIA = 0x04,
	NODE_END = 0x7f,
	MEDIA_PARTITION = 1,
	MEDIA_FILE = 4,
	MEDIA_FIRMWARE_FILE = 6,
	MEDIA_FIRMWARE_VOLUME = 7,
	PARTITION_LEN = 42,
	PARTITION_SIGNATURE_AT = 24,
	PARTITION_KIND_AT = 41,
	SIGNATURE_DISK = 1, /* four bytes of an MBR */
	SIGNATURE_GUID = 2,
};

static uint32_t le(const uint8_t *p, size_t n)
{
	uint32_t value = 0;

	while (n-- > 0)
		value = value << 8 | p[n];
	return value;
}

void bm_efiboot_done(struct bm_efiboot *entry)
{
	free(entry->name);
	free(entry->partuuid);
	free(entry->path);
	*entry = (struct bm_efiboot){0};
}

static void add_utf8(struct bm_buf *out, uint32_t c)
{
	/* Nothing that a terminal would obey, and no half of a pair. */
	if (c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000))
		c = '?';
	if (c < 0x80) {
		bm_buf_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		bm_buf_addc(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		bm_buf_addc(out, (char)(0xe0 | c >> 12));
		bm_buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		bm_buf_addc(out, (char)(0xf0 | c >> 18));
		bm_buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		bm_buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	bm_buf_addc(out, (char)(0x80 | (c & 0x3f)));
}

/* Appends UTF-16 up to its end, a NUL. Returns the bytes that it takes, with the NUL where there is one. */
static size_t add_text(struct bm_buf *out, const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (at + 2 <= len) {
		uint32_t c = le(bytes + at, 2);

		at += 2;
		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && at + 2 <= len) {
			uint32_t low = le(bytes + at, 2);

			if (low >= 0xdc00 && low < 0xe000) {
				at += 2;
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			}
		}
		add_utf8(out, c);
	}
	return at;
}

/* As libblkid writes it. For free(), NULL where the node tells none, or memory is short. */
static char *partuuid_of(const uint8_t *data, size_t len, bool *ret_named)
{
	const uint8_t *sign = data + PARTITION_SIGNATURE_AT - NODE_HEAD;

	if (len < PARTITION_LEN - NODE_HEAD)
		return NULL;
	*ret_named = true;
	switch (data[PARTITION_KIND_AT - NODE_HEAD]) {
	case SIGNATURE_DISK:
		return bm_strf("%08x-%02x", le(sign, 4), le(data, 4));
	case SIGNATURE_GUID:
		return bm_strf("%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", le(sign, 4), le(sign + 4, 2),
			le(sign + 6, 2), sign[8], sign[9], sign[10], sign[11], sign[12], sign[13], sign[14], sign[15]);
	default:
		*ret_named = false;
		return NULL;
	}
}

/* A part of the program's path behind what is there. */
static void add_path(struct bm_buf *path, const uint8_t *data, size_t len)
{
	_cleanup_buf_ struct bm_buf part = {0};

	add_text(&part, data, len);
	path->failed |= part.failed;
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i] == '\\' ? '/' : part.data[i];

		if (path->len == 0 && c != '/')
			bm_buf_addc(path, '/');
		else if (i == 0 && c != '/' && path->data[path->len - 1] != '/')
			bm_buf_addc(path, '/');
		if (c != '/' || path->len == 0 || path->data[path->len - 1] != '/')
			bm_buf_addc(path, c);
	}
}

/* The nodes up to the first end: of several paths the first is the one that is tried. */
static int take_path(struct bm_efiboot *entry, struct bm_buf *path, const uint8_t *bytes, size_t len)
{
	while (len >= NODE_HEAD) {
		size_t size = le(bytes + 2, 2);
		bool named = false;

		if (size < NODE_HEAD || size > len || bytes[0] == NODE_END)
			return 0;
		if (bytes[0] == NODE_MEDIA && bytes[1] == MEDIA_PARTITION && !entry->partuuid) {
			entry->partuuid = partuuid_of(bytes + NODE_HEAD, size - NODE_HEAD, &named);
			if (named && !entry->partuuid)
				return -ENOMEM;
		}
		if (bytes[0] == NODE_MEDIA && bytes[1] == MEDIA_FILE)
			add_path(path, bytes + NODE_HEAD, size - NODE_HEAD);
		if (bytes[0] == NODE_MEDIA && (bytes[1] == MEDIA_FIRMWARE_FILE || bytes[1] == MEDIA_FIRMWARE_VOLUME))
			entry->inside = true;
		bytes += size;
		len -= size;
	}
	return 0;
}

int bm_efiboot_parse(const uint8_t *bytes, size_t len, struct bm_efiboot *ret_entry)
{
	_cleanup_efiboot_ struct bm_efiboot entry = {0};
	_cleanup_buf_ struct bm_buf name = {0}, path = {0};
	size_t path_len, at = ENTRY_HEAD;
	uint32_t attributes;

	*ret_entry = (struct bm_efiboot){0};
	if (len < ENTRY_HEAD || len > BM_EFIBOOT_SIZE_MAX)
		return 0;
	attributes = le(bytes + VARIABLE_HEAD, 4);
	path_len = le(bytes + VARIABLE_HEAD + 4, 2);
	at += add_text(&name, bytes + at, len - at);
	if (at < ENTRY_HEAD + 2 || bytes[at - 1] != 0 || bytes[at - 2] != 0 || path_len > len - at)
		return 0;
	if (take_path(&entry, &path, bytes + at, path_len) < 0 || name.failed || path.failed)
		return -ENOMEM;
	if (name.len > BM_EFIBOOT_TEXT_MAX || path.len > BM_EFIBOOT_TEXT_MAX)
		return 0;
	if (bm_str_set(&entry.name, bm_buf_text(&name)) < 0 ||
		(path.len > 0 && bm_str_set(&entry.path, bm_buf_text(&path)) < 0))
		return -ENOMEM;
	at += path_len;
	entry.valid = true;
	entry.starts = (attributes & ACTIVE) && !(attributes & CATEGORY);
	entry.arguments = len - at >= 4 && le(bytes + at, 2) >= ' ';
	*ret_entry = entry;
	entry = (struct bm_efiboot){0};
	return 0;
}

size_t bm_efiboot_numbers(const uint8_t *bytes, size_t len, uint16_t ret_numbers[BM_EFIBOOT_ORDER_MAX])
{
	size_t n = 0;

	for (size_t at = VARIABLE_HEAD; at + 2 <= len && n < BM_EFIBOOT_ORDER_MAX; at += 2)
		ret_numbers[n++] = (uint16_t)le(bytes + at, 2);
	return n;
}
