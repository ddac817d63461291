/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fmt/etc/fstab.h"

static struct bm_fstab parse(const char *text)
{
	struct bm_fstab fstab;

	BM_CHECK_INT(bm_fstab_parse(text, strlen(text), &fstab), 0);
	return fstab;
}

static void check_line(const struct bm_fstab *fstab, size_t i, unsigned int line, const char *expected)
{
	const struct bm_fstab_line *entry = &fstab->lines[i];
	char *text;

	BM_CHECK(i < fstab->n_lines);
	text = bm_strf("%s|%s|%s|%s|%u|%u", entry->spec, entry->target, entry->fstype, entry->options, entry->dump,
		entry->pass);
	BM_CHECK_STR(text, expected);
	BM_CHECK_INT(entry->line, line);
	free(text);
}

BM_TEST(fstab_of_an_installation)
{
	struct bm_fstab fstab = parse("# /etc/fstab\n"
				      "\n"
				      "/dev/mapper/rhel-root   /                       xfs     defaults        0 0\n"
				      "UUID=1234-ABCD\t/boot/efi\tvfat\tumask=0077,shortname=winnt 0 2\n"
				      "   # indented\n"
				      "  /dev/mapper/rhel-swap none swap sw 0 0\n");

	BM_CHECK_INT(fstab.n_lines, 3);
	BM_CHECK_INT(fstab.n_problems, 0);
	check_line(&fstab, 0, 3, "/dev/mapper/rhel-root|/|xfs|defaults|0|0");
	check_line(&fstab, 1, 4, "UUID=1234-ABCD|/boot/efi|vfat|umask=0077,shortname=winnt|0|2");
	check_line(&fstab, 2, 6, "/dev/mapper/rhel-swap|none|swap|sw|0|0");
	bm_fstab_done(&fstab);
	BM_CHECK(fstab.n_lines == 0 && !fstab.lines);
}

