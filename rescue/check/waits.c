/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an initramfs of dracut waits for by itself: the devices of the machine that it was built on, in hooks
 * (initqueue/finished/devexists-*.sh) and arguments (etc/cmdline.d). dracut goes on when all of them are there, or
 * gives up after minutes; systemd waits for the hooks' devices without any limit. A hook is not made for swap, and
 * where a device to resume from does not come dracut goes on.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/etc/mdadmconf.h"

struct waits {
	const struct bm_check *check;
	struct bm_strv told; /* specs */
};

/* The image waits for what; parsed is the same as a spec, NULL where it is none. */
static int add(
	struct waits *waits, const char *what, const struct bm_spec *parsed, const char *by, enum bm_severity severity)
{
	const struct bm_check *check = waits->check;
	const char *key = parsed ? parsed->value : what;
	struct bm_finding *finding;

	if (bm_strv_has(&waits->told, key))
		return 0;
	finding = bm_findings_add(check->findings, BM_FINDING_INITRAMFS_WAIT_UNKNOWN, check->entry->initramfs, 0,
		"the image was built to wait for %s (%s), which is on none of the disks", what, by);
	if (!finding || bm_strv_add(&waits->told, key) < 0)
		return -ENOMEM;
	finding->severity = severity;
	if (parsed ? bm_check_may_hide(check, parsed) : check->hidden)
		bm_check_doubt(finding);
	return bm_check_detail(finding, NULL, check->kernel->version);
}

/* Whether LVM was looked into, and, where a group is named, has it. */
static bool sees_lvm(const struct bm_devices *devices, const char *vg)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i].vg_name && (!vg || bm_streq(devices->items[i].vg_name, vg)))
			return true;
	return false;
}

/* A device by any name that proves something. */
static int check_spec(struct waits *waits, const char *spec, const char *by, enum bm_severity severity)
{
	const struct bm_devices *devices = &waits->check->survey->devices;
	_cleanup_spec_ struct bm_spec parsed = {0};
	bool proves;

	if (bm_fstab_spec_parse(spec, &parsed) < 0)
		return -ENOMEM;
	/* Names of disks move. A mapping that only looks like a logical volume (luks-home) is made at boot. */
	if (parsed.kind == BM_SPEC_MAPPER)
		proves = parsed.vg && sees_lvm(devices, bm_str_starts(spec, "/dev/mapper/") ? parsed.vg : NULL);
	else
		proves = parsed.kind == BM_SPEC_UUID || parsed.kind == BM_SPEC_LABEL ||
			 parsed.kind == BM_SPEC_PARTUUID || parsed.kind == BM_SPEC_PARTLABEL;
	return !proves || bm_devices_have(devices, spec) ? 0 : add(waits, spec, &parsed, by, severity);
}

/* An array, known by its members' UUID. */
static int check_array(struct waits *waits, const char *value, const char *by)
{
	const struct bm_devices *devices = &waits->check->survey->devices;
	char uuid[BM_MD_UUID_TEXT], theirs[BM_MD_UUID_TEXT];

	if (!bm_md_uuid(value, uuid))
		return 0;
	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];

		/* The containers of firmware's RAID are named otherwise. */
		if (bm_streq(device->fstype, "isw_raid_member") || bm_streq(device->fstype, "ddf_raid_member"))
			return 0;
		if (device->uuid && bm_md_uuid(device->uuid, theirs) && bm_streq(uuid, theirs))
			return 0;
	}
	return add(waits, value, NULL, by, BM_SEVERITY_FATAL);
}

