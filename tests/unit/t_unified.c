/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified kernel images as boot entries.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/verdict.h"
#include "harness.h"
#include "plan/plan.h"
#include "firmware_maker.h"

#define VERSION "6.12.48+deb13-amd64"
#define ROOT	"root=UUID=5db00a77-aaaa-4bbb-8ccc-ddddeeee0002"
#define CONF	"/efi/loader/loader.conf"
#define ENTRIES "/efi/loader/entries"

enum { ALIGN = 512, HEADER = 4096, SECTION = 40, FIRST_SECTION = 0x80 + 24 + 0xf0 };

static void put(struct bm_buf *out, size_t at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		out->data[at + i] = (char)(value >> (8 * i));
}

static void pad(struct bm_buf *out, size_t to)
{
	while (out->len < to)
		bm_buf_addc(out, '\0');
}

static void put_section(struct bm_buf *out, const char *name, const void *bytes, size_t len)
{
	size_t at = FIRST_SECTION + SECTION * (size_t)(uint8_t)out->data[0x86], offset = out->len;

	memcpy(out->data + at, name, strlen(name));
	put(out, at + 8, len, 4);
	put(out, at + 12, offset, 4);
	put(out, at + 16, (len + ALIGN - 1) / ALIGN * ALIGN, 4);
	put(out, at + 20, offset, 4);
	out->data[0x86]++;
	bm_buf_add(out, bytes, len);
	pad(out, (out->len + ALIGN - 1) / ALIGN * ALIGN);
}

static void write_bytes(const struct bm_fixture *fixture, const char *path, const struct bm_buf *bytes)
{
	_cleanup_free_ char *host = bm_strf("%s%s", fixture->dir, path);
	FILE *file = fopen(host, "we");

	BM_CHECK(file && fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
	BM_CHECK_INT(fclose(file), 0);
}

/* What an image has: each may be NULL, and is left out then. */
struct parts {
	const char *osrel, *cmdline, *uname, *initrd;
	bool no_kernel;
};

static const struct parts whole = {.osrel = "ID=debian\nVERSION_ID=13\nPRETTY_NAME=\"Debian 13\"\n",
	.cmdline = ROOT " ro\n",
	.uname = VERSION,
	.initrd = "an initramfs"};

static void write_unified(struct bm_fixture *fixture, const char *path, const struct parts *parts)
{
	_cleanup_buf_ struct bm_buf image = {0}, kernel = {0};
	_cleanup_free_ char *host = bm_strf("%s/kernel", fixture->dir);
	const char *const texts[][2] = {{".osrel", parts->osrel}, {".cmdline", parts->cmdline},
		{".uname", parts->uname}, {".initrd", parts->initrd}};
	char chunk[4096];
	FILE *file;

	pad(&image, HEADER);
	memcpy(image.data, "MZ", 2);
	put(&image, 0x3c, 0x80, 4);
	memcpy(image.data + 0x80, "PE\0\0\x64\x86", 6);
	put(&image, 0x94, 0xf0, 2);
	put(&image, 0x98, 0x20b, 2);
	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		if (texts[i][1])
			put_section(&image, texts[i][0], texts[i][1], strlen(texts[i][1]));
	bm_fixture_kernel(fixture, "/kernel", VERSION);
	file = fopen(host, "re");
	BM_CHECK(file != NULL);
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
		bm_buf_add(&kernel, chunk, n);
	fclose(file);
	put_section(&image, ".linux", parts->no_kernel ? "nothing" : kernel.data, parts->no_kernel ? 7 : kernel.len);
	bm_fixture_remove(fixture, "/kernel");
	bm_fixture_write(fixture, path, "");
	write_bytes(fixture, path, &image);
}

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

/* The id of the default entry. */
static const char *default_id(const struct bm_fixture *fixture)
{
	const struct bm_loader *loader = &fixture->survey.systems.items[0].loader;

	return loader->default_entry >= 0 ? loader->entries[loader->default_entry].entry.id : "none";
}

/* A system that boots nothing but unified images. */
static void make_alone(struct bm_fixture *fixture)
{
	bm_fixture_make("systemd-boot", fixture);
	bm_fixture_remove(fixture, ENTRIES);
	bm_fixture_remove(fixture, "/efi/4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1");
	bm_fixture_remove(fixture, "/usr/lib/modules/6.12.43+deb13-amd64");
}

BM_TEST(unified_entries_are_judged)
{
	static const char path[] = "/efi/EFI/Linux/debian.efi";
	const struct bm_boot_entry *entry;
	struct bm_fixture fixture;

	make_alone(&fixture);
	write_unified(&fixture, path, &whole);
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "debian.efi");
	entry = &fixture.survey.systems.items[0].loader.entries[0];
	BM_CHECK(entry->unified && entry->kernel_exists && entry->initramfs_exists && !entry->kernel_problem);
	BM_CHECK_STR(entry->kernel, path);
	BM_CHECK_STR(entry->initramfs, path);
	BM_CHECK_STR(entry->version, VERSION);
	BM_CHECK_STR(entry->entry.title, "Debian 13");
	BM_CHECK_STR(entry->entry.cmdline, ROOT " ro");
	/* where a rebuild writes to is never the image itself */
	BM_CHECK_STR(bm_system_default_kernel(&fixture.survey.systems.items[0])->initramfs_path,
		"/boot/initrd.img-" VERSION);
	bm_fixture_done(&fixture);
}

