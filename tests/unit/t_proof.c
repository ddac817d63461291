/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proof/proof.h"
#include "image_maker.h"

#define VERSION "6.1.0-9-amd64"
#define MODULES "usr/lib/modules/" VERSION

static const char dep[] =
	"kernel/virtio.ko:\nkernel/virtio_blk.ko: kernel/virtio.ko\nkernel/xfs.ko: kernel/libcrc32c.ko\n"
	"kernel/libcrc32c.ko:\nkernel/ahci.ko:\nkernel/dm-mod.ko:\n";
static const char alias[] =
	"alias virtio:d00000002v* virtio_blk\nalias pci:v*d*sv*sd*bc01sc06i01* ahci\nalias fs-xfs xfs\n";
static const char builtin[] = "kernel/ext4.ko\nkernel/sd_mod.ko\n";

enum {
	NO_INIT = 1 << 0,
	INIT_NOT_EXECUTABLE = 1 << 1,
	NO_SHELL = 1 << 2,
	NO_LOADER = 1 << 3,
	NO_LIBRARY = 1 << 4,
	EMPTY_LIBRARY = 1 << 5,
	OTHER_VERSION = 1 << 6,
	NO_DEP = 1 << 7,
	NO_DRIVER = 1 << 8,
	EMPTY_DRIVER = 1 << 9,
	NO_DEPENDENCY = 1 << 10,
	NO_MODULES = 1 << 11,
	NO_LVM = 1 << 12,
	INIT_IS_DATA = 1 << 13,
	INIT_LINK_GONE = 1 << 14,
	NO_FS = 1 << 15,
	NO_TRAILER = 1 << 16,
	SQUASHED = 1 << 17,
	SYSTEMD = 1 << 18,
	NO_UDEVD = 1 << 19,
	NO_RULES = 1 << 20,
	NO_MOUNT = 1 << 21,
	NO_RELEASE = 1 << 22,
	OTHER_MACHINE = 1 << 23,
	NO_SECOND_LIBRARY = 1 << 24,
	EMPTY_INIT = 1 << 25,
	NO_DEP_BIN = 1 << 26,
	NO_ALIAS_BIN = 1 << 27,
	NO_MODPROBE = 1 << 28,
	FOREIGN_DRIVER = 1 << 29,
	CUT_DRIVER = 1 << 30,
	CUT_LIBRARY = EMPTY_LIBRARY | OTHER_MACHINE,
	NO_GENERATOR = NO_LVM, /* which images of systemd do without here */
	SQUASH_DAMAGED = SQUASHED | NO_DEP_BIN,
};

/* A library whose last byte is missing. */
static void put_cut_elf(struct bm_buf *out, const char *name)
{
	_cleanup_buf_ struct bm_buf elf = {0};

	make_elf(&elf, NULL, "libc.so.6", NULL);
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFREG | 0755, .data = elf.data, .len = elf.len - 1});
}

/* A library of another machine with this one's name: e_machine is 183 (aarch64). */
static void put_foreign_elf(struct bm_buf *out, const char *name)
{
	_cleanup_buf_ struct bm_buf elf = {0};

	make_elf(&elf, NULL, "libc.so.6", NULL);
	elf.data[18] = (char)183;
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFREG | 0755, .data = elf.data, .len = elf.len});
}

static const char *const units[] = {"sysinit.target", "basic.target", "initrd.target", "initrd-root-fs.target",
	"initrd-parse-etc.service", "initrd-cleanup.service", "initrd-switch-root.target", "initrd-switch-root.service",
	"systemd-udevd.service", "systemd-udev-trigger.service"};

