/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image_maker.h"

static struct bm_elf parse(const struct bm_buf *file)
{
	struct bm_elf elf;

	BM_CHECK(bm_elf_parse((const uint8_t *)file->data, file->len, NULL, 0, &elf) == 0);
	return elf;
}

BM_TEST(elf_tells_what_a_program_needs)
{
	_cleanup_buf_ struct bm_buf file = {0};
	struct bm_elf elf;

	make_elf(&file, "/lib64/ld-linux-x86-64.so.2", "libc.so.6 libm.so.6", "$ORIGIN/../lib");
	elf = parse(&file);
	BM_CHECK_INT(elf.kind, BM_ELF_BINARY);
	BM_CHECK(elf.is64 && !elf.big_endian && elf.dynamic && elf.complete);
	BM_CHECK_INT(elf.machine, 62);
	BM_CHECK_STR(elf.interpreter, "/lib64/ld-linux-x86-64.so.2");
	BM_CHECK_STR(elf.runpath, "$ORIGIN/../lib");
	BM_CHECK_INT(elf.needed.n, 2);
	BM_CHECK_STR(elf.needed.items[1], "libm.so.6");
	bm_elf_done(&elf);
}

/* The names at hand, the dynamic table given apart, as the list does it with large files. */
BM_TEST(elf_takes_the_dynamic_table_apart)
{
	_cleanup_buf_ struct bm_buf file = {0};
	uint64_t offset, size;
	struct bm_elf elf;

	make_elf(&file, NULL, "libc.so.6", NULL);
	BM_CHECK(bm_elf_dynamic_at((const uint8_t *)file.data, file.len, &offset, &size) == 0);
	BM_CHECK_INT(offset + size, file.len);
	BM_CHECK(bm_elf_parse((const uint8_t *)file.data, (size_t)offset, (const uint8_t *)file.data + offset,
			 (size_t)size, &elf) == 0);
	BM_CHECK(elf.complete && elf.needed.n == 1);
	bm_elf_done(&elf);
	BM_CHECK(bm_elf_parse((const uint8_t *)file.data, (size_t)offset, NULL, 0, &elf) == 0);
	BM_CHECK(elf.dynamic && !elf.complete);
	bm_elf_done(&elf);
}

BM_TEST(elf_survives_every_cut_and_every_byte)
{
	_cleanup_buf_ struct bm_buf file = {0};
	struct bm_elf elf;
	size_t len;

	make_elf(&file, "/lib/ld.so", "liba.so libb.so", "/x");
	len = file.len;
	for (file.len = 0; file.len < len; file.len++) {
		elf = parse(&file);
		bm_elf_done(&elf);
	}
	for (size_t at = 4; at < len; at++)
		for (int value = 0; value < 256; value += 51) {
			char kept = file.data[at];

			file.data[at] = (char)value;
			elf = parse(&file);
			bm_elf_done(&elf);
			file.data[at] = kept;
		}
}

/* A big-endian 32-bit header with one PT_INTERP. */
BM_TEST(elf_reads_the_other_class_and_byte_order)
{
	_cleanup_buf_ struct bm_buf file = {0};
	struct bm_elf elf;

	bm_buf_add(&file, "\177ELF\1\2\1\0\0\0\0\0\0\0\0\0", 16);
	bm_buf_add(&file, "\0\2\0\24\0\0\0\1\0\0\0\0\0\0\0\64\0\0\0\0\0\0\0\0\0\64\0\40\0\1\0\0\0\0\0\0", 36);
	bm_buf_add(&file, "\0\0\0\3\0\0\0\124\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\7\0\0\0\4\0\0\0\1", 32);
	bm_buf_add(&file, "/ld.so\0", 7);
	elf = parse(&file);
	BM_CHECK(elf.kind == BM_ELF_BINARY && !elf.is64 && elf.big_endian && !elf.dynamic && elf.complete);
	BM_CHECK_INT(elf.machine, 20);
	BM_CHECK_STR(elf.interpreter, "/ld.so");
	bm_elf_done(&elf);
}

static void check_script(const char *text, const char *interpreter)
{
	struct bm_elf elf;

	BM_CHECK(bm_elf_parse((const uint8_t *)text, strlen(text), NULL, 0, &elf) == 0);
	BM_CHECK_INT(elf.kind, BM_ELF_SCRIPT);
	BM_CHECK_STR(elf.interpreter, interpreter);
	bm_elf_done(&elf);
}

BM_TEST(elf_reads_the_first_line_of_scripts)
{
	check_script("#!/bin/sh\necho", "/bin/sh");
	check_script("#! \t/usr/bin/env bash\n", "/usr/bin/env");
	check_script("#!/bin/sh", "/bin/sh");
	check_script("#!/bin/sh\r\n", "/bin/sh\r"); /* which does not exist: as the kernel sees it */
	check_script("#!\n/bin/sh\n", NULL);
}

