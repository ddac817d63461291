/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Systems whose userspace does not start, and healthy ones of odd kinds.
 */
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "image_maker.h"
#include "t_system_fixture.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"

static void expect(struct bm_fixture *fixture, const char *want)
{
	_cleanup_free_ char *got = NULL;

	bm_fixture_survey(fixture);
	got = bm_fixture_findings(fixture);
	BM_CHECK_STR(got, want);
}

static const struct bm_finding *find(const struct bm_fixture *fixture, enum bm_finding_id id)
{
	for (size_t i = 0; i < fixture->findings.n; i++)
		if (fixture->findings.items[i].id == id)
			return &fixture->findings.items[i];
	BM_CHECK(false);
	return NULL;
}

static char *host(const struct bm_fixture *fixture, const char *path)
{
	return bm_strf("%s%s", fixture->dir, path);
}

static void put_program(
	struct bm_fixture *fixture, const char *path, const char *interpreter, const char *needed, const char *runpath)
{
	_cleanup_free_ char *real = host(fixture, path);
	_cleanup_buf_ struct bm_buf elf = {0};
	FILE *file;

	make_elf(&elf, interpreter, needed, runpath);
	bm_fixture_write(fixture, path, "");
	file = fopen(real, "we");
	BM_CHECK(file && fwrite(elf.data, 1, elf.len, file) == elf.len && fclose(file) == 0);
	BM_CHECK_INT(chmod(real, 0755), 0);
}

static void put_script(struct bm_fixture *fixture, const char *path, const char *text)
{
	_cleanup_free_ char *real = host(fixture, path);

	bm_fixture_write(fixture, path, text);
	BM_CHECK_INT(chmod(real, 0755), 0);
}

/* A system whose init is dynamic, as everywhere. */
static void make_dynamic(struct bm_fixture *fixture)
{
	bm_fixture_make("debian12", fixture);
	put_program(fixture, "/usr/lib/systemd/systemd", LOADER, "libsystemd-core.so libc.so.6", "/usr/lib/systemd");
	put_program(fixture, "/usr/lib/systemd/libsystemd-core.so", NULL, "libsystemd-shared.so libm.so.6", NULL);
	put_program(fixture, "/usr/lib/systemd/libsystemd-shared.so", NULL, "libc.so.6", NULL);
	put_program(fixture, "/usr/lib/x86_64-linux-gnu/libc.so.6", NULL, "ld-linux-x86-64.so.2", NULL);
	put_program(fixture, "/usr/lib/x86_64-linux-gnu/libm.so.6", NULL, "libc.so.6", NULL);
	put_program(fixture, "/usr/lib64/ld-linux-x86-64.so.2", NULL, NULL, NULL);
}

