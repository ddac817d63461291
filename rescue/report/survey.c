/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan for people:
 *
 *	System 3f2a9c1e  Debian GNU/Linux 12 (bookworm), host web01
 *	  /           vda2        ext4     7.0 GiB  fstab UUID=77e1...
 *	  /boot       vda1        ext4   512.0 MiB  fstab UUID=0d3c...
 *
 *	  kernel               image  mods  initramfs
 *	* 6.1.0-56-amd64       yes    yes   MISSING    /boot/initramfs-VER.img
 *	  6.1.0-55-amd64       yes    yes   61.3 MiB   /boot/initramfs-VER.img
 *
 *	  loader   grub2, BIOS, x86_64, /boot/grub/grub.cfg, 4 entries
 *	  default  Debian GNU/Linux
 *
 *	  findings: 1 fatal, 0 warnings, 0 notes
 *	  fatal    INITRAMFS-MISSING  /boot/initramfs-6.1.0-56-amd64.img does not exist
 *
 * A console has 25 lines, one of which is the prompt: without -v every part has its share of 24.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "../base/str.h"
#include "../system/unopened.h"
#include "text.h"

enum {
	MOUNTS_MAX = 6,
	KERNELS_MAX = 4,
	FINDINGS_MAX = 3,
	VERSION_COLUMNS_MAX = 42,
};

static void put_size(struct bm_text *text, unsigned int end, uint64_t bytes)
{
	_cleanup_free_ char *size = bm_size_text(bytes);

	if (size)
		bm_text_right(text, end, BM_TONE_PLAIN, size);
	else
		text->out->failed = true;
}

/* "Debian GNU/Linux 12 (bookworm), host web01" behind the id. */
char *bm_report_system_name(const struct bm_system *system)
{
	const char *os = system->os_name ? system->os_name : system->os_id;
	_cleanup_buf_ struct bm_buf buf = {0};

	bm_buf_addf(&buf, "%s  %s", system->id ? system->id : "-", os ? os : "an unnamed system");
	/* os-release's PRETTY_NAME has the version, a bare NAME does not */
	if (os && system->os_version && !strstr(os, system->os_version))
		bm_buf_addf(&buf, " %s", system->os_version);
	if (system->hostname)
		bm_buf_addf(&buf, ", host %s", system->hostname);
	return bm_buf_steal(&buf);
}

static void put_header(struct bm_text *text, const struct bm_system *system)
{
	_cleanup_free_ char *name = bm_report_system_name(system);

	if (!name) {
		text->out->failed = true;
		return;
	}
	bm_text_put(text, BM_TONE_PLAIN, "System ");
	bm_text_putf(text, BM_TONE_STRONG, "%s", name);
	bm_text_end(text);
}

static void put_mount(struct bm_text *text, const struct bm_survey *survey, const struct bm_mount *mount)
{
	const struct bm_device *device = mount->device >= 0 && (size_t)mount->device < survey->devices.n
						 ? &survey->devices.items[mount->device]
						 : NULL;
	const char *fstype = device && device->fstype ? device->fstype : mount->fstype;
	const bool other = mount->source == BM_MOUNT_FAMILY || mount->source == BM_MOUNT_RENAMED;

	bm_text_to(text, 2);
	bm_text_put(text, BM_TONE_PLAIN, mount->target);
	bm_text_to(text, 13);
	if (device)
		bm_text_put(text, BM_TONE_PLAIN, device->name);
	else if (mount->source == BM_MOUNT_MISSING)
		bm_text_put(text, mount->optional ? BM_TONE_WARN : BM_TONE_BAD, "MISSING");
	else
		bm_text_put(text, BM_TONE_PLAIN, "-");
	bm_text_to(text, 28);
	bm_text_put(text, BM_TONE_PLAIN, fstype ? fstype : "-");
	if (device)
		put_size(text, 44, device->size_bytes);
	bm_text_to(text, 46);
	if (mount->spec)
		bm_text_putf(text, other ? BM_TONE_WARN : BM_TONE_PLAIN, "fstab %s%s", mount->spec,
			other ? " (another name)" : "");
	else
		bm_text_put(text, mount->source == BM_MOUNT_CONTENT ? BM_TONE_WARN : BM_TONE_PLAIN,
			bm_mount_source_text(mount->source));
	bm_text_end(text);
}

