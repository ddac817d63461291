/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Systems broken in one way each: exactly the finding that this gives, and no other.
 */
#include <string.h>

#include "base/str.h"
#include "check/verdict.h"
#include "harness.h"
#include "t_system_fixture.h"

#define EL9_NEW	  "5.14.0-503.11.1.el9_5.x86_64"
#define EL9_ENTRY "/boot/loader/entries/9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-" EL9_NEW ".conf"
#define EL9_IMAGE "/boot/initramfs-" EL9_NEW ".img"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* Whether a rebuild cures all of it. */
static bool is_cured(const struct bm_findings *findings)
{
	const struct bm_verdict_input input = {.findings = findings, .disks = true, .system = true};
	struct bm_verdict verdict;

	bm_verdict_make(&input, &verdict);
	return verdict.rebuild == BM_REBUILDING_CURES;
}

BM_TEST(check_initramfs_missing)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, EL9_IMAGE);
	expect(&fixture, "fatal INITRAMFS-MISSING " EL9_IMAGE);
	BM_CHECK(is_cured(&fixture.findings));
	/* what the entry loads, whatever else lies there */
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->initramfs_path, EL9_IMAGE);
	bm_fixture_done(&fixture);

	/* the entry loads a link, and the image that it leads to is gone: the link stays, the image is what is missing
	 */
	bm_fixture_make("opensuse", &fixture);
	bm_fixture_remove(&fixture, "/boot/initrd-6.4.0-150600.23.30-default");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd-6.4.0-150600.23.30-default");
	bm_fixture_done(&fixture);

	/* a directory of that name is no image */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.1.0-9-amd64");
	bm_fixture_write(&fixture, "/boot/initrd.img-6.1.0-9-amd64/x", "");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initrd.img-6.1.0-9-amd64");
	bm_fixture_done(&fixture);

	/* of a kernel that is not booted by default: no fault of the boot */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/boot/initrd.img-6.1.0-27-amd64");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_rescue_by_default)
{
	struct bm_fixture fixture;

	bm_fixture_make("el8-uefi", &fixture);
	bm_fixture_env(&fixture, "/boot/efi/EFI/redhat/grubenv",
		"saved_entry=5f0e6d7c8b9a4a3b9c8d7e6f5a4b3c2d-0-rescue\nkernelopts=root=/dev/mapper/rhel-root ro\n");
	expect(&fixture, "");
	BM_CHECK(bm_system_default_kernel(bm_fixture_system(&fixture))->rescue);
	bm_fixture_remove(&fixture, "/boot/initramfs-0-rescue-5f0e6d7c8b9a4a3b9c8d7e6f5a4b3c2d.img");
	expect(&fixture, "fatal INITRAMFS-MISSING /boot/initramfs-0-rescue-5f0e6d7c8b9a4a3b9c8d7e6f5a4b3c2d.img");
	bm_fixture_done(&fixture);
}

BM_TEST(check_entry_without_initrd)
{
	struct bm_fixture fixture;

	/* root=/dev/mapper/...: the kernel alone can never find it */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "initrd /initramfs-" EL9_NEW ".img $tuned_initrd\n", "");
	expect(&fixture, "fatal ENTRY-NO-INITRD " EL9_ENTRY);
	bm_fixture_done(&fixture);

	/* root=PARTUUID= or by name may do without */
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(
		&fixture, "/boot/grub/grub.cfg", "initrd	/boot/intel-ucode.img /boot/initramfs-linux.img", "");
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", "root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001",
		"root=PARTUUID=0f2fa2a1-01");
	expect(&fixture, "warning ENTRY-NO-INITRD /boot/grub/grub.cfg");
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", "root=PARTUUID=0f2fa2a1-01", "root=LABEL=x root=/dev/sda1");
	expect(&fixture, "warning ENTRY-NO-INITRD /boot/grub/grub.cfg");
	bm_fixture_done(&fixture);

	/* only microcode is no initramfs */
	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", " /boot/initramfs-linux.img", "");
	expect(&fixture, "fatal ENTRY-NO-INITRD /boot/grub/grub.cfg");
	bm_fixture_done(&fixture);
}

