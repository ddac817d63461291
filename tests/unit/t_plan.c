/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans: which kernel is meant by what people type, and which commands a repair would run.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "plan/plan.h"
#include "plan/tool.h"
#include "t_system_fixture.h"

#define EL9_NEW "5.14.0-503.11.1.el9_5.x86_64"
#define EL9_OLD "5.14.0-70.el9.x86_64"
#define DEB_NEW "6.1.0-27-amd64"
#define DEB_OLD "6.1.0-9-amd64"

static enum bm_plan_refusal make(struct bm_fixture *fixture, const char *typed, struct bm_plan *plan)
{
	enum bm_plan_refusal refusal;

	bm_fixture_survey(fixture);
	const struct bm_plan_request request = {.kernel = typed};

	BM_CHECK_INT(bm_plan_make(&fixture->survey, bm_fixture_system(fixture), &request, plan, &refusal), 0);
	return refusal;
}

/* "mount; depmod VER; build VER; ..." for free(). */
static char *outline(const struct bm_plan *plan)
{
	_cleanup_strv_ struct bm_strv words = {0};

	for (size_t i = 0; i < plan->n_steps; i++)
		BM_CHECK_INT(bm_strv_addf(&words, "%s%s%s", bm_step_kind_text(plan->steps[i].kind),
				     plan->steps[i].version ? " " : "",
				     plan->steps[i].version ? plan->steps[i].version : ""),
			0);
	return bm_strv_join(&words, "; ");
}

static const struct bm_step *step_of(const struct bm_plan *plan, enum bm_step_kind kind)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	BM_CHECK(false);
	return NULL;
}

static void check_command(const struct bm_plan *plan, enum bm_step_kind kind, const char *want)
{
	_cleanup_free_ char *got = bm_strv_join(&step_of(plan, kind)->argv, "|");

	BM_CHECK_STR(got, want);
}

