/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The patient is input: whatever lies on the disk, the survey ends soon, in a result.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

/* Files that the survey opens, and folders that it lists. */
static const char *const files[] = {"etc/os-release", "etc/fstab", "etc/hostname", "etc/machine-id",
	"etc/selinux/config", "bin/bash", "boot/grub2/grub.cfg", "boot/grub/grub.cfg", "boot/grub2/grubenv",
	"boot/grub/grub.conf", "boot/loader/entries/a.conf", "boot/loader/loader.conf", "boot/vmlinuz-1",
	"boot/initramfs-1.img", "boot/config-1", "lib/modules/1/modules.dep", "usr/lib/dracut/dracut-version.sh",
	"usr/bin/dracut", "sbin/depmod", "boot/efi/EFI/BOOT/grub.cfg"};

static void run_stages(struct bm_fixture *fixture)
{
	_cleanup_free_ char *text = NULL;

	bm_fixture_survey(fixture);
	text = bm_fixture_text(fixture);
	BM_CHECK(text != NULL);
}

BM_TEST(hostile_fifos)
{
	struct bm_fixture fixture;

	bm_fixture_make(NULL, &fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++)
		bm_fixture_fifo(&fixture, files[i]);
	run_stages(&fixture);
	BM_CHECK_INT(bm_fixture_system(&fixture)->loader.n_entries, 0);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config_problem, "is no file");
	BM_CHECK_INT(bm_fixture_system(&fixture)->n_kernels, 1);
	BM_CHECK(bm_fixture_system(&fixture)->kernels[0].image == NULL);
	BM_CHECK(bm_fixture_system(&fixture)->tools.dracut == NULL);
	bm_fixture_done(&fixture);
}

BM_TEST(hostile_links)
{
	static const char *const targets[] = {
		"/loop", "../../../../../../../../etc/passwd", "/proc/self/root", "", "."};
	struct bm_fixture fixture;

	for (size_t t = 0; t < BM_ARRAY_SIZE(targets); t++) {
		bm_fixture_make(NULL, &fixture);
		bm_fixture_link(&fixture, "loop", "loop");
		for (size_t i = 0; i < BM_ARRAY_SIZE(files) && *targets[t]; i++)
			bm_fixture_link(&fixture, files[i], targets[t]);
		run_stages(&fixture);
		BM_CHECK_INT(bm_fixture_system(&fixture)->loader.n_entries, 0);
		bm_fixture_done(&fixture);
	}

	/* an entry's kernel and initramfs that go round in a circle; folders that contain themselves */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.1.0-9-amd64");
	bm_fixture_link(&fixture, "/boot/initrd.img-6.1.0-9-amd64", "a");
	bm_fixture_link(&fixture, "/boot/a", "../boot/./b");
	bm_fixture_link(&fixture, "/boot/b", "/boot/../boot/a");
	bm_fixture_link(&fixture, "/boot/grub/grub", ".");
	bm_fixture_link(&fixture, "/usr/lib/modules/6.9", "..");
	run_stages(&fixture);
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->initramfs_path,
		"/boot/initrd.img-6.1.0-9-amd64");
	bm_fixture_done(&fixture);
}

/* Every file of a real system filled with noise, cut in the middle, or holding one endless line. */
BM_TEST(hostile_contents)
{
	static char noise[70000];
	struct bm_fixture fixture;

	for (unsigned int round = 0; round < 4; round++) {
		uint32_t seed = 12345 + round;

		for (size_t i = 0; i + 1 < sizeof(noise); i++) {
			seed = seed * 1103515245 + 12345;
			noise[i] = round == 0	? (char)(1 + (seed >> 16) % 255)
				   : round == 1 ? 'a'
				   : round == 2 ? "{}\n\"'$(;"[(seed >> 16) % 8]
						: "\n=\t #"[(seed >> 16) % 5];
		}
		bm_fixture_make("el9-uefi", &fixture);
		bm_fixture_write(&fixture, "boot/grub2/grub.cfg", noise);
		bm_fixture_write(&fixture, "boot/efi/EFI/rocky/grub.cfg", noise);
		for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++)
			bm_fixture_write(&fixture, files[i], noise);
		run_stages(&fixture);
		bm_fixture_done(&fixture);
	}
	/* NUL bytes as a crash leaves them: files of the right size without content */
	bm_fixture_make("el9-uefi", &fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++)
		bm_fixture_data(&fixture, files[i], 4096);
	bm_fixture_data(&fixture, "boot/vmlinuz-5.14.0-70.el9.x86_64", 11000000);
	run_stages(&fixture);
	BM_CHECK(bm_system_kernel(bm_fixture_system(&fixture), "5.14.0-70.el9.x86_64")->image_problem != NULL);
	bm_fixture_done(&fixture);
}