BM_TEST(userland_healthy)
{
	struct bm_fixture fixture;

	make_dynamic(&fixture);
	expect(&fixture, "");
	BM_CHECK(bm_fixture_system(&fixture)->userland.known);
	BM_CHECK_STR(bm_fixture_system(&fixture)->userland.init, "/sbin/init");
	BM_CHECK_STR(bm_fixture_system(&fixture)->userland.init_real, "/usr/lib/systemd/systemd");
	/* a directory that only ld.so.conf.d knows */
	bm_fixture_remove(&fixture, "/usr/lib/x86_64-linux-gnu/libm.so.6");
	put_program(&fixture, "/opt/math/libm.so.6", NULL, "libc.so.6", NULL);
	expect(&fixture, "fatal LIBC-MISSING /usr/lib/systemd/libsystemd-core.so");
	bm_fixture_write(&fixture, "/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf # all\n");
	bm_fixture_write(&fixture, "/etc/ld.so.conf.d/math.conf", "/opt/math\n");
	expect(&fixture, "");
	/* or only the cache */
	bm_fixture_remove(&fixture, "/etc/ld.so.conf.d/math.conf");
	bm_fixture_write(&fixture, "/etc/ld.so.cache", "glibc-ld.so.cache1.1 libm.so.6 /opt/math/libm.so.6");
	expect(&fixture, "fatal LIBC-MISSING /usr/lib/systemd/libsystemd-core.so");
	bm_fixture_data(&fixture, "/etc/ld.so.cache", 0);
	{
		_cleanup_free_ char *path = host(&fixture, "/etc/ld.so.cache");
		static const char cache[] = "glibc-ld.so.cache1.1\0libm.so.6\0/opt/math/libm.so.6";
		FILE *file = fopen(path, "we");

		BM_CHECK(file && fwrite(cache, 1, sizeof(cache), file) == sizeof(cache) && fclose(file) == 0);
	}
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* The links of a merged /usr, which the fixture has. */
BM_TEST(userland_links)
{
	struct bm_fixture fixture;

	make_dynamic(&fixture);
	bm_fixture_remove(&fixture, "/sbin");
	expect(&fixture, "fatal USR-LINK-MISSING /sbin");
	BM_CHECK_STR(
		find(&fixture, BM_FINDING_USR_LINK)->evidence, "/sbin does not lead to /usr/sbin, where /sbin/init is");
	bm_fixture_link(&fixture, "/sbin", "usr/sbin");
	bm_fixture_remove(&fixture, "/lib64");
	expect(&fixture, "fatal USR-LINK-MISSING /lib64");
	/* a link that leads nowhere is as good as none; to a file likewise */
	bm_fixture_link(&fixture, "/lib64", "usr/lib46");
	expect(&fixture, "fatal USR-LINK-MISSING /lib64");
	bm_fixture_remove(&fixture, "/lib64");
	bm_fixture_link(&fixture, "/lib64", "etc/fstab");
	expect(&fixture, "fatal USR-LINK-MISSING /lib64");
	/* Arch's way */
	bm_fixture_remove(&fixture, "/lib64");
	bm_fixture_link(&fixture, "/lib64", "/usr/lib64");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/bin");
	expect(&fixture, "fatal USR-LINK-MISSING /bin");
	BM_CHECK_STR(find(&fixture, BM_FINDING_USR_LINK)->evidence, "/bin does not lead to /usr/bin");
	/* a folder shows that the system is of another kind */
	bm_fixture_write(&fixture, "/bin/sh", "x");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* The findings of that kind with an image in which systemd is init, or is not. */
static size_t count_os_release(struct bm_fixture *fixture, bool systemd)
{
	struct bm_findings findings = {0};
	struct bm_proof proof = {.verdict = true, .systemd = systemd};
	size_t n = 0;

	bm_fixture_survey(fixture);
	BM_CHECK_INT(bm_check_system(&fixture->survey, bm_fixture_system(fixture), &proof, &findings), 0);
	for (size_t i = 0; i < findings.n; i++)
		n += findings.items[i].id == BM_FINDING_OS_RELEASE;
	bm_findings_done(&findings);
	return n;
}

BM_TEST(userland_os_release)
{
	struct bm_fixture fixture;

	make_dynamic(&fixture);
	BM_CHECK_INT(count_os_release(&fixture, true), 0);
	bm_fixture_remove(&fixture, "/etc/os-release");
	bm_fixture_write(&fixture, "/usr/lib/os-release", "ID=debian\n");
	BM_CHECK_INT(count_os_release(&fixture, true), 0);
	bm_fixture_remove(&fixture, "/usr/lib/os-release");
	BM_CHECK_INT(count_os_release(&fixture, true), 1);
	BM_CHECK_INT(count_os_release(&fixture, false), 0);
	/* a link that leads nowhere is none */
	bm_fixture_link(&fixture, "/etc/os-release", "../usr/lib/os-release");
	BM_CHECK_INT(count_os_release(&fixture, true), 1);
	bm_fixture_done(&fixture);
}

BM_TEST(userland_init)
{
	struct bm_fixture fixture;
	const struct bm_finding *finding;

	make_dynamic(&fixture);
	bm_fixture_remove(&fixture, "/usr/sbin/init");
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	finding = find(&fixture, BM_FINDING_INIT_MISSING);
	BM_CHECK_STR(finding->subject, "/usr/lib/systemd/systemd");
	bm_fixture_link(&fixture, "/usr/sbin/init", "/lib/upstart/init");
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	finding = find(&fixture, BM_FINDING_INIT_MISSING);
	BM_CHECK(strstr(finding->evidence, "is a link to /lib/upstart/init") != NULL);
	/* nothing whole to lead a link to */
	bm_fixture_data(&fixture, "/usr/lib/systemd/systemd", 0);
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	BM_CHECK(!find(&fixture, BM_FINDING_INIT_MISSING)->subject);
	/* the next one that the kernel tries */
	put_program(&fixture, "/usr/bin/init", LOADER, "libc.so.6", NULL);
	expect(&fixture, "");
	BM_CHECK_STR(bm_fixture_system(&fixture)->userland.init, "/bin/init");
	bm_fixture_done(&fixture);

	/* init= of the default entry */
	make_dynamic(&fixture);
	bm_fixture_env(&fixture, "/boot/grub/grubenv", "saved_entry=0\n");
	bm_fixture_edit(&fixture, "/boot/grub/grub.cfg", "linux	/boot/vmlinuz-6.1.0-27-amd64 ",
		"linux	/boot/vmlinuz-6.1.0-27-amd64 init=/sbin/runit-init ");
	/* initramfs-tools goes on with /sbin/init, dracut does not */
	expect(&fixture, "warning INIT-MISSING /sbin/runit-init");
	bm_fixture_remove(&fixture, "/usr/sbin/init");
	expect(&fixture, "fatal INIT-MISSING /sbin/runit-init");
	put_script(&fixture, "/usr/sbin/runit-init", "#!/bin/sh\nexec /bin/bash\n");
	expect(&fixture, "");
	put_script(&fixture, "/usr/sbin/runit-init", "#! /opt/no/shell -e\n");
	expect(&fixture, "fatal LOADER-MISSING /opt/no/shell");
	bm_fixture_done(&fixture);
}

BM_TEST(userland_files)
{
	static const struct {
		const char *path;
		size_t size; /* cut to; 0: empty; 1: removed */
		const char *want, *why;
	} rows[] = {
		{"/usr/lib64/ld-linux-x86-64.so.2", 1, "fatal LOADER-MISSING " LOADER, "does not exist"},
		{"/usr/lib64/ld-linux-x86-64.so.2", 0, "fatal LOADER-MISSING " LOADER, "is empty"},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", 1, "fatal LIBC-MISSING /usr/lib/systemd/systemd",
			"needs libc.so.6, which does not exist"},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", 0, "fatal LIBC-MISSING /usr/lib/systemd/systemd", "is empty"},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", 300, "fatal LIBC-MISSING /usr/lib/systemd/systemd",
			"is cut off: 300 of"},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", 30, "fatal LIBC-MISSING /usr/lib/systemd/systemd",
			"is no library"},
		{"/usr/lib/systemd/libsystemd-shared.so", 1, "fatal LIBC-MISSING /usr/lib/systemd/libsystemd-core.so",
			"does not exist"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		struct bm_fixture fixture;
		_cleanup_free_ char *path = NULL;

		make_dynamic(&fixture);
		path = host(&fixture, rows[i].path);
		if (rows[i].size == 1)
			bm_fixture_remove(&fixture, rows[i].path);
		else
			BM_CHECK_INT(truncate(path, (off_t)rows[i].size), 0);
		expect(&fixture, rows[i].want);
		BM_CHECK(strstr(fixture.findings.items[0].evidence, rows[i].why) != NULL);
		bm_fixture_done(&fixture);
	}
}

