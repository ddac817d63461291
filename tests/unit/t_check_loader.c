/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader reads, and the kernel's arguments: each fault is told with the line it stands in and what a fixer
 * must know, and what comes close to it is not.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define EL9_NEW	  "5.14.0-503.11.1.el9_5.x86_64"
#define EL9_ID	  "9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-" EL9_NEW
#define EL9_ENTRY "/boot/loader/entries/" EL9_ID ".conf"
#define EL9_IMAGE "/boot/initramfs-" EL9_NEW ".img"
#define ARCH_CFG  "/boot/grub/grub.cfg"
#define ARCH_VER  "6.12.1-arch1-1"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* The only finding, with its place. */
static const struct bm_finding *one(
	struct bm_fixture *fixture, const char *want, unsigned int line, const char *excerpt, const char *subject)
{
	const struct bm_finding *finding;

	expect(fixture, want);
	BM_CHECK_INT(fixture->findings.n, 1);
	finding = &fixture->findings.items[0];
	BM_CHECK_INT(finding->line, line);
	BM_CHECK_STR(finding->excerpt, excerpt);
	BM_CHECK_STR(finding->subject, subject);
	BM_CHECK(finding->evidence && *finding->evidence);
	return finding;
}

BM_TEST(check_default_names_its_place)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_env(&fixture, "/boot/grub2/grubenv", "menu_auto_hide=1\nsaved_entry=gone\n");
	one(&fixture, "warning DEFAULT-UNKNOWN /boot/grub2/grubenv", 3, "saved_entry=gone", "gone");
	bm_fixture_env(&fixture, "/boot/grub2/grubenv", "saved_entry=" EL9_ID "\nnext_entry=once\n");
	one(&fixture, "warning DEFAULT-UNKNOWN /boot/grub2/grubenv", 3, "next_entry=once", "once");
	bm_fixture_done(&fixture);

	bm_fixture_make("el6", &fixture);
	bm_fixture_edit(&fixture, "/boot/grub/grub.conf", "default=0", "default=7");
	expect(&fixture, "warning DEFAULT-UNKNOWN /boot/grub/grub.conf");
	BM_CHECK_STR(fixture.findings.items[0].excerpt, "default=7");
	BM_CHECK_STR(fixture.findings.items[0].subject, "7");
	bm_fixture_done(&fixture);

	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, "set default=\"0\"", "set default=\"Gone\"");
	one(&fixture, "warning DEFAULT-UNKNOWN " ARCH_CFG, 1, "set default=\"Gone\"", "Gone");
	bm_fixture_done(&fixture);

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_write(&fixture, "/efi/loader/loader.conf", "timeout 3\ndefault gone-*\n");
	one(&fixture, "warning DEFAULT-UNKNOWN /efi/loader/loader.conf", 2, "default gone-*", "gone-*");
	/* what systemd-boot knows beside its files */
	bm_fixture_write(&fixture, "/efi/loader/loader.conf", "default auto-windows\n");
	expect(&fixture, "");
	bm_fixture_write(&fixture, "/efi/loader/loader.conf", "default @saved\n");
	expect(&fixture, "");
	bm_fixture_write(&fixture, "/efi/loader/loader.conf", "default 4d2c0c5f*\n");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_environment_block)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_write(&fixture, "/boot/grub2/grubenv", "saved_entry=" EL9_ID "\n");
	one(&fixture, "warning GRUBENV-DAMAGED /boot/grub2/grubenv", 1, "saved_entry=" EL9_ID, "/boot/grub2/grubenv");
	bm_fixture_data(&fixture, "/boot/grub2/grubenv", 1024);
	expect(&fixture, "warning GRUBENV-DAMAGED /boot/grub2/grubenv");
	bm_fixture_remove(&fixture, "/boot/grub2/grubenv");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_entry_cut)
{
	struct bm_fixture fixture;

	/* behind a blank line GRUB reads nothing: no initrd, and no options */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "initrd /", "\ninitrd /");
	BM_CHECK(strstr(one(&fixture, "fatal ENTRY-CUT " EL9_ENTRY, 4, "", EL9_ID)->evidence, "initramfs"));
	bm_fixture_done(&fixture);

	/* the options alone: root= is lost */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "options root", "devicetree\noptions root");
	one(&fixture, "fatal ENTRY-CUT " EL9_ENTRY, 5, "devicetree", EL9_ID);
	bm_fixture_done(&fixture);

	/* nothing of importance, and nothing at all */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "grub_users $grub_users", "\ngrub_users $grub_users");
	one(&fixture, "note ENTRY-CUT " EL9_ENTRY, 6, "", EL9_ID);
	bm_fixture_edit(&fixture, EL9_ENTRY, "\n\ngrub_users $grub_users\ngrub_arg --unrestricted\ngrub_class rocky\n",
		"\n\n\n");
	expect(&fixture, "");
	bm_fixture_done(&fixture);

	/* the kernel: the entry is not in the menu, and the other kernel boots */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "linux /", "\nlinux /");
	one(&fixture, "warning ENTRY-CUT " EL9_ENTRY, 3, "", EL9_ID);
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, "5.14.0-70.el9.x86_64");
	bm_fixture_done(&fixture);

	/* systemd-boot reads on */
	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_edit(&fixture, "/efi/loader/entries/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1-6.12.48+deb13-amd64.conf",
		"linux ", "\nlinux ");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_initrd_beside)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_remove(&fixture, "/boot/intel-ucode.img");
	one(&fixture, "fatal ENTRY-INITRD-MISSING " ARCH_CFG, 5,
		"	initrd	/boot/intel-ucode.img /boot/initramfs-linux.img", "/boot/intel-ucode.img");
	/* the initramfs itself is another finding */
	bm_fixture_remove(&fixture, "/boot/initramfs-linux.img");
	expect(&fixture, "fatal ENTRY-INITRD-MISSING " ARCH_CFG "; fatal INITRAMFS-MISSING /boot/initramfs-linux.img");
	bm_fixture_done(&fixture);

	/* GRUB puts early_initrd before every BLS entry's own */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_env(&fixture, "/boot/grub2/grubenv", "saved_entry=" EL9_ID "\nearly_initrd=ucode.img\n");
	expect(&fixture, "fatal ENTRY-INITRD-MISSING /boot/grub2/grubenv");
	BM_CHECK_STR(fixture.findings.items[0].subject, "/boot/ucode.img");
	bm_fixture_data(&fixture, "/boot/ucode.img", 100);
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_empty_image)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_data(&fixture, EL9_IMAGE, 0);
	one(&fixture, "fatal INITRAMFS-EMPTY " EL9_IMAGE, 0, NULL, EL9_NEW);
	bm_fixture_done(&fixture);
}

