/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The images that the entry loads: is one named, are all of them there (GRUB's initrd command, and the kernel's own
 * loading, give up all of them where one is missing), and what does the proof say.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

static const struct {
	enum bm_proof_kind kind;
	enum bm_finding_id id;
} proof_rows[] = {
	{BM_PROOF_TRUNCATED, BM_FINDING_INITRAMFS_TRUNCATED},
	{BM_PROOF_CORRUPT, BM_FINDING_INITRAMFS_CORRUPT},
	{BM_PROOF_EMPTY, BM_FINDING_INITRAMFS_EMPTY},
	{BM_PROOF_COMPRESSION, BM_FINDING_INITRAMFS_COMPRESSION},
	{BM_PROOF_TOO_LARGE, BM_FINDING_NOT_JUDGED},
	{BM_PROOF_SQUASHED, BM_FINDING_NOT_JUDGED},
	{BM_PROOF_RAMDISK, BM_FINDING_NOT_JUDGED},
	{BM_PROOF_NO_INIT, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_INTERPRETER, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_LIBRARY, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_WRONG_VERSION, BM_FINDING_INITRAMFS_WRONG_KERNEL},
	{BM_PROOF_MODULES_DEP, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_LOADER, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_UNIT, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_NO_STORAGE_DRIVER, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_FS_DRIVER, BM_FINDING_INITRAMFS_NO_FS_DRIVER},
	{BM_PROOF_NO_TOOL, BM_FINDING_INITRAMFS_NO_LVM},
	{BM_PROOF_TOOL_LIBRARY, BM_FINDING_INITRAMFS_NO_LVM},
};

/* What a missing program, or a missing driver, keeps from being assembled. */
static const struct {
	const char *name;
	enum bm_finding_id id;
} assembly_rows[] = {
	{"cryptsetup", BM_FINDING_INITRAMFS_NO_CRYPT},
	{"dm_crypt", BM_FINDING_INITRAMFS_NO_CRYPT},
	{"mdadm", BM_FINDING_INITRAMFS_NO_MDRAID},
	{"raid0", BM_FINDING_INITRAMFS_NO_MDRAID},
	{"raid1", BM_FINDING_INITRAMFS_NO_MDRAID},
	{"raid10", BM_FINDING_INITRAMFS_NO_MDRAID},
	{"raid456", BM_FINDING_INITRAMFS_NO_MDRAID},
	{"linear", BM_FINDING_INITRAMFS_NO_MDRAID},
};

static enum bm_finding_id id_of(const struct bm_proof_problem *problem)
{
	const char *name = problem->program ? problem->program : problem->subject;
	enum bm_finding_id id = BM_FINDING_COUNT;

	for (size_t i = 0; i < BM_ARRAY_SIZE(proof_rows); i++)
		if (proof_rows[i].kind == problem->kind)
			id = proof_rows[i].id;
	if (problem->kind != BM_PROOF_NO_STORAGE_DRIVER && problem->kind != BM_PROOF_NO_TOOL &&
		problem->kind != BM_PROOF_TOOL_LIBRARY)
		return id;
	for (size_t i = 0; i < BM_ARRAY_SIZE(assembly_rows); i++)
		if (bm_streq(assembly_rows[i].name, name))
			return assembly_rows[i].id;
	return id;
}

static int check_proof(const struct bm_check *check)
{
	for (size_t i = 0; i < check->proof->n_problems; i++) {
		enum bm_finding_id id = id_of(&check->proof->problems[i]);
		struct bm_finding *finding;

		if (id == BM_FINDING_COUNT)
			continue;
		finding = bm_findings_add(
			check->findings, id, check->entry->initramfs, 0, "%s", check->proof->problems[i].text);
		if (!finding || bm_check_detail(finding, NULL, check->kernel->version) < 0)
			return -ENOMEM;
		/* What this kernel does not have no image can hold; an index that is old may not know it yet. */
		if (check->proof->problems[i].no_module && !check->kernel->modules_dep_stale)
			finding->rebuild = BM_REBUILD_NO;
	}
	return 0;
}