BM_TEST(unified_without_uname_has_the_version_of_its_kernel)
{
	struct parts parts = whole;
	struct bm_fixture fixture;

	make_alone(&fixture);
	parts.uname = NULL;
	write_unified(&fixture, "/efi/EFI/Linux/debian.efi", &parts);
	expect(&fixture, "");
	BM_CHECK_STR(fixture.survey.systems.items[0].loader.entries[0].version, VERSION);
	bm_fixture_done(&fixture);
}

/* What is wrong inside is told, and is nothing that a repair of bootmend mends. */
BM_TEST(unified_faults_are_mended_by_hand)
{
	static const char path[] = "/efi/EFI/Linux/debian.efi";
	struct bm_fixture fixture;
	struct parts parts = whole;
	struct bm_plan plan = {0};
	struct bm_plan_request request = {0};
	enum bm_plan_refusal refusal;

	make_alone(&fixture);
	parts.cmdline = "\n";
	write_unified(&fixture, path, &parts);
	expect(&fixture, "fatal ENTRY-NO-ROOT /efi/EFI/Linux/debian.efi");
	BM_CHECK(bm_finding_is_instruction(&fixture.findings.items[0]));
	BM_CHECK(strstr(bm_finding_advice(&fixture.findings.items[0]), "ukify") != NULL);
	request.findings = &fixture.findings;
	BM_CHECK_INT(bm_plan_make(&fixture.survey, &fixture.survey.systems.items[0], &request, &plan, &refusal), 0);
	BM_CHECK_INT(refusal, BM_PLAN_NOTHING);
	BM_CHECK_INT((long)plan.n_steps, 0);
	BM_CHECK(plan.instructions.n > 0 && strstr(plan.instructions.items[0], "unified kernel image"));
	bm_plan_done(&plan);

	parts.cmdline = "root=UUID=00000000-1111-2222-3333-444444444444";
	write_unified(&fixture, path, &parts);
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /efi/EFI/Linux/debian.efi");
	BM_CHECK(bm_finding_is_instruction(&fixture.findings.items[0]));

	parts = whole;
	parts.initrd = NULL;
	write_unified(&fixture, path, &parts);
	expect(&fixture, "fatal ENTRY-NO-INITRD /efi/EFI/Linux/debian.efi");
	BM_CHECK(bm_finding_is_instruction(&fixture.findings.items[0]));

	parts = whole;
	parts.no_kernel = true;
	write_unified(&fixture, path, &parts);
	expect(&fixture, "fatal KERNEL-DAMAGED /efi/EFI/Linux/debian.efi");
	bm_fixture_done(&fixture);
}

