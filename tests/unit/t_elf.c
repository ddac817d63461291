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
