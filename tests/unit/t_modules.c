/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/etc/wildcard.h"
#include "fmt/kernel/modules.h"

static const char dep[] = "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/fs/mbcache.ko.xz "
			  "kernel/lib/crc16.ko.xz\n"
			  "kernel/fs/jbd2/jbd2.ko.xz:\n"
			  "kernel/fs/mbcache.ko.xz:\n"
			  "kernel/lib/crc16.ko.xz: kernel/lib/crc-base.ko.xz\n"
			  "# comment\n"
			  "\n"
			  "kernel/lib/crc-base.ko.xz:\n"
			  "kernel/drivers/block/virtio_blk.ko.zst:\n"
			  "updates/snd-hda-intel.ko.gz: kernel/lost.ko\n"
			  "kernel/a/loop-a.ko: kernel/a/loop-b.ko\n"
			  "kernel/a/loop-b.ko: kernel/a/loop-a.ko kernel/a/loop-b.ko\n"
			  "/lib/modules/2.6.18-8.el5/kernel/fs/ext3/ext3.ko: "
			  "/lib/modules/2.6.18-8.el5/kernel/fs/jbd/jbd.ko\n";
static const char alias[] = "# Aliases extracted from modules themselves.\n"
			    "alias fs-ext3 ext4\n"
			    "alias fs-ext4 ext4\n"
			    "alias virtio:d00000002v* virtio_blk\n"
			    "alias virtio:d*v* generic\n"
			    "alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n"
			    "alias pci:v*d*sv*sd*bc01sc06i01* ahci\n"
			    "alias usb:v046Dp[0-9]*d* usb-a\n"
			    "alias acpi*:PNP0C14:* wmi\n"
			    "alias dash-ed_alias-* snd-hda-intel\n";
static const char builtin[] = "kernel/fs/btrfs/btrfs.ko\nkernel/drivers/ata/libata.ko\n";
static const char modinfo[] = "unix.license=GPL\0unix.alias=net-pf-1\0unix.file=net/unix/unix\0"
			      "btrfs.alias=fs-btrfs\0btrfs.license=GPL\0nvme.file=drivers/nvme/nvme";
static const char softdep[] = "# Soft dependencies\nsoftdep btrfs pre: crc32c xxhash post: later-one\n"
			      "softdep ext4 pre: crc32c\n";

static struct bm_modules *all(void)
{
	struct bm_modules *modules = NULL;
	const struct bm_modules_texts texts = {
		dep,
		alias,
		softdep,
		builtin,
		modinfo,
		strlen(dep),
		strlen(alias),
		strlen(softdep),
		strlen(builtin),
		sizeof(modinfo),
	};

	BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
	BM_CHECK_INT(bm_modules_bad_lines(modules), 0);
	return modules;
}

static struct bm_modules *with(const char *dep_text, const char *alias_text)
{
	struct bm_modules *modules = NULL;
	const struct bm_modules_texts texts = {.dep = dep_text,
		.dep_len = dep_text ? strlen(dep_text) : 0,
		.alias = alias_text,
		.alias_len = alias_text ? strlen(alias_text) : 0};

	BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
	return modules;
}

static void check_list(struct bm_strv *list, const char *expected)
{
	char *text = bm_strv_join(list, " ");

	BM_CHECK_STR(text, expected);
	free(text);
	bm_strv_done(list);
}

static void check_closure(const struct bm_modules *modules, const char *name, int r, const char *expected)
{
	struct bm_strv list = {0};

	BM_CHECK_INT(bm_modules_closure(modules, name, &list), r);
	check_list(&list, expected);
}

static void check_resolve(const struct bm_modules *modules, const char *modalias, const char *expected)
{
	struct bm_strv list = {0};

	BM_CHECK_INT(bm_modules_resolve(modules, modalias, &list), 0);
	check_list(&list, expected);
}

