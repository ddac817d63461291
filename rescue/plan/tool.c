/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tool.h"

#include <errno.h>

#include "../base/str.h"

static int add_all(struct bm_strv *list, const char *const *words)
{
	for (; *words; words++)
		if (bm_strv_add(list, *words) < 0)
			return -ENOMEM;
	return 0;
}

static bool dracut_serves(const struct bm_tools *tools)
{
	return tools->dracut && tools->dracut_preferred;
}

/*
 * dracut 033 to 112 take these: the file and the version are always named (without a version it takes the rescue
 * kernel's), the temporary folder too (/var may be full or another filesystem). The system's own dracut.conf counts.
 */
static int dracut_command(const struct bm_system *system, const struct bm_needs *needs, struct bm_step *step)
{
	const char *const head[] = {system->tools.dracut, "--force", "--tmpdir", BM_TOOL_TMPDIR, NULL};
	const char *const tail[] = {BM_TOOL_OUTPUT, needs->version, NULL};
	_cleanup_free_ char *drivers = bm_strv_join(&needs->add_drivers, " ");

	if (!drivers || add_all(&step->argv, head) < 0)
		return -ENOMEM;
	/* Host-only mode keeps what this machine shows; an image file shows nothing. */
	if (!needs->hardware_known && bm_strv_add(&step->argv, "--no-hostonly") < 0)
		return -ENOMEM;
	if (needs->lvm && (bm_strv_add(&step->argv, "--add") < 0 || bm_strv_add(&step->argv, "lvm") < 0))
		return -ENOMEM;
	if (needs->add_drivers.n > 0 &&
		(bm_strv_add(&step->argv, "--add-drivers") < 0 || bm_strv_add(&step->argv, drivers) < 0))
		return -ENOMEM;
	return add_all(&step->argv, tail);
}

static bool mkinitramfs_serves(const struct bm_tools *tools)
{
	return tools->mkinitramfs && !dracut_serves(tools);
}

/*
 * mkinitramfs and not update-initramfs, which writes over the live file. It has no option for drivers: they are added
 * to a copy of its configuration.
 */
static int mkinitramfs_command(const struct bm_system *system, const struct bm_needs *needs, struct bm_step *step)
{
	const char *const words[] = {
		system->tools.mkinitramfs, "-d", BM_TOOL_CONFDIR, "-o", BM_TOOL_OUTPUT, needs->version, NULL};

	if (bm_strv_add(&step->environment, "TMPDIR=" BM_TOOL_TMPDIR) < 0)
		return -ENOMEM;
	return add_all(&step->argv, words);
}

static const struct bm_tool tools[] = {
	{"dracut", dracut_serves, dracut_command, NULL},
	{"initramfs-tools", mkinitramfs_serves, mkinitramfs_command, "/etc/initramfs-tools"},
};

const struct bm_tool *bm_tool_of(const struct bm_system *system)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(tools); i++)
		if (tools[i].serves(&system->tools))
			return &tools[i];
	return NULL;
}

const char *bm_tool_config(const struct bm_step *step)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(tools); i++)
		if (tools[i].config && bm_strv_has(&step->argv, BM_TOOL_CONFDIR))
			return tools[i].config;
	return NULL;
}
