/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "fmt/boot/efiboot.h"
#include "harness.h"

static uint8_t bytes[BM_EFIBOOT_SIZE_MAX + 1];
static size_t len;

static void put(uint32_t value, size_t n)
{
	for (; n > 0; n--, value >>= 8)
		bytes[len++] = (uint8_t)value;
}

static void put_text(const char *text)
{
	for (; *text; text++)
		put((uint8_t)*text, 2);
	put(0, 2);
}

static size_t node(uint32_t type, uint32_t subtype)
{
	size_t at = len;

	put(type, 1);
	put(subtype, 1);
	put(0, 2);
	return at;
}

static void end_node(size_t at)
{
	bytes[at + 2] = (uint8_t)(len - at);
	bytes[at + 3] = (uint8_t)((len - at) >> 8);
}

/* The head, up to the device path. */
static void begin(uint32_t attributes, const char *name)
{
	len = 0;
	put(7, 4);
	put(attributes, 4);
	put(0, 2);
	put_text(name);
}

static void put_guid(void)
{
	size_t at = node(4, 1);

	put(1, 4);
	for (int i = 0; i < 4; i++)
		put(0x800, 4);
	put(0x12345678, 4);
	put(0x9abc, 2);
	put(0xdef0, 2);
	for (uint32_t i = 1; i <= 8; i++)
		put(i, 1);
	put(2, 1);
	put(2, 1);
	end_node(at);
}

static void put_file(const char *text)
{
	size_t at = node(4, 4);

	put_text(text);
	end_node(at);
}

/* Ends the device path; start is where it began. */
static void end_path(size_t start)
{
	end_node(node(0x7f, 0xff));
	bytes[8] = (uint8_t)(len - start);
	bytes[9] = (uint8_t)((len - start) >> 8);
}

static struct bm_efiboot entry;

static void parse(size_t size)
{
	/* of its own size, so that a sanitizer sees what is read behind it */
	uint8_t *copy = malloc(size ? size : 1);

	BM_CHECK(copy != NULL);
	memcpy(copy, bytes, size);
	bm_efiboot_done(&entry);
	BM_CHECK_INT(bm_efiboot_parse(copy, size, &entry), 0);
	free(copy);
}

BM_TEST(efiboot_partition_and_file)
{
	size_t start;

	begin(1, "debian");
	start = len;
	put_guid();
	put_file("\\EFI\\debian\\shimx64.efi");
	end_path(start);
	parse(len);
	BM_CHECK(entry.valid && entry.starts && !entry.inside && !entry.arguments);
	BM_CHECK_STR(entry.name, "debian");
	BM_CHECK_STR(entry.partuuid, "12345678-9abc-def0-0102-030405060708");
	BM_CHECK_STR(entry.path, "/EFI/debian/shimx64.efi");
	/* what firmware adds for itself is no text; a kernel's arguments are */
	put(0x00, 2);
	put(0x4242, 2);
	parse(len);
	BM_CHECK(entry.valid && !entry.arguments);
	len -= 4;
	put_text("quiet");
	parse(len);
	BM_CHECK(entry.arguments);
	/* cut at every byte: an entry or none, and never more than there is */
	for (size_t i = 0; i < len; i++)
		parse(i);
	bm_efiboot_done(&entry);
}

BM_TEST(efiboot_whole_path)
{
	size_t start, at;

	begin(1, "Linux");
	start = len;
	at = node(2, 1); /* ACPI, then PCI: the long form of the same */
	put(0x0a0341d0, 4);
	put(0, 4);
	end_node(at);
	at = node(1, 1);
	put(0x0302, 2);
	end_node(at);
	put_guid();
	put_file("EFI\\Linux\\");
	put_file("arch.efi");
	end_path(start);
	parse(len);
	BM_CHECK_STR(entry.path, "/EFI/Linux/arch.efi");
	BM_CHECK_STR(entry.partuuid, "12345678-9abc-def0-0102-030405060708");
	bm_efiboot_done(&entry);
}

