/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/keyval.h"
#include "fmt/etc/osrelease.h"

static struct bm_keyval parse(const char *text)
{
	struct bm_keyval keyval;

	BM_CHECK_INT(bm_keyval_parse(text, strlen(text), &keyval), 0);
	return keyval;
}

/* Parses one text and checks one key; problems tells whether there must be one. */
static void check_value(const char *text, const char *key, const char *expected, bool problem)
{
	struct bm_keyval keyval = parse(text);
	const char *value = bm_keyval_get(&keyval, key);

	BM_CHECK_STR(value ? value : "(none)", expected ? expected : "(none)");
	BM_CHECK_INT(keyval.problems.n > 0, problem);
	bm_keyval_done(&keyval);
}

BM_TEST(keyval_quoting)
{
	check_value("A=b", "A", "b", false);
	check_value("A=", "A", "", false);
	check_value("A=\"\"", "A", "", false);
	check_value("A=\"x y\"", "A", "x y", false);
	check_value("A='x \"y\" \\z $w'", "A", "x \"y\" \\z $w", false);
	check_value("A=\"a\"'b'c\\ d", "A", "abc d", false);
	check_value("A=\"\\\"\\\\\\$\\`\\n\"", "A", "\"\\$`\\n", false);
	check_value("A='it'\\''s'", "A", "it's", false);
	check_value("A=b # comment", "A", "b", false);
	check_value("A=b#no", "A", "b#no", false);
	check_value("#A=b\n  # A=c\n", "A", NULL, false);
	check_value("A=1\r\nB=2\r\n", "A", "1", false);
	check_value("A=\"1\"\r\n", "A", "1", false);
	check_value("\xef\xbb\xbf"
		    "A=1",
		"A", "1", false);
	check_value("A=b\\", "A", "b\\", false);
	check_value("A=b;C=d", "C", "d", false);
	check_value("A=1 B=2 C=3", "B", "2", false);
	check_value("export A=x", "A", "x", false);
	check_value("export  A=x B=y", "B", "y", false);
	check_value("exportA=x", "exportA", "x", false);
	check_value("A=1\nA=2\n", "A", "2", false);
	check_value("  A=indented", "A", "indented", false);
}

BM_TEST(keyval_lines_that_are_none)
{
	check_value("if [ -f x ]; then\n\tA=b\nfi\n", "A", "b", false);
	check_value("[section]\nA=1\n", "A", "1", false);
	check_value("1A=b\n=x\nA =b\n", "A", NULL, false);
	check_value("a.b=c\n", "b", NULL, false);
	check_value("test A=b\n", "A", NULL, false);
	check_value("A+b=c\n", "A", NULL, false);
	check_value("", "A", NULL, false);
	check_value("A", "A", NULL, false);
	check_value("A+", "A", NULL, false);
}

BM_TEST(keyval_append)
{
	struct bm_keyval keyval = parse("drv=\"a\"\ndrv+=\" b \"\ndrv+=$c\nnew+=x\n");

	BM_CHECK_STR(bm_keyval_get(&keyval, "drv"), "a b $c");
	BM_CHECK_STR(bm_keyval_get(&keyval, "new"), "x");
	BM_CHECK_INT(keyval.n, 4);
	BM_CHECK_STR(keyval.pairs[1].value, "a b ");
	BM_CHECK(!keyval.pairs[1].expands && keyval.pairs[2].expands);
	BM_CHECK_INT(bm_keyval_find(&keyval, "drv")->line, 3);
	BM_CHECK(!bm_keyval_find(&keyval, "none"));
	bm_keyval_done(&keyval);
}

BM_TEST(keyval_over_line_ends)
{
	struct bm_keyval keyval = parse("add=\" a \\\n b\n c \"\nB=x\\\ny\nC=z\n");

	BM_CHECK_STR(bm_keyval_get(&keyval, "add"), " a  b\n c ");
	BM_CHECK_STR(bm_keyval_get(&keyval, "B"), "xy");
	BM_CHECK_INT(bm_keyval_find(&keyval, "B")->line, 4);
	BM_CHECK_INT(bm_keyval_find(&keyval, "C")->line, 6);
	BM_CHECK_INT(keyval.problems.n, 0);
	bm_keyval_done(&keyval);
}

BM_TEST(keyval_what_a_shell_would_expand)
{
	struct bm_keyval keyval = parse("GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n"
					"A=$(echo \"x y\" (z))\nB=\"$HOME/x\"\nC='$HOME'\nD=\"\\$x\"\nE=${x}y\n");

	BM_CHECK_STR(bm_keyval_get(&keyval, "GRUB_DISTRIBUTOR"), "`lsb_release -i -s 2> /dev/null || echo Debian`");
	BM_CHECK_STR(bm_keyval_get(&keyval, "A"), "$(echo \"x y\" (z))");
	BM_CHECK_STR(bm_keyval_get(&keyval, "B"), "$HOME/x");
	BM_CHECK_STR(bm_keyval_get(&keyval, "E"), "${x}y");
	BM_CHECK_INT(keyval.n, 6);
	for (size_t i = 0; i < keyval.n; i++)
		BM_CHECK_INT(keyval.pairs[i].expands, i != 3 && i != 4);
	BM_CHECK_INT(keyval.problems.n, 0);
	bm_keyval_done(&keyval);
}

