/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which device a spec means, over devices that exist only on paper; and which volume is /boot.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

struct row {
	const char *name, *parent, *fstype, *uuid, *label, *image;
	unsigned int part_number;
};

static int index_of(const struct bm_devices *devices, const char *name)
{
	for (size_t i = 0; name && i < devices->n; i++)
		if (bm_streq(devices->items[i].name, name))
			return (int)i;
	return BM_DEVICE_NONE;
}

static void add_rows(struct bm_devices *devices, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);
		int parent = index_of(devices, rows[i].parent);

		device->kind = rows[i].parent ? BM_DEVICE_PARTITION : BM_DEVICE_DISK;
		BM_CHECK_INT(bm_str_set(&device->name, rows[i].name), 0);
		BM_CHECK_INT(bm_str_set(&device->fstype, rows[i].fstype), 0);
		BM_CHECK_INT(bm_str_set(&device->uuid, rows[i].uuid), 0);
		BM_CHECK_INT(bm_str_set(&device->label, rows[i].label), 0);
		BM_CHECK_INT(bm_str_set(&device->image, rows[i].image), 0);
		device->part_number = rows[i].part_number;
		if (!rows[i].image)
			device->path = bm_strf("/dev/%s", rows[i].name);
		if (parent != BM_DEVICE_NONE)
			*BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents) = (size_t)parent;
	}
}

static void check_find(const struct bm_devices *devices, const char *spec, const char *fstype, const char *near,
	const char *want, bool want_exact)
{
	bool exact;
	int found = bm_devices_find_spec(devices, spec, fstype, index_of(devices, near), &exact);

	BM_CHECK_STR(found < 0 ? NULL : devices->items[found].name, want);
	if (want)
		BM_CHECK_INT(exact, want_exact);
}

BM_TEST(spec_families)
{
	static const struct row rows[] = {
		{"vda", NULL, NULL, NULL, NULL, NULL, 0},
		{"vda1", "vda", "ext4", "aaaa-1", "boot", NULL, 0},
		{"vda2", "vda", "xfs", "aaaa-2", NULL, NULL, 0},
		{"vda3", "vda", NULL, NULL, NULL, NULL, 0}, /* an extended partition */
		{"nvme1n1", NULL, NULL, NULL, NULL, NULL, 0},
		{"nvme1n1p1", "nvme1n1", "ext3", "bbbb-1", "data", NULL, 0},
	};
	struct bm_devices devices = {0};

	add_rows(&devices, rows, BM_ARRAY_SIZE(rows));
	check_find(&devices, "/dev/vda1", "ext4", "vda2", "vda1", true);
	check_find(&devices, "/dev/sda1", "ext4", "vda2", "vda1", false);
	check_find(&devices, "/dev/hda1", "ext3", "vda2", "vda1", false);
	check_find(&devices, "/dev/xvda2", "xfs", "vda2", "vda2", false);
	check_find(&devices, "/dev/nvme0n1p2", NULL, "vda2", "vda2", false);
	check_find(&devices, "/dev/sdb1", "ext4", "vda2", "nvme1n1p1", false);
	/* what lies there must fit */
	check_find(&devices, "/dev/sda1", "xfs", "vda2", NULL, false);
	check_find(&devices, "/dev/vda1", "vfat", "vda2", NULL, false);
	check_find(&devices, "/dev/sda3", NULL, "vda2", NULL, false);
	check_find(&devices, "/dev/sda9", NULL, "vda2", NULL, false);
	check_find(&devices, "/dev/root", NULL, "vda2", NULL, false);
	check_find(&devices, "/dev/fd0", NULL, "vda2", NULL, false);
	check_find(&devices, "", NULL, "vda2", NULL, false);
	check_find(&devices, "LABEL=boot", NULL, NULL, "vda1", true);
	check_find(&devices, "LABEL=\"boot\"", NULL, NULL, "vda1", true);
	check_find(&devices, "LABEL=Boot", NULL, NULL, NULL, true);
	check_find(&devices, "UUID=AAAA-2", NULL, NULL, "vda2", true);
	check_find(&devices, "/dev/disk/by-label/data", NULL, NULL, "nvme1n1p1", true);
	bm_devices_done(&devices);
}

