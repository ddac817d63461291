/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "fmt/own/bmconf.h"

static struct bm_bmconf cmdline(const char *text)
{
	struct bm_bmconf conf = {0};

	BM_CHECK_INT(bm_bmconf_read_cmdline(&conf, text, strlen(text)), 0);
	return conf;
}

static struct bm_bmconf file(const char *text)
{
	struct bm_bmconf conf = {0};

	BM_CHECK_INT(bm_bmconf_read_file(&conf, text, strlen(text)), 0);
	return conf;
}

static void check(struct bm_bmconf *conf, const char *expected)
{
	char *text = bm_strf("%d %d %s %s %s %s", conf->asked, conf->dry_run, conf->kernel ? conf->kernel : "-",
		conf->system ? conf->system : "-", conf->token ? conf->token : "-", bm_then_name(conf->then));

	BM_CHECK_STR(text, expected);
	free(text);
}

static void check_problems(struct bm_bmconf *conf, const char *expected)
{
	char *text = bm_strv_join(&conf->problems, "|");

	BM_CHECK_STR(text, expected);
	free(text);
	bm_bmconf_done(conf);
}

BM_TEST(bmconf_cmdline)
{
	struct bm_bmconf conf = cmdline("BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet bootmend.auto "
					"bootmend.kernel=6.1.0-37-amd64 bootmend.system=8af3 bootmend.dry-run "
					"bootmend.then=poweroff bootmend.token=job-7:a_b.c -- bootmendx=1\n");

	check(&conf, "1 1 6.1.0-37-amd64 8af3 job-7:a_b.c poweroff");
	check_problems(&conf, "");
}

BM_TEST(bmconf_cmdline_plain)
{
	struct bm_bmconf conf = cmdline("");

	check(&conf, "0 0 - - - ");
	check_problems(&conf, "");
	conf = cmdline(
		"\"bootmend.kernel=all\" \"x y bootmend.auto\" bootmend.system=\"my-host\" a=\"bootmend.auto b\"");
	check(&conf, "0 0 all my-host - ");
	check_problems(&conf, "");
	conf = cmdline("bootmend.kernel=/boot/vmlinuz-6.1.0-37-amd64 bootmend.dry_run=1 bootmend.auto=YES");
	check(&conf, "1 1 /boot/vmlinuz-6.1.0-37-amd64 - - ");
	check_problems(&conf, "");
	conf = cmdline("bootmend.auto bootmend.auto=0 bootmend.dry-run bootmend.dry-run=off bootmend.then=Reboot");
	check(&conf, "0 0 - - - reboot");
	check_problems(&conf, "");
	conf = cmdline("bootmend.token=\"unclosed bootmend.auto");
	check(&conf, "0 0 - - - ");
	check_problems(&conf, "the value of the parameter \"bootmend.token\" has a character that is not allowed");
}

BM_TEST(bmconf_time_limit)
{
	struct bm_bmconf conf = cmdline("bootmend.time-limit=3600");

	BM_CHECK_INT(conf.limit_seconds, 3600);
	check_problems(&conf, "");
	conf = file("bootmend.time_limit = 86400\n");
	BM_CHECK_INT(conf.limit_seconds, 86400);
	check_problems(&conf, "");
	conf = cmdline("bootmend.time-limit=5 bootmend.time-limit=86401 bootmend.time-limit=0 bootmend.time-limit=x "
		       "bootmend.time-limit");
	BM_CHECK_INT(conf.limit_seconds, 5);
	BM_CHECK_INT(conf.problems.n, 4);
	BM_CHECK_STR(conf.problems.items[0], "the parameter \"bootmend.time-limit\" takes seconds, at most a day");
	bm_bmconf_done(&conf);
}

BM_TEST(bmconf_problems)
{
	struct bm_bmconf conf = cmdline("bootmend.autoo bootmend. bootmend.kernel bootmend.kernel= bootmend.then=halt "
					"bootmend.then bootmend.auto=maybe bootmend.system=a/b bootmend.token=$(x) "
					"bootmend.kernel=a;b xbootmend.foo bootmend=1");

	check(&conf, "0 0 - - - ");
	BM_CHECK_INT(conf.problems.n, 10);
	BM_CHECK_STR(conf.problems.items[0], "the parameter \"bootmend.autoo\" is unknown");
	BM_CHECK_STR(conf.problems.items[1], "the parameter \"bootmend.\" is unknown");
	BM_CHECK_STR(conf.problems.items[2], "the parameter \"bootmend.kernel\" needs a value");
	BM_CHECK_STR(conf.problems.items[4], "the parameter \"bootmend.then\" takes reboot, poweroff or shell");
	BM_CHECK_STR(conf.problems.items[6], "the parameter \"bootmend.auto\" is a switch: 1 or 0");
	bm_bmconf_done(&conf);
	conf = cmdline("bootmend.\033[2J\xff");
	check_problems(&conf, "the parameter \"bootmend.\\x1b[2J\\xff\" is unknown");
}

