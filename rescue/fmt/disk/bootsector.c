/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	0x000 a jump            0x003 eight letters, or a part of the program        0x1fe 55 aa
 *	0x1b8 the disk's number 0x1be four partitions of 16 bytes, the first of them 80: active
 *
 *	GRUB 2       0x05a address of what is loaded: 8000     0x064 the drive, ff: the one that was started
 *	             the words "GRUB " and "Geom" in the program's last part
 *	GRUB legacy  0x03e version 3.2   0x042 address of stage 2: 8000, or 2000 for stage 1.5   the same words
 *	LILO         0x006, until version 21 0x002: "LILO"
 *	SYSLINUX     0x003 "SYSLINUX" or "EXTLINUX", in a partition's sector
 *	CHAIN        "Missing operating system": what SYSLINUX and Windows put into a disk's first sector
 *
 * Reference: GRUB's boot.S and offsets for i386-pc, GRUB legacy's stage1.h, LILO's common.h, SYSLINUX' diskstart.inc
 * and mbr.S.
 */
#include "bootsector.h"

#include <string.h>

enum {
	PROGRAM_END = 0x1b8,
	PARTITIONS_AT = 0x1be,
	PARTITION_BYTES = 16,
	PARTITIONS = 4,
	WORDS_AT = 0x100, /* GRUB's messages stand behind this */
};

static bool has(const uint8_t *bytes, size_t at, const char *what, size_t len)
{
	return memcmp(bytes + at, what, len) == 0;
}

static bool says(const uint8_t *bytes, size_t from, const char *text)
{
	return memmem(bytes + from, PROGRAM_END - from, text, strlen(text)) != NULL;
}

static bool is_grub(const uint8_t *bytes)
{
	return says(bytes, WORDS_AT, "GRUB ") && says(bytes, WORDS_AT, "Geom");
}

static bool is_grub2(const uint8_t *bytes)
{
	return is_grub(bytes) && has(bytes, 0x5a, "\x00\x80", 2);
}

static bool is_grub_legacy(const uint8_t *bytes)
{
	return is_grub(bytes) && has(bytes, 0x3e, "\x03\x02", 2) &&
	       (has(bytes, 0x42, "\x00\x80", 2) || has(bytes, 0x42, "\x00\x20", 2));
}

static bool is_lilo(const uint8_t *bytes)
{
	return has(bytes, 6, "LILO", 4) || has(bytes, 2, "LILO", 4);
}

static bool is_syslinux(const uint8_t *bytes)
{
	return has(bytes, 3, "SYSLINUX", 8) || has(bytes, 3, "EXTLINUX", 8);
}

static bool is_chain(const uint8_t *bytes)
{
	return says(bytes, 0, "Missing operating system");
}

static const struct {
	enum bm_bootsector_kind kind;
	bool (*is)(const uint8_t *bytes);
	const char *name;
} kinds[] = {
	{BM_BOOTSECTOR_LILO, is_lilo, "LILO"},
	{BM_BOOTSECTOR_SYSLINUX, is_syslinux, "SYSLINUX"},
	/* Before GRUB 2, whose address stands where GRUB legacy has its program. */
	{BM_BOOTSECTOR_GRUB_LEGACY, is_grub_legacy, "GRUB legacy"},
	{BM_BOOTSECTOR_GRUB2, is_grub2, "GRUB 2"},
	{BM_BOOTSECTOR_CHAIN, is_chain, NULL},
};

static unsigned int active_of(const uint8_t *bytes)
{
	unsigned int active = 0, n = 0;

	for (unsigned int i = 0; i < PARTITIONS; i++)
		if (bytes[PARTITIONS_AT + i * PARTITION_BYTES] == 0x80) {
			active = i + 1;
			n++;
		}
	return n == 1 ? active : 0;
}

void bm_bootsector_parse(const uint8_t *bytes, size_t len, struct bm_bootsector *ret_sector)
{
	bool program = false;

	*ret_sector = (struct bm_bootsector){0};
	if (len < BM_BOOTSECTOR_BYTES || !has(bytes, 0x1fe, "\x55\xaa", 2))
		return;
	for (size_t i = 0; i < PROGRAM_END; i++)
		program |= bytes[i] != 0;
	ret_sector->active = active_of(bytes);
	if (program)
		ret_sector->kind = BM_BOOTSECTOR_OTHER;
	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++)
		if (kinds[i].is(bytes)) {
			ret_sector->kind = kinds[i].kind;
			return;
		}
}

const char *bm_bootsector_name(enum bm_bootsector_kind kind)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return NULL;
}
