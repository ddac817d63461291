/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "fmt/disk/bootsector.h"
#include "harness.h"

static uint8_t bytes[BM_BOOTSECTOR_BYTES];

static void put(size_t at, const char *what, size_t len)
{
	memcpy(bytes + at, what, len);
}

static struct bm_bootsector parse(void)
{
	struct bm_bootsector sector;

	bm_bootsector_parse(bytes, sizeof(bytes), &sector);
	return sector;
}

static void begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	put(0x1fe, "\x55\xaa", 2);
}

static void put_grub(void)
{
	put(0x17c, "GRUB \0Geom\0Hard Disk\0Read\0 Error", 33);
}

BM_TEST(bootsector_kinds)
{
	/* what stands where, and whose it is */
	static const struct {
		size_t at, len;
		const char *what;
		size_t at2, len2;
		const char *what2;
		bool grub; /* its words */
		enum bm_bootsector_kind want;
	} rows[] = {
		{0, 3, "\xeb\x63\x90", 0x5a, 2, "\x00\x80", true, BM_BOOTSECTOR_GRUB2},
		{0, 3, "\xeb\x48\x90", 0x3e, 6, "\x03\x02\xff\x00\x00\x80", true, BM_BOOTSECTOR_GRUB_LEGACY},
		{0, 3, "\xeb\x48\x90", 0x3e, 6, "\x03\x02\x80\x01\x00\x20", true, BM_BOOTSECTOR_GRUB_LEGACY},
		/* one half of it is none */
		{0, 3, "\xeb\x63\x90", 0x5a, 2, "\x00\x80", false, BM_BOOTSECTOR_OTHER},
		{0, 3, "\xeb\x63\x90", 0x5a, 2, "\x00\x70", true, BM_BOOTSECTOR_OTHER},
		{0, 3, "\xeb\x48\x90", 0x3e, 6, "\x03\x02\xff\x00\x00\x70", true, BM_BOOTSECTOR_OTHER},
		{0, 3, "\xeb\x48\x90", 0x3e, 6, "\x02\x00\xff\x00\x00\x80", true, BM_BOOTSECTOR_OTHER},
		{0, 2, "\xfa\xeb", 6, 4, "LILO", false, BM_BOOTSECTOR_LILO},
		{0, 2, "\xeb\x40", 2, 4, "LILO", false, BM_BOOTSECTOR_LILO},
		{0, 3, "\xeb\x58\x90", 3, 8, "SYSLINUX", false, BM_BOOTSECTOR_SYSLINUX},
		{0, 3, "\xeb\x58\x90", 3, 8, "EXTLINUX", false, BM_BOOTSECTOR_SYSLINUX},
		{0, 3, "\xeb\x58\x90", 3, 8, "mkfs.fat", false, BM_BOOTSECTOR_OTHER},
		{0, 2, "\x33\xc0", 0x60, 25, "Missing operating system.", false, BM_BOOTSECTOR_CHAIN},
		{0, 0, "", 0, 0, "", false, BM_BOOTSECTOR_NONE},
		{0x1b8, 4, "\x12\x34\x56\x78", 0x1c2, 1, "\xee", false, BM_BOOTSECTOR_NONE},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		begin();
		put(rows[i].at, rows[i].what, rows[i].len);
		put(rows[i].at2, rows[i].what2, rows[i].len2);
		if (rows[i].grub)
			put_grub();
		BM_CHECK_INT(parse().kind, rows[i].want);
		/* without the last two bytes nothing starts it */
		bytes[0x1ff] = 0;
		BM_CHECK_INT(parse().kind, BM_BOOTSECTOR_NONE);
	}
}

BM_TEST(bootsector_active)
{
	begin();
	BM_CHECK_INT(parse().active, 0);
	bytes[0x1be + 16] = 0x80;
	BM_CHECK_INT(parse().active, 2);
	bytes[0x1be + 48] = 0x80;
	BM_CHECK_INT(parse().active, 0);
	bytes[0x1be + 16] = 0x7f;
	BM_CHECK_INT(parse().active, 4);
}

BM_TEST(bootsector_names)
{
	BM_CHECK_STR(bm_bootsector_name(BM_BOOTSECTOR_GRUB2), "GRUB 2");
	BM_CHECK_STR(bm_bootsector_name(BM_BOOTSECTOR_LILO), "LILO");
	BM_CHECK(bm_bootsector_name(BM_BOOTSECTOR_CHAIN) == NULL && bm_bootsector_name(BM_BOOTSECTOR_NONE) == NULL);
}

BM_TEST(bootsector_hostile)
{
	struct bm_bootsector sector;

	memset(bytes, 0xff, sizeof(bytes));
	BM_CHECK_INT(parse().kind, BM_BOOTSECTOR_NONE);
	begin();
	put_grub();
	put(0x5a, "\x00\x80", 2);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		uint8_t *copy = malloc(i ? i : 1);

		BM_CHECK(copy != NULL);
		memcpy(copy, bytes, i);
		bm_bootsector_parse(copy, i, &sector);
		BM_CHECK_INT(sector.kind, BM_BOOTSECTOR_NONE);
		free(copy);
	}
}
