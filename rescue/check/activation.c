/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells an initramfs of dracut to bring up what the root lies on: logical volumes, arrays, encrypted disks. The
 * kernel command line and the image's own arguments count together; what happens without any is the image's own hooks'
 * business, which were read (proof_dracut.c).
 *
 * Where logical volumes are named, only those are activated. Where a filesystem is the only one on its layer and is not
 * the root, nothing waits for the layer unless it is named: dracut goes on as soon as the root is there.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/etc/mdadmconf.h"

enum { KEYS_MAX = 7 };

/* What each layer calls its things; dracut.cmdline(7), and the names before version 013. */
static const struct layer {
	const char *what;
	const char *off[3];	      /* switches that forbid it: KEY=0 */
	const char *off_flag;	      /* the old one, that is no switch: its presence forbids */
	const char *names[KEYS_MAX];  /* arguments that name one of it */
	const char *others[KEYS_MAX]; /* arguments that name something in a way that is not followed */
} layers[BM_LAYERS] = {
	[BM_LAYER_LVM] = {"logical volume", {"rd.lvm"}, "rd_NO_LVM",
		{"rd.lvm.lv", "rd_LVM_LV", "rd.lvm.vg", "rd_LVM_VG"}, {NULL}},
	[BM_LAYER_MD] = {"RAID array", {"rd.md"}, "rd_NO_MD", {"rd.md.uuid", "rd_MD_UUID"}, {NULL}},
	[BM_LAYER_CRYPT] = {"encrypted disk", {"rd.luks", "luks"}, "rd_NO_LUKS",
		{"rd.luks.uuid", "rd_LUKS_UUID", "luks.uuid", "rd.luks.name", "luks.name"},
		{"rd.luks.partuuid", "rd.luks.serial", "rd_LUKS_PARTUUID", "rd_LUKS_SERIAL", "luks.crypttab",
			"rd.luks.crypttab"}},
};

/* One thing that must be brought up. */
struct item {
	enum bm_layer layer;
	const struct bm_device *device;
	char uuid[BM_MD_UUID_TEXT]; /* of an array, plain digits */
	const char *luks;	    /* the UUID of an encrypted disk */
	const char *target;	    /* the filesystem that lies on it */
	bool waited;		    /* the initramfs waits for it: the root lies on the same layer, or a hook says so */
};

/* --- what the command line says --- */

/* rd.luks.uuid=[luks-]UUID, rd.luks.name=UUID=NAME; for dracut a part of the UUID is enough. */
static bool same_luks(const char *value, const char *uuid)
{
	const char *rest = bm_str_after(value, "luks-");
	size_t n;

	value = rest ? rest : value;
	n = strcspn(value, "=");
	for (; n > 0 && n <= strlen(uuid); uuid++)
		if (strncasecmp(value, uuid, n) == 0)
			return true;
	return false;
}

/* Whether an argument that names one of the item's layer names this. */
static bool names_item(const struct item *item, const struct bm_cmdline_arg *arg)
{
	const char *vg = item->device->vg_name, *rest;
	char uuid[BM_MD_UUID_TEXT];

	switch (item->layer) {
	case BM_LAYER_LVM:
		if (strstr(arg->key, ".vg") || bm_str_ends(arg->key, "_VG"))
			return bm_streq(arg->value, vg);
		rest = vg ? bm_str_after(arg->value, vg) : NULL;
		return rest && *rest == '/' && bm_streq(rest + 1, item->device->lv_name);
	case BM_LAYER_MD:
		return bm_md_uuid(arg->value, uuid) && bm_streq(uuid, item->uuid);
	default:
		return same_luks(arg->value, item->luks);
	}
}

struct said {
	const char *off; /* the argument that forbids the layer, or NULL */
	bool any, named; /* some are named; this is */
	bool other;	 /* something is named in a way that is not followed */
};

static bool has_key(const char *const *keys, const char *key)
{
	for (size_t k = 0; k < KEYS_MAX && keys[k]; k++)
		if (bm_streq(keys[k], key))
			return true;
	return false;
}