/* systemd in the place of the script, and what it needs. */
static void put_systemd(struct bm_buf *out, unsigned int how)
{
	const char *const dirs[] = {
		"etc", "usr/lib/systemd", "usr/lib/systemd/system", "usr/lib/udev", "usr/lib/udev/rules.d"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(out, dirs[i]);
	put_link(out, "init", "usr/lib/systemd/systemd");
	put_elf(out, "usr/lib/systemd/systemd", "/lib/ld.so", "libc.so.6", NULL);
	put_elf(out, "usr/bin/udevadm", "/lib/ld.so", "libc.so.6", NULL);
	if (!(how & NO_UDEVD))
		put_link(out, "usr/lib/systemd/systemd-udevd", "../../bin/udevadm");
	put_elf(out, "usr/bin/systemctl", "/lib/ld.so", "libc.so.6", NULL);
	put_dir(out, "usr/lib/systemd/system-generators");
	if (!(how & NO_GENERATOR))
		put_elf(out, "usr/lib/systemd/system-generators/systemd-fstab-generator", "/lib/ld.so", "libc.so.6",
			NULL);
	for (size_t i = 0; i < BM_ARRAY_SIZE(units); i++) {
		char path[64];

		snprintf(path, sizeof(path), "usr/lib/systemd/system/%s", units[i]);
		put_file(out, path, 0644, "[Unit]");
	}
	if (!(how & NO_RULES))
		put_file(out, "usr/lib/udev/rules.d/99-systemd.rules", 0644, "#");
	put_file(out, "usr/lib/udev/rules.d/80-drivers.rules", 0644, "#");
	if (!(how & NO_MOUNT))
		put_elf(out, "usr/bin/mount", "/lib/ld.so", "libc.so.6", NULL);
	if (!(how & NO_RELEASE))
		put_file(out, "usr/lib/initrd-release", 0644, "ID=x");
	put_link(out, "etc/initrd-release", "../usr/lib/initrd-release");
}

static void put_modules(struct bm_buf *out, unsigned int how)
{
	const char *dir = how & OTHER_VERSION ? "usr/lib/modules/6.1.0-8-amd64" : MODULES;
	const char *const names[] = {"virtio.ko", "virtio_blk.ko", "xfs.ko", "libcrc32c.ko"};
	const unsigned int without[] = {NO_DEPENDENCY, NO_DRIVER, NO_FS, 0};
	char path[128];

	if (how & NO_MODULES)
		return;
	put_dir(out, dir);
	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (how & without[i])
			continue;
		if (i == 1 && how & (EMPTY_DRIVER | CUT_DRIVER))
			put_file(out, path, 0644, how & EMPTY_DRIVER ? "" : "cut");
		else
			put_module(out, path, i == 1 && how & FOREIGN_DRIVER ? "6.1.0-8-amd64 SMP " : VERSION " SMP ");
	}
	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	if (!(how & NO_DEP))
		put_file(out, path, 0644, "x");
	snprintf(path, sizeof(path), "%s/modules.dep.bin", dir);
	if (!(how & (NO_DEP | NO_DEP_BIN)))
		put_index(out, path, false);
	snprintf(path, sizeof(path), "%s/modules.alias.bin", dir);
	put_index(out, path, how & NO_ALIAS_BIN);
}

