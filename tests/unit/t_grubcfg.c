/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script language of grub.cfg, rule by rule. t_grubcfg_samples.c has whole configurations.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/boot/grubcfg.h"

static struct bm_grubcfg parse_with(const char *text, const struct bm_grubcfg_input *input)
{
	struct bm_grubcfg cfg;

	BM_CHECK_INT(bm_grubcfg_parse(text, strlen(text), input, &cfg), 0);
	return cfg;
}

/* Runs text; then $r is expected. */
static void check_r(const char *text, const char *expected)
{
	struct bm_grubcfg cfg = parse_with(text, NULL);

	BM_CHECK_STR(bm_grubcfg_var(&cfg, "r"), expected);
	bm_grubcfg_done(&cfg);
}

/* Whether `if CONDITION` holds. */
static void check_if(const char *condition, bool expected)
{
	char *text = bm_strf("set one=1 \n set empty=\nset b='a b'\nif %s; then r=yes; else r=no; fi\n", condition);

	check_r(text, expected ? "yes" : "no");
	free(text);
}

/* The kernel's arguments of the only entry, whose body is `linux /k TEXT`. */
static void check_words(const char *words, const char *expected)
{
	char *text = bm_strf("a=A; b='x  y'; e=\nmenuentry T one two {\nlinux /k %s\n}\n", words);
	struct bm_grubcfg cfg = parse_with(text, NULL);

	BM_CHECK_INT(cfg.entries.n, 1);
	BM_CHECK_STR(cfg.entries.items[0].cmdline, expected);
	bm_grubcfg_done(&cfg);
	free(text);
}

/* Warnings as "LINE:KIND " each. */
static void check_warnings(const char *text, const char *expected)
{
	struct bm_grubcfg cfg = parse_with(text, NULL);
	struct bm_buf out = {0};

	for (size_t i = 0; i < cfg.n_warnings; i++)
		bm_buf_addf(&out, "%u:%d ", cfg.warnings[i].line, (int)cfg.warnings[i].kind);
	BM_CHECK_STR(bm_buf_text(&out), expected);
	bm_buf_done(&out);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_words)
{
	check_words("ro quiet", "ro quiet");
	check_words("$a ${a} \"$a\" '$a' \\$a", "A A A $a $a");
	check_words("x$a.y ${a}z $az", "xA.y Az");
	check_words("$e $none '' \"\"", " ");
	check_words("$b", "x y");
	check_words("\"$b\"", "\"x  y\"");
	check_words("p=\"q r\"s", "\"p=q rs\"");
	check_words("\"a\\\"b\\$c\\\\d\\e\"", "a\"b$c\\d\\e");
	check_words("a#b # comment", "a#b");
	check_words("one \\\n two", "one two");
	check_words("\"one\\\ntwo\"", "onetwo");
	check_words("$1 $2 $3 $# $4", "T one two 3");
	check_words("$? $*", "0 T one two");
	check_words("$\"text\" cost\\$ a=$b", "text cost$ a=x y");
	check_words("root=UUID=a,b:c@d%e~[f]/*", "root=UUID=a,b:c@d%e~[f]/*");
}

/* Upstream's GRUB drops the backslash of \x20; Fedora's and Enterprise Linux' passes it to the kernel. */
BM_TEST(grubcfg_hex_escapes)
{
	static const char text[] = "menuentry T {\nlinux /k root=LABEL=a\\x20b \"c\\x20d\" \\x2 \\xg0 e\\ f\n}\n";
	const struct bm_grubcfg_input keeps = {.keeps_hex = true};
	struct bm_grubcfg cfg = parse_with(text, NULL);

	BM_CHECK_STR(cfg.entries.items[0].cmdline, "root=LABEL=ax20b c\\x20d x2 xg0 \"e f\"");
	bm_grubcfg_done(&cfg);
	cfg = parse_with(text, &keeps);
	BM_CHECK_STR(cfg.entries.items[0].cmdline, "root=LABEL=a\\x20b c\\x20d x2 xg0 \"e f\"");
	bm_grubcfg_done(&cfg);
	cfg = parse_with("set r=\\x2", &keeps);
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "r"), "x2");
	bm_grubcfg_done(&cfg);
}

