/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types in fstab: does the filesystem have the type that its line says, and has the default kernel a driver for it
 * that may be loaded? mount(8) tries no other type than the one that is written, and the boot stops where it fails.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/etc/modprobed.h"

/* Types that are what libblkid calls them, and the module beside their own without which they are not mounted. */
static const struct {
	const char *type, *module, *needs;
} types[] = {
	{"ext2", "ext4", "jbd2"},
	{"ext3", "ext4", "jbd2"},
	{"ext4", "ext4", "jbd2"},
	{"xfs", "xfs", NULL},
	{"btrfs", "btrfs", NULL},
	{"vfat", "vfat", "fat"},
	{"f2fs", "f2fs", NULL},
	{"jfs", "jfs", NULL},
	{"reiserfs", "reiserfs", NULL},
	{"nilfs2", "nilfs2", NULL},
	{"iso9660", "isofs", NULL},
	{"udf", "udf", NULL},
	{"squashfs", "squashfs", NULL},
	{"erofs", "erofs", NULL},
};

static int row_of(const char *type)
{
	for (size_t i = 0; type && i < BM_ARRAY_SIZE(types); i++)
		if (bm_streq(types[i].type, type))
			return (int)i;
	return -1;
}

/* A disc may be both of these. */
static bool is_disc(const char *type)
{
	return bm_streq(type, "iso9660") || bm_streq(type, "udf");
}

static bool same_driver(const char *a, const char *b)
{
	return bm_streq(types[row_of(a)].module, types[row_of(b)].module) || (is_disc(a) && is_disc(b));
}

/* The lines that are judged: which the boot mounts and needs, beside / and /usr, which the initramfs mounts. */
static bool is_judged(const struct bm_fstab_line *line)
{
	return *line->target == '/' && !bm_streq(line->target, "/") && !bm_streq(line->target, "/usr") &&
	       !bm_streq(line->fstype, "swap") && !bm_check_not_needed(line) &&
	       !bm_fstab_flag(line->options, "bind", NULL) && !bm_fstab_flag(line->options, "rbind", NULL) &&
	       !bm_fstab_flag(line->options, "loop", NULL);
}

static int add(const struct bm_check *check, enum bm_finding_id id, const struct bm_fstab_line *line,
	const char *subject, const char *evidence)
{
	struct bm_finding *finding =
		evidence ? bm_findings_add(check->findings, id, "/etc/fstab", line->line, "%s", evidence) : NULL;

	return finding && bm_check_place(check, finding, subject) == 0 ? 0 : -ENOMEM;
}

/* --- the type --- */

static int check_type(const struct bm_check *check, const struct bm_fstab_line *line)
{
	const struct bm_devices *devices = &check->survey->devices;
	_cleanup_free_ char *evidence = NULL;
	const char *found;
	bool exact;
	int device = bm_devices_find_spec(devices, line->spec, NULL, check->system->root_device, &exact);

	found = device >= 0 && exact ? devices->items[device].fstype : NULL;
	if (row_of(found) < 0)
		return 0;
	if (row_of(line->fstype) >= 0) {
		if (same_driver(line->fstype, found))
			return 0;
		evidence =
			bm_strf("%s at %s is mounted as %s, and is %s", line->spec, line->target, line->fstype, found);
		return add(check, BM_FINDING_FSTAB_TYPE_WRONG, line, found, evidence);
	}
	/* /mnt/my disk ext4: the type stands where the options should. */
	if (row_of(line->options) < 0 || !same_driver(line->options, found))
		return 0;
	evidence =
		bm_strf("the mount point of %s, \"%s %s\", has a blank, behind which the line's other fields are taken "
			"for what they are not: it is to be written \\040",
			line->spec, line->target, line->fstype);
	return add(check, BM_FINDING_FSTAB_TYPE_WRONG, line, "\\040", evidence);
}

/* --- the driver --- */

/* The rules of modprobe.d, with the files that they stand in: one list a file, files in kmod's order. */
static bool is_modprobed(const struct bm_source *source)
{
	return source->text && bm_str_ends(source->path, ".conf") &&
	       (bm_str_starts(source->path, "/etc/modprobe.d/") ||
		       bm_str_starts(source->path, "/usr/lib/modprobe.d/") ||
		       bm_str_starts(source->path, "/lib/modprobe.d/"));
}

/* What keeps a module from being loaded: *ret_text (for free()) is "FILE:LINE, what", NULL where nothing does. */
static int hindered(const struct bm_check *check, const char *module, bool by_alias, char **ret_text)
{
	const struct bm_sources *sources = &check->system->sources;

	*ret_text = NULL;
	for (size_t i = 0; module && !*ret_text && i < sources->n; i++) {
		const struct bm_source *source = &sources->items[i];
		_cleanup_modprobed_ struct bm_modprobed rules = {0};
		const struct bm_modprobed_rule *rule;

		if (!is_modprobed(source))
			continue;
		if (bm_modprobed_parse(source->text, source->len, &rules) < 0)
			return -ENOMEM;
		rule = bm_modprobed_hinders(&rules, module, by_alias);
		if (!rule)
			continue;
		*ret_text = bm_strf("%s:%u keeps the module %s from being loaded (%s)", source->path, rule->line,
			module, rule->kind == BM_MODPROBED_INSTALL ? rule->command : "blacklist");
		if (!*ret_text)
			return -ENOMEM;
	}
	return 0;
}

static int check_driver(const struct bm_check *check, const struct bm_fstab_line *line)
{
	const struct bm_kernel *kernel = check->kernel;
	const struct bm_devices *devices = &check->survey->devices;
	const char *root = check->system->root_device >= 0 ? devices->items[check->system->root_device].fstype : NULL;
	_cleanup_free_ char *why = NULL, *evidence = NULL;
	int row = row_of(line->fstype);

	/* What the initramfs has loaded for the root is there. */
	if (row < 0 || !kernel || (row_of(root) >= 0 && same_driver(root, line->fstype)) ||
		bm_strv_has(&kernel->fs_builtin, line->fstype))
		return 0;
	if (bm_strv_has(&kernel->fs_none, line->fstype))
		why = bm_strf("kernel %s has no driver for it", kernel->version);
	else if (!bm_strv_has(&kernel->fs_loadable, line->fstype))
		return 0;
	else if (hindered(check, types[row].module, true, &why) < 0 ||
		 (!why && hindered(check, types[row].needs, false, &why) < 0))
		return -ENOMEM;
	else if (!why)
		return 0;
	evidence = why ? bm_strf("%s at %s is %s, and %s", line->spec, line->target, line->fstype, why) : NULL;
	return add(check, BM_FINDING_FSTAB_DRIVER_MISSING, line, line->fstype, evidence);
}

int bm_check_fstab_types(const struct bm_check *check)
{
	const struct bm_fstab *fstab = &check->system->fstab;

	for (size_t i = 0; i < fstab->n_lines; i++)
		if (is_judged(&fstab->lines[i]) &&
			(check_type(check, &fstab->lines[i]) < 0 || check_driver(check, &fstab->lines[i]) < 0))
			return -ENOMEM;
	return 0;
}
