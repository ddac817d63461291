/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fmt/kernel/kimage.h"

enum { SIZE = 64 * 1024, SETUP_SECTS = 27, SYSSIZE = 3000, PE_AT = 0x80, PAYLOAD = 0x2c4 };

static const char version_text[] = "6.1.0-37-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.140-1";

/* An image under construction; file_size is what its headers promise. */
struct image {
	uint8_t bytes[SIZE];
	uint64_t file_size;
};

static void put16(struct image *image, size_t at, uint32_t value)
{
	image->bytes[at] = (uint8_t)value;
	image->bytes[at + 1] = (uint8_t)(value >> 8);
}

static void put32(struct image *image, size_t at, uint32_t value)
{
	put16(image, at, value);
	put16(image, at + 2, value >> 16);
}

static void put_text(struct image *image, size_t at, const char *text)
{
	memcpy(image->bytes + at, text, strlen(text) + 1);
}

static struct image *bzimage(void)
{
	struct image *image = calloc(1, sizeof(*image));

	memset(image->bytes, 0x90, sizeof(image->bytes));
	image->bytes[0x1f1] = SETUP_SECTS;
	put32(image, 0x1f4, SYSSIZE);
	put16(image, 0x1fe, 0xaa55);
	put_text(image, 0x202, "HdrS");
	put16(image, 0x206, 0x020f);
	put16(image, 0x20e, 0x3000);
	image->bytes[0x211] = 1;
	image->bytes[0x234] = 1;
	put16(image, 0x236, 0x007f);
	put32(image, 0x248, PAYLOAD);
	put32(image, 0x24c, 40000);
	put_text(image, 0x3200, version_text);
	put32(image, (SETUP_SECTS + 1) * 512 + PAYLOAD, 0xfd2fb528);
	image->file_size = (SETUP_SECTS + 1) * 512 + 16 * SYSSIZE;
	return image;
}

/* Adds a PE header with n sections of 32 bytes at 0x1000, 0x2000 ... */
static void add_pe(struct image *image, const char *const *names, size_t n)
{
	size_t at = PE_AT + 24 + 0xa0;

	put_text(image, 0, "MZ");
	put32(image, 0x3c, PE_AT);
	memcpy(image->bytes + PE_AT, "PE\0\0", 4);
	put16(image, PE_AT + 6, (uint32_t)n);
	put16(image, PE_AT + 20, 0xa0);
	put16(image, PE_AT + 24, 0x20b);
	put32(image, PE_AT + 24 + 108, 6);
	put32(image, PE_AT + 24 + 144, 0);
	put32(image, PE_AT + 24 + 148, 0);
	for (size_t i = 0; i < n; i++, at += 40) {
		memset(image->bytes + at, 0, 40);
		memcpy(image->bytes + at, names[i], strnlen(names[i], 8));
		put32(image, at + 8, 30);
		put32(image, at + 16, 32);
		put32(image, at + 20, (uint32_t)(i + 1) * 0x1000);
	}
}

/* Parses all that was built, or its first len bytes where that is not 0. */
static struct bm_kimage parse(const struct image *image, size_t len)
{
	struct bm_kimage kimage;
	/* a block of exactly that size, for AddressSanitizer */
	size_t n = len > 0 ? len : BM_MIN((uint64_t)SIZE, image->file_size);
	uint8_t *copy = malloc(n);

	memcpy(copy, image->bytes, n);
	BM_CHECK_INT(bm_kimage_parse(copy, n, image->file_size, &kimage), 0);
	free(copy);
	return kimage;
}

static struct bm_kimage parse_bytes(const void *bytes, size_t len, uint64_t file_size)
{
	struct bm_kimage kimage;

	BM_CHECK_INT(bm_kimage_parse(bytes, len, file_size, &kimage), 0);
	return kimage;
}

BM_TEST(kimage_bzimage)
{
	struct image *image = bzimage();
	struct bm_kimage kimage = parse(image, 0);

	BM_CHECK_STR(bm_kimage_kind_name(kimage.kind), "bzImage");
	BM_CHECK_STR(kimage.version, "6.1.0-37-amd64");
	BM_CHECK_STR(kimage.text, version_text);
	BM_CHECK_INT(kimage.protocol, 0x020f);
	BM_CHECK(kimage.relocatable && kimage.big && !kimage.efi && !kimage.truncated);
	BM_CHECK_INT(kimage.xloadflags, 0x7f);
	BM_CHECK_STR(kimage.compression, "zstd");
	BM_CHECK_INT(kimage.payload.offset, (SETUP_SECTS + 1) * 512 + PAYLOAD);
	BM_CHECK_INT(kimage.payload.size, 40000);
	BM_CHECK_INT(kimage.expected_size, image->file_size);
	BM_CHECK(!kimage.problem && kimage.more.size == 0);
	BM_CHECK_INT(bm_kimage_more(&kimage, "9.9", 3), 1);
	BM_CHECK_STR(kimage.version, "6.1.0-37-amd64");
	bm_kimage_done(&kimage);
	BM_CHECK(!kimage.version);
	free(image);
}