/* A small image of a merged /usr: /init is a script, its shell a program with a library in a directory of its own. */
static void make_image(struct bm_buf *out, unsigned int how)
{
	const char *const dirs[] = {"usr", "usr/bin", "usr/sbin", "usr/lib", "usr/lib/x", "usr/lib/modules"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(out, dirs[i]);
	put_link(out, "lib", "usr/lib");
	put_link(out, "bin", "usr/bin");
	if (how & SYSTEMD)
		put_systemd(out, how);
	else if (how & INIT_LINK_GONE)
		put_link(out, "init", "usr/lib/systemd/systemd");
	else if (how & EMPTY_INIT)
		put_file(out, "init", 0755, "");
	else if (how & INIT_IS_DATA)
		put_file(out, "init", 0755, "no program");
	else if (!(how & NO_INIT))
		put_file(out, "init", how & INIT_NOT_EXECUTABLE ? 0644 : 0755, "#!/bin/sh\n");
	if (!(how & NO_SHELL))
		put_elf(out, "usr/bin/dash", "/lib/ld.so", "libx.so.1 libc.so.6", "/lib/x");
	put_link(out, "usr/bin/sh", "dash");
	if (!(how & NO_LOADER))
		put_elf(out, "usr/lib/ld.so", NULL, NULL, NULL);
	put_elf(out, "usr/lib/libc.so.6", NULL, "ld.so", NULL);
	if ((how & CUT_LIBRARY) == CUT_LIBRARY)
		put_cut_elf(out, "usr/lib/x/libx.so.1");
	else if (how & EMPTY_LIBRARY)
		put_file(out, "usr/lib/x/libx.so.1", 0755, "");
	else if (how & OTHER_MACHINE)
		put_foreign_elf(out, "usr/lib/x/libx.so.1");
	else if (!(how & NO_LIBRARY))
		put_elf(out, "usr/lib/x/libx.so.1", NULL, "liby.so.2 libc.so.6", NULL);
	if (!(how & NO_SECOND_LIBRARY))
		put_elf(out, "usr/lib/liby.so.2", NULL, "libc.so.6", NULL);
	put_link(out, "sbin", "usr/sbin");
	put_elf(out, "usr/bin/kmod", "/lib/ld.so", "libc.so.6", NULL);
	if (!(how & NO_MODPROBE))
		put_link(out, "usr/sbin/modprobe", "../bin/kmod");
	if (!(how & NO_LVM))
		put_elf(out, "usr/sbin/lvm", "/lib/ld.so", "libc.so.6", NULL);
	if ((how & SQUASH_DAMAGED) == SQUASHED)
		put_file(out, "erofs-root.img", 0644, "an erofs");
	if ((how & SQUASH_DAMAGED) == SQUASH_DAMAGED)
		put_file(out, "squash-root.img", 0644, "hsqs");
	put_modules(out, how);
	if (!(how & NO_TRAILER))
		put_trailer(out);
}

static struct bm_modules *make_modules(bool with_dep, bool with_builtin)
{
	struct bm_modules_texts texts = {.alias = alias, .alias_len = strlen(alias)};
	struct bm_modules *modules;

	if (with_dep) {
		texts.dep = dep;
		texts.dep_len = strlen(dep);
	}
	if (with_builtin) {
		texts.builtin = builtin;
		texts.builtin_len = strlen(builtin);
	}
	BM_CHECK(bm_modules_new(&texts, &modules) == 0);
	return modules;
}

static struct bm_proof prove(unsigned int how, const struct bm_proof_need *need)
{
	_cleanup_buf_ struct bm_buf image = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};
	struct bm_proof proof;

	make_image(&image, how);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, need, &proof) == 0);
	BM_CHECK(proof.verdict == (proof.n_problems == 0));
	return proof;
}

static const struct bm_proof_driver disk = {
	.modalias = "virtio:d00000002v00001AF4", .name = "virtio_blk", .why = "vda"};
static const struct bm_proof_driver root_xfs = {
	.modalias = "fs-xfs", .name = "xfs", .why = "/", .role = BM_PROOF_FILESYSTEM};
static const struct bm_proof_tool lvm = {"lvm", NULL, "the root lies on a logical volume"};

/* Expects exactly one problem, or none for kind -1. */
static void expect_need(unsigned int how, const struct bm_proof_need *need, int kind, const char *subject)
{
	struct bm_proof proof = prove(how, need);

	if (kind < 0) {
		BM_CHECK_STR(proof.n_problems ? proof.problems[0].text : NULL, NULL);
	} else {
		BM_CHECK_INT(proof.n_problems, 1);
		BM_CHECK_STR(bm_proof_kind_name(proof.problems[0].kind), bm_proof_kind_name((enum bm_proof_kind)kind));
		BM_CHECK(proof.problems[0].text[0] != '\0');
		if (subject)
			BM_CHECK_STR(proof.problems[0].subject, subject);
	}
	bm_proof_done(&proof);
}

static void expect(unsigned int how, int kind, const char *subject)
{
	struct bm_modules *modules = make_modules(true, true);
	const struct bm_proof_driver drivers[] = {disk, root_xfs};
	const struct bm_proof_need need = {.version = VERSION,
		.modules = modules,
		.dep_known = true,
		.builtin_known = true,
		.drivers = drivers,
		.n_drivers = 2,
		.tools = &lvm,
		.n_tools = 1};

	expect_need(how, &need, kind, subject);
	bm_modules_free(modules);
}

BM_TEST(proof_passes_a_healthy_image)
{
	expect(0, -1, NULL);
}

BM_TEST(proof_names_what_keeps_init_from_starting)
{
	expect(NO_INIT, BM_PROOF_NO_INIT, "/init");
	expect(INIT_NOT_EXECUTABLE, BM_PROOF_NO_INIT, "/init");
	expect(INIT_IS_DATA, BM_PROOF_NO_INIT, "/init");
	expect(INIT_LINK_GONE, BM_PROOF_NO_INIT, "/init");
	expect(NO_SHELL, BM_PROOF_INIT_INTERPRETER, "/bin/sh");
	expect(NO_LIBRARY, BM_PROOF_INIT_LIBRARY, "libx.so.1");
	expect(EMPTY_LIBRARY, BM_PROOF_INIT_LIBRARY, "libx.so.1");
	expect(CUT_LIBRARY, BM_PROOF_INIT_LIBRARY, "libx.so.1");
}

