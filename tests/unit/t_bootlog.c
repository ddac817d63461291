/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot logs: what people hand over, then what nobody should.
 */
#include <string.h>

#include "base/buf.h"
#include "fmt/log/bootlog.h"
#include "harness.h"

static void parse(const char *text, size_t len, struct bm_bootlog *log)
{
	BM_CHECK_INT(bm_bootlog_parse(text, len, log), 0);
	for (size_t i = 0; i < log->n_boots; i++)
		BM_CHECK(log->boots[i].first <= log->boots[i].end && log->boots[i].end <= log->n_lines);
}

/* The only line of the text. */
static void is(const char *text, const char *wanted, enum bm_bootlog_sender sender)
{
	_cleanup_bootlog_ struct bm_bootlog log = {0};

	parse(text, strlen(text), &log);
	BM_CHECK_INT(log.n_lines, 1);
	BM_CHECK_STR(bm_bootlog_text(&log, 0), wanted);
	BM_CHECK_INT(log.lines[0].sender, sender);
}

BM_TEST(bootlog_takes_off_what_stands_before_a_message)
{
	is("[    1.522131] VFS: x", "VFS: x", BM_SENDER_NONE);
	is("[    1.522131][    T1] VFS: x", "VFS: x", BM_SENDER_NONE);
	is("<4>[1.5] VFS: x", "VFS: x", BM_SENDER_NONE);
	is("[Mon Oct 12 10:00:00 2026] VFS: x", "VFS: x", BM_SENDER_NONE);
	is("Oct  5 10:00:00 web01 kernel: [    1.5] VFS: x", "VFS: x", BM_SENDER_KERNEL);
	is("Oct  5 10:00:00 web01 systemd[1]: Switching root.", "Switching root.", BM_SENDER_BOOT);
	is("Oct 15 10:00:00 web01 httpd[912]: error: x", "error: x", BM_SENDER_OTHER);
	is("2026-10-12T10:00:00.123456+02:00 web01 systemd[1]: x", "x", BM_SENDER_BOOT);
	is("2026-10-12 10:00:00 web01 kernel: x", "x", BM_SENDER_KERNEL);
	is("[    3.456] localhost dracut-initqueue[401]: Warning: x", "Warning: x", BM_SENDER_INITRD);
	is("[    3.456] localhost kernel: x", "x", BM_SENDER_KERNEL);
	is("dracut-initqueue[288]: Warning: Could not boot.", "Warning: Could not boot.", BM_SENDER_INITRD);
	is("[ 2.9] ostree-prepare-root[292]: x", "x", BM_SENDER_INITRD);
	is("Oct  5 10:00:00 web01 dracut-shutdown[288]: x", "x", BM_SENDER_BOOT);
	is("localhost kernel: Out of memory: x", "Out of memory: x", BM_SENDER_KERNEL);
	is("localhost systemd[1]: x", "x", BM_SENDER_BOOT);
	is("Warning: kernel: x", "Warning: kernel: x", BM_SENDER_NONE);
	is("said httpd[12]: x", "said httpd[12]: x", BM_SENDER_NONE);
	/* What only looks like one stays. */
	is("[  OK  ] Reached target Paths.", "[ OK ] Reached target Paths.", BM_SENDER_NONE);
	is("[1.x] y", "[1.x] y", BM_SENDER_NONE);
	is("Warning: /dev/x does not exist", "Warning: /dev/x does not exist", BM_SENDER_NONE);
	is("Decode 10 things", "Decode 10 things", BM_SENDER_NONE);
	is("[ 1.0] sd 0:0:0:0: [sda] x", "sd 0:0:0:0: [sda] x", BM_SENDER_NONE);
}

BM_TEST(bootlog_is_plain_text_afterwards)
{
	is("\033[0;32mgreen\033[0m \033]0;title\atext", "green text", BM_SENDER_NONE);
	is("a\tb   c  ", "a b c", BM_SENDER_NONE);
	is("abx\bc", "abc", BM_SENDER_NONE);
	is("\b\b\bx", "x", BM_SENDER_NONE);
	is("\xe2\x80\x9cUUID\xe2\x80\x9d\xc2\xa0or unknown\xe2\x80\x93"
	   "block\xe2\x80\xa6",
		"\"UUID\" or unknown-block...", BM_SENDER_NONE);
	is("file `/x' not found", "file '/x' not found", BM_SENDER_NONE);
}

BM_TEST(bootlog_lines_keep_their_numbers)
{
	static const char text[] = "one\r\n\r\n  \nfour\rfour again\nfive\033[2;1Hfive again\nlast";
	_cleanup_bootlog_ struct bm_bootlog log = {0};

	parse(text, sizeof(text) - 1, &log);
	BM_CHECK_INT(log.n_lines, 6);
	BM_CHECK_INT(log.lines[1].number, 4);
	BM_CHECK_STR(bm_bootlog_text(&log, 2), "four again");
	BM_CHECK_INT(log.lines[2].number, 4);
	BM_CHECK_STR(bm_bootlog_text(&log, 4), "five again");
	BM_CHECK_INT(log.lines[5].number, 6);
}

