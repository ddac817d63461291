/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fstab: what systemd (or an older init) makes of each line. A device that does not come leads to emergency mode unless
 * the line has nofail; a filesystem of the network belongs to remote-fs.target, for which the boot waits but which it
 * does not need (systemd.mount(5)).
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

bool bm_check_not_needed(const struct bm_fstab_line *line)
{
	return bm_fstab_flag(line->options, "nofail", "fail") || bm_fstab_flag(line->options, "noauto", "auto") ||
	       bm_fstab_flag(line->options, "x-systemd.automount", NULL);
}

/* How bad it is that fstab's device is not there: without nofail systemd stops in emergency mode; swap it does without.
 */
static enum bm_severity missing_severity(const struct bm_fstab_line *line)
{
	if (bm_check_not_needed(line))
		return BM_SEVERITY_NOTE;
	if (bm_streq(line->fstype, "swap") || bm_streq(line->target, "/") ||
		bm_fstab_flag(line->options, "_netdev", NULL))
		return BM_SEVERITY_WARNING;
	return BM_SEVERITY_FATAL;
}

/* The line as it stands there. */
static int detail(const struct bm_check *check, struct bm_finding *finding, unsigned int line, const char *subject)
{
	const struct bm_source *source = bm_sources_find(&check->system->sources, "/etc/fstab");
	_cleanup_free_ char *excerpt = source ? bm_source_line(source, line) : NULL;

	return finding ? bm_check_detail(finding, excerpt, subject) : -ENOMEM;
}

static int check_name(const struct bm_check *check, const struct bm_fstab_line *line, const struct bm_spec *spec)
{
	enum bm_check_name name = bm_check_name_of(check, spec->value);
	struct bm_finding *finding;

	if (name == BM_CHECK_NAME_OPEN)
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", line->line,
		"%s for %s is on none of the disks: no disk of this machine gets such a name", line->spec,
		line->target);
	if (detail(check, finding, line->line, line->spec) < 0)
		return -ENOMEM;
	finding->severity = missing_severity(line);
	if (name == BM_CHECK_NAME_DOUBT && finding->severity != BM_SEVERITY_NOTE)
		bm_check_doubt(finding);
	return 0;
}

static int check_device(const struct bm_check *check, const struct bm_fstab_line *line, const struct bm_spec *spec)
{
	struct bm_finding *finding;

	/* Links by-id and by-path are udev's of that system, and prove nothing; plain names move, but not to anything.
	 */
	if (spec->kind == BM_SPEC_DEVNAME)
		return check_name(check, line, spec);
	if (spec->kind != BM_SPEC_UUID && spec->kind != BM_SPEC_LABEL && spec->kind != BM_SPEC_PARTUUID &&
		spec->kind != BM_SPEC_PARTLABEL && spec->kind != BM_SPEC_MAPPER)
		return 0;
	if (!bm_check_knows_devices(check) || bm_devices_have(&check->survey->devices, line->spec))
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_DEVICE_UNKNOWN, "/etc/fstab", line->line,
		"%s for %s is on none of the disks", line->spec, line->target);
	if (detail(check, finding, line->line, line->spec) < 0)
		return -ENOMEM;
	finding->severity = missing_severity(line);
	/* A mapping that is no logical volume is made at boot: its absence here proves nothing. */
	if (bm_check_may_hide(check, spec) || (spec->kind == BM_SPEC_MAPPER && !spec->vg)) {
		finding->doubtful = finding->severity != BM_SEVERITY_NOTE;
		if (finding->severity == BM_SEVERITY_FATAL)
			finding->severity = BM_SEVERITY_WARNING;
	}
	return 0;
}

/* What systemd takes for a filesystem of the network by its type alone (fstype_is_network()), and others that are. */
static bool is_network_type(const char *type)
{
	static const char *const types[] = {"afs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs", "fuse.glusterfs",
		"fuse.sshfs", "gfs", "gfs2", "glusterfs", "lustre", "ncp", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs",
		"pvfs2", "smb3", "smbfs", "sshfs"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(types); i++)
		if (bm_streq(type, types[i]))
			return true;
	return false;
}