/* A clone of the whole disk: each system means its own half; without a hint nothing is guessed. */
BM_TEST(spec_twins)
{
	static const struct row rows[] = {
		{"sda", NULL, NULL, NULL, NULL, NULL, 0},
		{"sda1", "sda", "ext4", "aaaa-1", "boot", NULL, 0},
		{"sda2", "sda", "xfs", "aaaa-2", NULL, NULL, 0},
		{"sdb", NULL, NULL, NULL, NULL, NULL, 0},
		{"sdb1", "sdb", "ext4", "aaaa-1", "boot", NULL, 0},
		{"sdb2", "sdb", "xfs", "aaaa-2", NULL, NULL, 0},
		{"sdc", NULL, NULL, NULL, NULL, NULL, 0},
	};
	struct bm_devices devices = {0};

	add_rows(&devices, rows, BM_ARRAY_SIZE(rows));
	check_find(&devices, "UUID=aaaa-1", "ext4", "sda2", "sda1", true);
	check_find(&devices, "UUID=aaaa-1", "ext4", "sdb2", "sdb1", true);
	check_find(&devices, "LABEL=boot", NULL, "sdb2", "sdb1", true);
	check_find(&devices, "UUID=aaaa-1", NULL, NULL, NULL, true);
	check_find(&devices, "UUID=aaaa-1", NULL, "sdc", NULL, true);
	BM_CHECK(bm_devices_have(&devices, "UUID=aaaa-1"));
	BM_CHECK(bm_devices_have(&devices, "LABEL=boot"));
	BM_CHECK(!bm_devices_have(&devices, "LABEL=root"));
	BM_CHECK(!bm_devices_have(&devices, "/dev/mapper/x"));
	bm_devices_done(&devices);
}

/* Image files stand for disks in the order in which they were named. */
BM_TEST(spec_image_files)
{
	static const struct row rows[] = {
		{"a.raw", NULL, NULL, NULL, NULL, "/a.raw", 0},
		{"a.raw#1", "a.raw", "ext4", "aaaa-1", NULL, "/a.raw", 1},
		{"a.raw#5", "a.raw", "ext4", "aaaa-5", NULL, "/a.raw", 5},
		{"b.raw", NULL, NULL, NULL, NULL, "/b.raw", 0},
		{"b.raw#1", "b.raw", "xfs", "bbbb-1", NULL, "/b.raw", 1},
	};
	struct bm_devices devices = {0};

	add_rows(&devices, rows, BM_ARRAY_SIZE(rows));
	check_find(&devices, "/dev/sda1", "ext4", "a.raw#5", "a.raw#1", false);
	check_find(&devices, "/dev/nvme0n1p5", NULL, "a.raw#1", "a.raw#5", false);
	check_find(&devices, "/dev/vdb1", "xfs", "a.raw#5", "b.raw#1", false);
	check_find(&devices, "/dev/sda2", NULL, "a.raw#5", NULL, false);
	BM_CHECK(bm_devices_share_disk(&devices, 1, 2));
	BM_CHECK(!bm_devices_share_disk(&devices, 1, 4));
	bm_devices_done(&devices);
}

/* --- /boot among volumes; each is a directory here --- */

struct volumes {
	struct bm_fixture fixture; /* its root holds one directory a volume */
	struct bm_volumes volumes;
};

static void add_volume(struct volumes *all, const char *device)
{
	struct bm_volume *volume = BM_VEC_PUSH(all->volumes.items, all->volumes.n, all->volumes.capacity);
	int index = index_of(&all->fixture.survey.devices, device);

	BM_CHECK(volume && index >= 0);
	volume->device = (size_t)index;
	volume->dir = bm_path_join(all->fixture.dir, device);
	BM_CHECK_INT(bm_root_open(volume->dir, &volume->root), 0);
	BM_CHECK_INT(bm_volume_look(volume, all->fixture.survey.devices.items[index].fstype), 0);
}

