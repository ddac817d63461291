/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86: the kernel's Documentation/arch/x86/boot.rst. All numbers little endian.
 *
 *	0x1f1 setup_sects	n: (n ? n : 4) + 1 sectors of 512 bytes, then the protected mode part
 *	0x1f4 syssize		its size in units of 16 bytes
 *	0x1fe 55 aa
 *	0x202 "HdrS"
 *	0x206 version		0x020f is 2.15
 *	0x20e kernel_version	"6.1.0-37-amd64 (...) #1 SMP ..." is at 0x200 + this, ended by NUL
 *	0x211 loadflags		bit 0: loaded at 1 MiB
 *	0x234 relocatable	2.05
 *	0x236 xloadflags	2.12
 *	0x248 payload_offset	2.08, from the start of the protected mode part
 *	0x24c payload_length	2.08
 *
 * PE, whose header UEFI wants of every kernel ("MZ" is at 0): Microsoft's PE format.
 *
 *	0x3c -> "PE" 0 0, machine, number of sections (2), 12 bytes, size of optional header (2), 2 bytes,
 *	optional header, then for each section
 *		name (8)  virtual size (4)  address (4)  raw size (4)  raw offset (4)  16 bytes
 *
 * A unified kernel image is one with sections .linux .initrd .ucode .cmdline .osrel .uname (the UAPI group's UKI
 * specification). What follows a section .profile belongs to that profile and stands in place of what the sections
 * before the first one say; nobody asking for another, the first profile is started. Others: arm64
 *Documentation/arch/arm64/booting.rst ("ARM\x64" at 0x38), riscv Documentation/arch/riscv/boot-image-header.rst
 *("RSC\x05" at 0x38), EFI zboot ("zimg" at 4, payload's offset and size at 8 and 12, compressor's name at 24), s390
 *("S390EP" at 0x10008), ELF.
 */
#include "kimage.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum {
	SECTOR = 512,
	SETUP_SECTS_DEFAULT = 4,
	SECTION_SIZE = 40,
	VERSION_MAX = 128,
	HEADER_MIN = 0x250, /* what of the x86 header is looked at */
};

static const uint64_t elf_scan_max = 512 * BM_MIB;

struct input {
	const uint8_t *bytes;
	size_t len;
	uint64_t file_size;
};

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static bool has(const struct input *in, size_t offset, const void *magic, size_t len)
{
	return offset <= in->len && len <= in->len - offset && memcmp(in->bytes + offset, magic, len) == 0;
}

void bm_kimage_done(struct bm_kimage *kimage)
{
	free(kimage->version);
	free(kimage->text);
	*kimage = (struct bm_kimage){0};
}

const char *bm_kimage_kind_name(enum bm_kimage_kind kind)
{
	static const char *const names[] = {
		[BM_KIMAGE_NONE] = "no kernel",
		[BM_KIMAGE_BZIMAGE] = "bzImage",
		[BM_KIMAGE_UKI] = "unified kernel image",
		[BM_KIMAGE_ARM64] = "arm64 Image",
		[BM_KIMAGE_ZBOOT] = "EFI zboot image",
		[BM_KIMAGE_RISCV] = "riscv Image",
		[BM_KIMAGE_ELF] = "ELF kernel",
		[BM_KIMAGE_S390] = "s390 kernel",
		[BM_KIMAGE_GZIP] = "compressed file",
		[BM_KIMAGE_EFI] = "EFI program",
	};

	return (size_t)kind < BM_ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static const char *compression_of(const uint8_t *p, size_t len)
{
	static const struct {
		const char *name;
		uint8_t magic[6];
		size_t len;
	} magics[] = {
		{"gzip", {0x1f, 0x8b}, 2},
		{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6},
		{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},
		{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4},
		{"lzo", {0x89, 'L', 'Z', 'O'}, 4},
		{"bzip2", {'B', 'Z', 'h'}, 3},
		{"lzma", {0x5d, 0, 0}, 3},
		{"none", {0x7f, 'E', 'L', 'F'}, 4},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(magics); i++)
		if (len >= magics[i].len && memcmp(p, magics[i].magic, magics[i].len) == 0)
			return magics[i].name;
	return NULL;
}

/* --- the version --- */

static bool is_version_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("._+~:-", c));
}