BM_TEST(fstab_optional_fields)
{
	struct bm_fstab fstab = parse("a / ext4\nb /b ext4 ro\nc /c ext4 ro 1\nd /d ext4 ro 1 2 # more\ne /e");

	BM_CHECK_INT(fstab.n_lines, 5);
	check_line(&fstab, 0, 1, "a|/|ext4|defaults|0|0");
	check_line(&fstab, 1, 2, "b|/b|ext4|ro|0|0");
	check_line(&fstab, 2, 3, "c|/c|ext4|ro|1|0");
	check_line(&fstab, 3, 4, "d|/d|ext4|ro|1|2");
	check_line(&fstab, 4, 5, "e|/e|auto|defaults|0|0");
	BM_CHECK_INT(fstab.n_problems, 1);
	BM_CHECK_INT(fstab.problems[0].line, 5);
	BM_CHECK(strstr(fstab.problems[0].text, "type"));
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_escapes)
{
	struct bm_fstab fstab = parse("LABEL=my\\040disk /mnt/a\\011b\\134c\\043 ext4 x=\\040\n"
				      "a\\04 /b\\400\\0 t\nc\\000d /e\\ t\n");

	BM_CHECK_INT(fstab.n_lines, 3);
	check_line(&fstab, 0, 1, "LABEL=my disk|/mnt/a\tb\\c#|ext4|x=\\040|0|0");
	check_line(&fstab, 1, 2, "a\\04|/b\\400\\0|t|defaults|0|0");
	check_line(&fstab, 2, 3, "c\\000d|/e\\|t|defaults|0|0");
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_line_ends)
{
	struct bm_fstab fstab = parse("a /a t\r\nb /b t o 0 1\r\n\r\n#x\r\nc /c t");

	BM_CHECK_INT(fstab.n_lines, 3);
	BM_CHECK_INT(fstab.n_problems, 0);
	check_line(&fstab, 0, 1, "a|/a|t|defaults|0|0");
	check_line(&fstab, 1, 2, "b|/b|t|o|0|1");
	check_line(&fstab, 2, 5, "c|/c|t|defaults|0|0");
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_targets_are_tidy)
{
	struct bm_fstab fstab = parse("a /boot/ t\nb //boot//efi// t\nc // t\nd boot t\ne none t\nf none swap\n");

	check_line(&fstab, 0, 1, "a|/boot|t|defaults|0|0");
	check_line(&fstab, 1, 2, "b|/boot/efi|t|defaults|0|0");
	check_line(&fstab, 2, 3, "c|/|t|defaults|0|0");
	BM_CHECK_INT(fstab.n_problems, 1);
	BM_CHECK_INT(fstab.problems[0].line, 4);
	BM_CHECK(bm_fstab_find(&fstab, "/boot") == &fstab.lines[0]);
	BM_CHECK(bm_fstab_find(&fstab, "/") == &fstab.lines[2]);
	BM_CHECK(!bm_fstab_find(&fstab, "/usr"));
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_find_passes_over_swap)
{
	struct bm_fstab fstab = parse("a / swap\nb / ignore\nc / ext4\nd / xfs\n");

	BM_CHECK_STR(bm_fstab_find(&fstab, "/")->spec, "c");
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_broken_lines_are_problems)
{
	struct bm_fstab fstab;
	static const char text[] =
		"alone\nUUID=x / ext4 defaults a b\n\0\0\0 / ext4\nz /z t o 4294967296 -1\nok /ok t\n";

	BM_CHECK_INT(bm_fstab_parse(text, sizeof(text) - 1, &fstab), 0);
	BM_CHECK_INT(fstab.n_lines, 3);
	check_line(&fstab, 0, 2, "UUID=x|/|ext4|defaults|0|0");
	check_line(&fstab, 1, 4, "z|/z|t|o|0|0");
	check_line(&fstab, 2, 5, "ok|/ok|t|defaults|0|0");
	BM_CHECK_INT(fstab.n_problems, 6);
	BM_CHECK_STR(fstab.problems[0].text, "\"alone\" has no mount point");
	BM_CHECK_STR(fstab.problems[1].text, "the dump field \"a\" is no number");
	BM_CHECK_STR(fstab.problems[2].text, "the fsck field \"b\" is no number");
	BM_CHECK_STR(fstab.problems[3].text, "the line holds NUL bytes");
	BM_CHECK_INT(fstab.problems[3].line, 3);
	bm_fstab_done(&fstab);
}

BM_TEST(fstab_limits)
{
	char *text = malloc(BM_FSTAB_SIZE_MAX + 1);
	struct bm_fstab fstab = {.n_lines = 99};
	size_t len = 0;

	BM_CHECK(text != NULL);
	memset(text, '\n', BM_FSTAB_SIZE_MAX + 1);
	BM_CHECK_INT(bm_fstab_parse(text, BM_FSTAB_SIZE_MAX + 1, &fstab), -EFBIG);
	BM_CHECK_INT(fstab.n_lines, 99);
	BM_CHECK_INT(bm_fstab_parse(text, BM_FSTAB_SIZE_MAX, &fstab), 0);
	BM_CHECK_INT(fstab.n_lines, 0);
	memset(text, 0, BM_FSTAB_SIZE_MAX);
	BM_CHECK_INT(bm_fstab_parse(text, BM_FSTAB_SIZE_MAX, &fstab), 0);
	BM_CHECK(fstab.n_lines == 0 && fstab.n_problems == 1);
	bm_fstab_done(&fstab);

	/* a long line between good ones */
	len = (size_t)sprintf(text, "a /a t\n");
	memset(text + len, 'x', BM_FSTAB_LINE_MAX + 1);
	len += BM_FSTAB_LINE_MAX + 1;
	len += (size_t)sprintf(text + len, "\nb /b t\n");
	BM_CHECK_INT(bm_fstab_parse(text, len, &fstab), 0);
	BM_CHECK_INT(fstab.n_lines, 2);
	BM_CHECK_INT(fstab.n_problems, 1);
	BM_CHECK_INT(fstab.problems[0].line, 2);
	bm_fstab_done(&fstab);

	/* more entries, and more problems, than are kept */
	len = 0;
	for (int i = 0; i < BM_FSTAB_LINES_MAX + 10; i++)
		len += (size_t)sprintf(text + len, "a%d /a t o\n", i);
	BM_CHECK_INT(bm_fstab_parse(text, len, &fstab), 0);
	BM_CHECK_INT(fstab.n_lines, BM_FSTAB_LINES_MAX);
	BM_CHECK_INT(fstab.n_problems, 1);
	BM_CHECK_INT(fstab.problems[0].line, BM_FSTAB_LINES_MAX + 1);
	bm_fstab_done(&fstab);
	memset(text, 'x', BM_FSTAB_SIZE_MAX);
	for (size_t i = 1; i < BM_FSTAB_SIZE_MAX; i += 2)
		text[i] = '\n';
	BM_CHECK_INT(bm_fstab_parse(text, BM_FSTAB_SIZE_MAX, &fstab), 0);
	BM_CHECK_INT(fstab.n_problems, BM_FSTAB_PROBLEMS_MAX);
	bm_fstab_done(&fstab);
	free(text);
}