/* A library that ld.so passes over, and one that only a library needs. */
BM_TEST(proof_follows_libraries_as_ld_so_does)
{
	expect(OTHER_MACHINE, BM_PROOF_INIT_LIBRARY, "libx.so.1");
	expect(NO_SECOND_LIBRARY, BM_PROOF_INIT_LIBRARY, "liby.so.2");
}

BM_TEST(proof_takes_no_empty_init)
{
	const struct bm_proof_need need = {.version = VERSION};
	struct bm_proof proof = prove(EMPTY_INIT, &need);

	BM_CHECK_INT(proof.n_problems, 1);
	BM_CHECK_STR(proof.problems[0].text, "/init is an empty file");
	bm_proof_done(&proof);
}

BM_TEST(proof_names_what_systemd_cannot_do_without)
{
	expect(SYSTEMD, -1, NULL);
	expect(SYSTEMD | NO_UDEVD, BM_PROOF_NO_INIT, "systemd-udevd");
	expect(SYSTEMD | NO_MOUNT, BM_PROOF_NO_INIT, "mount");
	expect(SYSTEMD | NO_RELEASE, BM_PROOF_NO_INIT, "/etc/initrd-release");
	expect(SYSTEMD | NO_RULES, BM_PROOF_NO_INIT, "/usr/lib/udev/rules.d/99-systemd.rules");
}

