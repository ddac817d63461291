/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether Secure Boot is on, by the firmware's variables, and what that means for unsigned modules.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "proof/needs.h"
#include "t_system_fixture.h"

#define GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM   "/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"

/* A variable of efivarfs: four bytes of attributes and the value's; "" for none. */
static void put(struct bm_fixture *fixture, const char *path, const char *bytes)
{
	_cleanup_free_ char *host = bm_strf("%s%s", fixture->dir, path);
	FILE *file = *bytes ? fopen(host, "w") : NULL;
	unsigned int value;

	if (!*bytes)
		return;
	BM_CHECK(file != NULL);
	for (const char *at = bytes; *at; at += 2) {
		BM_CHECK_INT(sscanf(at, "%2x", &value), 1);
		fputc((int)value, file);
	}
	fclose(file);
}

BM_TEST(firmware_secure_boot)
{
	static const struct {
		const char *on, *setup, *shim;
		bool want;
	} rows[] = {
		{"0600000001", "0600000000", "", true},
		{"0600000001", "", "", true},
		{"0600000000", "0600000000", "", false},
		{"0600000001", "0600000001", "", false},
		{"", "", "", false},
		/* a variable that is cut */
		{"06000000", "", "", false},
		/* shim was told to check nothing; its variable never outlasts a boot */
		{"0600000001", "0600000000", "0600000001", false},
		{"0600000001", "0600000000", "0600000000", true},
		{"0600000001", "0600000000", "0700000001", true},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_firmware firmware = {0};
		struct bm_fixture fixture;

		bm_fixture_make(NULL, &fixture);
		put(&fixture, "/SecureBoot" GLOBAL, rows[i].on);
		put(&fixture, "/SetupMode" GLOBAL, rows[i].setup);
		put(&fixture, SHIM, rows[i].shim);
		BM_CHECK_INT(bm_firmware_read(fixture.dir, &firmware), 0);
		BM_CHECK_INT(firmware.secure_boot, rows[i].want);
		bm_firmware_done(&firmware);
		bm_fixture_done(&fixture);
	}
}

BM_TEST(firmware_that_locks_the_kernel_down)
{
	static const struct {
		const char *config;
		bool secure_boot, want;
	} rows[] = {
		{"CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT=y\n", true, true},
		{"CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT=y\n", false, false},
		{"# CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT is not set\n", true, false},
		{"CONFIG_MODULE_SIG_FORCE=y\n", false, true},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		struct bm_needs needs = {0};

		bm_fixture_make("debian12", &fixture);
		bm_fixture_write(&fixture, "/boot/config-6.1.0-27-amd64", rows[i].config);
		bm_fixture_survey(&fixture);
		fixture.survey.machine.firmware.secure_boot = rows[i].secure_boot;
		BM_CHECK_INT(bm_needs_read(&fixture.survey, bm_fixture_system(&fixture),
				     bm_system_kernel(bm_fixture_system(&fixture), "6.1.0-27-amd64"), false, &needs),
			0);
		BM_CHECK_INT(bm_needs_for_proof(&needs).signatures_forced != NULL, rows[i].want);
		bm_needs_done(&needs);
		bm_fixture_done(&fixture);
	}
}