BM_TEST(check_kernel_gone)
{
	struct bm_fixture fixture;

	bm_fixture_make("el7-bios", &fixture);
	bm_fixture_remove(&fixture, "/boot/vmlinuz-3.10.0-1160.119.1.el7.x86_64");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING /boot/grub2/grub.cfg");
	bm_fixture_done(&fixture);

	/* it is on the root filesystem, but GRUB looks on /boot's, where it is not */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "linux /vmlinuz", "linux /boot/vmlinuz");
	expect(&fixture, "fatal ENTRY-PATH-WRONG " EL9_ENTRY);
	bm_fixture_done(&fixture);

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_remove(&fixture, "/efi/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1/6.12.48+deb13-amd64/linux");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING "
			 "/efi/loader/entries/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1-6.12.48+deb13-amd64.conf");
	/* the version is still known, from the entry */
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, "6.12.48+deb13-amd64");
	bm_fixture_done(&fixture);

	/* zero bytes, as a crash leaves it */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_data(&fixture, "/boot/vmlinuz-" EL9_NEW, 0);
	expect(&fixture, "fatal KERNEL-DAMAGED /boot/vmlinuz-" EL9_NEW);
	bm_fixture_done(&fixture);
}

BM_TEST(check_default_points_nowhere)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_env(&fixture, "/boot/grub2/grubenv", "saved_entry=9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-4.0-gone\n");
	expect(&fixture, "warning DEFAULT-UNKNOWN /boot/grub2/grubenv");
	/* GRUB takes the first */
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, EL9_NEW);
	/* next_entry for one boot only, and it exists */
	bm_fixture_env(&fixture, "/boot/grub2/grubenv",
		"saved_entry=gone\nnext_entry=9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-70.el9.x86_64\n");
	expect(&fixture, "");
	BM_CHECK_STR(bm_system_default_kernel(bm_fixture_system(&fixture))->version, "5.14.0-70.el9.x86_64");
	/* nothing saved at all is the first entry, and no fault */
	bm_fixture_env(&fixture, "/boot/grub2/grubenv", "");
	expect(&fixture, "");
	bm_fixture_done(&fixture);

	bm_fixture_make("el6", &fixture);
	bm_fixture_edit(&fixture, "/boot/grub/grub.conf", "default=0", "default=7");
	expect(&fixture, "warning DEFAULT-UNKNOWN /boot/grub/grub.conf");
	bm_fixture_remove(&fixture, "/boot/grub");
	expect(&fixture, "warning BOOT-NOT-JUDGED");
	bm_fixture_done(&fixture);

	/* another system's entry: nothing of it can be judged here, and none of our kernels is the default */
	bm_fixture_make("ubuntu", &fixture);
	bm_fixture_edit(
		&fixture, "/boot/grub/grub.cfg", "set default=\"0\"", "set default=\"osprober-gnulinux-simple-99\"");
	expect(&fixture, "warning BOOT-NOT-JUDGED /boot/grub/grub.cfg");
	BM_CHECK(bm_system_default_kernel(bm_fixture_system(&fixture)) == NULL);
	bm_fixture_done(&fixture);
}