/* Parts of the system itself, which later steps of the boot read. */
static bool holds_system(const char *target)
{
	return bm_path_below(target, "/usr") || bm_path_below(target, "/var") || bm_path_below(target, "/etc") ||
	       bm_path_below(target, "/opt");
}

/* Whether the disk of a device is reached over the network (iSCSI). */
static bool on_network(const struct bm_devices *devices, int device)
{
	for (size_t i = 0; device >= 0 && i < devices->n; i++) {
		if (!bm_device_on(devices, (size_t)device, i))
			continue;
		for (size_t d = 0; d < devices->items[i].n_drivers; d++) {
			const char *module = devices->items[i].drivers[d].module;

			if (module && (strstr(module, "iscsi") || bm_streq(module, "ib_iser")))
				return true;
		}
	}
	return false;
}

static int check_network(const struct bm_check *check, const struct bm_fstab_line *line, const struct bm_spec *spec)
{
	const struct bm_devices *devices = &check->survey->devices;
	struct bm_finding *finding;
	bool exact;
	int device;

	if (bm_check_not_needed(line) || bm_streq(line->target, "/"))
		return 0;
	if (is_network_type(line->fstype) || (spec->kind == BM_SPEC_NETWORK && !bm_streq(line->fstype, "swap"))) {
		/* Who writes _netdev knows what he mounts; only where the system itself lies there is more to say. */
		if (bm_fstab_flag(line->options, "_netdev", NULL) && !holds_system(line->target))
			return 0;
		finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_NETDEV, "/etc/fstab", line->line,
			"the boot waits for %s at %s before it goes on without it", line->spec, line->target);
		if (detail(check, finding, line->line, line->spec) < 0)
			return -ENOMEM;
		finding->severity = holds_system(line->target) ? BM_SEVERITY_WARNING : BM_SEVERITY_NOTE;
		return 0;
	}
	/* A root that lies there itself has the network up before any of this is mounted. */
	device = bm_devices_find_spec(devices, line->spec, line->fstype, check->system->root_device, &exact);
	if (bm_fstab_flag(line->options, "_netdev", NULL) || !on_network(devices, device) ||
		on_network(devices, check->system->root_device))
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_FSTAB_NETDEV, "/etc/fstab", line->line,
		"%s for %s lies on an iSCSI disk, and without _netdev the boot waits for it before the network is up",
		line->spec, line->target);
	return detail(check, finding, line->line, line->spec);
}

static int check_line(const struct bm_check *check, const struct bm_fstab_line *line)
{
	_cleanup_spec_ struct bm_spec spec = {0};

	if (bm_fstab_spec_parse(line->spec, &spec) < 0 || check_device(check, line, &spec) < 0)
		return -ENOMEM;
	return check_network(check, line, &spec);
}

int bm_check_fstab(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	if (!system->fstab_exists &&
		BM_CHECK_ADD(check, BM_FINDING_FSTAB_MISSING, "/etc/fstab", 0, "the file does not exist") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < system->fstab.n_problems; i++) {
		const struct bm_fstab_problem *problem = &system->fstab.problems[i];
		struct bm_finding *finding = bm_findings_add(
			check->findings, BM_FINDING_FSTAB_SYNTAX, "/etc/fstab", problem->line, "%s", problem->text);

		if (detail(check, finding, problem->line, NULL) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < system->fstab.n_lines; i++)
		if (check_line(check, &system->fstab.lines[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < system->n_mounts; i++) {
		const struct bm_mount *mount = &system->mounts[i];

		if (mount->source == BM_MOUNT_CONTENT &&
			BM_CHECK_ADD(check, BM_FINDING_BOOT_BY_CONTENT, "/etc/fstab", mount->line,
				"%s holds what belongs at %s, and fstab does not name it",
				check->survey->devices.items[mount->device].name, mount->target) < 0)
			return -ENOMEM;
	}
	return 0;
}
