/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels and images: what configurations say, the room in /boot, single entries, and what the proof's problems become.
 */
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define ARCH_CFG   "/boot/grub/grub.cfg"
#define ARCH_VER   "6.12.1-arch1-1"
#define ARCH_CONF  "/boot/config-" ARCH_VER
#define ARCH_IMAGE "/boot/initramfs-linux.img"
#define ARCH_UUID  "root=UUID=a4c40a77-aaaa-4bbb-8ccc-ddddeeee0001"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* arch with a configuration; root and initrd as wanted. */
static void expect_config(const char *config, const char *root, bool initrd, bool modules, const char *want)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_write(&fixture, ARCH_CONF, config);
	bm_fixture_edit(&fixture, ARCH_CFG, ARCH_UUID, root);
	if (!initrd)
		bm_fixture_edit(&fixture, ARCH_CFG, "initrd	/boot/intel-ucode.img /boot/initramfs-linux.img", "");
	if (!modules) {
		bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.dep", "kernel/fs/fat/fat.ko:\n");
		bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.alias", "alias fs-vfat vfat\n");
	}
	expect(&fixture, want);
	bm_fixture_done(&fixture);
}

BM_TEST(check_config_without_initrd)
{
	static const char off[] = "# CONFIG_BLK_DEV_INITRD is not set\nCONFIG_EXT4_FS=y\nCONFIG_MODULES=y\n";

	expect_config(off, ARCH_UUID, true, true, "fatal KERNEL-CONFIG-NO-INITRD " ARCH_CONF);
	/* it finds the root by itself, and has what that needs built in */
	expect_config(off, "root=PARTUUID=0f2fa2a1-01", true, true, "warning KERNEL-CONFIG-NO-INITRD " ARCH_CONF);
	expect_config(off, "root=PARTUUID=0f2fa2a1-01", false, true, "note ENTRY-NO-INITRD " ARCH_CFG);
	/* a configuration that does not name the option says nothing */
	expect_config("CONFIG_EXT4_FS=m\n", ARCH_UUID, true, true, "");
	expect_config("", ARCH_UUID, true, true, "");
	expect_config("CONFIG_BLK_DEV_INITRD=y\n", ARCH_UUID, true, true, "");
}

BM_TEST(check_config_decides_about_an_entry_without_initrd)
{
	/* the root's filesystem is a module: only an initramfs can load it */
	expect_config("CONFIG_BLK_DEV_INITRD=y\nCONFIG_EXT4_FS=m\n", "root=/dev/sda1", false, true,
		"fatal ENTRY-NO-INITRD " ARCH_CFG);
	expect_config("CONFIG_BLK_DEV_INITRD=y\nCONFIG_EXT4_FS=y\n", "root=/dev/sda1", false, true,
		"note ENTRY-NO-INITRD " ARCH_CFG);
	expect_config("CONFIG_BLK_DEV_INITRD=y\nCONFIG_EXT4_FS=y\nCONFIG_SATA_AHCI=m\n", "root=/dev/sda1", false, true,
		"fatal ENTRY-NO-INITRD " ARCH_CFG);
	/* it brings an initramfs inside itself */
	expect_config("CONFIG_BLK_DEV_INITRD=y\nCONFIG_INITRAMFS_SOURCE=\"/root/x.cpio\"\n", ARCH_UUID, false, true,
		"warning ENTRY-NO-INITRD " ARCH_CFG);
}

BM_TEST(check_config_without_driver)
{
	static const char off[] = "CONFIG_BLK_DEV_INITRD=y\n# CONFIG_EXT4_FS is not set\n";

	expect_config(off, ARCH_UUID, true, false, "fatal KERNEL-CONFIG-NO-DRIVER " ARCH_CONF);
	/* a module from elsewhere serves it */
	expect_config(off, ARCH_UUID, true, true, "");
	/* the disk's controller; another driver may serve it, too */
	expect_config("CONFIG_BLK_DEV_INITRD=y\n# CONFIG_SATA_AHCI is not set\n", ARCH_UUID, true, false,
		"fatal KERNEL-CONFIG-NO-DRIVER " ARCH_CONF);
	/* other filesystems and other controllers are none of the root's business */
	expect_config("CONFIG_BLK_DEV_INITRD=y\n# CONFIG_XFS_FS is not set\n# CONFIG_BLK_DEV_NVME is not set\n",
		ARCH_UUID, true, false, "");
}

BM_TEST(check_config_names_its_line)
{
	const struct bm_finding *finding;
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_write(&fixture, ARCH_CONF, "CONFIG_A=y\n# CONFIG_EXT4_FS is not set\nCONFIG_BLK_DEV_INITRD=y\n");
	bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.dep", "kernel/fs/fat/fat.ko:\n");
	bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.alias", "alias fs-vfat vfat\n");
	bm_fixture_survey(&fixture);
	BM_CHECK_INT(fixture.findings.n, 1);
	finding = &fixture.findings.items[0];
	BM_CHECK_STR(finding->subject, ARCH_VER);
	BM_CHECK_INT(finding->line, 2);
	BM_CHECK_STR(finding->excerpt, "# CONFIG_EXT4_FS is not set");
	bm_fixture_done(&fixture);
}

