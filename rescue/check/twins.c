/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What root= or fstab names by an identifier that several devices carry: a copy of the disk that is attached, or a
 * partition table that was copied. udev's link leads to whichever comes last, so that the boot takes one or the other.
 */
#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "check_int.h"

/* The disk that the device lies on; itself where it lies on nothing or on several. */
static size_t disk_of(const struct bm_devices *devices, size_t device)
{
	for (size_t depth = 0; depth < devices->n && devices->items[device].n_parents == 1; depth++)
		device = devices->items[device].parents[0];
	return device;
}

static bool same_number(const char *a, const char *b)
{
	return a && *a && bm_streq(a, b);
}

/* Whether both lie on the same disk, reached by two paths. */
static bool same_disk_twice(const struct bm_devices *devices, size_t a, size_t b)
{
	const struct bm_device *da = &devices->items[disk_of(devices, a)], *db = &devices->items[disk_of(devices, b)];

	return da != db && (same_number(da->wwid, db->wwid) || same_number(da->serial, db->serial));
}

/* Whether the device is one that the spec may mean: not a part of something else (a member of an array, a path of a
 * multipath device), and nothing that is only brought up by name. All devices of one btrfs have its UUID. */
static bool may_be_meant(const struct bm_devices *devices, size_t index, const struct bm_spec *spec)
{
	const struct bm_device *device = &devices->items[index];
	bool content = spec->kind == BM_SPEC_UUID || spec->kind == BM_SPEC_LABEL;

	if ((device->kind != BM_DEVICE_PARTITION && device->kind != BM_DEVICE_DISK) ||
		!bm_device_carries(device, spec) || bm_device_is_open(devices, index))
		return false;
	return !content ||
	       (!bm_streq(device->fstype, "btrfs") && !(device->fstype && bm_str_ends(device->fstype, "_member")));
}

/* The names of the devices that text may mean, where they are several; else none. 0 or -ENOMEM. */
static int find_twins(const struct bm_devices *devices, const char *text, struct bm_strv *names)
{
	_cleanup_spec_ struct bm_spec spec = {0};
	_cleanup_strv_ struct bm_strv found = {0};
	size_t first = 0;

	if (bm_fstab_spec_parse(text, &spec) < 0)
		return -ENOMEM;
	if (spec.kind == BM_SPEC_MAPPER)
		return 0;
	for (size_t i = 0; i < devices->n; i++) {
		if (!may_be_meant(devices, i, &spec) || (found.n > 0 && same_disk_twice(devices, first, i)))
			continue;
		first = found.n > 0 ? first : i;
		if (bm_strv_add(&found, devices->items[i].name) < 0)
			return -ENOMEM;
	}
	if (found.n > 1) {
		*names = found;
		found = (struct bm_strv){0};
	}
	return 0;
}

static int tell(const struct bm_check *check, struct bm_check_line place, const char *spec, const char *what)
{
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ char *list = NULL;
	struct bm_finding *finding;

	if (find_twins(&check->survey->devices, spec, &names) < 0)
		return -ENOMEM;
	if (names.n == 0)
		return 0;
	list = bm_strv_join(&names, " and ");
	finding = list ? bm_findings_add(check->findings, BM_FINDING_TWINS, place.file, place.line,
				 "%s for %s is carried by %s", spec, what, list)
		       : NULL;
	return finding ? bm_check_place(check, finding, spec) : -ENOMEM;
}

int bm_check_twins(const struct bm_check *check)
{
	const char *text = check->entry ? check->entry->entry.cmdline : NULL, *root = NULL;
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	if (!bm_check_knows_devices(check))
		return 0;
	if (text && bm_check_boots(check) && !check->entry->entry.unresolved) {
		_cleanup_free_ char *word = NULL;

		if (bm_cmdline_parse(text, strlen(text), &line) < 0)
			return -ENOMEM;
		root = bm_cmdline_last(&line, "root");
		word = root ? bm_strf("root=%s", root) : NULL;
		if (root && (!word || tell(check, bm_check_find(check, word), root, "the root") < 0))
			return -ENOMEM;
	}
	for (size_t i = 0; i < check->system->fstab.n_lines; i++) {
		const struct bm_fstab_line *entry = &check->system->fstab.lines[i];

		if (!bm_streq(entry->spec, root) && !bm_check_not_needed(entry) &&
			tell(check, (struct bm_check_line){"/etc/fstab", entry->line}, entry->spec, entry->target) < 0)
			return -ENOMEM;
	}
	return 0;
}
