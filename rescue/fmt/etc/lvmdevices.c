/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of NAME=VALUE words (LVM2, lib/device/device_id.c, device_ids_read()); "#" in the first column is a comment:
 *
 *	VERSION=1.1.2
 *	IDTYPE=sys_wwid IDNAME=naa.6000c29 DEVNAME=/dev/sda2 PVID=nPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk PART=2
 */
#include "lvmdevices.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

static void entry_done(struct bm_lvmdevices_entry *entry)
{
	free(entry->idtype);
	free(entry->idname);
	free(entry->devname);
	free(entry->pvid);
}

void bm_lvmdevices_done(struct bm_lvmdevices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		entry_done(&devices->entries[i]);
	free(devices->entries);
	*devices = (struct bm_lvmdevices){0};
}

static int take_word(struct bm_lvmdevices *devices, struct bm_lvmdevices_entry *entry, const char *word)
{
	const struct {
		const char *key;
		char **to;
	} rows[] = {{"IDTYPE=", &entry->idtype}, {"IDNAME=", &entry->idname}, {"DEVNAME=", &entry->devname},
		{"PVID=", &entry->pvid}};
	const char *value = bm_str_after(word, "PART=");
	uint64_t part;

	if (value && bm_num_u64(value, &part) == 0 && part < UINT32_MAX)
		entry->part = (unsigned int)part;
	if (bm_str_starts(word, "HOSTNAME=") || bm_str_starts(word, "PRODUCT_UUID="))
		devices->knows_machine = true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		value = bm_str_after(word, rows[i].key);
		if (value && *value && !bm_streq(value, ".") && !*rows[i].to && bm_str_set(rows[i].to, value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int take_line(struct bm_lvmdevices *devices, const char *text, size_t len, unsigned int number)
{
	_cleanup_free_ char *line = strndup(text, len);
	_cleanup_strv_ struct bm_strv words = {0};
	struct bm_lvmdevices_entry entry = {.line = number}, *kept;
	int r = 0;

	if (!line || bm_strv_split(&words, line, " \t\r") < 0)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = take_word(devices, &entry, words.items[i]);
	/* These two are what LVM asks for; the name may be unknown. */
	if (r == 0 && entry.idtype && strstr(line, "IDNAME=") && devices->n < BM_LVMDEVICES_ENTRIES_MAX) {
		kept = BM_VEC_PUSH(devices->entries, devices->n, devices->capacity);
		if (kept) {
			*kept = entry;
			return 0;
		}
		r = -ENOMEM;
	}
	entry_done(&entry);
	return r;
}

int bm_lvmdevices_parse(const char *text, size_t len, struct bm_lvmdevices *ret_devices)
{
	struct bm_lvmdevices devices = {0};
	const char *end = text + len;
	unsigned int number = 0;

	if (len > BM_LVMDEVICES_SIZE_MAX)
		return -EFBIG;
	for (const char *next; text < end; text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		next = newline ? newline + 1 : end;
		number++;
		if (n > 0 && *text != '#' && take_line(&devices, text, n, number) < 0) {
			bm_lvmdevices_done(&devices);
			return -ENOMEM;
		}
	}
	*ret_devices = devices;
	return 0;
}

const struct bm_lvmdevices_entry *bm_lvmdevices_find(const struct bm_lvmdevices *devices, const char *pvid)
{
	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->entries[i].pvid, pvid))
			return &devices->entries[i];
	return NULL;
}

bool bm_lvm_pvid(const char *uuid, char ret_pvid[BM_LVM_PVID_TEXT])
{
	char pvid[BM_LVM_PVID_TEXT];
	size_t n = 0;

	for (; *uuid; uuid++) {
		if (*uuid == '-')
			continue;
		if (!isalnum((unsigned char)*uuid) || n == BM_LVM_PVID_TEXT - 1)
			return false;
		pvid[n++] = *uuid;
	}
	if (n != BM_LVM_PVID_TEXT - 1)
		return false;
	pvid[n] = '\0';
	memcpy(ret_pvid, pvid, sizeof(pvid));
	return true;
}
