/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "fmt/boot/cmdline.h"

static struct bm_cmdline parse(const char *text)
{
	struct bm_cmdline line;

	BM_CHECK_INT(bm_cmdline_parse(text, strlen(text), &line), 0);
	return line;
}

/* The arguments in one line: key=value, <key> without "=", init's with a plus before. */
static void check(const char *text, const char *expected)
{
	struct bm_cmdline line = parse(text);
	struct bm_buf out = {0};

	for (size_t i = 0; i < line.n; i++) {
		const struct bm_cmdline_arg *arg = &line.items[i];

		bm_buf_addf(&out, "%s%s[%s]", i ? " " : "", arg->init ? "+" : "", arg->key);
		if (arg->value)
			bm_buf_addf(&out, "=[%s]", arg->value);
	}
	BM_CHECK_STR(bm_buf_text(&out), expected);
	bm_buf_done(&out);
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_cuts_as_the_kernel_does)
{
	check("", "");
	check("  \t\n ", "");
	check("root=/dev/sda1 ro quiet", "[root]=[/dev/sda1] [ro] [quiet]");
	check("root=UUID=ab-cd rootflags=subvol=@,compress=zstd",
		"[root]=[UUID=ab-cd] [rootflags]=[subvol=@,compress=zstd]");
	check("a= b", "[a]=[] [b]");
	check("=a", "[=a]");
	check("a=\"b c\" d", "[a]=[b c] [d]");
	check("\"a=b c\" d", "[a]=[b c] [d]");
	check("\"lone argument\" x", "[lone argument] [x]");
	check("a=b\"c d\"e f", "[a]=[b\"c d\"e] [f]");
	check("a=\"open b", "[a]=[open b]");
	check("a=\"", "[a]=[]");
	check("\"", "[]");
	check("dyndbg=\"file a.c +p; file b.c +p\"", "[dyndbg]=[file a.c +p; file b.c +p]");
}