/* What is not found may lie where nobody looked. */
BM_TEST(userland_unseen)
{
	struct bm_fixture fixture;

	make_dynamic(&fixture);
	bm_fixture_remove(&fixture, "/usr/sbin/init");
	bm_fixture_edit(&fixture, "/etc/fstab", "UUID=d1201a77-aaaa-4bbb-8ccc-ddddeeee0005 none",
		"UUID=d1201a77-aaaa-4bbb-8ccc-ddddeeee0005 /usr/lib/modules ext4 defaults 0 0\n"
		"UUID=d1201a77-aaaa-4bbb-8ccc-ddddeeee0005 none");
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_fixture_system(&fixture)->userland.known);
	bm_fixture_edit(&fixture, "/etc/fstab", "/usr/lib/modules", "/usr/lib/systemd2");
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_fixture_system(&fixture)->userland.known);
	bm_fixture_done(&fixture);

	/* /usr is not mounted: links into it lead nowhere */
	make_dynamic(&fixture);
	bm_fixture_remove(&fixture, "/usr");
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_fixture_system(&fixture)->userland.known);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_INIT_MISSING));
	bm_fixture_done(&fixture);

	/* NixOS: what starts is in the store, and only the entry says where */
	make_dynamic(&fixture);
	bm_fixture_remove(&fixture, "/usr/sbin/init");
	bm_fixture_write(&fixture, "/nix/store/x", "");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