BM_TEST(bmconf_file)
{
	struct bm_bmconf conf = file("\xef\xbb\xbf# by ticket 12\r\n"
				     "bootmend.auto\r\n"
				     "  bootmend.kernel = 6.1.0-37-amd64   # the old one\r\n"
				     "\r\n"
				     "bootmend.system=\"web1\" bootmend.then =shell\r\n"
				     "bootmend.dry-run= yes\r\n"
				     "bootmend.token\t=\tt#1\r\n");

	check(&conf, "1 1 6.1.0-37-amd64 web1 - shell");
	check_problems(&conf, "the value of the parameter \"bootmend.token\" has a character that is not allowed");
	conf = file("bootmend.auto = 1\nbootmend.token=x\nbootmend.then=reboot");
	check(&conf, "1 0 - - x reboot");
	check_problems(&conf, "");
	conf = file("bootmend.auto\n=\nquiet\nbootmend.kernel=\nbootmend.system");
	check(&conf, "1 0 - - - ");
	check_problems(&conf,
		"the word \"\" is no parameter of bootmend|the word \"quiet\" is no parameter of bootmend|"
		"the parameter \"bootmend.kernel\" needs a value|the parameter \"bootmend.system\" needs a value");
	conf = file("\"bootmend.kernel=all\"\nbootmend.token=\"a\nbootmend.auto\n");
	check(&conf, "1 0 all - a ");
	check_problems(&conf, "");
}

BM_TEST(bmconf_later_wins_and_refused_keeps)
{
	static const char later[] = "bootmend.kernel=6.9 bootmend.system=a/b\nbootmend.auto=no";
	struct bm_bmconf conf = cmdline("bootmend.auto bootmend.kernel=all bootmend.system=one bootmend.token=t");

	BM_CHECK_INT(bm_bmconf_read_file(&conf, later, strlen(later)), 0);
	check(&conf, "0 0 6.9 one t ");
	BM_CHECK_INT(conf.problems.n, 1);
	bm_bmconf_done(&conf);
}

BM_TEST(bmconf_limits)
{
	char *text = malloc(BM_BMCONF_SIZE_MAX + 1);
	struct bm_bmconf conf = {0};
	size_t len;

	memset(text, 'x', BM_BMCONF_SIZE_MAX + 1);
	BM_CHECK_INT(bm_bmconf_read_file(&conf, text, BM_BMCONF_SIZE_MAX + 1), -EFBIG);
	BM_CHECK_INT(bm_bmconf_read_cmdline(&conf, text, BM_BMCONF_SIZE_MAX), 0);
	BM_CHECK_INT(conf.problems.n, 0);
	BM_CHECK_INT(bm_bmconf_read_file(&conf, text, BM_BMCONF_SIZE_MAX), 0);
	BM_CHECK_INT(conf.problems.n, 1);
	BM_CHECK(strlen(conf.problems.items[0]) < 200);
	bm_bmconf_done(&conf);
	memset(text, 0, BM_BMCONF_SIZE_MAX);
	BM_CHECK_INT(bm_bmconf_read_file(&conf, text, BM_BMCONF_SIZE_MAX), 0);
	check_problems(&conf, "");
	for (size_t i = 0; i + 1 < BM_BMCONF_SIZE_MAX; i += 2)
		memcpy(text + i, "x ", 2);
	BM_CHECK_INT(bm_bmconf_read_file(&conf, text, BM_BMCONF_SIZE_MAX), 0);
	BM_CHECK_INT(conf.problems.n, BM_BMCONF_PROBLEMS_MAX);
	bm_bmconf_done(&conf);
	/* a token of 64 bytes and of 65 */
	len = strlen(strcpy(text, "bootmend.token="));
	memset(text + len, 't', 65);
	BM_CHECK_INT(bm_bmconf_read_cmdline(&conf, text, len + 64), 0);
	BM_CHECK_INT(strlen(conf.token), 64);
	BM_CHECK_INT(conf.problems.n, 0);
	BM_CHECK_INT(bm_bmconf_read_cmdline(&conf, text, len + 65), 0);
	BM_CHECK_INT(strlen(conf.token), 64);
	check_problems(&conf, "the value of the parameter \"bootmend.token\" is too long");
	free(text);
}

BM_TEST(bmconf_config)
{
	struct bm_bmconf conf = cmdline("bootmend.config=any");

	BM_CHECK_INT(conf.config, BM_CONFIG_FROM_ANY);
	check_problems(&conf, "");
	conf = cmdline("quiet");
	BM_CHECK_INT(conf.config, BM_CONFIG_FROM_OWN);
	bm_bmconf_done(&conf);
	conf = cmdline("bootmend.config=none bootmend.auto");
	BM_CHECK_INT(conf.config, BM_CONFIG_FROM_NONE);
	bm_bmconf_done(&conf);
	conf = cmdline("bootmend.config=disk");
	check_problems(&conf, "the parameter \"bootmend.config\" takes own, any or none");
	/* a volume does not allow itself */
	conf = file("bootmend.config=any");
	BM_CHECK_INT(conf.config, BM_CONFIG_FROM_OWN);
	check_problems(&conf, "the parameter \"bootmend.config\" counts on the kernel command line only");
}