static void check_typed(const char *name, const char *typed, const char *version)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make(name, &fixture);
	BM_CHECK_INT(make(&fixture, typed, &plan), BM_PLAN_OK);
	BM_CHECK_STR(plan.kernel, version);
	BM_CHECK_STR(step_of(&plan, BM_STEP_BUILD)->version, version);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(plan_what_people_type)
{
	static const struct {
		const char *fixture, *typed, *version;
	} rows[] = {
		{"el9-uefi", EL9_NEW, EL9_NEW},
		{"el9-uefi", EL9_OLD, EL9_OLD},
		{"el9-uefi", "initramfs-" EL9_OLD ".img", EL9_OLD},
		{"el9-uefi", "/boot/initramfs-" EL9_OLD ".img", EL9_OLD},
		{"el9-uefi", EL9_OLD ".img", EL9_OLD},
		{"el9-uefi", "vmlinuz-" EL9_OLD, EL9_OLD},
		{"el9-uefi", "/boot/vmlinuz-" EL9_OLD, EL9_OLD},
		{"el9-uefi", "/mnt/sysimage/boot/vmlinuz-" EL9_OLD, EL9_OLD},
		{"el9-uefi", "/lib/modules/" EL9_OLD, EL9_OLD},
		{"el9-uefi", "/lib/modules/" EL9_OLD "/", EL9_OLD},
		{"debian12", DEB_OLD, DEB_OLD},
		{"debian12", "initrd.img-" DEB_NEW, DEB_NEW},
		{"debian12", "/boot/initrd.img-" DEB_NEW, DEB_NEW},
		{"opensuse", "initrd-6.4.0-150600.21-default", "6.4.0-150600.21-default"},
		{"opensuse", "/boot/initrd", "6.4.0-150600.23.30-default"},
		{"opensuse", "/boot/vmlinuz", "6.4.0-150600.23.30-default"},
		{"arch", "/boot/vmlinuz-linux", "6.12.1-arch1-1"},
		{"arch", "/boot/initramfs-linux.img", "6.12.1-arch1-1"},
		{"arch", "6.6.63-1-lts", "6.6.63-1-lts"},
		{"systemd-boot",
			"/efi/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1/6.12.48+deb13-amd64/initrd.img-6.12.48+deb13-amd64",
			"6.12.48+deb13-amd64"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		check_typed(rows[i].fixture, rows[i].typed, rows[i].version);
}

BM_TEST(plan_refusals)
{
	static const char *const wrong[] = {"4.18.0-1.el8.x86_64", "initramfs-" EL9_OLD ".img.bak", "", "/", "..",
		"0-rescue-9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11", "initramfs-.img", "\033[31m"};
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("el9-uefi", &fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(wrong); i++) {
		BM_CHECK_INT(make(&fixture, wrong[i], &plan), BM_PLAN_NO_KERNEL);
		BM_CHECK_INT(plan.n_steps, 0);
		/* the versions that exist are named */
		BM_CHECK(plan.notes.n == 1 && strstr(plan.notes.items[0], EL9_NEW ", " EL9_OLD));
		bm_plan_done(&plan);
	}
	/* the kernel of the default entry has no modules any more */
	bm_fixture_remove(&fixture, "/usr/lib/modules/" EL9_NEW);
	BM_CHECK_INT(make(&fixture, EL9_NEW, &plan), BM_PLAN_NO_KERNEL);
	BM_CHECK(strstr(plan.notes.items[0], "Kernel " EL9_NEW " has no modules") &&
		 strstr(plan.notes.items[0], EL9_OLD));
	bm_plan_done(&plan);
	bm_fixture_remove(&fixture, "/usr/lib/modules/" EL9_OLD);
	BM_CHECK_INT(make(&fixture, "all", &plan), BM_PLAN_NO_KERNEL);
	BM_CHECK_INT(plan.n_steps, 0);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);

	bm_fixture_make("ubuntu", &fixture);
	bm_fixture_remove(&fixture, "/usr/sbin/mkinitramfs");
	bm_fixture_remove(&fixture, "/usr/bin/dracut");
	BM_CHECK_INT(make(&fixture, "5.15.0-91-generic", &plan), BM_PLAN_NO_TOOL);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

/* The ten steps: the file and the version are always named, LVM and the drivers of the disk's chain added. */
BM_TEST(plan_dracut)
{
	_cleanup_free_ char *text = NULL;
	const struct bm_step *swap;
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("el9-uefi", &fixture);
	BM_CHECK_INT(make(&fixture, EL9_NEW, &plan), BM_PLAN_OK);
	text = outline(&plan);
	BM_CHECK_STR(text, "mount; build " EL9_NEW "; prove " EL9_NEW "; swap " EL9_NEW "; record; unmount");
	check_command(&plan, BM_STEP_BUILD,
		"/usr/bin/dracut|--force|--tmpdir|@TMPDIR@|--add|lvm|--add-drivers|dm_mod vmw_pvscsi "
		"xfs|@OUTPUT@|" EL9_NEW);
	swap = step_of(&plan, BM_STEP_SWAP);
	BM_CHECK_STR(swap->target, "/boot/initramfs-" EL9_NEW ".img");
	/* /boot's filesystem, by UUID */
	BM_CHECK_STR(swap->filesystem, "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0001");
	BM_CHECK_STR(step_of(&plan, BM_STEP_RECORD)->filesystem, "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0002");
	BM_CHECK_INT(plan.notes.n, 0);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(plan_unknown_hardware)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	/* an image file shows no hardware: an image for any, with the usual storage drivers */
	bm_fixture_make("fedora-btrfs", &fixture);
	fixture.survey.devices.items[0].n_drivers = 0;
	BM_CHECK_INT(make(&fixture, "6.14.0-63.fc42.x86_64", &plan), BM_PLAN_OK);
	check_command(&plan, BM_STEP_BUILD,
		"/usr/bin/dracut|--force|--tmpdir|@TMPDIR@|--no-hostonly|--add-drivers|virtio_blk vmw_pvscsi|@OUTPUT@|"
		"6.14.0-63.fc42.x86_64");
	BM_CHECK(step_of(&plan, BM_STEP_BUILD)->generic);
	BM_CHECK_INT(plan.notes.n, 1);
	fixture.survey.devices.items[0].n_drivers = 1;
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(plan_initramfs_tools)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	BM_CHECK_INT(make(&fixture, DEB_NEW, &plan), BM_PLAN_OK);
	check_command(&plan, BM_STEP_BUILD, "/usr/sbin/mkinitramfs|-d|@CONFDIR@|-o|@OUTPUT@|" DEB_NEW);
	BM_CHECK(bm_strv_has(&step_of(&plan, BM_STEP_BUILD)->environment, "TMPDIR=@TMPDIR@"));
	BM_CHECK(bm_strv_has(&step_of(&plan, BM_STEP_BUILD)->drivers, "ext4"));
	BM_CHECK_STR(bm_tool_config(step_of(&plan, BM_STEP_BUILD)), "/etc/initramfs-tools");
	BM_CHECK_STR(step_of(&plan, BM_STEP_SWAP)->target, "/boot/initrd.img-" DEB_NEW);
	bm_plan_done(&plan);

	/* dracut-core beside it serves other purposes; dracut with its hook is in charge */
	bm_fixture_write(&fixture, "/usr/bin/dracut", "#!/bin/bash\n");
	BM_CHECK_INT(make(&fixture, DEB_NEW, &plan), BM_PLAN_OK);
	BM_CHECK_STR(step_of(&plan, BM_STEP_BUILD)->argv.items[0], "/usr/sbin/mkinitramfs");
	bm_plan_done(&plan);
	bm_fixture_write(&fixture, "/etc/kernel/postinst.d/dracut", "#!/bin/sh\n");
	BM_CHECK_INT(make(&fixture, DEB_NEW, &plan), BM_PLAN_OK);
	BM_CHECK_STR(step_of(&plan, BM_STEP_BUILD)->argv.items[0], "/usr/bin/dracut");
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

BM_TEST(plan_depmod_first)
{
	_cleanup_free_ char *missing = NULL, *stale = NULL;
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/" EL9_OLD "/modules.dep");
	BM_CHECK_INT(make(&fixture, EL9_OLD, &plan), BM_PLAN_OK);
	missing = outline(&plan);
	BM_CHECK_STR(missing,
		"mount; depmod " EL9_OLD "; build " EL9_OLD "; prove " EL9_OLD "; swap " EL9_OLD "; record; unmount");
	check_command(&plan, BM_STEP_DEPMOD, "/sbin/depmod|-a|" EL9_OLD);
	bm_plan_done(&plan);
	bm_fixture_modules(&fixture, "/usr/lib/modules/" EL9_OLD);
	bm_fixture_touch(&fixture, "/usr/lib/modules/" EL9_OLD "/kernel", 60);
	BM_CHECK_INT(make(&fixture, EL9_OLD, &plan), BM_PLAN_OK);
	stale = outline(&plan);
	BM_CHECK_STR(stale, missing);
	bm_plan_done(&plan);
	/* without depmod the index is taken as it is, and that is said */
	bm_fixture_remove(&fixture, "/usr/sbin/depmod");
	BM_CHECK_INT(make(&fixture, EL9_OLD, &plan), BM_PLAN_OK);
	BM_CHECK_INT(plan.notes.n, 1);
	BM_CHECK_INT(plan.steps[1].kind, BM_STEP_BUILD);
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

/* Every kernel with image and modules, newest first; the rescue image is left alone. */
BM_TEST(plan_all)
{
	_cleanup_free_ char *text = NULL;
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("el8-uefi", &fixture);
	BM_CHECK_INT(make(&fixture, "all", &plan), BM_PLAN_OK);
	text = outline(&plan);
	BM_CHECK_STR(text, "mount; "
			   "build 4.18.0-553.16.1.el8_10.x86_64; prove 4.18.0-553.16.1.el8_10.x86_64; "
			   "swap 4.18.0-553.16.1.el8_10.x86_64; "
			   "build 4.18.0-553.el8_10.x86_64; prove 4.18.0-553.el8_10.x86_64; "
			   "swap 4.18.0-553.el8_10.x86_64; record; unmount");
	BM_CHECK_STR(plan.kernel, "all");
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);

	/* also where the images are links */
	bm_fixture_make("opensuse", &fixture);
	BM_CHECK_INT(make(&fixture, "all", &plan), BM_PLAN_OK);
	BM_CHECK_INT(plan.n_steps, 3 + 2 * 3);
	/* the link /boot/initrd stays a link */
	BM_CHECK_STR(step_of(&plan, BM_STEP_SWAP)->target, "/boot/initrd-6.4.0-150600.23.30-default");
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}

/* The image's place where no entry names one: as the others are named, else the distribution's habit. */
BM_TEST(plan_habits)
{
	static const struct {
		const char *fixture, *config, *remove[2], *version, *target;
	} rows[] = {
		{"el6", "/boot/grub", {NULL, NULL}, "2.6.32-754.el6.x86_64",
			"/boot/initramfs-2.6.32-754.el6.x86_64.img"},
		{"el9-uefi", "/boot/loader", {"/boot/initramfs-" EL9_NEW ".img", "/boot/initramfs-" EL9_OLD ".img"},
			EL9_NEW, "/boot/initramfs-" EL9_NEW ".img"},
		{"debian12", "/boot/grub", {"/boot/initrd.img-" DEB_OLD, "/boot/initrd.img-" DEB_NEW}, DEB_NEW,
			"/boot/initrd.img-" DEB_NEW},
		{"opensuse", "/boot/grub2",
			{"/boot/initrd-6.4.0-150600.23.30-default", "/boot/initrd-6.4.0-150600.21-default"},
			"6.4.0-150600.23.30-default", "/boot/initrd-6.4.0-150600.23.30-default"},
		{"opensuse", "/etc/os-release", {"/boot/initrd-6.4.0-150600.23.30-default", NULL},
			"6.4.0-150600.23.30-default", "/boot/initrd-6.4.0-150600.23.30-default"},
		{"arch", "/boot/grub", {"/boot/initramfs-linux.img", NULL}, "6.12.1-arch1-1",
			"/boot/initramfs-linux.img"},
		{"systemd-boot", "/efi/loader", {NULL, NULL}, "6.12.43+deb13-amd64",
			"/efi/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1/6.12.43+deb13-amd64/initrd.img-6.12.43+deb13-amd64"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		struct bm_plan plan;

		bm_fixture_make(rows[i].fixture, &fixture);
		bm_fixture_remove(&fixture, rows[i].config);
		for (size_t f = 0; f < 2 && rows[i].remove[f]; f++)
			bm_fixture_remove(&fixture, rows[i].remove[f]);
		BM_CHECK_INT(make(&fixture, rows[i].version, &plan), BM_PLAN_OK);
		BM_CHECK_STR(step_of(&plan, BM_STEP_SWAP)->target, rows[i].target);
		bm_plan_done(&plan);
		bm_fixture_done(&fixture);
	}
}

/* Two kernels that load one image: it is said that only one of them will be served. */
BM_TEST(plan_shared_image)
{
	struct bm_fixture fixture;
	struct bm_plan plan;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", "initrd	/boot/initrd.img-" DEB_OLD,
		"initrd	/boot/initrd.img-" DEB_NEW);
	BM_CHECK_INT(make(&fixture, DEB_OLD, &plan), BM_PLAN_OK);
	BM_CHECK_INT(plan.notes.n, 1);
	BM_CHECK(strstr(plan.notes.items[0], "loads, too"));
	bm_plan_done(&plan);
	bm_fixture_done(&fixture);
}
