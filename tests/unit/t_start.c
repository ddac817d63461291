/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which loader the machine starts: what the firmware's entries and the boot sectors say, and what is made of that where
 * several loaders have a menu.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "firmware_maker.h"

#define CONF	"/efi/loader/loader.conf"
#define CFG	"/boot/grub/grub.cfg"
#define SD_UUID "5db00a77-aaaa-4bbb-8ccc-ddddeeee0002"
#define OWN	"e5000001-0000-0000-0000-000000000000"
#define STRANGE "e5000009-0000-0000-0000-000000000000"
#define SD_BOOT "\\EFI\\systemd\\systemd-bootx64.efi"
#define SHIM	"\\EFI\\debian\\shimx64.efi"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

static struct bm_device *device_of(struct bm_fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->survey.devices.n; i++)
		if (bm_streq(fixture->survey.devices.items[i].name, name))
			return &fixture->survey.devices.items[i];
	BM_CHECK(false);
	return NULL;
}

/* systemd-boot and GRUB on one ESP, whose menus both lead to a kernel: GRUB's is older. */
static void make_both(struct bm_fixture *fixture)
{
	bm_fixture_make("systemd-boot", fixture);
	BM_CHECK_INT(bm_str_set(&device_of(fixture, "nvme0n1p1")->partuuid, OWN), 0);
	bm_fixture_write(fixture, CFG,
		"menuentry Old {\n search --fs-uuid --set=root " SD_UUID
		"\n linux /boot/vmlinuz-6.12.48+deb13-amd64 root=UUID=" SD_UUID
		" ro\n initrd /boot/initrd.img-6.12.48+deb13-amd64\n}\n");
	bm_fixture_write(fixture, "/efi/EFI/debian/shimx64.efi", "UEFI SHIM\n$Version: 15 $");
	bm_fixture_write(fixture, "/efi/EFI/debian/grubx64.efi", "GNU GRUB  version %s");
	bm_fixture_write(fixture, "/efi/EFI/systemd/systemd-bootx64.efi", "#### LoaderInfo: systemd-boot 257 ####");
}

static enum bm_starter kind_of(struct bm_fixture *fixture)
{
	bm_fixture_survey(fixture);
	return bm_fixture_system(fixture)->start.kind;
}

BM_TEST(start_by_firmware)
{
	static const struct {
		struct bm_firmware_row entries[4];
		enum bm_starter want;
		const char *config; /* that is judged */
	} rows[] = {
		{{BM_FIRMWARE_ROW("sd", OWN, SD_BOOT), BM_FIRMWARE_ROW("debian", OWN, SHIM)}, BM_STARTER_SYSTEMD_BOOT,
			CONF},
		{{BM_FIRMWARE_ROW("debian", OWN, SHIM), BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)}, BM_STARTER_GRUB2, CFG},
		/* what is not active, another disk's (the rescue system's, too), another distribution's, is passed over
		 */
		{{{.name = "debian", .partuuid = OWN, .path = SHIM, .inactive = true},
			 BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)},
			BM_STARTER_SYSTEMD_BOOT, CONF},
		{{BM_FIRMWARE_ROW("rescue", STRANGE, SHIM), BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)},
			BM_STARTER_SYSTEMD_BOOT, CONF},
		{{BM_FIRMWARE_ROW("win", OWN, "\\EFI\\Microsoft\\Boot\\bootmgfw.efi"),
			 BM_FIRMWARE_ROW("fedora", OWN, "\\EFI\\fedora\\shimx64.efi"),
			 BM_FIRMWARE_ROW("debian", OWN, SHIM)},
			BM_STARTER_GRUB2, CFG},
		/* a program without any mark is nobody's by its content */
		{{BM_FIRMWARE_ROW("x", OWN, "\\EFI\\debian\\mmx64.efi"), BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)},
			BM_STARTER_UNKNOWN, CFG},
		/* no entry of this system's */
		{{BM_FIRMWARE_ROW("rescue", STRANGE, SHIM)}, BM_STARTER_UNKNOWN, CFG},
		{{{.name = NULL}}, BM_STARTER_UNKNOWN, CFG},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		size_t n = 0;

		while (rows[i].entries[n].name)
			n++;
		make_both(&fixture);
		bm_fixture_write(&fixture, "/efi/EFI/debian/mmx64.efi", "MokManager");
		bm_fixture_write(&fixture, "/efi/EFI/fedora/shimx64.efi", "UEFI SHIM\n");
		bm_fixture_write(&fixture, "/efi/EFI/Microsoft/Boot/bootmgfw.efi", "Windows");
		bm_fixture_firmware(&fixture, rows[i].entries, n);
		BM_CHECK_INT(kind_of(&fixture), rows[i].want);
		BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config, rows[i].config);
		bm_fixture_done(&fixture);
	}
}