/* The helper machine's disk sda with a /boot of its own, the patient's disk sdb with /boot and root. */
static void make_volumes(struct volumes *all, const char *fstab)
{
	static const struct row rows[] = {
		{"sda", NULL, NULL, NULL, NULL, NULL, 0},
		{"sda1", "sda", "ext4", "aaaa-1", NULL, NULL, 0},
		{"sdb", NULL, NULL, NULL, NULL, NULL, 0},
		{"sdb1", "sdb", "ext4", "bbbb-1", NULL, NULL, 0},
		{"sdb2", "sdb", "xfs", "bbbb-2", NULL, NULL, 0},
	};

	*all = (struct volumes){0};
	bm_fixture_make(NULL, &all->fixture);
	add_rows(&all->fixture.survey.devices, rows, BM_ARRAY_SIZE(rows));
	bm_fixture_kernel(&all->fixture, "sda1/vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64");
	bm_fixture_write(&all->fixture, "sda1/grub/grub.cfg", "");
	bm_fixture_kernel(&all->fixture, "sdb1/vmlinuz-5.14.0-70.el9.x86_64", "5.14.0-70.el9.x86_64");
	bm_fixture_write(&all->fixture, "sdb1/grub2/grub.cfg", "");
	bm_fixture_modules(&all->fixture, "sdb2/lib/modules/5.14.0-70.el9.x86_64");
	bm_fixture_write(&all->fixture, "sdb2/boot/README", "");
	if (fstab)
		bm_fixture_write(&all->fixture, "sdb2/etc/fstab", fstab);
	add_volume(all, "sda1");
	add_volume(all, "sdb1");
	add_volume(all, "sdb2");
}

static void volumes_done(struct volumes *all)
{
	bm_volumes_done(&all->volumes);
	bm_fixture_done(&all->fixture);
}

static void check_boot(struct volumes *all, const char *want, enum bm_mount_source source)
{
	struct bm_devices *devices = &all->fixture.survey.devices;
	const struct bm_mount *boot;
	struct bm_system system = {.given = true, .root_device = index_of(devices, "sdb2")};
	_cleanup_free_ char *dir = bm_path_join(all->fixture.dir, "sdb2");

	BM_CHECK_INT(bm_root_open(dir, &system.root), 0);
	BM_CHECK_INT(bm_system_read_mounts(&system, devices, &all->volumes), 0);
	boot = bm_system_mount(&system, "/boot");
	BM_CHECK_STR(boot && boot->device >= 0 ? devices->items[boot->device].name : NULL, want);
	if (boot)
		BM_CHECK_STR(bm_mount_source_text(boot->source), bm_mount_source_text(source));
	bm_system_done(&system);
}

BM_TEST(mounts_boot)
{
	static const struct {
		const char *fstab, *want;
		enum bm_mount_source source;
	} rows[] = {
		{"UUID=bbbb-1 /boot ext4 defaults 1 2\n", "sdb1", BM_MOUNT_FSTAB},
		{"UUID=bbbb-1 /boot\n", "sdb1", BM_MOUNT_FSTAB},
		/* fstab is gone, or does not know /boot: by the kernels on it */
		{NULL, "sdb1", BM_MOUNT_CONTENT},
		{"UUID=bbbb-2 / xfs defaults 0 0\n", "sdb1", BM_MOUNT_CONTENT},
		/* a UUID that is on no disk */
		{"UUID=cccc-1 /boot ext4 defaults 1 2\n", "sdb1", BM_MOUNT_CONTENT},
		/* the disk was sda at home; sda1 is the helper's /boot now, with kernels that are none of ours */
		{"/dev/sda1 /boot ext4 defaults 1 2\n", "sdb1", BM_MOUNT_CONTENT},
		{"/dev/hda1 /boot ext4 defaults 1 2\n", "sdb1", BM_MOUNT_CONTENT},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct volumes all;

		make_volumes(&all, rows[i].fstab);
		check_boot(&all, rows[i].want, rows[i].source);
		volumes_done(&all);
	}
}

