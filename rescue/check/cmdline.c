/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of the entry: is there a root=, and is what they name there?
 *
 * dracut refuses to go on without root= (its systemd variety leaves it to gpt-auto), and it waits for every rd.lvm.lv=
 * and rd.lvm.vg= until it gives up ("Could not boot."); initramfs-tools needs root= and does not know rd.lvm. Nothing
 * but a newer systemd waits for resume= for long (proof_systemd.c).
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"

/* GPT's types of a root partition, which systemd mounts when nothing else is said: x86-64, x86, arm64, arm, riscv64,
 * ppc64le, s390x, loongarch64 (UAPI group, "Discoverable Partitions Specification"). */
static const char *const root_types[] = {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "44479540-f297-41b2-9af7-d131d5f0458a",
	"b921b045-1df0-41c3-af44-4c6f280d3fae", "69dad710-2ce4-4e3c-b16c-21a1d49abed3",
	"72ec70a6-cf74-40e6-bd49-4bda08e8f224", "c31c45e6-3f39-412e-80fb-4809c4980599",
	"5eead9a9-fe09-4a1e-a1d7-520d00531306", "77055800-792c-4f94-b39a-98c91b762bb6"};

/* Arguments that are a source of the root by themselves, or say that something else than a root is booted. */
static const char *const root_sources[] = {"netroot", "nfsroot", "iscsi_initiator", "iscsi_firmware",
	"rd.iscsi.firmware", "rd.iscsi.ibft", "boot", "live-media", "rd.live.image", "rd.live.ram", "inst.stage2",
	"inst.repo", "ostree", "systemd.root", "zfs", "real_root", "rd.cmdline"};

bool bm_check_kernel_finds(const char *root)
{
	return !root || bm_str_starts(root, "PARTUUID=") || bm_str_starts(root, "PARTLABEL=") ||
	       (bm_str_starts(root, "/dev/") && !bm_str_starts(root, "/dev/mapper/") &&
		       !bm_str_starts(root, "/dev/disk/"));
}

enum builder { BUILDER_UNKNOWN, BUILDER_DRACUT, BUILDER_INITRAMFS_TOOLS };

/* What built the initramfs: itself tells, else the tool that the system has. */
static enum builder builder_of(const struct bm_check *check)
{
	const struct bm_tools *tools = &check->system->tools;
	const char *generator = check->proof ? check->proof->generator : NULL;

	if (generator)
		return bm_str_starts(generator, "dracut")	     ? BUILDER_DRACUT
		       : bm_str_starts(generator, "initramfs-tools") ? BUILDER_INITRAMFS_TOOLS
								     : BUILDER_UNKNOWN;
	if (tools->dracut && (!tools->mkinitramfs || tools->dracut_preferred))
		return BUILDER_DRACUT;
	return tools->mkinitramfs ? BUILDER_INITRAMFS_TOOLS : BUILDER_UNKNOWN;
}

/* A finding about the argument that the entry writes as text; subject is its value. */
static struct bm_finding *add(
	const struct bm_check *check, enum bm_finding_id id, const char *text, const char *subject, const char *why)
{
	struct bm_check_line place = bm_check_find(check, text);
	struct bm_finding *finding = bm_findings_add(check->findings, id, place.file, place.line, "'%s' %s %s%s",
		check->entry->entry.title, id == BM_FINDING_ENTRY_NO_ROOT ? "has" : "asks for", text, why);

	return finding && bm_check_place(check, finding, subject) == 0 ? finding : NULL;
}

/* Whether the root lies on a partition that systemd finds by its type. */
static bool gpt_auto_finds(const struct bm_check *check)
{
	const struct bm_devices *devices = &check->survey->devices;

	if (check->system->root_device < 0 || (check->proof && !check->proof->systemd))
		return false;
	for (size_t i = 0; i < devices->n; i++)
		for (size_t t = 0; t < BM_ARRAY_SIZE(root_types); t++)
			if (bm_strcaseeq(devices->items[i].part_type, root_types[t]) &&
				bm_device_on(devices, (size_t)check->system->root_device, i))
				return true;
	return false;
}

/* Whether something but the entry may bring a root=: the image, or the kernel itself. */
static bool root_elsewhere(const struct bm_check *check)
{
	return (check->proof && check->proof->brings_root) || (check->kernel && check->kernel->config_root);
}

