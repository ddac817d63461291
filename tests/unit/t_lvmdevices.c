/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/lvmdevices.h"
#include "harness.h"

static struct bm_lvmdevices parse(const char *text)
{
	struct bm_lvmdevices devices;

	BM_CHECK_INT(bm_lvmdevices_parse(text, strlen(text), &devices), 0);
	return devices;
}

BM_TEST(lvmdevices_of_el9)
{
	_cleanup_lvmdevices_ struct bm_lvmdevices devices = parse(
		"# LVM uses devices listed in this file.\n"
		"# Created by LVM command vgcreate pid 2139 at Mon Jan  8 10:11:12 2024\n"
		"# HASH=1234\n"
		"VERSION=1.1.2\n"
		"IDTYPE=sys_wwid IDNAME=naa.6000c29a2b DEVNAME=/dev/sda3 PVID=nPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk PART=3\n"
		"IDTYPE=devname IDNAME=/dev/vdb DEVNAME=/dev/vdb PVID=.\r\n"
		"IDTYPE=sys_serial IDNAME=. DEVNAME=. PVID=mPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk PART=x\n"
		"IDNAME=/dev/vdc PVID=oPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk\n"
		"IDTYPE=devname");

	BM_CHECK_INT(devices.n, 3);
	BM_CHECK_INT(devices.entries[0].line, 5);
	BM_CHECK_STR(devices.entries[0].idtype, "sys_wwid");
	BM_CHECK_STR(devices.entries[0].idname, "naa.6000c29a2b");
	BM_CHECK_STR(devices.entries[0].devname, "/dev/sda3");
	BM_CHECK_INT(devices.entries[0].part, 3);
	BM_CHECK(!devices.entries[1].pvid);
	BM_CHECK(!devices.entries[2].idname && !devices.entries[2].devname);
	BM_CHECK(!devices.knows_machine);
	BM_CHECK(bm_lvmdevices_find(&devices, "nPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk") == &devices.entries[0]);
	BM_CHECK(!bm_lvmdevices_find(&devices, "oPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk"));
	bm_lvmdevices_done(&devices);
	devices = parse("PRODUCT_UUID=4c4c4544-0042\nVERSION=1.1.9");
	BM_CHECK(devices.knows_machine && devices.n == 0);
}

BM_TEST(lvmdevices_pvid)
{
	char pvid[BM_LVM_PVID_TEXT] = "before";

	BM_CHECK(bm_lvm_pvid("nPTIfq-OGS0-XAUp-3iPv-bI2C-1eSb-YnYZqk", pvid));
	BM_CHECK_STR(pvid, "nPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk");
	BM_CHECK(!bm_lvm_pvid("nPTIfq-OGS0-XAUp-3iPv-bI2C-1eSb-YnYZqkk", pvid));
	BM_CHECK(!bm_lvm_pvid("nPTIfq-OGS0-XAUp-3iPv-bI2C-1eSb-YnYZq", pvid));
	BM_CHECK(!bm_lvm_pvid("nPTIfq.OGS0-XAUp-3iPv-bI2C-1eSb-YnYZqk", pvid));
	BM_CHECK(!bm_lvm_pvid("", pvid));
}

BM_TEST(lvmdevices_hostile)
{
	static const char nul[] = "IDTYPE=a IDNAME=\0b PVID=c\nIDTYPE=d IDNAME=e";
	_cleanup_lvmdevices_ struct bm_lvmdevices empty = parse(""), cut, many;
	_cleanup_free_ char *large = calloc(1, BM_LVMDEVICES_SIZE_MAX + 1), *lines = NULL;
	static const char line[] = "IDTYPE=a IDNAME=b\n";

	BM_CHECK_INT(empty.n, 0);
	BM_CHECK_INT(bm_lvmdevices_parse(nul, sizeof(nul) - 1, &cut), 0);
	BM_CHECK_INT(cut.n, 2);
	BM_CHECK(!cut.entries[0].idname && !cut.entries[0].pvid);
	BM_CHECK_INT(bm_lvmdevices_parse(large, BM_LVMDEVICES_SIZE_MAX + 1, &empty), -EFBIG);
	lines = malloc(((size_t)BM_LVMDEVICES_ENTRIES_MAX + 1) * (sizeof(line) - 1));
	for (size_t i = 0; i <= BM_LVMDEVICES_ENTRIES_MAX; i++)
		memcpy(lines + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	BM_CHECK_INT(
		bm_lvmdevices_parse(lines, ((size_t)BM_LVMDEVICES_ENTRIES_MAX + 1) * (sizeof(line) - 1), &many), 0);
	BM_CHECK_INT(many.n, BM_LVMDEVICES_ENTRIES_MAX);
}