/* Two partitions of one name, or those of an image file, are not what the firmware means. */
BM_TEST(start_elsewhere)
{
	static const struct bm_firmware_row rows[] = {BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)};
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_firmware(&fixture, rows, BM_ARRAY_SIZE(rows));
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_SYSTEMD_BOOT);
	BM_CHECK_INT(bm_str_set(&device_of(&fixture, "nvme0n1p2")->partuuid, OWN), 0);
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_UNKNOWN);
	bm_fixture_done(&fixture);

	make_both(&fixture);
	bm_fixture_firmware(&fixture, rows, BM_ARRAY_SIZE(rows));
	BM_CHECK_INT(bm_str_set(&device_of(&fixture, "nvme0n1p1")->image, "/nowhere/disk.img"), 0);
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_UNKNOWN);
	bm_fixture_done(&fixture);
}

/* An entry that names no partition may start EFI/BOOT, and what that is decides. */
BM_TEST(start_of_the_whole_disk)
{
	static const struct bm_firmware_row rows[] = {{.name = "UEFI disk"}, BM_FIRMWARE_ROW("debian", OWN, SHIM)};
	static const char fallback[] = "/efi/EFI/BOOT/BOOTX64.EFI";
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_firmware(&fixture, rows, BM_ARRAY_SIZE(rows));
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_GRUB2);
	bm_fixture_write(&fixture, fallback, "#### LoaderInfo: systemd-boot 257 ####");
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_UNKNOWN);
	bm_fixture_write(&fixture, fallback, "GNU GRUB  version %s");
	BM_CHECK_INT(kind_of(&fixture), BM_STARTER_GRUB2);
	bm_fixture_done(&fixture);
}

/* What is wrong with the menu of the one that starts is told, though the other's would boot; and the other way round.
 */
BM_TEST(start_decides_what_is_judged)
{
	static const struct bm_firmware_row grub[] = {BM_FIRMWARE_ROW("debian", OWN, SHIM)},
					    sd[] = {BM_FIRMWARE_ROW("sd", OWN, SD_BOOT)};
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.12.48+deb13-amd64");
	expect(&fixture, "warning LOADER-SEVERAL " CONF);
	bm_fixture_firmware(&fixture, sd, 1);
	expect(&fixture, "note LOADER-SEVERAL " CONF);
	bm_fixture_firmware(&fixture, grub, 1);
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd.img-6.12.48+deb13-amd64; note LOADER-SEVERAL " CFG);
	/* shim starts whatever is called grubx64.efi */
	bm_fixture_write(&fixture, "/efi/EFI/debian/grubx64.efi", "#### LoaderInfo: systemd-boot 257 ####");
	expect(&fixture, "note LOADER-SEVERAL " CONF);
	bm_fixture_done(&fixture);
}

