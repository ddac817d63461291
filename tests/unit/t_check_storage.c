/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LVM's devices file, missing disks, arrays, encrypted volumes, and filesystems that can't be mounted.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define DEVICES "/etc/lvm/devices/system.devices"
#define PVID	"nPTIfqOGS0XAUp3iPvbI2C1eSbYnYZqk"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

static void make_el9(struct bm_fixture *fixture)
{
	bm_fixture_make("el9-uefi", fixture);
	BM_CHECK_INT(
		bm_str_set(&bm_fixture_device(fixture, "sda3")->uuid, "nPTIfq-OGS0-XAUp-3iPv-bI2C-1eSb-YnYZqk"), 0);
	bm_fixture_device(fixture, "sda3")->part_number = 3;
	BM_CHECK_INT(bm_str_set(&bm_fixture_device(fixture, "sda")->wwid, "naa.6000c29a"), 0);
}

BM_TEST(storage_devices_file)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"IDTYPE=sys_wwid IDNAME=naa.6000c29a DEVNAME=/dev/sda3 PVID=" PVID " PART=3\n", ""},
		/* cloned: the PVID is the disk's, the identifier another's */
		{"VERSION=1.1.2\nIDTYPE=sys_wwid IDNAME=naa.6000c29b DEVNAME=/dev/sda3 PVID=" PVID " PART=3\n",
			"fatal LVM-DEVICES-STALE " DEVICES},
		/* LVM that knows where it was looks for the PVID then */
		{"PRODUCT_UUID=1\nIDTYPE=sys_wwid IDNAME=naa.6000c29b DEVNAME=/dev/sda3 PVID=" PVID " PART=3\n", ""},
		{"IDTYPE=devname IDNAME=/dev/vda3 DEVNAME=/dev/vda3 PVID=" PVID " PART=3\n", ""},
		/* made anew on the same disk: LVM corrects the PVID */
		{"IDTYPE=sys_wwid IDNAME=naa.6000c29a DEVNAME=/dev/sda3 PVID=another PART=3\n", ""},
		{"IDTYPE=sys_wwid IDNAME=naa.6000c29b DEVNAME=/dev/sda3 PVID=another PART=3\n",
			"fatal LVM-DEVICES-STALE " DEVICES},
		{"# nothing yet\n", ""},
		{"", ""},
	};
	struct bm_fixture fixture;

	make_el9(&fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		bm_fixture_write(&fixture, DEVICES, rows[i].text);
		expect(&fixture, rows[i].want);
	}
	bm_fixture_write(&fixture, DEVICES, rows[1].text);
	expect(&fixture, rows[1].want);
	BM_CHECK_INT(fixture.findings.items[0].line, 2);
	BM_CHECK_STR(fixture.findings.items[0].subject, "rl");
	BM_CHECK(bm_str_starts(fixture.findings.items[0].excerpt, "IDTYPE=sys_wwid"));
	/* switched off, or never on */
	bm_fixture_write(
		&fixture, "/etc/lvm/lvm.conf", "devices {\n\t# use_devicesfile = 1\n\tuse_devicesfile = 0\n}\n");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/etc/lvm/lvm.conf");
	bm_fixture_edit(&fixture, "/etc/os-release", "ID=\"rocky\"", "ID=\"debian\"");
	expect(&fixture, "warning LVM-DEVICES-STALE " DEVICES);
	BM_CHECK(fixture.findings.items[0].doubtful);
	bm_fixture_done(&fixture);

	/* only the root lies there: the initramfs has its own way */
	make_el9(&fixture);
	bm_fixture_write(&fixture, DEVICES, rows[5].text);
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", "#");
	expect(&fixture, "warning LVM-DEVICES-STALE " DEVICES);
	BM_CHECK(!fixture.findings.items[0].doubtful);
	bm_fixture_done(&fixture);
}