#define EL8_ID	  "5f0e6d7c8b9a4a3b9c8d7e6f5a4b3c2d-4.18.0-553.el8_10.x86_64"
#define EL8_ENTRY "/boot/loader/entries/" EL8_ID ".conf"
#define EL8_ENV	  "/boot/efi/EFI/redhat/grubenv"

BM_TEST(check_kernelopts)
{
	struct bm_fixture fixture;

	/* grub.cfg has a value of its own for when they are lost */
	bm_fixture_make("el8-uefi", &fixture);
	bm_fixture_env(&fixture, EL8_ENV, "saved_entry=" EL8_ID "\n");
	expect(&fixture, "");
	bm_fixture_edit(&fixture, "/boot/efi/EFI/redhat/grub.cfg",
		"set kernelopts=\"root=/dev/mapper/rhel-root ro crashkernel=auto \"", "true");
	BM_CHECK(one(&fixture, "fatal GRUBENV-KERNELOPTS-MISSING " EL8_ENTRY, 5, "options $kernelopts $tuned_params",
		EL8_ENV)
			 ->evidence);
	/* the entry names a root all the same */
	bm_fixture_edit(&fixture, EL8_ENTRY, "options $kernelopts", "options root=/dev/mapper/rhel-root $kernelopts");
	expect(&fixture, "warning GRUBENV-KERNELOPTS-MISSING " EL8_ENTRY);
	bm_fixture_done(&fixture);
}