BM_TEST(keyval_broken_quotes_cost_one_line)
{
	struct bm_keyval keyval = parse("NAME=\"Broken\nID=\"x\"\nVERSION='1\nLAST=y\n");

	BM_CHECK_STR(bm_keyval_get(&keyval, "NAME"), "Broken");
	BM_CHECK_STR(bm_keyval_get(&keyval, "ID"), "x");
	BM_CHECK_STR(bm_keyval_get(&keyval, "VERSION"), "1");
	BM_CHECK_STR(bm_keyval_get(&keyval, "LAST"), "y");
	BM_CHECK_INT(keyval.problems.n, 2);
	BM_CHECK_STR(keyval.problems.items[0], "line 1: the value of NAME has no closing quote");
	BM_CHECK_STR(keyval.problems.items[1], "line 3: the value of VERSION has no closing quote");
	bm_keyval_done(&keyval);
	check_value("NAME=Some Linux 3\nB=1", "NAME", "Some Linux 3", true);
	check_value("NAME=Some Linux 3\nB=1", "B", "1", true);
	check_value("A=`x\nB=1", "B", "1", true);
	check_value("A=$(x\nB=1", "B", "1", true);
	check_value("A=\"", "A", "", true);
}

BM_TEST(keyval_nul_bytes)
{
	static const char text[] = "A=1\0\0B=2\n\0\0\0\0\nC=\"x\0y\"\nD=4\n";
	struct bm_keyval keyval;

	BM_CHECK_INT(bm_keyval_parse(text, sizeof(text) - 1, &keyval), 0);
	BM_CHECK_STR(bm_keyval_get(&keyval, "D"), "4");
	BM_CHECK(!bm_keyval_get(&keyval, "B"));
	BM_CHECK(keyval.problems.n >= 2);
	bm_keyval_done(&keyval);
}

BM_TEST(keyval_limits)
{
	char *text = malloc(BM_KEYVAL_SIZE_MAX + 1);
	struct bm_keyval keyval = {.n = 99};
	size_t len;

	memset(text, 'A', BM_KEYVAL_SIZE_MAX + 1);
	BM_CHECK_INT(bm_keyval_parse(text, BM_KEYVAL_SIZE_MAX + 1, &keyval), -EFBIG);
	BM_CHECK_INT(keyval.n, 99);
	text[BM_KEYVAL_SIZE_MAX - 1] = '=';
	BM_CHECK_INT(bm_keyval_parse(text, BM_KEYVAL_SIZE_MAX, &keyval), 0);
	BM_CHECK_INT(keyval.problems.n, 1);
	bm_keyval_done(&keyval);
	/* values: just short enough, and too long, plain and as a sum */
	for (int over = 0; over <= 1; over++) {
		len = (size_t)sprintf(text, "A=");
		memset(text + len, 'x', BM_KEYVAL_VALUE_MAX + (size_t)over);
		len += BM_KEYVAL_VALUE_MAX + (size_t)over;
		len += (size_t)sprintf(text + len, "\nA+=y\nB=1\n");
		BM_CHECK_INT(bm_keyval_parse(text, len, &keyval), 0);
		BM_CHECK_INT(keyval.problems.n, 1);
		BM_CHECK_INT(keyval.n, 2);
		BM_CHECK_STR(bm_keyval_get(&keyval, "B"), "1");
		bm_keyval_done(&keyval);
	}
	len = 0;
	for (int i = 0; i < BM_KEYVAL_PAIRS_MAX + 5; i++)
		len += (size_t)sprintf(text + len, "A%d=1;", i);
	BM_CHECK_INT(bm_keyval_parse(text, len, &keyval), 0);
	BM_CHECK_INT(keyval.n, BM_KEYVAL_PAIRS_MAX);
	BM_CHECK_INT(keyval.problems.n, 1);
	bm_keyval_done(&keyval);
	/* quotes that never close, on every line */
	for (len = 0; len + 8 < BM_KEYVAL_SIZE_MAX;)
		len += (size_t)sprintf(text + len, "A='\nB=`\n");
	BM_CHECK_INT(bm_keyval_parse(text, len, &keyval), 0);
	BM_CHECK_INT(keyval.n, BM_KEYVAL_PAIRS_MAX);
	BM_CHECK_INT(keyval.problems.n, BM_KEYVAL_PROBLEMS_MAX);
	bm_keyval_done(&keyval);
	free(text);
}

static void check_id(const char *text, int expected, const char *id)
{
	char found[BM_MACHINE_ID_TEXT] = "untouched";

	BM_CHECK_INT(bm_machine_id_parse(text, strlen(text), found), expected);
	BM_CHECK_STR(found, expected == 0 ? id : "untouched");
}