/* Takes the version's text from len bytes, which end it where no NUL does. Its first word must look like a kernel
 * version, else nothing is taken. Returns 1 where it was, 0, -ENOMEM. */
static int set_text(struct bm_kimage *kimage, const char *bytes, size_t len)
{
	size_t word = 0, n = strnlen(bytes, BM_MIN(len, (size_t)BM_KIMAGE_TEXT_MAX));

	while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == ' '))
		n--;
	while (word < n && is_version_char(bytes[word]))
		word++;
	if (word == 0 || word > VERSION_MAX || bytes[0] < '0' || bytes[0] > '9' || !memchr(bytes, '.', word) ||
		(word < n && bytes[word] != ' ' && bytes[word] != '\n'))
		return 0;
	kimage->text = strndup(bytes, n);
	kimage->version = strndup(bytes, word);
	return kimage->text && kimage->version ? 1 : -ENOMEM;
}

/* Looks for the banner "Linux version 6.1.0 (...)", which format strings ("Linux version %s") resemble. */
static int scan_banner(struct bm_kimage *kimage, const char *bytes, size_t len)
{
	static const char banner[] = "Linux version ";
	const size_t n = strlen(banner);

	for (size_t i = 0; i + n < len;) {
		const char *p = memchr(bytes + i, banner[0], len - n - i);
		int r;

		if (!p)
			return 0;
		i = (size_t)(p - bytes);
		if (memcmp(p, banner, n) == 0) {
			const char *feed = memchr(p + n, '\n', BM_MIN(len - i - n, (size_t)BM_KIMAGE_TEXT_MAX));

			r = set_text(kimage, p + n, feed ? (size_t)(feed - p) - n : len - i - n);
			if (r != 0)
				return r;
		}
		i++;
	}
	return 0;
}

int bm_kimage_more(struct bm_kimage *kimage, const void *bytes, size_t len)
{
	int r;

	if (kimage->version)
		return 1;
	if (len == 0)
		return 0;
	r = kimage->kind == BM_KIMAGE_ELF ? scan_banner(kimage, bytes, len) : set_text(kimage, bytes, len);
	if (r < 0) {
		free(kimage->text);
		free(kimage->version);
		kimage->text = kimage->version = NULL;
	}
	return r;
}

/* Reads the version in range from the bytes given, or leaves the range for the caller to read. */
static int read_version(const struct input *in, struct bm_kimage_range range, struct bm_kimage *kimage)
{
	if (range.size == 0 || range.offset >= in->file_size)
		return 0;
	range.size = BM_MIN(range.size, in->file_size - range.offset);
	if (range.offset + range.size <= in->len) {
		int r = bm_kimage_more(kimage, in->bytes + range.offset, (size_t)range.size);

		return r < 0 ? r : 0;
	}
	kimage->more = range;
	return 0;
}

/* --- the kinds --- */

static void expect_size(const struct input *in, uint64_t size, struct bm_kimage *kimage)
{
	kimage->expected_size = size;
	kimage->truncated = in->file_size < size;
	if (kimage->truncated)
		kimage->problem = "is truncated: its header promises more bytes";
}

static int parse_bzimage(const struct input *in, uint64_t signature, struct bm_kimage *kimage)
{
	const uint8_t *p = in->bytes;
	uint64_t setup = (uint64_t)((p[0x1f1] ? p[0x1f1] : SETUP_SECTS_DEFAULT) + 1) * SECTOR;
	uint64_t size, payload;
	uint32_t version_at;

	kimage->kind = BM_KIMAGE_BZIMAGE;
	kimage->protocol = le16(p + 0x206);
	kimage->big = p[0x211] & 1;
	/* Before 2.04 the upper half of syssize means nothing. */
	size = 16 * (uint64_t)(kimage->protocol >= 0x0204 ? le32(p + 0x1f4) : le16(p + 0x1f4));
	expect_size(in, BM_MAX(setup + size, signature), kimage);
	if (kimage->protocol >= 0x0205)
		kimage->relocatable = p[0x234] != 0;
	if (kimage->protocol >= 0x020c)
		kimage->xloadflags = le16(p + 0x236);
	if (kimage->protocol >= 0x0208 && le32(p + 0x24c) > 0) {
		payload = setup + le32(p + 0x248);
		kimage->payload = (struct bm_kimage_range){payload, le32(p + 0x24c)};
		if (payload + 16 <= in->len) {
			static const uint8_t zeros[16];

			kimage->compression = compression_of(p + payload, 16);
			if (memcmp(p + payload, zeros, sizeof(zeros)) == 0 && !kimage->problem)
				kimage->problem = "is damaged: its compressed part begins with zero bytes";
		}
	}
	version_at = le16(p + 0x20e);
	if (version_at == 0 || version_at + 0x200 >= setup)
		return 0;
	return read_version(in,
		(struct bm_kimage_range){
			version_at + 0x200, BM_MIN((uint64_t)BM_KIMAGE_TEXT_MAX, setup - version_at - 0x200)},
		kimage);
}

