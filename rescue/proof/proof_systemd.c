/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where systemd is the image's init.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "proof_int.h"

/* Whether /init is systemd, which then needs more than itself. */
static bool init_is_systemd(const struct bm_image_list *list)
{
	const struct bm_image_node *init = bm_image_list_find(list, "/init");

	return init && (init == bm_image_list_find(list, "/usr/lib/systemd/systemd") ||
			       init == bm_image_list_find(list, "/lib/systemd/systemd"));
}

static bool has_file(const struct bm_image_list *list, const char *const *paths)
{
	for (; *paths; paths++)
		if (bm_image_list_find(list, *paths))
			return true;
	return false;
}

enum {
	EXECUTOR_SINCE = 255, /* systemd's version that has systemd-executor */
	RESUME_SINCE = 256,   /* that waits for the device of resume= for ever, as systemd#35180 has it */
};

enum unit_state { UNIT_THERE, UNIT_MISSING, UNIT_MASKED };

/* The unit's file, in the first of systemd's directories that has one (systemd.unit(5)); masked where that is empty or
 * leads to /dev/null. ret_dir is set unless it is missing. */
static enum unit_state state_of(const struct bm_image_list *list, const char *unit, const char **ret_dir)
{
	static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = bm_path_join(dirs[i], unit);
		const struct bm_image_node *link = path ? bm_image_list_lfind(list, path) : NULL, *node;
		const char *target = link ? bm_image_list_link(list, link) : NULL;

		if (!link)
			continue;
		*ret_dir = dirs[i];
		node = bm_image_list_find(list, path);
		if ((target && bm_streq(target, "/dev/null")) ||
			(node && S_ISREG(node->mode) && bm_image_list_body(list, node)->size == 0))
			return UNIT_MASKED;
		if (node && S_ISREG(node->mode))
			return UNIT_THERE;
	}
	return UNIT_MISSING;
}

static void check_unit(struct bm_prover *prover, const char *unit, const char *why)
{
	const char *dir = NULL;

	switch (state_of(prover->list, unit, &dir)) {
	case UNIT_MISSING:
		bm_prover_problem(prover, BM_PROOF_NO_UNIT, unit, "the unit %s is not in the image, %s", unit, why);
		break;
	case UNIT_MASKED:
		bm_prover_problem(
			prover, BM_PROOF_NO_UNIT, unit, "the unit %s is masked in %s of the image, %s", unit, dir, why);
		break;
	case UNIT_THERE:
		break;
	}
}

/* systemd's version by the name of its library (libsystemd-shared-257.so, since 231; distributions add to the number);
 * 0 where that is not there. */
static unsigned long version_of(const struct bm_image_list *list)
{
	unsigned long version = 0;

	for (size_t i = 1; version == 0 && i < list->n_nodes; i++) {
		const char *number = bm_str_after(bm_image_list_name(list, &list->nodes[i]), "libsystemd-shared-");

		if (number && list->nodes[i].mode != 0)
			version = strtoul(number, NULL, 10);
	}
	return version;
}

/* Whether systemd starts initrd.target: the command line and the image name nothing else. */
static bool starts_initrd_target(struct bm_prover *prover)
{
	static const char *const defaults[] = {"/etc/systemd/system/default.target",
		"/usr/lib/systemd/system/default.target", "/lib/systemd/system/default.target"};
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline;

	if (text && bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	if (text && bm_cmdline_last(&line, "rd.systemd.unit"))
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(defaults); i++) {
		const struct bm_image_node *node = bm_image_list_find(prover->list, defaults[i]);

		if (node && !bm_streq(bm_image_list_name(prover->list, node), "default.target"))
			return bm_streq(bm_image_list_name(prover->list, node), "initrd.target");
	}
	return true;
}

/*
 * The units between the start and the root, for all versions since 198, in which they came (bootup(7)): initrd.target
 * pulls in what mounts the root, then initrd-parse-etc, initrd-cleanup and initrd-switch-root start each other.
 */