/* An image file may be booted on any hardware: what the disk hangs on here says nothing. */
BM_TEST(check_config_in_an_image_file)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_write(&fixture, ARCH_CONF, "CONFIG_BLK_DEV_INITRD=y\n# CONFIG_SATA_AHCI is not set\n");
	bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.dep", "kernel/fs/fat/fat.ko:\n");
	bm_fixture_write(&fixture, "/usr/lib/modules/" ARCH_VER "/modules.alias", "alias fs-vfat vfat\n");
	BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[0].image, "/x.img"), 0);
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_kernel_without_modules)
{
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/modules/" ARCH_VER);
	expect(&fixture, "warning MODULES-MISSING /boot/vmlinuz-linux");
	BM_CHECK_STR(fixture.findings.items[0].subject, ARCH_VER);
	/* that it has none is its configuration's will */
	bm_fixture_write(&fixture, ARCH_CONF, "CONFIG_BLK_DEV_INITRD=y\n# CONFIG_MODULES is not set\n");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(check_room)
{
	struct bm_findings findings = {0};
	struct bm_fixture fixture;
	struct bm_system *system;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_survey(&fixture);
	system = bm_fixture_system(&fixture);
	for (size_t i = 0; i < system->n_mounts; i++)
		if (bm_streq(system->mounts[i].target, "/boot")) {
			system->mounts[i].space_known = true;
			system->mounts[i].free_bytes = 39999999;
			system->mounts[i].total_bytes = 500000000;
		}
	BM_CHECK_INT(bm_check_system(&fixture.survey, system, NULL, &findings), 0);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].id, BM_FINDING_BOOT_FULL);
	BM_CHECK_STR(findings.items[0].subject, "/boot");
	bm_findings_done(&findings);
	for (size_t i = 0; i < system->n_mounts; i++)
		system->mounts[i].free_bytes = 40000000;
	BM_CHECK_INT(bm_check_system(&fixture.survey, system, NULL, &findings), 0);
	BM_CHECK_INT(findings.n, 0);
	bm_findings_done(&findings);
	bm_fixture_done(&fixture);
}

static size_t entry_named(const struct bm_system *system, const char *title)
{
	size_t i = 0;

	while (i < system->loader.n_entries && !bm_streq(system->loader.entries[i].entry.title, title))
		i++;
	BM_CHECK(i < system->loader.n_entries);
	return i;
}

BM_TEST(check_single_entries)
{
	static const char fallback[] = "Arch Linux, with Linux linux (fallback initramfs)";
	struct bm_findings findings = {0};
	const struct bm_system *system;
	struct bm_fixture fixture;

	/* the fallback image is gone, and fstab is broken: only the first is that entry's */
	bm_fixture_make("arch", &fixture);
	bm_fixture_remove(&fixture, "/boot/initramfs-linux-fallback.img");
	bm_fixture_write(&fixture, "/etc/fstab", "LABEL=gone /data ext4 defaults 0 0\n");
	expect(&fixture, "fatal FSTAB-DEVICE-UNKNOWN /etc/fstab");
	system = bm_fixture_system(&fixture);
	BM_CHECK_INT(bm_check_entry(&fixture.survey, system, entry_named(system, fallback), NULL, &findings), 0);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].id, BM_FINDING_INITRAMFS_MISSING);
	BM_CHECK_STR(findings.items[0].file, "/boot/initramfs-linux-fallback.img");
	BM_CHECK(strstr(findings.items[0].evidence, fallback));
	bm_findings_done(&findings);
	BM_CHECK_INT(bm_check_entry(&fixture.survey, system, entry_named(system, "Arch Linux"), NULL, &findings), 0);
	BM_CHECK_INT(findings.n, 0);
	/* a submenu, and what is not there */
	BM_CHECK_INT(bm_check_entry(&fixture.survey, system, entry_named(system, "Advanced options for Arch Linux"),
			     NULL, &findings),
		0);
	BM_CHECK_INT(bm_check_entry(&fixture.survey, system, 99, NULL, &findings), 0);
	BM_CHECK_INT(findings.n, 0);
	bm_fixture_done(&fixture);
}

