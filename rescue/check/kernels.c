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

int bm_check_modules(const struct bm_check *check, const struct bm_kernel *kernel)
{
	if (kernel->rescue || !kernel->image)
		return 0;
	if (!kernel->modules_dir) {
		/* A kernel that loads no modules has none. */
		if (kernel->config_known && !kernel->config_modules)
			return 0;
		return add(check, kernel == check->kernel ? BM_FINDING_MODULES_MISSING : BM_FINDING_KERNEL_NO_MODULES,
			kernel, kernel->image, "there is no /lib/modules/", kernel->version);
	}
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

int bm_check_kernels(const struct bm_check *check)
{
	for (size_t i = 0; i < check->system->n_kernels; i++)
		if (bm_check_modules(check, &check->system->kernels[i]) < 0)
			return -ENOMEM;
	return check_room(check);
}
