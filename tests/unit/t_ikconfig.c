/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration inside a kernel.
 */
#include <errno.h>

#include "fmt/image/ikconfig.h"
#include "image_maker.h"

static const char config[] = "#\n# Linux/x86 6.12.1 Kernel Configuration\n#\nCONFIG_EXT4_FS=y\nCONFIG_XFS_FS=m\n";

/* A kernel's program: bytes before, the configuration, bytes behind. */
static void put_program(struct bm_buf *out, const char *before, const char *start)
{
	_cleanup_buf_ struct bm_buf plain = {0};

	bm_buf_adds(&plain, config);
	bm_buf_adds(out, before);
	put_zeros(out, 100000);
	bm_buf_adds(out, start);
	put_gzip(out, &plain);
	bm_buf_adds(out, "IKCFG_ED");
	put_zeros(out, 1000);
}

static int read_it(const struct bm_buf *kernel, size_t len, size_t step, struct bm_buf *text)
{
	struct made_source made = {kernel->data, len, step};
	const struct bm_image_source source = {made_read, &made};

	return bm_ikconfig_read(&source, text);
}

BM_TEST(ikconfig_is_found_in_a_kernel)
{
	static const struct {
		const char *before, *start;
		int r;
	} rows[] = {
		{"", "IKCFG_ST", 0},
		{"IKCFG_ST and no gzip; IKCFG_S", "IKIKCFG_ST", 0},
		{"", "IKCFG_ED", -ENOENT},
		{"IKCFG_ST", "", -ENOENT},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		for (int packed = 0; packed < 2; packed++) {
			static const size_t steps[] = {0, 1, 4096};
			_cleanup_buf_ struct bm_buf program = {0}, kernel = {0};

			put_program(packed ? &program : &kernel, rows[i].before, rows[i].start);
			if (packed)
				put_gzip(&kernel, &program);
			put_zeros(&kernel, 16); /* what follows the compressed part */
			for (size_t s = 0; s < BM_ARRAY_SIZE(steps); s++) {
				_cleanup_buf_ struct bm_buf text = {0};

				/* The first bytes tell the compression: they have to come together. */
				if (packed && steps[s] == 1)
					continue;
				BM_CHECK_INT(read_it(&kernel, kernel.len, steps[s], &text), rows[i].r);
				BM_CHECK_STR(bm_buf_text(&text), rows[i].r == 0 ? config : "");
			}
		}
	}
}

BM_TEST(ikconfig_survives_damage)
{
	_cleanup_buf_ struct bm_buf program = {0}, kernel = {0}, text = {0};

	put_program(&program, "", "IKCFG_ST");
	put_gzip(&kernel, &program);
	for (size_t len = 0; len < kernel.len; len += 7) {
		int r = read_it(&kernel, len, 0, &text);

		BM_CHECK(r == 0 || r == -ENOENT);
		BM_CHECK_STR(bm_buf_text(&text), r == 0 ? config : "");
		bm_buf_done(&text);
	}
	memset(kernel.data + 40, 0xff, 20);
	BM_CHECK_INT(read_it(&kernel, kernel.len, 0, &text), -EBADMSG);
	BM_CHECK_INT(text.len, 0);
	BM_CHECK_INT(read_it(&program, 100050, 0, &text), -ENOENT); /* cut within the configuration */
	BM_CHECK_INT(text.len, 0);
}
