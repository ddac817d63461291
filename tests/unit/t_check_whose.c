/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose configuration is read, and which of several loaders is the one that starts: what belongs to another system, or
 * is a leftover, accuses nobody.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* A label with a blank, as Enterprise Linux writes it into grub.cfg. */
BM_TEST(whose_label_with_blank)
{
	static const char cfg[] = "/boot/efi/EFI/centos/grub.cfg";
	struct bm_fixture fixture;

	bm_fixture_make("el7-uefi", &fixture);
	bm_fixture_survey(&fixture);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config, cfg);
	bm_fixture_edit(&fixture, cfg, "root=/dev/mapper/centos-root", "root=LABEL=Linux\\x20root");
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /boot/efi/EFI/centos/grub.cfg");
	for (size_t i = 0; i < fixture.survey.devices.n; i++)
		if ((int)i == bm_fixture_system(&fixture)->root_device)
			BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[i].label, "Linux root"), 0);
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* GRUB legacy was told to go on in GRUB 2: its image is no kernel, and no damaged one. */
BM_TEST(whose_chain_into_grub2)
{
	struct bm_fixture fixture;

	bm_fixture_make("el6", &fixture);
	bm_fixture_write(&fixture, "/boot/grub/core.img", "an image of GRUB 2");
	bm_fixture_edit(&fixture, "/boot/grub/grub.conf", "title ",
		"title Chainload into GRUB 2\n\troot (hd0,0)\n\tkernel /grub/core.img\ntitle ");
	expect(&fixture, "warning BOOT-NOT-JUDGED /boot/grub/grub.conf");
	bm_fixture_done(&fixture);
}

#define DEB_CFG	 "/boot/grub/grub.cfg"
#define DEB_UUID "d1201a77-aaaa-4bbb-8ccc-ddddeeee0001"

static void put_esp(struct bm_fixture *fixture)
{
	_cleanup_free_ char *line =
		bm_strf("UUID=" DEB_UUID " / ext4 defaults 0 1\nUUID=ABCD-0001 /boot/efi vfat defaults 0 2\n");
	struct bm_device *device;

	bm_fixture_write(fixture, "/etc/fstab", line);
	device =
		BM_VEC_PUSH(fixture->survey.devices.items, fixture->survey.devices.n, fixture->survey.devices.capacity);
	BM_CHECK(device != NULL);
	device->kind = BM_DEVICE_PARTITION;
	device->n_parents = 0;
	BM_CHECK_INT(bm_str_set(&device->name, "sda9"), 0);
	BM_CHECK_INT(bm_str_set(&device->fstype, "vfat"), 0);
	BM_CHECK_INT(bm_str_set(&device->uuid, "ABCD-0001"), 0);
}

