/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report, over surveys built by hand: what fits a console of 80x25, what a hostile disk may not do to a terminal.
 */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "harness.h"
#include "report/report.h"
#include "report/text.h"

/* Everything in it is a literal: nothing is freed. */
static char t_root[] = "/", t_boot[] = "/boot", t_esp[] = "/boot/efi", t_usr[] = "/usr", t_var[] = "/var";
static char t_home[] = "/srv/an/unusually/deep/place";
static char t_version_new[] = "5.14.0-427.13.1.el9_4.x86_64", t_version_old[] = "5.14.0-362.8.1.el9_3.x86_64";
static char t_uuid[] = "UUID=5d1f3c0a-91a4-4be2-a1d0-7d2f6ab1c001";

static void fill_device(struct bm_device *device, char *name, char *fstype, uint64_t size, enum bm_device_kind kind)
{
	*device = (struct bm_device){.kind = kind, .name = name, .fstype = fstype, .size_bytes = size};
}

struct sample {
	struct bm_device devices[4];
	struct bm_mount mounts[8];
	struct bm_kernel kernels[12];
	struct bm_boot_entry entries[2];
	struct bm_system system;
	struct bm_survey survey;
	struct bm_findings findings;
};

static void add_mount(struct sample *sample, char *target, int device, enum bm_mount_source source)
{
	sample->mounts[sample->system.n_mounts++] =
		(struct bm_mount){.target = target, .device = device, .source = source, .spec = t_uuid};
}

static void add_kernel(struct sample *sample, char *version, char *image, char *initramfs, bool exists)
{
	static char modules[] = "/lib/modules/x";

	sample->kernels[sample->system.n_kernels++] = (struct bm_kernel){.version = version,
		.image = image,
		.modules_dir = modules,
		.modules_dep = true,
		.initramfs_path = initramfs,
		.initramfs_exists = exists,
		.initramfs_size = exists ? 61 * BM_MIB : 0};
}

/* A typical Enterprise Linux on LVM and UEFI whose initramfs is gone. */
static void make_sample(struct sample *sample)
{
	static char sda[] = "sda", sda1[] = "sda1", sda2[] = "sda2", lv[] = "rhel_web01-root";
	static char vfat[] = "vfat", xfs[] = "xfs", ext4[] = "ext4";
	static char id[] = "5d1f3c0a", host[] = "web01.example.org", arch[] = "x86_64";
	static char os[] = "Red Hat Enterprise Linux 9.4 (Plow)", os_version[] = "9.4";
	static char config[] = "/boot/grub2/grub.cfg", title[] = "Red Hat Enterprise Linux (5.14.0-427) 9.4 (Plow)";
	static char image[] = "/boot/vmlinuz-5.14.0-427.13.1.el9_4.x86_64";
	static char initramfs[] = "/boot/initramfs-5.14.0-427.13.1.el9_4.x86_64.img";

	memset(sample, 0, sizeof(*sample));
	fill_device(&sample->devices[0], sda, NULL, 20 * BM_GIB, BM_DEVICE_DISK);
	fill_device(&sample->devices[1], sda1, vfat, 600 * BM_MIB, BM_DEVICE_PARTITION);
	fill_device(&sample->devices[2], sda2, ext4, BM_GIB, BM_DEVICE_PARTITION);
	fill_device(&sample->devices[3], lv, xfs, 17 * BM_GIB, BM_DEVICE_LV);
	sample->survey.devices.items = sample->devices;
	sample->survey.devices.n = 4;
	sample->system = (struct bm_system){.id = id,
		.hostname = host,
		.os_name = os,
		.os_version = os_version,
		.arch = arch,
		.uefi = true,
		.root_device = 3,
		.mounts = sample->mounts,
		.kernels = sample->kernels,
		.loader = {.kind = BM_LOADER_GRUB2_BLS,
			.config = config,
			.entries = sample->entries,
			.n_entries = 1,
			.default_entry = 0}};
	sample->entries[0].entry.title = title;
	sample->entries[0].version = t_version_new;
	sample->entries[0].kernel = image;
	add_mount(sample, t_root, 3, BM_MOUNT_IS_ROOT);
	add_mount(sample, t_boot, 2, BM_MOUNT_FSTAB);
	add_mount(sample, t_esp, 1, BM_MOUNT_FSTAB);
	add_kernel(sample, t_version_new, image, initramfs, false);
	add_kernel(sample, t_version_old, image, initramfs, true);
	sample->survey.systems.items = &sample->system;
	sample->survey.systems.n = 1;
}

