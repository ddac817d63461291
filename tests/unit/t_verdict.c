/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: a table of cases, what was found and what a text ended in, and the sentence that comes of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/verdict.h"
#include "harness.h"
#include "report/report.h"

/* Findings as words, each "SEVERITY NAME[?][+][!]": ? doubtful, + a text says so, too, ! only a text says so,
 * ~ it is one of several guesses. */
struct finding {
	enum bm_finding_id id;
	const char *how;
};

#define FINDINGS(...)                                                                                                  \
	{                                                                                                              \
		__VA_ARGS__,                                                                                           \
		{                                                                                                      \
			BM_FINDING_COUNT, NULL                                                                         \
		}                                                                                                      \
	}

struct sample {
	const char *what;
	struct finding findings[5];
	const char *text;  /* of a console; or NULL */
	const char *flags; /* d: no disk, s: no system, u: the image was not read, n: the plan builds nothing */
	enum bm_verdict_outcome outcome;
	int bits;
	const char *sentence; /* a part of it */
	const char *never;    /* no part of it; or NULL */
};

#define NONE                                                                                                           \
	{                                                                                                              \
		{                                                                                                      \
			BM_FINDING_COUNT, NULL                                                                         \
		}                                                                                                      \
	}
#define NOTHING "Nothing was found that stops the boot"
#define PANIC	"[ 1.0] x\n[ 2.0] Kernel panic - not syncing: Fatal exception\n"
#define SHELL	"[ 1.0] x\nYou are in emergency mode. After logging in\n"