static void check_units(struct bm_prover *prover)
{
	static const struct {
		const char *unit, *why;
	} rows[] = {
		{"sysinit.target", "so systemd starts nothing of what it is there for"},
		{"basic.target", "which initrd.target requires"},
		{"initrd.target", "so systemd does not know what to start"},
		{"initrd-root-fs.target", "which initrd-parse-etc.service requires"},
		{"initrd-parse-etc.service", "so nothing goes on when the root is mounted"},
		{"initrd-cleanup.service", "so nothing goes on when the root is mounted"},
		{"initrd-switch-root.target", "so systemd never goes to the mounted root"},
		{"initrd-switch-root.service", "so systemd never goes to the mounted root"},
		{"systemd-udevd.service", "so no driver is loaded and no device found"},
		{"systemd-udev-trigger.service", "so udevd never hears of devices that were there before it"},
	};

	if (!starts_initrd_target(prover)) {
		bm_prover_note(prover, "systemd does not start initrd.target in it, so its units were not judged");
		return;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		check_unit(prover, rows[i].unit, rows[i].why);
	bm_prover_init_tool(prover, "systemctl", "systemd goes to the mounted root with it");
	if (version_of(prover->list) >= EXECUTOR_SINCE)
		bm_prover_init_tool(prover, "systemd-executor", "systemd starts every service with it");
}

/* Whether the root is named by what stands on the disk, so that a link of udev's must be there. */
static bool root_by_link(const char *root)
{
	static const char *const by[] = {"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/disk/by-"};

	for (size_t i = 0; root && i < BM_ARRAY_SIZE(by); i++)
		if (bm_str_starts(root, by[i]))
			return true;
	return false;
}

/*
 * systemd waits for the device unit of the link that root= stands for. Only for a root that lies on a disk or partition
 * itself: device-mapper and md have rules of their own, under names that distributions have changed.
 */
static void check_link(struct bm_prover *prover)
{
	static const char *const rules[] = {"/usr/lib/udev/rules.d/60-persistent-storage.rules",
		"/lib/udev/rules.d/60-persistent-storage.rules", "/etc/udev/rules.d/60-persistent-storage.rules", NULL};
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline, *root;

	if (!text || prover->need->root_assembled)
		return;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	root = bm_cmdline_last(&line, "root");
	if (root_by_link(root) && !has_file(prover->list, rules))
		bm_prover_problem(prover, BM_PROOF_NO_INIT, rules[0],
			"%s is not in the image, so the link that root=%s stands for is never made", rules[0], root);
}

static bool takes_any(void *ctx, const struct bm_image_node *node)
{
	(void)ctx;
	return S_ISREG(node->mode);
}

/* root= becomes sysroot.mount through a generator; dracut's own hook that mounts is there where systemd does not. */
static void check_generator(struct bm_prover *prover)
{
	static const char *const generators[] = {"/usr/lib/systemd/system-generators/systemd-fstab-generator",
		"/lib/systemd/system-generators/systemd-fstab-generator", NULL};
	static const char *const hooks[] = {"99-mount-root.sh", "99mount-root.sh"};
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline, *dir = NULL;

	if (!text || has_file(prover->list, generators) || state_of(prover->list, "sysroot.mount", &dir) == UNIT_THERE)
		return;
	for (size_t i = 0; i < BM_ARRAY_SIZE(hooks); i++)
		if (bm_image_list_any(prover->list, hooks[i], takes_any, NULL))
			return;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	/* Network roots and live images have generators of their own. */
	if (root_by_link(bm_cmdline_last(&line, "root")) ||
		bm_str_starts(bm_cmdline_last(&line, "root") ? bm_cmdline_last(&line, "root") : "", "/dev/"))
		bm_prover_problem(prover, BM_PROOF_NO_INIT, generators[0],
			"%s is not in the image, so root= is never mounted", generators[0]);
}

/*
 * resume= becomes a unit that is bound to its device, whose job has no limit (src/hibernate-resume/
 * hibernate-resume-generator.c: JobTimeoutSec=infinity, which JobRunningTimeoutSec= follows): nothing is started
 * behind it. x-systemd.device-timeout= in resumeflags=, or else in rootflags=, sets a limit.
 */
static void find_resume(struct bm_prover *prover)
{
	static const char *const generators[] = {
		"/usr/lib/systemd/system-generators/systemd-hibernate-resume-generator",
		"/lib/systemd/system-generators/systemd-hibernate-resume-generator", NULL};
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline ? prover->need->cmdline : "", *flags;

	if (version_of(prover->list) < RESUME_SINCE || !has_file(prover->list, generators))
		return;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	flags = bm_cmdline_last(&line, bm_cmdline_has(&line, "resumeflags") ? "resumeflags" : "rootflags");
	prover->proof.waits_for_resume = !flags || !strstr(flags, "x-systemd.device-timeout=");
}

/*
 * What systemd cannot do without in an initramfs: it takes itself for the machine's own where the release file is
 * missing (src/basic/initrd-util.c, since 183), waits for a device until udev has tagged it (rules.d/99-systemd.rules),
 * and mounts with mount(8) (src/core/mount.c).
 */
void bm_prover_systemd(struct bm_prover *prover)
{
	static const char *const releases[] = {"/etc/initrd-release", NULL};
	static const char *const rules[] = {"/usr/lib/udev/rules.d/99-systemd.rules",
		"/lib/udev/rules.d/99-systemd.rules", "/etc/udev/rules.d/99-systemd.rules", NULL};

	if (prover->need->rdinit || !init_is_systemd(prover->list))
		return;
	bm_prover_init_tool(prover, "systemd-udevd", "it loads drivers and finds the root's device");
	bm_prover_init_tool(prover, "mount", "systemd mounts the root with it");
	if (!has_file(prover->list, releases))
		bm_prover_problem(prover, BM_PROOF_NO_INIT, releases[0],
			"%s is not in the image, so systemd does not know that it is in an initramfs", releases[0]);
	if (!has_file(prover->list, rules))
		bm_prover_problem(prover, BM_PROOF_NO_INIT, rules[0],
			"%s is not in the image, so systemd waits for the root's device for ever", rules[0]);
	check_units(prover);
	check_link(prover);
	check_generator(prover);
	find_resume(prover);
}