BM_TEST(bootlog_joins_what_the_console_broke)
{
	static const char text[] = "dracut-initqueue[263]: Warning: /dev/disk/by-uuid/a1b2c3d4-1111-2222-3333-444455\n"
				   "556666 does not exist\n"
				   "0123456789012345678901234567890123456789012345678901234567890123456789012345678\n"
				   "not a part of it\n";
	_cleanup_bootlog_ struct bm_bootlog log = {0};

	parse(text, sizeof(text) - 1, &log);
	BM_CHECK_INT(log.n_lines, 3);
	BM_CHECK_STR(bm_bootlog_text(&log, 0),
		"Warning: /dev/disk/by-uuid/a1b2c3d4-1111-2222-3333-444455556666 does not exist");
	BM_CHECK_INT(log.lines[0].number, 1);
	BM_CHECK_INT(log.lines[1].number, 3);
}

BM_TEST(bootlog_knows_its_boots)
{
	static const char text[] = "SeaBIOS (version 1.16)\n"
				   "GRUB loading.\n"
				   "[    0.000000] Linux version 6.1.0-20-amd64 (x@y) (gcc) #1 SMP\n"
				   "[    0.000000] Command line: BOOT_IMAGE=/vmlinuz root=UUID=1 ro\n"
				   "[    9.0] Kernel panic - not syncing: x\n"
				   "error: file `/vmlinuz' not found.\n"
				   "error: you need to load the kernel first.\n"
				   "Linux version 6.1.0-21-amd64 (x@y)\n"
				   "Kernel command line: root=UUID=2\n"
				   "Linux version 6.1.0-21-amd64 (x@y)\n"
				   "Kernel command line: root=UUID=2 elfcorehdr=0x36000000\n";
	_cleanup_bootlog_ struct bm_bootlog log = {0};

	parse(text, sizeof(text) - 1, &log);
	BM_CHECK_INT(log.n_boots, 3);
	BM_CHECK_STR(log.boots[0].kernel, "6.1.0-20-amd64");
	BM_CHECK_STR(log.boots[0].cmdline, "BOOT_IMAGE=/vmlinuz root=UUID=1 ro");
	BM_CHECK_INT(log.boots[0].end, 5);
	BM_CHECK_STR(log.boots[1].kernel, "6.1.0-21-amd64");
	BM_CHECK_INT(log.boots[1].first, 5);
	BM_CHECK(!log.boots[1].crash);
	BM_CHECK(log.boots[2].crash);
}

BM_TEST(bootlog_reads_times)
{
	static const char iso[] = "2026-10-12T10:00:00+02:00 h kernel: Linux version 6.1 (x)\n";
	static const char plain[] = "[Mon Oct 12 10:00:00 2026] Linux version 6.1 (x)\n";
	static const char yearless[] = "Oct 12 10:00:00 h kernel: Linux version 6.1 (x)\n";
	static const char leap[] = "2024-02-29T00:00:00Z h kernel: x\n";
	_cleanup_bootlog_ struct bm_bootlog a = {0}, b = {0}, c = {0}, d = {0};

	parse(iso, sizeof(iso) - 1, &a);
	BM_CHECK_INT(a.boots[0].time_s, 1791792000);
	BM_CHECK(a.boots[0].zoned);
	parse(plain, sizeof(plain) - 1, &b);
	BM_CHECK_INT(b.boots[0].time_s, 1791799200);
	BM_CHECK(!b.boots[0].zoned);
	parse(yearless, sizeof(yearless) - 1, &c);
	BM_CHECK_INT(c.boots[0].time_s, 0);
	parse(leap, sizeof(leap) - 1, &d);
	BM_CHECK_INT(d.boots[0].time_s, 1709164800);
}

BM_TEST(bootlog_reads_journalctl)
{
	static const char text[] = "-- Boot 0123456789abcdef0123456789abcdef --\n"
				   "Oct 12 10:00:00 h kernel: Linux version 6.1 (x)\n"
				   "-- Boot fedcba9876543210fedcba9876543210 --\n"
				   "Oct 12 11:00:00 h kernel: Linux version 6.2 (x)\n"
				   "-- Reboot --\n"
				   "Oct 12 12:00:00 h kernel: Linux version 6.3 (x)\n";
	_cleanup_bootlog_ struct bm_bootlog log = {0};

	parse(text, sizeof(text) - 1, &log);
	BM_CHECK_INT(log.n_boots, 3);
	BM_CHECK_STR(log.boots[0].id, "0123456789abcdef0123456789abcdef");
	BM_CHECK_STR(log.boots[1].id, "fedcba9876543210fedcba9876543210");
	BM_CHECK_STR(log.boots[1].kernel, "6.2");
	BM_CHECK(!log.boots[2].id);
}