/* systemd-boot leaves out what has no name, and what is no such image. */
BM_TEST(unified_left_out)
{
	struct parts parts = whole;
	struct bm_fixture fixture;

	bm_fixture_make("systemd-boot", &fixture);
	bm_fixture_data(&fixture, "/efi/EFI/Linux/zeros.efi", 100);
	parts.osrel = NULL;
	write_unified(&fixture, "/efi/EFI/Linux/nameless.efi", &parts);
	expect(&fixture, "");
	BM_CHECK_INT((long)fixture.survey.systems.items[0].loader.n_entries, 2);
	bm_fixture_done(&fixture);
}

/* The order of type 1 and type 2 entries: sort-key, machine-id (which images have not), version; then loader.conf. */
BM_TEST(unified_beside_entries)
{
	struct parts parts = whole;
	struct bm_fixture fixture;

	bm_fixture_make("systemd-boot", &fixture);
	write_unified(&fixture, "/efi/EFI/Linux/debian+3-1.efi", &whole);
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "debian.efi");
	bm_fixture_write(&fixture, CONF, "default 4d2c*-6.12.48*\n");
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1-" VERSION);
	/* a later sort-key comes behind */
	bm_fixture_write(&fixture, CONF, "timeout 3\n");
	parts.osrel = "ID=zebra\nNAME=Zebra\n";
	bm_fixture_remove(&fixture, "/efi/EFI/Linux/debian+3-1.efi");
	write_unified(&fixture, "/efi/EFI/Linux/zebra.efi", &parts);
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "4d2c0c5fa9c64f3fb9e2f1a0c7b8d9e1-" VERSION);
	bm_fixture_write(&fixture, CONF, "default zebra.efi\n");
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "zebra.efi");
	bm_fixture_done(&fixture);
}

/* A BLS file may name the image by itself. */
BM_TEST(unified_named_by_a_bls_file)
{
	static const char file[] = ENTRIES "/own.conf";
	struct parts parts = whole;
	struct bm_fixture fixture;

	make_alone(&fixture);
	write_unified(&fixture, "/efi/own/image.efi", &whole);
	bm_fixture_write(&fixture, file, "title Own\nuki /own/image.efi\n");
	expect(&fixture, "");
	BM_CHECK(fixture.survey.systems.items[0].loader.entries[0].unified);
	parts.cmdline = "root=UUID=0000-1111";
	write_unified(&fixture, "/efi/own/image.efi", &parts);
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /efi/own/image.efi");
	BM_CHECK(fixture.findings.items[0].by_hand);
	bm_fixture_write(&fixture, file, "title Own\nefi /own/image.efi\noptions root=UUID=0000-1111\n");
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN " ENTRIES "/own.conf");
	bm_fixture_done(&fixture);
}

/* Without any loader the firmware starts the image; of several it is not seen which. */
BM_TEST(unified_started_by_the_firmware)
{
	struct bm_fixture fixture;

	make_alone(&fixture);
	bm_fixture_remove(&fixture, "/efi/EFI/systemd");
	bm_fixture_remove(&fixture, "/efi/loader");
	bm_fixture_remove(&fixture, "/boot/loader");
	write_unified(&fixture, "/efi/EFI/Linux/one.efi", &whole);
	expect(&fixture, "");
	BM_CHECK_INT(fixture.survey.systems.items[0].loader.kind, BM_LOADER_FIRMWARE);
	write_unified(&fixture, "/efi/EFI/Linux/two.efi", &whole);
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_NOT_JUDGED) != NULL);
	BM_CHECK_INT((long)bm_findings_count(&fixture.findings, BM_SEVERITY_FATAL), 0);
	bm_fixture_done(&fixture);
}

