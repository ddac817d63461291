/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures, and joining what a console says with what the disk shows. Whole texts are in tests/console.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/console.h"
#include "check/console_end.h"
#include "check/verdict.h"
#include "harness.h"

static bool match(const char *pattern, const char *text, char *ret_word)
{
	const char *word;
	size_t len;

	if (!bm_signature_match(pattern, strlen(pattern), text, &word, &len))
		return false;
	memcpy(ret_word, word ? word : "", word ? len : 0);
	ret_word[word ? len : 0] = '\0';
	return true;
}

BM_TEST(signature_patterns)
{
	char word[256];

	BM_CHECK(match("could not BOOT", "Warning: Could not boot.", word));
	BM_CHECK(!match("^could", "Warning: Could not boot.", word));
	BM_CHECK(match("Warning: {} does not exist", "x Warning: /dev/a does not exist", word));
	BM_CHECK_STR(word, "/dev/a");
	BM_CHECK(!match("Warning: {} does not exist", "Warning: does not exist", word));
	BM_CHECK(match("XFS ({}): Metadata", "XFS (dm-0): Metadata corruption", word));
	BM_CHECK_STR(word, "dm-0");
	BM_CHECK(match("device '{}' not", "device 'UUID=1' not found", word));
	BM_CHECK_STR(word, "UUID=1");
	BM_CHECK(match("a*c*e", "xxabcde", word));
	BM_CHECK(!match("a*c*e", "xxabde", word));
	BM_CHECK(match("driver: sd$", "driver: sd", word));
	BM_CHECK(!match("driver: sd$", "driver: sdx", word));
	BM_CHECK(match("{}.device: Job", "dev-a.device: Job x", word));
	BM_CHECK_STR(word, "dev-a");
	BM_CHECK(!match("abc", "", word));
	BM_CHECK(match("aab", "aaab", word));
}

BM_TEST(signatures_are_sound)
{
	size_t patterns = 0;

	for (int i = 0; i < BM_SIGNATURE_COUNT; i++) {
		const struct bm_signature *signature = &bm_signatures[i];

		BM_CHECK(signature->name && *signature->name && signature->meaning);
		/* A row without a pattern is what other rows become. */
		BM_CHECK(*signature->patterns || bm_signature_is_derived((enum bm_signature_id)i));
		BM_CHECK(signature->n_candidates <= BM_CANDIDATES_MAX);
		for (int other = 0; other < i; other++)
			BM_CHECK(strcmp(signature->name, bm_signatures[other].name) != 0);
		for (size_t c = 0; c < signature->n_candidates; c++) {
			BM_CHECK(signature->candidates[c] < BM_FINDING_COUNT);
			for (size_t d = 0; d < c; d++)
				BM_CHECK(signature->candidates[c] != signature->candidates[d]);
		}
		for (const char *p = signature->patterns; *p;) {
			size_t len = strcspn(p, "\n"), run = 0, best = 0;

			/* The filter needs three letters in a row. */
			for (size_t n = 0; n < len; n++) {
				run = strchr("*{}^$", p[n]) ? 0 : run + 1;
				best = BM_MAX(best, run);
			}
			BM_CHECK(best >= 3);
			patterns++;
			p += len + (p[len] == '\n');
		}
	}
	/* And has room for so many, with the marks and the ends. */
	BM_CHECK(patterns + bm_end_rows() + 64 < 1024);
}

static void read_text(struct bm_consoles *consoles, enum bm_console_kind kind, const char *text)
{
	BM_CHECK_INT(bm_console_read(consoles, "serial.log", kind, text, strlen(text)), 0);
}

