/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What GRUB does without a menu, and layouts of which nothing may be said.
 */
#include <string.h>

#include "base/str.h"
#include "check/verdict.h"
#include "harness.h"
#include "t_system_fixture.h"

#define EL9_CFG "/boot/grub2/grub.cfg"
#define DEB_CFG "/boot/grub/grub.cfg"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* The evidence of the first finding says so. */
static void says(const struct bm_fixture *fixture, const char *words)
{
	BM_CHECK(fixture->findings.n > 0);
	BM_CHECK(strstr(fixture->findings.items[0].evidence, words) != NULL);
}

BM_TEST(judged_grub_config_gone)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, DEB_CFG);
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " DEB_CFG);
	says(&fixture, "does not exist");
	says(&fixture, "/boot/grub/grubenv");
	bm_fixture_write(&fixture, DEB_CFG, "");
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " DEB_CFG);
	says(&fixture, "has no bytes");
	bm_fixture_data(&fixture, DEB_CFG, 5000);
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " DEB_CFG);
	says(&fixture, "NUL");
	bm_fixture_write(&fixture, DEB_CFG, "# no blank\nset timeout=5\n  # menu\n");
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " DEB_CFG);
	says(&fixture, "no menu");
	/* a script that boots by itself, and is not followed */
	bm_fixture_write(&fixture, DEB_CFG, "set root=(hd0,1)\nlinux /boot/vmlinuz\nboot\n");
	expect(&fixture, "warning BOOT-NOT-JUDGED " DEB_CFG);
	says(&fixture, "not understood");
	bm_fixture_done(&fixture);
}

/* The BLS files say which kernel is meant: what is wrong with it is told, too. */
BM_TEST(judged_grub_config_gone_with_bls)
{
	static const char image[] = "/boot/initramfs-5.14.0-503.11.1.el9_5.x86_64.img";
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, EL9_CFG);
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " EL9_CFG);
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, "5.14.0-503.11.1.el9_5.x86_64");
	bm_fixture_remove(&fixture, image);
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " EL9_CFG "; fatal INITRAMFS-MISSING "
			 "/boot/initramfs-5.14.0-503.11.1.el9_5.x86_64.img");
	bm_fixture_done(&fixture);

	/* on the ESP, where the distribution's own link says so */
	bm_fixture_make("el8-uefi", &fixture);
	bm_fixture_remove(&fixture, "/boot/efi/EFI/redhat/grub.cfg");
	bm_fixture_link(&fixture, "/etc/grub2-efi.cfg", "../boot/efi/EFI/redhat/grub.cfg");
	expect(&fixture, "fatal GRUB-CONFIG-MISSING /boot/efi/EFI/redhat/grub.cfg");
	/* a filesystem that was not seen may hold it */
	bm_fixture_edit(&fixture, "/etc/fstab", "/boot/efi", "/boot/efi2");
	bm_fixture_edit(&fixture, "/etc/fstab", "/boot/efi2", "/efi");
	expect(&fixture, "warning BOOT-NOT-JUDGED " EL9_CFG);
	says(&fixture, "/efi, which was not seen");
	bm_fixture_done(&fixture);
}

BM_TEST(judged_menu_empty)
{
	static const char dir[] = "/boot/loader/entries";
	struct bm_fixture fixture;

	/* the firmware's setup, which the menu still has, boots nothing */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, dir);
	expect(&fixture, "fatal BOOT-MENU-EMPTY " EL9_CFG);
	bm_fixture_done(&fixture);

	bm_fixture_make("el6", &fixture);
	bm_fixture_write(&fixture, "/boot/grub/grub.conf", "default=0\ntimeout=5\n");
	expect(&fixture, "fatal BOOT-MENU-EMPTY /boot/grub/grub.conf");
	says(&fixture, "has no entry");
	bm_fixture_done(&fixture);

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_remove(&fixture, "/efi/loader/entries");
	expect(&fixture, "fatal BOOT-MENU-EMPTY /efi/loader/loader.conf");
	/* what it finds by itself is not in the files */
	bm_fixture_data(&fixture, "/efi/EFI/Linux/debian.efi", 100);
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	says(&fixture, "/efi/EFI/Linux/debian.efi");
	bm_fixture_done(&fixture);

	/* its entries stand under a condition that only the machine knows */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, DEB_CFG, "if [ \"$smbios_type\" = x ]; then\nmenuentry 'a' {\n linux /a\n}\nfi\n");
	expect(&fixture, "warning BOOT-NOT-JUDGED " DEB_CFG);
	bm_fixture_done(&fixture);
}