/* $kernelopts stands in the entry and has no value: root= went with it. */
static int check_kernelopts(const struct bm_check *check, const char *root)
{
	struct bm_check_line place = bm_check_find(check, "$kernelopts");
	const struct bm_loader *loader = &check->system->loader;
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_GRUBENV_KERNELOPTS, place.file,
		place.line, "the options of '%s' are $kernelopts, which %s does not set%s", check->entry->entry.title,
		loader->environment ? loader->environment : "no environment block",
		root			? ""
		: root_elsewhere(check) ? "; the image or the kernel brings a root= of its own"
					: ", so no root= is left");

	if (!finding)
		return -ENOMEM;
	if (root || root_elsewhere(check))
		finding->severity = BM_SEVERITY_WARNING;
	if (gpt_auto_finds(check))
		bm_check_doubt(finding);
	return bm_check_place(check, finding, loader->environment);
}

static int check_no_root(const struct bm_check *check, const struct bm_cmdline *line, const char *root)
{
	const struct bm_boot_entry *entry = check->entry;
	const char *init = bm_cmdline_last(line, "init");
	struct bm_finding *finding;

	for (size_t i = 0; i < BM_ARRAY_SIZE(root_sources); i++)
		if (bm_cmdline_has(line, root_sources[i]))
			return 0;
	/* Something that looks like a kernel and boots no system: iPXE, a memory test. */
	if (entry->initrds.n == 0 && !entry->unified && !(check->kernel && check->kernel->modules_dir))
		return 0;
	/* NixOS finds its root in the image. */
	if (init && bm_str_starts(init, "/nix/"))
		return 0;
	finding = add(check, BM_FINDING_ENTRY_NO_ROOT, root ? "an empty root=" : "no root=", NULL, "");
	if (!finding)
		return -ENOMEM;
	if (root_elsewhere(check) || gpt_auto_finds(check) || builder_of(check) == BUILDER_UNKNOWN ||
		(check->kernel && check->kernel->config_inner))
		bm_check_doubt(finding);
	return 0;
}

/* Whether a name below /dev/mapper that looks like VG-LV may be something else: a partition of a multipath device. */
static bool looks_multipath(const struct bm_spec *spec)
{
	return bm_str_starts(spec->value, "mpath") || (spec->lv && bm_str_starts(spec->lv, "part"));
}

static int check_root(const struct bm_check *check, const char *root)
{
	_cleanup_free_ char *text = bm_strf("root=%s", root);
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;
	enum bm_check_name name;

	if (!text || bm_fstab_spec_parse(root, &spec) < 0)
		return -ENOMEM;
	name = spec.kind == BM_SPEC_DEVNAME ? bm_check_name_of(check, spec.value) : BM_CHECK_NAME_OPEN;
	if (name != BM_CHECK_NAME_OPEN) {
		finding = add(check, BM_FINDING_CMDLINE_ROOT_UNKNOWN, text, root,
			", and no disk of this machine gets such a name");
		if (finding && name == BM_CHECK_NAME_DOUBT)
			bm_check_doubt(finding);
		return finding ? 0 : -ENOMEM;
	}
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_PARTLABEL && spec.kind != BM_SPEC_MAPPER)
		return 0;
	/* PARTUUID=.../PARTNROFF=1 is counted from a partition. Without a device for the root nothing is known. */
	if ((spec.kind == BM_SPEC_PARTUUID && strchr(spec.value, '/')) ||
		bm_devices_have(&check->survey->devices, root) || check->system->root_device < 0)
		return 0;
	finding = add(check, BM_FINDING_CMDLINE_ROOT_UNKNOWN, text, root, ", which is on none of the disks");
	if (!finding)
		return -ENOMEM;
	/* A mapping that is no logical volume is made at boot. */
	if (bm_check_may_hide(check, &spec) || (spec.kind == BM_SPEC_MAPPER && (!spec.vg || looks_multipath(&spec))))
		bm_check_doubt(finding);
	return 0;
}

/* Whether two names of a subvolume are the same; "root", "/root" and "/root/" are. */
static bool same_subvolume(const char *a, const char *b)
{
	size_t n;

	a += strspn(a, "/");
	b += strspn(b, "/");
	n = strlen(a);
	while (n > 0 && a[n - 1] == '/')
		n--;
	return strncmp(a, b, n) == 0 && b[n + strspn(b + n, "/")] == '\0';
}