BM_TEST(kimage_bzimage_truncated)
{
	struct image *image = bzimage();
	struct bm_kimage kimage;

	image->file_size--;
	kimage = parse(image, 0);
	BM_CHECK(kimage.truncated && strstr(kimage.problem, "truncated"));
	BM_CHECK_INT(kimage.expected_size, image->file_size + 1);
	BM_CHECK_STR(kimage.version, "6.1.0-37-amd64");
	bm_kimage_done(&kimage);
	/* larger than promised is a signature */
	image->file_size += 5000;
	kimage = parse(image, 0);
	BM_CHECK(!kimage.truncated && !kimage.problem);
	bm_kimage_done(&kimage);
	/* and a signature that is promised must be there */
	add_pe(image, NULL, 0);
	put32(image, PE_AT + 24 + 144, (uint32_t)image->file_size);
	put32(image, PE_AT + 24 + 148, 1480);
	kimage = parse(image, 0);
	BM_CHECK(kimage.efi && kimage.truncated);
	BM_CHECK_INT(kimage.expected_size, image->file_size + 1480);
	bm_kimage_done(&kimage);
	image->file_size += 1480;
	kimage = parse(image, 0);
	BM_CHECK(kimage.efi && !kimage.truncated);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_bzimage_in_every_length)
{
	struct image *image = bzimage();

	add_pe(image, NULL, 0);
	for (size_t len = 1; len < 0x3400; len++) {
		struct bm_kimage kimage = parse(image, len);

		if (len >= 0x250)
			BM_CHECK_INT(kimage.kind, BM_KIMAGE_BZIMAGE);
		bm_kimage_done(&kimage);
	}
	free(image);
}

BM_TEST(kimage_bzimage_version_beyond_the_bytes)
{
	struct image *image = bzimage();
	struct bm_kimage kimage = parse(image, 0x1000);

	BM_CHECK(!kimage.version && !kimage.problem);
	BM_CHECK_INT(kimage.more.offset, 0x3200);
	BM_CHECK_INT(kimage.more.size, 512);
	BM_CHECK_INT(bm_kimage_more(&kimage, image->bytes + 0x3200, 512), 1);
	BM_CHECK_STR(kimage.version, "6.1.0-37-amd64");
	bm_kimage_done(&kimage);
	/* an offset behind the setup part is no version */
	put16(image, 0x20e, SETUP_SECTS * 512 + 10);
	kimage = parse(image, 0);
	BM_CHECK(!kimage.version && kimage.more.size == 0);
	bm_kimage_done(&kimage);
	put16(image, 0x20e, 0);
	kimage = parse(image, 0);
	BM_CHECK(!kimage.version && kimage.kind == BM_KIMAGE_BZIMAGE);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_version_texts)
{
	static const struct {
		const char *text, *version;
	} cases[] = {
		{"3.10.0-1160.el7.x86_64 (mockbuild@x) #1 SMP", "3.10.0-1160.el7.x86_64"},
		{"6.9.3", "6.9.3"},
		{"6.12.117+deb13-amd64 (x) #1", "6.12.117+deb13-amd64"},
		{"5.14.0-rc1+ (x)", "5.14.0-rc1+"},
		{"", NULL},
		{" 6.1", NULL},
		{"6.1/../../etc x", NULL},
		{"6.1\033[2J x", NULL},
		{"61", NULL},
		{"v6.1.0", NULL},
		{"-6.1", NULL},
	};
	struct image *image = bzimage();

	for (size_t i = 0; i < BM_ARRAY_SIZE(cases); i++) {
		struct bm_kimage kimage;

		put_text(image, 0x3200, cases[i].text);
		kimage = parse(image, 0);
		BM_CHECK(bm_streq(kimage.version, cases[i].version));
		BM_CHECK(!kimage.version == !kimage.text);
		bm_kimage_done(&kimage);
	}
	/* without a NUL the text ends with the setup part, or at its limit */
	memset(image->bytes + 0x3200, '1', 0x600);
	image->bytes[0x3201] = '.';
	image->bytes[0x3220] = ' ';
	{
		struct bm_kimage kimage = parse(image, 0);

		BM_CHECK_INT(strlen(kimage.version), 0x20);
		BM_CHECK_INT(strlen(kimage.text), 512);
		bm_kimage_done(&kimage);
	}
	free(image);
}

