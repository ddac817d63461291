/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels: their modules, what their configuration says, and whether there is room for another initramfs.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

/* evidence: what, and the folder or version that it is about, one behind the other. subject is the version. */
static int add(const struct bm_check *check, enum bm_finding_id id, const struct bm_kernel *kernel, const char *file,
	const char *first, const char *second)
{
	struct bm_finding *finding = bm_findings_add(check->findings, id, file, 0, "%s%s", first, second);

	return finding ? bm_check_detail(finding, NULL, kernel->version) : -ENOMEM;
}

/* The type that mount(8) finds, where fstab leaves it open. */
static const char *type_of(const struct bm_check *check, const struct bm_fstab_line *line)
{
	bool exact;
	int device = bm_devices_find_spec(
		&check->survey->devices, line->spec, line->fstype, check->system->root_device, &exact);

	return bm_streq(line->fstype, "auto") && device >= 0 ? check->survey->devices.items[device].fstype
							     : line->fstype;
}

/* The three of one family, which one driver serves. */
static bool same_driver(const char *a, const char *b)
{
	return bm_streq(a, b) || (a && b && bm_str_starts(a, "ext") && bm_str_starts(b, "ext") && strlen(a) == 4 &&
					 strlen(b) == 4 && a[3] >= '2' && a[3] <= '4' && b[3] >= '2' && b[3] <= '4');
}

/* A line of fstab that the boot needs and that this kernel mounts only with a module which the initramfs has not loaded
 * for the root. *ret_certain is false where nothing tells what is built in. NULL: none. */
static const struct bm_fstab_line *needs_module(
	const struct bm_check *check, const struct bm_kernel *kernel, bool *ret_certain)
{
	static const char *const usual[] = {
		"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "msdos", "f2fs", "jfs", "exfat", "reiserfs"};
	const struct bm_system *system = check->system;
	const struct bm_fstab_line *open = NULL;
	const char *root = system->root_device >= 0 ? check->survey->devices.items[system->root_device].fstype : NULL;

	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *line = &system->fstab.lines[i];
		const char *type = type_of(check, line);

		if (bm_streq(line->target, "/"))
			root = root ? root : type;
		if (!type || bm_check_not_needed(line) || bm_streq(line->target, "/") ||
			bm_streq(line->target, "/usr") || same_driver(type, root) ||
			bm_strv_has(&kernel->fs_builtin, type))
			continue;
		if (bm_strv_has(&kernel->fs_modular, type)) {
			*ret_certain = true;
			return line;
		}
		for (size_t u = 0; !open && u < BM_ARRAY_SIZE(usual); u++)
			if (bm_streq(type, usual[u]))
				open = line;
	}
	*ret_certain = false;
	return open;
}

/* Whether the kernel that is booted can't do without what lies in its folder of modules. */
static int judge_missing(const struct bm_check *check, const struct bm_kernel *kernel, struct bm_finding *finding)
{
	_cleanup_free_ char *evidence = NULL;
	const struct bm_fstab_line *line;
	const struct bm_finding *image = NULL;
	bool certain;

	for (size_t i = 0; i < check->findings->n; i++)
		if (check->findings->items[i].severity == BM_SEVERITY_FATAL &&
			bm_finding_kinds[check->findings->items[i].id].rebuild == BM_REBUILD_YES)
			image = &check->findings->items[i];
	line = needs_module(check, kernel, &certain);
	if (image)
		evidence = bm_strf(
			"%s, and without modules no initramfs can be built in place of the one that does not boot",
			finding->evidence);
	else if (line)
		evidence = bm_strf("%s, and line %u of fstab, which the boot waits for, mounts %s as %s%s",
			finding->evidence, line->line, line->target, type_of(check, line),
			certain ? ", which this kernel has as a module: the boot ends in emergency mode"
				: ": the boot ends in emergency mode, unless the kernel has that built in");
	else
		evidence = bm_strf(
			"%s: what the initramfs has not loaded does not work (network, sound, filesystems that are "
			"mounted later, a firewall)",
			finding->evidence);
	if (!evidence || bm_str_set(&finding->evidence, evidence) < 0)
		return -ENOMEM;
	if (image || line)
		finding->severity = BM_SEVERITY_FATAL;
	if (!image && line && !certain)
		bm_check_doubt(finding);
	return 0;
}

/* Whether it is the kernel of another system, with which /boot is shared. */
static bool is_foreign(const struct bm_check *check, const struct bm_kernel *kernel)
{
	const struct bm_loader *loader = &check->system->loader;

	for (size_t i = 0; i < loader->n_entries; i++)
		if (loader->entries[i].foreign && bm_streq(loader->entries[i].version, kernel->version))
			return true;
	return false;
}

static int check_missing(const struct bm_check *check, const struct bm_kernel *kernel)
{
	bool booted = kernel == check->kernel;

	/* A kernel that loads no modules has none. */
	if ((kernel->config_known && !kernel->config_modules) || is_foreign(check, kernel))
		return 0;
	if (add(check, booted ? BM_FINDING_MODULES_MISSING : BM_FINDING_KERNEL_NO_MODULES, kernel, kernel->image,
		    "there is no /lib/modules/", kernel->version) < 0)
		return -ENOMEM;
	return booted ? judge_missing(check, kernel, &check->findings->items[check->findings->n - 1]) : 0;
}

void bm_check_rebuild(const struct bm_check *check)
{
	/* No tool builds an image without the kernel's modules. */
	for (size_t i = 0; check->kernel && !check->kernel->modules_dir && i < check->findings->n; i++)
		check->findings->items[i].rebuild = BM_REBUILD_NO;
	/* Nor does one change what is inside a unified image. That another entry may be booted stays. */
	for (size_t i = 0; check->entry && check->entry->unified && i < check->findings->n; i++) {
		struct bm_finding *finding = &check->findings->items[i];

		if (!bm_streq(finding->file, check->entry->kernel) ||
			bm_finding_kinds[finding->id].fixer == BM_FIXER_DEFAULT)
			continue;
		finding->by_hand = true;
		finding->rebuild = BM_REBUILD_NO;
	}
}