BM_TEST(check_assembly_problems)
{
	static const struct {
		enum bm_proof_kind kind;
		const char *subject, *program;
		enum bm_finding_id id;
	} rows[] = {
		{BM_PROOF_NO_TOOL, "lvm", "lvm", BM_FINDING_INITRAMFS_NO_LVM},
		{BM_PROOF_NO_TOOL, "cryptsetup", "cryptsetup", BM_FINDING_INITRAMFS_NO_CRYPT},
		{BM_PROOF_TOOL_LIBRARY, "libcryptsetup.so.12", "cryptsetup", BM_FINDING_INITRAMFS_NO_CRYPT},
		{BM_PROOF_NO_STORAGE_DRIVER, "dm_crypt", NULL, BM_FINDING_INITRAMFS_NO_CRYPT},
		{BM_PROOF_NO_TOOL, "mdadm", "mdadm", BM_FINDING_INITRAMFS_NO_MDRAID},
		{BM_PROOF_NO_STORAGE_DRIVER, "raid1", NULL, BM_FINDING_INITRAMFS_NO_MDRAID},
		{BM_PROOF_NO_STORAGE_DRIVER, "ahci", NULL, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	};
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_survey(&fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_findings findings = {0};
		struct bm_proof proof = {0};
		struct bm_proof_problem *problem = BM_VEC_PUSH(proof.problems, proof.n_problems, proof.cap_problems);

		*problem = (struct bm_proof_problem){.kind = rows[i].kind, .text = strdup("evidence")};
		BM_CHECK_INT(bm_str_set(&problem->subject, rows[i].subject), 0);
		BM_CHECK_INT(bm_str_set(&problem->program, rows[i].program), 0);
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), &proof, &findings), 0);
		BM_CHECK_INT(findings.n, 1);
		BM_CHECK_INT(findings.items[0].id, rows[i].id);
		BM_CHECK_STR(findings.items[0].file, ARCH_IMAGE);
		BM_CHECK_STR(findings.items[0].subject, ARCH_VER);
		bm_findings_done(&findings);
		bm_proof_done(&proof);
	}
	bm_fixture_done(&fixture);
}

/* What built the image decides how bad a missing root= and a missing volume are. */
BM_TEST(check_proof_tells_the_builder)
{
	static const struct {
		const char *generator;
		bool brings_root;
		const char *want;
	} rows[] = {
		{"dracut 059-4", false, "fatal"},
		{"dracut 059-4", true, "warning"},
		{"initramfs-tools", false, "fatal"},
		{"booster", false, "warning"},
	};
	struct bm_fixture fixture;

	bm_fixture_make("arch", &fixture);
	bm_fixture_edit(&fixture, ARCH_CFG, ARCH_UUID " ", "");
	bm_fixture_survey(&fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_findings findings = {0};
		struct bm_proof proof = {.verdict = true, .brings_root = rows[i].brings_root};

		BM_CHECK_INT(bm_str_set(&proof.generator, rows[i].generator), 0);
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), &proof, &findings), 0);
		BM_CHECK_INT(findings.n, 1);
		BM_CHECK_INT(findings.items[0].id, BM_FINDING_ENTRY_NO_ROOT);
		BM_CHECK_STR(bm_severity_text(findings.items[0].severity), rows[i].want);
		bm_findings_done(&findings);
		bm_proof_done(&proof);
	}
	bm_fixture_done(&fixture);
}

/* A kernel in the folder that the mount of /boot hides, whose modules are there and which /boot does not have. */
BM_TEST(check_kernels_hidden_by_the_mount_of_boot)
{
	static const struct {
		const char *hidden;
		bool modules, want;
	} rows[] = {
		{"6.13.0-arch1-1", true, true},
		{"6.13.0-arch1-1", false, false},
		/* the same as in /boot */
		{ARCH_VER, true, false},
	};
	struct bm_fixture fixture;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		const struct bm_finding *finding;

		bm_fixture_make("arch", &fixture);
		if (rows[i].modules && !bm_streq(rows[i].hidden, ARCH_VER))
			bm_fixture_modules(&fixture, "/usr/lib/modules/6.13.0-arch1-1");
		bm_fixture_survey(&fixture);
		BM_CHECK_INT(bm_strv_add(&bm_fixture_system(&fixture)->boot_hidden, rows[i].hidden), 0);
		bm_findings_done(&fixture.findings);
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), NULL, &fixture.findings), 0);
		finding = bm_findings_find(&fixture.findings, BM_FINDING_BOOT_HIDDEN);
		BM_CHECK_INT(finding != NULL, rows[i].want);
		if (finding)
			BM_CHECK_STR(finding->subject, rows[i].hidden);
		bm_fixture_done(&fixture);
	}
}

BM_TEST(kernels_in_a_folder_that_will_be_hidden)
{
	struct bm_fixture fixture;
	struct bm_system *system;
	_cleanup_free_ char *all = NULL;

	bm_fixture_make("arch", &fixture);
	/* a name without a version: the image tells */
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-linux", "6.13.0-arch1-1");
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-6.1.0", "6.1.0");
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-0-rescue-1234", "6.1.0");
	bm_fixture_kernel(&fixture, "/boot/vmlinuz-6.2.0.old", "6.2.0");
	bm_fixture_data(&fixture, "/boot/vmlinuz-6.3.0", 4096);
	bm_fixture_survey(&fixture);
	system = bm_fixture_system(&fixture);
	BM_CHECK_INT(bm_system_read_hidden_boot(system), 0);
	all = bm_strv_join(&system->boot_hidden, " ");
	BM_CHECK_STR(all, "6.1.0 6.13.0-arch1-1 6.6.63-1-lts");
	bm_fixture_done(&fixture);
}