BM_TEST(modules_names)
{
	char name[16];

	BM_CHECK_INT(bm_modules_name("kernel/a/snd-hda.ko.zst", name, sizeof(name)), 0);
	BM_CHECK_STR(name, "snd_hda");
	BM_CHECK_INT(bm_modules_name("ext4", name, sizeof(name)), 0);
	BM_CHECK_STR(name, "ext4");
	BM_CHECK_INT(bm_modules_name("a.ko.xz.ko.gz", name, sizeof(name)), 0);
	BM_CHECK_STR(name, "a.ko.xz");
	BM_CHECK_INT(bm_modules_name(".ko", name, sizeof(name)), 0);
	BM_CHECK_STR(name, ".ko");
	BM_CHECK_INT(bm_modules_name("", name, sizeof(name)), -EINVAL);
	BM_CHECK_INT(bm_modules_name("kernel/", name, sizeof(name)), -EINVAL);
	BM_CHECK_INT(bm_modules_name("x/123456789012345.ko", name, sizeof(name)), 0);
	BM_CHECK_INT(bm_modules_name("x/1234567890123456.ko", name, sizeof(name)), -ENAMETOOLONG);
}

BM_TEST(modules_lookups)
{
	struct bm_modules *modules = all();

	BM_CHECK_INT(bm_modules_count(modules), 10);
	BM_CHECK(bm_modules_has(modules, "ext4") && bm_modules_has(modules, "kernel/fs/ext4/ext4.ko"));
	BM_CHECK(bm_modules_has(modules, "snd-hda-intel") && bm_modules_has(modules, "snd_hda_intel"));
	BM_CHECK(bm_modules_has(modules, "loop_a"));
	BM_CHECK(!bm_modules_has(modules, "btrfs") && bm_modules_builtin(modules, "btrfs"));
	BM_CHECK(bm_modules_builtin(modules, "unix") && bm_modules_builtin(modules, "nvme"));
	BM_CHECK(!bm_modules_builtin(modules, "ext4") && !bm_modules_builtin(modules, ""));
	BM_CHECK(!bm_modules_has(modules, "lost") && !bm_modules_has(modules, "xfs") &&
		 !bm_modules_has(modules, "Ext4"));
	BM_CHECK_STR(bm_modules_path(modules, "ext4"), "kernel/fs/ext4/ext4.ko.xz");
	BM_CHECK_STR(bm_modules_path(modules, "lost"), "kernel/lost.ko");
	BM_CHECK_STR(bm_modules_path(modules, "ext3"), "kernel/fs/ext3/ext3.ko");
	BM_CHECK_STR(bm_modules_path(modules, "jbd"), "kernel/fs/jbd/jbd.ko");
	BM_CHECK(!bm_modules_path(modules, "btrfs") && !bm_modules_path(modules, "xfs"));
	BM_CHECK_STR(bm_modules_nth_path(modules, 0), "kernel/fs/ext4/ext4.ko.xz");
	BM_CHECK_STR(bm_modules_nth_path(modules, 9), "kernel/fs/ext3/ext3.ko");
	BM_CHECK(!bm_modules_nth_path(modules, 10));
	bm_modules_free(modules);
	bm_modules_free(NULL);
}

BM_TEST(modules_closure)
{
	struct bm_modules *modules = all();
	struct bm_strv list = {0};

	check_closure(modules, "ext4", 0, "jbd2 mbcache crc_base crc16 ext4");
	check_closure(modules, "jbd2", 0, "jbd2");
	check_closure(modules, "snd-hda-intel", 0, "lost snd_hda_intel");
	check_closure(modules, "loop-a", 0, "loop_b loop_a");
	check_closure(modules, "loop-b", 0, "loop_a loop_b");
	check_closure(modules, "btrfs", 0, "");
	check_closure(modules, "xfs", -ENOENT, "");
	check_closure(modules, "", -ENOENT, "");
	BM_CHECK_INT(bm_modules_closure(modules, "crc16", &list), 0);
	BM_CHECK_INT(bm_modules_closure(modules, "ext4", &list), 0);
	check_list(&list, "crc_base crc16 jbd2 mbcache ext4");
	bm_modules_free(modules);
}

BM_TEST(modules_softdeps)
{
	struct bm_modules *modules = all();
	struct bm_strv list = {0};

	BM_CHECK_INT(bm_modules_softdeps(modules, "ext4", &list), 0);
	BM_CHECK_INT(bm_modules_softdeps(modules, "btrfs", &list), 0);
	BM_CHECK_INT(bm_modules_softdeps(modules, "xfs", &list), 0);
	check_list(&list, "crc32c xxhash later_one");
	bm_modules_free(modules);
}