static void check_option(const char *options, const char *name, int found, const char *expected)
{
	char untouched[] = "untouched";
	char *value = untouched;

	BM_CHECK_INT(bm_fstab_option(options, name, &value), found);
	BM_CHECK_INT(bm_fstab_option(options, name, NULL), found);
	if (!found) {
		BM_CHECK(value == untouched);
		return;
	}
	BM_CHECK_STR(value, expected);
	free(value);
}

BM_TEST(fstab_options)
{
	check_option("defaults,subvol=@,nofail", "subvol", 1, "@");
	check_option("defaults,subvol=@,nofail", "nofail", 1, NULL);
	check_option("defaults,subvol=@,nofail", "sub", 0, NULL);
	check_option("defaults,subvol=@,nofail", "subvolid", 0, NULL);
	check_option("subvol=a,subvol=b", "subvol", 1, "b");
	check_option("subvol=", "subvol", 1, "");
	check_option("a=b=c", "a", 1, "b=c");
	check_option("context=\"u:r,s:t\",ro", "context", 1, "u:r,s:t");
	check_option("context=\"u:r,s:t\",ro", "ro", 1, NULL);
	check_option("context=\"u:r,ro", "ro", 0, NULL);
	check_option("", "ro", 0, NULL);
	check_option(",,,ro,,", "ro", 1, NULL);
	check_option("errors=remount-ro", "ro", 0, NULL);
	BM_CHECK(bm_fstab_flag("rw,ro", "ro", "rw") && !bm_fstab_flag("ro,rw", "ro", "rw"));
	BM_CHECK(bm_fstab_flag("nofail", "nofail", NULL) && !bm_fstab_flag("defaults", "nofail", NULL));
	BM_CHECK(bm_fstab_flag("noauto,x-systemd.automount", "noauto", "auto"));
}

static void check_spec(const char *text, enum bm_spec_kind kind, const char *value, const char *vg, const char *lv)
{
	struct bm_spec spec;

	BM_CHECK_INT(bm_fstab_spec_parse(text, &spec), 0);
	BM_CHECK_STR(spec.value, value);
	BM_CHECK_STR(bm_spec_kind_name(spec.kind), bm_spec_kind_name(kind));
	BM_CHECK(bm_streq(spec.vg, vg) && bm_streq(spec.lv, lv));
	bm_spec_done(&spec);
}