/*
 * A root on btrfs without rootflags=subvol=: the default subvolume is mounted. Where that is another than the one that
 * is seen, and fstab names the one that is seen, that is no system, or an old one. What the image brings counts, too.
 */
static int check_subvolume(const struct bm_check *check, const struct bm_cmdline_boot *boot)
{
	const struct bm_mount *mount = bm_system_mount(check->system, "/");
	_cleanup_free_ char *wanted = NULL, *named = NULL;
	_cleanup_free_ char *text = bm_strf("root=%s", boot->root);
	struct bm_finding *finding;
	bool exact;
	int has = 0;

	if (!text)
		return -ENOMEM;
	if (!mount || !mount->subvolume || !mount->options || mount->subvolume_default == BM_SUBVOLUME_UNKNOWN ||
		mount->subvolume_default == BM_SUBVOLUME_SAME || root_elsewhere(check) ||
		bm_devices_find_spec(&check->survey->devices, boot->root, NULL, check->system->root_device, &exact) !=
			check->system->root_device)
		return 0;
	if (bm_fstab_option(mount->options, "subvol", &wanted) < 0)
		return -ENOMEM;
	if (boot->rootflags)
		has = bm_fstab_option(boot->rootflags, "subvol", &named);
	if (has == 0 && boot->rootflags)
		has = bm_fstab_option(boot->rootflags, "subvolid", NULL);
	if (has != 0 || !wanted || !same_subvolume(wanted, mount->subvolume))
		return has < 0 ? -ENOMEM : 0;
	finding = add(check, BM_FINDING_CMDLINE_SUBVOLUME, text, wanted,
		mount->subvolume_default == BM_SUBVOLUME_TOP
			? " and names no subvolume: the top of the filesystem is mounted, which is not the system"
			: " and names no subvolume: another one than the system's is mounted");
	if (!finding)
		return -ENOMEM;
	/* It may be a system, too. */
	if (mount->subvolume_default == BM_SUBVOLUME_OTHER)
		bm_check_doubt(finding);
	return 0;
}

/* Whether the group was seen, and whether it has the volume (lv NULL: any). */
static bool sees_group(const struct bm_check *check, const char *vg, const char *lv, bool *ret_has)
{
	bool seen = false;

	*ret_has = false;
	for (size_t i = 0; i < check->survey->devices.n; i++) {
		const struct bm_device *device = &check->survey->devices.items[i];

		if (!bm_streq(device->vg_name, vg))
			continue;
		seen = true;
		*ret_has |= !lv || bm_streq(device->lv_name, lv);
	}
	return seen;
}

/* Whether LVM was looked into at all. */
static bool sees_lvm(const struct bm_check *check)
{
	for (size_t i = 0; i < check->survey->devices.n; i++)
		if (check->survey->devices.items[i].vg_name)
			return true;
	return false;
}

/* How bad it is that a volume which an argument names is not there: dracut waits for it until it gives up. */
static void judge_volume(const struct bm_check *check, const char *key, struct bm_finding *finding)
{
	if (builder_of(check) == BUILDER_DRACUT && bm_str_starts(key, "rd.lvm."))
		finding->severity = BM_SEVERITY_FATAL;
	else if (builder_of(check) == BUILDER_INITRAMFS_TOOLS)
		finding->severity = BM_SEVERITY_NOTE;
}

/* One rd.lvm.lv=VG/LV or rd.lvm.vg=VG. root is the spec of root=. */
static int check_volume(const struct bm_check *check, const struct bm_cmdline_arg *arg, const struct bm_spec *root)
{
	_cleanup_free_ char *vg = strdup(arg->value), *text = bm_strf("%s=%s", arg->key, arg->value);
	char *lv = vg ? strchr(vg, '/') : NULL;
	struct bm_finding *finding;
	bool has, seen;

	if (!vg || !text)
		return -ENOMEM;
	if (lv)
		*lv++ = '\0';
	if (!*vg || (lv && !*lv) || !sees_lvm(check))
		return 0;
	if (!lv && (bm_streq(arg->key, "rd.lvm.lv") || bm_streq(arg->key, "rd_LVM_LV"))) {
		finding = add(check, BM_FINDING_CMDLINE_LV_UNKNOWN, text, arg->value,
			", which names no volume: it is to be the group, a slash, and the volume");
		if (finding)
			judge_volume(check, arg->key, finding);
		return finding ? 0 : -ENOMEM;
	}
	seen = sees_group(check, vg, lv, &has);
	if (has)
		return 0;
	finding = add(check, BM_FINDING_CMDLINE_LV_UNKNOWN, text, arg->value,
		seen ? ", which its volume group does not have" : ", and there is no such volume group");
	if (!finding)
		return -ENOMEM;
	judge_volume(check, arg->key, finding);
	/* A group that is not there may be on a disk that is away, unless the root is asked for in it, too. */
	if (!seen && (check->hidden || !bm_streq(root->vg, vg)) &&
		!bm_renames_group(&check->system->renames, &check->survey->devices, vg))
		bm_check_doubt(finding);
	return 0;
}