/* Another system's menu on a shared ESP, with or without this one's entries in it. */
BM_TEST(whose_menu_on_esp)
{
	static const char foreign[] =
		"set default=0\nmenuentry CentOS {\n search --fs-uuid --set=root 99999999-aaaa-4bbb-8ccc-000000000009\n"
		" linuxefi /vmlinuz-4.18 root=/dev/mapper/cl-root ro\n initrdefi /initramfs-4.18.img\n}\n";
	static const char prober[] = "menuentry 'Debian (on /dev/sda1)' {\n search --fs-uuid --set=root " DEB_UUID "\n"
				     " linux /boot/vmlinuz-6.1.0-9-amd64 root=UUID=" DEB_UUID
				     "\n initrd /boot/initrd.img-6.1.0-9-amd64\n}\n";
	static const struct {
		const char *os, *folder;
		bool own; /* whose default is broken: it is told */
	} rows[] = {
		{"debian", "centos", false},
		{"debian", "ubuntu", false},
		{"linuxmint", "ubuntu", true},
		{"linuxmint", "centos", false},
		{"rhel", "redhat", true},
		{"debian", "proxmox", false},
		{"rocky", "redhat", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = bm_strf("/boot/efi/EFI/%s/grub.cfg", rows[i].folder);
		_cleanup_free_ char *not_judged = bm_strf("warning BOOT-NOT-JUDGED %s", path);
		_cleanup_free_ char *os = bm_strf("ID=%s\n", rows[i].os), *both = bm_strf("%s%s", foreign, prober);
		struct bm_fixture fixture;
		const struct bm_loader *loader;

		bm_fixture_make("debian12", &fixture);
		put_esp(&fixture);
		bm_fixture_write(&fixture, "/etc/os-release", os);
		bm_fixture_write(&fixture, path, foreign);
		expect(&fixture, "");
		loader = &bm_fixture_system(&fixture)->loader;
		BM_CHECK_STR(loader->config, DEB_CFG);
		BM_CHECK_INT(loader->warnings.n, rows[i].own ? 0 : 1);
		/* os-prober found this system, too */
		bm_fixture_write(&fixture, path, both);
		expect(&fixture, rows[i].own ? not_judged : "");
		bm_fixture_done(&fixture);
	}
}

/* Its own configuration is gone: the neighbour's takes no one's place. */
BM_TEST(whose_menu_is_gone)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	put_esp(&fixture);
	bm_fixture_write(&fixture, "/boot/efi/EFI/fedora/grub.cfg",
		"menuentry F {\n search --fs-uuid --set=root 99999999-aaaa-4bbb-8ccc-000000000009\n linux /v "
		"root=UUID=99999999-aaaa-4bbb-8ccc-000000000010\n}\n");
	bm_fixture_data(&fixture, "/boot/efi/EFI/fedora/grubx64.efi", 100);
	bm_fixture_remove(&fixture, DEB_CFG);
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " DEB_CFG);
	/* That GRUB is installed was only seen in the neighbour's folder. */
	bm_fixture_remove(&fixture, "/boot/grub/grubenv");
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	bm_fixture_done(&fixture);
}

/* Two systems share /boot: an entry whose kernel has no modules here, and whose root= is another. */
BM_TEST(whose_entry)
{
	static const char *const roots[] = {
		"UUID=99999999-aaaa-4bbb-8ccc-000000000009", "/dev/mapper/cl-root", "/dev/sda7"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(roots); i++) {
		const bool named = bm_str_starts(roots[i], "/dev/sd"); /* a name of a disk tells nothing */
		_cleanup_free_ char *menu = bm_strf(
			"menuentry Other {\n linux /boot/vmlinuz-5.14.0-1.el9.x86_64 root=%s ro\n}\n", roots[i]);
		struct bm_fixture fixture;

		bm_fixture_make("debian12", &fixture);
		bm_fixture_kernel(&fixture, "/boot/vmlinuz-5.14.0-1.el9.x86_64", "5.14.0-1.el9.x86_64");
		bm_fixture_write(&fixture, DEB_CFG, menu);
		bm_fixture_env(&fixture, "/boot/grub/grubenv", "\n");
		bm_fixture_survey(&fixture);
		BM_CHECK(bm_fixture_system(&fixture)->loader.entries[0].foreign == !named);
		BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_CMDLINE_ROOT_UNKNOWN) == NULL);
		BM_CHECK((bm_findings_find(&fixture.findings, BM_FINDING_NOT_JUDGED) != NULL) == !named);
		/* where no kernel has modules, that tells nobody apart */
		bm_fixture_remove(&fixture, "/usr/lib/modules");
		bm_fixture_survey(&fixture);
		BM_CHECK(!bm_fixture_system(&fixture)->loader.entries[0].foreign);
		bm_fixture_done(&fixture);
	}
}