BM_TEST(check_fstab)
{
	static const char other[] = "/dev/mapper/rl-root / xfs defaults 0 0\n"
				    "UUID=9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0001 /boot ext4 defaults 1 2\n"
				    "UUID=AB12-CD34 /boot/efi vfat umask=0077,shortname=winnt 0 2\n";
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"UUID=00000000-1111-2222-3333-444444444444 /data xfs defaults 0 0",
			"fatal FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"UUID=00000000-1111-2222-3333-444444444444 /data xfs defaults,nofail 0 0",
			"note FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"UUID=00000000-1111-2222-3333-444444444444 /data xfs noauto", "note FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"UUID=00000000-1111-2222-3333-444444444444 /data xfs x-systemd.automount",
			"note FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"UUID=00000000-1111-2222-3333-444444444444 /data xfs _netdev 0 0",
			"warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"UUID=00000000-1111-2222-3333-444444444444 none swap sw 0 0",
			"warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/mapper/rl-gone /data xfs defaults 0 0", "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/rl/gone /data xfs defaults 0 0", "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/mapper/backup /data xfs defaults 0 0", "warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"LABEL=nothing /data xfs defaults 0 0", "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		/* no disk here gets such a name: of SCSI's and of another controller's it is not certain */
		{"/dev/sdq1 /data xfs defaults 0 0", "warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/vda1 /data xfs defaults 0 0", "warning FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/xvda1 /data xfs defaults 0 0", "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		{"/dev/nvme0n1p1 /data xfs nofail 0 0", "note FSTAB-DEVICE-UNKNOWN /etc/fstab"},
		/* these prove nothing */
		{"/dev/hda1 /data xfs defaults 0 0", ""},
		{"/dev/disk/by-id/wwn-0x5000-part1 /data xfs defaults 0 0", ""},
		{"nas:/export /data nfs nofail 0 0", ""},
		{"nas:/export /data nfs noauto 0 0", ""},
		{"nas:/export /data nfs _netdev,x-systemd.automount 0 0", ""},
		{"/data.img /data ext4 loop 0 0", ""},
		{"tmpfs /tmp tmpfs size=1g", ""},
		{"UUID=9C1A3C77-AAAA-4BBB-8CCC-DDDDEEEE0003 /data xfs", ""},
		{"/dev/rl/home /data xfs", ""},
		{"UUID=\"9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0003\" /data xfs", ""},
		/* the boot waits for them, and goes on */
		{"nas:/export /data nfs defaults 0 0", "note FSTAB-NETDEV /etc/fstab"},
		{"//nas/share /data cifs credentials=/root/c 0 0", "note FSTAB-NETDEV /etc/fstab"},
		{"nas:/export /data nfs4 _netdev 0 0", ""},
		{"nas:/export /usr/share nfs defaults 0 0", "warning FSTAB-NETDEV /etc/fstab"},
		/* no target */
		{"UUID=9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0003", "warning FSTAB-SYNTAX /etc/fstab"},
	};

	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = bm_strf("%s%s\n", other, rows[i].line);

		bm_fixture_write(&fixture, "/etc/fstab", text);
		expect(&fixture, rows[i].want);
	}
	bm_fixture_done(&fixture);
}

BM_TEST(check_fstab_hidden)
{
	static const char line[] = "UUID=00000000-1111-2222-3333-444444444444 /data xfs defaults 0 0\n";
	struct bm_fixture fixture;

	/* with an unopened LUKS container there, or disks that were not looked at, absence is no proof */
	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, "/etc/fstab", "/dev/mapper/rl-home", line);
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[5].fstype, "crypto_LUKS"), 0);
	expect(&fixture, "warning FSTAB-SYNTAX /etc/fstab; warning FSTAB-DEVICE-UNKNOWN /etc/fstab");
	/* one that is open hides nothing */
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[5].fstype, "xfs"), 0);
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[3].fstype, "crypto_LUKS"), 0);
	expect(&fixture, "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab; warning FSTAB-SYNTAX /etc/fstab");
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[3].fstype, "LVM2_member"), 0);
	fixture.survey.partial = true;
	expect(&fixture, "warning FSTAB-SYNTAX /etc/fstab; warning FSTAB-DEVICE-UNKNOWN /etc/fstab");
	bm_fixture_done(&fixture);
}

BM_TEST(check_fstab_missing)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_remove(&fixture, "/etc/fstab");
	expect(&fixture, "warning FSTAB-MISSING /etc/fstab");
	bm_fixture_fifo(&fixture, "/etc/fstab");
	expect(&fixture, "warning SYSTEM-UNREADABLE");
	bm_fixture_data(&fixture, "/etc/fstab", (size_t)2 << 30);
	expect(&fixture, "warning SYSTEM-UNREADABLE");
	bm_fixture_done(&fixture);
}

