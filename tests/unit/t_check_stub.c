/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grub.cfg on the ESP that leads to the one in /boot: told where GRUB's program reads it and it leads nowhere, and
 * nowhere else.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define STUB	 "/boot/efi/EFI/rocky/grub.cfg"
#define UUID	 "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0001"
#define GONE	 "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee9999"
#define FATAL	 "fatal GRUB-STUB-ASTRAY " STUB
#define DOUBTFUL "warning GRUB-STUB-ASTRAY " STUB

/* GRUB's program, with the folder in which it begins. */
static void put_program(struct bm_fixture *fixture, const char *begins)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	bm_fixture_write(fixture, "/boot/efi/EFI/rocky/grubx64.efi", "MZ");
	path = bm_path_join(fixture->dir, "boot/efi/EFI/rocky/grubx64.efi");
	file = path ? fopen(path, "w") : NULL;
	BM_CHECK(file != NULL);
	if (file) {
		fprintf(file, "MZ%c%s%c", 0, begins, 0);
		BM_CHECK_INT(fclose(file), 0);
	}
}

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

BM_TEST(stub_leads_on_or_not)
{
	static const struct {
		const char *program; /* NULL: there is none */
		const char *from;    /* in the stub, by to; NULL: nothing is changed */
		const char *to, *want;
	} rows[] = {
		{"/EFI/rocky", NULL, NULL, ""},
		{"/EFI/rocky", UUID, GONE, FATAL},
		{"/EFI/rocky", "($dev)/grub2", "($dev)/boot/grub2", FATAL},
		/* what grub-install made does not read it */
		{"(,gpt2)/grub2", UUID, GONE, ""},
		{"/EFI/rocky2", UUID, GONE, ""},
		{NULL, UUID, GONE, ""},
		/* another filesystem, which is there, may be meant */
		{"/EFI/rocky", UUID, "9c1a3c77-aaaa-4bbb-8ccc-ddddeeee0003", ""},
		/* it does more */
		{"/EFI/rocky", "search --no-floppy --fs-uuid --set=dev " UUID, "cryptomount -u 1\nsearch.fs_uuid " GONE,
			""},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;

		bm_fixture_make("el9-uefi", &fixture);
		if (rows[i].program)
			put_program(&fixture, rows[i].program);
		if (rows[i].from)
			bm_fixture_edit(&fixture, STUB, rows[i].from, rows[i].to);
		expect(&fixture, rows[i].want);
		bm_fixture_done(&fixture);
	}
}

BM_TEST(stub_is_not_there)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, STUB);
	expect(&fixture, "");
	put_program(&fixture, "/EFI/rocky");
	expect(&fixture, FATAL);
	bm_fixture_write(&fixture, STUB, "");
	expect(&fixture, FATAL);
	/* It may be that the machine starts by BIOS. */
	bm_fixture_write(&fixture, "/boot/grub2/i386-pc/core.img", "x");
	expect(&fixture, DOUBTFUL);
	bm_fixture_done(&fixture);
}

/* The configuration is gone, and an old link names the stub: that is not what is to be written anew. */
BM_TEST(stub_is_no_home)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_link(&fixture, "/etc/grub2-efi.cfg", "../boot/efi/EFI/rocky/grub.cfg");
	bm_fixture_remove(&fixture, "/boot/grub2/grub.cfg");
	expect(&fixture, "fatal GRUB-CONFIG-MISSING /boot/grub2/grub.cfg");
	/* One that is no stub is the configuration itself, and is told for what it is. */
	bm_fixture_write(&fixture, STUB, "");
	expect(&fixture, "fatal GRUB-CONFIG-MISSING " STUB);
	BM_CHECK_STR(bm_fixture_system(&fixture)->loader.config_problem, "has no bytes");
	bm_fixture_done(&fixture);
}