static void scan_text(struct sample *sample, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_report_item item = {&sample->system, &sample->findings};

	bm_report_survey_text(&sample->survey, &item, 1, style, out);
	BM_CHECK(!out->failed);
}

/* The widest line, and how many there are. */
static unsigned int measure(const struct bm_buf *out, unsigned int *ret_lines)
{
	unsigned int widest = 0, lines = 0;
	const char *p = bm_buf_text(out);

	while (*p) {
		size_t len = strcspn(p, "\n");
		_cleanup_free_ char *line = strndup(p, len);

		widest = BM_MAX(widest, bm_text_width(line));
		BM_CHECK(len == 0 || p[len - 1] != ' ');
		p += len;
		BM_CHECK(*p == '\n');
		p++;
		lines++;
	}
	*ret_lines = lines;
	return widest;
}

BM_TEST(report_scan_says_where_what_is)
{
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;
	unsigned int lines;

	make_sample(&sample);
	BM_CHECK(bm_findings_add(&sample.findings, BM_FINDING_INITRAMFS_MISSING, t_boot, 0, "no such file"));
	scan_text(&sample, &style, &out);
	BM_CHECK(strstr(out.data, "System 5d1f3c0a  Red Hat Enterprise Linux 9.4 (Plow), host web01.example.org"));
	BM_CHECK(strstr(out.data, "  /boot/efi  sda1"));
	BM_CHECK(strstr(out.data, "* 5.14.0-427.13.1.el9_4.x86_64"));
	BM_CHECK(strstr(out.data, "MISSING"));
	BM_CHECK(strstr(out.data, "/boot/initramfs-VER.img"));
	BM_CHECK(strstr(out.data, "INITRAMFS-MISSING"));
	BM_CHECK(strstr(out.data, "findings: 1 fatal, 0 warnings, 0 notes"));
	BM_CHECK(!strchr(out.data, '\033'));
	BM_CHECK(measure(&out, &lines) <= 80);
	BM_CHECK(lines <= 24);
	bm_findings_done(&sample.findings);
}

BM_TEST(report_scan_fits_a_console_at_its_fullest)
{
	static char names[10][64];
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;
	unsigned int lines;

	make_sample(&sample);
	add_mount(&sample, t_usr, 3, BM_MOUNT_CONTENT);
	add_mount(&sample, t_var, BM_DEVICE_NONE, BM_MOUNT_MISSING);
	add_mount(&sample, t_home, 2, BM_MOUNT_FAMILY);
	add_mount(&sample, t_home, 2, BM_MOUNT_FAMILY);
	/* The default entry's kernel is the oldest of twelve. */
	for (size_t i = 0; i < 10; i++) {
		memset(names[i], 'x', sizeof(names[i]) - 1);
		names[i][0] = (char)('a' + i);
		add_kernel(&sample, names[i], NULL, t_home, false);
	}
	sample.entries[0].version = names[9];
	for (int i = 0; i < 9; i++)
		BM_CHECK(bm_findings_add(&sample.findings, BM_FINDING_FSTAB_SYNTAX, NULL, 3, "%0200d", i));
	scan_text(&sample, &style, &out);
	BM_CHECK(measure(&out, &lines) <= 80);
	BM_CHECK(lines <= 24);
	/* The version is cut only where nothing else would be left of the line; the mark stands. */
	BM_CHECK(strstr(out.data, "\n* jxxx"));
	BM_CHECK(strstr(out.data, "and 8 more"));
	BM_CHECK(strstr(out.data, "and 6 more"));
	bm_findings_done(&sample.findings);
}

