/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identifiers that several devices carry.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define ROOT_UUID "d1201a77-aaaa-4bbb-8ccc-ddddeeee0001"

/* A device more in debian12, whose root is the partition sda1. */
static struct bm_device *add(struct bm_fixture *fixture, enum bm_device_kind kind, const char *name, const char *on)
{
	struct bm_devices *devices = &fixture->survey.devices;
	struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);
	size_t *parent;

	if (!device)
		abort();
	device->kind = kind;
	device->name = strdup(name);
	device->path = bm_strf("/dev/%s", name);
	for (size_t i = 0; on && i + 1 < devices->n; i++) {
		if (!bm_streq(devices->items[i].name, on))
			continue;
		parent = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);
		*parent = i;
	}
	return device;
}

/* The copy of the root, of that kind and type, on a disk with that number; "" for no finding, else who carries it. */
static void expect(enum bm_device_kind kind, const char *fstype, const char *serial, bool open, const char *want)
{
	struct bm_fixture fixture;
	struct bm_finding *finding;
	struct bm_device *device;

	bm_fixture_make("debian12", &fixture);
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[0].serial, "S1"), 0);
	device = add(&fixture, BM_DEVICE_DISK, "sdb", NULL);
	device->serial = strdup(serial);
	device = add(&fixture, kind, "sdb1", "sdb");
	device->fstype = strdup(fstype);
	device->uuid = strdup(ROOT_UUID);
	if (open)
		add(&fixture, BM_DEVICE_OTHER, "dm-0", "sdb1");
	bm_fixture_survey(&fixture);
	finding = bm_findings_find(&fixture.findings, BM_FINDING_TWINS);
	BM_CHECK_STR(finding ? finding->evidence : "", want);
	if (finding) {
		BM_CHECK_STR(finding->subject, "UUID=" ROOT_UUID);
		BM_CHECK_STR(finding->file, "/boot/grub/grub.cfg");
		BM_CHECK_INT(finding->severity, BM_SEVERITY_WARNING);
		/* fstab's line of the root says nothing new */
		BM_CHECK_INT(bm_findings_count(&fixture.findings, BM_SEVERITY_WARNING), 1);
	}
	bm_fixture_done(&fixture);
}

BM_TEST(check_twins_of_the_root)
{
	expect(BM_DEVICE_PARTITION, "ext4", "S2", false, "UUID=" ROOT_UUID " for the root is carried by sda1 and sdb1");
	/* a disk without a number proves nothing */
	expect(BM_DEVICE_PARTITION, "ext4", "", false, "UUID=" ROOT_UUID " for the root is carried by sda1 and sdb1");
	/* two paths to one disk; a path that is in use by what combines them */
	expect(BM_DEVICE_PARTITION, "ext4", "S1", false, "");
	expect(BM_DEVICE_PARTITION, "ext4", "S2", true, "");
	/* members of an array, a snapshot, a second device of a btrfs */
	expect(BM_DEVICE_PARTITION, "linux_raid_member", "S2", false, "");
	expect(BM_DEVICE_LV, "ext4", "S2", false, "");
	expect(BM_DEVICE_PARTITION, "btrfs", "S2", false, "");
}

BM_TEST(check_twins_by_the_guid_of_a_partition)
{
	struct bm_fixture fixture;
	struct bm_finding *finding;
	struct bm_device *device;

	bm_fixture_make("debian12", &fixture);
	for (size_t i = 0; i < fixture.survey.devices.n; i++)
		if (bm_streq(fixture.survey.devices.items[i].name, "sda1"))
			BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[i].partuuid, "0000-01"), 0);
	device = add(&fixture, BM_DEVICE_PARTITION, "sda7", "sda");
	device->partuuid = strdup("0000-01");
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto",
		"PARTUUID=0000-01 /srv ext4 defaults");
	bm_fixture_survey(&fixture);
	finding = bm_findings_find(&fixture.findings, BM_FINDING_TWINS);
	BM_CHECK_STR(finding ? finding->evidence : "", "PARTUUID=0000-01 for /srv is carried by sda1 and sda7");
	BM_CHECK(finding && bm_streq(finding->file, "/etc/fstab"));
	/* what the boot does without */
	bm_fixture_edit(&fixture, "/etc/fstab", "/srv ext4 defaults", "/srv ext4 nofail");
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_TWINS));
	bm_fixture_done(&fixture);
}