static void put_mounts(struct bm_text *text, const struct bm_survey *survey, const struct bm_system *system, bool all)
{
	size_t shown = all ? system->n_mounts : BM_MIN(system->n_mounts, (size_t)MOUNTS_MAX);

	for (size_t i = 0; i < shown; i++)
		put_mount(text, survey, &system->mounts[i]);
}

/* The path with the version in its name written as VER: the version stands at the line's beginning, whole. */
static char *short_path(const char *path, const char *version)
{
	const char *at = strstr(path, version);

	if (!at || strlen(version) < 3)
		return strdup(path);
	return bm_strf("%.*sVER%s", (int)(at - path), path, at + strlen(version));
}

static void put_kernel(struct bm_text *text, const struct bm_kernel *kernel, bool is_default, unsigned int at)
{
	_cleanup_free_ char *path = NULL;
	bool good = kernel->image && !kernel->image_problem;

	bm_text_put(text, BM_TONE_STRONG, is_default ? "*" : "");
	bm_text_to(text, 2);
	bm_text_put(text, is_default ? BM_TONE_STRONG : BM_TONE_PLAIN, kernel->version);
	bm_text_to(text, at);
	bm_text_put(text, good ? BM_TONE_PLAIN : BM_TONE_BAD, good ? "yes" : kernel->image ? "BAD" : "NO");
	bm_text_to(text, at + 7);
	if (!kernel->modules_dir)
		bm_text_put(text, BM_TONE_BAD, "NO");
	else
		bm_text_put(
			text, kernel->modules_dep ? BM_TONE_PLAIN : BM_TONE_WARN, kernel->modules_dep ? "yes" : "dep?");
	bm_text_to(text, at + 13);
	if (kernel->initramfs_inside)
		bm_text_put(text, BM_TONE_PLAIN, "inside");
	else if (!kernel->initramfs_exists)
		bm_text_put(text, is_default ? BM_TONE_BAD : BM_TONE_WARN, "MISSING");
	else if (kernel->initramfs_size == 0)
		bm_text_put(text, BM_TONE_BAD, "EMPTY");
	else
		put_size(text, at + 13, kernel->initramfs_size);
	bm_text_to(text, at + 25);
	path = kernel->initramfs_inside ? bm_strf("(unified kernel image)")
	       : kernel->initramfs_path ? short_path(kernel->initramfs_path, kernel->version)
					: NULL;
	if (path)
		bm_text_put(text, BM_TONE_PLAIN, path);
	bm_text_end(text);
}

/* Which kernels are shown where not all are: the newest, and that of the default entry in any case. */
static bool is_shown(const struct bm_system *system, const struct bm_kernel *pick, size_t index, bool all)
{
	size_t room = KERNELS_MAX, at = pick ? (size_t)(pick - system->kernels) : 0;

	if (all || system->n_kernels <= room)
		return true;
	if (pick && at >= room - 1 && index == at)
		return true;
	return index < (pick && at >= room - 1 ? room - 1 : room);
}

static void put_kernels(struct bm_text *text, const struct bm_system *system, bool all)
{
	const struct bm_kernel *pick = bm_system_default_kernel(system);
	unsigned int at = 16;
	size_t hidden = 0;

	if (system->n_kernels == 0) {
		bm_text_to(text, 2);
		bm_text_put(text, BM_TONE_BAD, "no kernel");
		bm_text_end(text);
		return;
	}
	for (size_t i = 0; i < system->n_kernels; i++)
		if (is_shown(system, pick, i, all))
			at = BM_MAX(at, bm_text_width(system->kernels[i].version) + 4);
	at = BM_MIN(at, (unsigned int)VERSION_COLUMNS_MAX);
	bm_text_put(text, BM_TONE_PLAIN, "* kernel");
	bm_text_to(text, at);
	bm_text_put(text, BM_TONE_PLAIN, "image  mods  initramfs");
	bm_text_end(text);
	for (size_t i = 0; i < system->n_kernels; i++) {
		if (is_shown(system, pick, i, all))
			put_kernel(text, &system->kernels[i], &system->kernels[i] == pick, at);
		else
			hidden++;
	}
	if (hidden > 0) {
		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_PLAIN, "and %zu more (-v shows all)", hidden);
		bm_text_end(text);
	}
}

