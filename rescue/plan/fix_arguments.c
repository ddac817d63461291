/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the arguments of a boot entry that has lost them were, as far as that can be known.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/etc/keyval.h"

/* --- what the root filesystem is called --- */

/* "root=UUID=...", or "root=/dev/mapper/VG-LV rd.lvm.lv=VG/LV"; NULL where the root has no name that lasts (then
 * *ret_failed says whether memory was short). For free(). */
char *bm_fix_root_arguments(const struct bm_fix *fix, bool *ret_failed)
{
	const struct bm_system *system = fix->system;
	const struct bm_device *root =
		system->root_device >= 0 ? &fix->survey->devices.items[system->root_device] : NULL;
	_cleanup_buf_ struct bm_buf out = {0};
	char *text;

	*ret_failed = false;
	if (!root)
		return NULL;
	if (root->kind == BM_DEVICE_LV && root->vg_name && root->lv_name) {
		bm_buf_adds(&out, "root=/dev/mapper/");
		bm_words_put_mapper(&out, root->vg_name, root->lv_name);
		if (system->tools.dracut)
			bm_buf_addf(&out, " rd.lvm.lv=%s/%s", root->vg_name, root->lv_name);
	} else if (root->uuid) {
		bm_buf_addf(&out, "root=UUID=%s", root->uuid);
	} else {
		return NULL;
	}
	text = bm_buf_steal(&out);
	*ret_failed = !text;
	return text;
}

/* The subvolume of a btrfs root, as rootflags= names it; NULL for none. */
int bm_fix_root_flags(const struct bm_fix *fix, char **ret_flags)
{
	const struct bm_mount *root = bm_system_mount(fix->system, "/");
	_cleanup_free_ char *subvolume = NULL;

	if (root && root->options && bm_fstab_option(root->options, "subvol", &subvolume) < 0)
		return -ENOMEM;
	*ret_flags = subvolume ? bm_strf("rootflags=subvol=%s", subvolume) : NULL;
	return subvolume && !*ret_flags ? -ENOMEM : 0;
}

/* --- what an entry had, from what other files say --- */

/* Whether a logical volume, as VG/LV, is on one of the disks. */
static bool have_volume(const struct bm_fix *fix, const char *name)
{
	const struct bm_devices *devices = &fix->survey->devices;

	for (size_t i = 0; i < devices->n; i++) {
		const char *rest = devices->items[i].vg_name ? bm_str_after(name, devices->items[i].vg_name) : NULL;

		if (rest && *rest == '/' && bm_streq(rest + 1, devices->items[i].lv_name))
			return true;
	}
	return false;
}

/* Arguments that are worth keeping: those that can be read elsewhere, without what names a root or what is not there.
 */
static int keep_arguments(const struct bm_fix *fix, const char *text, struct bm_buf *out)
{
	static const char *const own[] = {"root", "BOOT_IMAGE", "initrd", "rootflags"};
	_cleanup_strv_ struct bm_strv words = {0};

	if (bm_strv_split(&words, text, " \t\r\n") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < words.n; i++) {
		const char *value;
		bool skip = strchr(words.items[i], '$') || bm_streq(words.items[i], "ro");

		for (size_t k = 0; k < BM_ARRAY_SIZE(own); k++) {
			const char *rest = bm_str_after(words.items[i], own[k]);

			skip |= rest && *rest == '=';
		}
		value = bm_str_after(words.items[i], "rd.lvm.lv=");
		skip |= value && (!have_volume(fix, value) || strstr(bm_buf_text(out), words.items[i]));
		value = bm_str_after(words.items[i], "resume=");
		skip |= value && !bm_devices_have(&fix->survey->devices, value);
		if (!skip)
			bm_buf_addf(out, " %s", words.items[i]);
	}
	return out->failed ? -ENOMEM : 0;
}

/* GRUB_CMDLINE_LINUX's value, without what a shell would replace. */
static int grub_default(const struct bm_fix *fix, struct bm_buf *out)
{
	const struct bm_source *source = bm_sources_find(&fix->system->sources, "/etc/default/grub");
	_cleanup_keyval_ struct bm_keyval keys = {0};
	const struct bm_keyval_pair *pair;

	if (!source || !source->text)
		return 0;
	if (bm_keyval_parse(source->text, source->len, &keys) < 0)
		return -ENOMEM;
	pair = bm_keyval_find(&keys, "GRUB_CMDLINE_LINUX");
	return pair && !pair->expands ? keep_arguments(fix, pair->value, out) : 0;
}

/* The arguments that were lost, as far as they can be known: the root, and what other files say. */
int bm_fix_lost_arguments(const struct bm_fix *fix, const char *root, const char *flags, struct bm_buf *out)
{
	const struct bm_source *cmdline = bm_sources_find(&fix->system->sources, "/etc/kernel/cmdline");
	const struct bm_loader *loader = &fix->system->loader;
	size_t own;

	bm_buf_addf(out, "%s ro%s%s", root, flags ? " " : "", flags ? flags : "");
	own = out->len;
	if (grub_default(fix, out) < 0)
		return -ENOMEM;
	if (out->len == own && cmdline && cmdline->text && keep_arguments(fix, cmdline->text, out) < 0)
		return -ENOMEM;
	for (size_t i = 0; out->len == own && i < loader->n_entries; i++) {
		const struct bm_boot_entry *entry = &loader->entries[i];

		if (entry->kernel && entry->entry.cmdline && !entry->kernelopts_lost &&
			strstr(entry->entry.cmdline, "root=") && keep_arguments(fix, entry->entry.cmdline, out) < 0)
			return -ENOMEM;
	}
	return out->failed ? -ENOMEM : 0;
}