BM_TEST(proof_names_missing_modules)
{
	expect(NO_DRIVER, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk");
	expect(EMPTY_DRIVER, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk");
	expect(NO_DEPENDENCY, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk");
	expect(NO_FS, BM_PROOF_NO_FS_DRIVER, "xfs");
	expect(OTHER_VERSION, BM_PROOF_WRONG_VERSION, "6.1.0-8-amd64");
	expect(NO_DEP, BM_PROOF_MODULES_DEP, VERSION);
	expect(NO_DEP_BIN, BM_PROOF_MODULES_DEP, VERSION);
	expect(NO_ALIAS_BIN, BM_PROOF_MODULES_DEP, VERSION);
	expect(NO_LVM, BM_PROOF_NO_TOOL, "lvm");
}

BM_TEST(proof_stops_at_an_image_that_is_not_whole)
{
	expect(NO_TRAILER | NO_INIT | NO_DRIVER, BM_PROOF_TRUNCATED, NULL);
	expect(SQUASHED | NO_DRIVER, BM_PROOF_SQUASHED, "erofs-root.img");
	expect(SQUASH_DAMAGED | NO_DRIVER, BM_PROOF_CORRUPT, "squash-root.img");
}

BM_TEST(proof_finds_the_programs_of_tools_unable_to_start)
{
	struct bm_proof_need need = {.version = VERSION, .tools = &lvm, .n_tools = 1};
	struct bm_proof proof = prove(NO_LOADER, &need);

	/* init's shell and libc, which names the loader, then lvm's */
	BM_CHECK(!proof.verdict);
	BM_CHECK_INT(proof.problems[0].kind, BM_PROOF_INIT_INTERPRETER);
	BM_CHECK_INT(proof.problems[proof.n_problems - 1].kind, BM_PROOF_TOOL_LIBRARY);
	bm_proof_done(&proof);
}

BM_TEST(proof_takes_rdinit)
{
	struct bm_proof_need need = {.version = VERSION, .rdinit = "/bin/sh"};

	expect_need(NO_INIT, &need, -1, NULL);
	need.rdinit = "/sbin/init";
	expect_need(0, &need, BM_PROOF_NO_INIT, "/sbin/init");
}

BM_TEST(proof_refuses_a_compression_that_the_kernel_lacks)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	struct bm_proof_need need = {.version = VERSION, .compressions = 1U << BM_COMPRESSION_XZ | 1};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};
	struct bm_proof proof;

	make_image(&plain, 0);
	put_gzip(&image, &plain);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	BM_CHECK_INT(proof.n_problems, 1);
	BM_CHECK_INT(proof.problems[0].kind, BM_PROOF_COMPRESSION);
	bm_proof_done(&proof);
	need.compressions |= 1U << BM_COMPRESSION_GZIP;
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	BM_CHECK(proof.verdict);
	bm_proof_done(&proof);
}

struct knowledge {
	const char *name, *modalias;
	enum bm_proof_role role;
	bool dep, builtin;
	unsigned int how;
	int kind;
};

/* The table of proof_driver.c, line by line. */
BM_TEST(proof_knows_what_it_does_not_know)
{
	static const struct knowledge table[] = {
		/* built in: there, whatever the image holds */
		{"sd_mod", NULL, BM_PROOF_STORAGE, true, true, NO_MODULES, -1},
		{"ext4", "fs-ext4", BM_PROOF_FILESYSTEM, true, true, NO_MODULES, -1},
		{"ext3", "fs-ext3", BM_PROOF_FILESYSTEM, true, true, 0, -1}, /* ext4 serves it */
		/* a module that is not inside: missing, whatever else is known */
		{"ahci", NULL, BM_PROOF_STORAGE, true, true, 0, BM_PROOF_NO_STORAGE_DRIVER},
		{"ahci", NULL, BM_PROOF_STORAGE, true, false, 0, BM_PROOF_NO_STORAGE_DRIVER},
		{"dm-mod", NULL, BM_PROOF_STORAGE, true, true, 0, BM_PROOF_NO_STORAGE_DRIVER},
		{"virtio_blk", NULL, BM_PROOF_STORAGE, true, true, NO_MODULES, BM_PROOF_NO_STORAGE_DRIVER},
		/* inside, although the kernel's index does not name it */
		{"virtio_blk", NULL, BM_PROOF_STORAGE, false, true, 0, -1},
		{"virtio_blk", NULL, BM_PROOF_STORAGE, false, false, 0, -1},
		/* neither built in, nor inside */
		{"nvme", NULL, BM_PROOF_STORAGE, true, true, 0, BM_PROOF_NO_STORAGE_DRIVER},
		{"nvme", NULL, BM_PROOF_STORAGE, false, true, 0, BM_PROOF_NO_STORAGE_DRIVER},
		/* nothing tells: only where modules.dep says that it is no module can it be built in */
		{"nvme", NULL, BM_PROOF_STORAGE, true, false, 0, -1},
		{"nvme", NULL, BM_PROOF_STORAGE, false, false, 0, BM_PROOF_NO_STORAGE_DRIVER},
		/* the modalias counts before the name, which another kernel may have had */
		{"mpt2sas", "virtio:d00000002v00001AF4", BM_PROOF_STORAGE, true, true, 0, -1},
		{"virtio_blk", "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", BM_PROOF_STORAGE, true, true, 0,
			BM_PROOF_NO_STORAGE_DRIVER},
		/* a device that no module claims has its driver built in, or none: a note */
		{NULL, "acpi:PNP0A03:", BM_PROOF_STORAGE, true, true, 0, -1},
		/* what the boot does not depend on */
		{"usbhid", NULL, BM_PROOF_OTHER, true, true, 0, -1},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(table); i++) {
		struct bm_modules *modules = make_modules(table[i].dep, table[i].builtin);
		const struct bm_proof_driver driver = {table[i].modalias, table[i].name, "here", table[i].role};
		const struct bm_proof_need need = {.version = VERSION,
			.modules = modules,
			.dep_known = table[i].dep,
			.builtin_known = table[i].builtin,
			.drivers = &driver,
			.n_drivers = 1};

		expect_need(table[i].how, &need, table[i].kind, NULL);
		bm_modules_free(modules);
	}
}

BM_TEST(proof_without_knowledge_of_drivers_checks_the_rest)
{
	const struct bm_proof_need need = {.version = VERSION};

	expect_need(0, &need, -1, NULL);
	expect_need(NO_MODULES, &need, -1, NULL);
	expect_need(OTHER_VERSION, &need, BM_PROOF_WRONG_VERSION, NULL);
}

/* Each library needs 250 that are not there: told, and soon. */
BM_TEST(proof_limits_what_hostile_libraries_cost)
{
	_cleanup_buf_ struct bm_buf image = {0}, names = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	const struct bm_proof_need need = {.version = VERSION};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};
	struct bm_proof proof;
	char name[32];

	put_dir(&image, "lib");
	for (int i = 0; i < 30000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_file(&image, name, 0644, "");
	}
	for (int i = 0; i < 250; i++)
		bm_buf_addf(&names, "%s%d.so", i ? " " : "", i);
	put_elf(&image, "init", NULL, bm_buf_text(&names), NULL);
	for (int i = 0; i < 120; i++) {
		snprintf(name, sizeof(name), "lib/%d.so", i);
		put_elf(&image, name, NULL, bm_buf_text(&names), NULL);
	}
	put_trailer(&image);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	BM_CHECK(!proof.verdict && proof.n_problems == BM_PROOF_PROBLEMS_MAX);
	BM_CHECK_INT(proof.problems[0].kind, BM_PROOF_INIT_LIBRARY);
	bm_proof_done(&proof);
}