BM_TEST(cmdline_stops_for_init)
{
	struct bm_cmdline line;

	check("quiet -- single root=x", "[quiet] +[single] +[root]=[x]");
	check("a --x -- -- b", "[a] [--x] +[--] +[b]");
	line = parse("root=/dev/a -- root=/dev/b rw");
	BM_CHECK_STR(bm_cmdline_last(&line, "root"), "/dev/a");
	BM_CHECK(!bm_cmdline_has(&line, "rw"));
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_ends_at_a_nul)
{
	struct bm_cmdline line;

	BM_CHECK_INT(bm_cmdline_parse("a b\0c", 5, &line), 0);
	BM_CHECK_INT(line.n, 2);
	BM_CHECK_STR(line.items[1].key, "b");
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_first_last_all)
{
	struct bm_cmdline line =
		parse("root=/dev/a rd.lvm.lv=rl/root root=/dev/b rd.lvm.lv=rl/swap log-buf-len=1M nosplash");
	struct bm_strv list = {0};

	BM_CHECK_STR(bm_cmdline_first(&line, "root"), "/dev/a");
	BM_CHECK_STR(bm_cmdline_last(&line, "root"), "/dev/b");
	BM_CHECK_STR(bm_cmdline_last(&line, "log_buf_len"), "1M");
	BM_CHECK_STR(bm_cmdline_first(&line, "nosplash"), "");
	BM_CHECK(bm_cmdline_first(&line, "roo") == NULL);
	BM_CHECK(bm_cmdline_first(&line, "roots") == NULL);
	BM_CHECK_INT(bm_cmdline_all(&line, "rd.lvm.lv", &list), 0);
	BM_CHECK_INT(list.n, 2);
	BM_CHECK_STR(list.items[0], "rl/root");
	BM_CHECK_STR(list.items[1], "rl/swap");
	bm_strv_done(&list);
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_switches)
{
	struct bm_cmdline line = parse("a b=0 c=1 d=no e=yes f=off g=0 g=1");

	BM_CHECK(bm_cmdline_bool(&line, "a", false));
	BM_CHECK(!bm_cmdline_bool(&line, "b", true));
	BM_CHECK(bm_cmdline_bool(&line, "c", false));
	BM_CHECK(!bm_cmdline_bool(&line, "d", true));
	BM_CHECK(bm_cmdline_bool(&line, "e", false));
	BM_CHECK(!bm_cmdline_bool(&line, "f", true));
	BM_CHECK(bm_cmdline_bool(&line, "g", false));
	BM_CHECK(bm_cmdline_bool(&line, "z", true));
	BM_CHECK(!bm_cmdline_bool(&line, "z", false));
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_what_decides_the_start)
{
	struct bm_cmdline line =
		parse("BOOT_IMAGE=(hd0,gpt2)/vmlinuz-5.14 root=/dev/mapper/rl-root ro resume=/dev/mapper/rl-swap "
		      "rootflags=subvol=@ rootfstype=btrfs init=/bin/sh rdinit=/linuxrc mount.usr=/dev/sdb rw");
	struct bm_cmdline_boot boot;

	bm_cmdline_boot(&line, &boot);
	BM_CHECK_STR(boot.boot_image, "(hd0,gpt2)/vmlinuz-5.14");
	BM_CHECK_STR(boot.root, "/dev/mapper/rl-root");
	BM_CHECK_STR(boot.rootflags, "subvol=@");
	BM_CHECK_STR(boot.rootfstype, "btrfs");
	BM_CHECK_STR(boot.resume, "/dev/mapper/rl-swap");
	BM_CHECK_STR(boot.init, "/bin/sh");
	BM_CHECK_STR(boot.rdinit, "/linuxrc");
	BM_CHECK_STR(boot.usr, "/dev/sdb");
	BM_CHECK(boot.image == NULL);
	BM_CHECK(boot.read_write);
	bm_cmdline_done(&line);

	line = parse("rw ro resume=/dev/sda2 noresume");
	bm_cmdline_boot(&line, &boot);
	BM_CHECK(!boot.read_write);
	BM_CHECK(boot.resume == NULL && boot.root == NULL && boot.init == NULL);
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_limits)
{
	static char text[BM_CMDLINE_SIZE_MAX + 100];
	struct bm_cmdline line;

	memset(text, 'a', sizeof(text));
	BM_CHECK_INT(bm_cmdline_parse(text, sizeof(text), &line), 0);
	BM_CHECK(line.truncated);
	BM_CHECK_INT(line.n, 1);
	BM_CHECK_INT(strlen(line.items[0].key), BM_CMDLINE_SIZE_MAX);
	bm_cmdline_done(&line);
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = ' ';
	BM_CHECK_INT(bm_cmdline_parse(text, sizeof(text), &line), 0);
	BM_CHECK(line.truncated);
	BM_CHECK_INT(line.n, BM_CMDLINE_ARGS_MAX);
	bm_cmdline_done(&line);
}

BM_TEST(cmdline_append)
{
	struct bm_buf out = {0};

	BM_CHECK_INT(bm_cmdline_append(&out, "root", "/dev/sda1"), 0);
	BM_CHECK_INT(bm_cmdline_append(&out, "ro", NULL), 0);
	BM_CHECK_INT(bm_cmdline_append(&out, "dyndbg", "file a +p"), 0);
	BM_CHECK_INT(bm_cmdline_append(&out, "x", "a\"b"), -EINVAL);
	BM_CHECK_INT(bm_cmdline_append(&out, "x y", NULL), -EINVAL);
	BM_CHECK_INT(bm_cmdline_append(&out, "", NULL), -EINVAL);
	BM_CHECK_INT(bm_cmdline_append(&out, "x", "a\nb"), -EINVAL);
	BM_CHECK_STR(bm_buf_text(&out), "root=/dev/sda1 ro dyndbg=\"file a +p\"");
	bm_buf_done(&out);
}