BM_TEST(kimage_old_protocols)
{
	struct image *image = bzimage();
	struct bm_kimage kimage;

	/* 2.03: syssize is 16 bits wide, the later fields mean nothing */
	put16(image, 0x206, 0x0203);
	put32(image, 0x1f4, 0xdead0000 | SYSSIZE);
	image->bytes[0x211] = 0;
	kimage = parse(image, 0);
	BM_CHECK(!kimage.truncated && !kimage.relocatable && !kimage.big && kimage.xloadflags == 0 &&
		 !kimage.compression);
	bm_kimage_done(&kimage);
	/* 0 sectors mean 4 */
	image->bytes[0x1f1] = 0;
	put16(image, 0x20e, 0x300);
	put_text(image, 0x500, "2.4.18-3 (x) #1");
	kimage = parse(image, 0);
	BM_CHECK_STR(kimage.version, "2.4.18-3");
	BM_CHECK_INT(kimage.expected_size, 5 * 512 + 16 * SYSSIZE);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_damaged_payload)
{
	struct image *image = bzimage();
	struct bm_kimage kimage;

	memset(image->bytes + (SETUP_SECTS + 1) * 512, 0, SIZE - (SETUP_SECTS + 1) * 512);
	kimage = parse(image, 0);
	BM_CHECK(strstr(kimage.problem, "zero bytes") && !kimage.compression);
	bm_kimage_done(&kimage);
	put32(image, 0x248, 0xffffffff);
	kimage = parse(image, 0);
	BM_CHECK(!kimage.problem);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_uki)
{
	static const char *const names[] = {".text", ".osrel", ".cmdline", ".uname", ".linux", ".initrd"};
	struct image *image = calloc(1, sizeof(*image));
	struct bm_kimage kimage;

	add_pe(image, names, BM_ARRAY_SIZE(names));
	put_text(image, 0x4000, "6.9.3-200.fc40.x86_64");
	image->file_size = 0x6000 + 32;
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_UKI);
	BM_CHECK_STR(kimage.version, "6.9.3-200.fc40.x86_64");
	BM_CHECK(kimage.efi && !kimage.truncated && !kimage.problem);
	BM_CHECK(kimage.kernel.offset == 0x5000 && kimage.kernel.size == 30);
	BM_CHECK(kimage.initrd.offset == 0x6000 && kimage.cmdline.offset == 0x3000 && kimage.osrel.offset == 0x2000);
	bm_kimage_done(&kimage);
	/* the version lies behind the bytes given */
	kimage = parse(image, 0x1000);
	BM_CHECK(!kimage.version && kimage.more.offset == 0x4000 && kimage.more.size == 30);
	BM_CHECK_INT(bm_kimage_more(&kimage, "garbage", 7), 0);
	BM_CHECK_INT(bm_kimage_more(&kimage, "6.9.3\n", 6), 1);
	BM_CHECK_STR(kimage.version, "6.9.3");
	bm_kimage_done(&kimage);
	image->file_size = 0x6000;
	kimage = parse(image, 0);
	BM_CHECK(kimage.truncated);
	bm_kimage_done(&kimage);
	/* without .linux it is a program */
	put_text(image, PE_AT + 24 + 0xa0 + 4 * 40, ".lynux");
	image->file_size = 0x7000;
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_EFI);
	BM_CHECK(!kimage.version);
	bm_kimage_done(&kimage);
	free(image);
}

