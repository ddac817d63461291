/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <string.h>

#include "base/str.h"
#include "fmt/boot/bls.h"

static const char rocky[] = "title Rocky Linux (5.14.0-503.11.1.el9_5.x86_64) 9.5 (Blue Onyx)\n"
			    "version 5.14.0-503.11.1.el9_5.x86_64\n"
			    "linux /vmlinuz-5.14.0-503.11.1.el9_5.x86_64\n"
			    "initrd /initramfs-5.14.0-503.11.1.el9_5.x86_64.img $tuned_initrd\n"
			    "options root=/dev/mapper/rl-root ro rd.lvm.lv=rl/root $tuned_params\n"
			    "grub_users $grub_users\n"
			    "grub_arg --unrestricted\n"
			    "grub_class rocky\n";

static struct bm_bls parse(const char *name, const char *text)
{
	struct bm_bls bls;

	BM_CHECK_INT(bm_bls_parse(name, text, strlen(text), &bls), 0);
	return bls;
}

static const char *lookup(void *arg, const char *name)
{
	const char *const *pairs = arg;

	for (; *pairs; pairs += 2) {
		if (bm_streq(pairs[0], name))
			return pairs[1];
	}
	return NULL;
}

BM_TEST(bls_of_enterprise_linux_9)
{
	struct bm_bls bls = parse("/boot/loader/entries/9c1f-5.14.0-503.11.1.el9_5.x86_64.conf", rocky);
	struct bm_entry entry = {0};

	BM_CHECK_STR(bls.id, "9c1f-5.14.0-503.11.1.el9_5.x86_64");
	BM_CHECK_STR(bls.title, "Rocky Linux (5.14.0-503.11.1.el9_5.x86_64) 9.5 (Blue Onyx)");
	BM_CHECK_STR(bls.version, "5.14.0-503.11.1.el9_5.x86_64");
	BM_CHECK_STR(bls.kernel, "/vmlinuz-5.14.0-503.11.1.el9_5.x86_64");
	BM_CHECK_INT(bls.kernel_line, 3);
	BM_CHECK_INT(bls.initrds.n, 2);
	BM_CHECK_STR(bls.options, "root=/dev/mapper/rl-root ro rd.lvm.lv=rl/root $tuned_params");
	BM_CHECK_STR(bls.grub_users, "$grub_users");
	BM_CHECK_STR(bls.grub_arg, "--unrestricted");
	BM_CHECK_STR(bls.grub_class, "rocky");
	BM_CHECK_INT(bls.stop_line, 0);
	BM_CHECK_INT(bm_bls_entry(&bls, NULL, NULL, &entry), 0);
	BM_CHECK_INT(entry.kind, BM_ENTRY_LINUX);
	BM_CHECK_STR(entry.id, "9c1f-5.14.0-503.11.1.el9_5.x86_64");
	BM_CHECK_STR(entry.cmdline, "root=/dev/mapper/rl-root ro rd.lvm.lv=rl/root");
	BM_CHECK_INT(entry.initrds.n, 1);
	BM_CHECK_STR(entry.initrds.items[0], "/initramfs-5.14.0-503.11.1.el9_5.x86_64.img");
	BM_CHECK_STR(entry.version, "5.14.0-503.11.1.el9_5.x86_64");
	BM_CHECK(!entry.unresolved && entry.bls);
	bm_entry_done(&entry);
	bm_bls_done(&bls);
}