/* Alpine: busybox, musl, whose loader is its own C library. */
BM_TEST(userland_musl)
{
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_remove(&fixture, "/usr/lib/systemd");
	bm_fixture_link(&fixture, "/usr/sbin/init", "/bin/busybox");
	put_program(&fixture, "/usr/bin/busybox", "/lib/ld-musl-x86_64.so.1", "libc.musl-x86_64.so.1 libc.so", NULL);
	put_program(&fixture, "/usr/lib/ld-musl-x86_64.so.1", NULL, NULL, NULL);
	bm_fixture_link(&fixture, "/usr/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/usr/lib/ld-musl-x86_64.so.1");
	expect(&fixture, "fatal LOADER-MISSING /lib/ld-musl-x86_64.so.1");
	bm_fixture_done(&fixture);
}

/* Scripts that run each other, links in a circle, a FIFO: an end, and no crash. */
BM_TEST(userland_hostile)
{
	struct bm_fixture fixture;

	make_dynamic(&fixture);
	put_script(&fixture, "/usr/sbin/init", "#!/sbin/init2");
	put_script(&fixture, "/usr/sbin/init2", "#!/sbin/init");
	bm_fixture_survey(&fixture);
	bm_fixture_link(&fixture, "/usr/sbin/init", "init");
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	bm_fixture_fifo(&fixture, "/usr/sbin/init");
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	BM_CHECK(strstr(find(&fixture, BM_FINDING_INIT_MISSING)->evidence, "is no regular file") != NULL);
	bm_fixture_remove(&fixture, "/usr/sbin/init");
	bm_fixture_write(&fixture, "/usr/sbin/init/x", "");
	expect(&fixture, "fatal INIT-MISSING /sbin/init");
	bm_fixture_done(&fixture);

	/* libraries that need each other, and one that needs itself */
	make_dynamic(&fixture);
	put_program(&fixture, "/usr/lib/x86_64-linux-gnu/libm.so.6", NULL, "libm.so.6 libsystemd-core.so",
		"$ORIGIN:$LIB::");
	expect(&fixture, "");
	bm_fixture_write(&fixture, "/etc/ld.so.conf", "include ld.so.conf\ninclude\n/a\n\tinclude /nowhere/[*\n");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(userland_processor)
{
	struct bm_fixture fixture;
	struct bm_device *disk;

	make_dynamic(&fixture);
	bm_fixture_survey(&fixture);
	disk = &fixture.survey.devices.items[0];
	BM_CHECK_INT(bm_str_set(&bm_fixture_system(&fixture)->userland.isa_file, "/lib64/libc.so.6"), 0);
	bm_fixture_system(&fixture)->userland.isa_level = 3;
	for (unsigned int level = 0; level <= 4; level++) {
		bm_findings_done(&fixture.findings);
		fixture.survey.machine.cpu_level = level;
		BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), NULL, &fixture.findings), 0);
		BM_CHECK((bm_findings_find(&fixture.findings, BM_FINDING_CPU_LEVEL) != NULL) ==
			 (level == 1 || level == 2));
	}
	/* an image file may be put anywhere */
	fixture.survey.machine.cpu_level = 1;
	for (size_t i = 0; i < fixture.survey.devices.n; i++)
		BM_CHECK_INT(bm_str_set(&disk[i].image, "/x.img"), 0);
	bm_findings_done(&fixture.findings);
	BM_CHECK_INT(bm_check_system(&fixture.survey, bm_fixture_system(&fixture), NULL, &fixture.findings), 0);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_CPU_LEVEL));
	bm_fixture_done(&fixture);

	/* by the release, where no file says it */
	bm_fixture_make("el9-uefi", &fixture);
	fixture.survey.machine.cpu_level = 1;
	expect(&fixture, "warning CPU-LEVEL");
	BM_CHECK(find(&fixture, BM_FINDING_CPU_LEVEL)->doubtful);
	fixture.survey.machine.cpu_level = 2;
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

BM_TEST(userland_memory)
{
	static const struct {
		uint64_t memory;
		const char *want;
	} rows[] = {{0, ""}, {500, "warning"}, {400, "fatal"}, {2000, ""}};
	struct bm_proof proof = {.image_bytes = 60 * BM_MIB, .unpacked_bytes = 300 * BM_MIB};
	struct bm_fixture fixture;

	bm_fixture_make("debian12", &fixture);
	bm_fixture_survey(&fixture);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		const struct bm_finding *finding;

		bm_findings_done(&fixture.findings);
		fixture.survey.machine.memory_bytes = rows[i].memory * BM_MIB;
		BM_CHECK_INT(
			bm_check_system(&fixture.survey, bm_fixture_system(&fixture), &proof, &fixture.findings), 0);
		finding = bm_findings_find(&fixture.findings, BM_FINDING_MEMORY);
		BM_CHECK_STR(finding ? bm_severity_text(finding->severity) : "", rows[i].want);
	}
	bm_fixture_done(&fixture);
}

