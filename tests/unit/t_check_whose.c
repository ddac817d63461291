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