BM_TEST(modules_resolve)
{
	struct bm_modules *modules = all();

	check_resolve(modules, "fs-ext4", "ext4");
	check_resolve(modules, "fs_ext4", "ext4");
	check_resolve(modules, "fs-ext", "");
	check_resolve(modules, "fs-ext44", "");
	check_resolve(modules, "virtio:d00000002v00001AF4", "virtio_blk generic");
	check_resolve(modules, "virtio:d00000001v00001AF4", "generic");
	check_resolve(modules, "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00", "e1000e");
	check_resolve(modules, "pci:v00008086d000010d3sv00008086sd0000A01Fbc02sc00i00", "");
	check_resolve(modules, "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", "ahci");
	check_resolve(modules, "usb:v046Dp5C52Bd", "usb_a");
	check_resolve(modules, "usb:v046DpC52Bd", "");
	check_resolve(modules, "acpiX:PNP0C14:Y", "wmi");
	check_resolve(modules, "dash_ed-alias_x", "snd_hda_intel");
	check_resolve(modules, "net-pf-1", "unix");
	check_resolve(modules, "fs-btrfs", "btrfs");
	/* a name is its own alias */
	check_resolve(modules, "virtio-blk", "virtio_blk");
	check_resolve(modules, "libata", "libata");
	check_resolve(modules, "lost", "");
	check_resolve(modules, "", "");
	bm_modules_free(modules);
}

BM_TEST(modules_resolve_keeps_the_order_of_the_file)
{
	struct bm_modules *modules = with(NULL, "alias a* m1\nalias abc m2\nalias * m3\nalias ab? m4\nalias a* m5\n"
						"alias abc m1\nalias ab[a-c] m6\nalias ab[!c] m7\nalias ? m8\n");

	check_resolve(modules, "abc", "m1 m2 m3 m4 m5 m6");
	check_resolve(modules, "abd", "m1 m3 m4 m5 m7");
	check_resolve(modules, "z", "m3 m8");
	bm_modules_free(modules);
}

BM_TEST(modules_each_text_may_be_absent)
{
	struct bm_modules *modules = with(NULL, NULL);

	BM_CHECK_INT(bm_modules_count(modules), 0);
	BM_CHECK(!bm_modules_has(modules, "ext4") && !bm_modules_builtin(modules, "ext4"));
	BM_CHECK(!bm_modules_nth_path(modules, 0));
	check_resolve(modules, "fs-ext4", "");
	check_closure(modules, "ext4", -ENOENT, "");
	bm_modules_free(modules);
}

BM_TEST(modules_broken_lines_are_counted)
{
	static const char bad[] = "no colon here\n:\n/: a\nkernel/a.ko: \0 kernel/b.ko\nkernel/ok.ko: /\n";
	struct bm_modules *modules = NULL;
	struct bm_modules_texts texts = {.dep = bad, .dep_len = sizeof(bad) - 1};

	BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
	BM_CHECK_INT(bm_modules_count(modules), 1);
	BM_CHECK(bm_modules_has(modules, "ok"));
	BM_CHECK_INT(bm_modules_bad_lines(modules), 5);
	bm_modules_free(modules);
	modules = with(NULL, "alias x\nalias\nother x y\nalias ok fine\n");
	BM_CHECK_INT(bm_modules_bad_lines(modules), 3);
	check_resolve(modules, "ok", "fine");
	bm_modules_free(modules);
}

BM_TEST(modules_one_name_twice)
{
	struct bm_modules *modules =
		with("kernel/a.ko: kernel/c.ko kernel/b.ko\nupdates/b.ko:\nextra/b.ko: kernel/c.ko\n", NULL);

	BM_CHECK_STR(bm_modules_path(modules, "b"), "updates/b.ko");
	check_closure(modules, "a", 0, "c b a");
	BM_CHECK_INT(bm_modules_count(modules), 2);
	bm_modules_free(modules);
}