static bool has_note(const struct bm_proof *proof, const char *text)
{
	for (size_t i = 0; i < proof->notes.n; i++)
		if (strstr(proof->notes.items[i], text))
			return true;
	return false;
}

/* A module asks for another by a name that several may have. */
BM_TEST(proof_notes_what_modules_ask_for)
{
	static const char softdep[] = "softdep libcrc32c pre: crc32c\nsoftdep xfs pre: nothing\n";
	static const char dep_more[] = "kernel/xfs.ko: kernel/libcrc32c.ko\nkernel/libcrc32c.ko:\n"
				       "kernel/crc32c_generic.ko:\n";
	static const char alias_more[] = "alias fs-xfs xfs\nalias crc32c crc32c_generic\n";
	static const char builtin_more[] = "kernel/crc32c_generic.ko\n";

	for (int built_in = 0; built_in < 2; built_in++) {
		const struct bm_modules_texts texts = {.dep = dep_more,
			.dep_len = strlen(dep_more),
			.alias = alias_more,
			.alias_len = strlen(alias_more),
			.softdep = softdep,
			.softdep_len = strlen(softdep),
			.builtin = builtin_more,
			.builtin_len = built_in ? strlen(builtin_more) : 0};
		struct bm_proof_need need = {.version = VERSION,
			.dep_known = true,
			.builtin_known = true,
			.drivers = &root_xfs,
			.n_drivers = 1};
		struct bm_modules *modules;
		struct bm_proof proof;

		BM_CHECK_INT(bm_modules_new(&texts, &modules), 0);
		need.modules = modules;
		proof = prove(0, &need);
		BM_CHECK(proof.verdict);
		BM_CHECK(has_note(&proof, "xfs asks for crc32c") == !built_in);
		BM_CHECK(!has_note(&proof, "nothing"));
		bm_proof_done(&proof);
		bm_modules_free(modules);
	}
}

BM_TEST(proof_takes_one_tool_or_the_other)
{
	const struct bm_proof_tool tools[] = {{"cryptsetup", "lvm", "the root is encrypted"}};
	const struct bm_proof_tool neither[] = {{"cryptsetup", "systemd-cryptsetup", "the root is encrypted"}};
	struct bm_proof_need need = {.version = VERSION, .tools = tools, .n_tools = 1};
	struct bm_proof proof = prove(0, &need);

	BM_CHECK(proof.verdict);
	bm_proof_done(&proof);
	need.tools = neither;
	proof = prove(0, &need);
	BM_CHECK_INT(proof.n_problems, 1);
	BM_CHECK_INT(proof.problems[0].kind, BM_PROOF_NO_TOOL);
	BM_CHECK_STR(proof.problems[0].program, "cryptsetup");
	bm_proof_done(&proof);
	/* a library of the one that is there: the problem still tells which tool cannot start */
	need.tools = tools;
	proof = prove(NO_LIBRARY, &need);
	BM_CHECK(!proof.verdict);
	bm_proof_done(&proof);
}