BM_TEST(machine_id)
{
	check_id("0123456789abcdef0123456789abcdef\n", 0, "0123456789abcdef0123456789abcdef");
	check_id("0123456789ABCDEF0123456789abcdef", 0, "0123456789abcdef0123456789abcdef");
	check_id("", -ENODATA, NULL);
	check_id("\n", -ENODATA, NULL);
	check_id("uninitialized\n", -ENOENT, NULL);
	check_id("0123456789abcdef0123456789abcde\n", -EINVAL, NULL);
	check_id("0123456789abcdef0123456789abcdef0\n", -EINVAL, NULL);
	check_id("0123456789abcdef0123456789abcdeg\n", -EINVAL, NULL);
	check_id("../../../../../../../../../../etc", -EINVAL, NULL);
}

static void check_release(const char *file, const char *text, const char *expected)
{
	struct bm_osrelease release;
	char *found;

	BM_CHECK_INT(bm_osrelease_parse(file, text, strlen(text), &release), 0);
	found = bm_strf("%s|%s|%s|%s|%s", release.id ? release.id : "", release.id_like ? release.id_like : "",
		release.name ? release.name : "", release.version ? release.version : "", release.pretty);
	BM_CHECK_STR(found, expected);
	free(found);
	bm_osrelease_done(&release);
}

BM_TEST(osrelease_files)
{
	check_release("os-release",
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n"
		"VERSION=\"12 (bookworm)\"\nID=debian\n",
		"debian||Debian GNU/Linux|12|Debian GNU/Linux 12 (bookworm)");
	check_release("os-release",
		"NAME='Rocky Linux'\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=9.4\n",
		"rocky|rhel centos fedora|Rocky Linux|9.4|Rocky Linux 9.4");
	check_release("os-release", "ID=arch\n", "arch||arch||arch");
	check_release("os-release", "PRETTY_NAME=x\n", "||||x");
	check_release("redhat-release", "CentOS Linux release 7.9.2009 (Core)\n",
		"centos||CentOS Linux|7.9.2009|CentOS Linux release 7.9.2009 (Core)");
	check_release("redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
		"rhel||Red Hat Enterprise Linux Server|6.10|Red Hat Enterprise Linux Server release 6.10 (Santiago)");
	check_release("redhat-release", "Red Hat Linux release 9 (Shrike)\n",
		"redhat||Red Hat Linux|9|Red Hat Linux release 9 (Shrike)");
	check_release("system-release", "CentOS Stream release 8", "centos||CentOS Stream|8|CentOS Stream release 8");
	check_release("oracle-release", "Oracle Linux Server release 8.6\n",
		"ol||Oracle Linux Server|8.6|Oracle Linux Server release 8.6");
	check_release("fedora-release", "Fedora release Rawhide\n", "fedora||Fedora||Fedora release Rawhide");
	check_release("SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
		"sles||SUSE Linux Enterprise Server|11.4|SUSE Linux Enterprise Server 11 (x86_64)");
	check_release("SuSE-release", "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n# old\n",
		"opensuse||openSUSE|13.2|openSUSE 13.2 (x86_64)");
	check_release("SuSE-release", "SUSE Linux Enterprise Server 12 (x86_64)\r\nVERSION = 12\r\nPATCHLEVEL = 0\r\n",
		"sles||SUSE Linux Enterprise Server|12|SUSE Linux Enterprise Server 12 (x86_64)");
	check_release("debian_version", "7.11\n", "debian||Debian GNU/Linux|7.11|Debian GNU/Linux 7.11");
	check_release("debian_version", "trixie/sid\n", "debian||Debian GNU/Linux||Debian GNU/Linux trixie/sid");
	check_release("lsb-release",
		"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n"
		"DISTRIB_DESCRIPTION=\"Ubuntu 14.04.6 LTS\"\n",
		"ubuntu||Ubuntu|14.04|Ubuntu 14.04.6 LTS");
}

BM_TEST(osrelease_of_nothing)
{
	static const char *const files[] = {
		"os-release", "lsb-release", "redhat-release", "SuSE-release", "debian_version"};
	static const char zeros[4096];
	struct bm_osrelease release = {.id = NULL};
	char *big = calloc(1, BM_KEYVAL_SIZE_MAX + 1);

	for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++) {
		BM_CHECK_INT(bm_osrelease_parse(files[i], "", 0, &release), -ENODATA);
		BM_CHECK_INT(bm_osrelease_parse(files[i], "\n \n\n", 4, &release), -ENODATA);
		BM_CHECK_INT(bm_osrelease_parse(files[i], zeros, sizeof(zeros), &release), -ENODATA);
		BM_CHECK_INT(bm_osrelease_parse(files[i], big, BM_KEYVAL_SIZE_MAX + 1, &release), -EFBIG);
	}
	memset(big, 'x', BM_KEYVAL_SIZE_MAX);
	BM_CHECK_INT(bm_osrelease_parse("redhat-release", big, BM_KEYVAL_SIZE_MAX, &release), 0);
	BM_CHECK(strlen(release.pretty) <= 512);
	bm_osrelease_done(&release);
	free(big);
}
