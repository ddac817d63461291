/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fmt/kernel/kconfig.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "harness.h"

static void parse(const char *text, struct bm_kconfig *ret)
{
	BM_CHECK_INT(bm_kconfig_parse(text, strlen(text), ret), 0);
}

BM_TEST(kconfig_reads_a_configuration)
{
	static const char text[] = "#\n"
				   "# Automatically generated file; DO NOT EDIT.\n"
				   "# Linux/x86 6.1.106 Kernel Configuration\n"
				   "#\n"
				   "CONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\n"
				   "CONFIG_GCC_VERSION=120200\n"
				   "CONFIG_BLK_DEV_INITRD=y\n"
				   "CONFIG_INITRAMFS_SOURCE=\"\"\n"
				   "# CONFIG_RD_LZ4 is not set\n"
				   "\n"
				   "# General setup\n"
				   "CONFIG_XFS_FS=m\n"
				   "CONFIG_PHYSICAL_START=0x1000000\n"
				   "CONFIG_CMDLINE=\"root=/dev/sda2 x=\\\"a b\\\"\"\n"
				   "CONFIG_OLD=n\n";
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0};

	parse(text, &kconfig);
	BM_CHECK(!kconfig.truncated);
	BM_CHECK_INT(kconfig.n, 9);
	BM_CHECK_STR(bm_kconfig_get(&kconfig, "CONFIG_BLK_DEV_INITRD"), "y");
	BM_CHECK_STR(bm_kconfig_get(&kconfig, "CONFIG_CMDLINE"), "root=/dev/sda2 x=\"a b\"");
	BM_CHECK_STR(bm_kconfig_get(&kconfig, "CONFIG_INITRAMFS_SOURCE"), "");
	BM_CHECK_STR(bm_kconfig_get(&kconfig, "CONFIG_RD_LZ4"), NULL);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_BLK_DEV_INITRD"), BM_KCONFIG_BUILTIN);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_PHYSICAL_START"), BM_KCONFIG_BUILTIN);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_XFS_FS"), BM_KCONFIG_MODULE);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_RD_LZ4"), BM_KCONFIG_OFF);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_OLD"), BM_KCONFIG_OFF);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_INITRAMFS_SOURCE"), BM_KCONFIG_OFF);
	/* neither part of a name, nor what is not named at all */
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_XFS"), BM_KCONFIG_UNKNOWN);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_BTRFS_FS"), BM_KCONFIG_UNKNOWN);
}

BM_TEST(kconfig_survives_anything)
{
	static const struct {
		const char *text;
		size_t options;
		enum bm_kconfig_state state; /* of CONFIG_A */
	} rows[] = {
		{"", 0, BM_KCONFIG_UNKNOWN},
		{"CONFIG_A=y", 1, BM_KCONFIG_BUILTIN},
		{"CONFIG_A=y\r\nCONFIG_B=m\r\n", 2, BM_KCONFIG_BUILTIN},
		{"CONFIG_A=y   \n", 1, BM_KCONFIG_BUILTIN},
		{"# CONFIG_A is not set\r\n", 1, BM_KCONFIG_OFF},
		{"#CONFIG_A is not set\n", 1, BM_KCONFIG_OFF},
		{"# CONFIG_A is not set yet\n", 0, BM_KCONFIG_UNKNOWN},
		{"# CONFIG_A=y\n", 0, BM_KCONFIG_UNKNOWN},
		{"CONFIG_A is not set\n", 0, BM_KCONFIG_UNKNOWN},
		{"CONFIG_=y\n CONFIG_A=y\nCONFIG\nCONFIG_A\n", 0, BM_KCONFIG_UNKNOWN},
		{"CONFIG_A=\n", 1, BM_KCONFIG_OFF},
		{"CONFIG_A=\"no end\n", 1, BM_KCONFIG_BUILTIN},
		{"CONFIG_A=\"\\", 1, BM_KCONFIG_BUILTIN},
		/* the last counts */
		{"CONFIG_A=y\n# CONFIG_A is not set\nCONFIG_A=m\n", 3, BM_KCONFIG_MODULE},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_kconfig_ struct bm_kconfig kconfig = {0};

		parse(rows[i].text, &kconfig);
		BM_CHECK_INT(kconfig.n, rows[i].options);
		BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_A"), rows[i].state);
	}
}

BM_TEST(kconfig_keeps_its_limits)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_kconfig_ struct bm_kconfig kconfig = {0}, holes = {0};

	for (int i = 0; i < BM_KCONFIG_OPTIONS_MAX + 1; i++)
		bm_buf_addf(&text, "CONFIG_O%d=y\n", i);
	BM_CHECK_INT(bm_kconfig_parse(text.data, text.len, &kconfig), 0);
	BM_CHECK(kconfig.truncated);
	BM_CHECK_INT(kconfig.n, BM_KCONFIG_OPTIONS_MAX);
	BM_CHECK_INT(bm_kconfig_state(&kconfig, "CONFIG_O0"), BM_KCONFIG_BUILTIN);
	/* what a crash leaves behind */
	BM_CHECK_INT(bm_kconfig_parse("CONFIG_A=y\n\0\0\0\0\nCONFIG_B=m\n", 27, &holes), 0);
	BM_CHECK_INT(holes.n, 2);
}