static void put_loader(struct bm_text *text, const struct bm_system *system)
{
	const struct bm_loader *loader = &system->loader;
	const struct bm_boot_entry *entry =
		loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries
			? &loader->entries[loader->default_entry]
			: NULL;

	bm_text_to(text, 2);
	bm_text_put(text, BM_TONE_PLAIN, "loader   ");
	bm_text_put(
		text, loader->kind == BM_LOADER_NONE ? BM_TONE_WARN : BM_TONE_PLAIN, bm_loader_kind_text(loader->kind));
	bm_text_putf(text, BM_TONE_PLAIN, ", %s%s%s", system->uefi ? "UEFI" : "BIOS", system->arch ? ", " : "",
		system->arch ? system->arch : "");
	if (loader->config)
		bm_text_putf(text, BM_TONE_PLAIN, ", %s, %zu %s", loader->config, loader->n_entries,
			loader->n_entries == 1 ? "entry" : "entries");
	bm_text_end(text);
	if (system->start.how) {
		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_PLAIN, "started  by %s%s%s", system->start.how,
			system->start.program ? ": " : "", system->start.program ? system->start.program : "");
		bm_text_end(text);
	}
	bm_text_to(text, 2);
	bm_text_put(text, BM_TONE_PLAIN, "default  ");
	if (entry)
		bm_text_put(text, BM_TONE_PLAIN, entry->entry.title && *entry->entry.title ? entry->entry.title : "-");
	else
		bm_text_putf(text, BM_TONE_WARN, "unknown%s%s", loader->default_text ? ": " : "",
			loader->default_text ? loader->default_text : "");
	bm_text_end(text);
}

static enum bm_tone severity_tone(enum bm_severity severity)
{
	return severity == BM_SEVERITY_FATAL	 ? BM_TONE_BAD
	       : severity == BM_SEVERITY_WARNING ? BM_TONE_WARN
						 : BM_TONE_PLAIN;
}

static void put_findings(struct bm_text *text, const struct bm_findings *findings, bool all)
{
	size_t fatal = bm_findings_count(findings, BM_SEVERITY_FATAL);
	size_t warnings = bm_findings_count(findings, BM_SEVERITY_WARNING);
	size_t shown = all ? findings->n : BM_MIN(findings->n, (size_t)FINDINGS_MAX);

	bm_text_to(text, 2);
	if (findings->n == 0) {
		bm_text_put(text, BM_TONE_GOOD, "no findings");
		bm_text_put(text, BM_TONE_PLAIN, " so far (`bootmend diagnose` reads the initramfs, too)");
		bm_text_end(text);
		return;
	}
	bm_text_putf(text, fatal > 0 ? BM_TONE_BAD : BM_TONE_PLAIN, "findings: %zu fatal", fatal);
	bm_text_putf(text, BM_TONE_PLAIN, ", %zu %s, %zu %s", warnings, warnings == 1 ? "warning" : "warnings",
		findings->n - fatal - warnings, findings->n - fatal - warnings == 1 ? "note" : "notes");
	bm_text_end(text);
	for (size_t i = 0; i < shown; i++) {
		const struct bm_finding *finding = &findings->items[i];

		bm_text_to(text, 2);
		bm_text_put(text, severity_tone(finding->severity), bm_severity_text(finding->severity));
		bm_text_to(text, 11);
		bm_text_put(text, BM_TONE_STRONG, bm_finding_kinds[finding->id].id);
		bm_text_put(text, BM_TONE_PLAIN, "  ");
		bm_text_put(text, BM_TONE_PLAIN, finding->evidence);
		bm_text_end(text);
	}
	if (shown < findings->n) {
		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_PLAIN, "and %zu more (`bootmend diagnose`)", findings->n - shown);
		bm_text_end(text);
	}
}