BM_TEST(spec_tags_and_links)
{
	check_spec("UUID=0a34-AB", BM_SPEC_UUID, "0a34-AB", NULL, NULL);
	check_spec("UUID=\"0a34\"", BM_SPEC_UUID, "0a34", NULL, NULL);
	check_spec("LABEL='x y'", BM_SPEC_LABEL, "x y", NULL, NULL);
	check_spec("LABEL=\"half", BM_SPEC_LABEL, "\"half", NULL, NULL);
	check_spec("LABEL=/", BM_SPEC_LABEL, "/", NULL, NULL);
	check_spec("LABEL=/boot", BM_SPEC_LABEL, "/boot", NULL, NULL);
	check_spec("LABEL=a:/b=c", BM_SPEC_LABEL, "a:/b=c", NULL, NULL);
	check_spec("UUID=", BM_SPEC_UUID, "", NULL, NULL);
	check_spec("PARTUUID=12345678-01", BM_SPEC_PARTUUID, "12345678-01", NULL, NULL);
	check_spec("PARTLABEL=EFI", BM_SPEC_PARTLABEL, "EFI", NULL, NULL);
	check_spec("ID=nvme-x", BM_SPEC_ID, "nvme-x", NULL, NULL);
	check_spec("uuid=1", BM_SPEC_TAG, "uuid=1", NULL, NULL);
	check_spec("UUIDX=1", BM_SPEC_TAG, "UUIDX=1", NULL, NULL);
	check_spec("/dev/disk/by-uuid/0a34-AB", BM_SPEC_UUID, "0a34-AB", NULL, NULL);
	check_spec("/dev/disk/by-label/my\\x20disk\\x2froot", BM_SPEC_LABEL, "my disk/root", NULL, NULL);
	check_spec("/dev/disk/by-label/a\\x00b\\x2", BM_SPEC_LABEL, "a\\x00b\\x2", NULL, NULL);
	check_spec("/dev/disk/by-partuuid/1-01", BM_SPEC_PARTUUID, "1-01", NULL, NULL);
	check_spec("LABEL=my\\x20disk", BM_SPEC_LABEL, "my disk", NULL, NULL);
	check_spec("PARTLABEL=a\\x2fb\\x", BM_SPEC_PARTLABEL, "a/b\\x", NULL, NULL);
	check_spec("UUID=a\\x20b", BM_SPEC_UUID, "a\\x20b", NULL, NULL);
	check_spec("/dev/disk/by-partlabel/EFI\\x20System", BM_SPEC_PARTLABEL, "EFI System", NULL, NULL);
	check_spec("/dev/disk/by-id/ata-X\\x20-part1", BM_SPEC_ID, "ata-X\\x20-part1", NULL, NULL);
	check_spec("/dev/disk/by-path/pci-0000:00:1f.2-ata-1", BM_SPEC_PATH, "pci-0000:00:1f.2-ata-1", NULL, NULL);
	check_spec("/dev/disk/by-uuid/", BM_SPEC_DEVNAME, "/dev/disk/by-uuid/", NULL, NULL);
	check_spec("/dev/disk/by-uuidx/1", BM_SPEC_DEVNAME, "/dev/disk/by-uuidx/1", NULL, NULL);
}

BM_TEST(spec_devices)
{
	check_spec("/dev/sda3", BM_SPEC_DEVNAME, "/dev/sda3", NULL, NULL);
	check_spec("/dev/cciss/c0d0p1", BM_SPEC_DEVNAME, "/dev/cciss/c0d0p1", NULL, NULL);
	check_spec("/dev/md/root", BM_SPEC_DEVNAME, "/dev/md/root", NULL, NULL);
	check_spec("/dev/mapper/rhel-root", BM_SPEC_MAPPER, "rhel-root", "rhel", "root");
	check_spec("/dev/mapper/my--vg-lv--a", BM_SPEC_MAPPER, "my--vg-lv--a", "my-vg", "lv-a");
	check_spec("/dev/mapper/luks-12-34", BM_SPEC_MAPPER, "luks-12-34", NULL, NULL);
	check_spec("/dev/mapper/cryptroot", BM_SPEC_MAPPER, "cryptroot", NULL, NULL);
	check_spec("/dev/mapper/a-", BM_SPEC_MAPPER, "a-", NULL, NULL);
	check_spec("/dev/mapper/-a", BM_SPEC_MAPPER, "-a", NULL, NULL);
	check_spec("/dev/mapper/----", BM_SPEC_MAPPER, "----", NULL, NULL);
	check_spec("/dev/mapper/", BM_SPEC_DEVNAME, "/dev/mapper/", NULL, NULL);
	check_spec("/dev/rhel/root", BM_SPEC_MAPPER, "rhel-root", "rhel", "root");
	check_spec("/dev/my-vg/lv-a", BM_SPEC_MAPPER, "my--vg-lv--a", "my-vg", "lv-a");
	check_spec("/dev/a/b/c", BM_SPEC_DEVNAME, "/dev/a/b/c", NULL, NULL);
	check_spec("/dev/vg/", BM_SPEC_DEVNAME, "/dev/vg/", NULL, NULL);
}

