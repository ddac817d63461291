/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "os/block/lvm.h"
#include "harness.h"

static const char vgs[] =
	"  LVM2_VG_NAME='rhel' LVM2_VG_UUID='aaa-1' LVM2_VG_SIZE='10733223936' LVM2_VG_FREE='4194304' "
	"LVM2_PV_COUNT='2' "
	"LVM2_VG_MISSING_PV_COUNT='0' LVM2_VG_EXPORTED='0'\n"
	"  LVM2_VG_NAME='rhel' LVM2_VG_UUID='aaa-2' LVM2_VG_SIZE='1' LVM2_VG_FREE='0' LVM2_PV_COUNT='2' "
	"LVM2_VG_MISSING_PV_COUNT='1' LVM2_VG_EXPORTED='1'\n"
	"  LVM2_VG_NAME='data' LVM2_VG_UUID='bbb' LVM2_VG_SIZE='2' LVM2_VG_FREE='0' LVM2_PV_COUNT='1' "
	"LVM2_VG_MISSING_PV_COUNT='0' LVM2_VG_EXPORTED=''\n";

static const char pvs[] =
	"  LVM2_PV_NAME='/dev/sda2' LVM2_PV_UUID='p1' LVM2_VG_UUID='aaa-1' LVM2_PV_SIZE='5' LVM2_PV_MISSING='0' "
	"LVM2_PV_DUPLICATE='0'\n"
	"  LVM2_PV_NAME='[unknown]' LVM2_PV_UUID='p2' LVM2_VG_UUID='aaa-2' LVM2_PV_SIZE='5' LVM2_PV_MISSING='1' "
	"LVM2_PV_DUPLICATE='0'\n"
	"  LVM2_PV_NAME='/dev/sdc' LVM2_PV_UUID='p3' LVM2_VG_UUID='' LVM2_PV_SIZE='5' LVM2_PV_MISSING='0' "
	"LVM2_PV_DUPLICATE='0'\n";

static const char lvs[] =
	"  LVM2_LV_NAME='root' LVM2_LV_UUID='l1' LVM2_VG_UUID='aaa-1' LVM2_SEGTYPE='linear' "
	"LVM2_DEVICES='/dev/sda2(0)' "
	"LVM2_LV_SIZE='100' LVM2_LV_ACTIVE_LOCALLY='1' LVM2_LV_DM_PATH='/dev/mapper/rhel-root' "
	"LVM2_LV_HEALTH_STATUS=''\n"
	"  LVM2_LV_NAME='root' LVM2_LV_UUID='l1' LVM2_VG_UUID='aaa-1' LVM2_SEGTYPE='striped' "
	"LVM2_DEVICES='/dev/sda2(25),/dev/sdb1(0)' LVM2_LV_SIZE='100' LVM2_LV_ACTIVE_LOCALLY='1' "
	"LVM2_LV_DM_PATH='/dev/mapper/rhel-root' LVM2_LV_HEALTH_STATUS=''\n"
	"  LVM2_LV_NAME='[root_rimage_0]' LVM2_LV_UUID='l2' LVM2_VG_UUID='aaa-2' LVM2_SEGTYPE='linear' "
	"LVM2_DEVICES='[unknown](0)' LVM2_LV_SIZE='100' LVM2_LV_ACTIVE_LOCALLY='0' LVM2_LV_DM_PATH='' "
	"LVM2_LV_HEALTH_STATUS='partial'\n"
	"  LVM2_LV_NAME='lost' LVM2_LV_UUID='l3' LVM2_VG_UUID='nobody' LVM2_SEGTYPE='linear' LVM2_DEVICES='' "
	"LVM2_LV_SIZE='1' LVM2_LV_ACTIVE_LOCALLY='0' LVM2_LV_DM_PATH='' LVM2_LV_HEALTH_STATUS=''\n";

BM_TEST(lvm_reads_its_reports)
{
	_cleanup_lvm_ struct bm_lvm lvm = {0};

	BM_CHECK_INT(bm_lvm_parse_pvs(vgs, &lvm), 0);
	BM_CHECK_INT(bm_lvm_parse_pvs(pvs, &lvm), 0);
	BM_CHECK_INT(bm_lvm_parse_lvs(lvs, &lvm), 0);
	BM_CHECK_INT(lvm.n_vgs, 3);
	BM_CHECK(lvm.vgs[0].clash && lvm.vgs[1].clash && !lvm.vgs[2].clash);
	BM_CHECK(lvm.vgs[0].size_bytes == 10733223936 && lvm.vgs[0].n_missing == 0 && lvm.vgs[1].n_missing == 1);
	BM_CHECK(lvm.vgs[1].exported && !lvm.vgs[0].exported && !lvm.vgs[2].exported);
	BM_CHECK_INT(lvm.n_pvs, 3);
	BM_CHECK_STR(lvm.pvs[0].path, "/dev/sda2");
	BM_CHECK(lvm.pvs[0].vg == 0 && lvm.pvs[2].vg == SIZE_MAX);
	BM_CHECK(lvm.pvs[1].missing && !lvm.pvs[1].path && lvm.pvs[1].vg == 1);
	/* the volume without a group is left out, the two segments are one volume */
	BM_CHECK_INT(lvm.n_lvs, 2);
	BM_CHECK_STR(lvm.lvs[0].name, "root");
	BM_CHECK_STR(lvm.lvs[0].segtype, "mixed");
	BM_CHECK_INT(lvm.lvs[0].devices.n, 2);
	BM_CHECK_STR(lvm.lvs[0].devices.items[1], "/dev/sdb1");
	BM_CHECK_STR(lvm.lvs[0].path, "/dev/mapper/rhel-root");
	BM_CHECK(lvm.lvs[0].active && !lvm.lvs[0].hidden && !lvm.lvs[0].partial && lvm.lvs[0].size_bytes == 100);
	BM_CHECK_STR(lvm.lvs[1].name, "root_rimage_0");
	BM_CHECK(lvm.lvs[1].hidden && lvm.lvs[1].partial && lvm.lvs[1].vg == 1);
	BM_CHECK_INT(bm_lvm_activate(&lvm, 1, false), -ENXIO);
	/* active before we came: not ours to take down, and no lvm is run */
	BM_CHECK_INT(bm_lvm_activate(&lvm, 0, false), 0);
	BM_CHECK_INT(bm_lvm_deactivate_all(&lvm), 0);
	BM_CHECK(lvm.lvs[0].active && !lvm.lvs[0].activated);
}