/* Loaders that nothing here reads, by their own files. */
BM_TEST(judged_other_loaders)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{"/boot/limine.conf", "Limine"},
		{"/boot/EFI/BOOT/limine.conf", "Limine"},
		{"/boot/EFI/refind/refind.conf", "rEFInd"},
		{"/boot/refind_linux.conf", "rEFInd"},
		{"/boot/syslinux/syslinux.cfg", "SYSLINUX"},
		{"/boot/extlinux/extlinux.conf", "EXTLINUX"},
		{"/boot/boot.scr", "U-Boot"},
		{"/boot/firmware/start4.elf", "Raspberry"},
		{"/etc/lilo.conf", "LILO"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;

		bm_fixture_make("arch", &fixture);
		bm_fixture_remove(&fixture, DEB_CFG);
		bm_fixture_write(&fixture, rows[i].path, "x\n");
		expect(&fixture, "warning BOOT-NOT-JUDGED");
		says(&fixture, rows[i].name);
		says(&fixture, "not what is booted");
		bm_fixture_done(&fixture);
	}
}

/* The default entry itself. */
BM_TEST(judged_default_entry)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_env(&fixture, "/boot/grub/grubenv", "saved_entry=Windows 10 (on /dev/sdb1)\n");
	expect(&fixture, "warning BOOT-NOT-JUDGED " DEB_CFG);
	says(&fixture, "another system");
	bm_fixture_env(&fixture, "/boot/grub/grubenv", "saved_entry=Memory test (memtest86+x64.bin)\n");
	expect(&fixture, "warning BOOT-NOT-JUDGED " DEB_CFG);
	bm_fixture_done(&fixture);

	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, DEB_CFG, "rw  loglevel=3", "rw ostree=/ostree/boot.0/x/y/0");
	expect(&fixture, "warning BOOT-NOT-JUDGED " DEB_CFG);
	says(&fixture, "ostree");
	bm_fixture_done(&fixture);
}

#define DEB_KERNEL "/boot/vmlinuz-6.1.0-9-amd64"

/* A kernel without its modules: what the boot needs of them decides. */
BM_TEST(judged_modules_missing)
{
	static const char line[] = "UUID=EEEE-0001 /srv vfat defaults 0 2\n";
	struct bm_fixture fixture;
	const struct bm_verdict_input input = {.findings = &fixture.findings, .disks = true, .system = true};
	struct bm_verdict verdict;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/6.1.0-9-amd64");
	expect(&fixture, "warning MODULES-MISSING " DEB_KERNEL);
	BM_CHECK(!fixture.findings.items[0].doubtful);
	says(&fixture, "network");

	/* its configuration does not tell: not certain, and never silent */
	bm_fixture_edit(&fixture, "/etc/fstab", "UUID=", "UUID=EEEE-0001 /srv vfat nofail 0 2\nUUID=");
	bm_fixture_survey(&fixture);
	says(&fixture, "network");
	bm_fixture_edit(&fixture, "/etc/fstab", "UUID=EEEE-0001 /srv vfat nofail 0 2\n", line);
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(fixture.findings.n, 2);
	BM_CHECK_INT(fixture.findings.items[1].id, BM_FINDING_MODULES_MISSING);
	BM_CHECK(fixture.findings.items[1].doubtful);
	bm_fixture_write(&fixture, "/boot/config-6.1.0-9-amd64", "CONFIG_BLK_DEV_INITRD=y\nCONFIG_VFAT_FS=y\n");
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_MODULES_MISSING)->doubtful);
	BM_CHECK_INT(bm_findings_find(&fixture.findings, BM_FINDING_MODULES_MISSING)->severity, BM_SEVERITY_WARNING);
	bm_fixture_write(&fixture, "/boot/config-6.1.0-9-amd64", "CONFIG_BLK_DEV_INITRD=y\nCONFIG_VFAT_FS=m\n");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(bm_findings_find(&fixture.findings, BM_FINDING_MODULES_MISSING)->severity, BM_SEVERITY_FATAL);
	bm_fixture_done(&fixture);

	/* no image, and nothing to build one from: a rebuild is no cure */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/6.1.0-9-amd64");
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.1.0-9-amd64");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd.img-6.1.0-9-amd64; fatal MODULES-MISSING " DEB_KERNEL);
	bm_verdict_make(&input, &verdict);
	BM_CHECK_INT(verdict.rebuild, BM_REBUILDING_IMPOSSIBLE);
	BM_CHECK_INT(fixture.findings.items[0].rebuild, BM_REBUILD_NO);
	bm_fixture_done(&fixture);
}