/* One of the image's own arguments. */
static int check_argument(struct waits *waits, const struct bm_cmdline_arg *arg, const struct bm_cmdline *given)
{
	_cleanup_free_ char *by = bm_strf("%s=%s in its etc/cmdline.d", arg->key, arg->value), *spec = NULL;
	const char *luks = bm_str_after(arg->value, "luks-");

	if (!by)
		return -ENOMEM;
	/* Of these the kernel's own come last and count. */
	if (bm_streq(arg->key, "resume"))
		return bm_cmdline_has(given, "resume") || bm_cmdline_has(given, "noresume")
			       ? 0
			       : check_spec(waits, arg->value, by, BM_SEVERITY_WARNING);
	if (bm_streq(arg->key, "root"))
		return bm_cmdline_has(given, "root") ? 0 : check_spec(waits, arg->value, by, BM_SEVERITY_FATAL);
	if (bm_streq(arg->key, "rd.md.uuid"))
		return check_array(waits, arg->value, by);
	if (bm_streq(arg->key, "rd.lvm.lv") && strchr(arg->value, '/'))
		spec = bm_strf("/dev/%s", arg->value);
	else if (bm_streq(arg->key, "rd.luks.uuid"))
		spec = bm_strf("UUID=%s", luks ? luks : arg->value);
	else
		return 0;
	return spec ? check_spec(waits, spec, by, BM_SEVERITY_FATAL) : -ENOMEM;
}

/* A network that only the image asks for: for a server of keys (clevis), mostly. dracut waits for it until it gives up.
 */
static int check_network(const struct bm_check *check, const struct bm_cmdline *own, const struct bm_cmdline *given)
{
	const char *root = bm_cmdline_last(given, "root");
	_cleanup_spec_ struct bm_spec spec = {0};
	struct bm_finding *finding;
	bool encrypted = false;

	if (!bm_cmdline_bool(own, "rd.neednet", false) || bm_cmdline_has(given, "rd.neednet") ||
		bm_cmdline_has(given, "ip") || bm_cmdline_has(given, "netroot") ||
		bm_fstab_spec_parse(root ? root : "", &spec) < 0 ||
		!bm_devices_have(&check->survey->devices, root ? root : ""))
		return 0;
	for (size_t i = 0; i < check->survey->devices.n; i++)
		encrypted |= check->survey->devices.items[i].kind == BM_DEVICE_CRYPT &&
			     bm_device_on(&check->survey->devices, (size_t)check->system->root_device, i);
	finding = bm_findings_add(check->findings, BM_FINDING_INITRAMFS_NEEDS_NETWORK, check->entry->initramfs, 0,
		"rd.neednet=1 in its etc/cmdline.d lets dracut wait for a network%s",
		encrypted ? ", for the key of the encrypted root" : "; the root is on a disk and needs none");
	if (!finding || bm_check_detail(finding, NULL, "rd.neednet=0") < 0)
		return -ENOMEM;
	/* Whether a network comes is not known here. */
	bm_check_doubt(finding);
	if (encrypted)
		finding->severity = BM_SEVERITY_NOTE;
	return 0;
}

static int check_waits(struct waits *waits, const struct bm_cmdline *own, const struct bm_cmdline *given)
{
	const struct bm_strv *hooks = &waits->check->proof->dracut.waits;

	for (size_t i = 0; i < hooks->n; i++)
		if (check_spec(waits, hooks->items[i], "a hook in it", BM_SEVERITY_FATAL) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < own->n; i++)
		if (own->items[i].value && *own->items[i].value && check_argument(waits, &own->items[i], given) < 0)
			return -ENOMEM;
	return check_network(waits->check, own, given);
}

int bm_check_waits(const struct bm_check *check)
{
	const char *text = check->entry ? check->entry->entry.cmdline : NULL, *arguments;
	_cleanup_cmdline_ struct bm_cmdline own = {0}, given = {0};
	struct waits waits = {.check = check};
	int r;

	if (!text || !bm_check_boots(check) || !check->proof || check->kernel->rescue ||
		check->entry->entry.unresolved || !bm_check_knows_devices(check))
		return 0;
	arguments = check->proof->dracut.arguments ? check->proof->dracut.arguments : "";
	if (bm_cmdline_parse(arguments, strlen(arguments), &own) < 0 ||
		bm_cmdline_parse(text, strlen(text), &given) < 0)
		return -ENOMEM;
	/* Then dracut takes away whatever it has from the machine that the image was built on. */
	if (!bm_cmdline_bool(&given, "rd.hostonly", true))
		return 0;
	r = check_waits(&waits, &own, &given);
	bm_strv_done(&waits.told);
	return r;
}
