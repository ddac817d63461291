/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes that the system knows by another name: when that is certain, when not, and where the name is written.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "plan/fix.h"
#include "t_system_fixture.h"

#define ENTRY "/boot/loader/entries/"

static void set(char **to, const char *text)
{
	BM_CHECK_INT(bm_str_set(to, text), 0);
}

static void make(struct bm_fixture *fixture, const char *vg, const char *root, const char *home)
{
	bm_fixture_make("el9-uefi", fixture);
	set(&bm_fixture_device(fixture, "rl-root")->vg_name, vg);
	set(&bm_fixture_device(fixture, "rl-root")->lv_name, root);
	set(&bm_fixture_device(fixture, "rl-home")->vg_name, vg);
	set(&bm_fixture_device(fixture, "rl-home")->lv_name, home);
}

/* How many findings there are of the id. */
static size_t count(struct bm_fixture *fixture, enum bm_finding_id id)
{
	size_t n = 0;

	for (size_t i = 0; i < fixture->findings.n; i++)
		n += fixture->findings.items[i].id == id;
	return n;
}

/* Surveys, and wants one finding of a rename (text: a part of its evidence), or none (NULL) and several of others. */
static void expect(struct bm_fixture *fixture, const char *text)
{
	size_t others;

	bm_fixture_survey(fixture);
	others = count(fixture, BM_FINDING_FSTAB_DEVICE_UNKNOWN) + count(fixture, BM_FINDING_CMDLINE_ROOT_UNKNOWN) +
		 count(fixture, BM_FINDING_CMDLINE_LV_UNKNOWN);
	BM_CHECK_INT(count(fixture, BM_FINDING_VOLUME_RENAMED), text ? 1 : 0);
	BM_CHECK(text ? others == 0 : others > 1);
	if (!text)
		return;
	BM_CHECK_INT(fixture->findings.items[0].id, BM_FINDING_VOLUME_RENAMED);
	BM_CHECK_INT(fixture->findings.items[0].severity, BM_SEVERITY_FATAL);
	BM_CHECK(!fixture->findings.items[0].doubtful);
	BM_CHECK(strstr(fixture->findings.items[0].evidence, text));
	BM_CHECK(bm_str_starts(fixture->findings.items[0].file, ENTRY));
}

BM_TEST(renamed_group_by_its_names)
{
	static const char *const entries[] = {ENTRY
		"9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-503.11.1.el9_5.x86_64.conf",
		ENTRY "9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-70.el9.x86_64.conf"};
	struct bm_fixture fixture;

	make(&fixture, "cl", "root", "home");
	expect(&fixture,
		"the volume group rl is called cl today, and the system asks for /dev/mapper/rl-root, rl/root, "
		"/dev/mapper/rl-home");
	/* A line names the group that the root is in: it is another one. */
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", "/dev/cl/home");
	expect(&fixture, NULL);
	bm_fixture_done(&fixture);
	/* The group lacks one of those that are asked for. */
	make(&fixture, "cl", "root", "data");
	expect(&fixture, NULL);
	bm_fixture_done(&fixture);
	/* Nobody asks for it as the root: it is a data disk that was taken out. */
	bm_fixture_make("el9-uefi", &fixture);
	set(&bm_fixture_device(&fixture, "rl-home")->lv_name, "data");
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-root ", "UUID=9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0002 ");
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", "/dev/backup/root");
	for (size_t i = 0; i < BM_ARRAY_SIZE(entries); i++) {
		bm_fixture_edit(&fixture, entries[i], "root=/dev/mapper/rl-root ro",
			"root=UUID=9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0002 ro");
		bm_fixture_edit(&fixture, entries[i], " rd.lvm.lv=rl/root", "");
	}
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(count(&fixture, BM_FINDING_VOLUME_RENAMED), 0);
	BM_CHECK_INT(count(&fixture, BM_FINDING_FSTAB_DEVICE_UNKNOWN), 1);
	bm_fixture_done(&fixture);
	/* It has none that is called like the root. */
	make(&fixture, "cl", "slash", "home");
	expect(&fixture, NULL);
	bm_fixture_done(&fixture);
}

