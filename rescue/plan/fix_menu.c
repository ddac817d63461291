/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot menu without entries: GRUB's own tool makes it anew; where it is made of BLS files, each kernel that is whole
 * gets one, as the kernel's package would have written it. kernel-install would write them, too, and images and more
 * besides, over what is there.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../proof/needs.h"

/* Whether an entry of this kernel can boot: what it loads is there. What is in the image is proven afterwards. Whoever
 * names a file with a line feed in it writes no line of ours. */
static bool is_whole(const struct bm_kernel *kernel)
{
	return !strpbrk(kernel->version, " \t\r\n\v\f") && kernel->image && !kernel->image_problem &&
	       kernel->modules_dir && kernel->initramfs_exists && !kernel->rescue;
}

/* The path as GRUB counts it: from the top of its filesystem. NULL where that is not known, or memory is short
 * (*ret_failed). For free(). */
static char *grub_path(const struct bm_fix *fix, const char *path, bool *ret_failed)
{
	const struct bm_mount *mount = bm_system_mount_of(fix->system, path);
	const char *fstype = mount && mount->device >= 0 ? fix->survey->devices.items[mount->device].fstype : NULL,
		   *rest;
	char *text;

	*ret_failed = false;
	/* With subvolumes it depends on which GRUB it is. */
	if (!mount || bm_streq(fstype, "btrfs"))
		return NULL;
	rest = bm_streq(mount->target, "/") ? path : bm_str_after(path, mount->target);
	text = rest ? strdup(rest) : NULL;
	*ret_failed = rest && !text;
	return text;
}

/* The options line's value: kernelopts where grubenv has it, else what can be known. NULL: nothing, or memory is
 * short (*ret_failed). For free(). */
static char *options_of(const struct bm_fix *fix, bool *ret_failed)
{
	_cleanup_free_ char *root = NULL, *flags = NULL;
	_cleanup_buf_ struct bm_buf out = {0};
	char *text;

	*ret_failed = false;
	if (fix->system->loader.kernelopts) {
		text = strdup("$kernelopts");
		*ret_failed = !text;
		return text;
	}
	root = bm_fix_root_arguments(fix, ret_failed);
	if (!root)
		return NULL;
	*ret_failed = bm_fix_root_flags(fix, &flags) < 0 || bm_fix_lost_arguments(fix, root, flags, &out) < 0;
	text = *ret_failed ? NULL : bm_buf_steal(&out);
	*ret_failed = !text;
	return text;
}

/* The file for one kernel; *ret_made where it is. */
static int make_entry(struct bm_fix *fix, const struct bm_finding *finding, const struct bm_kernel *kernel,
	const char *options, bool *ret_made)
{
	const struct bm_system *system = fix->system;
	_cleanup_free_ char *path = bm_system_bls_path(system, kernel->version), *text = NULL;
	_cleanup_free_ char *linux_path = NULL, *initrd = NULL;
	bool failed, initrd_failed;
	struct bm_draft *draft;
	int r = path ? bm_draft_open(&fix->drafts, &system->sources, path, true, &draft) : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	linux_path = grub_path(fix, kernel->image, &failed);
	initrd = grub_path(fix, kernel->initramfs_path, &initrd_failed);
	if (!linux_path || !initrd)
		return failed || initrd_failed ? -ENOMEM : 0;
	text = bm_strf("title %s (%s)%s%s\nversion %s\nlinux %s\ninitrd %s\noptions %s\ngrub_users $grub_users\n"
		       "grub_arg --unrestricted\ngrub_class %s",
		system->os_name ? system->os_name : "Linux", kernel->version, system->os_version ? " " : "",
		system->os_version ? system->os_version : "", kernel->version, linux_path, initrd, options,
		system->os_id ? system->os_id : "kernel");
	if (!text || bm_draft_append(draft, text) < 0)
		return -ENOMEM;
	*ret_made = true;
	return bm_draft_reason(draft, finding, "an entry for the kernel %s", kernel->version);
}

static int make_entries(struct bm_fix *fix, const struct bm_finding *finding, bool *ret_made)
{
	const struct bm_system *system = fix->system;
	bool failed;
	_cleanup_free_ char *options = options_of(fix, &failed);

	if (!options)
		return failed ? -ENOMEM : 0;
	for (size_t i = 0; i < system->n_kernels; i++)
		if (is_whole(&system->kernels[i]) &&
			make_entry(fix, finding, &system->kernels[i], options, ret_made) < 0)
			return -ENOMEM;
	return 0;
}

int bm_fix_menu(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_loader *loader = &fix->system->loader;
	bool made = false;

	/* From a loop device the tool would write root=/dev/loop0: it believes what it sees. */
	if (loader->kind == BM_LOADER_GRUB2 && fix->system->tools.grub_mkconfig &&
		bm_needs_hardware_known(fix->survey, fix->system))
		return bm_strv_add_once(&fix->config, bm_finding_kinds[finding->id].id);
	if (loader->kind == BM_LOADER_GRUB2_BLS && make_entries(fix, finding, &made) < 0)
		return -ENOMEM;
	return made ? 0 : bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_advice(finding));
}