BM_TEST(modules_limits)
{
	struct bm_modules *modules = NULL;
	struct bm_modules_texts texts = {.alias = "", .alias_len = BM_MODULES_TEXT_MAX + 1UL};
	struct bm_buf text = {0};
	struct bm_strv list = {0};
	char *word = malloc(8001);

	BM_CHECK_INT(bm_modules_new(&texts, &modules), -EFBIG);
	BM_CHECK(!modules);
	/* a pattern at the limit, one above it, a name and a path too long */
	memset(word, 'x', 8000);
	word[8000] = '\0';
	bm_buf_addf(&text, "alias %.*s at\nalias %.*s above\nalias y %s\n", BM_MODULES_ALIAS_MAX, word,
		BM_MODULES_ALIAS_MAX + 1, word, word);
	modules = with(NULL, bm_buf_text(&text));
	BM_CHECK_INT(bm_modules_bad_lines(modules), 2);
	word[BM_MODULES_ALIAS_MAX] = '\0';
	check_resolve(modules, word, "at");
	word[BM_MODULES_ALIAS_MAX] = 'x';
	check_resolve(modules, word, "");
	bm_modules_free(modules);
	bm_buf_done(&text);
	/* patterns that would take minutes are refused */
	for (int i = 0; i < 128; i++) {
		bm_buf_adds(&text, "alias *");
		for (int k = 0; k < 500; k++)
			bm_buf_addc(&text, 'a');
		bm_buf_adds(&text, "b m\n");
	}
	word[1000] = '\0';
	memset(word, 'a', 1000);
	modules = with(NULL, bm_buf_text(&text));
	BM_CHECK_INT(bm_modules_resolve(modules, word, &list), -E2BIG);
	BM_CHECK_INT(list.n, 0);
	bm_modules_free(modules);
	bm_buf_done(&text);
	for (int i = 0; i <= BM_MODULES_MATCHES_MAX; i++)
		bm_buf_addf(&text, "alias * m%d\n", i);
	modules = with(NULL, bm_buf_text(&text));
	BM_CHECK_INT(bm_modules_resolve(modules, "x", &list), -E2BIG);
	bm_modules_free(modules);
	bm_buf_done(&text);
	free(word);
}

BM_TEST(modules_deep_chain)
{
	enum { DEPTH = 20000 };
	struct bm_modules *modules;
	struct bm_buf text = {0};
	struct bm_strv list = {0};

	for (int i = 0; i < DEPTH; i++)
		bm_buf_addf(&text, "k/m%d.ko: k/m%d.ko\n", i, i + 1);
	modules = with(bm_buf_text(&text), NULL);
	BM_CHECK_INT(bm_modules_closure(modules, "m0", &list), 0);
	BM_CHECK_INT(list.n, DEPTH + 1);
	BM_CHECK_STR(list.items[0], "m20000");
	BM_CHECK_STR(list.items[DEPTH], "m0");
	bm_strv_done(&list);
	bm_modules_free(modules);
	bm_buf_done(&text);
}

static void check_match(const char *pattern, const char *text, int expected)
{
	size_t steps = 10000;

	BM_CHECK_INT(bm_wildcard_match(pattern, text, &steps), expected);
}

BM_TEST(wildcard_match)
{
	size_t steps = 5;

	check_match("", "", 1);
	check_match("", "a", 0);
	check_match("a", "", 0);
	check_match("*", "", 1);
	check_match("**", "abc", 1);
	check_match("a*c", "abcbc", 1);
	check_match("a*c", "abcb", 0);
	check_match("*a*b*c*", "xxaxxbxxcxx", 1);
	check_match("*a*b*c*", "xxaxxcxxbxx", 0);
	check_match("a?c", "abc", 1);
	check_match("a?c", "ac", 0);
	check_match("?", "", 0);
	check_match("[abc]", "b", 1);
	check_match("[a-c]x", "bx", 1);
	check_match("[!a-c]", "b", 0);
	check_match("[^a-c]", "d", 1);
	check_match("[]a]", "]", 1);
	check_match("[!]a]", "b", 1);
	check_match("[a-]", "-", 1);
	check_match("[z-a]", "m", 0);
	check_match("[\\]]", "]", 1);
	check_match("[abc", "[abc", 1);
	check_match("[abc", "a", 0);
	check_match("[", "[", 1);
	check_match("[]", "[]", 1);
	check_match("\\*", "*", 1);
	check_match("\\*", "a", 0);
	check_match("a\\", "a\\", 1);
	check_match("*\xff", "a\xff", 1);
	check_match("[\x80-\xff]", "\xc3", 1);
	check_match("*[0-9]*", "abc7", 1);
	BM_CHECK_INT(bm_wildcard_match("aaaaaaaaaa", "aaaaaaaaaa", &steps), -E2BIG);
	BM_CHECK_INT(steps, 0);
}

BM_TEST(wildcard_normalise)
{
	char text[] = "a-b[0-9]c-[!x-y]-[z-";

	bm_wildcard_normalise(text);
	BM_CHECK_STR(text, "a_b[0-9]c_[!x-y]_[z_");
}