/* dracut's arguments of the machine that the image was built on. */
BM_TEST(proof_tells_what_the_image_brings)
{
	static const struct {
		const char *name, *text;
		bool brings;
	} rows[] = {
		{"95root-dev.conf", "root=/dev/sda1", true},
		{"01-default.conf", "quiet", true}, /* given by hand: it may be */
		{"95root-dev.conf", "", false},
		{"90lvm.conf", "rd.lvm.lv=vg/root", false},
		{"95resume.conf", "resume=/dev/sda2", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct bm_buf image = {0};
		_cleanup_image_list_ struct bm_image_list list = {.facts = true};
		_cleanup_image_summary_ struct bm_image_summary summary = {0};
		const struct bm_proof_need need = {.version = VERSION};
		struct made_source made;
		const struct bm_image_source source = {made_read, &made};
		struct bm_proof proof;
		char path[64];

		put_dir(&image, "etc");
		put_dir(&image, "etc/cmdline.d");
		snprintf(path, sizeof(path), "etc/cmdline.d/%s", rows[i].name);
		put_file(&image, path, 0644, rows[i].text);
		make_image(&image, 0);
		made = (struct made_source){image.data, image.len, 0};
		BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
		BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
		BM_CHECK(proof.brings_root == rows[i].brings);
		BM_CHECK(!proof.systemd);
		bm_proof_done(&proof);
	}
}

/* The modules' own files. */
BM_TEST(proof_looks_into_modules)
{
	expect(FOREIGN_DRIVER, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk");
	expect(CUT_DRIVER, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk");
}

/* The healthy image with files more, and a command line. */
struct more {
	const char *cmdline, *path, *text; /* text NULL: a link to /dev/null */
	unsigned int how;
	int kind;
	const char *subject;
	bool forced;
};

static void expect_more(const struct more *more)
{
	_cleanup_buf_ struct bm_buf image = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	struct bm_modules *modules = make_modules(true, true);
	const struct bm_proof_driver drivers[] = {disk, root_xfs};
	const struct bm_proof_need need = {.version = VERSION,
		.modules = modules,
		.dep_known = true,
		.builtin_known = true,
		.cmdline = more->cmdline,
		.signatures_forced = more->forced ? "the kernel takes no other" : NULL,
		.drivers = drivers,
		.n_drivers = 2};
	static const char *const dirs[] = {"etc", "etc/modprobe.d", "etc/systemd", "etc/systemd/system", "conf", "usr",
		"usr/lib", "usr/lib/modprobe.d", "usr/lib/dracut"};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};
	struct bm_proof proof;

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(&image, dirs[i]);
	put_file(&image, "usr/lib/dracut/dracut-059", 0644, "");
	make_image(&image, more->how | NO_TRAILER);
	if (more->path && more->text)
		put_file(&image, more->path, 0644, more->text);
	else if (more->path)
		put_link(&image, more->path, "/dev/null");
	put_trailer(&image);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK(bm_image_list_read(&source, &list, &summary) == 0);
	BM_CHECK(bm_proof_check(&list, &summary, &need, &proof) == 0);
	BM_CHECK_STR(proof.n_problems ? bm_proof_kind_name(proof.problems[0].kind) : NULL,
		more->kind < 0 ? NULL : bm_proof_kind_name((enum bm_proof_kind)more->kind));
	if (more->subject && proof.n_problems)
		BM_CHECK_STR(proof.problems[0].subject, more->subject);
	bm_proof_done(&proof);
	bm_modules_free(modules);
}

BM_TEST(proof_knows_what_keeps_modules_out)
{
	static const struct more rows[] = {
		{NULL, NULL, NULL, 0, -1, NULL, false},
		{NULL, "etc/modprobe.d/a.conf", "install xfs /bin/false\n", 0, BM_PROOF_NO_FS_DRIVER, "xfs", false},
		{NULL, "usr/lib/modprobe.d/a.conf", "install libcrc32c /bin/true\n", 0, BM_PROOF_NO_FS_DRIVER, "xfs",
			false},
		{NULL, "etc/modprobe.d/a.txt", "install xfs /bin/false\n", 0, -1, NULL, false},
		{NULL, "etc/modprobe.d/a.conf", "install xfs /sbin/modprobe -i xfs; true\n", 0, -1, NULL, false},
		/* an alias is not followed; a dependency is loaded all the same */
		{NULL, "etc/modprobe.d/a.conf", "blacklist xfs\n", 0, BM_PROOF_NO_FS_DRIVER, "xfs", false},
		{NULL, "etc/modprobe.d/a.conf", "blacklist virtio-blk\n", 0, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk",
			false},
		{NULL, "etc/modprobe.d/a.conf", "blacklist libcrc32c\nblacklist ahci\n", 0, -1, NULL, false},
		{"root=/dev/vda rd.driver.pre=xfs", "etc/modprobe.d/a.conf", "blacklist xfs\n", 0, -1, NULL, false},
		{NULL, "conf/modules", "# by its name\nxfs\n", 0, -1, NULL, false},
		{"modprobe.blacklist=floppy,xfs", NULL, NULL, 0, BM_PROOF_NO_FS_DRIVER, "xfs", false},
		{"modprobe.blacklist=xfs", "conf/modules", "xfs\n", 0, -1, NULL, false},
		{"rd.driver.blacklist=virtio_blk", NULL, NULL, 0, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk", false},
		{"module_blacklist=libcrc32c", NULL, NULL, 0, BM_PROOF_NO_FS_DRIVER, "xfs", false},
		{"module_blacklist=nouveau blacklist=xfs", NULL, NULL, 0, -1, NULL, false},
		{NULL, NULL, NULL, 0, BM_PROOF_NO_STORAGE_DRIVER, "virtio_blk", true},
		{NULL, NULL, NULL, NO_MODPROBE, BM_PROOF_NO_LOADER, "/sbin/modprobe", false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		expect_more(&rows[i]);
}

BM_TEST(proof_judges_the_units_of_systemd)
{
	static const struct more rows[] = {
		{NULL, NULL, NULL, SYSTEMD, -1, NULL, false},
		{NULL, "etc/systemd/system/rescue.target", NULL, SYSTEMD, -1, NULL, false},
		{NULL, "etc/systemd/system/initrd.target", NULL, SYSTEMD, BM_PROOF_NO_UNIT, "initrd.target", false},
		{NULL, "etc/systemd/system/sysinit.target", "", SYSTEMD, BM_PROOF_NO_UNIT, "sysinit.target", false},
		{NULL, "etc/systemd/system/initrd-cleanup.service", "[Unit]", SYSTEMD, -1, NULL, false},
		{"rd.systemd.unit=own.target", "etc/systemd/system/initrd.target", NULL, SYSTEMD, -1, NULL, false},
		/* the link of the root */
		{"root=UUID=1234", NULL, NULL, SYSTEMD, BM_PROOF_NO_INIT,
			"/usr/lib/udev/rules.d/60-persistent-storage.rules", false},
		{"root=UUID=1234", "usr/lib/udev/rules.d/60-persistent-storage.rules", "#", SYSTEMD, -1, NULL, false},
		{"root=/dev/vda2", NULL, NULL, SYSTEMD, -1, NULL, false},
		{NULL, "usr/lib/libsystemd-shared-254.so", "", SYSTEMD, -1, NULL, false},
		{NULL, "usr/lib/libsystemd-shared-257.9-1.fc42.so", "", SYSTEMD, BM_PROOF_NO_INIT, "systemd-executor",
			false},
		{"root=/dev/vda2", NULL, NULL, SYSTEMD | NO_GENERATOR, BM_PROOF_NO_INIT,
			"/usr/lib/systemd/system-generators/systemd-fstab-generator", false},
		{"root=nfs:server:/root", NULL, NULL, SYSTEMD | NO_GENERATOR, -1, NULL, false},
		{NULL, NULL, NULL, SYSTEMD | NO_GENERATOR, -1, NULL, false},
		{"root=/dev/vda2", "etc/systemd/system/sysroot.mount", "[Mount]", SYSTEMD | NO_GENERATOR, -1, NULL,
			false},
		/* another init waits for nothing of udev's */
		{"root=UUID=1234", "etc/systemd/system/initrd.target", NULL, 0, -1, NULL, false},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		expect_more(&rows[i]);
}

/* Where modules.builtin is gone with all of /lib/modules, the kernel's configuration speaks for what is built in. */
BM_TEST(proof_takes_the_configuration_for_what_is_built_in)
{
	_cleanup_strv_ struct bm_strv configured = {0};
	const struct bm_proof_driver drivers[] = {
		{.modalias = "fs-ext4", .name = "ext4", .why = "/", .role = BM_PROOF_FILESYSTEM}};
	struct bm_proof_need need = {.version = VERSION,
		.config_builtin = &configured,
		.drivers = drivers,
		.n_drivers = BM_ARRAY_SIZE(drivers)};

	expect_need(NO_MODULES, &need, BM_PROOF_NO_FS_DRIVER, "ext4");
	BM_CHECK_INT(bm_strv_add(&configured, "ext4"), 0);
	expect_need(NO_MODULES, &need, -1, NULL);
}