BM_TEST(report_scan_verbose_shows_all)
{
	const struct bm_report_style style = {.verbose = true};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;

	make_sample(&sample);
	for (int i = 0; i < 7; i++)
		add_kernel(&sample, t_version_old, NULL, t_boot, false);
	scan_text(&sample, &style, &out);
	BM_CHECK(!strstr(out.data, "more"));
	BM_CHECK(strstr(out.data, "rhel_web01-root"));
	BM_CHECK(strstr(out.data, "entry 0 *"));
}

/* The diagnosis of the sample by its findings alone. */
static void diagnosis_text(const struct sample *sample, const struct bm_report_style *style, struct bm_buf *out)
{
	const struct bm_verdict_input input = {.findings = &sample->findings, .disks = true, .system = true};
	struct bm_verdict verdict;
	const struct bm_report_diagnosis diagnosis = {
		.system = &sample->system, .findings = &sample->findings, .verdict = &verdict};

	bm_verdict_make(&input, &verdict);
	bm_report_diagnosis_text(&diagnosis, style, out);
}

BM_TEST(report_names_of_a_disk_cannot_reach_the_terminal)
{
	static char evil[] = "evil\033]0;x\007\n\rhost\xff\xc2\x9b"
			     "31m";
	const struct bm_report_style style = {.color = false};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;
	unsigned int lines;

	make_sample(&sample);
	sample.system.hostname = evil;
	sample.system.os_name = evil;
	sample.entries[0].entry.title = evil;
	sample.mounts[1].spec = evil;
	sample.kernels[0].version = evil;
	sample.entries[0].version = evil;
	BM_CHECK(bm_findings_add(&sample.findings, BM_FINDING_FSTAB_SYNTAX, evil, 1, "%s", evil));
	scan_text(&sample, &style, &out);
	diagnosis_text(&sample, &style, &out);
	BM_CHECK(!strstr(out.data, "\xc2\x9b"));
	for (size_t i = 0; i < out.len; i++)
		BM_CHECK(out.data[i] == '\n' || (unsigned char)out.data[i] >= 0x20);
	BM_CHECK(measure(&out, &lines) <= 80);
	bm_findings_done(&sample.findings);
}

BM_TEST(report_scan_of_nothing)
{
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_survey survey = {0};

	bm_report_survey_text(&survey, NULL, 0, &style, &out);
	BM_CHECK(strstr(out.data, "Disks none"));
	BM_CHECK(strstr(out.data, "No installed system was found."));
}

BM_TEST(report_colour_only_where_asked)
{
	const struct bm_report_style style = {.color = true};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;

	make_sample(&sample);
	scan_text(&sample, &style, &out);
	BM_CHECK(strstr(out.data, "\033[1;31mMISSING\033[0m"));
}