static int check_volumes(const struct bm_check *check, const struct bm_cmdline *line, const char *root)
{
	static const char *const keys[] = {"rd.lvm.lv", "rd.lvm.vg", "rd_LVM_LV", "rd_LVM_VG"};
	_cleanup_spec_ struct bm_spec spec = {0};

	if (!bm_cmdline_bool(line, "rd.lvm", true) || bm_cmdline_has(line, "rd_NO_LVM"))
		return 0;
	if (bm_fstab_spec_parse(root ? root : "", &spec) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < line->n; i++)
		for (size_t k = 0; k < BM_ARRAY_SIZE(keys); k++)
			if (!line->items[i].init && line->items[i].value && bm_streq(line->items[i].key, keys[k]) &&
				check_volume(check, &line->items[i], &spec) < 0)
				return -ENOMEM;
	return 0;
}

static int check_resume(const struct bm_check *check, const char *resume)
{
	_cleanup_free_ char *text = bm_strf("resume=%s", resume);
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;
	bool endless;

	if (!text || bm_fstab_spec_parse(resume, &spec) < 0)
		return -ENOMEM;
	/* A mapping that is no logical volume (encrypted swap) is made at boot. */
	if (spec.kind != BM_SPEC_UUID && spec.kind != BM_SPEC_LABEL && spec.kind != BM_SPEC_PARTUUID &&
		spec.kind != BM_SPEC_PARTLABEL && !(spec.kind == BM_SPEC_MAPPER && spec.vg && sees_lvm(check)))
		return 0;
	if (!bm_check_knows_devices(check) || bm_devices_have(&check->survey->devices, resume))
		return 0;
	endless = check->proof && check->proof->waits_for_resume;
	finding = add(check, BM_FINDING_CMDLINE_RESUME_UNKNOWN, text, resume,
		endless ? ", which is on none of the disks, and systemd in the initramfs waits for it for ever"
			: ", which is on none of the disks");
	if (!finding)
		return -ENOMEM;
	if (endless)
		finding->severity = BM_SEVERITY_FATAL;
	if (bm_check_may_hide(check, &spec)) {
		bm_check_doubt(finding);
		finding->severity = endless ? BM_SEVERITY_WARNING : BM_SEVERITY_NOTE;
	}
	return 0;
}

int bm_check_cmdline(const struct bm_check *check)
{
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = check->entry ? check->entry->entry.cmdline : NULL, *root;
	struct bm_cmdline_boot boot;
	bool cut = false;

	/* An entry of another system is not judged. */
	if (!text || !bm_check_boots(check))
		return 0;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		return -ENOMEM;
	bm_cmdline_boot(&line, &boot);
	root = boot.root;
	/* ENTRY-CUT has told it. */
	for (size_t i = 0; i < check->system->loader.n_cuts; i++)
		cut |= check->system->loader.cuts[i].root &&
		       bm_streq(check->system->loader.cuts[i].id, check->entry->entry.id);
	if (check->entry->kernelopts_lost && !cut && check_kernelopts(check, root) < 0)
		return -ENOMEM;
	if ((!root || !*root) && !check->entry->entry.unresolved && !check->entry->kernelopts_lost && !cut &&
		check_no_root(check, &line, root) < 0)
		return -ENOMEM;
	/* With a variable inside that has no value here, what is written is not what is booted. */
	if (check->entry->entry.unresolved && !check->entry->kernelopts_lost)
		return 0;
	if (root && *root && check_root(check, root) < 0)
		return -ENOMEM;
	if (root && *root && check_subvolume(check, &boot) < 0)
		return -ENOMEM;
	if (check_volumes(check, &line, root) < 0)
		return -ENOMEM;
	return boot.resume && *boot.resume ? check_resume(check, boot.resume) : 0;
}