static const struct sample samples[] = {
	/* --- the disk alone --- */
	{"nothing", NONE, NULL, "", BM_VERDICT_BOOTS, 0, NOTHING ".", NULL},
	{"a warning", FINDINGS({BM_FINDING_FSTAB_SYNTAX, "warning"}), NULL, "", BM_VERDICT_BOOTS, 0,
		NOTHING "; there is 1 warning.", NULL},
	{"one that a rebuild cures", FINDINGS({BM_FINDING_INITRAMFS_TRUNCATED, "fatal"}), NULL, "", BM_VERDICT_FAILS, 4,
		"This does not boot because the initramfs of the default boot entry ends early; rebuilding the "
		"initramfs cures it.",
		NULL},
	{"one of two", FINDINGS({BM_FINDING_INITRAMFS_TRUNCATED, "fatal"}, {BM_FINDING_KERNEL_DAMAGED, "fatal"}), NULL,
		"", BM_VERDICT_FAILS, 4,
		"because the kernel image of the default entry is no kernel, and because the initramfs of the default "
		"boot entry ends early; rebuilding the initramfs cures only the latter.",
		NULL},
	{"none", FINDINGS({BM_FINDING_KERNEL_DAMAGED, "fatal"}), NULL, "", BM_VERDICT_FAILS, 4,
		"is no kernel; rebuilding the initramfs does not help.", NULL},
	{"all in order, each kind once",
		FINDINGS({BM_FINDING_FSTAB_DEVICE_UNKNOWN, "fatal"}, {BM_FINDING_INITRAMFS_MISSING, "fatal+"},
			{BM_FINDING_FSTAB_DEVICE_UNKNOWN, "fatal"}, {BM_FINDING_ENTRY_NO_ROOT, "fatal"}),
		NULL, "", BM_VERDICT_FAILS, 4,
		"This does not boot because the initramfs of the default boot entry is missing, because the default "
		"boot "
		"entry names no root filesystem, and because fstab asks for a device that is not there, as the console "
		"says, too; rebuilding the initramfs cures only 1 of these 3.",
		NULL},
	{"something else first", FINDINGS({BM_FINDING_CMDLINE_ROOT_UNKNOWN, "fatal"}), NULL, "", BM_VERDICT_FAILS, 4,
		"; rebuilding the initramfs alone does not help.", NULL},
	{"softened only", FINDINGS({BM_FINDING_FSTAB_DEVICE_UNKNOWN, "warning?"}), NULL, "", BM_VERDICT_BOOTS, 0,
		"This may not boot: as far as could be seen, fstab asks for a device that is not there.", NOTHING},
	/* --- whether a rebuild can succeed --- */
	{"no modules", FINDINGS({BM_FINDING_INITRAMFS_MISSING, "fatal"}, {BM_FINDING_MODULES_MISSING, "warning"}), NULL,
		"", BM_VERDICT_FAILS, 4, "; bootmend can build no initramfs for it: its kernel has no modules.",
		"cures"},
	{"no tool", FINDINGS({BM_FINDING_INITRAMFS_MISSING, "fatal"}, {BM_FINDING_NO_TOOL, "warning"}), NULL, "",
		BM_VERDICT_FAILS, 4, "the system has no tool that builds one.", "cures"},
	{"a tool of another kind", FINDINGS({BM_FINDING_INITRAMFS_MISSING, "fatal"}, {BM_FINDING_FOREIGN_TOOL, "note"}),
		NULL, "", BM_VERDICT_FAILS, 4, "the system has a tool of its own for that.", "cures"},
	{"a plan that builds nothing", FINDINGS({BM_FINDING_INITRAMFS_MISSING, "fatal"}), NULL, "n", BM_VERDICT_FAILS,
		4, "; bootmend can build no initramfs for it", "cures"},
	{"no modules, and no matter",
		FINDINGS({BM_FINDING_KERNEL_DAMAGED, "fatal"}, {BM_FINDING_MODULES_MISSING, "warning"}), NULL, "",
		BM_VERDICT_FAILS, 4, "rebuilding the initramfs does not help.", "no initramfs can"},
	/* --- what could not be looked at --- */
	{"the image", NONE, NULL, "u", BM_VERDICT_NOT_JUDGED, 8, "Not judged: the initramfs", NOTHING},
	{"the image, and a fault", FINDINGS({BM_FINDING_FSTAB_DEVICE_UNKNOWN, "fatal"}), NULL, "u", BM_VERDICT_FAILS,
		4 | 8, "because fstab asks for", NULL},
	{"no system", NONE, NULL, "s", BM_VERDICT_NOT_JUDGED, 8, "Not judged: ", NOTHING},
	{"an empty text", NONE, "", "d", BM_VERDICT_NOT_JUDGED, 8, "Not judged: an empty text", NOTHING},
	{"an empty text beside a disk", NONE, "", "", BM_VERDICT_BOOTS, 0, NOTHING ".", NULL},
	/* --- a text that ends badly --- */
	{"a panic", NONE, PANIC, "d", BM_VERDICT_FAILS, 4,
		"By the console's text this does not boot: the console shows a kernel panic", NOTHING},
	{"a shell", NONE, SHELL, "d", BM_VERDICT_FAILS, 4,
		"the boot ended in an emergency shell: \"You are in emergency mode. After logging in\".", NOTHING},
	{"a shell behind a mild guess", NONE, "VG data is missing PV x\n" SHELL, "d", BM_VERDICT_FAILS, 4,
		"this does not boot, likely because a volume group lacks one of its physical volumes; rebuilding the "
		"initramfs does not help.",
		NOTHING},
	{"a shell behind a bad line of fstab", NONE, "mount: /etc/fstab: parse error at line 4 -- ignored\n" SHELL, "d",
		BM_VERDICT_FAILS, 4, "likely because a line of fstab is malformed", NOTHING},
	{"a shell behind a server that is silent", NONE, "nfs: server a not responding, timed out\n" SHELL, "d",
		BM_VERDICT_FAILS, 4, "likely because fstab mounts something over the network", NOTHING},
	{"a shell behind what never stops a boot", NONE, "md/raid1:md0: active with 1 out of 2 mirrors\n" SHELL, "d",
		BM_VERDICT_FAILS, 4, "the boot ended in an emergency shell", NOTHING},
	{"several causes are open", NONE, "ALERT!  UUID=1 does not exist.  Dropping to a shell!\n(initramfs)\n", "d",
		BM_VERDICT_FAILS, 4, "(it may also be that ", "cures it"},
	{"a sharp guess before a blunt one", NONE,
		"mdadm: /dev/md0 assembled from 1 drive - not enough to start the array.\n"
		"ALERT!  /dev/md0 does not exist.  Dropping to a shell!\n(initramfs)\n",
		"d", BM_VERDICT_FAILS, 4, "likely because a RAID array lacks one of its members", "cures it"},
	{"one cause is named", NONE,
		"[ 1.0] Initramfs unpacking failed: compression method zstd not configured\n"
		"[ 2.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n",
		"d", BM_VERDICT_FAILS, 4, "because the kernel cannot read the compression of the initramfs", "likely"},
	{"beside a healthy disk", NONE, PANIC, "", BM_VERDICT_LIKELY_FAILS, 4,
		"The disk does not show what stops the boot, but by the console's text it does not boot", NOTHING},
	{"beside a fault of the disk", FINDINGS({BM_FINDING_INITRAMFS_MISSING, "fatal"}), SHELL, "", BM_VERDICT_FAILS,
		4,
		"This does not boot because the initramfs of the default boot entry is missing; rebuilding the "
		"initramfs cures it.",
		NULL},
	{"the root was never mounted", NONE, "[ 1.0] x\n[FAILED] Failed to mount /sysroot.\n", "d", BM_VERDICT_FAILS, 4,
		"this does not boot: the root filesystem could not be mounted: it is damaged, ", "because"},
	{"an open cause that a shell ends", NONE,
		"[ 9.0] EXT4-fs (dm-2): VFS: Can't find ext4 filesystem\n[FAILED] Failed to mount /home.\n" SHELL, "d",
		BM_VERDICT_FAILS, 4, "holds no filesystem of the type that was asked for", NOTHING},
	{"the firmware", NONE, "No bootable device.\n", "d", BM_VERDICT_FAILS, 4,
		"the firmware found nothing that boots: look at its boot order and at the disks; rebuilding", NOTHING},
	{"an oops at the end", NONE, "[ 1.0] x\n[ 2.0] Oops: 0000 [#1] SMP\n[ 2.1] Call Trace:\n", "d",
		BM_VERDICT_FAILS, 4, "the kernel itself failed (an oops)", NOTHING},
	/* --- texts that do not --- */
	{"a boot that came up", NONE, "[ 1.0] x\n[  OK  ] Reached target Multi-User System.\n", "d", BM_VERDICT_BOOTS,
		0, NOTHING ".", NULL},
	{"a shell that was asked for", NONE, "Kernel command line: root=x single\nGive root password for maintenance\n",
		"d", BM_VERDICT_BOOTS, 0, NOTHING ".", NULL},
	{"a shutdown", NONE, "[  OK  ] Reached target Shutdown.\n[ 9.0] reboot: System halted\n", "d", BM_VERDICT_BOOTS,
		0, NOTHING ".", NULL},
	{"a panic of a system that was up", NONE, "web1 login: \n[ 9.0] Kernel panic - not syncing: x\n", "d",
		BM_VERDICT_FAILS, 4, "By the console's text the system came up and then stopped: ", NOTHING},
};