static struct said said_of(const struct bm_cmdline *line, const struct item *item)
{
	const struct layer *layer = &layers[item->layer];
	struct said said = {0};

	for (size_t k = 0; k < BM_ARRAY_SIZE(layer->off) && layer->off[k]; k++)
		if (!bm_cmdline_bool(line, layer->off[k], true))
			said.off = layer->off[k];
	if (bm_cmdline_has(line, layer->off_flag))
		said.off = layer->off_flag;
	for (size_t i = 0; i < line->n; i++) {
		const struct bm_cmdline_arg *arg = &line->items[i];

		if (arg->init || !arg->value || !*arg->value)
			continue;
		said.other |= has_key(layer->others, arg->key);
		if (!has_key(layer->names, arg->key))
			continue;
		said.any = true;
		said.named |= names_item(item, arg);
	}
	return said;
}

/* --- the finding --- */

/* The argument that names the item: "rd.lvm.lv=VG/LV"; for free(), NULL when memory is short. */
static char *argument_of(const struct item *item)
{
	const char *u = item->uuid;

	switch (item->layer) {
	case BM_LAYER_LVM:
		return bm_strf("rd.lvm.lv=%s/%s", item->device->vg_name, item->device->lv_name);
	case BM_LAYER_MD:
		return bm_strf("rd.md.uuid=%.8s:%.8s:%.8s:%.8s", u, u + 8, u + 16, u + 24);
	default:
		return bm_strf("rd.luks.uuid=%s", item->luks);
	}
}

/* The word by which the entry forbids a layer, for free(). */
static char *word_of(const struct bm_cmdline *line, const char *key)
{
	for (size_t i = line->n; i > 0; i--)
		if (bm_streq(line->items[i - 1].key, key))
			return line->items[i - 1].value ? bm_strf("%s=%s", key, line->items[i - 1].value) : strdup(key);
	return strdup(key);
}

static int add(
	const struct bm_check *check, const struct item *item, const char *subject, const char *why, bool certain)
{
	struct bm_check_line place = bm_check_find(check, check->entry->entry.kernel);
	struct bm_finding *finding = bm_findings_add(check->findings, BM_FINDING_ACTIVATION_MISSING, place.file,
		place.line, "%s lies on the %s %s, and %s", item->target, layers[item->layer].what, item->device->name,
		why);

	if (!finding || bm_check_place(check, finding, subject) < 0)
		return -ENOMEM;
	if (!certain)
		bm_check_doubt(finding);
	return 0;
}

static int judge(const struct bm_check *check, const struct bm_cmdline *line, const struct item *item)
{
	const struct bm_proof_dracut *dracut = &check->proof->dracut;
	enum bm_dracut_default by_itself = dracut->defaults[item->layer];
	struct said said = said_of(line, item);
	_cleanup_free_ char *argument = argument_of(item), *why = NULL, *off = NULL;
	bool automatic = bm_cmdline_bool(line, "rd.auto", false), all;

	if (!argument)
		return -ENOMEM;
	if (said.off) {
		off = word_of(line, said.off);
		why = off ? bm_strf("%s forbids dracut to bring it up", off) : NULL;
		if (!why || add(check, item, off, why, true) < 0)
			return -ENOMEM;
		free(why);
		why = NULL;
	}
	all = !said.any && (by_itself == BM_DRACUT_ALL || automatic);
	if (said.named || said.other || (all && item->waited))
		return 0;
	why = said.any ? bm_strf("the arguments name others, but not this: dracut brings up only what is named")
	      : all    ? bm_strf("nothing names it: dracut goes on when the root is there, without waiting for it")
		       : bm_strf("nothing asks for it (%s, or rd.auto): this image brings none up by itself", argument);
	return why ? add(check, item, argument, why, said.any || by_itself != BM_DRACUT_UNKNOWN) : -ENOMEM;
}

/* --- what must be brought up --- */

