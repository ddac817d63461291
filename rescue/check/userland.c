/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the system's own userspace start, once the root is mounted: init, its loader and libraries, the processor, the
 * memory, SELinux; and what a later failure would make of it.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../proof/needs.h"

/* What a kernel takes for itself while it unpacks an image: its code, and tables for the memory. */
#define KERNEL_BYTES (64 * BM_MIB)

/* --- init --- */

/*
 * Where systemd runs in the initramfs, it starts the system's systemd itself and not /sbin/init, unless init= is given
 * (systemd, do_reexecute()): a lost link is no end of the boot there.
 */
static bool initramfs_starts_systemd(const struct bm_check *check)
{
	const struct bm_userland *userland = &check->system->userland;

	return !userland->init_named && userland->init_candidate &&
	       bm_str_ends(userland->init_candidate, "lib/systemd/systemd") &&
	       (check->proof ? check->proof->systemd : check->system->tools.dracut_preferred);
}

/* initramfs-tools goes on with /sbin/init where what init= names is not there. */
static bool initramfs_takes_another(const struct bm_system *system)
{
	return system->userland.init_named && system->tools.mkinitramfs && !system->tools.dracut_preferred &&
	       bm_streq(system->userland.init_candidate, "/sbin/init");
}

static int check_init(const struct bm_check *check)
{
	const struct bm_userland *userland = &check->system->userland;
	const char *candidate = userland->init_candidate;
	struct bm_finding *finding;

	finding = bm_findings_add(check->findings, BM_FINDING_INIT_MISSING, userland->missing, 0, "%s %s%s%s%s",
		userland->missing, userland->missing_why, userland->init_named ? ", and init= asks for it" : "",
		candidate ? "; whole is " : "", candidate ? candidate : "");
	if (!finding)
		return -ENOMEM;
	if (initramfs_starts_systemd(check) || initramfs_takes_another(check->system))
		finding->severity = BM_SEVERITY_WARNING;
	return bm_check_detail(finding, NULL, candidate);
}

/* Links into a merged /usr that are lost. What is missing below one of them is only out of sight. */
static int check_links(const struct bm_check *check, bool *ret_explained)
{
	const struct bm_userland *userland = &check->system->userland;

	*ret_explained = false;
	for (size_t i = 0; i < userland->lost_links.n; i++) {
		const char *link = userland->lost_links.items[i];
		bool hides =
			userland->lack != BM_LACK_NONE && userland->missing && bm_path_below(userland->missing, link);
		struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_USR_LINK, link, 0,
			"%s does not lead to /usr%s%s%s%s", link, link, hides ? ", where " : "",
			hides ? userland->missing : "", hides ? " is" : "");

		if (!finding || bm_check_detail(finding, NULL, link) < 0)
			return -ENOMEM;
		if (bm_streq(link, "/sbin") && initramfs_starts_systemd(check))
			finding->severity = BM_SEVERITY_WARNING;
		*ret_explained |= hides;
	}
	return 0;
}

/* systemd refuses to switch to a root without one (dbus-manager.c, method_switch_root()), whatever init= says; other
 * initramfs do not ask. Without an image it is not known which kind there will be, and the second look tells. */
static int check_os_release(const struct bm_check *check)
{
	const struct bm_userland *userland = &check->system->userland;

	if (!userland->known || userland->os_release || !check->proof || !check->proof->systemd)
		return 0;
	return bm_findings_add(check->findings, BM_FINDING_OS_RELEASE, "/etc/os-release", 0,
		       "neither /etc/os-release nor /usr/lib/os-release is there, and systemd runs in the initramfs")
		       ? 0
		       : -ENOMEM;
}