/* -v: what else is known of a system. */
static void put_details(struct bm_text *text, const struct bm_system *system)
{
	const struct bm_tools *tools = &system->tools;

	bm_text_end(text);
	bm_text_to(text, 2);
	if (tools->dracut)
		bm_text_putf(text, BM_TONE_PLAIN, "tool     %s %s", tools->dracut,
			tools->dracut_version ? tools->dracut_version : "");
	else
		bm_text_putf(text, BM_TONE_PLAIN, "tool     %s",
			tools->mkinitramfs ? tools->mkinitramfs
			: tools->foreign   ? tools->foreign
					   : "none that builds an initramfs");
	bm_text_end(text);
	for (size_t i = 0; i < system->n_kernels; i++)
		for (size_t f = 0; f < system->kernels[i].n_initramfs; f++) {
			bm_text_to(text, 2);
			put_size(text, 13, system->kernels[i].initramfs[f].size_bytes);
			bm_text_to(text, 15);
			bm_text_wrap(text, 15, BM_TONE_PLAIN, system->kernels[i].initramfs[f].path);
		}
	for (size_t i = 0; i < system->loader.n_entries; i++) {
		const struct bm_boot_entry *entry = &system->loader.entries[i];

		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_PLAIN, "entry %zu%s", i, (int)i == system->loader.default_entry ? " *" : "");
		bm_text_to(text, 13);
		bm_text_putf(text, BM_TONE_PLAIN, "%s", entry->entry.title ? entry->entry.title : "-");
		bm_text_end(text);
		bm_text_to(text, 15);
		if (entry->kernel) {
			_cleanup_free_ char *initrds = bm_strv_join(&entry->initrds, " ");
			_cleanup_free_ char *line =
				bm_strf("%s%s%s%s", entry->kernel, entry->kernel_exists ? "" : " (MISSING)",
					initrds && *initrds ? " " : "", initrds ? initrds : "");

			bm_text_wrap(text, 15, BM_TONE_PLAIN, line ? line : "");
		} else {
			bm_text_put(text, BM_TONE_PLAIN, "loads no kernel");
			bm_text_end(text);
		}
	}
}

static void put_problems(struct bm_text *text, const char *what, const struct bm_strv *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		bm_text_to(text, 2);
		bm_text_putf(text, BM_TONE_WARN, "%s", what);
		bm_text_to(text, 11);
		bm_text_wrap(text, 11, BM_TONE_PLAIN, problems->items[i]);
	}
}

/* The disks, on one line, or with -v the whole tree. */
static void put_devices(struct bm_text *text, const struct bm_survey *survey, bool all)
{
	const struct bm_devices *devices = &survey->devices;
	bool first = true;

	bm_text_put(text, BM_TONE_PLAIN, "Disks");
	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];
		_cleanup_free_ char *size = NULL;

		if (!all && (device->kind != BM_DEVICE_DISK && (device->kind != BM_DEVICE_LOOP || device->n_parents)))
			continue;
		size = bm_size_text(device->size_bytes);
		if (!all) {
			bm_text_putf(text, BM_TONE_PLAIN, "%s %s %s", first ? "" : ",", device->name, size ? size : "");
			first = false;
			continue;
		}
		bm_text_end(text);
		bm_text_to(text, device->n_parents ? 4 : 2);
		bm_text_put(text, BM_TONE_PLAIN, device->name);
		bm_text_to(text, 20);
		bm_text_right(text, 30, BM_TONE_PLAIN, size ? size : "");
		bm_text_to(text, 32);
		bm_text_put(text, BM_TONE_PLAIN, device->fstype ? device->fstype : device->table ? device->table : "-");
		bm_text_to(text, 45);
		if (device->uuid)
			bm_text_put(text, BM_TONE_PLAIN, device->uuid);
		else if (device->model)
			bm_text_put(text, BM_TONE_PLAIN, device->model);
	}
	if (devices->n == 0)
		bm_text_put(text, BM_TONE_WARN, " none");
	bm_text_end(text);
}