/* Notes the section in kimage, where its data ends in *end. */
static void parse_section(const uint8_t *section, struct bm_kimage *kimage, uint64_t *end)
{
	const struct {
		char name[8];
		struct bm_kimage_range *range;
	} known[] = {
		{".linux", &kimage->kernel},
		{".initrd", &kimage->initrd},
		{".ucode", &kimage->ucode},
		{".cmdline", &kimage->cmdline},
		{".osrel", &kimage->osrel},
		{".uname", &kimage->uname},
	};
	/* The raw size is padded; what is not stored (the raw size is smaller) is zeros in memory. */
	struct bm_kimage_range range = {le32(section + 20), BM_MIN(le32(section + 8), le32(section + 16))};

	if (range.size == 0)
		return;
	*end = BM_MAX(*end, range.offset + range.size);
	if (memcmp(section, ".profile", 8) == 0)
		kimage->profiles++;
	for (size_t i = 0; kimage->profiles <= 1 && i < BM_ARRAY_SIZE(known); i++)
		if (memcmp(section, known[i].name, sizeof(known[i].name)) == 0 &&
			(known[i].range->size == 0 || kimage->profiles == 1))
			*known[i].range = range;
}

/* Where the signature ends, which stands behind all sections; 0 where there is none. The optional header is at
 * offset at, and its fifth data directory is the certificate table's place in the file. */
static uint64_t signature_end(const struct input *in, uint64_t at, uint32_t size)
{
	/* 0x20b: PE32+, with wider fields before the directories. */
	uint64_t directories = at + 2 <= in->len && le16(in->bytes + at) == 0x20b ? 112 : 96;
	const uint8_t *entry;

	if (size < directories + 5 * 8 || at + size > in->len || le32(in->bytes + at + directories - 4) < 5)
		return 0;
	entry = in->bytes + at + directories + 4 * 8;
	return le32(entry + 4) > 0 ? (uint64_t)le32(entry) + le32(entry + 4) : 0;
}

/* Reads the PE header's sections. Returns whether there is a PE header at all. */
static bool parse_pe(const struct input *in, struct bm_kimage *kimage, uint64_t *ret_signature, uint64_t *ret_end)
{
	uint64_t at, sections;
	uint32_t n;

	if (in->len < 0x40 || !has(in, 0, "MZ", 2))
		return false;
	at = le32(in->bytes + 0x3c);
	if (at + 24 > in->len || memcmp(in->bytes + at, "PE\0\0", 4) != 0)
		return false;
	n = BM_MIN(le16(in->bytes + at + 6), (uint32_t)BM_KIMAGE_SECTIONS_MAX);
	sections = at + 24 + le16(in->bytes + at + 20);
	*ret_signature = signature_end(in, at + 24, le16(in->bytes + at + 20));
	for (uint32_t i = 0; i < n; i++, sections += SECTION_SIZE) {
		if (sections + SECTION_SIZE > in->len)
			break;
		parse_section(in->bytes + sections, kimage, ret_end);
	}
	return true;
}

static int parse_uki(const struct input *in, uint64_t end, struct bm_kimage *kimage)
{
	kimage->kind = BM_KIMAGE_UKI;
	expect_size(in, end, kimage);
	return read_version(in, kimage->uname, kimage);
}

/* A number of the ELF header, which may be of either byte order. */
static uint64_t elf_number(const uint8_t *p, size_t size, bool big_endian)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)p[i] << 8 * (big_endian ? size - 1 - i : i);
	return value;
}