BM_TEST(bootlog_reads_exports)
{
	static const char text[] =
		"__CURSOR=a\n__REALTIME_TIMESTAMP=1760263200000000\n"
		"_BOOT_ID=0123456789abcdef0123456789abcdef\n_TRANSPORT=kernel\n"
		"MESSAGE=Linux version 6.1 (x)\n\n"
		"__CURSOR=b\n__REALTIME_TIMESTAMP=1760263201000000\n"
		"_BOOT_ID=0123456789abcdef0123456789abcdef\nSYSLOG_IDENTIFIER=systemd\n"
		"MESSAGE\n\x07\0\0\0\0\0\0\0one\ntwo\n\n"
		"_BOOT_ID=fedcba9876543210fedcba9876543210\nSYSLOG_IDENTIFIER=cron\nMESSAGE=[1.0] x\n";
	static const char json[] =
		"{\"__REALTIME_TIMESTAMP\":\"1760263200000000\",\"_BOOT_ID\":"
		"\"0123456789abcdef0123456789abcdef\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":"
		"\"a \\\"b\\\" \\u0041\\tc\"}\n{\"SYSLOG_IDENTIFIER\":\"systemd\",\"MESSAGE\":[72,105]}";
	_cleanup_bootlog_ struct bm_bootlog log = {0}, other = {0};

	parse(text, sizeof(text) - 1, &log);
	BM_CHECK_INT(log.n_lines, 4);
	BM_CHECK_INT(log.n_boots, 2);
	BM_CHECK_INT(log.boots[0].time_s, 1760263200);
	BM_CHECK_STR(log.boots[0].kernel, "6.1");
	BM_CHECK_INT(log.lines[0].sender, BM_SENDER_KERNEL);
	BM_CHECK_STR(bm_bootlog_text(&log, 2), "two");
	BM_CHECK_INT(log.lines[2].sender, BM_SENDER_BOOT);
	/* The journal has taken the prefix off: what is left is the message's own. */
	BM_CHECK_STR(bm_bootlog_text(&log, 3), "[1.0] x");
	BM_CHECK_INT(log.lines[3].sender, BM_SENDER_OTHER);
	parse(json, sizeof(json) - 1, &other);
	BM_CHECK_INT(other.n_lines, 2);
	BM_CHECK_STR(bm_bootlog_text(&other, 0), "a \"b\" A c");
	BM_CHECK_STR(bm_bootlog_text(&other, 1), "Hi");
	BM_CHECK_INT(other.lines[1].sender, BM_SENDER_BOOT);
}

BM_TEST(bootlog_reads_utf16)
{
	static const char little[] = "\xff\xfe"
				     "K\0e\0r\0n\0e\0l\0\r\0\n\0x\0";
	static const char big[] = "\0K\0e\0r\0n\0e\0l\0 \0p\0a\0n\0i\0c\0\n\0x";
	_cleanup_bootlog_ struct bm_bootlog a = {0}, b = {0};

	parse(little, sizeof(little), &a);
	BM_CHECK_INT(a.n_lines, 2);
	BM_CHECK_STR(bm_bootlog_text(&a, 0), "Kernel");
	parse(big, sizeof(big) - 1, &b);
	BM_CHECK_STR(bm_bootlog_text(&b, 0), "Kernel panic");
}

BM_TEST(bootlog_survives_anything)
{
	static const char nasty[] =
		"\033[\033]0;\033[999999999999999H\0\0\x80\xff<4>[1.\n<<<>[[[[\n[99999999999999.1]\n"
		"Oct 99 99:99:99\n2026-99-99T\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff";
	static const char export[] = "__CURSOR=a\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffx\n\nMESSAGE\n\x01";
	_cleanup_bootlog_ struct bm_bootlog empty = {0};

	parse("", 0, &empty);
	BM_CHECK_INT(empty.n_lines, 0);
	for (size_t len = 0; len < sizeof(nasty); len++) {
		_cleanup_bootlog_ struct bm_bootlog log = {0};

		parse(nasty, len, &log);
	}
	for (size_t len = 0; len < sizeof(export); len++) {
		_cleanup_bootlog_ struct bm_bootlog log = {0};

		parse(export, len, &log);
	}
}

BM_TEST(bootlog_keeps_the_end_of_too_much)
{
	_cleanup_bootlog_ struct bm_bootlog log = {0}, line = {0};
	_cleanup_buf_ struct bm_buf text = {0};

	/* Lines beyond the limit, then one that is too long. */
	for (int i = 0; i < BM_BOOTLOG_LINES_MAX + 10; i++)
		bm_buf_adds(&text, "a\n");
	bm_buf_adds(&text, "last\n");
	parse(text.data, text.len, &log);
	BM_CHECK(log.cut);
	BM_CHECK_INT(log.n_lines, BM_BOOTLOG_LINES_MAX);
	BM_CHECK_STR(bm_bootlog_text(&log, log.n_lines - 1), "last");
	text.len = 0;
	for (int i = 0; i < 2 * BM_BOOTLOG_LINE_MAX; i++)
		bm_buf_addc(&text, 'x');
	parse(text.data, text.len, &line);
	BM_CHECK_INT(line.n_lines, 1);
	BM_CHECK(strlen(bm_bootlog_text(&line, 0)) <= BM_BOOTLOG_LINE_MAX + 8);
}