int bm_check_modules(const struct bm_check *check, const struct bm_kernel *kernel)
{
	if (kernel->rescue || !kernel->image)
		return 0;
	if (!kernel->modules_dir)
		return check_missing(check, kernel);
	if (!kernel->modules_dep)
		return add(check, BM_FINDING_MODULES_DEP_MISSING, kernel, kernel->modules_dir, kernel->modules_dir,
			"/modules.dep is missing or empty");
	if (kernel->modules_dep_stale)
		return add(check, BM_FINDING_MODULES_DEP_STALE, kernel, kernel->modules_dir, kernel->modules_dir,
			"/modules.dep is older than a folder of modules beside it");
	return 0;
}

int bm_check_config(const struct bm_check *check)
{
	const struct bm_kernel *kernel = check->kernel;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text, *root;
	struct bm_finding *finding;

	if (!bm_check_boots(check) || !kernel || kernel->rescue || !kernel->config_known ||
		!check->entry->kernel_exists)
		return 0;
	text = check->entry->entry.cmdline ? check->entry->entry.cmdline : "";
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	root = bm_cmdline_last(&line, "root");
	if (!kernel->config_initrd && check->entry->initramfs) {
		finding = bm_findings_add(check->findings, BM_FINDING_CONFIG_NO_INITRD, kernel->config,
			kernel->config_initrd_line,
			"'%s' loads an initramfs, and kernel %s does not take one (CONFIG_BLK_DEV_INITRD is not set)",
			check->entry->entry.title, kernel->version);
		if (!finding || bm_check_detail(finding, "# CONFIG_BLK_DEV_INITRD is not set", kernel->version) < 0)
			return -ENOMEM;
		/* With all that the root needs built in it boots, and leaves the image alone. */
		if (bm_check_kernel_finds(root) && kernel->modular.n == 0)
			bm_check_doubt(finding);
	}
	for (size_t i = 0; i < kernel->lack.n; i++) {
		_cleanup_free_ char *excerpt = bm_strf("# %s is not set", kernel->lack.items[i]);

		finding = bm_findings_add(check->findings, BM_FINDING_CONFIG_NO_DRIVER, kernel->config,
			i == 0 ? kernel->lack_line : 0,
			"%s is not set in the configuration of kernel %s, and the root needs it", kernel->lack.items[i],
			kernel->version);
		if (!finding || !excerpt || bm_check_detail(finding, excerpt, kernel->version) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether the filesystem that images are written to has room for one more of the largest. */
static int check_room(const struct bm_check *check)
{
	const struct bm_system *system = check->system;
	const struct bm_mount *mount = NULL;
	_cleanup_free_ char *free_text = NULL, *largest_text = NULL;
	struct bm_finding *finding;
	uint64_t largest = 0;

	for (size_t i = 0; i < system->n_kernels; i++) {
		const struct bm_kernel *kernel = &system->kernels[i];

		const struct bm_mount *home = bm_system_mount_of(system, kernel->initramfs_path);

		if (kernel->rescue || !kernel->initramfs_exists || !kernel->modules_dir || (mount && home != mount))
			continue;
		mount = home;
		largest = BM_MAX(largest, kernel->initramfs_size);
	}
	if (!mount || !mount->space_known || mount->free_bytes >= largest)
		return 0;
	free_text = bm_size_text(mount->free_bytes);
	largest_text = bm_size_text(largest);
	if (!free_text || !largest_text)
		return -ENOMEM;
	finding = bm_findings_add(check->findings, BM_FINDING_BOOT_FULL, mount->target, 0,
		"%s has %s free, and the largest initramfs takes %s", mount->target, free_text, largest_text);
	return finding ? bm_check_detail(finding, NULL, mount->target) : -ENOMEM;
}

/* Kernels in the folder that the mount of /boot hides: an update while it was not mounted. Of those without modules, or
 * that are in /boot, too, only the files were left behind. */
static int check_hidden_boot(const struct bm_check *check)
{
	const struct bm_system *system = check->system;
	_cleanup_strv_ struct bm_strv versions = {0};
	_cleanup_free_ char *names = NULL;
	struct bm_finding *finding;

	for (size_t i = 0; i < system->boot_hidden.n; i++) {
		const struct bm_kernel *kernel = bm_system_kernel(system, system->boot_hidden.items[i]);

		if (kernel && kernel->modules_dir && !kernel->image &&
			bm_strv_add(&versions, system->boot_hidden.items[i]) < 0)
			return -ENOMEM;
	}
	if (versions.n == 0)
		return 0;
	names = bm_strv_join(&versions, ", ");
	if (!names)
		return -ENOMEM;
	finding = bm_findings_add(check->findings, BM_FINDING_BOOT_HIDDEN, "/boot", 0,
		"the folder that the mount of /boot hides has the kernel%s %s, of which the mounted /boot has none%s",
		versions.n > 1 ? "s" : "", names,
		check->kernel && !check->kernel->modules_dir ? "; the default entry's kernel has no modules any more"
							     : "");
	return finding ? bm_check_detail(finding, NULL, names) : -ENOMEM;
}

int bm_check_kernels(const struct bm_check *check)
{
	for (size_t i = 0; i < check->system->n_kernels; i++)
		if (bm_check_modules(check, &check->system->kernels[i]) < 0)
			return -ENOMEM;
	return check_hidden_boot(check) < 0 ? -ENOMEM : check_room(check);
}