/* More entries than any menu has: what is not read is said. */
BM_TEST(hostile_entries)
{
	static const char text[] = "title x\nlinux /vmlinuz-1\ninitrd /i\noptions root=/dev/sda1\n";
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	for (int i = 0; i < 1100; i++) {
		_cleanup_free_ char *path = bm_strf("/boot/loader/entries/m-%d.0-%d.conf", i, i);

		if (i < 20)
			bm_fixture_write(&fixture, path, text);
		else
			bm_fixture_link(&fixture, path, "m-1.0-1.conf");
		if (i == 999) {
			run_stages(&fixture);
			BM_CHECK(bm_fixture_system(&fixture)->loader.n_entries >= 1000);
			BM_CHECK_INT(bm_fixture_system(&fixture)->loader.warnings.n, 0);
		}
	}
	run_stages(&fixture);
	BM_CHECK_INT(bm_fixture_system(&fixture)->loader.warnings.n, 1);
	BM_CHECK(strstr(bm_fixture_system(&fixture)->loader.warnings.items[0], "/boot/loader/entries: more than"));
	bm_fixture_done(&fixture);
}

/* Names that a terminal or a shell would stumble over are names like any other. */
BM_TEST(hostile_names)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-\033[2J$(reboot)\n", "6.0 $(x)");
	bm_fixture_kernel(&fixture, "/boot/vmlinuz--f", "--help");
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-", "../../etc");
	bm_fixture_write(&fixture, "/usr/lib/modules/-rf/modules.dep", "x:\n");
	bm_fixture_write(&fixture, "/usr/lib/modules/a b\n/modules.dep", "x:\n");
	run_stages(&fixture);
	/* nothing of this displaces what the system has */
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, "5.14.0-503.11.1.el9_5.x86_64");
	bm_fixture_done(&fixture);
}

/* The whole survey, on a root that somebody mounted. */
BM_TEST(survey_of_a_given_root)
{
	const struct bm_strv disks = {0};
	struct bm_system *system = NULL;
	struct bm_fixture fixture;
	struct bm_survey survey;

	bm_fixture_make("debian12", &fixture);
	BM_CHECK_INT(bm_survey_run(&disks, fixture.dir, &survey), 0);
	BM_CHECK_INT(bm_survey_choose(&survey, NULL, &system), 0);
	BM_CHECK(system->given);
	BM_CHECK_INT(system->score, 100);
	BM_CHECK_STR(system->hostname, "deb12");
	BM_CHECK_INT(system->n_kernels, 2);
	BM_CHECK_STR(bm_system_default_kernel(system)->version, "6.1.0-9-amd64");
	BM_CHECK_STR(bm_system_default_kernel(system)->initramfs_path, "/boot/initrd.img-6.1.0-9-amd64");
	BM_CHECK_INT(bm_survey_choose(&survey, "deb12", &system), 0);
	BM_CHECK_INT(bm_survey_choose(&survey, "other", &system), -ENOENT);
	bm_survey_release(&survey);
	BM_CHECK(system->root == NULL);
	bm_survey_release(&survey);
	bm_survey_done(&survey);

	/* an empty directory, a file, nothing */
	bm_fixture_write(&fixture, "file", "");
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *dir = bm_strf("%s/%s", fixture.dir, i == 0 ? "file" : "gone");

		BM_CHECK_INT(bm_survey_run(&disks, dir, &survey), i == 0 ? -ENOTDIR : -ENOENT);
	}
	bm_err_clear();
	bm_fixture_done(&fixture);
}