/* Leftovers of another loader. */
BM_TEST(whose_loader)
{
	static const char stale[] = "menuentry Old {\n linux /vmlinuz-gone root=/dev/sda1\n initrd /initrd-gone\n}\n";
	static const char conf[] = "/efi/loader/loader.conf";
	struct bm_fixture fixture;

	/* a grub.cfg that leads nowhere, beside systemd-boot */
	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_write(&fixture, DEB_CFG, stale);
	expect(&fixture, "warning LOADER-SEVERAL /efi/loader/loader.conf");
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config, conf);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.rivals.items[0], "GRUB (" DEB_CFG ")");
	bm_fixture_done(&fixture);

	/* GRUB legacy's menu, whose default goes on in GRUB 2 */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/boot/grub/menu.lst",
		"default 0\ntitle Chainload into GRUB 2\nroot (hd0,0)\nkernel /boot/grub/core.img\n"
		"title Debian\nroot (hd0,0)\nkernel /boot/vmlinuz-6.1.0-9-amd64 root=UUID=" DEB_UUID "\n");
	bm_fixture_write(&fixture, "/boot/grub/core.img", "an image of GRUB 2");
	expect(&fixture, "note LOADER-SEVERAL " DEB_CFG);
	/* what is wrong with GRUB 2's default is told, though the old menu would boot */
	bm_fixture_edit(&fixture, "/boot/grub/menu.lst", "default 0", "default 1");
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.1.0-9-amd64");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd.img-6.1.0-9-amd64; note LOADER-SEVERAL " DEB_CFG);
	bm_fixture_done(&fixture);

	/* Limine: a whole grub.cfg is judged, one that leads nowhere is not */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/boot/limine.conf", "x\n");
	expect(&fixture, "warning LOADER-SEVERAL " DEB_CFG);
	bm_fixture_write(&fixture, DEB_CFG, stale);
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	bm_fixture_write(&fixture, DEB_CFG, "");
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	bm_fixture_done(&fixture);

	/* a default that leads nowhere is no reason to believe in another loader of the same kind */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/boot/grub2/grub.cfg", stale);
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* systemd-boot reads loader.conf from the ESP, and entries from there and from XBOOTLDR. */
BM_TEST(whose_xbootldr)
{
	struct bm_fixture fixture;
	const struct bm_loader *loader;

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_write(&fixture, "/boot/loader/entries/b.conf",
		"title B\nversion 7\nlinux /vmlinuz-6.12.48+deb13-amd64\ninitrd /initrd.img-6.12.48+deb13-amd64\n"
		"options root=UUID=5db00a77-aaaa-4bbb-8ccc-ddddeeee0002\n");
	bm_fixture_write(&fixture, "/efi/loader/loader.conf", "default b.conf\n");
	/* /boot is a folder of the root: only what the firmware reads counts, as far as that is known */
	bm_fixture_edit(&fixture, "/etc/fstab", "UUID=0E5F-1234 /efi",
		"LABEL=XBOOTLDR /boot vfat defaults 0 1\nUUID=0E5F-1234 /efi");
	bm_fixture_survey(&fixture);
	loader = &bm_fixture_system(&fixture)->loader;
	BM_CHECK_STR(loader->config, "/efi/loader/loader.conf");
	BM_CHECK_INT(loader->n_entries, 3);
	BM_CHECK_STR(loader->entries[loader->default_entry].entry.file, "/boot/loader/entries/b.conf");
	BM_CHECK_STR(loader->entries[loader->default_entry].kernel, "/boot/vmlinuz-6.12.48+deb13-amd64");
	BM_CHECK(loader->entries[loader->default_entry].kernel_exists);
	/* an ext4 is GRUB's */
	bm_fixture_edit(&fixture, "/etc/fstab", "/boot vfat", "/boot ext4");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(bm_fixture_system(&fixture)->loader.n_entries, 2);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config, "/efi/loader/loader.conf");
	bm_fixture_done(&fixture);
}

/* BLS files alone are nobody's: neither systemd-boot nor GRUB was seen. */
BM_TEST(whose_bls_files)
{
	struct bm_fixture fixture;

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_remove(&fixture, "/efi/EFI");
	bm_fixture_remove(&fixture, "/efi/loader/loader.conf");
	expect(&fixture, "warning BOOT-NOT-JUDGED /efi/loader/loader.conf");
	bm_fixture_done(&fixture);
}