BM_TEST(console_reads_units_and_paths)
{
	static const char text[] =
		"Timed out waiting for device dev-disk-by\\x2duuid-4c1f\\x2d0001.device.\n"
		"Warning: /lib/dracut/hooks/initqueue/finished/devexists-\\x2fdev\\x2fmapper\\x2frl-root.sh: \"[ -e x "
		"]\"\n"
		"Warning: /dev/centos/root does not exist.\n"
		"Warning: /dev/centos/root does not exist.\n";
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	const struct bm_console *console;

	read_text(&consoles, BM_CONSOLE_GIVEN, text);
	console = &consoles.items[0];
	BM_CHECK_INT(console->n_observations, 3);
	BM_CHECK_STR(console->observations[0].subject, "/dev/disk/by-uuid/4c1f-0001");
	BM_CHECK_STR(console->observations[1].subject, "/dev/mapper/rl-root");
	BM_CHECK_STR(console->observations[2].subject, "/dev/centos/root");
	BM_CHECK_INT(console->observations[2].times, 2);
	BM_CHECK_INT(console->observations[2].line, 3);
}

BM_TEST(console_forgives_what_the_boot_got_over)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};

	read_text(&consoles, BM_CONSOLE_GIVEN,
		"dracut-initqueue[1]: Warning: dracut-initqueue: starting timeout scripts\n"
		"systemd[1]: Switching root.\nTimed out waiting for device /dev/x.\nOut of memory: Killed process 1 "
		"(x)\n");
	BM_CHECK_INT(consoles.items[0].reached, BM_STAGE_ROOT);
	BM_CHECK_INT(consoles.items[0].n_observations, 2);
	read_text(&consoles, BM_CONSOLE_GIVEN,
		"Timed out waiting for device /dev/x.\nOut of memory: Killed process 1 (x)\n"
		"[  OK  ] Reached target Multi-User System.\n");
	BM_CHECK_INT(consoles.items[1].n_observations, 1);
	BM_CHECK_INT(consoles.items[1].observations[0].signature, BM_SIGNATURE_OOM_KILL);
	BM_CHECK(bm_consoles_up(&consoles));
}

static enum bm_end end_of(const char *text)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};

	read_text(&consoles, BM_CONSOLE_GIVEN, text);
	return consoles.items[0].end.kind;
}

BM_TEST(console_sees_what_a_boot_ends_in)
{
	static const struct {
		const char *text;
		enum bm_end end;
	} cases[] = {
		{"[1.0] x\n[2.0] Kernel panic - not syncing: Fatal exception\n", BM_END_PANIC},
		{"You are in emergency mode. After logging in\nKernel panic - not syncing: x\n", BM_END_PANIC},
		{"You are in emergency mode. After logging in\n", BM_END_SHELL},
		{"You are in emergency mode.\n[  OK  ] Reached target Multi-User System.\n", BM_END_NONE},
		{"You are in emergency mode.\n[  OK  ] Reached target Shutdown.\nreboot: System halted\n",
			BM_END_SHELL},
		{"dracut: FATAL: x\ndracut: Refusing to continue\n", BM_END_HALT},
		{"[ 9.0] reboot: System halted\n", BM_END_HALT},
		{"[  OK  ] Reached target Shutdown.\n[ 9.0] reboot: System halted\n", BM_END_NONE},
		{"error: no such device: x\ngrub rescue>\n", BM_END_PROMPT},
		{"grub>\nLinux version 6.1.0 (x)\n[ 1.0] x\n", BM_END_NONE},
		{"(initramfs)\n", BM_END_SHELL},
		{"Kernel command line: root=x break=mount\n(initramfs)\n", BM_END_NONE},
		{"Kernel command line: root=x break=mount\nYou are in emergency mode.\n", BM_END_SHELL},
		{"Kernel command line: root=x rd.break\nEntering emergency mode. Exit the shell to continue.\n",
			BM_END_NONE},
		{"Spawning shell within the initramfs\n(initramfs)\n", BM_END_NONE},
		{"Kernel command line: root=x single\nGive root password for maintenance\n", BM_END_NONE},
		{"Kernel command line: root=x single\nYou are in emergency mode.\n", BM_END_SHELL},
		{"Kernel command line: systemd.unit=emergency.target\nYou are in emergency mode.\n", BM_END_NONE},
		{"Kernel command line: emergency=0 init=/sbin/init\nYou are in emergency mode.\n", BM_END_SHELL},
		{"You are in rescue mode. After\nGive root password for maintenance\n", BM_END_NONE},
		{"Kernel command line: init=/bin/bash\nKernel panic - not syncing: Attempted to kill init!\n",
			BM_END_NONE},
		{"Kernel command line: init=/bin/bash\nKernel panic - not syncing: Requested init x failed\n",
			BM_END_PANIC},
		{"[ 1.0] Oops: 0000 [#1] SMP\n[ 1.1] Call Trace:\n", BM_END_CRASH},
		{"[ 1.0] Oops: 0000 [#1] SMP\n[  OK  ] Started A.\n[  OK  ] Started B.\n[  OK  ] Started C.\n",
			BM_END_NONE},
		{"[ 1.0] Oops: 0000 [#1] SMP\nsystemd[1]: Switching root.\n", BM_END_NONE},
		{"[  OK  ] Reached target Multi-User System.\n[ 9.0] Oops: 0000 [#1] SMP\n", BM_END_NONE},
		{"web1 login: \n[ 9.0] Kernel panic - not syncing: x\n", BM_END_PANIC},
		{"[ 1.0] a\nLinux version 6.1.0 (x)\nKernel panic - not syncing\nLinux version 6.1.0 (x)\n[ 1.0] y\n",
			BM_END_NONE},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(cases); i++) {
		enum bm_end end = end_of(cases[i].text);

		BM_CHECK_STR(bm_end_text(end), bm_end_text(cases[i].end));
		if (end != cases[i].end)
			fprintf(stderr, "case %zu: %s\n", i, cases[i].text);
	}
}