/* Whether the kernel mounts its root without an initramfs, as far as is known. */
static void judge_without(const struct bm_check *check, struct bm_finding *finding, const struct bm_cmdline_boot *boot)
{
	const struct bm_kernel *kernel = check->kernel;
	bool finds = bm_check_kernel_finds(boot->root);

	if ((boot->root && !finds) || (kernel && kernel->modular.n > 0))
		finding->severity = BM_SEVERITY_FATAL;
	/* It may load one by itself, or bring one. */
	if (boot->image || (kernel && kernel->config_inner) || check->entry->entry.unresolved)
		bm_check_doubt(finding);
	if (finding->severity == BM_SEVERITY_FATAL)
		return;
	/* A kernel of one's own, with all that it needs built in, is no fault to be mended. */
	finding->doubtful = true;
	if (finds && kernel && kernel->config_known && kernel->lack.n == 0)
		finding->severity = BM_SEVERITY_NOTE;
}

static int check_no_initrd(const struct bm_check *check)
{
	const struct bm_boot_entry *entry = check->entry;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	struct bm_check_line place = bm_check_find(check, entry->entry.kernel);
	const char *text = entry->entry.cmdline ? entry->entry.cmdline : "";
	struct bm_cmdline_boot boot;
	struct bm_finding *finding;

	/* ENTRY-CUT has told it. */
	for (size_t i = 0; i < check->system->loader.n_cuts; i++)
		if (check->system->loader.cuts[i].initrd && bm_streq(check->system->loader.cuts[i].id, entry->entry.id))
			return 0;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	bm_cmdline_boot(&line, &boot);
	finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_NO_INITRD, place.file, place.line,
		"'%s' loads %s and no initramfs, and asks for root=%s%s%s", entry->entry.title, entry->kernel,
		boot.root ? boot.root : "(nothing)",
		check->kernel && check->kernel->initramfs_exists ? "; there is " : "",
		check->kernel && check->kernel->initramfs_exists ? check->kernel->initramfs_path : "");
	if (!finding)
		return -ENOMEM;
	judge_without(check, finding, &boot);
	return bm_check_place(check, finding, check->kernel ? check->kernel->initramfs_path : NULL);
}

/* What is loaded beside the initramfs and is not there. */
static int check_beside(const struct bm_check *check)
{
	const struct bm_boot_entry *entry = check->entry;

	for (size_t i = 0; i < entry->initrds_missing.n; i++) {
		const char *path = entry->initrds_missing.items[i], *name = bm_path_base(path);
		struct bm_check_line place = {entry->entry.file,
			bm_check_find_line(check, entry->entry.file, entry->entry.line, "initrd", name)};
		struct bm_finding *finding;

		if (place.line == 0)
			place = bm_check_find(check, name);
		finding = bm_findings_add(check->findings, BM_FINDING_ENTRY_INITRD_MISSING, place.file, place.line,
			"'%s' loads %s beside the initramfs, and it does not exist: the loader then loads none of them",
			entry->entry.title, path);
		if (!finding || bm_check_place(check, finding, path) < 0)
			return -ENOMEM;
		if (entry->entry.unresolved || entry->place_unknown)
			bm_check_doubt(finding);
	}
	return 0;
}

static int add_image(const struct bm_check *check, enum bm_finding_id id, const char *what)
{
	struct bm_finding *finding = bm_findings_add(check->findings, id, check->entry->initramfs, 0,
		"'%s' loads %s, which %s", check->entry->entry.title, check->entry->initramfs, what);

	if (!finding)
		return -ENOMEM;
	if (check->entry->entry.unresolved || check->entry->entry.initrd_device ||
		strpbrk(check->entry->initramfs, "*?") ||
		(check->entry->place_unknown && (check->hidden || !check->entry->kernel_exists)))
		bm_check_doubt(finding);
	return bm_check_detail(finding, NULL, check->kernel ? check->kernel->version : NULL);
}

int bm_check_initramfs(const struct bm_check *check)
{
	const struct bm_boot_entry *entry = check->entry;

	/* Where the kernel is missing nothing is known of it, and its own finding stands for all. */
	if (!bm_check_boots(check) || (entry->unified && !entry->kernel_exists))
		return 0;
	/* Microcode alone is no initramfs. */
	if (!entry->initramfs && check_no_initrd(check) < 0)
		return -ENOMEM;
	if (check_beside(check) < 0)
		return -ENOMEM;
	if (!entry->initramfs)
		return 0;
	if (!entry->initramfs_exists)
		return add_image(check, BM_FINDING_INITRAMFS_MISSING, "does not exist");
	if (!check->proof && entry->initramfs_size == 0)
		return add_image(check, BM_FINDING_INITRAMFS_EMPTY, "has no bytes");
	/* A rescue image holds another kernel version than its name says: nothing is proven of it. */
	if (check->proof && check->kernel && !check->kernel->rescue)
		return check_proof(check);
	return 0;
}