static int check_start(const struct bm_check *check)
{
	const struct bm_userland *userland = &check->system->userland;
	enum bm_finding_id id = BM_FINDING_LIBC_MISSING;
	struct bm_finding *finding;
	bool explained;

	if (!userland->known)
		return 0;
	if (check_links(check, &explained) < 0)
		return -ENOMEM;
	if (explained || userland->lack == BM_LACK_NONE || !userland->missing || !userland->missing_why)
		return 0;
	if (userland->lack == BM_LACK_INIT)
		return check_init(check);
	if (userland->lack == BM_LACK_LOADER)
		id = BM_FINDING_LOADER_MISSING;
	finding = bm_findings_add(check->findings, id,
		userland->lack == BM_LACK_LOADER ? userland->missing : userland->missing_for, 0,
		"%s needs %s, which %s", userland->missing_for ? userland->missing_for : userland->init,
		userland->missing, userland->missing_why);
	return finding ? bm_check_detail(finding, NULL, userland->missing) : -ENOMEM;
}

/* --- the machine --- */

/* The level that a distribution is built for, where no file of it says so; 0 unknown. AlmaLinux 10 is built for two. */
static unsigned int level_of_release(const struct bm_system *system)
{
	static const char *const kin[] = {"rhel", "centos", "rocky", "ol", "almalinux"};
	const char *version = system->os_version ? system->os_version : "";
	size_t major = strcspn(version, ".");

	if (!bm_streq(system->arch, "x86_64"))
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(kin); i++) {
		if (!bm_streq(system->os_id, kin[i]))
			continue;
		if (major == 1 && version[0] == '9')
			return 2;
		return major == 2 && strncmp(version, "10", 2) == 0 && !bm_streq(kin[i], "almalinux") ? 3 : 0;
	}
	return 0;
}

static int check_processor(const struct bm_check *check)
{
	const struct bm_userland *userland = &check->system->userland;
	unsigned int has = check->survey->machine.cpu_level, needs = userland->isa_level;
	struct bm_finding *finding;

	if (has == 0 || !bm_needs_hardware_known(check->survey, check->system))
		return 0;
	if (needs == 0)
		needs = level_of_release(check->system);
	if (needs <= has)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_CPU_LEVEL, userland->isa_file, 0,
		"%s needs an x86-64-v%u processor, and this machine's is x86-64-v%u",
		userland->isa_file ? userland->isa_file : check->system->os_name, needs, has);
	if (!finding)
		return -ENOMEM;
	if (userland->isa_level == 0) {
		finding->severity = BM_SEVERITY_WARNING;
		finding->doubtful = true;
	}
	return 0;
}

/* The image and what is in it lie in memory together until the last file is unpacked. */
static int check_memory(const struct bm_check *check)
{
	uint64_t has = check->survey->machine.memory_bytes, needs;
	_cleanup_free_ char *has_text = bm_size_text(has), *image = NULL, *unpacked = NULL;
	struct bm_finding *finding;

	if (!check->proof || !check->kernel || check->proof->unpacked_bytes == 0 || has == 0 ||
		!bm_needs_hardware_known(check->survey, check->system))
		return 0;
	needs = check->proof->image_bytes + check->proof->unpacked_bytes + KERNEL_BYTES;
	if (needs <= has / 4 * 3)
		return 0;
	image = bm_size_text(check->proof->image_bytes);
	unpacked = bm_size_text(check->proof->unpacked_bytes);
	if (!has_text || !image || !unpacked)
		return -ENOMEM;
	finding = bm_findings_add(check->findings, BM_FINDING_MEMORY, check->kernel->initramfs_path, 0,
		"the image of %s unpacks to %s, and the machine has %s of memory", image, unpacked, has_text);
	if (!finding)
		return -ENOMEM;
	if (needs > has)
		finding->severity = BM_SEVERITY_FATAL;
	return 0;
}

/* --- SELinux --- */

enum { LABELS_SHOWN = 8 };

/* Whether the kernel has SELinux on: the command line may say no; where it is not the distribution's own security
 * module, the command line must say yes. Lockdown of other modules beside it is no matter. */