BM_TEST(bls_expands_kernelopts)
{
	const char *pairs[] = {"kernelopts", "root=/dev/mapper/cl-root ro  rhgb ", "tuned_params", "skew_tick=1",
		"tuned_initrd", "/tuned.img", "early_initrd", "ucode.img", NULL};
	struct bm_bls bls =
		parse("a-4.18.0-80.el8.x86_64.conf", "linux /vmlinuz\ninitrd /sub/initrd.img $tuned_initrd\n"
						     "options $kernelopts ${tuned_params} a=$$x$\n");
	struct bm_entry entry = {0};

	BM_CHECK_INT(bm_bls_entry(&bls, lookup, pairs, &entry), 0);
	BM_CHECK_STR(entry.title, "/vmlinuz");
	BM_CHECK_STR(entry.cmdline, "root=/dev/mapper/cl-root ro  rhgb skew_tick=1 a=$$");
	BM_CHECK_INT(entry.initrds.n, 3);
	BM_CHECK_STR(entry.initrds.items[0], "/sub/ucode.img");
	BM_CHECK_STR(entry.initrds.items[1], "/sub/initrd.img");
	BM_CHECK_STR(entry.initrds.items[2], "/tuned.img");
	BM_CHECK(entry.unresolved); /* $x */
	bm_entry_done(&entry);
	bm_bls_done(&bls);
}

BM_TEST(bls_unknown_kernelopts_is_told)
{
	struct bm_bls bls = parse("a.conf", "linux /vmlinuz\noptions $kernelopts\n");
	struct bm_entry entry = {0};

	BM_CHECK_INT(bm_bls_entry(&bls, NULL, NULL, &entry), 0);
	BM_CHECK(entry.unresolved);
	BM_CHECK_STR(entry.cmdline, "");
	bm_entry_done(&entry);
	bm_bls_done(&bls);
}

BM_TEST(bls_falls_back_to_default_kernelopts)
{
	const char *pairs[] = {"default_kernelopts", "root=/dev/vda ro", NULL};
	struct bm_bls bls = parse("a.conf", "linux /vmlinuz\n");
	struct bm_entry entry = {0};

	BM_CHECK_INT(bm_bls_entry(&bls, lookup, pairs, &entry), 0);
	BM_CHECK_STR(entry.cmdline, "root=/dev/vda ro");
	bm_entry_done(&entry);
	bm_bls_done(&bls);
}

BM_TEST(bls_repeated_keys_and_odd_lines)
{
	struct bm_bls bls = parse("arch.conf",
		"# comment\r\n  title\tArch Linux  \r\nlinux /vmlinuz-linux\ninitrd /amd-ucode.img\n"
		"initrd\t/initramfs-linux.img\noptions root=PARTUUID=ab\noptions   rw quiet\n"
		"linux /second\nsort-key arch\nmachine-id 0123\nnonsense here\nlonekey\ntitle second\n"
		"architecture x64\n");

	BM_CHECK_STR(bls.title, "Arch Linux");
	BM_CHECK_STR(bls.kernel, "/vmlinuz-linux");
	BM_CHECK_INT(bls.kernel_line, 3);
	BM_CHECK_INT(bls.initrds.n, 2);
	BM_CHECK_STR(bls.initrds.items[1], "/initramfs-linux.img");
	BM_CHECK_STR(bls.options, "root=PARTUUID=ab rw quiet");
	BM_CHECK_STR(bls.sort_key, "arch");
	BM_CHECK_STR(bls.machine_id, "0123");
	BM_CHECK_STR(bls.architecture, "x64");
	BM_CHECK_INT(bls.stop_line, 12); /* GRUB ends at a key alone */
	bm_bls_done(&bls);
}

BM_TEST(bls_blank_lines_end_what_grub_reads)
{
	struct bm_bls bls = parse("a.conf", "title a\n\nlinux /vmlinuz\n");

	BM_CHECK_INT(bls.stop_line, 2);
	BM_CHECK_STR(bls.kernel, "/vmlinuz");
	bm_bls_done(&bls);
	bls = parse("a.conf", "title a\nlinux /vmlinuz\n\n\n");
	BM_CHECK_INT(bls.stop_line, 0);
	bm_bls_done(&bls);
}