BM_TEST(check_modules)
{
	struct bm_fixture fixture;
	static const char dir[] = "/lib/modules/" EL9_NEW;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/" EL9_NEW "/modules.dep");
	expect(&fixture, "warning MODULES-DEP-MISSING /lib/modules/" EL9_NEW);
	bm_fixture_data(&fixture, "/usr/lib/modules/" EL9_NEW "/modules.dep", 0);
	expect(&fixture, "warning MODULES-DEP-MISSING /lib/modules/" EL9_NEW);
	bm_fixture_modules(&fixture, "/usr/lib/modules/" EL9_NEW);
	bm_fixture_write(&fixture, "/usr/lib/modules/" EL9_NEW "/extra/new.ko", "module");
	bm_fixture_touch(&fixture, "/usr/lib/modules/" EL9_NEW "/extra", 60);
	expect(&fixture, "note MODULES-DEP-STALE /lib/modules/" EL9_NEW);
	BM_CHECK_STR(bm_system_kernel(bm_fixture_system(&fixture), EL9_NEW)->modules_dir, dir);
	bm_fixture_remove(&fixture, "/usr/lib/modules/" EL9_NEW);
	expect(&fixture, "warning MODULES-MISSING /boot/vmlinuz-" EL9_NEW);
	/* what an uninstalled kernel leaves behind is no modules */
	bm_fixture_link(&fixture, "/usr/lib/modules/" EL9_NEW "/build", "/usr/src/kernels/" EL9_NEW);
	expect(&fixture, "warning MODULES-MISSING /boot/vmlinuz-" EL9_NEW);
	bm_fixture_done(&fixture);

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/5.14.0-70.el9.x86_64");
	expect(&fixture, "warning KERNEL-NO-MODULES /boot/vmlinuz-5.14.0-70.el9.x86_64");
	bm_fixture_done(&fixture);
}

BM_TEST(check_root_unknown)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_env(&fixture, "/boot/grub/grubenv", "saved_entry=0\n");
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", "linux	/boot/vmlinuz-6.1.0-27-amd64 root=UUID=d1201a77",
		"linux	/boot/vmlinuz-6.1.0-27-amd64 root=UUID=00001a77");
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /boot/grub/grub.cfg");
	bm_fixture_done(&fixture);

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_edit(&fixture, EL9_ENTRY, "root=/dev/mapper/rl-root", "root=/dev/mapper/rl-gone");
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN " EL9_ENTRY);
	/* what this machine cannot know */
	bm_fixture_edit(&fixture, EL9_ENTRY, "root=/dev/mapper/rl-gone", "root=/dev/hdx9");
	expect(&fixture, "");
	bm_fixture_edit(&fixture, EL9_ENTRY, "root=/dev/hdx9", "root=/dev/sdx9");
	expect(&fixture, "warning CMDLINE-ROOT-UNKNOWN " EL9_ENTRY);
	bm_fixture_edit(&fixture, EL9_ENTRY, "root=/dev/sdx9", "root=PARTUUID=0-1/PARTNROFF=1");
	expect(&fixture, "");
	bm_fixture_edit(&fixture, EL9_ENTRY, "root=PARTUUID=0-1/PARTNROFF=1", "root=nfs:10.0.0.1:/root");
	expect(&fixture, "note ROOT-REMOTE " EL9_ENTRY);
	bm_fixture_done(&fixture);
}