BM_TEST(userland_selinux)
{
	struct bm_fixture fixture;
	_cleanup_free_ char *path = NULL;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_remove(&fixture, "/etc/selinux/targeted/policy/policy.33");
	expect(&fixture, "fatal SELINUX-POLICY-MISSING /etc/selinux/config");
	bm_fixture_edit(&fixture, "/etc/selinux/config", "enforcing", "permissive");
	expect(&fixture, "");
	bm_fixture_done(&fixture);

	/* where the kernel does not have it on by itself */
	bm_fixture_make("debian12", &fixture);
	bm_fixture_write(&fixture, "/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=default\n");
	expect(&fixture, "warning SELINUX-POLICY-MISSING /etc/selinux/config");
	BM_CHECK(find(&fixture, BM_FINDING_SELINUX_POLICY)->doubtful);
	bm_fixture_done(&fixture);

	bm_fixture_make("el9-uefi", &fixture);
	path = host(&fixture, "/etc/fstab");
	if (setxattr(path, "security.selinux", "system_u:object_r:etc_t:s0", 27, 0) < 0) {
		bm_fixture_done(&fixture);
		BM_SKIP("no security attributes here");
	}
	/* one has a label, the others have none */
	expect(&fixture, "warning SELINUX-LABEL /");
	BM_CHECK(strstr(find(&fixture, BM_FINDING_SELINUX_LABEL)->subject, "/etc/passwd") != NULL);
	BM_CHECK(strstr(find(&fixture, BM_FINDING_SELINUX_LABEL)->subject, "/etc/fstab") == NULL);
	bm_fixture_write(&fixture, "/.autorelabel", "");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}

static void label(struct bm_fixture *fixture, const char *path, const char *type)
{
	_cleanup_free_ char *where = host(fixture, path), *text = bm_strf("system_u:object_r:%s:s0", type);

	BM_CHECK_INT(setxattr(where, "security.selinux", text, strlen(text) + 1, 0), 0);
}

/* Labels everything as the policy's first line has it. */
static void label_all(struct bm_fixture *fixture)
{
	char *argv[] = {fixture->dir, NULL};
	FTS *tree = fts_open(argv, FTS_PHYSICAL, NULL);

	for (FTSENT *entry = fts_read(tree); entry; entry = fts_read(tree))
		if (entry->fts_info == FTS_F || entry->fts_info == FTS_D)
			BM_CHECK_INT(
				setxattr(entry->fts_path, "security.selinux", "system_u:object_r:etc_t:s0", 27, 0), 0);
	fts_close(tree);
}

