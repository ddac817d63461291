/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/mdadmconf.h"
#include "harness.h"

static struct bm_mdadmconf parse(const char *text)
{
	struct bm_mdadmconf conf;

	BM_CHECK_INT(bm_mdadmconf_parse(text, strlen(text), &conf), 0);
	return conf;
}

BM_TEST(mdadmconf_of_installers)
{
	_cleanup_mdadmconf_ struct bm_mdadmconf conf =
		parse("# mdadm.conf written out by anaconda\n"
		      "MAILADDR root\n"
		      "AUTO +imsm +1.x -all\n"
		      "HOMEHOST <system>\n"
		      "ARRAY /dev/md/boot level=raid1 num-devices=2 UUID=4fd22a2b:0d8d1e3c:4d1a0f5b:7a8a9a0b\n"
		      "array /dev/md/0  metadata=1.2 # UUID=00000000:00000000:00000000:00000000\n"
		      "   uuid=01234567:89ABCDEF:01234567:89abcdef name=deb:0\n"
		      "ARR /dev/md1 devices=/dev/sda1,/dev/sdb1\r\n"
		      "ARRAY <ignore> UUID=4fd22a2b:0d8d1e3c:4d1a0f5b\n"
		      "ARRAYS /dev/md3 UUID=4fd22a2b:0d8d1e3c:4d1a0f5b:7a8a9a0b");

	BM_CHECK_INT(conf.n, 4);
	BM_CHECK_INT(conf.arrays[0].line, 5);
	BM_CHECK_STR(conf.arrays[0].device, "/dev/md/boot");
	BM_CHECK_STR(conf.arrays[0].uuid, "4fd22a2b0d8d1e3c4d1a0f5b7a8a9a0b");
	BM_CHECK(!conf.arrays[0].spec_other);
	BM_CHECK_INT(conf.arrays[1].line, 6);
	BM_CHECK_STR(conf.arrays[1].uuid, "0123456789abcdef0123456789abcdef");
	BM_CHECK_STR(conf.arrays[1].name, "deb:0");
	BM_CHECK(conf.arrays[2].spec_other);
	BM_CHECK_STR(conf.arrays[2].uuid, "");
	/* three quarters of a UUID are none */
	BM_CHECK_STR(conf.arrays[3].uuid, "");
	BM_CHECK_STR(conf.arrays[3].device, "<ignore>");
}

BM_TEST(mdadmconf_uuid)
{
	char uuid[BM_MD_UUID_TEXT] = "before";

	BM_CHECK(bm_md_uuid("4FD22A2B-0d8d-1e3c-4d1a-0f5b7a8a9a0b", uuid));
	BM_CHECK_STR(uuid, "4fd22a2b0d8d1e3c4d1a0f5b7a8a9a0b");
	BM_CHECK(!bm_md_uuid("4fd22a2b0d8d1e3c4d1a0f5b7a8a9a0bc", uuid));
	BM_CHECK(!bm_md_uuid("4fd22a2b0d8d1e3c4d1a0f5b7a8a9a0g", uuid));
	BM_CHECK(!bm_md_uuid("", uuid));
}

BM_TEST(mdadmconf_hostile)
{
	_cleanup_mdadmconf_ struct bm_mdadmconf empty = parse(""), first = parse(" UUID=1\n\tname=x\n#\nARRAY"), many;
	_cleanup_free_ char *large = calloc(1, BM_MDADMCONF_SIZE_MAX + 1), *lines = NULL;

	BM_CHECK_INT(empty.n, 0);
	BM_CHECK_INT(first.n, 1);
	BM_CHECK(!first.arrays[0].device && !first.arrays[0].name);
	BM_CHECK_INT(bm_mdadmconf_parse(large, BM_MDADMCONF_SIZE_MAX + 1, &empty), -EFBIG);
	lines = malloc(((size_t)BM_MDADMCONF_ARRAYS_MAX + 1) * 6);
	for (size_t i = 0; i <= BM_MDADMCONF_ARRAYS_MAX; i++)
		memcpy(lines + i * 6, "ARRAY\n", 6);
	BM_CHECK_INT(bm_mdadmconf_parse(lines, ((size_t)BM_MDADMCONF_ARRAYS_MAX + 1) * 6, &many), 0);
	BM_CHECK_INT(many.n, BM_MDADMCONF_ARRAYS_MAX);
}