/* What lines mean beside each other: which is to be told, and which only follows. */
BM_TEST(console_relates_the_lines_of_a_boot)
{
	static const struct {
		const char *text;
		enum bm_signature_id told;
		int explained; /* a signature, or -1 */
	} rows[] = {
		{"[FAILED] Failed to mount /boot.\nmount: /boot: unknown filesystem type 'vfat'.\n",
			BM_SIGNATURE_FS_TYPE_FSTAB, BM_SIGNATURE_MOUNT_FAILED},
		{"[FAILED] Failed to mount /data.\n[DEPEND] Dependency failed for Local File Systems.\n",
			BM_SIGNATURE_MOUNT_FAILED, BM_SIGNATURE_LOCAL_FS_END},
		{"x dracut: FATAL: FIPS integrity test failed\nmodprobe: FATAL: Module a not found in directory "
		 "/lib/modules/1\n",
			BM_SIGNATURE_FIPS_CHECK, BM_SIGNATURE_NO_MODULES},
		{"mount: mounting /dev/vda1 on /root failed: No such device\nTarget filesystem doesn't have requested "
		 "/sbin/init.\n",
			BM_SIGNATURE_FS_TYPE, BM_SIGNATURE_NO_INIT},
		{"BdsDxe: failed to load Boot0001\ngrub rescue>\n", BM_SIGNATURE_GRUB_NO_DEVICE,
			BM_SIGNATURE_FIRMWARE_NOTHING},
		{"rd.md=0: removing MD RAID activation\nWarning: /dev/md0 does not exist\n", BM_SIGNATURE_MD_OFF_ROOT,
			BM_SIGNATURE_NO_DEVICE},
		{"rd.md=0: removing MD RAID activation\nWarning: /dev/sda1 does not exist\n", BM_SIGNATURE_NO_DEVICE,
			-1},
		{"<<< NixOS Stage 1 >>>\nTimed out waiting for device /dev/x.\n", BM_SIGNATURE_NO_DEVICE, -1},
		{"Switching root.\nTimed out waiting for device /dev/x.\n", BM_SIGNATURE_DEVICE_TIMEOUT, -1},
		{"A start job is running for /dev/x (3s / 1min)\n", BM_SIGNATURE_DEVICE_JOB_LAST, -1},
		{"A start job is running for /dev/x (3s / 1min)\na\nb\nc\n", BM_SIGNATURE_DEVICE_JOB, -1},
		{"Failed to start Cryptography Setup for a.\n", BM_SIGNATURE_CRYPT_FAILED, -1},
		{"Failed to start Cryptography Setup for a.\nYou are in emergency mode.\n", BM_SIGNATURE_CRYPT_STOPPED,
			BM_SIGNATURE_EMERGENCY},
		{"Call Trace:\n x+0x1\n", BM_SIGNATURE_TRACE_END, -1},
		{"WARNING: CPU: 0 PID: 1 at x\nCall Trace:\n x+0x1\n", BM_SIGNATURE_TRACE, -1},
		{"Node 0 hugepages_total=0 hugepages_free=0\nSystem is deadlocked on memory\n", BM_SIGNATURE_HUGEPAGES,
			-1},
		{"Node 0 hugepages_total=9 hugepages_free=9\nSystem is deadlocked on memory\n",
			BM_SIGNATURE_HUGEPAGES_STOP, BM_SIGNATURE_OOM_DEAD},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		bool told = false, explained = rows[i].explained < 0;

		read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
		for (size_t o = 0; o < consoles.items[0].n_observations; o++) {
			const struct bm_observation *observation = &consoles.items[0].observations[o];

			told |= observation->signature == rows[i].told && !observation->explained;
			explained |= (int)observation->signature == rows[i].explained && observation->explained;
		}
		if (!told || !explained)
			fprintf(stderr, "%s", rows[i].text);
		BM_CHECK(told && explained);
	}
}