BM_TEST(renamed_volume_by_its_name)
{
	struct bm_fixture fixture;

	make(&fixture, "rl", "slash", "home");
	expect(&fixture, "the logical volume rl/root is called rl/slash today, and the system asks for "
			 "/dev/mapper/rl-root, rl/root");
	/* Another volume that is lost is no other name of the root. */
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", "/dev/mapper/rl-data");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(count(&fixture, BM_FINDING_VOLUME_RENAMED), 1);
	BM_CHECK_INT(count(&fixture, BM_FINDING_FSTAB_DEVICE_UNKNOWN), 1);
	bm_fixture_done(&fixture);
}

BM_TEST(renamed_by_uuid)
{
	static const char backup[] = "rl {\nid = \"V1\"\nlogical_volumes {\nroot {\nid = \"L1\"\n}\nhome {\nid = "
				     "\"L2\"\n}\n}\n}\n";
	struct bm_fixture fixture;

	make(&fixture, "cl", "slash", "data");
	bm_fixture_write(&fixture, "/etc/lvm/backup/rl", backup);
	expect(&fixture, NULL);
	set(&bm_fixture_device(&fixture, "rl-root")->vg_uuid, "V1");
	set(&bm_fixture_device(&fixture, "rl-root")->lv_uuid, "L1");
	set(&bm_fixture_device(&fixture, "rl-home")->vg_uuid, "V1");
	set(&bm_fixture_device(&fixture, "rl-home")->lv_uuid, "L2");
	expect(&fixture, "the volume group rl is called cl today (/etc/lvm/backup/rl has its UUID), and the system");
	/* The mount of what has another name. */
	bm_fixture_edit(&fixture, "/etc/fstab", "     /home  ", "     /var  ");
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_system_mount(bm_fixture_system(&fixture), "/var"));
	BM_CHECK_INT(bm_system_mount(bm_fixture_system(&fixture), "/var")->source, BM_MOUNT_RENAMED);
	/* A volume of the old name is the one that is meant. */
	set(&bm_fixture_device(&fixture, "rl-home")->vg_name, "rl");
	set(&bm_fixture_device(&fixture, "rl-home")->lv_name, "home");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(bm_system_mount(bm_fixture_system(&fixture), "/var")->source, BM_MOUNT_FSTAB);
	bm_fixture_done(&fixture);
}

static char *renamed(const char *line)
{
	char vg[] = "a-b", lv[] = "root", now_vg[] = "c", now_lv[] = "r-1", alone[] = "x", old[] = "y", other[] = "z";
	struct bm_device devices[] = {{.vg_name = now_vg, .lv_name = now_lv}, {.vg_name = alone, .lv_name = other}};
	struct bm_rename items[] = {
		{.vg = vg, .lv = lv, .device = 0, .vg_renamed = true}, {.vg = alone, .lv = old, .device = 1}};
	const struct bm_renames renames = {.items = items, .n = BM_ARRAY_SIZE(items)};
	const struct bm_devices all = {.items = devices, .n = BM_ARRAY_SIZE(devices)};
	char *out = NULL;

	BM_CHECK_INT(bm_words_rename(line, &renames, &all, &out), 0);
	return out;
}

BM_TEST(renamed_words)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"root=/dev/mapper/a--b-root ro", "root=/dev/mapper/c-r--1 ro"},
		{"/dev/a-b/root / xfs", "/dev/c/r-1 / xfs"},
		{"set root='lvm/a--b-root'", "set root='lvm/c-r--1'"},
		{"x rd.lvm.lv=a-b/root rd_LVM_LV=a-b/root", "x rd.lvm.lv=c/r-1 rd_LVM_LV=c/r-1"},
		{"\"rd.lvm.vg=a-b\" rd_LVM_VG=a-b", "\"rd.lvm.vg=c\" rd_LVM_VG=c"},
		{"rd.lvm.lv=x/y root=/dev/x/y", "rd.lvm.lv=x/z root=/dev/x/z"},
		{"rd.lvm.vg=x", NULL}, /* only a volume of it has another name */
		/* others that look alike */
		{"/dev/a-b/root2", NULL},
		{"/dev/a-b/root/x", NULL},
		{"/dev/mapper/a--b-root-real", NULL},
		{"/mnt/dev/a-b/root", NULL},
		{"rd.lvm.vg=a-b2", NULL},
		{"ard.lvm.vg=a-b", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = renamed(rows[i].line);

		BM_CHECK_STR(got, rows[i].want);
	}
}