BM_TEST(bls_ids_lose_boot_counting)
{
	struct bm_bls bls = parse("x/abc-6.1+3-1.conf", "");

	BM_CHECK_STR(bls.id, "abc-6.1");
	bm_bls_done(&bls);
	bls = parse("abc-6.1+3.conf", "");
	BM_CHECK_STR(bls.id, "abc-6.1");
	bm_bls_done(&bls);
	bls = parse("abc-5.14.0-1.el9.x86_64+debug.conf", "");
	BM_CHECK_STR(bls.id, "abc-5.14.0-1.el9.x86_64+debug");
	bm_bls_done(&bls);
	bls = parse("+3.conf", "");
	BM_CHECK_STR(bls.id, "+3");
	bm_bls_done(&bls);
}

BM_TEST(bls_unified_images_are_no_linux_entries)
{
	struct bm_bls bls = parse("u.conf", "title U\nefi /EFI/Linux/u.efi\n");
	struct bm_entry entry = {0};

	BM_CHECK_INT(bm_bls_entry(&bls, NULL, NULL, &entry), 0);
	BM_CHECK_INT(entry.kind, BM_ENTRY_CHAIN);
	BM_CHECK(entry.kernel == NULL && entry.cmdline == NULL);
	bm_entry_done(&entry);
	bm_bls_done(&bls);
}

BM_TEST(bls_versions_compare_as_rpm_does)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"1.0", "1.0", 0},
		{"1.0", "1.1", -1},
		{"1.9", "1.10", -1},
		{"1.09", "1.9", 0},
		{"1.0a", "1.0", 1},
		{"1.0", "1.0.1", -1},
		{"1.a", "1.1", -1},
		{"5.14.0~debug", "5.14.0", -1},
		{"5.14.0+debug", "5.14.0", 1},
		{"5.14~a", "5.14~b", -1},
		{"1_0", "1.0", 0},
		{"", "1", -1},
		{"", "", 0},
		{"00001", "1", 0},
		{"18446744073709551616", "18446744073709551615", 1},
		{"5.14.0-70.el9", "5.14.0-427.el9", -1},
		{"a+b", "a~b", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		BM_CHECK_INT(bm_bls_version_cmp(cases[i].a, cases[i].b), cases[i].order);
		BM_CHECK_INT(bm_bls_version_cmp(cases[i].b, cases[i].a), -cases[i].order);
	}
}

BM_TEST(bls_order_of_a_menu)
{
	static const char *const names[] = {"9c1f-0-rescue.conf", "9c1f-5.14.0-70.13.1.el9_0.x86_64.conf",
		"9c1f-5.14.0-427.13.1.el9_4.x86_64.conf", "9c1f-5.14.0-427.13.1.el9_4.x86_64~debug.conf",
		"9c1f-5.14.0-427.9.1.el9_4.x86_64.conf", "9c1f-5.14.0-503.el9.x86_64.conf"};
	static const char *const expected[] = {"9c1f-5.14.0-503.el9.x86_64", "9c1f-5.14.0-427.13.1.el9_4.x86_64",
		"9c1f-5.14.0-427.13.1.el9_4.x86_64~debug", "9c1f-5.14.0-427.9.1.el9_4.x86_64",
		"9c1f-5.14.0-70.13.1.el9_0.x86_64", "9c1f-0-rescue"};
	struct bm_bls_list list = {0};

	for (size_t i = 0; i < 6; i++)
		BM_CHECK_INT(bm_bls_list_add(&list, names[i], "linux /x\n", 9), 0);
	bm_bls_list_sort(&list);
	for (size_t i = 0; i < 6; i++)
		BM_CHECK_STR(list.items[i].id, expected[i]);
	bm_bls_list_done(&list);
}