BM_TEST(spec_others)
{
	check_spec("host:/export", BM_SPEC_NETWORK, "host:/export", NULL, NULL);
	check_spec("[fe80::1]:/x", BM_SPEC_NETWORK, "[fe80::1]:/x", NULL, NULL);
	check_spec("//server/share", BM_SPEC_NETWORK, "//server/share", NULL, NULL);
	check_spec("/home/x", BM_SPEC_FILE, "/home/x", NULL, NULL);
	check_spec("/dev", BM_SPEC_FILE, "/dev", NULL, NULL);
	check_spec("/dev/", BM_SPEC_FILE, "/dev/", NULL, NULL);
	check_spec("tmpfs", BM_SPEC_PSEUDO, "tmpfs", NULL, NULL);
	check_spec("pool/root", BM_SPEC_PSEUDO, "pool/root", NULL, NULL);
	check_spec("", BM_SPEC_NONE, "", NULL, NULL);
}

static void check_devname(const char *name, const char *family, unsigned int disk, unsigned int partition)
{
	struct bm_devname found;

	BM_CHECK(bm_devname_parse(name, &found));
	BM_CHECK_STR(found.family, family);
	BM_CHECK_INT(found.disk, disk);
	BM_CHECK_INT(found.partition, partition);
}

BM_TEST(devnames)
{
	static const char *const others[] = {"", "/dev/", "sd", "sda0", "sda01", "sda3x", "sdA1", "sdaaaa1", "md0",
		"dm-0", "nvme0", "nvme0n0", "nvme0n1p", "nvme0n1p0", "nvme0n1x1", "mmcblk0boot0", "mmcblkp1", "loop0",
		"sr0", "/dev/mapper/sda1", "/dev/sda/1", "sda1234567", "vd1", "cciss/c0"};
	struct bm_devname name = {.disk = 5};

	check_devname("/dev/sda", "sd", 0, 0);
	check_devname("/dev/sda3", "sd", 0, 3);
	check_devname("sdz15", "sd", 25, 15);
	check_devname("sdaa1", "sd", 26, 1);
	check_devname("sdzz1", "sd", 701, 1);
	check_devname("sdaaa1", "sd", 702, 1);
	check_devname("hdc1", "hd", 2, 1);
	check_devname("/dev/vdb2", "vd", 1, 2);
	check_devname("xvda1", "xvd", 0, 1);
	check_devname("nvme0n1", "nvme", 0, 0);
	check_devname("nvme0n1p3", "nvme", 0, 3);
	check_devname("nvme1n1p3", "nvme", 1, 3);
	check_devname("nvme0n2p3", "nvme", 1, 3);
	check_devname("mmcblk1p2", "mmcblk", 1, 2);
	check_devname("/dev/cciss/c0d1p2", "cciss", 1, 2);
	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		BM_CHECK(!bm_devname_parse(others[i], &name));
	BM_CHECK_INT(name.disk, 5);
	BM_CHECK(bm_devname_alike("/dev/sda3", "vda3") && bm_devname_alike("hda3", "/dev/nvme0n1p3"));
	BM_CHECK(!bm_devname_alike("sda3", "sdb3") && !bm_devname_alike("sda3", "sda4"));
	BM_CHECK(!bm_devname_alike("md0", "md0"));
}