BM_TEST(storage_pv_missing)
{
	struct bm_fixture fixture;

	make_el9(&fixture);
	bm_fixture_device(&fixture, "rl-root")->vg_partial = true;
	bm_fixture_device(&fixture, "rl-home")->vg_partial = true;
	expect(&fixture, "warning LVM-PV-MISSING");
	BM_CHECK_STR(fixture.findings.items[0].subject, "rl");
	bm_fixture_done(&fixture);
}

BM_TEST(storage_arrays)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/etc/mdadm/mdadm.conf",
		"HOMEHOST <system>\nARRAY /dev/md/0 metadata=1.2 UUID=01234567:89abcdef:01234567:89abcdef "
		"name=deb:0\n");
	expect(&fixture, "warning MDADM-ARRAY-UNKNOWN /etc/mdadm/mdadm.conf");
	BM_CHECK_INT(fixture.findings.items[0].line, 2);
	BM_CHECK_STR(fixture.findings.items[0].subject, "/dev/md/0");
	BM_CHECK(bm_str_starts(fixture.findings.items[0].excerpt, "ARRAY /dev/md/0"));
	/* a member of it */
	BM_CHECK_INT(bm_str_set(&bm_fixture_device(&fixture, "sda5")->fstype, "linux_raid_member"), 0);
	BM_CHECK_INT(bm_str_set(&bm_fixture_device(&fixture, "sda5")->uuid, "01234567-89ab-cdef-0123-456789abcdef"), 0);
	bm_fixture_edit(&fixture, "/etc/fstab", "UUID=d1201a77-aaaa-4bbb-8ccc-ddddeeee0005", "#");
	expect(&fixture, "");
	/* of another; and fstab mounts it by its name */
	BM_CHECK_INT(bm_str_set(&bm_fixture_device(&fixture, "sda5")->uuid, "11234567-89ab-cdef-0123-456789abcdef"), 0);
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/sr0", "/dev/md/0 /data ext4 defaults 0 0\n/dev/sr0");
	expect(&fixture, "fatal MDADM-ARRAY-UNKNOWN /etc/mdadm/mdadm.conf");
	bm_fixture_edit(&fixture, "/etc/fstab", "/data ext4 defaults", "/data ext4 nofail");
	expect(&fixture, "warning MDADM-ARRAY-UNKNOWN /etc/mdadm/mdadm.conf");
	fixture.survey.partial = true;
	expect(&fixture, "warning MDADM-ARRAY-UNKNOWN /etc/mdadm/mdadm.conf");
	BM_CHECK(fixture.findings.items[0].doubtful);
	bm_fixture_done(&fixture);

	bm_fixture_make("debian12", &fixture);
	bm_fixture_device(&fixture, "sda1")->kind = BM_DEVICE_MD;
	bm_fixture_device(&fixture, "sda1")->md_missing = 1;
	expect(&fixture, "warning MD-DEGRADED");
	bm_fixture_done(&fixture);
}

BM_TEST(storage_crypttab)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"data UUID=00000000-1111-2222-3333-444444444444 none luks\n",
			"warning CRYPTTAB-DEVICE-UNKNOWN /etc/crypttab"},
		{"data UUID=00000000-1111-2222-3333-444444444444 none luks,nofail\n",
			"note CRYPTTAB-DEVICE-UNKNOWN /etc/crypttab"},
		{"data UUID=d1201a77-aaaa-4bbb-8ccc-ddddeeee0005 none luks\n", ""},
		{"data /dev/sdx9 none luks\n", ""},
		{"data /dev/disk/by-id/wwn-0x5 none luks\n", ""},
		{"data /var/data.img /etc/key luks\n", ""},
		{"# data UUID=0 none\n", ""},
		/* fstab needs it */
		{"vault UUID=00000000-1111-2222-3333-444444444444 none luks\n",
			"fatal CRYPTTAB-DEVICE-UNKNOWN /etc/crypttab; warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
	};
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		bm_fixture_write(&fixture, "/etc/crypttab", rows[i].text);
		if (bm_str_starts(rows[i].text, "vault"))
			bm_fixture_edit(&fixture, "/etc/fstab", "/dev/sr0",
				"/dev/mapper/vault /vault ext4 defaults 0 2\n/dev/sr0");
		expect(&fixture, rows[i].want);
	}
	BM_CHECK_STR(fixture.findings.items[0].subject, "UUID=00000000-1111-2222-3333-444444444444");
	/* in an unopened container */
	BM_CHECK_INT(bm_str_set(&bm_fixture_device(&fixture, "sda5")->fstype, "crypto_LUKS"), 0);
	expect(&fixture, "warning FSTAB-DEVICE-UNKNOWN /etc/fstab; warning CRYPTTAB-DEVICE-UNKNOWN /etc/crypttab");
	BM_CHECK(fixture.findings.items[0].doubtful && fixture.findings.items[1].doubtful);
	bm_fixture_done(&fixture);
}