/* Out of place is a label from where files are moved; another one is somebody's choice. */
BM_TEST(userland_selinux_of_another_place)
{
	static const char policy[] =
		"/.*\tsystem_u:object_r:etc_t:s0\n/etc/passwd\t--\tsystem_u:object_r:passwd_file_t:s0\n"
		"/etc/group\t--\t<<none>>\n/srv/.*\tsystem_u:object_r:var_t:s0\n";
	struct bm_fixture fixture;
	const struct bm_finding *finding;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_write(&fixture, "/etc/selinux/targeted/contexts/files/file_contexts", policy);
	bm_fixture_write(&fixture, "/etc/passwd", "root:x:0:0::/root:/bin/bash\n");
	bm_fixture_write(&fixture, "/etc/group", "root:x:0:\n");
	bm_fixture_write(&fixture, "/var/empty", "");
	if (geteuid() != 0) {
		bm_fixture_done(&fixture);
		BM_SKIP("no security attributes here");
	}
	label_all(&fixture);
	expect(&fixture, "");
	label(&fixture, "/etc/passwd", "user_tmp_t");
	label(&fixture, "/etc/group", "user_tmp_t");
	label(&fixture, "/etc/fstab", "own_t");
	expect(&fixture, "warning SELINUX-LABEL /etc/passwd");
	finding = find(&fixture, BM_FINDING_SELINUX_LABEL);
	BM_CHECK_STR(finding->subject, "/etc/passwd");
	BM_CHECK_STR(finding->evidence,
		"SELinux is enforcing, and /etc/passwd has user_tmp_t, and the policy says passwd_file_t. In `bootmend "
		"chroot`: setfiles -F /etc/selinux/targeted/contexts/files/file_contexts /etc/passwd");
	/* setfiles would take all of the folder */
	label(&fixture, "/etc", "unlabeled_t");
	expect(&fixture, "warning SELINUX-LABEL /etc");
	BM_CHECK(!strstr(find(&fixture, BM_FINDING_SELINUX_LABEL)->evidence, "setfiles"));
	/* the folder under a mount that is not there now is read by nobody */
	label(&fixture, "/etc", "etc_t");
	label(&fixture, "/etc/passwd", "passwd_file_t");
	label(&fixture, "/var", "unlabeled_t");
	expect(&fixture, "warning SELINUX-LABEL /var");
	bm_fixture_edit(&fixture, "/etc/fstab", "/home ", "/var ");
	label(&fixture, "/etc/fstab", "etc_t");
	bm_fixture_survey(&fixture);
	BM_CHECK(!bm_findings_find(&fixture.findings, BM_FINDING_SELINUX_LABEL));
	bm_fixture_done(&fixture);
}

BM_TEST(userland_notes)
{
	struct bm_fixture fixture;

	bm_fixture_make("el9-uefi", &fixture);
	bm_fixture_write(&fixture, "/usr/lib/sysctl.d/50-x.conf", "kernel.panic = 10\nvm.panic_on_oom = 1\n");
	expect(&fixture, "note OOM-PANIC /usr/lib/sysctl.d/50-x.conf");
	BM_CHECK_INT(find(&fixture, BM_FINDING_OOM_PANIC)->line, 2);
	BM_CHECK_STR(find(&fixture, BM_FINDING_OOM_PANIC)->excerpt, "vm.panic_on_oom = 1");
	/* the same name in /etc counts instead */
	bm_fixture_write(&fixture, "/etc/sysctl.d/50-x.conf", "# vm.panic_on_oom=1\n");
	expect(&fixture, "");
	bm_fixture_write(&fixture, "/etc/sysctl.d/10-y.conf", "vm/panic_on_oom=2\n");
	expect(&fixture, "note OOM-PANIC /etc/sysctl.d/10-y.conf");
	/* a later file takes it back */
	bm_fixture_write(&fixture, "/etc/sysctl.conf", "vm.panic_on_oom=0\nvm.panic_on_oomx=1\n");
	expect(&fixture, "");

	bm_fixture_link(&fixture, "/etc/systemd/system/multi-user.target.wants/kdump.service",
		"/usr/lib/systemd/system/kdump.service");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/boot/initramfs-5.14.0-70.el9.x86_64kdump.img");
	expect(&fixture, "note KDUMP-IMAGE-MISSING /boot");
	bm_fixture_edit(&fixture,
		"/boot/loader/entries/9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-503.11.1.el9_5.x86_64.conf",
		"crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M ", "");
	expect(&fixture, "note KDUMP-NOT-RESERVED "
			 "/boot/loader/entries/9c1f0b2ad1f64e0c8f0f6d4f1c6c1c11-5.14.0-503.11.1.el9_5.x86_64.conf");
	/* systemd passes it over by itself */
	bm_fixture_write(&fixture, "/usr/lib/systemd/system/kdump.service",
		"[Unit]\nDescription=x\nConditionKernelCommandLine=crashkernel\n");
	expect(&fixture, "");
	bm_fixture_write(
		&fixture, "/usr/lib/systemd/system/kdump.service", "[Unit]\n#ConditionKernelCommandLine=crashkernel\n");
	bm_fixture_survey(&fixture);
	BM_CHECK(bm_findings_find(&fixture.findings, BM_FINDING_KDUMP_NOT_RESERVED));
	/* masked, whatever wants it */
	bm_fixture_link(&fixture, "/etc/systemd/system/kdump.service", "/dev/null");
	expect(&fixture, "");
	bm_fixture_remove(&fixture, "/etc/systemd/system/kdump.service");
	bm_fixture_write(&fixture, "/etc/systemd/system/kdump.service", "");
	expect(&fixture, "");
	bm_fixture_done(&fixture);
}