BM_TEST(check_no_root)
{
	static const char root[] = "root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001 ";
	static const struct {
		const char *instead, *want;
	} rows[] = {
		{"", "fatal ENTRY-NO-ROOT " ARCH_CFG},
		{"root= ", "fatal ENTRY-NO-ROOT " ARCH_CFG},
		{"rootflags=subvol=@ ", "fatal ENTRY-NO-ROOT " ARCH_CFG},
		{"netroot=iscsi:10.0.0.1::::x ", "note ROOT-REMOTE " ARCH_CFG},
		{"boot=live ", ""},
		{"root=gpt-auto ", ""},
	};
	struct bm_fixture fixture;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		bm_fixture_make("arch", &fixture);
		bm_fixture_edit(&fixture, ARCH_CFG, root, rows[i].instead);
		expect(&fixture, rows[i].want);
		if (i < 3)
			BM_CHECK_INT(fixture.findings.items[0].line, 4);
		bm_fixture_done(&fixture);
	}
	/* systemd may find the root by its partition's type; the kernel may have arguments of its own */
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, root, "");
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[1].part_type, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"), 0);
	expect(&fixture, "warning ENTRY-NO-ROOT " ARCH_CFG);
	BM_CHECK(fixture.findings.items[0].doubtful);
	bm_fixture_done(&fixture);
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, root, "");
	bm_fixture_write(&fixture, "/boot/config-6.12.1-arch1-1",
		"CONFIG_BLK_DEV_INITRD=y\nCONFIG_CMDLINE=\"quiet root=/dev/sda1\"\n");
	expect(&fixture, "warning ENTRY-NO-ROOT " ARCH_CFG);
	/* a memory test boots no system */
	bm_fixture_edit(&fixture, ARCH_CFG, "/boot/vmlinuz-linux", "/boot/memtest86+.bin");
	bm_fixture_data(&fixture, "/boot/memtest86+.bin", 5000);
	expect(&fixture, "warning BOOT-NOT-JUDGED " ARCH_CFG);
	bm_fixture_done(&fixture);
}

BM_TEST(check_root_argument)
{
	static const struct {
		const char *root, *want;
	} rows[] = {
		{"UUID=00000000-aaaa-4bbb-8ccc-ddddeeee0001", "fatal CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"LABEL=gone", "fatal CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"PARTUUID=0f2fa2a1-07", "fatal CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"PARTLABEL=gone", "fatal CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"/dev/mapper/vg-root", "fatal CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"/dev/mapper/cryptroot", "warning CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"/dev/mapper/mpatha-part2", "warning CMDLINE-ROOT-UNKNOWN " ARCH_CFG},
		{"UUID=A4C40A77-AAAA-4BBB-8CCC-DDDDEEEE0001", ""},
		{"PARTUUID=0F2FA2A1-01", ""},
		{"/dev/sda2", ""},
		{"/dev/md127", ""},
		{"ZFS=rpool/ROOT/debian", ""},
		{"live:CDLABEL=x", ""},
		{"nfs:10.0.0.1:/root", "note ROOT-REMOTE " ARCH_CFG},
		{"tmpfs", ""},
	};
	struct bm_fixture fixture;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = bm_strf("root=%s", rows[i].root);

		bm_fixture_make("arch", &fixture);
		bm_fixture_edit(&fixture, ARCH_CFG, "root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001", text);
		expect(&fixture, rows[i].want);
		if (strstr(rows[i].want, "CMDLINE")) {
			BM_CHECK_INT(fixture.findings.items[0].line, 4);
			BM_CHECK_STR(fixture.findings.items[0].subject, rows[i].root);
			BM_CHECK(strstr(fixture.findings.items[0].excerpt, text));
		}
		bm_fixture_done(&fixture);
	}
	/* a disk that was not looked into */
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, "UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001", "LABEL=gone");
	fixture.survey.partial = true;
	expect(&fixture, "warning CMDLINE-ROOT-UNKNOWN " ARCH_CFG);
	BM_CHECK(fixture.findings.items[0].doubtful);
	bm_fixture_done(&fixture);
}