/* A volume of the fixture's device that the kernel did not mount. */
static struct bm_volume *add_volume(struct bm_fixture *fixture, const char *name, enum bm_fs_reason reason)
{
	struct bm_volumes *volumes = &fixture->survey.volumes;
	struct bm_volume *volume = BM_VEC_PUSH(volumes->items, volumes->n, volumes->capacity);

	volume->device = (size_t)(bm_fixture_device(fixture, name) - fixture->survey.devices.items);
	volume->reason = reason;
	if (reason != BM_FS_REASON_NONE) {
		volume->error = strdup("it did not work");
		volume->kernel_text = strdup("the kernel's words");
	}
	return volume;
}

BM_TEST(storage_filesystems)
{
	struct bm_findings findings = {0};
	struct bm_fixture fixture;
	struct bm_volume *volume;

	make_el9(&fixture);
	volume = add_volume(&fixture, "rl-home", BM_FS_REASON_DAMAGED);
	expect(&fixture, "fatal FS-DAMAGED");
	BM_CHECK_STR(fixture.findings.items[0].subject, "/dev/mapper/rl-home");
	BM_CHECK_STR(fixture.findings.items[0].excerpt, "the kernel's words");
	BM_CHECK_INT(fixture.findings.items[0].device, 5);
	bm_fixture_edit(&fixture, "/etc/fstab", "/home                   xfs     defaults", "/home xfs nofail");
	expect(&fixture, "warning FS-DAMAGED");
	BM_CHECK(!fixture.findings.items[0].doubtful);
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", "#");
	expect(&fixture, "warning FS-DAMAGED");
	BM_CHECK(fixture.findings.items[0].doubtful);
	volume->reason = BM_FS_REASON_FEATURE;
	expect(&fixture, "warning FS-FEATURE-UNKNOWN");
	volume->reason = BM_FS_REASON_OTHER;
	expect(&fixture, "");
	/* no system at all: a damaged filesystem may be its root */
	volume->reason = BM_FS_REASON_DAMAGED;
	BM_CHECK_INT(bm_check_disks(&fixture.survey, &findings), 0);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].severity, BM_SEVERITY_FATAL);
	bm_findings_done(&findings);
	bm_fixture_done(&fixture);

	/* xfs, marked for a repair: it can be looked at, and does not boot */
	make_el9(&fixture);
	volume = add_volume(&fixture, "rl-root", BM_FS_REASON_NONE);
	volume->super = (struct bm_fssuper){.known = true, .needs_repair = true};
	expect(&fixture, "fatal FS-DAMAGED");
	bm_fixture_done(&fixture);

	/* recorded errors */
	make_el9(&fixture);
	volume = add_volume(&fixture, "sda2", BM_FS_REASON_NONE);
	volume->super = (struct bm_fssuper){.known = true, .n_errors = 2};
	expect(&fixture, "note FS-ERRORS");
	volume->super.errors = true;
	expect(&fixture, "warning FS-ERRORS");
	bm_fixture_done(&fixture);
}