/* A clone of the disk is attached: what both carry is not missing, whichever is meant. */
BM_TEST(check_twins)
{
	struct bm_fixture fixture;

	bm_fixture_make("fedora-btrfs", &fixture);
	bm_fixture_edit(&fixture, "/boot/loader/entries/0a1b2c3d4e5f60718293a4b5c6d7e8f9-6.14.0-63.fc42.x86_64.conf",
		"root=UUID=f41a3c77-aaaa-4bbb-8ccc-ddddeeee0001", "root=LABEL=fedora");
	expect(&fixture, "");
	for (int i = 0; i < 2; i++) {
		struct bm_devices *devices = &fixture.survey.devices;
		struct bm_device *twin = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);

		*twin = (struct bm_device){.kind = BM_DEVICE_PARTITION,
			.name = strdup("vdx"),
			.fstype = strdup("btrfs"),
			.uuid = strdup("f41a3c77-aaaa-4bbb-8ccc-ddddeeee0001"),
			.label = strdup("fedora")};
	}
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_no_tool)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, "/usr/bin/dracut");
	expect(&fixture, "warning TOOL-MISSING");
	bm_fixture_done(&fixture);

	/* a tool that is not called is one all the same */
	bm_fixture_make("arch", &fixture);
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/usr/bin/dracut");
	bm_fixture_write(&fixture, "/usr/bin/mkinitcpio", "#!/bin/bash\n");
	expect(&fixture, "note TOOL-FOREIGN");
	BM_CHECK(strstr(fixture.findings.items[0].evidence, "`mkinitcpio -P`"));
	bm_fixture_done(&fixture);
}

static void add_problem(struct bm_proof *proof, enum bm_proof_kind kind)
{
	struct bm_proof_problem *problem = BM_VEC_PUSH(proof->problems, proof->n_problems, proof->cap_problems);

	*problem = (struct bm_proof_problem){.kind = kind, .text = strdup("evidence")};
}

/* Every problem of the proof that stops a boot becomes a fatal finding that a rebuild cures. */
BM_TEST(check_proof_problems)
{
	static const struct {
		enum bm_proof_kind kind;
		enum bm_finding_id id;
	} rows[] = {
		{BM_PROOF_TRUNCATED, BM_FINDING_INITRAMFS_TRUNCATED},
		{BM_PROOF_CORRUPT, BM_FINDING_INITRAMFS_CORRUPT},
		{BM_PROOF_EMPTY, BM_FINDING_INITRAMFS_EMPTY},
		{BM_PROOF_COMPRESSION, BM_FINDING_INITRAMFS_COMPRESSION},
		{BM_PROOF_NO_INIT, BM_FINDING_INITRAMFS_NO_INIT},
		{BM_PROOF_INIT_LIBRARY, BM_FINDING_INITRAMFS_NO_INIT},
		{BM_PROOF_WRONG_VERSION, BM_FINDING_INITRAMFS_WRONG_KERNEL},
		{BM_PROOF_MODULES_DEP, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
		{BM_PROOF_NO_STORAGE_DRIVER, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
		{BM_PROOF_NO_FS_DRIVER, BM_FINDING_INITRAMFS_NO_FS_DRIVER},
		{BM_PROOF_NO_TOOL, BM_FINDING_INITRAMFS_NO_LVM},
	};
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_survey(&fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_findings findings = {0};
		struct bm_proof proof = {0};

		add_problem(&proof, rows[i].kind);
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), &proof, &findings), 0);
		BM_CHECK_INT(findings.n, 1);
		BM_CHECK_INT(findings.items[0].id, rows[i].id);
		BM_CHECK_STR(findings.items[0].file, EL9_IMAGE);
		BM_CHECK(is_cured(&findings));
		bm_findings_done(&findings);
		bm_proof_done(&proof);
	}
	bm_fixture_done(&fixture);
}

/* The catalogue: unique upper-case ids, each with a text. */
BM_TEST(check_catalogue)
{
	for (int i = 0; i < BM_FINDING_COUNT; i++) {
		const struct bm_finding_kind *kind = &bm_finding_kinds[i];

		BM_CHECK(kind->id && kind->text && *kind->text);
		BM_CHECK_INT(strspn(kind->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"), strlen(kind->id));
		for (int other = 0; other < i; other++)
			BM_CHECK(strcmp(kind->id, bm_finding_kinds[other].id) != 0);
	}
}