/* A system with one entry, whose kernel and root are these. */
struct sample {
	struct bm_device devices[1];
	struct bm_kernel kernel;
	struct bm_boot_entry entry;
	struct bm_system system;
	struct bm_survey survey;
};

static char t_version[] = "6.1.0-21-amd64", t_uuid[] = "11112222-3333-4444-5555-666677778888", t_name[] = "vda1";
static char t_cmdline[] = "root=UUID=11112222-3333-4444-5555-666677778888 ro", t_path[] = "/boot/initrd.img";

static void make_sample(struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	sample->devices[0] = (struct bm_device){.kind = BM_DEVICE_PARTITION, .name = t_name, .uuid = t_uuid};
	sample->kernel = (struct bm_kernel){.version = t_version, .initramfs_path = t_path};
	sample->entry.version = t_version;
	sample->entry.kernel_exists = true;
	sample->entry.entry.cmdline = t_cmdline;
	sample->system.kernels = &sample->kernel;
	sample->system.n_kernels = 1;
	sample->system.loader.entries = &sample->entry;
	sample->system.loader.n_entries = 1;
	sample->survey.devices.items = sample->devices;
	sample->survey.devices.n = 1;
	sample->survey.systems.items = &sample->system;
	sample->survey.systems.n = 1;
}

#define BOOT  "[    0.000000] Linux version 6.1.0-21-amd64 (x)\n[    0.000000] Command line: "
#define ROOT  "root=UUID=11112222-3333-4444-5555-666677778888 ro\n"
#define PANIC "[    2.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"

static void join(struct sample *sample, struct bm_consoles *consoles, int64_t image_time, struct bm_findings *findings)
{
	const struct bm_console_facts facts = {
		.survey = &sample->survey, .system = &sample->system, .image_time_s = image_time};

	BM_CHECK_INT(bm_console_join(consoles, &facts, findings), 0);
}

BM_TEST(console_agrees_with_the_disk)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	struct bm_findings findings = {0};
	struct sample sample;

	make_sample(&sample);
	BM_CHECK(bm_findings_add(&findings, BM_FINDING_ENTRY_NO_INITRD, "/boot/grub/grub.cfg", 7, "x"));
	findings.items[0].severity = BM_SEVERITY_FATAL;
	read_text(&consoles, BM_CONSOLE_GIVEN, BOOT ROOT PANIC);
	join(&sample, &consoles, 0, &findings);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].source, BM_SOURCE_BOTH);
	BM_CHECK(strstr(findings.items[0].console, "line 3 of serial.log says so, too"));
	BM_CHECK(consoles.items[0].observations[0].answered);
	bm_findings_done(&findings);
}

BM_TEST(console_is_doubted_where_the_disk_is_whole)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	struct bm_findings findings = {0};
	struct sample sample;

	make_sample(&sample);
	read_text(&consoles, BM_CONSOLE_GIVEN, BOOT ROOT PANIC);
	join(&sample, &consoles, 0, &findings);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].id, BM_FINDING_INITRAMFS_MISSING);
	BM_CHECK_INT(findings.items[0].severity, BM_SEVERITY_WARNING);
	BM_CHECK_INT(findings.items[0].source, BM_SOURCE_CONSOLE);
	BM_CHECK(findings.items[0].doubtful);
	BM_CHECK(strstr(findings.items[0].evidence, "the disk does not show it"));
	bm_findings_done(&findings);
}