/* Of several profiles the first is booted: its sections stand in place of the common ones. */
BM_TEST(kimage_uki_profiles)
{
	static const char *const names[] = {
		".cmdline", ".linux", ".initrd", ".ucode", ".profile", ".cmdline", ".profile", ".cmdline", ".initrd"};
	struct image *image = calloc(1, sizeof(*image));
	struct bm_kimage kimage;

	add_pe(image, names, BM_ARRAY_SIZE(names));
	image->file_size = 0x9000 + 32;
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_UKI);
	BM_CHECK_INT(kimage.profiles, 2);
	BM_CHECK(kimage.cmdline.offset == 0x6000 && kimage.initrd.offset == 0x3000 && kimage.ucode.offset == 0x4000);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_elf)
{
	struct image *image = calloc(1, sizeof(*image));
	struct bm_kimage kimage;

	image->file_size = SIZE;
	memcpy(image->bytes, "\177ELF\2\1\1", 7);
	image->bytes[16] = 2;
	put32(image, 0x28, 0x8000);
	put16(image, 0x3a, 64);
	put16(image, 0x3c, 10);
	put_text(image, 0x5000, "Linux version %s (%s)\n");
	put_text(image, 0x6000, "Linux version 5.4.0-1 (me@here) #3 SMP\n");
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_ELF);
	BM_CHECK_STR(kimage.version, "5.4.0-1");
	BM_CHECK_STR(kimage.text, "5.4.0-1 (me@here) #3 SMP");
	BM_CHECK_INT(kimage.expected_size, 0x8000 + 640);
	bm_kimage_done(&kimage);
	/* in pieces */
	kimage = parse(image, 0x1000);
	BM_CHECK(!kimage.version && kimage.more.offset == 0 && kimage.more.size == SIZE);
	BM_CHECK_INT(bm_kimage_more(&kimage, image->bytes, 0x6005), 0);
	BM_CHECK_INT(bm_kimage_more(&kimage, image->bytes + 0x6005 - BM_KIMAGE_OVERLAP, 0x2000), 1);
	BM_CHECK_STR(kimage.version, "5.4.0-1");
	bm_kimage_done(&kimage);
	/* big endian, and sections that wrap */
	image->bytes[5] = 2;
	image->bytes[16] = 0;
	image->bytes[17] = 2;
	memset(image->bytes + 0x28, 0xff, 8);
	kimage = parse(image, 0);
	BM_CHECK(kimage.kind == BM_KIMAGE_ELF && kimage.truncated && kimage.expected_size == UINT64_MAX);
	bm_kimage_done(&kimage);
	image->bytes[17] = 1;
	kimage = parse(image, 0);
	BM_CHECK(kimage.kind == BM_KIMAGE_NONE && kimage.problem);
	bm_kimage_done(&kimage);
	free(image);
}

BM_TEST(kimage_other_kernels)
{
	struct image *image = calloc(1, sizeof(*image));
	struct bm_kimage kimage;

	image->file_size = SIZE;
	put_text(image, 0x38, "ARM\x64");
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_ARM64);
	BM_CHECK(!kimage.version && !kimage.problem);
	put_text(image, 0x38, "RSC\x05");
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_RISCV);
	memset(image->bytes, 0, 0x100);
	memcpy(image->bytes, "MZ\0\0zimg", 8);
	put32(image, 8, 0x1000);
	put32(image, 12, SIZE - 0x1000);
	put_text(image, 24, "zstd");
	kimage = parse(image, 0);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_ZBOOT);
	BM_CHECK_STR(kimage.compression, "zstd");
	BM_CHECK(!kimage.truncated && !kimage.problem);
	put32(image, 12, SIZE);
	kimage = parse(image, 0);
	BM_CHECK(kimage.truncated);
	kimage = parse_bytes("\x1f\x8b\x08", 3, 3);
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_GZIP);
	BM_CHECK_STR(kimage.compression, "gzip");
	free(image);
}

BM_TEST(kimage_what_is_none)
{
	static const uint8_t zeros[4096];
	char noise[4096];
	struct bm_kimage kimage = parse_bytes("", 0, 0);

	BM_CHECK_INT(kimage.kind, BM_KIMAGE_NONE);
	BM_CHECK_STR(kimage.problem, "is empty");
	kimage = parse_bytes(zeros, 1, 1);
	BM_CHECK_STR(kimage.problem, "holds only zero bytes");
	kimage = parse_bytes(zeros, sizeof(zeros), 5000000);
	BM_CHECK_STR(kimage.problem, "holds only zero bytes");
	kimage = parse_bytes("#!/bin/sh\n", 10, 10);
	BM_CHECK_STR(kimage.problem, "is a script and no kernel");
	kimage = parse_bytes("070701000", 9, 9);
	BM_CHECK_STR(kimage.problem, "is an initramfs and no kernel");
	kimage = parse_bytes("hello", 5, 5);
	BM_CHECK_STR(kimage.problem, "is too short for a kernel");
	kimage = parse_bytes("MZ", 2, 2);
	BM_CHECK_STR(kimage.problem, "is too short for a kernel");
	kimage = parse_bytes("\177ELF", 4, 4);
	BM_CHECK_STR(kimage.problem, "is too short for an ELF header");
	memset(noise, 'n', sizeof(noise));
	kimage = parse_bytes(noise, sizeof(noise), sizeof(noise));
	BM_CHECK_STR(kimage.problem, "is no kernel that is known");
	memcpy(noise, "MZ", 2);
	memset(noise + 0x3c, 0xff, 4);
	kimage = parse_bytes(noise, sizeof(noise), sizeof(noise));
	BM_CHECK_INT(kimage.kind, BM_KIMAGE_NONE);
	BM_CHECK(!kimage.efi);
}