BM_TEST(check_volumes_and_resume)
{
	static const struct {
		const char *more, *want;
	} rows[] = {
		{"rd.lvm.lv=rl/swap", "fatal CMDLINE-LV-UNKNOWN " EL9_ENTRY},
		{"rd.lvm.lv=rl/home rd.lvm.vg=rl", ""},
		{"rd_LVM_LV=rl/swap", "warning CMDLINE-LV-UNKNOWN " EL9_ENTRY},
		{"rd.lvm.lv=other/swap", "warning CMDLINE-LV-UNKNOWN " EL9_ENTRY},
		{"rd.lvm.vg=other", "warning CMDLINE-LV-UNKNOWN " EL9_ENTRY},
		{"rd.lvm.lv=rl/swap rd.lvm=0", ""},
		{"-- rd.lvm.lv=rl/swap", ""},
		{"rd.lvm.lv=rl/ rd.lvm.lv=/x rd.lvm.lv=", ""},
		{"resume=/dev/mapper/rl-swap", "warning CMDLINE-RESUME-UNKNOWN " EL9_ENTRY},
		{"resume=UUID=00000000-1111-2222-3333-444444444444", "warning CMDLINE-RESUME-UNKNOWN " EL9_ENTRY},
		{"resume=UUID=00000000-1111-2222-3333-444444444444 noresume", ""},
		{"resume=/dev/mapper/rl-home", ""},
		{"resume=/dev/mapper/cryptswap", ""},
		{"resume=/dev/sda9", ""},
	};
	struct bm_fixture fixture;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = bm_strf("%s\n", rows[i].more);

		bm_fixture_make("el9-uefi", &fixture);
		bm_fixture_edit(&fixture, EL9_ENTRY, "$tuned_params\n", text);
		expect(&fixture, rows[i].want);
		if (fixture.findings.n > 0) {
			BM_CHECK_INT(fixture.findings.items[0].line, 5);
			BM_CHECK(strstr(rows[i].more, fixture.findings.items[0].subject));
		}
		bm_fixture_done(&fixture);
	}
	/* an argument that stands in the environment block, and the group that root= asks for, too */
	bm_fixture_make("el8-uefi", &fixture);
	bm_fixture_env(
		&fixture, EL8_ENV, "saved_entry=" EL8_ID "\nkernelopts=root=/dev/mapper/rhel-root rd.lvm.lv=rhel/x\n");
	one(&fixture, "fatal CMDLINE-LV-UNKNOWN " EL8_ENV, 3, "kernelopts=root=/dev/mapper/rhel-root rd.lvm.lv=rhel/x",
		"rhel/x");
	bm_fixture_env(
		&fixture, EL8_ENV, "saved_entry=" EL8_ID "\nkernelopts=root=/dev/mapper/old-root rd.lvm.lv=old/root\n");
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN " EL8_ENV "; fatal CMDLINE-LV-UNKNOWN " EL8_ENV);
	bm_fixture_done(&fixture);
}

/* Little-endian numbers into an image. */
static void put_number(char *bytes, size_t at, uint32_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		bytes[at + i] = (char)(value >> (8 * i));
}

