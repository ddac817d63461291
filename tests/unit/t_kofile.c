/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fmt/kernel/kofile.h"
#include "image_maker.h"

/* The module's bytes in pieces of step bytes. */
static struct bm_kofile read_in(const struct bm_buf *file, size_t len, size_t step)
{
	struct bm_kofile_reader reader = {0};
	struct bm_kofile kofile;

	for (size_t i = 0; i < len; i += step)
		bm_kofile_feed(&reader, (const uint8_t *)file->data + i, BM_MIN(step, len - i));
	bm_kofile_end(&reader, &kofile);
	return kofile;
}

BM_TEST(kofile_of_any_pieces)
{
	_cleanup_buf_ struct bm_buf file = {0};

	make_module(&file, "6.1.0-9-amd64 SMP preempt mod_unload modversions ");
	for (size_t step = 1; step <= file.len; step++) {
		struct bm_kofile kofile = read_in(&file, file.len, step);

		BM_CHECK(kofile.elf && kofile.whole && !kofile.is_signed);
		BM_CHECK_STR(kofile.vermagic, "6.1.0-9-amd64 SMP preempt mod_unload modversions ");
	}
}

BM_TEST(kofile_cut_at_every_byte)
{
	_cleanup_buf_ struct bm_buf file = {0};

	make_module(&file, "6.1.0");
	for (size_t len = 0; len < file.len; len++) {
		struct bm_kofile kofile = read_in(&file, len, 7);

		BM_CHECK(!kofile.whole);
		BM_CHECK(kofile.elf == (len >= 64));
	}
}

BM_TEST(kofile_signed)
{
	static const char mark[] = "~Module signature appended~\n";
	_cleanup_buf_ struct bm_buf file = {0};

	make_module(&file, "6.1.0");
	bm_buf_add(&file, "signature", 9);
	bm_buf_add(&file, mark, sizeof(mark) - 1);
	for (size_t step = 1; step < 40; step++)
		BM_CHECK(read_in(&file, file.len, step).is_signed);
	BM_CHECK(read_in(&file, file.len, file.len).whole);
	BM_CHECK(!read_in(&file, file.len - 1, 64).is_signed);
	BM_CHECK(!read_in(&file, 27, 1).is_signed);
}

/* Half a key before the key, a text that is too long, one that has no end. */
BM_TEST(kofile_hostile)
{
	_cleanup_buf_ struct bm_buf file = {0};
	struct bm_kofile kofile;

	bm_buf_add(&file, "vervvermagivermagic=5.0", 23);
	kofile = read_in(&file, file.len, 1);
	BM_CHECK(!kofile.elf && !kofile.whole);
	BM_CHECK_STR(kofile.vermagic, "5.0");
	for (int i = 0; i < 1000; i++)
		bm_buf_addc(&file, 'x');
	kofile = read_in(&file, file.len, 13);
	BM_CHECK_INT(strlen(kofile.vermagic), BM_KOFILE_MAGIC_MAX - 1);
	/* section headers whose place overflows */
	file.len = 0;
	make_module(&file, "6.1.0");
	memset(file.data + 40, 0xff, 8);
	BM_CHECK(!read_in(&file, file.len, 64).whole);
}

BM_TEST(kofile_of_another_kernel)
{
	static const struct {
		const char *vermagic;
		bool foreign;
	} rows[] = {
		{"6.1.0-9-amd64 SMP preempt mod_unload ", false},
		{"6.1.0-9-amd64", false},
		{"6.1.0-8-amd64 SMP preempt mod_unload ", true},
		{"6.1.0-9-amd64-rt SMP", true},
		{"6.1.0-9 SMP", true},
		/* checksums count there, not versions: modules for a whole release of a distribution */
		{"6.1.0-8-amd64 SMP preempt mod_unload modversions ", false},
		{"", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_kofile kofile = {0};

		strcpy(kofile.vermagic, rows[i].vermagic);
		BM_CHECK(bm_kofile_foreign(&kofile, "6.1.0-9-amd64") == rows[i].foreign);
	}
}