static void add(struct bm_findings *findings, const struct finding *wanted)
{
	struct bm_finding *finding = bm_findings_add(findings, wanted->id, NULL, 0, "seen");

	BM_CHECK(finding != NULL);
	finding->severity = bm_str_starts(wanted->how, "fatal")	    ? BM_SEVERITY_FATAL
			    : bm_str_starts(wanted->how, "warning") ? BM_SEVERITY_WARNING
								    : BM_SEVERITY_NOTE;
	finding->doubtful = strchr(wanted->how, '?') != NULL;
	finding->source = strchr(wanted->how, '+') ? BM_SOURCE_BOTH : BM_SOURCE_DISK;
}

BM_TEST(verdict_table)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(samples); i++) {
		const struct sample *sample = &samples[i];
		_cleanup_consoles_ struct bm_consoles consoles = {0};
		const struct bm_console_facts facts = {0};
		struct bm_findings findings = {0};
		_cleanup_free_ char *sentence = NULL;
		struct bm_verdict verdict;
		struct bm_verdict_input input = {.findings = &findings,
			.consoles = &consoles,
			.disks = !strchr(sample->flags, 'd'),
			.system = !strpbrk(sample->flags, "ds"),
			.unread = strchr(sample->flags, 'u'),
			.no_rebuild = strchr(sample->flags, 'n')};
		bool good;

		for (size_t f = 0; sample->findings[f].how; f++)
			add(&findings, &sample->findings[f]);
		if (sample->text)
			BM_CHECK_INT(
				bm_console_read(&consoles, "x", BM_CONSOLE_GIVEN, sample->text, strlen(sample->text)),
				0);
		BM_CHECK_INT(bm_console_join(&consoles, &facts, &findings), 0);
		bm_verdict_make(&input, &verdict);
		sentence = bm_report_verdict(&verdict);
		good = sentence && verdict.outcome == sample->outcome && verdict.bits == sample->bits &&
		       strstr(sentence, sample->sentence) && !(sample->never && strstr(sentence, sample->never));
		BM_CHECK(good);
		if (!good)
			fprintf(stderr, "%s: %s, %d: %s\n", sample->what, bm_verdict_outcome_text(verdict.outcome),
				verdict.bits, sentence ? sentence : "");
		bm_findings_done(&findings);
	}
}