/* The subvolume that is mounted without rootflags= is another one. */
BM_TEST(whose_subvolume)
{
	static const struct {
		enum bm_subvolume_default by_default;
		const char *seen, *fstab, *flags, *want;
	} rows[] = {
		{BM_SUBVOLUME_TOP, "/@", "subvol=@", "", "fatal CMDLINE-SUBVOLUME-MISSING " DEB_CFG},
		{BM_SUBVOLUME_TOP, "/@", "rw,subvol=/@", "", "fatal CMDLINE-SUBVOLUME-MISSING " DEB_CFG},
		{BM_SUBVOLUME_OTHER, "/@", "subvol=@", "", "warning CMDLINE-SUBVOLUME-MISSING " DEB_CFG},
		{BM_SUBVOLUME_TOP, "/@", "subvol=@", "rootflags=compress=zstd",
			"fatal CMDLINE-SUBVOLUME-MISSING " DEB_CFG},
		{BM_SUBVOLUME_SAME, "/@", "subvol=@", "", ""},
		{BM_SUBVOLUME_UNKNOWN, "/@", "subvol=@", "", ""},
		{BM_SUBVOLUME_TOP, "/@", "subvol=@", "rootflags=subvol=@", ""},
		{BM_SUBVOLUME_TOP, "/@", "subvol=@", "rootflags=ssd,subvolid=256", ""},
		/* a snapshot that somebody mounted */
		{BM_SUBVOLUME_TOP, "/@snap", "subvol=@", "", ""},
		{BM_SUBVOLUME_TOP, "/@", "defaults", "", ""},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *line = bm_strf("/ btrfs %s 0 0\n#", rows[i].fstab), *got = NULL;
		_cleanup_free_ char *flags = bm_strf("rw %s ", rows[i].flags);
		struct bm_findings findings = {0};
		struct bm_fixture fixture;
		struct bm_mount *mount;

		bm_fixture_make("arch", &fixture);
		bm_fixture_edit(&fixture, "/etc/fstab", "/\text4", line);
		bm_fixture_edit(&fixture, DEB_CFG, "rw ", flags);
		bm_fixture_survey(&fixture);
		mount = &bm_fixture_system(&fixture)->mounts[0];
		mount->subvolume_default = rows[i].by_default;
		BM_CHECK_INT(bm_str_set(&mount->subvolume, rows[i].seen), 0);
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), NULL, &findings), 0);
		bm_findings_done(&fixture.findings);
		fixture.findings = findings;
		got = bm_fixture_findings(&fixture);
		BM_CHECK_STR(got, rows[i].want);
		bm_fixture_done(&fixture);
	}
}

/* GRUB's paths begin at the top of a btrfs, and nothing says which subvolume is mounted: by its number, as the default.
 */
BM_TEST(whose_subvolume_unnamed)
{
	static const char *const options[] = {"subvolid=256", "defaults"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(options); i++) {
		struct bm_fixture fixture;

		bm_fixture_make("fedora-btrfs", &fixture);
		bm_fixture_edit(&fixture, "/etc/fstab", "subvol=root,compress=zstd:1", options[i]);
		expect(&fixture, "");
		BM_CHECK(bm_fixture_system(&fixture)->loader.entries[0].kernel_exists);
		bm_fixture_done(&fixture);
	}
}

/* A menu that a loop makes of the files that it finds. */
BM_TEST(whose_menu_by_pattern)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_env(&fixture, "/boot/grub/grubenv", "\n");
	bm_fixture_write(&fixture, DEB_CFG,
		"for k in /boot/vmlinuz-*; do\n menuentry \"$k\" {\n  linux $k root=UUID=" DEB_UUID "\n  initrd "
		"/boot/initrd.img-*\n }\ndone\n");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(bm_findings_count(&fixture.findings, BM_SEVERITY_FATAL), 0);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_NOT_JUDGED) != NULL);
	bm_fixture_done(&fixture);
}
