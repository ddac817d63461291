/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <string.h>

#include "base/str.h"
#include "fmt/boot/grubstub.h"

#define UUID "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0001"

static struct bm_grubstub parse(const char *text)
{
	struct bm_grubstub stub;

	BM_CHECK_INT(bm_grubstub_parse(text, strlen(text), &stub), 0);
	return stub;
}

BM_TEST(grubstub_of_each_style)
{
	static const struct {
		const char *text, *variable, *dir;
		unsigned int search, prefix;
	} rows[] = {
		{"search.fs_uuid " UUID
		 " root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n",
			"root", "/boot/grub", 1, 2},
		{"search.fs_uuid " UUID "\nset prefix=($root)/grub\nconfigfile ${prefix}/grub.cfg", "root", "/grub", 1,
			2},
		{"# a comment\n\nsearch --no-floppy --root-dev-only --fs-uuid --set=dev " UUID
		 "\r\nset prefix=($dev)/grub2\r\n\r\nexport $prefix\r\nconfigfile $prefix/grub.cfg\r\n",
			"dev", "/grub2", 3, 4},
		{"insmod part_gpt\nsearch --fs-uuid --hint=hd0,gpt2 " UUID
		 " --set=dev\nset \"prefix=($dev)/root/boot/grub2\"\nconfigfile \"$prefix/grub.cfg\"\n",
			"dev", "/root/boot/grub2", 2, 3},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_grubstub_ struct bm_grubstub stub = parse(rows[i].text);

		BM_CHECK(stub.understood);
		BM_CHECK_STR(stub.uuid, UUID);
		BM_CHECK_STR(stub.variable, rows[i].variable);
		BM_CHECK_STR(stub.dir, rows[i].dir);
		BM_CHECK_INT(stub.search_line, rows[i].search);
		BM_CHECK_INT(stub.prefix_line, rows[i].prefix);
	}
}

/* Whatever does more or less is no stub. */
BM_TEST(grubstub_not_understood)
{
	static const char *const rows[] = {
		"",
		"configfile $prefix/grub.cfg\n",
		"search.fs_uuid " UUID "\nset prefix=($root)/grub\n",
		"search.fs_uuid " UUID "\nset prefix=($other)/grub\nconfigfile $prefix/grub.cfg\n",
		"search.fs_uuid " UUID "\nset prefix=($root)$x/grub\nconfigfile $prefix/grub.cfg\n",
		"search.fs_uuid $uuid\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
		"search --label --set=root boot\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
		"search --fs-uuid " UUID "\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
		"cryptomount -u 12\nsearch.fs_uuid " UUID "\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
		"search.fs_uuid " UUID "\nsearch.fs_uuid " UUID
		"\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\n",
		"search.fs_uuid " UUID "\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\nmenuentry x {\n}\n",
		"if true; then\nsearch.fs_uuid " UUID "\nset prefix=($root)/grub\nconfigfile $prefix/grub.cfg\nfi\n",
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_grubstub_ struct bm_grubstub stub = parse(rows[i]);

		BM_CHECK(!stub.understood && !stub.uuid && !stub.dir && !stub.variable);
	}
}

BM_TEST(grubstub_written)
{
	for (int style = BM_GRUBSTUB_DEBIAN; style <= BM_GRUBSTUB_FEDORA; style++) {
		_cleanup_free_ char *text = bm_grubstub_text((enum bm_grubstub_style)style, UUID, "/boot/grub");
		_cleanup_grubstub_ struct bm_grubstub stub = parse(text);

		BM_CHECK(stub.understood);
		BM_CHECK_STR(stub.uuid, UUID);
		BM_CHECK_STR(stub.dir, "/boot/grub");
	}
}