/* Each of these texts is of another boot than that which fails now. */
BM_TEST(console_of_the_past_is_told)
{
	static const struct {
		const char *text, *why;
		int64_t image_time;
	} rows[] = {
		{"[    0.000000] Linux version 5.10.0-1-amd64 (x)\n" PANIC, "of kernel 5.10.0-1-amd64", 0},
		{BOOT "root=UUID=99999999-3333-4444-5555-666677778888 ro\n" PANIC, "given root=UUID=99999999", 0},
		{"2026-10-12T10:00:00Z h kernel: Linux version 6.1.0-21-amd64 (x)\n" PANIC, "written after it",
			1791799201},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		struct bm_findings findings = {0};
		struct sample sample;

		make_sample(&sample);
		BM_CHECK(bm_findings_add(&findings, BM_FINDING_INITRAMFS_MISSING, t_path, 0, "x"));
		read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
		join(&sample, &consoles, rows[i].image_time, &findings);
		BM_CHECK(consoles.items[0].old && strstr(consoles.items[0].old, rows[i].why));
		BM_CHECK_INT(findings.items[0].source, BM_SOURCE_DISK);
		BM_CHECK(strstr(findings.items[0].console, rows[i].why));
		bm_findings_done(&findings);
	}
}

/* What the disk shows to be otherwise is not spoken; what the text then says still counts. */
BM_TEST(console_guesses_are_checked_against_the_disk)
{
	static const struct {
		const char *text;
		bool proven;		    /* the proof of the image is good */
		const char *without, *with; /* the first finding without a disk, and with it; "-" none */
	} rows[] = {
		{BOOT ROOT "[ 1.0] Initramfs unpacking failed: data is truncated\n" PANIC, true, "INITRAMFS-TRUNCATED",
			"MEMORY-TOO-SMALL"},
		{BOOT ROOT "[ 1.0] Initramfs unpacking failed: data is truncated\n" PANIC, false, "INITRAMFS-TRUNCATED",
			"INITRAMFS-TRUNCATED"},
		{BOOT ROOT "[ 1.0] lvm: command not found\n", true, "INITRAMFS-NO-LVM", "-"},
		{BOOT ROOT "dracut: FATAL: Empty root= argument\n", false, "ENTRY-NO-ROOT",
			"GRUBENV-KERNELOPTS-MISSING"},
		{BOOT ROOT "systemd[1]: Switching root.\nTimed out waiting for device "
			   "/dev/disk/by-uuid/11112222-3333-4444-5555-666677778888.\n",
			false, "FSTAB-DEVICE-UNKNOWN", "LVM-DEVICES-STALE"},
		{BOOT ROOT "systemd[1]: Switching root.\nTimed out waiting for device "
			   "/dev/disk/by-uuid/99999999-3333-4444-5555-666677778888.\n",
			false, "FSTAB-DEVICE-UNKNOWN", "FSTAB-DEVICE-UNKNOWN"},
		{"error: file '/vmlinuz-6.1.0-21-amd64' not found.\n", false, "ENTRY-KERNEL-MISSING",
			"DEFAULT-UNKNOWN"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		for (int disk = 0; disk <= 1; disk++) {
			const struct bm_proof proof = {.verdict = rows[i].proven};
			_cleanup_consoles_ struct bm_consoles consoles = {0};
			const char *want = disk ? rows[i].with : rows[i].without, *got = "-";
			struct bm_findings findings = {0};
			struct bm_console_facts facts = {0};
			struct sample sample;

			make_sample(&sample);
			sample.entry.initramfs = t_path;
			sample.entry.initramfs_exists = true;
			if (disk)
				facts = (struct bm_console_facts){&sample.survey, &sample.system, &proof, 0};
			read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
			BM_CHECK_INT(bm_console_join(&consoles, &facts, &findings), 0);
			if (findings.n > 0)
				got = bm_finding_kinds[findings.items[0].id].id;
			if (strcmp(got, want) != 0)
				fprintf(stderr, "row %zu, disk %d\n", i, disk);
			BM_CHECK_STR(got, want);
			bm_findings_done(&findings);
		}
}

/* A layer that no disk has, a file that the system does not have, a kernel that is whole: none of them is guessed. */
BM_TEST(console_guesses_no_layer_that_is_not_there)
{
	static char lvm[] = "/etc/lvm/devices/system.devices", md1[] = "/etc/mdadm.conf",
		    md2[] = "/etc/mdadm/mdadm.conf", member[] = "linux_raid_member", lv[] = "LVM2_member",
		    dir[] = "/lib/modules/6.1.0-21-amd64", there[] = "x";
	static const struct {
		const char *text;
		char *fstype;	 /* of another device */
		bool files;	 /* the configurations of both layers are there */
		const char *got; /* the first finding; "-" none */
	} rows[] = {
		{"systemd[1]: Switching root.\nTimed out waiting for device "
		 "/dev/disk/by-uuid/11112222-3333-4444-5555-666677778888.\n",
			NULL, false, "-"},
		{"systemd[1]: Switching root.\nTimed out waiting for device "
		 "/dev/disk/by-uuid/11112222-3333-4444-5555-666677778888.\n",
			NULL, true, "LVM-DEVICES-STALE"},
		{"Gave up waiting for root file system device.\n", NULL, false, "INITRAMFS-NO-STORAGE-DRIVER"},
		{"mdadm: failed to start array /dev/md0: x\n", NULL, false, "INITRAMFS-NO-STORAGE-DRIVER"},
		{"mdadm: failed to start array /dev/md0: x\n", member, false, "MD-DEGRADED"},
		{"lvm: command not found\n", NULL, false, "-"},
		{"lvm: command not found\n", lv, false, "INITRAMFS-NO-LVM"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_source sources[] = {{.path = lvm}, {.path = md1}, {.path = md2}};
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		struct bm_findings findings = {0};
		struct bm_device devices[2];
		struct sample sample;

		make_sample(&sample);
		memcpy(devices, sample.devices, sizeof(sample.devices));
		devices[1] = (struct bm_device){.kind = BM_DEVICE_PARTITION, .name = t_path, .fstype = rows[i].fstype};
		sample.survey.devices.items = devices;
		sample.survey.devices.n = 2;
		sample.kernel.modules_dir = dir;
		sample.kernel.config_known = true;
		for (size_t s = 0; rows[i].files && s < BM_ARRAY_SIZE(sources); s++)
			sources[s].text = there;
		sample.system.sources.items = sources;
		sample.system.sources.n = BM_ARRAY_SIZE(sources);
		read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
		join(&sample, &consoles, 0, &findings);
		BM_CHECK_STR(findings.n > 0 ? bm_finding_kinds[findings.items[0].id].id : "-", rows[i].got);
		bm_findings_done(&findings);
	}
}

/* A text of another kernel may be of the present fault; one that is older than the image is not. */
BM_TEST(console_of_another_boot_in_the_verdict)
{
	static const struct {
		const char *text;
		int64_t image_time;
		enum bm_verdict_outcome outcome;
	} rows[] = {
		{"[    0.000000] Linux version 6.1.0-21-amd64 (x)\n" PANIC, 0, BM_VERDICT_LIKELY_FAILS},
		{"[    0.000000] Linux version 5.10.0-1-amd64 (x)\n" PANIC, 0, BM_VERDICT_LIKELY_FAILS},
		{"2026-10-12T10:00:00Z h kernel: Linux version 6.1.0-21-amd64 (x)\n" PANIC, 1791799201,
			BM_VERDICT_BOOTS},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		struct bm_findings findings = {0};
		const struct bm_verdict_input input = {
			.findings = &findings, .consoles = &consoles, .disks = true, .system = true};
		struct bm_verdict verdict;
		struct sample sample;

		make_sample(&sample);
		read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
		join(&sample, &consoles, rows[i].image_time, &findings);
		bm_verdict_make(&input, &verdict);
		BM_CHECK_STR(bm_verdict_outcome_text(verdict.outcome), bm_verdict_outcome_text(rows[i].outcome));
		bm_findings_done(&findings);
	}
}

BM_TEST(console_of_a_boot_before_the_last_is_old)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	struct bm_findings findings = {0};
	struct sample sample;

	make_sample(&sample);
	read_text(&consoles, BM_CONSOLE_GIVEN,
		"-- Boot 0123456789abcdef0123456789abcdef --\n[1.0] systemd[1]: Dependency failed for /data.\n");
	read_text(&consoles, BM_CONSOLE_KEPT,
		"-- Boot 0123456789abcdef0123456789abcdef --\n[1.0] x\n"
		"-- Boot fedcba9876543210fedcba9876543210 --\n[1.0] Reached target Multi-User System.\n");
	join(&sample, &consoles, 0, &findings);
	BM_CHECK(consoles.items[0].old && strstr(consoles.items[0].old, "1 later boot"));
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK(findings.items[0].doubtful);
	bm_findings_done(&findings);
}

BM_TEST(console_kept_on_the_disk_is_never_fatal)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	struct bm_findings findings = {0};
	struct sample sample;

	make_sample(&sample);
	read_text(&consoles, BM_CONSOLE_KEPT, BOOT ROOT PANIC "[   12.1] Out of memory: Killed process 4 (x)\n");
	join(&sample, &consoles, 0, &findings);
	BM_CHECK_INT(findings.n, 1);
	BM_CHECK_INT(findings.items[0].id, BM_FINDING_OOM_KILLED);
	BM_CHECK_INT(findings.items[0].severity, BM_SEVERITY_NOTE);
	bm_findings_done(&findings);
}

BM_TEST(console_names_are_compared)
{
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	struct bm_findings findings = {0};
	struct sample sample;

	make_sample(&sample);
	BM_CHECK(bm_findings_add(&findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", 3, "UUID=aaaa is nowhere"));
	BM_CHECK(bm_findings_add(&findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", 4, "UUID=bbbb is nowhere"));
	read_text(&consoles, BM_CONSOLE_GIVEN,
		"[4.0] systemd[1]: Switching root.\n[9.0] Timed out waiting for device "
		"dev-disk-by\\x2duuid-bbbb.device.\n");
	join(&sample, &consoles, 0, &findings);
	BM_CHECK_INT(findings.n, 2);
	BM_CHECK_INT(findings.items[0].source, BM_SOURCE_DISK);
	BM_CHECK_INT(findings.items[1].source, BM_SOURCE_BOTH);
	bm_findings_done(&findings);
}

/* What waits for a device that is there lacks its driver; for one that is nowhere, has the wrong name. */
BM_TEST(console_looks_for_the_device_on_the_disk)
{
	static const struct {
		const char *text;
		enum bm_finding_id id;
	} rows[] = {
		{"Warning: /dev/disk/by-uuid/11112222-3333-4444-5555-666677778888 does not exist\n",
			BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
		{"Warning: /dev/disk/by-uuid/99992222-3333-4444-5555-666677778888 does not exist\n",
			BM_FINDING_CMDLINE_ROOT_UNKNOWN},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		struct bm_findings findings = {0};
		struct sample sample;

		make_sample(&sample);
		read_text(&consoles, BM_CONSOLE_GIVEN, rows[i].text);
		join(&sample, &consoles, 0, &findings);
		BM_CHECK_INT(findings.n, 1);
		BM_CHECK_INT(findings.items[0].id, rows[i].id);
		bm_findings_done(&findings);
	}
}

BM_TEST(console_of_a_hostile_machine)
{
	char text[9000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "Warning: *** {} '\"()\\x2f\n"[i * 7 % 25];
	for (size_t len = 0; len < sizeof(text); len += 501) {
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		const struct bm_console_facts facts = {0};
		struct bm_findings findings = {0};

		BM_CHECK_INT(bm_console_read(&consoles, "x", BM_CONSOLE_GIVEN, text, len), 0);
		BM_CHECK_INT(bm_console_join(&consoles, &facts, &findings), 0);
		bm_findings_done(&findings);
	}
}
