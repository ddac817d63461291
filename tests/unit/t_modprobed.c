/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/modprobed.h"
#include "harness.h"

static struct bm_modprobed parse(const char *text)
{
	struct bm_modprobed rules = {0};

	BM_CHECK_INT(bm_modprobed_parse(text, strlen(text), &rules), 0);
	return rules;
}

BM_TEST(modprobed_of_a_hardened_machine)
{
	_cleanup_modprobed_ struct bm_modprobed rules =
		parse("# 1.1.1.1 Ensure mounting of cramfs filesystems is disabled\n"
		      "install cramfs /bin/false\n"
		      "blacklist cramfs\n"
		      "options vfat debug\n"
		      "  install\tvfat   /bin/true \r\n"
		      "install usb-storage /bin/true\n"
		      "blacklist pcspkr");

	BM_CHECK_INT(rules.n, 5);
	BM_CHECK_INT(rules.rules[0].line, 2);
	BM_CHECK_STR(rules.rules[0].command, "/bin/false");
	BM_CHECK(rules.rules[1].kind == BM_MODPROBED_BLACKLIST && !rules.rules[1].command);
	BM_CHECK_INT(rules.rules[2].line, 5);
	BM_CHECK_STR(rules.rules[2].module, "vfat");
	BM_CHECK_STR(rules.rules[2].command, "/bin/true");
	BM_CHECK_STR(rules.rules[3].module, "usb_storage");
	BM_CHECK(bm_modprobed_hinders(&rules, "vfat", false) == &rules.rules[2]);
	BM_CHECK(bm_modprobed_hinders(&rules, "usb-storage", true) == &rules.rules[3]);
	BM_CHECK(bm_modprobed_hinders(&rules, "cramfs", true) == &rules.rules[1]);
	BM_CHECK(bm_modprobed_hinders(&rules, "cramfs", false) == &rules.rules[0]);
	/* By its name it is loaded all the same. */
	BM_CHECK(bm_modprobed_hinders(&rules, "pcspkr", true) && !bm_modprobed_hinders(&rules, "pcspkr", false));
	BM_CHECK(!bm_modprobed_hinders(&rules, "ext4", true));
}

BM_TEST(modprobed_commands)
{
	static const struct {
		const char *command;
		bool nothing;
	} rows[] = {
		{"/bin/true", true},
		{"/usr/bin/false", true},
		{"true", true},
		{":", true},
		{"exit 1", true},
		{"/dev/null", true},
		{"/bin/echo no; exit 0", true},
		{"/sbin/modprobe --ignore-install vfat", false},
		{"/bin/true; /sbin/modprobe -i vfat", false},
		{"/usr/local/sbin/load", false},
		{"/bin/truely", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *line = bm_strf("install vfat %s\n", rows[i].command);
		_cleanup_modprobed_ struct bm_modprobed rules = parse(line);

		BM_CHECK_INT(rules.n, 1);
		BM_CHECK_INT(bm_modprobed_loads_nothing(&rules.rules[0]), rows[i].nothing);
	}
}

BM_TEST(modprobed_first_install_counts)
{
	_cleanup_modprobed_ struct bm_modprobed rules =
		parse("install vfat /sbin/modprobe -i vfat\ninstall vfat /bin/true\n");

	BM_CHECK(!bm_modprobed_hinders(&rules, "vfat", true));
}

BM_TEST(modprobed_hostile)
{
	static const char nul[] = "blacklist a\0b\nblacklist c";
	static const char odd[] =
		"install\ninstall x\nblacklist\nINSTALL x y\nblacklist a \\\nb\n #blacklist d\n\\\n\\";
	_cleanup_modprobed_ struct bm_modprobed rules = {0},
						joined = parse("install \\\nvfat \\\n/bin/true\nblacklist z\n");
	_cleanup_free_ char *large = calloc(1, BM_MODPROBED_SIZE_MAX + 1), *lines = NULL;
	static const char line[] = "blacklist a\n";
	const size_t n = ((size_t)BM_MODPROBED_RULES_MAX + 1) * (sizeof(line) - 1);

	BM_CHECK_INT(joined.n, 2);
	BM_CHECK_STR(joined.rules[0].command, "/bin/true");
	BM_CHECK_INT(joined.rules[1].line, 4);
	BM_CHECK_INT(bm_modprobed_parse(nul, sizeof(nul) - 1, &rules), 0);
	BM_CHECK_INT(rules.n, 2);
	BM_CHECK_STR(rules.rules[0].module, "a");
	BM_CHECK_INT(bm_modprobed_parse(large, BM_MODPROBED_SIZE_MAX + 1, &rules), -EFBIG);
	BM_CHECK_INT(rules.n, 2);
	for (size_t i = 0; i < sizeof(odd); i++)
		BM_CHECK_INT(bm_modprobed_parse(odd, i, &rules), 0);
	BM_CHECK(!bm_modprobed_hinders(&rules, "", true));
	lines = malloc(n);
	for (size_t i = 0; i < n; i += sizeof(line) - 1)
		memcpy(lines + i, line, sizeof(line) - 1);
	bm_modprobed_done(&rules);
	BM_CHECK_INT(bm_modprobed_parse(lines, n, &rules), 0);
	BM_CHECK_INT(rules.n, BM_MODPROBED_RULES_MAX);
}
