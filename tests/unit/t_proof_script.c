/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images whose init is a script of initramfs-tools, and what finds the drivers of disks in any image. What a boot makes
 * of each was seen in a machine: tests/truth/table.tsv.
 */
#include "image_maker.h"
#include "proof/proof.h"

#define VERSION "6.1.0-9-amd64"
#define MODULES "usr/lib/modules/" VERSION "/"

/* The files of the image; programs are ELF files. */
static const struct {
	const char *name;
	bool program;
} files[] = {
	{"conf/initramfs.conf", false},
	{"scripts/functions", false},
	{"scripts/local", false},
	{"scripts/nfs", false},
	{"scripts/init-top/udev", false},
	{"usr/lib/ld.so", true},
	{"usr/lib/libc.so.6", true},
	{"usr/bin/dash", true},
	{"usr/bin/mount", true},
	{"usr/bin/run-init", true},
	{"usr/bin/blkid", true},
	{"usr/bin/udevadm", true},
	{"usr/sbin/modprobe", true},
	{"usr/lib/systemd/systemd-udevd", true},
	{"usr/lib/udev/rules.d/80-drivers.rules", false},
	{MODULES "ext4.ko", false},
};

struct row {
	const char *without, *cmdline;
	const char *builtin; /* modules.builtin of the kernel; NULL: not known */
	const char *want;    /* the subject of the only problem, or NULL */
	const char *sh;	     /* what /bin/sh is; NULL: dash */
	const char *load;    /* conf/modules, or NULL */
};

static void put_dirs(struct bm_buf *out)
{
	const char *const dirs[] = {"conf", "scripts", "scripts/init-top", "usr", "usr/bin", "usr/sbin", "usr/lib",
		"usr/lib/systemd", "usr/lib/udev", "usr/lib/udev/rules.d", "usr/lib/modules",
		("usr/lib/modules/" VERSION)};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(out, dirs[i]);
	put_link(out, "lib", "usr/lib");
	put_link(out, "bin", "usr/bin");
	put_link(out, "sbin", "usr/sbin");
}

static void put_image(struct bm_buf *out, const struct row *row)
{
	put_dirs(out);
	for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++) {
		const char *name = files[i].name;

		if (row->without && strcmp(name, row->without) == 0)
			continue;
		if (files[i].program)
			put_elf(out, name, strstr(name, "lib/") == name ? NULL : "/lib/ld.so", "libc.so.6", NULL);
		else
			put_file(out, name, 0644, "#");
	}
	put_link(out, "usr/bin/sh", row->sh ? row->sh : "dash");
	if (row->sh)
		put_elf(out, "usr/bin/busybox", "/lib/ld.so", "libc.so.6", NULL);
	if (row->load)
		put_file(out, "conf/modules", 0644, row->load);
	put_file(out, "init", 0755, "#!/bin/sh\n");
	put_trailer(out);
}

static void check(const struct row *row)
{
	struct bm_modules_texts texts = {.dep = "kernel/ext4.ko:\n", .builtin = row->builtin};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_buf_ struct bm_buf image = {0};
	struct bm_modules *modules;
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};
	struct bm_proof_need need = {
		.version = VERSION, .dep_known = true, .builtin_known = row->builtin != NULL, .cmdline = row->cmdline};
	struct bm_proof proof;

	texts.dep_len = strlen(texts.dep);
	texts.builtin_len = row->builtin ? strlen(row->builtin) : 0;
	BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
	need.modules = modules;
	put_image(&image, row);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK_INT(bm_image_list_read(&source, &list, &summary), 0);
	BM_CHECK_INT(bm_proof_check(&list, &summary, &need, &proof), 0);
	BM_CHECK_INT(proof.n_problems, row->want ? 1 : 0);
	if (row->want)
		BM_CHECK_STR(proof.problems[0].subject, row->want);
	bm_proof_done(&proof);
	bm_modules_free(modules);
}

BM_TEST(proof_script_names_what_init_cannot_do_without)
{
	static const struct row rows[] = {
		{.cmdline = "root=UUID=1 ro"},
		{.without = "scripts/functions", .want = "/scripts/functions"},
		{.without = "scripts/local", .want = "/scripts/local"},
		{.without = "scripts/local", .cmdline = "boot=nfs root=/dev/nfs"},
		{.without = "scripts/nfs"},
		{.without = "scripts/nfs", .cmdline = "boot=nfs root=/dev/nfs", .want = "/scripts/nfs"},
		{.without = "usr/bin/mount", .want = "mount"},
		{.without = "usr/bin/run-init", .want = "run-init"},
		{.without = "usr/bin/blkid", .cmdline = "root=LABEL=x", .want = "blkid"},
		{.without = "usr/bin/blkid", .cmdline = "root=/dev/sda2"},
		/* busybox has them inside */
		{.without = "usr/bin/mount", .sh = "busybox"},
		{.without = "usr/bin/run-init", .sh = "busybox"},
		/* another generator's script goes its own way */
		{.without = "conf/initramfs.conf"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

BM_TEST(proof_names_what_finds_the_drivers_of_disks)
{
	static const char none[] = "kernel/fs/fuse.ko\n", disk[] = "kernel/drivers/scsi/sd_mod.ko\n",
			  rules[] = "usr/lib/udev/rules.d/80-drivers.rules";
	static const struct row rows[] = {
		{.builtin = none},
		{.without = "usr/lib/systemd/systemd-udevd", .builtin = none, .want = "systemd-udevd"},
		{.without = "usr/bin/udevadm", .builtin = none, .want = "udevadm"},
		{.without = rules, .builtin = none, .want = "/usr/lib/udev/rules.d/80-drivers.rules"},
		/* a disk may be found without */
		{.without = "usr/lib/systemd/systemd-udevd", .builtin = disk},
		{.without = rules, .builtin = disk},
		{.without = "usr/lib/systemd/systemd-udevd"},
		{.without = "usr/lib/systemd/systemd-udevd", .builtin = none, .load = "virtio_blk\n"},
		/* nothing starts it */
		{.without = "scripts/init-top/udev", .builtin = none},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}