/* What a closed container hides, and what it cannot. */
BM_TEST(judged_hidden)
{
	static const struct {
		const char *spec, *closed, *want;
	} rows[] = {
		{"UUID=00000000-1111-2222-3333-444444444444", "crypto_LUKS", "warning"},
		{"LABEL=away", "crypto_LUKS", "warning"},
		/* a volume of a group that is there, a partition of a disk that is there */
		{"/dev/mapper/rl-gone", "crypto_LUKS", "fatal"},
		{"PARTUUID=00000000-1111-2222-3333-444444444444", "crypto_LUKS", "fatal"},
		{"PARTUUID=00000000-1111-2222-3333-444444444444", "linux_raid_member", "warning"},
		{"/dev/mapper/other-lv", "crypto_LUKS", "warning"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *line = bm_strf("%s /data xfs defaults 0 0\n/dev/mapper/rl-root", rows[i].spec);
		_cleanup_free_ char *want = bm_strf("%s FSTAB-DEVICE-UNKNOWN /etc/fstab", rows[i].want);
		struct bm_fixture fixture;

		bm_fixture_make("el9-uefi", &fixture);
		bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-root", line);
		BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[5].fstype, rows[i].closed), 0);
		expect(&fixture, want);
		BM_CHECK(fixture.findings.items[0].doubtful == bm_streq(rows[i].want, "warning"));
		bm_fixture_done(&fixture);
	}
}

/* GRUB's paths begin at the top of a btrfs; which part of it the system is, the mount says. */
BM_TEST(judged_subvolume_by_mount)
{
	struct bm_fixture fixture;
	struct bm_system *system, view = {0};

	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, DEB_CFG, "/boot/vmlinuz-linux", "/@/boot/vmlinuz-linux");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING " DEB_CFG);
	system = bm_fixture_system(&fixture);
	BM_CHECK_INT(bm_str_set(&system->mounts[0].subvolume, "/@"), 0);
	view.root = system->root;
	view.mounts = system->mounts;
	view.n_mounts = system->n_mounts;
	view.root_device = system->root_device;
	BM_CHECK_INT(bm_system_read_loader(&view, &fixture.survey.devices), 0);
	BM_CHECK_STR(view.loader.entries[0].kernel, "/boot/vmlinuz-linux");
	BM_CHECK(view.loader.entries[0].kernel_exists);
	view.root = NULL;
	view.mounts = NULL;
	view.n_mounts = 0;
	bm_system_done(&view);
	bm_fixture_done(&fixture);
}

/* Upstream's GRUB does not find a path that leaves the subvolume out; SUSE's and Fedora's may. */
BM_TEST(judged_path_without_subvolume)
{
	static const struct {
		const char *os, *like, *fstype, *subvolume, *path;
		const char *want;
	} rows[] = {
		{"arch", NULL, "btrfs", "/@", "/boot/vmlinuz-linux", "/@/boot/vmlinuz-linux"},
		{"linuxmint", "ubuntu debian", "btrfs", "/@", "/boot/vmlinuz-linux", "/@/boot/vmlinuz-linux"},
		{"arch", NULL, "btrfs", "/@", "/@/boot/vmlinuz-linux", NULL},
		{"arch", NULL, "btrfs", "/", "/boot/vmlinuz-linux", NULL},
		{"arch", NULL, "btrfs", NULL, "/boot/vmlinuz-linux", NULL},
		{"arch", NULL, "btrfs", "/@", "/boot/vmlinuz-gone", NULL},
		{"opensuse-tumbleweed", "opensuse suse", "btrfs", "/@", "/boot/vmlinuz-linux", NULL},
		{"fedora", NULL, "btrfs", "/@", "/boot/vmlinuz-linux", NULL},
		{"arch", NULL, "ext4", "/@", "/boot/vmlinuz-linux", NULL},
		{"void", NULL, "btrfs", "/@", "/boot/vmlinuz-linux", NULL},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		struct bm_system *system, view = {0};

		bm_fixture_make("arch", &fixture);
		bm_fixture_edit(&fixture, DEB_CFG, "/boot/vmlinuz-linux", rows[i].path);
		BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[1].fstype, rows[i].fstype), 0);
		bm_fixture_survey(&fixture);
		system = bm_fixture_system(&fixture);
		BM_CHECK_INT(bm_str_set(&system->mounts[0].subvolume, rows[i].subvolume), 0);
		view.root = system->root;
		view.mounts = system->mounts;
		view.n_mounts = system->n_mounts;
		view.root_device = system->root_device;
		BM_CHECK_INT(bm_str_set(&view.os_id, rows[i].os), 0);
		BM_CHECK_INT(bm_str_set(&view.os_id_like, rows[i].like), 0);
		BM_CHECK_INT(bm_system_read_loader(&view, &fixture.survey.devices), 0);
		BM_CHECK_STR(view.loader.entries[0].from_top, rows[i].want);
		view.root = NULL;
		view.mounts = NULL;
		view.n_mounts = 0;
		bm_system_done(&view);
		bm_fixture_done(&fixture);
	}
}