/* A unified image as a PE file with .linux and, where wanted, .initrd. */
static void write_unified(struct bm_fixture *fixture, const char *path, bool initrd)
{
	static char bytes[0x4000];
	static const char *const names[] = {".text", ".uname", ".linux", ".initrd"};
	size_t n = initrd ? 4 : 3;
	_cleanup_free_ char *host = bm_strf("%s%s", fixture->dir, path);
	FILE *file;

	memset(bytes, 0x90, sizeof(bytes));
	memcpy(bytes, "MZ", 2);
	put_number(bytes, 0x3c, 0x80, 4);
	memset(bytes + 0x40, 0, 0x400);
	memcpy(bytes + 0x80, "PE\0\0", 4);
	put_number(bytes, 0x84, 0x8664, 2);
	put_number(bytes, 0x86, (uint32_t)n, 2);
	put_number(bytes, 0x94, 0xf0, 2);
	put_number(bytes, 0x96, 0x22, 2);
	put_number(bytes, 0x98, 0x20b, 2);
	put_number(bytes, 0x98 + 68, 10, 2);
	for (size_t i = 0; i < n; i++) {
		size_t at = 0x98 + 0xf0 + 40 * i;

		memcpy(bytes + at, names[i], strlen(names[i]));
		put_number(bytes, at + 8, 30, 4);
		put_number(bytes, at + 16, 0x200, 4);
		put_number(bytes, at + 20, (uint32_t)(0x1000 + 0x800 * i), 4);
	}
	memset(bytes + 0x1800, 0, 0x200);
	memcpy(bytes + 0x1800, ARCH_VER, strlen(ARCH_VER));
	bm_fixture_write(fixture, path, "");
	file = fopen(host, "we");
	BM_CHECK(file && fwrite(bytes, 1, sizeof(bytes), file) == sizeof(bytes));
	BM_CHECK_INT(fclose(file), 0);
}

/* It brings its initramfs, and its arguments. */
BM_TEST(check_unified_image_as_kernel)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, "initrd	/boot/intel-ucode.img /boot/initramfs-linux.img", "");
	bm_fixture_edit(&fixture, ARCH_CFG, "/boot/vmlinuz-linux root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001",
		"/boot/arch.efi");
	write_unified(&fixture, "/boot/arch.efi", true);
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_NOT_JUDGED));
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_ENTRY_NO_INITRD));
	write_unified(&fixture, "/boot/arch.efi", false);
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_ENTRY_NO_INITRD) != NULL);
	bm_fixture_done(&fixture);
}

/* What comes close to a fault and boots. */
BM_TEST(check_odd_and_healthy)
{
	struct bm_fixture fixture;

	/* a label with a blank, as the kernel and as udev write it */
	bm_fixture_make("arch", &fixture);
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[1].label, "my root"), 0);
	bm_fixture_edit(&fixture, ARCH_CFG, "root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001", "'root=LABEL=my root'");
	expect(&fixture, "");
	bm_fixture_edit(&fixture, ARCH_CFG, "'root=LABEL=my root'", "root=/dev/disk/by-label/my\\\\x20root");
	expect(&fixture, "");
	bm_fixture_done(&fixture);

	/* images by a pattern */
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, "/boot/intel-ucode.img /boot/", "/boot/*-ucode.img /boot/");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* The entry lies on another partition than the system's: what is missing there is not known. */
BM_TEST(check_kernel_elsewhere)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_remove(&fixture, "/boot/vmlinuz-linux");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING " ARCH_CFG);
	BM_CHECK_INT(fixture.findings.items[0].line, 4);
	BM_CHECK_STR(fixture.findings.items[0].subject, "/boot/vmlinuz-linux");
	bm_fixture_edit(&fixture, ARCH_CFG,
		"search --no-floppy --fs-uuid --set=root a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001",
		"set root='hd0,msdos7'");
	fixture.survey.devices.items[1].part_number = 1;
	expect(&fixture, "warning ENTRY-KERNEL-MISSING " ARCH_CFG);
	BM_CHECK(fixture.findings.items[0].doubtful);
	fixture.survey.devices.items[1].part_number = 7;
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING " ARCH_CFG);
	bm_fixture_done(&fixture);
}

/* A rescue entry whose files are gone is no reason not to boot. */
BM_TEST(check_rescue_entry_without_files)
{
	static const char *const files[] = {"/boot/vmlinuz-0-rescue-0d5a1e2b3c4d4e5f8a9b0c1d2e3f4a5b",
		"/boot/initramfs-0-rescue-0d5a1e2b3c4d4e5f8a9b0c1d2e3f4a5b.img"};
	struct bm_fixture fixture;

	for (size_t gone = 0; gone <= BM_ARRAY_SIZE(files); gone++) {
		bm_fixture_make("el7-bios", &fixture);
		for (size_t i = 0; i < gone; i++)
			bm_fixture_remove(&fixture, files[i]);
		expect(&fixture, "");
		bm_fixture_done(&fixture);
	}
}