BM_TEST(lvm_refuses_rubbish)
{
	_cleanup_lvm_ struct bm_lvm lvm = {0};
	_cleanup_buf_ struct bm_buf many = {0};
	int i;

	BM_CHECK_INT(bm_lvm_parse_pvs("", &lvm), 0);
	BM_CHECK_INT(bm_lvm_parse_pvs("  WARNING: something\n", &lvm), 0);
	BM_CHECK_INT(bm_lvm_parse_pvs("  LVM2_VG_NAME='x", &lvm), -EINVAL);
	BM_CHECK_INT(bm_lvm_parse_pvs("  LVM2_VG_NAME", &lvm), -EINVAL);
	BM_CHECK_INT(lvm.n_vgs, 0);
	for (i = 0; i <= BM_LVM_ROWS_MAX; i++)
		BM_CHECK_INT(bm_buf_addf(&many, "LVM2_PV_UUID='%d'\n", i), 0);
	BM_CHECK_INT(bm_lvm_parse_pvs(many.data, &lvm), -EFBIG);
}

BM_TEST(lvm_command_lines)
{
	_cleanup_strv_ struct bm_strv devices = {0}, argv = {0}, more = {0}, odd = {0};
	char name[] = "rhel", uuid[] = "aaa-1", root[] = "root", lv_uuid[] = "l1";
	struct bm_lvm_vg vg = {.name = name, .uuid = uuid};
	struct bm_lvm_lv volume = {.name = root, .uuid = lv_uuid}, second = {.name = name, .uuid = uuid};
	const struct bm_lvm_lv *lv[] = {&volume, &second};

	BM_CHECK_INT(bm_strv_add(&devices, "/dev/sda2"), 0);
	BM_CHECK_INT(bm_strv_add(&devices, "/dev/mapper/luks-1.2"), 0);
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_ACTIVATE_RO, &devices, &vg, lv, 1, false, &argv), 0);
	BM_CHECK_INT(argv.n, 8);
	BM_CHECK_STR(argv.items[0], "lvm");
	BM_CHECK_STR(argv.items[1], "lvchange");
	BM_CHECK(
		strstr(argv.items[3], "filter=[\"a|^/dev/sda2$|\",\"a|^/dev/mapper/luks-1[.]2$|\",\"r|.*|\"]") != NULL);
	BM_CHECK(strstr(argv.items[3], "read_only_volume_list=[\"rhel\"]") != NULL);
	BM_CHECK(strstr(argv.items[3], "metadata_read_only=1") && strstr(argv.items[3], "use_devicesfile=0"));
	BM_CHECK(strstr(argv.items[3], "udev_sync=0") != NULL);
	BM_CHECK_STR(argv.items[4], "-ay");
	BM_CHECK_STR(argv.items[6], "vg_uuid=\"aaa-1\" && (lv_uuid=\"l1\")");
	BM_CHECK_STR(argv.items[7], "rhel/root");
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_ACTIVATE_RW, &devices, &vg, lv, 1, true, &more), 0);
	BM_CHECK(!strstr(more.items[3], "read_only_volume_list") && !strstr(more.items[3], "udev_sync"));
	bm_strv_done(&more);
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_DEACTIVATE, &devices, &vg, lv, 1, true, &more), 0);
	BM_CHECK_STR(more.items[4], "-an");
	bm_strv_done(&more);
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_ACTIVATE_RO, &devices, &vg, lv, 2, true, &more), 0);
	BM_CHECK_STR(more.items[6], "vg_uuid=\"aaa-1\" && (lv_uuid=\"l1\" || lv_uuid=\"aaa-1\")");
	BM_CHECK_STR(more.items[8], "rhel/rhel");
	bm_strv_done(&more);
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_LVS, NULL, NULL, NULL, 0, true, &more), 0);
	BM_CHECK(strstr(more.items[3], "filter=[\"a|.*|\"]") && bm_strv_has(&more, "-a"));
	BM_CHECK_INT(bm_strv_add(&odd, "/dev/disk/by-id/a\"b"), 0);
	BM_CHECK_INT(bm_lvm_compose(BM_LVM_PVS, &odd, NULL, NULL, 0, true, &argv), -EINVAL);
}