void bm_report_systems_text(const struct bm_survey *survey, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	for (size_t i = 0; i < survey->systems.n; i++) {
		const struct bm_system *system = &survey->systems.items[i];
		_cleanup_free_ char *name = bm_report_system_name(system);

		bm_text_to(&text, 2);
		bm_text_put(&text, BM_TONE_PLAIN, name ? name : system->id);
		if (system->root_device >= 0 && (size_t)system->root_device < survey->devices.n)
			bm_text_putf(&text, BM_TONE_PLAIN, ", on %s", survey->devices.items[system->root_device].name);
		bm_text_end(&text);
	}
}

/* Filesystems that could not be mounted, and with -v what each of the others is. */
static void put_volumes(struct bm_text *text, const struct bm_survey *survey)
{
	for (size_t i = 0; i < survey->volumes.n; i++) {
		const struct bm_volume *volume = &survey->volumes.items[i];
		_cleanup_free_ char *line = NULL;

		if (!volume->error || volume->device >= survey->devices.n)
			continue;
		line = bm_strf("%s: %s", survey->devices.items[volume->device].name, volume->error);
		bm_text_to(text, 2);
		bm_text_put(text, BM_TONE_WARN, "unread");
		bm_text_to(text, 11);
		bm_text_wrap(text, 11, BM_TONE_PLAIN, line ? line : "");
	}
}

static void put_unopened(struct bm_text *text, const struct bm_survey *survey)
{
	_cleanup_unopened_ struct bm_unopened_list list = {0};

	if (bm_unopened_find(survey, &list) < 0) {
		text->out->failed = true;
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		bm_text_to(text, 2);
		bm_text_put(text, BM_TONE_WARN, "not open");
		bm_text_to(text, 11);
		bm_text_wrap(text, 11, BM_TONE_PLAIN, list.items[i].text);
	}
}

void bm_report_in_use_text(const struct bm_survey *survey, const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	for (size_t i = 0; i < survey->in_use.n; i++) {
		_cleanup_free_ char *line =
			bm_strf("%s; what is seen may be torn, and nothing can be repaired", survey->in_use.items[i]);

		bm_text_put(&text, BM_TONE_WARN, "in use: ");
		bm_text_wrap(&text, 8, BM_TONE_PLAIN, line ? line : survey->in_use.items[i]);
	}
}

void bm_report_survey_text(const struct bm_survey *survey, const struct bm_report_item *items, size_t n,
	const struct bm_report_style *style, struct bm_buf *out)
{
	struct bm_text text;

	bm_text_init(&text, out, style->color, style->columns);
	put_devices(&text, survey, style->verbose);
	bm_report_in_use_text(survey, style, out);
	if (style->verbose || n == 0) {
		put_problems(&text, "problem", &survey->devices.problems);
		put_volumes(&text, survey);
	}
	if (n == 0) {
		bm_text_put(&text, BM_TONE_BAD, "No installed system was found.");
		bm_text_end(&text);
		put_unopened(&text, survey);
	}
	for (size_t i = 0; i < n; i++) {
		const struct bm_system *system = items[i].system;

		if (i > 0 || style->verbose)
			bm_text_end(&text);
		put_header(&text, system);
		put_mounts(&text, survey, system, style->verbose);
		bm_text_end(&text);
		put_kernels(&text, system, style->verbose);
		put_loader(&text, system);
		if (style->verbose)
			put_details(&text, system);
		if (style->verbose) {
			put_problems(&text, "unread", &system->problems);
			put_problems(&text, "loader", &system->loader.warnings);
		}
		bm_report_interrupted_text(system, style, out);
		if (items[i].findings) {
			bm_text_end(&text);
			put_findings(&text, items[i].findings, style->verbose);
		}
	}
}