/* Of several it is the one that the firmware's entry names, in any folder, and beside any loader. */
BM_TEST(unified_named_by_the_firmware)
{
	static const struct bm_firmware_row first[] = {BM_FIRMWARE_ROW("a", "e5000001-", "\\EFI\\Linux\\a.efi")},
					    own[] = {BM_FIRMWARE_ROW("own", "e5000001-", "\\EFI\\own\\own.efi")},
					    with[] = {{.name = "a",
						    .partuuid = "e5000001-",
						    .path = "\\EFI\\Linux\\a.efi",
						    .arguments = "root=/dev/sda1"}};
	struct parts broken = whole;
	struct bm_fixture fixture;

	make_alone(&fixture);
	broken.cmdline = "root=UUID=0000-1111";
	for (size_t i = 0; i < fixture.survey.devices.n; i++)
		if (bm_streq(fixture.survey.devices.items[i].name, "nvme0n1p1"))
			BM_CHECK_INT(bm_str_set(&fixture.survey.devices.items[i].partuuid,
					     "e5000001-0000-0000-0000-000000000000"),
				0);
	write_unified(&fixture, "/efi/EFI/Linux/a.efi", &broken);
	write_unified(&fixture, "/efi/EFI/Linux/b.efi", &whole);
	write_unified(&fixture, "/efi/EFI/own/own.efi", &whole);
	bm_fixture_firmware(&fixture, first, 1);
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /efi/EFI/Linux/a.efi");
	BM_CHECK_INT(bm_fixture_system(&fixture)->loader.kind, BM_LOADER_FIRMWARE);
	bm_fixture_firmware(&fixture, own, 1);
	expect(&fixture, "");
	BM_CHECK_STR(default_id(&fixture), "own.efi");
	bm_fixture_write(&fixture, "/boot/grub/grub.cfg", "menuentry Old {\n linux /vmlinuz-gone\n}\n");
	expect(&fixture, "note LOADER-SEVERAL /efi/loader/loader.conf");
	bm_fixture_remove(&fixture, "/boot/grub/grub.cfg");
	/* the stub may take arguments from the firmware */
	bm_fixture_firmware(&fixture, with, 1);
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_NOT_JUDGED) != NULL);
	bm_fixture_done(&fixture);
}

/* GRUB hands over to it. */
BM_TEST(unified_chained_by_grub)
{
	static const char cfg[] = "/boot/grub/grub.cfg";
	struct parts parts = whole;
	struct bm_fixture fixture;
	const struct bm_boot_entry *entry;

	make_alone(&fixture);
	bm_fixture_remove(&fixture, "/efi/EFI/systemd");
	bm_fixture_remove(&fixture, CONF);
	bm_fixture_write(&fixture, cfg,
		"menuentry Debian {\n search --fs-uuid --set=root 0E5F-1234\n chainloader /EFI/Linux/debian.efi\n}\n");
	write_unified(&fixture, "/efi/EFI/Linux/debian.efi", &whole);
	expect(&fixture, "");
	entry = &fixture.survey.systems.items[0].loader.entries[0];
	BM_CHECK(entry->unified && entry->entry.kind == BM_ENTRY_LINUX && entry->initramfs_exists);
	BM_CHECK_STR(entry->version, VERSION);
	BM_CHECK_STR(entry->entry.cmdline, ROOT " ro");
	/* what is wrong inside is told of the image, and mended by hand */
	parts.cmdline = "root=UUID=0000-1111";
	write_unified(&fixture, "/efi/EFI/Linux/debian.efi", &parts);
	expect(&fixture, "fatal CMDLINE-ROOT-UNKNOWN /efi/EFI/Linux/debian.efi");
	BM_CHECK(fixture.findings.items[0].by_hand);
	bm_fixture_edit(&fixture, cfg, "debian.efi\n", "debian.efi " ROOT "\n");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/efi/EFI/Linux/debian.efi");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING /boot/grub/grub.cfg");
	bm_fixture_edit(&fixture, cfg, " " ROOT, "");
	expect(&fixture, "fatal ENTRY-KERNEL-MISSING /boot/grub/grub.cfg");
	/* another loader is another loader, there or not */
	bm_fixture_edit(&fixture, cfg, "/EFI/Linux/debian.efi", "/EFI/Microsoft/Boot/bootmgfw.efi");
	expect(&fixture, "warning BOOT-NOT-JUDGED /boot/grub/grub.cfg");
	bm_fixture_done(&fixture);
}