/* What a pattern stands for only the disk knows. */
BM_TEST(grubcfg_patterns)
{
	struct bm_grubcfg cfg =
		parse_with("for k in /boot/vmlinuz-*; do menuentry $k {\n linux $k root=/dev/sda1\n}\ndone\n"
			   "menuentry b {\n linux /k\n initrd /i-?.img\n}\nmenuentry c {\n linux /k\n}\n",
			NULL);

	BM_CHECK_INT(cfg.n_warnings, 1);
	BM_CHECK_INT(cfg.warnings[0].kind, BM_GRUBCFG_PATTERN);
	BM_CHECK_INT(cfg.entries.n, 3);
	BM_CHECK(cfg.entries.items[0].unresolved);
	/* one image, whatever its name */
	BM_CHECK(!cfg.entries.items[1].unresolved);
	BM_CHECK(!cfg.entries.items[2].unresolved);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_assignments)
{
	check_r("set r=a", "a");
	check_r("r=a", "a");
	check_r("r=a; set r=", "");
	check_r("set r=\"a b\" c", "a b");
	check_r("r=a\nunset r", NULL);
	check_r("set r", NULL);
	check_r("a=b; r=$a$a", "bb");
	check_r("set r=a=b", "a=b");
	check_r("# r=a\n  #r=b\nr=c#d", "c#d");
	check_r("r=1;r=2;r=3;", "3");
	check_r("r=a\r\nset x=b\r\n", "a");
	check_r("export r; export none", "");
	check_r("r='multi\nline'", "multi\nline");
	check_r("eval 'r=a;' \"r=\\${r}b\"", "ab");
}

BM_TEST(grubcfg_conditions)
{
	check_if("true", true);
	check_if("false", false);
	check_if("! false", true);
	check_if("[ a = a ]", true);
	check_if("[ a == b ]", false);
	check_if("[ a != b ]", true);
	check_if("test x$one = x1", true);
	check_if("[ -n \"$one\" ]", true);
	check_if("[ -z \"$one\" ]", false);
	check_if("[ -z \"$empty\" ]", true);
	check_if("[ \"${one}\" ]", true);
	check_if("[ \"${empty}\" ]", false);
	check_if("[ $none ]", false);
	check_if("[ ]", false);
	check_if("[ -n ]", true);
	check_if("[ ! -z \"$one\" ]", true);
	check_if("[ ! = ! ]", true);
	check_if("[ -z = -z ]", true);
	check_if("[ 10 -gt 9 -a 2 -lt 10 ]", true);
	check_if("[ 10 -le 9 -o 3 -ge 3 ]", true);
	check_if("[ -1 -lt 0 ]", true);
	check_if("[ x -eq 0 ]", true);
	check_if("[ 1 -ne 1 ]", false);
	check_if("[ a '<' b ]", true);
	check_if("[ vmlinuz-10 -pgt vmlinuz-9 ]", true);
	check_if("[ vmlinuz-10 -plt initrd-9 ]", false);
	check_if("[ ( a = b -o a = a ) -a ! ( b = c ) ]", true);
	check_if("[ a = b -o a = a -a b = c ]", false);
	check_if("[ -f /x ]", false);
	check_if("[ -s $prefix/grubenv ]", false);
	check_if("[ -e /x -o -d /y ]", false);
	check_if("false; true", true);
	check_if("loadfont unicode", true);
	check_if("keystatus --shift", false);
	check_if("[ x$feature_menuentry_id = xy ]", true);
	check_if("[ x$grub_platform = xpc -a $grub_cpu = i386 ]", true);
}

BM_TEST(grubcfg_flow)
{
	check_r("if false; then r=a; elif true; then r=b; elif true; then r=c; else r=d; fi", "b");
	check_r("if false; then\n r=a\nelif false\nthen\n r=b\nelse\n r=c\nfi", "c");
	check_r("r=; for i in 1 2 'a b'; do r=\"$r/$i\"; done", "/1/2/a b");
	check_r("r=; for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; r=$r$i; done", "13");
	check_r("r=; for i in 1 2 3; do if [ $i = 2 ]; then break; fi; r=$r$i; done", "1");
	check_r("r=; for i in 1 2; do for j in 1 2; do break 2; done; r=inner; done", "");
	check_r("r=; while [ x$r != xaaa ]; do r=${r}a; done", "aaa");
	check_r("r=; until [ x$r = xaa ]; do r=${r}a; done", "aa");
	check_r("function f { r=\"$1-$2-$#\"; }\nf a \"b c\"", "a-b c-2");
	check_r("function f\n{\nr=a\nreturn 1\nr=b\n}\nif f; then r=${r}0; else r=${r}1; fi", "a1");
	check_r("function f { shift; r=$1; }\nf a b c", "b");
	check_r("function f { r=a; }\nfunction f { r=b; }\nf", "b");
	check_r("function f { r=$#; g x; r=$r$#; }\nfunction g { true; }\nf 1 2", "22");
	check_r("r=a; return; r=b", "a");
	check_r("break; r=a", "a");
}