/* A library whose third program header is its note. */
static void make_note(struct bm_buf *file, unsigned int level_bits)
{
	size_t header = 64 + 2 * 56;
	uint32_t note[] = {4, 32, 5, 0x00554e47, 0xc0008001, 4, 1, 0, 0xc0008002, 4, level_bits, 0};
	struct bm_buf old = {0};

	make_elf(&old, NULL, "libm.so.6", NULL);
	file->len = 0;
	bm_buf_add(file, old.data, header);
	put_number(file, 4, 4);
	put_number(file, 4, 4);
	for (int i = 0; i < 3; i++)
		put_number(file, old.len, 8);
	for (int i = 0; i < 2; i++)
		put_number(file, sizeof(note), 8);
	put_number(file, 8, 8);
	bm_buf_add(file, old.data + header + 56, old.len - header - 56);
	for (size_t i = 0; i < BM_ARRAY_SIZE(note); i++)
		put_number(file, note[i], 4);
	bm_buf_done(&old);
}

BM_TEST(elf_tells_the_processor_that_it_needs)
{
	static const unsigned int bits[] = {0, 1, 3, 7, 15, 4}, levels[] = {0, 1, 2, 3, 4, 3};
	_cleanup_buf_ struct bm_buf file = {0};

	for (size_t i = 0; i < BM_ARRAY_SIZE(bits); i++) {
		make_note(&file, bits[i]);
		BM_CHECK_INT(bm_elf_x86_level((const uint8_t *)file.data, file.len), levels[i]);
	}
	make_note(&file, 3);
	for (size_t len = 0; len < file.len; len++)
		BM_CHECK_INT(bm_elf_x86_level((const uint8_t *)file.data, len), 0);
	/* every byte in turn: whatever it says, nothing is read beyond the end */
	for (size_t at = 0; at < file.len; at++) {
		char before = file.data[at];

		file.data[at] = (char)0xff;
		BM_CHECK(bm_elf_x86_level((const uint8_t *)file.data, file.len) <= 4);
		bm_elf_size_needed((const uint8_t *)file.data, file.len);
		file.data[at] = before;
	}
	/* another machine's bits mean something else */
	file.data[18] = (char)183;
	BM_CHECK_INT(bm_elf_x86_level((const uint8_t *)file.data, file.len), 0);
}

BM_TEST(elf_tells_its_size)
{
	_cleanup_buf_ struct bm_buf file = {0};

	make_elf(&file, NULL, "libc.so.6", NULL);
	BM_CHECK_INT(bm_elf_size_needed((const uint8_t *)file.data, file.len), file.len);
	/* from its head alone */
	BM_CHECK_INT(bm_elf_size_needed((const uint8_t *)file.data, 300), file.len);
	BM_CHECK_INT(bm_elf_size_needed((const uint8_t *)file.data, 60), 0);
	BM_CHECK_INT(bm_elf_size_needed((const uint8_t *)"#!/bin/sh", 9), 0);
}

BM_TEST(elf_names_what_it_loads_while_it_runs)
{
	static const char json[] = "[{\"feature\":\"kmod\",\"priority\":\"recommended\",\"soname\":[\"libkmod.so.2\"]},"
				   "{\"feature\":\"bpf\",\"soname\":[\"libbpf.so.1\",\"libbpf.so.0\"]}]";
	static const char *const hostile[] = {"", "\"soname\":[\"", "\"soname\":[\"\"]", "\"soname\":[\"x", "[{}]"};
	_cleanup_buf_ struct bm_buf file = {0};
	struct bm_elf elf;

	make_dlopen_note(&file, json);
	BM_CHECK_INT(bm_elf_parse((const uint8_t *)file.data, file.len, NULL, 0, &elf), 0);
	BM_CHECK_INT(elf.dlopen.n, 2);
	BM_CHECK(bm_strv_has(&elf.dlopen, "libkmod.so.2") && bm_strv_has(&elf.dlopen, "libbpf.so.1"));
	bm_elf_done(&elf);
	for (size_t len = 0; len < file.len; len++) {
		BM_CHECK_INT(bm_elf_parse((const uint8_t *)file.data, len, NULL, 0, &elf), 0);
		BM_CHECK_INT(elf.dlopen.n, 0);
		bm_elf_done(&elf);
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(hostile); i++) {
		file.len = 0;
		make_dlopen_note(&file, hostile[i]);
		BM_CHECK_INT(bm_elf_parse((const uint8_t *)file.data, file.len, NULL, 0, &elf), 0);
		BM_CHECK_INT(elf.dlopen.n, 0);
		bm_elf_done(&elf);
	}
}
