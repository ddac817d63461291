/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may hold a system and was not opened: named, with the way to open it, where no system was found.
 */
#include <string.h>

#include "base/str.h"
#include "check/check.h"
#include "check/verdict.h"
#include "harness.h"
#include "system/unopened.h"

static struct bm_device *add(struct bm_survey *survey, const char *name, const char *fstype, const char *uuid)
{
	struct bm_devices *devices = &survey->devices;
	struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);

	if (!device)
		abort();
	device->kind = BM_DEVICE_PARTITION;
	device->name = strdup(name);
	device->path = bm_strf("/dev/%s", name);
	device->fstype = fstype ? strdup(fstype) : NULL;
	device->uuid = uuid ? strdup(uuid) : NULL;
	return device;
}

/* "luks vda2; raid md:0 vda3" */
static char *list_of(const struct bm_survey *survey)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};
	_cleanup_buf_ struct bm_buf out = {0};

	BM_CHECK_INT(bm_unopened_find(survey, &list), 0);
	for (size_t i = 0; i < list.n; i++) {
		_cleanup_free_ char *names = bm_strv_join(&list.items[i].names, ",");

		bm_buf_addf(&out, "%s%s %s %s", i > 0 ? "; " : "", bm_unopened_kind_text(list.items[i].kind),
			survey->devices.items[list.items[i].device].name, names);
	}
	return bm_buf_steal(&out);
}

static void expect(const struct bm_survey *survey, const char *want)
{
	_cleanup_free_ char *got = list_of(survey);

	BM_CHECK_STR(got ? got : "", want);
}

BM_TEST(unopened_containers)
{
	struct bm_survey survey = {0};
	size_t *parents = malloc(sizeof(*parents));

	add(&survey, "vda", NULL, NULL)->kind = BM_DEVICE_DISK;
	add(&survey, "vda1", "vfat", "1111-2222");
	expect(&survey, "");
	add(&survey, "vda2", "crypto_LUKS", "a1");
	expect(&survey, "luks vda2 ");
	/* two encrypted disks that are clones are two */
	add(&survey, "vda3", "crypto_LUKS", "a1");
	/* the members of an array are one */
	add(&survey, "vda4", "linux_raid_member", "b1")->label = strdup("web:root");
	add(&survey, "vdb4", "linux_raid_member", "b1")->label = strdup("web:root");
	add(&survey, "vdb5", "linux_raid_member", "b2");
	expect(&survey, "luks vda2 ; luks vda3 ; raid vda4 web:root; raid vdb5 b2");
	/* what is open is none; nor is what is only there because another device lies on it */
	add(&survey, "dm-0", "ext4", "c1")->parents = parents;
	parents[0] = 2;
	survey.devices.items[survey.devices.n - 1].n_parents = 1;
	survey.devices.items[3].context = true;
	expect(&survey, "raid vda4 web:root; raid vdb5 b2");
	add(&survey, "vdc1", "zfs_member", "d1")->label = strdup("rpool");
	add(&survey, "vdc2", "f2fs", "e1");
	expect(&survey, "raid vda4 web:root; raid vdb5 b2; zfs vdc1 rpool; filesystem vdc2 ");
	bm_survey_done(&survey);
}

BM_TEST(unopened_subvolumes)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};
	struct bm_survey survey = {0};
	struct bm_volume *volume;

	add(&survey, "vda2", "btrfs", "a1");
	add(&survey, "vdb2", "btrfs", "a1");
	for (size_t i = 0; i < 2; i++) {
		volume = BM_VEC_PUSH(survey.volumes.items, survey.volumes.n, survey.volumes.capacity);
		volume->device = i;
	}
	expect(&survey, "");
	for (size_t i = 0; i < 2; i++) {
		BM_CHECK_INT(bm_strv_add(&survey.volumes.items[i].root_subvolumes, "root"), 0);
		BM_CHECK_INT(bm_strv_add(&survey.volumes.items[i].root_subvolumes, "old"), 0);
	}
	expect(&survey, "subvolume vda2 root,old");
	BM_CHECK_INT(bm_unopened_find(&survey, &list), 0);
	BM_CHECK(strstr(list.items[0].text, "subvolumes root, old,"));
	BM_CHECK(strstr(list.items[0].text, "`mount -o subvol=root /dev/vda2 /mnt`"));
	bm_survey_done(&survey);
}

/* A part of an image file is no device that a command could take. */
BM_TEST(unopened_in_an_image)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};
	struct bm_survey survey = {0};
	struct bm_device *device = add(&survey, "disk.img#2", "crypto_LUKS", "a1");

	free(device->path);
	device->path = NULL;
	device->image = strdup("/srv/disk.img");
	BM_CHECK_INT(bm_unopened_find(&survey, &list), 0);
	BM_CHECK_STR(list.items[0].text,
		"disk.img#2 is encrypted (LUKS): attach the image as a device (`losetup -fP IMAGE`), then "
		"`cryptsetup open DEVICE NAME` by hand, and look again");
	bm_survey_done(&survey);
}

BM_TEST(unopened_is_told_where_no_system_is)
{
	struct bm_survey survey = {0};
	struct bm_findings findings = {0};
	const struct bm_verdict_input input = {.findings = &findings, .disks = true};
	struct bm_verdict verdict;
	struct bm_system *system;

	add(&survey, "vda2", "crypto_LUKS", "a1");
	BM_CHECK_INT(bm_check_disks(&survey, &findings), 0);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].id, BM_FINDING_UNOPENED);
	BM_CHECK_INT(findings.items[0].severity, BM_SEVERITY_WARNING);
	BM_CHECK_STR(findings.items[0].subject, "/dev/vda2");
	BM_CHECK_STR(findings.items[0].evidence,
		"/dev/vda2 is encrypted (LUKS): `cryptsetup open /dev/vda2 NAME` by hand, and look again");
	bm_verdict_make(&input, &verdict);
	BM_CHECK_INT(verdict.outcome, BM_VERDICT_NOT_JUDGED);
	BM_CHECK_INT(verdict.bits, BM_VERDICT_BIT_UNJUDGED);
	BM_CHECK_INT(verdict.next, BM_NEXT_FINDINGS);
	bm_findings_done(&findings);
	/* beside a system it accuses nobody */
	system = BM_VEC_PUSH(survey.systems.items, survey.systems.n, survey.systems.capacity);
	BM_CHECK(system);
	BM_CHECK_INT(bm_check_disks(&survey, &findings), 0);
	BM_CHECK_INT(findings.n, 0);
	bm_findings_done(&findings);
	bm_survey_done(&survey);
}