BM_TEST(efiboot_kinds)
{
	static const struct {
		uint32_t attributes;
		bool starts;
	} rows[] = {{1, true}, {0, false}, {9, true}, {0x101, false}, {0x109, false}, {8, false}};
	size_t start, at;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		begin(rows[i].attributes, "x");
		start = len;
		at = node(4, 7);
		for (int k = 0; k < 4; k++)
			put(0, 4);
		end_node(at);
		end_path(start);
		parse(len);
		BM_CHECK(entry.valid && entry.inside && !entry.partuuid && !entry.path);
		BM_CHECK_INT(entry.starts, rows[i].starts);
	}
	bm_efiboot_done(&entry);
}

/* A partition of an MBR, a disk as a whole, a second path behind the first. */
BM_TEST(efiboot_places)
{
	size_t start, at;

	begin(1, "UEFI: disk");
	start = len;
	at = node(4, 1);
	put(5, 4);
	for (int i = 0; i < 4; i++)
		put(0, 4);
	put(0x00c0ffee, 4);
	for (int i = 0; i < 3; i++)
		put(0, 4);
	put(1, 1);
	put(1, 1);
	end_node(at);
	end_node(node(0x7f, 0x01));
	put_file("\\second.efi");
	end_path(start);
	parse(len);
	BM_CHECK(entry.valid && entry.starts && !entry.path);
	BM_CHECK_STR(entry.partuuid, "00c0ffee-05");
	begin(1, "UEFI QEMU HARDDISK");
	start = len;
	end_path(start);
	parse(len);
	BM_CHECK(entry.valid && !entry.partuuid && !entry.path);
	bm_efiboot_done(&entry);
}

BM_TEST(efiboot_names)
{
	size_t start;

	/* a, a control character, a-umlaut, the euro, a pair, half a pair */
	begin(1, "a\x1b");
	len -= 2;
	put(0xe4, 2);
	put(0x20ac, 2);
	put(0xd83d, 2);
	put(0xdc27, 2);
	put(0xd83d, 2);
	put(0, 2);
	start = len;
	end_path(start);
	parse(len);
	BM_CHECK_STR(entry.name, "a?\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7?");
	bm_efiboot_done(&entry);
}

BM_TEST(efiboot_hostile)
{
	size_t start;

	memset(bytes, 0xff, sizeof(bytes));
	for (size_t i = 0; i < 64; i++) {
		parse(i);
		BM_CHECK(!entry.valid);
	}
	parse(sizeof(bytes));
	BM_CHECK(!entry.valid);
	/* a path that is longer than the file */
	begin(1, "x");
	start = len;
	end_path(start);
	bytes[8]++;
	parse(len);
	BM_CHECK(!entry.valid);
	/* a node of no length ends the path */
	begin(1, "x");
	start = len;
	node(4, 4);
	put_file("\\x.efi");
	end_path(start);
	parse(len);
	BM_CHECK(entry.valid && !entry.path);
	/* a name of more than the limit */
	begin(1, "");
	len -= 2;
	for (int i = 0; i <= BM_EFIBOOT_TEXT_MAX; i++)
		put('n', 2);
	put(0, 2);
	start = len;
	end_path(start);
	parse(len);
	BM_CHECK(!entry.valid);
	bm_efiboot_done(&entry);
}

BM_TEST(efiboot_numbers)
{
	uint16_t numbers[BM_EFIBOOT_ORDER_MAX];

	len = 0;
	put(7, 4);
	BM_CHECK_INT(bm_efiboot_numbers(bytes, 0, numbers), 0);
	BM_CHECK_INT(bm_efiboot_numbers(bytes, len, numbers), 0);
	put(3, 2);
	put(0x1a, 2);
	put(9, 1);
	BM_CHECK_INT(bm_efiboot_numbers(bytes, len, numbers), 2);
	BM_CHECK_INT(numbers[0], 3);
	BM_CHECK_INT(numbers[1], 0x1a);
	BM_CHECK_INT(bm_efiboot_numbers(bytes, sizeof(bytes), numbers), BM_EFIBOOT_ORDER_MAX);
}