/* Facts of the UAPI group's specification and of systemd's own comment, the oldest first. */
BM_TEST(bls_versions_compare_as_systemd_does)
{
	static const char *const chain[] = {"~", "", "a", "b", "1", "2", "122.1", "123~rc1", "123~rc1.1", "123~rc2",
		"123", "123-a", "123-a.1", "123-1", "123-1.1", "123-2", "123^post1", "123.a", "123.a-1", "123.1",
		"123.1-1", "123.1a", "123.2", "123a-1", "124-1"};
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"11", "11", 0},
		{"bar-123", "foo-123", -1},
		{"123a", "123", 1},
		{"123.a", "123.b", -1},
		{"123a", "123.a", 1},
		{"11\xce\xb1", "11\xce\xb2", 0},
		{"A", "a", -1},
		{"", "0", -1},
		{"0.", "0", 1},
		{"0.0", "0", 1},
		{"1_", "1", 0},
		{"_1", "1", 0},
		{"1_", "1.2", -1},
		{"1_2_3", "1.3.3", 1},
		{"1+", "1", 0},
		{"1+2+3", "1.3.3", 1},
		{"00123", "123", 0},
		{"18446744073709551616", "18446744073709551615", 1},
		{"6.12.48+deb13-amd64", "6.12.5+deb13-amd64", 1},
		{"6.1.0-9-amd64", "6.1.0-10-amd64", -1},
		/* what GRUB says the other way round, or says to be equal */
		{"5.14.0+debug", "5.14.0", 1},
		{"5.14.0-1", "5.14.0.1", -1},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(chain); i++)
		for (size_t k = 0; k < BM_ARRAY_SIZE(chain); k++)
			BM_CHECK_INT(bm_bls_version_cmp_systemd(chain[i], chain[k]), i < k ? -1 : i > k);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		BM_CHECK_INT(bm_bls_version_cmp_systemd(rows[i].a, rows[i].b), rows[i].order);
		BM_CHECK_INT(bm_bls_version_cmp_systemd(rows[i].b, rows[i].a), -rows[i].order);
	}
	BM_CHECK_INT(bm_bls_version_cmp("5.14.0-1", "5.14.0.1"), 0);
}

/* Each file comes before the next. */
BM_TEST(bls_order_of_systemd_boot)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"z.conf", "sort-key arch\nmachine-id 1\nversion 6.9\n"},
		{"c.conf", "sort-key debian\nmachine-id 1\nversion 6.10\n"},
		{"d.conf", "sort-key debian\nmachine-id 1\nversion 6.9\n"},
		{"e.conf", "sort-key debian\nmachine-id 1\nversion 6.9~rc1\n"},
		{"b+3.conf", "sort-key debian\nmachine-id 2\nversion 6.12\n"},
		{"a+2-1.conf", "sort-key debian\nmachine-id 2\nversion 6.12\n"},
		{"linux.conf", ""},
		{"linux-6.10.conf", ""},
		{"Linux-6.9.conf", ""},
		{"linux-6.9-rc1.conf", ""},
		{"linux-fallback.conf", ""},
		/* failed too often, whatever its key says */
		{"a+0-3.conf", "sort-key arch\nversion 7\n"},
		{"x+0.conf", ""},
	};
	struct bm_bls_list list = {0};

	for (size_t i = BM_ARRAY_SIZE(rows); i-- > 0;)
		BM_CHECK_INT(bm_bls_list_add(&list, rows[i].name, rows[i].text, strlen(rows[i].text)), 0);
	BM_CHECK_INT(list.items[0].tries_left, 0);
	BM_CHECK_INT(list.items[BM_ARRAY_SIZE(rows) - 1].tries_left, -1);
	bm_bls_list_sort_systemd(&list);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK(bm_str_starts(rows[i].name, list.items[i].id));
	bm_bls_list_done(&list);
	BM_CHECK_INT(bm_bls_list_add(&list, "a+99999999999999999999.conf", "", 0), 0);
	BM_CHECK(list.items[0].tries_left > 1000);
	BM_CHECK_STR(list.items[0].id, "a");
	bm_bls_list_done(&list);
}