/* A menu that goes on in another loader says what that other one says. */
BM_TEST(start_that_leads_on)
{
	static const struct bm_firmware_row rows[] = {BM_FIRMWARE_ROW("debian", OWN, SHIM)};
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_write(&fixture, CFG, "menuentry On {\n chainloader /EFI/systemd/systemd-bootx64.efi\n}\n");
	bm_fixture_firmware(&fixture, rows, 1);
	expect(&fixture, "warning LOADER-SEVERAL " CONF);
	bm_fixture_done(&fixture);
}

BM_TEST(start_entry_without_program)
{
	static const struct bm_firmware_row rows[] = {BM_FIRMWARE_ROW("old", OWN, "\\EFI\\debian\\old.efi"),
		BM_FIRMWARE_ROW("debian", OWN, SHIM), BM_FIRMWARE_ROW("older", OWN, "\\EFI\\debian\\older.efi")};
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_firmware(&fixture, rows, BM_ARRAY_SIZE(rows));
	expect(&fixture, "note FIRMWARE-ENTRY-ASTRAY; note LOADER-SEVERAL " CFG);
	BM_CHECK_STR(fixture.findings.items[0].evidence,
		"Boot0000 'old' starts /efi/EFI/debian/old.efi, which does not exist");
	bm_fixture_done(&fixture);
}

/* A loader whose configuration is not read is what boots: then nothing is judged by another's. */
BM_TEST(start_of_another_loader)
{
	static const struct bm_firmware_row rows[] = {BM_FIRMWARE_ROW("rEFInd", OWN, "\\EFI\\refind\\refind_x64.efi")};
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_write(&fixture, "/efi/EFI/refind/refind_x64.efi", "program");
	bm_fixture_firmware(&fixture, rows, 1);
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	BM_CHECK(strstr(fixture.findings.items[0].evidence,
			 "the firmware's entry Boot0000 'rEFInd' starts rEFInd "
			 "(/efi/EFI/refind/refind_x64.efi), whose configuration is not read") != NULL);
	bm_fixture_done(&fixture);
}

/* GRUB was started from a folder whose name tells nothing: its menu there is this system's. */
BM_TEST(start_makes_a_folder_own)
{
	static const struct bm_firmware_row rows[] = {BM_FIRMWARE_ROW("x", OWN, "\\EFI\\custom\\grubx64.efi")};
	static const char cfg[] = "/efi/EFI/custom/grub.cfg";
	struct bm_fixture fixture;

	make_both(&fixture);
	bm_fixture_remove(&fixture, CFG);
	bm_fixture_write(&fixture, "/efi/EFI/custom/grubx64.efi", "x");
	bm_fixture_write(&fixture, cfg, "menuentry X {\n linux /vmlinuz-gone root=UUID=" SD_UUID "\n}\n");
	expect(&fixture, "warning LOADER-SEVERAL " CONF);
	bm_fixture_firmware(&fixture, rows, 1);
	bm_fixture_survey(&fixture);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config, cfg);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_KERNEL_MISSING) != NULL);
	bm_fixture_done(&fixture);
}

/* --- BIOS --- */

/* Gives a device an image file with that boot sector. kind: "grub2", "legacy", "lilo", "chain", "" */
static void put_sector(struct bm_fixture *fixture, const char *device, const char *kind)
{
	static const struct {
		const char *kind;
		size_t at, len;
		const char *what;
		bool grub;
	} rows[] = {
		{"grub2", 0x5a, 2, "\x00\x80", true},
		{"legacy", 0x3e, 6, "\x03\x02\xff\x00\x00\x80", true},
		{"lilo", 6, 4, "LILO", false},
		{"extlinux", 3, 8, "EXTLINUX", false},
		{"chain", 0x60, 24, "Missing operating system", false},
		{"windows", 3, 8, "NTFS    ", false},
	};
	_cleanup_free_ char *name = bm_strf("/%s.img", device), *host = bm_strf("%s/%s.img", fixture->dir, device);
	char bytes[512] = {0};
	FILE *file;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		if (bm_streq(kind, rows[i].kind)) {
			bytes[0x1fe] = 0x55;
			bytes[0x1ff] = (char)0xaa;
			bytes[0x1be] = (char)0x80;
			memcpy(bytes + rows[i].at, rows[i].what, rows[i].len);
			memcpy(bytes + 0x180, "GRUB \0Geom", rows[i].grub ? 10 : 0);
		}
	bm_fixture_write(fixture, name, "");
	file = fopen(host, "we");
	BM_CHECK(file && fwrite(bytes, 1, sizeof(bytes), file) == sizeof(bytes));
	BM_CHECK_INT(fclose(file), 0);
	BM_CHECK_INT(bm_str_set(&device_of(fixture, device)->image, host), 0);
}