static enum bm_severity selinux_severity(const struct bm_check *check, const struct bm_cmdline *line, bool *ret_on)
{
	static const char *const kin[] = {"rhel", "centos", "rocky", "almalinux", "ol", "fedora", "scientific", "amzn",
		"cloudlinux", "openEuler", "eurolinux", "miraclelinux", "azurelinux"};
	const char *switched = bm_cmdline_last(line, "selinux"), *mode = bm_cmdline_last(line, "enforcing");
	const char *security = bm_cmdline_last(line, "security"), *lsm = bm_cmdline_last(line, "lsm");

	*ret_on = !bm_streq(switched, "0") && !bm_streq(mode, "0") && (!security || bm_streq(security, "selinux")) &&
		  (!lsm || strstr(lsm, "selinux"));
	if (security || lsm || bm_streq(switched, "1"))
		return BM_SEVERITY_FATAL;
	for (size_t i = 0; i < BM_ARRAY_SIZE(kin); i++)
		if (bm_streq(check->system->os_id, kin[i]))
			return BM_SEVERITY_FATAL;
	return BM_SEVERITY_WARNING;
}

/* The first of a list, and how many more there are. */
static void put_some(struct bm_buf *out, const struct bm_strv *list, const char *separator)
{
	size_t shown = BM_MIN(list->n, (size_t)LABELS_SHOWN);

	for (size_t i = 0; i < shown; i++)
		bm_buf_addf(out, "%s%s", i > 0 ? separator : "", list->items[i]);
	if (list->n > shown)
		bm_buf_addf(out, "%sand %zu more", separator, list->n - shown);
}

/* What is wrong with the labels, and the command that mends these files and no others. setfiles takes a folder with
 * all that is in it, so that where one is wrong it is left to restorecon. */
static void put_labels(const struct bm_userland *userland, const char *paths, struct bm_buf *out)
{
	bm_buf_adds(out, "SELinux is enforcing, and ");
	if (userland->labels_none) {
		bm_buf_addf(out,
			"none of the %zu files that were looked at has a label: make the file /.autorelabel "
			"and boot with enforcing=0, once",
			userland->unlabeled.n);
		return;
	}
	if (userland->unlabeled.n > 0) {
		bm_buf_addf(out, "%zu of the files that were looked at have no label: ", userland->unlabeled.n);
		put_some(out, &userland->unlabeled, " ");
	}
	if (userland->unlabeled.n > 0 && userland->mislabeled.n > 0)
		bm_buf_adds(out, "; ");
	put_some(out, &userland->mislabeled_why, "; ");
	if (!userland->mislabeled_dirs)
		bm_buf_addf(out, ". In `bootmend chroot`: setfiles -F /etc/selinux/%s/contexts/files/file_contexts %s",
			userland->selinux_type ? userland->selinux_type : "targeted", paths);
}