static int parse_elf(const struct input *in, struct bm_kimage *kimage)
{
	const uint8_t *p = in->bytes;
	bool wide = in->len > 4 && p[4] == 2, big = in->len > 5 && p[5] == 2;
	uint64_t type, sections, end;

	if (in->len < 64) {
		kimage->problem = "is too short for an ELF header";
		return 0;
	}
	type = elf_number(p + 16, 2, big);
	if (type != 2 && type != 3) {
		kimage->problem = "is an ELF object and no program";
		return 0;
	}
	sections = wide ? elf_number(p + 0x28, 8, big) : elf_number(p + 0x20, 4, big);
	end = elf_number(p + (wide ? 0x3a : 0x2e), 2, big) * elf_number(p + (wide ? 0x3c : 0x30), 2, big);
	kimage->kind = BM_KIMAGE_ELF;
	if (sections > 0)
		expect_size(in, sections > UINT64_MAX - end ? UINT64_MAX : sections + end, kimage);
	return read_version(in, (struct bm_kimage_range){0, BM_MIN(in->file_size, elf_scan_max)}, kimage);
}

static void parse_zboot(const struct input *in, struct bm_kimage *kimage)
{
	static const char *const names[] = {"gzip", "zstd", "xz", "lz4", "lzo", "lzma", "bzip2"};

	kimage->kind = BM_KIMAGE_ZBOOT;
	kimage->payload = (struct bm_kimage_range){le32(in->bytes + 8), le32(in->bytes + 12)};
	expect_size(in, (uint64_t)le32(in->bytes + 8) + le32(in->bytes + 12), kimage);
	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++)
		if (has(in, 24, names[i], strlen(names[i]) + 1))
			kimage->compression = names[i];
}

static bool only_zeros(const struct input *in)
{
	for (size_t i = 0; i < in->len; i++)
		if (in->bytes[i] != 0)
			return false;
	return true;
}

/* Says of what is no kernel what it is, as far as that helps. */
static void name_other(const struct input *in, struct bm_kimage *kimage)
{
	if (in->file_size == 0)
		kimage->problem = "is empty";
	else if (only_zeros(in))
		kimage->problem = "holds only zero bytes";
	else if (has(in, 0, "#!", 2))
		kimage->problem = "is a script and no kernel";
	else if (has(in, 0, "070701", 6) || has(in, 0, "070702", 6))
		kimage->problem = "is an initramfs and no kernel";
	else if (in->file_size < HEADER_MIN)
		kimage->problem = "is too short for a kernel";
	else
		kimage->problem = "is no kernel that is known";
}

static int parse(const struct input *in, struct bm_kimage *kimage)
{
	uint64_t end = 0, signature = 0;

	kimage->efi = parse_pe(in, kimage, &signature, &end);
	if (kimage->efi && kimage->kernel.size > 0)
		return parse_uki(in, BM_MAX(end, signature), kimage);
	if (in->len >= HEADER_MIN && has(in, 0x202, "HdrS", 4))
		return parse_bzimage(in, signature, kimage);
	if (has(in, 0, "\177ELF", 4))
		return parse_elf(in, kimage);
	if (in->len >= 0x40 && has(in, 0, "MZ", 2) && has(in, 4, "zimg", 4)) {
		parse_zboot(in, kimage);
	} else if (has(in, 0x38, "ARM\x64", 4)) {
		kimage->kind = BM_KIMAGE_ARM64;
	} else if (has(in, 0x38, "RSC\x05", 4)) {
		kimage->kind = BM_KIMAGE_RISCV;
	} else if (has(in, 0x10008, "S390EP", 6)) {
		kimage->kind = BM_KIMAGE_S390;
	} else if (kimage->efi) {
		kimage->kind = BM_KIMAGE_EFI;
		expect_size(in, BM_MAX(end, signature), kimage);
	} else if (in->len > 0 && compression_of(in->bytes, in->len)) {
		kimage->kind = BM_KIMAGE_GZIP;
		kimage->compression = compression_of(in->bytes, in->len);
	} else {
		name_other(in, kimage);
	}
	return 0;
}

int bm_kimage_parse(const void *bytes, size_t len, uint64_t file_size, struct bm_kimage *ret_kimage)
{
	struct input in = {bytes, len, BM_MAX(file_size, (uint64_t)len)};
	struct bm_kimage kimage = {.kind = BM_KIMAGE_NONE};
	int r = parse(&in, &kimage);

	if (r < 0) {
		bm_kimage_done(&kimage);
		return r;
	}
	*ret_kimage = kimage;
	return 0;
}