BM_TEST(mounts_boot_emptied)
{
	struct volumes all;

	/* everything on /boot was deleted: it is still /boot, and nothing is written to the root's folder instead */
	make_volumes(&all, "UUID=bbbb-1 /boot ext4 defaults 1 2\n");
	bm_fixture_remove(&all.fixture, "sdb1/vmlinuz-5.14.0-70.el9.x86_64");
	bm_fixture_remove(&all.fixture, "sdb1/grub2");
	BM_CHECK_INT(bm_volume_look(&all.volumes.items[1], "ext4"), 0);
	check_boot(&all, "sdb1", BM_MOUNT_FSTAB);
	volumes_done(&all);

	/* a kernel in the root's own /boot: no other filesystem is sought */
	make_volumes(&all, NULL);
	bm_fixture_kernel(&all.fixture, "sdb2/boot/vmlinuz-5.14.0-70.el9.x86_64", "5.14.0-70.el9.x86_64");
	check_boot(&all, NULL, BM_MOUNT_CONTENT);
	volumes_done(&all);
}

/* Two volumes with this root's kernels: nothing is guessed between equals; the one on the root's disk is no equal. */
BM_TEST(mounts_boot_twins)
{
	struct volumes all;

	make_volumes(&all, NULL);
	bm_fixture_kernel(&all.fixture, "sda1/vmlinuz-5.14.0-70.el9.x86_64", "5.14.0-70.el9.x86_64");
	BM_CHECK_INT(bm_volume_look(&all.volumes.items[0], "ext4"), 0);
	check_boot(&all, "sdb1", BM_MOUNT_CONTENT);
	*all.fixture.survey.devices.items[3].parents = 0;
	check_boot(&all, NULL, BM_MOUNT_MISSING);
	*all.fixture.survey.devices.items[3].parents = 2;
	volumes_done(&all);
}

/* Scores: a root is known by evidence, a /boot, a /home or Windows is none. */
BM_TEST(volume_signs)
{
	struct bm_fixture fixture;
	struct bm_volume look = {0};

	bm_fixture_make("el6", &fixture);
	BM_CHECK_INT(bm_root_open(fixture.dir, &look.root), 0);
	BM_CHECK_INT(bm_volume_look(&look, "ext4"), 0);
	BM_CHECK_INT(look.score, 100);
	bm_fixture_remove(&fixture, "/etc/redhat-release");
	bm_fixture_remove(&fixture, "/lib/modules");
	BM_CHECK_INT(bm_volume_look(&look, "ext4"), 0);
	BM_CHECK_INT(look.score, BM_ROOT_SCORE_MIN);
	bm_fixture_write(&fixture, "/Windows/System32/ntoskrnl.exe", "");
	BM_CHECK_INT(bm_volume_look(&look, "ext4"), 0);
	BM_CHECK_INT(look.score, 0);
	bm_root_free(look.root);
	bm_fixture_done(&fixture);

	/* merged /usr on another filesystem: links into nothing are evidence enough */
	bm_fixture_make(NULL, &fixture);
	bm_fixture_link(&fixture, "bin", "usr/bin");
	bm_fixture_link(&fixture, "sbin", "usr/sbin");
	bm_fixture_link(&fixture, "lib", "usr/lib");
	bm_fixture_link(&fixture, "etc/os-release", "../usr/lib/os-release");
	bm_fixture_write(&fixture, "etc/fstab", "");
	BM_CHECK_INT(bm_root_open(fixture.dir, &look.root), 0);
	BM_CHECK_INT(bm_volume_look(&look, "ext4"), 0);
	BM_CHECK(look.score >= BM_ROOT_SCORE_MIN);
	bm_root_free(look.root);
	bm_fixture_done(&fixture);

	bm_fixture_make(NULL, &fixture);
	bm_fixture_kernel(&fixture, "vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64");
	bm_fixture_write(&fixture, "grub/grub.cfg", "");
	bm_fixture_write(&fixture, "etc/fstab", ""); /* somebody's backup */
	BM_CHECK_INT(bm_root_open(fixture.dir, &look.root), 0);
	BM_CHECK_INT(bm_volume_look(&look, "ext4"), 0);
	BM_CHECK(look.score < BM_ROOT_SCORE_MIN);
	BM_CHECK((look.signs & BM_SIGN_KERNELS) && (look.signs & BM_SIGN_LOADER));
	BM_CHECK(bm_strv_has(&look.kernel_versions, "6.1.0-9-amd64"));
	bm_root_free(look.root);
	bm_strv_done(&look.kernel_versions);
	bm_fixture_done(&fixture);
}