static int check_labels(const struct bm_check *check, enum bm_severity severity)
{
	const struct bm_userland *userland = &check->system->userland;
	_cleanup_strv_ struct bm_strv all = {0};
	_cleanup_buf_ struct bm_buf evidence = {0};
	_cleanup_free_ char *names = NULL;
	struct bm_finding *finding;

	for (size_t i = 0; i < userland->unlabeled.n; i++)
		if (bm_strv_add(&all, userland->unlabeled.items[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < userland->mislabeled.n; i++)
		if (bm_strv_add(&all, userland->mislabeled.items[i]) < 0)
			return -ENOMEM;
	names = bm_strv_join(&all, " ");
	if (!names)
		return -ENOMEM;
	put_labels(userland, names, &evidence);
	if (evidence.failed)
		return -ENOMEM;
	finding = bm_findings_add(
		check->findings, BM_FINDING_SELINUX_LABEL, all.items[0], 0, "%s", bm_buf_text(&evidence));
	if (!finding)
		return -ENOMEM;
	finding->doubtful = severity != BM_SEVERITY_FATAL;
	return bm_check_detail(finding, NULL, names);
}

static int check_selinux(const struct bm_check *check, const struct bm_cmdline *line)
{
	const struct bm_userland *userland = &check->system->userland;
	struct bm_finding *finding;
	enum bm_severity severity;
	bool on;

	severity = selinux_severity(check, line, &on);
	if (!userland->selinux_enforcing || !on)
		return 0;
	if (!userland->selinux_policy) {
		finding = bm_findings_add(check->findings, BM_FINDING_SELINUX_POLICY, "/etc/selinux/config", 0,
			"SELinux is enforcing, and /etc/selinux/%s/policy has no policy",
			userland->selinux_type ? userland->selinux_type : "targeted");
		if (!finding)
			return -ENOMEM;
		finding->severity = severity;
		finding->doubtful = severity != BM_SEVERITY_FATAL;
		return bm_check_detail(finding, "SELINUX=enforcing", userland->selinux_type);
	}
	if (userland->selinux_relabels || userland->unlabeled.n + userland->mislabeled.n == 0)
		return 0;
	return check_labels(check, severity);
}

/* --- notes --- */

static int check_remote(const struct bm_check *check, const struct bm_cmdline *line)
{
	static const char *const starts[] = {"nfs:", "nfs4:", "nfs=", "/dev/nfs",
		"nbd:", "iscsi:", "fcoe:", "cifs:", "live:http", "live:nfs", "dhcp"};
	const char *root = bm_cmdline_last(line, "root"), *netroot = bm_cmdline_last(line, "netroot");
	const char *remote = netroot && *netroot ? netroot : NULL;
	struct bm_finding *finding;

	for (size_t i = 0; !remote && root && i < BM_ARRAY_SIZE(starts); i++)
		if (bm_str_starts(root, starts[i]))
			remote = root;
	if (!remote && bm_cmdline_has(line, "nfsroot"))
		remote = bm_cmdline_last(line, "nfsroot");
	if (!remote)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_ROOT_REMOTE, check->entry->entry.file,
		check->entry->entry.line, "'%s' takes its root filesystem from %s", check->entry->entry.title, remote);
	return finding ? bm_check_detail(finding, check->entry->entry.cmdline, remote) : -ENOMEM;
}

static int check_notes(const struct bm_check *check, const struct bm_cmdline *line)
{
	const struct bm_userland *userland = &check->system->userland;
	struct bm_finding *finding;

	if (userland->oom_file) {
		finding = bm_findings_add(check->findings, BM_FINDING_OOM_PANIC, userland->oom_file, userland->oom_line,
			"vm.panic_on_oom is set: the kernel panics instead of ending a process");
		if (!finding || bm_check_detail(finding, userland->oom_text, "vm.panic_on_oom") < 0)
			return -ENOMEM;
	}
	if (!userland->kdump_unit || !check->entry || !check->entry->entry.cmdline || check->entry->entry.unresolved)
		return 0;
	if (!bm_cmdline_has(line, "crashkernel") && userland->kdump_asks)
		return 0;
	if (!bm_cmdline_has(line, "crashkernel"))
		return BM_CHECK_ADD(check, BM_FINDING_KDUMP_NOT_RESERVED, check->entry->entry.file,
			check->entry->entry.line, "%s starts kdump, and '%s' has no crashkernel=", userland->kdump_unit,
			check->entry->entry.title);
	/* kdump builds the image of a new kernel at its first boot: that one kernel has none yet is no fault. */
	if (!userland->kdump_image)
		return BM_CHECK_ADD(check, BM_FINDING_KDUMP_IMAGE_MISSING, "/boot", 0,
			"%s starts kdump, and no kernel has an initramfs-...kdump.img", userland->kdump_unit);
	return 0;
}

int bm_check_userland(const struct bm_check *check)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = check->entry ? check->entry->entry.cmdline : NULL;

	if (bm_cmdline_parse(text ? text : "", text ? strlen(text) : 0, &line) < 0)
		return -ENOMEM;
	if (check_start(check) < 0 || check_os_release(check) < 0 || check_processor(check) < 0 ||
		check_memory(check) < 0 || check_selinux(check, &line) < 0)
		return -ENOMEM;
	if (text && check_remote(check, &line) < 0)
		return -ENOMEM;
	return check_notes(check, &line);
}
