/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/crypttab.h"
#include "harness.h"

static struct bm_crypttab parse(const char *text)
{
	struct bm_crypttab crypttab;

	BM_CHECK_INT(bm_crypttab_parse(text, strlen(text), &crypttab), 0);
	return crypttab;
}

BM_TEST(crypttab_of_an_installer)
{
	_cleanup_crypttab_ struct bm_crypttab crypttab =
		parse("# <target name>\t<source device>\t<key file>\t<options>\n"
		      "sda3_crypt UUID=8d2e0b8c-1f0b-4d7e-9d1c-111122223333 none luks,discard\n"
		      "\n"
		      "  cswap /dev/disk/by-partlabel/my\\040swap /dev/urandom swap,cipher=aes-xts-plain64,size=256\r\n"
		      "data\tPARTUUID=0f2fa2a1-05\n"
		      "lonely\n"
		      "  # more\n"
		      "last UUID=1 - nofail");

	BM_CHECK_INT(crypttab.n, 4);
	BM_CHECK_INT(crypttab.lines[0].line, 2);
	BM_CHECK_STR(crypttab.lines[0].name, "sda3_crypt");
	BM_CHECK_STR(crypttab.lines[0].source, "UUID=8d2e0b8c-1f0b-4d7e-9d1c-111122223333");
	BM_CHECK_STR(crypttab.lines[1].source, "/dev/disk/by-partlabel/my swap");
	BM_CHECK_STR(crypttab.lines[1].options, "swap,cipher=aes-xts-plain64,size=256");
	BM_CHECK_STR(crypttab.lines[2].key, "none");
	BM_CHECK_STR(crypttab.lines[2].options, "");
	BM_CHECK(bm_crypttab_find(&crypttab, "cswap") == &crypttab.lines[1]);
	BM_CHECK(!bm_crypttab_find(&crypttab, "lonely"));
	BM_CHECK(bm_crypttab_option(&crypttab.lines[1], "swap"));
	BM_CHECK(bm_crypttab_option(&crypttab.lines[1], "cipher"));
	BM_CHECK(!bm_crypttab_option(&crypttab.lines[1], "ciph"));
	BM_CHECK(!bm_crypttab_option(&crypttab.lines[1], "nofail"));
	BM_CHECK(bm_crypttab_option(&crypttab.lines[3], "nofail"));
}

BM_TEST(crypttab_hostile)
{
	static const char nul[] = "a\0b UUID=x\nc UUID=y";
	_cleanup_crypttab_ struct bm_crypttab empty = parse(""), odd = parse("x \\777\\04\\ z"), cut;
	_cleanup_free_ char *large = calloc(1, BM_CRYPTTAB_SIZE_MAX + 1), *many = NULL;

	BM_CHECK_INT(empty.n, 0);
	/* no byte has that number, and what is cut short stands for itself */
	BM_CHECK_STR(odd.lines[0].source, "\\777\\04\\");
	BM_CHECK_INT(bm_crypttab_parse(nul, sizeof(nul) - 1, &cut), 0);
	BM_CHECK_INT(cut.n, 1);
	BM_CHECK_INT(cut.lines[0].line, 2);
	BM_CHECK_INT(bm_crypttab_parse(large, BM_CRYPTTAB_SIZE_MAX + 1, &empty), -EFBIG);
	many = malloc((size_t)BM_CRYPTTAB_LINES_MAX * 4 + 8);
	for (size_t i = 0; i <= BM_CRYPTTAB_LINES_MAX; i++)
		memcpy(many + i * 4, "a b\n", 4);
	bm_crypttab_done(&odd);
	BM_CHECK_INT(bm_crypttab_parse(many, ((size_t)BM_CRYPTTAB_LINES_MAX + 1) * 4, &odd), 0);
	BM_CHECK_INT(odd.n, BM_CRYPTTAB_LINES_MAX);
}