BM_TEST(start_by_boot_sector)
{
	static const struct {
		const char *disk, *part, *other;
		enum bm_starter want;
	} rows[] = {
		{"grub2", "", "", BM_STARTER_GRUB2},
		{"legacy", "grub2", "", BM_STARTER_GRUB_LEGACY},
		{"lilo", "", "", BM_STARTER_OTHER},
		{"chain", "extlinux", "", BM_STARTER_OTHER},
		{"chain", "legacy", "", BM_STARTER_GRUB_LEGACY},
		{"chain", "windows", "", BM_STARTER_UNKNOWN},
		{"chain", "", "", BM_STARTER_UNKNOWN},
		{"windows", "", "", BM_STARTER_UNKNOWN},
		{"", "grub2", "", BM_STARTER_UNKNOWN},
		/* of two disks with a loader it is not known which one is started */
		{"grub2", "", "windows", BM_STARTER_UNKNOWN},
		{"legacy", "", "grub2", BM_STARTER_UNKNOWN},
		{"grub2", "", "grub2", BM_STARTER_GRUB2},
		{"", "", "grub2", BM_STARTER_UNKNOWN},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		struct bm_device *other;

		bm_fixture_make("debian12", &fixture);
		other = BM_VEC_PUSH(
			fixture.survey.devices.items, fixture.survey.devices.n, fixture.survey.devices.capacity);
		BM_CHECK(other != NULL);
		other->kind = BM_DEVICE_DISK;
		BM_CHECK_INT(bm_str_set(&other->name, "sdb"), 0);
		device_of(&fixture, "sda1")->part_number = 1;
		put_sector(&fixture, "sda", rows[i].disk);
		put_sector(&fixture, "sda1", rows[i].part);
		put_sector(&fixture, "sdb", rows[i].other);
		BM_CHECK_INT(kind_of(&fixture), rows[i].want);
		bm_fixture_done(&fixture);
	}
}

/* GRUB legacy's stage1 is what the BIOS starts: its menu counts, though GRUB 2's would boot, too. */
BM_TEST(start_of_grub_legacy)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/boot/grub/menu.lst",
		"default 0\ntitle Debian\nroot (hd0,0)\nkernel /boot/vmlinuz-6.1.0-9-amd64 root=/dev/sda1\n"
		"initrd /boot/initrd.img-gone\n");
	expect(&fixture, "note LOADER-SEVERAL " CFG);
	put_sector(&fixture, "sda", "grub2");
	put_sector(&fixture, "sda1", "");
	expect(&fixture, "note LOADER-SEVERAL " CFG);
	put_sector(&fixture, "sda", "legacy");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd.img-gone; note LOADER-SEVERAL /boot/grub/menu.lst");
	/* It goes on in GRUB 2. */
	bm_fixture_write(&fixture, "/boot/grub/menu.lst", "title On\nroot (hd0,0)\nkernel /boot/grub/core.img\n");
	bm_fixture_write(&fixture, "/boot/grub/core.img", "an image of GRUB 2");
	expect(&fixture, "note LOADER-SEVERAL " CFG);
	put_sector(&fixture, "sda", "lilo");
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	bm_fixture_done(&fixture);
}