/* A screen of 80x25 has room for the choices of the menu below the longest verdict. */
BM_TEST(verdict_is_short_enough_for_a_menu)
{
	static const enum bm_finding_id kinds[] = {BM_FINDING_KERNEL_DAMAGED, BM_FINDING_ENTRY_INITRD_MISSING,
		BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER, BM_FINDING_CMDLINE_ROOT_UNKNOWN, BM_FINDING_LIBC_MISSING,
		BM_FINDING_FSTAB_DEVICE_UNKNOWN, BM_FINDING_GRUBENV_KERNELOPTS, BM_FINDING_CONFIG_NO_DRIVER};
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_findings findings = {0};
	const struct bm_verdict_input input = {.findings = &findings, .disks = true, .system = true};
	struct bm_verdict verdict;
	unsigned int lines = 0;

	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++)
		BM_CHECK(bm_findings_add(&findings, kinds[i], NULL, 0, "x"));
	bm_verdict_make(&input, &verdict);
	bm_report_verdict_text(&verdict, &style, &out);
	for (const char *p = bm_buf_text(&out); *p; p++)
		lines += *p == '\n';
	/* Head 3, findings 3, blank 1, choices 8, the last line and the prompt. */
	BM_CHECK(lines <= 25 - 3 - 3 - 1 - 8 - 2);
	bm_findings_done(&findings);
}

/* Kinds that say that something was not judged, or may be stale, say so whatever else is there. */
BM_TEST(verdict_of_blind_and_stale_kinds)
{
	for (int id = 0; id < BM_FINDING_COUNT; id++) {
		struct bm_findings findings = {0};
		const struct bm_verdict_input input = {.findings = &findings, .disks = true, .system = true};
		_cleanup_free_ char *sentence = NULL;
		struct bm_verdict verdict;

		BM_CHECK(bm_findings_add(&findings, (enum bm_finding_id)id, NULL, 0, "what was seen"));
		findings.items[0].severity = BM_SEVERITY_WARNING;
		bm_verdict_make(&input, &verdict);
		sentence = bm_report_verdict(&verdict);
		BM_CHECK_INT(verdict.bits, bm_finding_is_blind((enum bm_finding_id)id) ? 8 : 0);
		if (bm_finding_is_blind((enum bm_finding_id)id))
			BM_CHECK_STR(sentence, "Not judged: what was seen.");
		BM_CHECK((strstr(sentence, "may be stale") != NULL) == bm_finding_is_stale((enum bm_finding_id)id));
		bm_findings_done(&findings);
	}
}