BM_TEST(bls_limits)
{
	struct bm_bls bls;
	static char text[BM_BLS_SIZE_MAX + 1000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "options ", 8);
	BM_CHECK_INT(bm_bls_parse("a.conf", text, sizeof(text), &bls), 0);
	BM_CHECK(bls.truncated);
	BM_CHECK_STR(bls.options, "");
	bm_bls_done(&bls);
	for (size_t i = 0; i + 10 <= sizeof(text); i += 10)
		memcpy(text + i, "initrd /a\n", 10);
	BM_CHECK_INT(bm_bls_parse("a.conf", text, sizeof(text), &bls), 0);
	BM_CHECK(bls.truncated);
	BM_CHECK_INT(bls.initrds.n, BM_BLS_INITRDS_MAX);
	bm_bls_done(&bls);
	BM_CHECK_INT(bm_bls_parse("a.conf", "linux /a\0b\n", 11, &bls), 0);
	BM_CHECK_STR(bls.kernel, "/a b");
	bm_bls_done(&bls);
}

static bool chosen(const char *pattern, const char *name)
{
	struct bm_bls_list list = {0};
	struct bm_loader_conf conf = {0};
	bool yes;

	/* "0" comes first, so the other one is taken only where it matches. */
	BM_CHECK_INT(bm_bls_list_add(&list, "0.conf", "sort-key a\n", 11), 0);
	BM_CHECK_INT(bm_bls_list_add(&list, name, "", 0), 0);
	BM_CHECK_INT(bm_str_set(&conf.default_pattern, pattern), 0);
	yes = bm_loader_conf_default(&conf, &list) == 1;
	bm_loader_conf_done(&conf);
	bm_bls_list_done(&list);
	return yes;
}

BM_TEST(loader_conf_patterns)
{
	BM_CHECK(chosen("arch", "arch.conf"));
	BM_CHECK(chosen("arch.conf", "arch.conf"));
	BM_CHECK(chosen("ARCH*", "arch-6.conf"));
	BM_CHECK(chosen("*-6.?-*", "arch-6.1-x.conf"));
	BM_CHECK(chosen("*[5-7].conf", "arch-6.conf"));
	BM_CHECK(chosen("a[!x]ch", "arch.conf"));
	BM_CHECK(chosen("a*r*h*", "arch.conf"));
	BM_CHECK(!chosen("arc", "arch.conf"));
	BM_CHECK(!chosen("a[!r]ch", "arch.conf"));
	BM_CHECK(!chosen("arch?", "arch.conf"));
	BM_CHECK(!chosen("arch[", "arch.conf"));
	BM_CHECK(!chosen(
		"*******************************x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.conf"));
}

BM_TEST(loader_conf_chooses)
{
	struct bm_bls_list list = {0};
	struct bm_loader_conf conf;
	const char text[] = "# systemd-boot\ntimeout 3\ndefault  arch-*.conf\neditor no\n";

	BM_CHECK_INT(bm_bls_list_add(&list, "zz.conf", "linux /z\n", 9), 0);
	BM_CHECK_INT(bm_bls_list_add(&list, "arch-6.9.conf", "linux /a\n", 9), 0);
	BM_CHECK_INT(bm_bls_list_add(&list, "arch-6.11.conf", "linux /b\n", 9), 0);
	BM_CHECK_INT(bm_bls_list_add(&list, "deb.conf", "sort-key debian\nlinux /c\n", 25), 0);
	BM_CHECK_INT(bm_loader_conf_parse(text, strlen(text), &conf), 0);
	BM_CHECK_STR(conf.default_pattern, "arch-*.conf");
	BM_CHECK_STR(conf.timeout, "3");
	BM_CHECK_INT(bm_loader_conf_default(&conf, &list), 2);
	bm_loader_conf_done(&conf);
	BM_CHECK_INT(bm_loader_conf_parse("", 0, &conf), 0);
	BM_CHECK_INT(bm_loader_conf_default(&conf, &list), 3);
	bm_loader_conf_done(&conf);
	bm_bls_list_done(&list);
	BM_CHECK_INT(bm_loader_conf_default(&conf, &list), -1);
}