/* The member that a device lies on, of that type; NULL. */
static const struct bm_device *member_of(
	const struct bm_devices *devices, const struct bm_device *device, const char *type)
{
	for (size_t p = 0; p < device->n_parents; p++)
		if (bm_streq(devices->items[device->parents[p]].fstype, type) &&
			devices->items[device->parents[p]].uuid)
			return &devices->items[device->parents[p]];
	return NULL;
}

/* Fills in what the device is called. False where it is none of the layers, or has no name to be called by. */
static bool take_item(const struct bm_devices *devices, const struct bm_device *device, struct item *item)
{
	const struct bm_device *member;

	item->device = device;
	switch (device->kind) {
	case BM_DEVICE_LV:
		item->layer = BM_LAYER_LVM;
		return device->vg_name && device->lv_name;
	case BM_DEVICE_MD:
		item->layer = BM_LAYER_MD;
		member = member_of(devices, device, "linux_raid_member");
		return member && bm_md_uuid(member->uuid, item->uuid);
	case BM_DEVICE_CRYPT:
		item->layer = BM_LAYER_CRYPT;
		member = member_of(devices, device, "crypto_LUKS");
		item->luks = member ? member->uuid : NULL;
		return item->luks;
	default:
		return false;
	}
}

/* Whether the image waits for the device at index by one of its own hooks. */
static bool has_wait(const struct bm_check *check, int index)
{
	const struct bm_strv *waits = &check->proof->dracut.waits;
	bool exact;

	for (size_t i = 0; i < waits->n; i++)
		if (bm_devices_find_spec(&check->survey->devices, waits->items[i], NULL, index, &exact) == index)
			return true;
	return false;
}

/* Whether the root lies on a device of this kind. */
static bool root_on(const struct bm_check *check, enum bm_device_kind kind)
{
	const struct bm_devices *devices = &check->survey->devices;

	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i].kind == kind && bm_device_on(devices, (size_t)check->system->root_device, i))
			return true;
	return false;
}

static int check_mount(const struct bm_check *check, const struct bm_cmdline *line, const char *target, int index)
{
	const struct bm_devices *devices = &check->survey->devices;
	const bool is_root = index == check->system->root_device;

	for (size_t i = 0; i < devices->n; i++) {
		struct item item = {.target = target};

		if (!bm_device_on(devices, (size_t)index, i) || !take_item(devices, &devices->items[i], &item) ||
			!check->proof->dracut.hooks[item.layer] || bm_device_is_part(devices, (size_t)index, i))
			continue;
		/* What the root lies on was told for the root. */
		if (!is_root && bm_device_on(devices, (size_t)check->system->root_device, i))
			continue;
		/* systemd opens what crypttab names; LVM's own rules activate what appears. */
		if ((item.layer == BM_LAYER_CRYPT && check->proof->dracut.crypttab) ||
			(item.layer == BM_LAYER_LVM && check->proof->dracut.lvm_rules))
			continue;
		item.waited = is_root || root_on(check, devices->items[i].kind) || has_wait(check, index);
		if (judge(check, line, &item) < 0)
			return -ENOMEM;
	}
	return 0;
}

int bm_check_activation(const struct bm_check *check)
{
	const struct bm_mount *usr = bm_system_mount(check->system, "/usr");
	const char *text = check->entry ? check->entry->entry.cmdline : NULL;
	_cleanup_free_ char *both = NULL;
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	/* Nothing is known where a part of the arguments is not, and a rescue image is of another kernel. */
	if (!text || !bm_check_boots(check) || !check->proof || check->kernel->rescue ||
		check->entry->entry.unresolved || check->entry->unified || check->proof->dracut.unread ||
		check->system->root_device < 0)
		return 0;
	both = bm_strf("%s %s", check->proof->dracut.arguments ? check->proof->dracut.arguments : "", text);
	if (!both || bm_cmdline_parse(both, strlen(both), &line) < 0)
		return -ENOMEM;
	if (check_mount(check, &line, "/", check->system->root_device) < 0)
		return -ENOMEM;
	return usr && usr->device >= 0 && !usr->optional ? check_mount(check, &line, "/usr", usr->device) : 0;
}