BM_TEST(report_findings_say_where_and_what_to_do)
{
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_finding *finding;
	struct sample sample;
	unsigned int lines;

	make_sample(&sample);
	finding = bm_findings_add(&sample.findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", 7, "it is nowhere");
	BM_CHECK(finding && bm_str_set(&finding->excerpt, "UUID=1 /data ext4 defaults 0 0") == 0);
	BM_CHECK(finding && bm_str_set(&finding->console, "line 3 of serial.log says so, too") == 0);
	finding = bm_findings_add(&sample.findings, BM_FINDING_FS_ERRORS, NULL, 0, "x");
	BM_CHECK(finding && bm_str_set(&finding->subject, "/dev/vda1") == 0);
	finding = bm_findings_add(&sample.findings, BM_FINDING_MODULES_DEP_STALE, NULL, 0, "x");
	BM_CHECK(finding);
	diagnosis_text(&sample, &style, &out);
	BM_CHECK(strstr(out.data, "\n         /etc/fstab:7\n         > UUID=1 /data ext4 defaults 0 0\n"));
	BM_CHECK(strstr(out.data, "\n         Console: line 3 of serial.log says so, too\n"));
	BM_CHECK(strstr(out.data, "\n         With: bootmend repair\n"));
	BM_CHECK(strstr(out.data, "\n         With: bootmend repair --fsck /dev/vda1\n"));
	BM_CHECK(strstr(out.data, "\n         With: bootmend repair --only MODULES-DEP-STALE\n"));
	BM_CHECK(measure(&out, &lines) <= 80);
	bm_findings_done(&sample.findings);
}

/* Where no image can be built no rebuild is offered. */
BM_TEST(report_offers_no_rebuild_that_cannot_be)
{
	const struct bm_report_style style = {0};
	struct bm_finding *finding;
	struct sample sample;

	for (int possible = 0; possible <= 1; possible++) {
		_cleanup_buf_ struct bm_buf out = {0};

		make_sample(&sample);
		finding = bm_findings_add(&sample.findings, BM_FINDING_INITRAMFS_MISSING, "/boot/initramfs", 0, "x");
		BM_CHECK(finding != NULL);
		if (finding && !possible)
			finding->rebuild = BM_REBUILD_NO;
		diagnosis_text(&sample, &style, &out);
		BM_CHECK((strstr(out.data, "bootmend repair") != NULL) == possible);
		BM_CHECK((strstr(out.data, "To do: No image that cures it") != NULL) == !possible);
		bm_findings_done(&sample.findings);
	}
}

BM_TEST(report_of_a_healthy_disk_says_where_to_look)
{
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct sample sample;

	make_sample(&sample);
	diagnosis_text(&sample, &style, &out);
	BM_CHECK(strstr(out.data, "Nothing was found that stops the boot."));
	BM_CHECK(strstr(out.data, "boot order"));
	BM_CHECK(strstr(out.data, "--console FILE"));
}

BM_TEST(report_plan_shows_what_is_run)
{
	static char tool[] = "dracut", file[] = "@OUTPUT@", quoted[] = "--kernel-cmdline=a b'c", text[] = "rebuild it";
	static char driver[] = "vmw_pvscsi", version[] = "1.2";
	char *argv[] = {tool, file, quoted}, *drivers[] = {driver};
	struct bm_step step = {.kind = BM_STEP_BUILD,
		.text = text,
		.argv = {argv, 3, 3},
		.drivers = {drivers, 1, 1},
		.need_bytes = 64 * BM_MIB};
	struct bm_plan plan = {.system_id = tool, .kernel = version, .steps = &step, .n_steps = 1};
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};

	bm_report_plan_text(&plan, &style, &out);
	BM_CHECK(strstr(out.data, "  1. rebuild it\n"));
	BM_CHECK(strstr(out.data, "dracut @OUTPUT@ '--kernel-cmdline=a b'\\''c'\n"));
	BM_CHECK(strstr(out.data, "vmw_pvscsi"));
	BM_CHECK(strstr(out.data, "about 64.0 MiB of room"));
}

BM_TEST(report_result_says_how_many_bytes_are_missing)
{
	static char why[] = "/boot has no room";
	struct bm_result result = {.outcome = BM_OUTCOME_NO_SPACE, .error = why, .missing_bytes = 12345678};
	const struct bm_report_style style = {0};
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_plan plan = {0};

	bm_report_result_text(&plan, &result, &style, &out);
	BM_CHECK(strstr(out.data, "/boot has no room\n"));
	BM_CHECK(strstr(out.data, "missing: 12345678 bytes"));
}

BM_TEST(report_json_has_every_part)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_report_item item;
	struct sample sample;
	struct bm_json json;

	make_sample(&sample);
	BM_CHECK(bm_findings_add(&sample.findings, BM_FINDING_INITRAMFS_MISSING, t_boot, 7, "\"quoted\"\n"));
	item = (struct bm_report_item){&sample.system, &sample.findings};
	bm_report_json_begin(&json, &out, "0.1.0", "scan");
	bm_report_survey_json(&json, &sample.survey, &item, 1);
	bm_report_json_end(&json);
	BM_CHECK(!out.failed);
	BM_CHECK_INT(json.depth, 0);
	BM_CHECK(bm_str_starts(out.data, "{\n  \"bootmend\": \"0.1.0\",\n  \"verb\": \"scan\""));
	BM_CHECK(strstr(out.data, "\"id\": \"INITRAMFS-MISSING\""));
	BM_CHECK(strstr(out.data, "\\\"quoted\\\"\\n"));
	BM_CHECK(strstr(out.data, "\"default\": true"));
	BM_CHECK(strstr(out.data, "\"root_device\": 3"));
	bm_findings_done(&sample.findings);
}