BM_TEST(grubcfg_syntax_errors_cost_the_statement)
{
	check_r("r=a\nif true; r=b; fi\nr=${r}c", "ac");
	check_r("r=a\nfi\nr=b", "b");
	check_r("r=a\n}\nr=b", "b");
	check_r("r=a\nset r=${x\nr=${r}b", "ab");
	check_r("r=a | b\nr=c", "c");
	check_r("r=a\nif [ a < b ]; then r=b; fi\nr=${r}c", "ac"); /* < is no operator outside quotes */
	check_r("r=a\nset r='never closed\nr=b", "a");
	check_warnings("true\nif true; r=b; fi\nfoo\nbar; true\nmenuentry\n", "2:0 3:1 4:1 5:0 ");
	check_warnings("menuentry x {\nlinux /k\n", "1:0 ");
	check_warnings("menuentry x\n{\nlinux /k\n}\n", "1:0 2:0 4:0 ");
	check_warnings("foo\nfor i in 1 2 3; do bar; done\n", "1:1 2:1 ");
	check_warnings("source /a\nif [ -f /b ]; then source /b; fi\nload_env\n", "1:3 3:3 ");
}

/* What GRUB's own grub-script-check says to each. */
BM_TEST(grubcfg_syntax_is_that_of_grub)
{
	static const char *const good[] = {"menuentry x{ true; }", "menuentry x {\ntrue }", "function f\n{ true; } ; f",
		"if true\nthen true\nfi", "for i in ; do true; done", "for i in 1 2\n\ndo\ntrue; done", "echo $\"x y\"",
		"echo ${1} ${?} $# $1a '$' \\$ \"\\$\"", "echo if then done time", "time=5", "! true",
		"echo a#b (hd0,1)/x [a]", "echo {a}", "menuentry x { submenu y { true; }; }",
		"if true; then true; # c\nfi", "while false; do true; done; true;"};
	static const char *const bad[] = {"menuentry x { }", "menuentry x {}", "function f {}", "function f { true }",
		"menuentry x { function f { true; }; }", "if true; then fi", "if ; then true; fi", "a=b;;c=d", ";a",
		"echo $", "echo \"$\"", "echo \"a$\"", "echo ${a-b}", "echo ${1a}", "a || b", "a && b", "echo a & b",
		"echo a > b", "echo a}", "{ true; }", "echo [[ a", "then", "in", "case x", "select",
		"function $f { true; }", "function a-b { true; }", "for $i in 1; do true; done",
		"for i 1; do true; done", "if true; then true; fi echo x", "echo 'a", "echo \"a"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		check_warnings(good[i], "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct bm_grubcfg cfg = parse_with(bad[i], NULL);

		BM_CHECK(cfg.n_warnings >= 1);
		BM_CHECK_INT(cfg.warnings[0].kind, BM_GRUBCFG_SYNTAX);
		BM_CHECK_INT(cfg.warnings[0].line, 1);
		BM_CHECK_INT(cfg.entries.n, 0);
		bm_grubcfg_done(&cfg);
	}
}

BM_TEST(grubcfg_menuentry_options)
{
	struct bm_grubcfg cfg =
		parse_with("menuentry 'A' --class x --class=y --users \"\" --unrestricted --id a {\ntrue\n}\n"
			   "menuentry --id=b --hotkey=n B{ true; }\n"
			   "o=--id\nmenuentry \"C $o\" $o c extra { menuentry D { true; }\n }\n"
			   "menuentry -- --id { true; }\nmenuentry E $none 'x' { true; }\n",
			NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_INT(cfg.entries.n, 5);
	BM_CHECK_STR(e[0].title, "A");
	BM_CHECK_STR(e[0].id, "a");
	BM_CHECK_INT(e[0].kind, BM_ENTRY_OTHER);
	BM_CHECK_STR(e[1].title, "B");
	BM_CHECK_STR(e[1].id, "b");
	BM_CHECK_STR(e[2].title, "C --id");
	BM_CHECK_STR(e[2].id, "c");
	BM_CHECK_STR(e[3].title, "--id");
	BM_CHECK_STR(e[4].title, "E");
	BM_CHECK(e[4].id == NULL);
	BM_CHECK_INT(e[4].position, 4);
	BM_CHECK_INT(e[2].line, 6);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_bodies_run_when_the_menu_is_complete)
{
	struct bm_grubcfg cfg =
		parse_with("menuentry A { linux /k $late; late=x; root=r; }\nmenuentry B { linux ($root)/k $late; }\n"
			   "late=yes\nset root=(hd0,gpt2)\n",
			NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_STR(e[0].cmdline, "yes");
	BM_CHECK_STR(e[1].cmdline, "yes");
	BM_CHECK_STR(e[1].place.device, "hd0,gpt2");
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "root"), "(hd0,gpt2)");
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_submenus_see_what_is_exported)
{
	struct bm_grubcfg cfg =
		parse_with("a=1; b=2; export b\nset root=hd0,1\n"
			   "submenu S --id s { c=3\nmenuentry T { linux /k a=$a b=$b c=$c p=$chosen; }\n"
			   "submenu U { menuentry V { linux /v c=$c; } } }\n"
			   "menuentry W { linux /k c=$c; }\n",
			NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_INT(cfg.entries.n, 5);
	BM_CHECK_INT(e[0].kind, BM_ENTRY_SUBMENU);
	BM_CHECK_STR(e[1].cmdline, "a= b=2 c=3 p=T");
	BM_CHECK_STR(e[1].place.device, "hd0,1");
	BM_CHECK(e[1].unresolved);
	BM_CHECK_INT(e[1].parent, 0);
	BM_CHECK_INT(e[2].parent, 0);
	BM_CHECK_INT(e[2].position, 1);
	BM_CHECK_STR(e[3].title, "V");
	BM_CHECK_INT(e[3].parent, 2);
	BM_CHECK_INT(e[3].path.n, 2);
	BM_CHECK_STR(e[3].path.items[0], "S");
	BM_CHECK_STR(e[3].path.items[1], "U");
	BM_CHECK_STR(e[3].cmdline, "c=");
	BM_CHECK_STR(e[4].title, "W");
	BM_CHECK_INT(e[4].position, 1);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_chainloader)
{
	struct bm_grubcfg cfg =
		parse_with("menuentry A { search --fs-uuid --set=root 7B77-95E7; chainloader /EFI/Linux/a.efi; }\n"
			   "menuentry B { chainloader --force (hd0,gpt1)/EFI/Linux/b.efi root=/dev/sda1 quiet; }\n"
			   "menuentry C { chainloader +1; }\n"
			   "menuentry D { chainloader (hd0)+1; }\n"
			   "menuentry E { chainloader /x.efi; chainloader +1; }\n"
			   "menuentry F { chainloader; }\n"
			   "menuentry G { chainloader /x$none.efi; }\n",
			NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_INT(cfg.entries.n, 7);
	for (size_t i = 0; i < cfg.entries.n; i++)
		BM_CHECK(e[i].kind == BM_ENTRY_CHAIN && !e[i].kernel);
	BM_CHECK_STR(e[0].program, "/EFI/Linux/a.efi");
	BM_CHECK_STR(e[0].place.search_uuid, "7B77-95E7");
	BM_CHECK(!e[0].cmdline && !e[0].unresolved);
	BM_CHECK_STR(e[1].program, "/EFI/Linux/b.efi");
	BM_CHECK_STR(e[1].place.device, "hd0,gpt1");
	BM_CHECK_STR(e[1].cmdline, "root=/dev/sda1 quiet");
	for (size_t i = 2; i < 6; i++)
		BM_CHECK(!e[i].cmdline && (!e[i].program || *e[i].program != '/'));
	BM_CHECK(e[6].unresolved);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_loading)
{
	struct bm_grubcfg cfg = parse_with("menuentry A { initrd /early; linux16 /a x; initrd16 /i1 /i2; linux /b y; "
					   "initrd /i3; devicetree /d.dtb; }\n"
					   "menuentry B { linux /b; initrd /i1; initrd newc:etc/x:/i2 $none; }\n"
					   "menuentry C { linux /c; chainloader /EFI/BOOT/BOOTX64.EFI; }\n"
					   "menuentry D { chainloader +1; linuxefi (hd1,gpt3)/d; initrdefi (hd2)/i; }\n"
					   "menuentry E { linux; initrd /i; }\n"
					   "menuentry F { set root=hd9; linux /f$missing; initrd /f; }\n",
		NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_INT(cfg.entries.n, 6);
	BM_CHECK_STR(e[0].kernel, "/b");
	BM_CHECK_STR(e[0].cmdline, "y");
	BM_CHECK_INT(e[0].initrds.n, 1);
	BM_CHECK_STR(e[0].initrds.items[0], "/i3");
	BM_CHECK_STR(e[0].devicetree, "/d.dtb");
	BM_CHECK_INT(e[1].initrds.n, 1);
	BM_CHECK_STR(e[1].initrds.items[0], "/i2");
	BM_CHECK_STR(e[2].program, "/EFI/BOOT/BOOTX64.EFI");
	BM_CHECK_INT(e[2].kind, BM_ENTRY_CHAIN);
	BM_CHECK(e[2].kernel == NULL);
	BM_CHECK_INT(e[3].kind, BM_ENTRY_LINUX);
	BM_CHECK_STR(e[3].place.device, "hd1,gpt3");
	BM_CHECK_STR(e[3].initrd_device, "hd2");
	BM_CHECK_INT(e[4].kind, BM_ENTRY_OTHER);
	BM_CHECK(e[5].unresolved && !e[0].unresolved);
	BM_CHECK_STR(e[5].place.device, "hd9");
	BM_CHECK(e[5].initrd_device == NULL);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_values_that_are_missing)
{
	struct bm_grubcfg cfg =
		parse_with("menuentry A { linux /k $whole quiet; initrd /i $early; }\n"
			   "menuentry B { linux /k root=$part; }\nmenuentry C { linux $kernel quiet; }\n"
			   "menuentry D { linux \"$kernel\"; }\nmenuentry E { linux /k; initrd /i-$v; }\n",
			NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK(!e[0].unresolved);
	BM_CHECK_STR(e[0].cmdline, "quiet");
	BM_CHECK_INT(e[0].initrds.n, 1);
	BM_CHECK(e[1].unresolved && e[2].unresolved && e[3].unresolved && e[4].unresolved);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_search)
{
	struct bm_grubcfg cfg = parse_with(
		"set root='(hd0,msdos1)'\n"
		"menuentry A { search --no-floppy --fs-uuid --set=root --hint-bios=hd0 --hint hd1 1234-abcd; linux /k; "
		"}\n"
		"menuentry B { search -n -l -s DATA; linux /k; }\n"
		"menuentry C { search --set root -f /vmlinuz; linux ($root)/k; }\n"
		"menuentry D { search.fs_label X boot hd0; linux ($boot)/k; initrd /i; }\n"
		"menuentry E { search --file /x; linux /k; }\n"
		"menuentry F { search -nus; linux /k; }\n"
		"menuentry G { search --fs-uuid --set=root aa; search --fs-uuid --set=root bb; linux /k; }\n"
		"menuentry H { search -u -s 12-34; probe -u $root --set=u; regexp --set 1:v x y; linux /k "
		"root=UUID=$u "
		"r=$v; }\n"
		"menuentry I { search --no-floppy --set root --part-label USR-A --hint \"$root\"; linux /k; }\n"
		"menuentry J { search --set=drive1 --fs-uuid ab-cd; linux ($drive1)/nix/store/x-linux/bzImage; initrd "
		"($drive1)/i; }\n",
		NULL);
	const struct bm_entry *e = cfg.entries.items;

	BM_CHECK_INT(cfg.n_warnings, 0);
	BM_CHECK_STR(e[0].place.search_uuid, "1234-abcd");
	BM_CHECK_STR(e[0].place.device, "hd0,msdos1");
	BM_CHECK_STR(e[1].place.search_label, "DATA");
	BM_CHECK_STR(e[2].place.search_file, "/vmlinuz");
	BM_CHECK_STR(e[2].place.device, "hd0,msdos1");
	BM_CHECK_STR(e[3].place.search_label, "X");
	BM_CHECK(e[3].place.device == NULL);
	BM_CHECK_STR(e[3].initrd_device, "hd0,msdos1");
	BM_CHECK_STR(e[4].place.device, "hd0,msdos1");
	BM_CHECK(e[4].place.search_file == NULL);
	BM_CHECK_STR(e[5].place.device, "hd0,msdos1");
	BM_CHECK_STR(e[6].place.search_uuid, "bb");
	BM_CHECK_STR(e[7].cmdline, "root=UUID=12-34 r=");
	BM_CHECK_STR(e[7].place.search_uuid, "12-34");
	BM_CHECK_STR(e[8].place.device, "partition/USR-A");
	BM_CHECK_STR(e[9].place.search_uuid, "ab-cd");
	BM_CHECK_STR(e[9].kernel, "/nix/store/x-linux/bzImage");
	BM_CHECK(e[9].initrd_device == NULL);
	bm_grubcfg_done(&cfg);
}

/* default=SPEC in a menu of A(a), S(s){B(b), C}, "4"(x), "p>q" */
static void check_default(const char *spec, const char *title, bool reason)
{
	char *text = bm_strf("default='%s'\nmenuentry A --id a { linux /a; }\n"
			     "submenu S --id s { menuentry B --id b { linux /b; }\n menuentry C { linux /c; } }\n"
			     "menuentry 4 --id x { linux /x; }\nmenuentry 'p>q' { linux /p; }\n",
		spec);
	struct bm_grubcfg cfg = parse_with(text, NULL);

	BM_CHECK(cfg.default_entry >= 0);
	BM_CHECK_STR(cfg.entries.items[cfg.default_entry].title, title);
	BM_CHECK_INT(cfg.default_reason != NULL, reason);
	BM_CHECK_STR(cfg.default_text, spec);
	bm_grubcfg_done(&cfg);
	free(text);
}

BM_TEST(grubcfg_defaults)
{
	check_default("", "A", false);
	check_default("0", "A", false);
	check_default("2", "4", false);
	check_default("0x2", "4", false);
	check_default("4", "4", false); /* a title before an index */
	check_default("a", "A", false);
	check_default("A", "A", false);
	check_default("x", "4", false);
	check_default("1>0", "B", false);
	check_default("1>1", "C", false);
	check_default("s>b", "B", false);
	check_default("S>C", "C", false);
	check_default("s>1", "C", false);
	check_default("1", "B", true);
	check_default("1>9", "B", true);
	check_default("s>a", "B", true);
	check_default("9", "A", true);
	check_default("-1", "A", true);
	check_default("b", "A", true);
	check_default("nothing", "A", true);
	check_default("p>>q", "p>q", false);
	check_default("p>q", "A", true);
	check_default("a>b", "A", false); /* what follows an entry has no meaning */
	check_default("0x", "A", true);
	check_default("99999999999999999999", "A", true);
}

BM_TEST(grubcfg_default_of_an_empty_menu)
{
	struct bm_grubcfg cfg = parse_with("set default=3\nset timeout=7; set fallback='1 2'\n", NULL);

	BM_CHECK_INT(cfg.default_entry, -1);
	BM_CHECK_STR(cfg.timeout, "7");
	BM_CHECK_STR(cfg.fallback, "1 2");
	bm_grubcfg_done(&cfg);
	cfg = parse_with("", NULL);
	BM_CHECK_INT(cfg.default_entry, -1);
	BM_CHECK_STR(cfg.default_text, "");
	BM_CHECK(cfg.timeout == NULL && cfg.fallback == NULL && !cfg.uses_bls && !cfg.uses_env);
	bm_grubcfg_done(&cfg);
	cfg = parse_with("submenu S { true; }\n", NULL);
	BM_CHECK_INT(cfg.default_entry, 0);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_environment_block)
{
	const char *script =
		"if [ -s $prefix/grubenv ]; then load_env; fi\nset default=\"$saved_entry\"\n"
		"if [ \"$next_entry\" ]; then set default=\"$next_entry\"; set next_entry=; save_env next_entry; fi\n"
		"menuentry A { true; }\nmenuentry B { true; }\nmenuentry C { true; }\n";
	struct bm_grubenv env = {0};
	struct bm_grubcfg_input input = {.env = &env};
	struct bm_grubcfg cfg;

	BM_CHECK_INT(bm_grubenv_set(&env, "saved_entry", "B"), 0);
	cfg = parse_with(script, &input);
	BM_CHECK_INT(cfg.default_entry, 1);
	BM_CHECK(cfg.uses_env);
	bm_grubcfg_done(&cfg);
	BM_CHECK_INT(bm_grubenv_set(&env, "next_entry", "2"), 0);
	cfg = parse_with(script, &input);
	BM_CHECK_INT(cfg.default_entry, 2);
	bm_grubcfg_done(&cfg);
	env.refused = true;
	env.damage = "is empty";
	cfg = parse_with(script, &input);
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK_INT(cfg.n_warnings, 1);
	BM_CHECK_STR(cfg.warnings[0].text, "the environment block is empty: GRUB does not read it");
	bm_grubcfg_done(&cfg);
	env.refused = false;
	cfg = parse_with("load_env saved_entry\nr=$saved_entry$next_entry\n", &input);
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "r"), "B");
	bm_grubcfg_done(&cfg);
	bm_grubenv_done(&env);
}

struct files {
	const char *const *pairs; /* path as UUID:PATH, text */
};

static const char *find_file(void *arg, const struct bm_grubcfg_ref *ref)
{
	const struct files *files = arg;
	char *name = bm_strf("%s:%s", ref->place->search_uuid ? ref->place->search_uuid : "", ref->path);
	const char *text = NULL;

	for (const char *const *pair = files->pairs; *pair && !text; pair += 2) {
		if (bm_streq(pair[0], name))
			text = pair[1];
	}
	free(name);
	return text;
}

static int exists(void *arg, const struct bm_grubcfg_ref *ref, enum bm_grubcfg_test test)
{
	return test != BM_GRUBCFG_DIRECTORY && find_file(arg, ref) != NULL;
}

static int read_file(void *arg, const struct bm_grubcfg_ref *ref, char **ret_text, size_t *ret_len)
{
	const char *text = find_file(arg, ref);

	if (!text)
		return -2;
	*ret_text = strdup(text);
	*ret_len = strlen(text);
	return 0;
}

BM_TEST(grubcfg_reads_other_files)
{
	static const char *const pairs[] = {":/g/custom.cfg", "menuentry C { linux /c; }\nfoo\nv=1\n",
		"ab:/boot/grub/grub.cfg", "menuentry M { linux /m v=$v e=$e; }\nset default=0\nsource $prefix/x.cfg\n",
		"ab:/boot/grub/x.cfg", "menuentry X { linux /x; }\n", ":/empty.cfg", "# nothing\n", ":/loop.cfg",
		"source /loop.cfg\n", ":/conf.cfg", "configfile /conf.cfg\n", NULL};
	struct files files = {pairs};
	struct bm_grubcfg_input input = {.path = "/g/grub.cfg", .exists = exists, .read = read_file, .arg = &files};
	struct bm_grubcfg cfg =
		parse_with("if [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; fi\n"
			   "r=$v\nmenuentry A { true; }\n",
			&input);

	BM_CHECK_INT(cfg.entries.n, 2);
	BM_CHECK_STR(cfg.entries.items[0].title, "C");
	BM_CHECK_STR(cfg.entries.items[0].file, "/g/custom.cfg");
	BM_CHECK_STR(cfg.entries.items[1].file, "/g/grub.cfg");
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "r"), "1");
	BM_CHECK_INT(cfg.n_warnings, 1);
	BM_CHECK_STR(cfg.warnings[0].file, "/g/custom.cfg");
	BM_CHECK_INT(cfg.warnings[0].line, 2);
	bm_grubcfg_done(&cfg);

	/* the stub on an ESP */
	cfg = parse_with("search.fs_uuid ab root hd0,gpt2 \nset prefix=($root)'/boot/grub'\nv=1\ne=2; export e\n"
			 "configfile $prefix/grub.cfg\nmenuentry never { true; }\n",
		&input);
	BM_CHECK_INT(cfg.entries.n, 2);
	BM_CHECK_STR(cfg.entries.items[0].cmdline, "v= e=2");
	BM_CHECK_STR(cfg.entries.items[0].place.search_uuid, "ab");
	BM_CHECK_STR(cfg.entries.items[1].title, "X");
	BM_CHECK_INT(cfg.default_entry, 0);
	BM_CHECK_STR(bm_grubcfg_var(&cfg, "e"), "2");
	bm_grubcfg_done(&cfg);

	/* a menu is kept when the other file has none; and a file that is not there is told */
	cfg = parse_with(
		"menuentry A { true; }\nconfigfile /empty.cfg\nconfigfile /none.cfg\nmenuentry B { true; }\n", &input);
	BM_CHECK_INT(cfg.entries.n, 2);
	BM_CHECK_INT(cfg.n_warnings, 1);
	BM_CHECK_STR(cfg.warnings[0].text, "/none.cfg is not there");
	bm_grubcfg_done(&cfg);

	cfg = parse_with("source /loop.cfg\nconfigfile /conf.cfg\nmenuentry A { true; }\n", &input);
	BM_CHECK_INT(cfg.entries.n, 1);
	BM_CHECK(cfg.n_warnings > 0);
	BM_CHECK_INT(cfg.warnings[0].kind, BM_GRUBCFG_LIMIT);
	bm_grubcfg_done(&cfg);
}

BM_TEST(grubcfg_bls_entries)
{
	struct bm_bls_list bls = {0};
	struct bm_grubcfg_input input = {.bls = &bls};
	struct bm_grubcfg cfg;
	const char old[] = "title Old\nlinux /vmlinuz-1\ninitrd /initrd-1\noptions $kernelopts old\n";
	const char new[] = "title New\nlinux /vmlinuz-2\ninitrd /initrd-2\noptions $kernelopts\n";
	const char *script = "set root=hd0,gpt2\nset kernelopts='root=/dev/a ro'\nmenuentry First { true; }\n"
			     "insmod blscfg\nblscfg\nmenuentry Last { true; }\nset default=m-5.14.0-1\n";

	BM_CHECK_INT(bm_bls_list_add(&bls, "m-5.14.0-1.conf", old, strlen(old)), 0);
	BM_CHECK_INT(bm_bls_list_add(&bls, "m-0-rescue.conf", "title R\nlinux /r\n", 17), 0);
	BM_CHECK_INT(bm_bls_list_add(&bls, "m-5.14.0-20.conf", new, strlen(new)), 0);
	BM_CHECK_INT(bm_bls_list_add(&bls, "m-9-9.conf", "title nothing\n", 14), 0);
	cfg = parse_with(script, &input);
	BM_CHECK(cfg.uses_bls);
	BM_CHECK_INT(cfg.bls_position, 1);
	BM_CHECK_INT(cfg.bls_line, 5);
	BM_CHECK_STR(cfg.bls_place.device, "hd0,gpt2");
	BM_CHECK(cfg.bls_dir == NULL);
	BM_CHECK_INT(cfg.entries.n, 5);
	BM_CHECK_STR(cfg.entries.items[0].title, "First");
	BM_CHECK_STR(cfg.entries.items[1].title, "New");
	BM_CHECK_STR(cfg.entries.items[1].cmdline, "root=/dev/a ro");
	BM_CHECK_STR(cfg.entries.items[1].place.device, "hd0,gpt2");
	BM_CHECK(cfg.entries.items[1].bls);
	BM_CHECK_STR(cfg.entries.items[2].id, "m-5.14.0-1");
	BM_CHECK_STR(cfg.entries.items[2].cmdline, "root=/dev/a ro old");
	BM_CHECK_STR(cfg.entries.items[3].title, "R");
	BM_CHECK_STR(cfg.entries.items[4].title, "Last");
	BM_CHECK_INT(cfg.default_entry, 2);
	bm_grubcfg_done(&cfg);

	cfg = parse_with("default=New; export default; blsdir=/boot/loader/entries\nblscfg --show-default\nsubmenu "
			 "More { blscfg "
			 "non-default; }\n",
		&input);
	BM_CHECK_INT(cfg.entries.n, 4);
	BM_CHECK_STR(cfg.entries.items[0].title, "New");
	BM_CHECK_INT(cfg.entries.items[1].kind, BM_ENTRY_SUBMENU);
	BM_CHECK_INT(cfg.entries.items[2].parent, 1);
	BM_CHECK_STR(cfg.entries.items[2].path.items[0], "More");
	BM_CHECK_STR(cfg.entries.items[2].title, "Old");
	BM_CHECK(cfg.entries.items[0].unresolved); /* kernelopts is not set here */
	BM_CHECK_STR(cfg.bls_dir, "/boot/loader/entries");
	bm_grubcfg_done(&cfg);
	bm_bls_list_done(&bls);
}
