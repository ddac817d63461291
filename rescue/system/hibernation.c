/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../os/root/fileio.h"
#include "../os/root/root_place.h"
#include "system.h"

void bm_hibernations_done(struct bm_hibernations *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].file);
	free(list->items);
	*list = (struct bm_hibernations){0};
}

bool bm_hibernation_discardable(const struct bm_hibernation *image)
{
	return image->placed && image->header.restorable && image->device >= 0;
}

char *bm_hibernation_name(const struct bm_survey *survey, const struct bm_hibernation *image)
{
	const char *device = image->device >= 0 ? survey->devices.items[image->device].name : NULL;

	if (!image->file)
		return bm_strf("%s", device ? device : "swap");
	return bm_strf("%s%s%s", image->file, device ? " on " : "", device ? device : "");
}

/* --- headers --- */

/* Judges the first bytes of a swap area; they come back as they were. */
static void judge(uint8_t *bytes, size_t len, struct bm_hibernation *image)
{
	struct bm_swaphdr *header = &image->header, left;
	uint8_t kept[BM_SWAPHDR_SIGNATURE];

	bm_swaphdr_parse(bytes, len, header);
	if (!header->image)
		return;
	bm_sha256_text(bytes, header->page_bytes, image->before);
	if (!header->restorable)
		return;
	memcpy(kept, bytes + header->change_at, header->change_len);
	memcpy(bytes + header->change_at, header->change, header->change_len);
	bm_sha256_text(bytes, header->page_bytes, image->after);
	/* One of another page size beneath it would be resumed from all the same. */
	bm_swaphdr_parse(bytes, len, &left);
	header->restorable = !left.image;
	memcpy(bytes + header->change_at, kept, header->change_len);
}

/* Reads what lies at offset_bytes of a device; image->placed says whether that worked. */
static void read_device(const struct bm_devices *devices, int index, uint64_t offset_bytes, uint8_t *bytes,
	struct bm_hibernation *image)
{
	const struct bm_device *device = &devices->items[index];
	const char *path = device->image ? device->image : device->path;
	uint64_t start = offset_bytes + (device->image ? device->image_offset : 0);
	_cleanup_fd_ int fd = -1;
	size_t len = 0;

	image->device = index;
	image->offset_bytes = offset_bytes;
	/* Without a number it is a device on paper. */
	if (!path || (!device->image && device->dev == 0) || offset_bytes >= device->size_bytes)
		return;
	if (bm_file_open(path, &fd, NULL) < 0 ||
		bm_file_at(fd, start, bytes, BM_MIN(device->size_bytes - offset_bytes, BM_SWAPHDR_BYTES), &len) < 0) {
		bm_err_clear();
		return;
	}
	image->placed = true;
	judge(bytes, len, image);
}

/* --- which images there are --- */

static int add(struct bm_hibernations *list, const struct bm_hibernation *image)
{
	struct bm_hibernation *slot;
	char *file = NULL;

	for (size_t i = 0; i < list->n; i++) {
		struct bm_hibernation *other = &list->items[i];
		bool same = other->device == image->device && bm_streq(other->before, image->before);

		/* A swap file's, which resume_offset= names, too: the same page, and there its place is known. */
		if (!same || (other->placed && image->placed && other->offset_bytes != image->offset_bytes))
			continue;
		if (!other->file && bm_str_set(&other->file, image->file) < 0)
			return -ENOMEM;
		if (!other->placed) {
			file = other->file;
			*other = *image;
			other->file = file;
		}
		return 0;
	}
	if (bm_str_set(&file, image->file) < 0)
		return -ENOMEM;
	slot = BM_VEC_PUSH(list->items, list->n, list->capacity);
	if (!slot) {
		free(file);
		return -ENOMEM;
	}
	*slot = *image;
	slot->file = file;
	return 0;
}

static bool is_swap_part(const struct bm_device *device)
{
	return bm_streq(device->part_type, "0x82") ||
	       bm_strcaseeq(device->part_type, "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");
}

/* Every swap device. A partition for swap in which libblkid recognises nothing, or too much, is looked at, too: the
 * kernel that resumes asks for the signature only. */
static int read_devices(struct bm_survey *survey, uint8_t *bytes)
{
	for (size_t i = 0; i < survey->devices.n; i++) {
		const struct bm_device *device = &survey->devices.items[i];
		bool named = bm_streq(device->fstype, "swsuspend");
		struct bm_hibernation image = {0};

		if (device->context ||
			!(named || bm_streq(device->fstype, "swap") || (!device->fstype && is_swap_part(device))))
			continue;
		read_device(&survey->devices, (int)i, 0, bytes, &image);
		if (!image.header.image && named)
			image.header = (struct bm_swaphdr){.known = true, .image = true};
		if (image.header.image && add(&survey->hibernations, &image) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Where a swap file begins on its device, as far as the filesystem tells. */
static void place_file(
	const struct bm_survey *survey, const struct bm_system *system, uint8_t *bytes, struct bm_hibernation *image)
{
	const struct bm_mount *mount = bm_system_mount_of(system, image->file);
	struct bm_hibernation there = {0};
	uint64_t offset;

	image->device = mount ? mount->device : BM_DEVICE_NONE;
	if (image->device < 0 || !survey->devices.items[image->device].fstype ||
		!(bm_str_starts(survey->devices.items[image->device].fstype, "ext") ||
			bm_streq(survey->devices.items[image->device].fstype, "xfs")))
		return;
	if (bm_root_place(system->root, image->file, image->header.page_bytes, &offset) < 0) {
		bm_err_clear();
		return;
	}
	/* The very page must be found there. */
	read_device(&survey->devices, image->device, offset, bytes, &there);
	image->placed = there.placed && there.header.image && bm_streq(there.before, image->before);
	image->offset_bytes = offset;
}

static int read_files(const struct bm_survey *survey, struct bm_system *system, uint8_t *bytes)
{
	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const struct bm_fstab_line *line = &system->fstab.lines[i];
		_cleanup_buf_ struct bm_buf head = {0};
		struct bm_hibernation image = {.device = BM_DEVICE_NONE, .file = line->spec};

		if (!bm_streq(line->fstype, "swap") || *line->spec != '/' || bm_str_starts(line->spec, "/dev/"))
			continue;
		if (bm_root_read_head(system->root, line->spec, BM_SWAPHDR_BYTES, &head) < 0 || head.len == 0) {
			bm_err_clear();
			continue;
		}
		judge((uint8_t *)head.data, head.len, &image);
		if (!image.header.image)
			continue;
		place_file(survey, system, bytes, &image);
		if (add(&system->hibernations, &image) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* resume= with resume_offset=, which counts pages: the header of a swap file, whatever its name is. */
static int read_resume(
	const struct bm_survey *survey, struct bm_system *system, const struct bm_cmdline *line, uint8_t *bytes)
{
	static const uint32_t pages[] = {4096, 16 * 1024, 64 * 1024};
	const char *resume = bm_cmdline_last(line, "resume"), *text = bm_cmdline_last(line, "resume_offset");
	uint64_t offset;
	bool exact;
	int index;

	if (!resume || !*resume || !text || bm_num_u64(text, &offset) < 0 || offset == 0)
		return 0;
	index = bm_devices_find_spec(&survey->devices, resume, NULL, system->root_device, &exact);
	for (size_t i = 0; index >= 0 && i < BM_ARRAY_SIZE(pages); i++) {
		struct bm_hibernation image = {0};

		if (offset > UINT64_MAX / pages[i])
			break;
		read_device(&survey->devices, index, offset * pages[i], bytes, &image);
		if (image.header.image && image.header.page_bytes == pages[i] && add(&system->hibernations, &image) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- whose they are --- */

static bool is_named(const struct bm_survey *survey, const struct bm_system *system, int device, const char *spec)
{
	bool exact;

	return spec && *spec &&
	       bm_devices_find_spec(&survey->devices, spec, NULL, system->root_device, &exact) == device;
}

/* On a disk of the system, or named by its fstab. (Its resume= is asked where the arguments are at hand.) */
static bool is_of(const struct bm_survey *survey, const struct bm_system *system, int device)
{
	for (size_t i = 0; i < system->n_mounts; i++)
		if (system->mounts[i].device >= 0 &&
			bm_devices_share_disk(&survey->devices, (size_t)system->mounts[i].device, (size_t)device))
			return true;
	for (size_t i = 0; i < system->fstab.n_lines; i++)
		if (bm_streq(system->fstab.lines[i].fstype, "swap") &&
			is_named(survey, system, device, system->fstab.lines[i].spec))
			return true;
	return false;
}

static int read_entries(const struct bm_survey *survey, struct bm_system *system, uint8_t *bytes)
{
	for (size_t e = 0; e < system->loader.n_entries; e++) {
		const char *text = system->loader.entries[e].entry.cmdline;
		_cleanup_cmdline_ struct bm_cmdline line = {0};

		if (!text)
			continue;
		if (bm_cmdline_parse(text, strlen(text), &line) < 0 || read_resume(survey, system, &line, bytes) < 0)
			return -ENOMEM;
		for (size_t i = 0; i < survey->hibernations.n; i++)
			if (is_named(survey, system, survey->hibernations.items[i].device,
				    bm_cmdline_last(&line, "resume")) &&
				add(&system->hibernations, &survey->hibernations.items[i]) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int read_system(const struct bm_survey *survey, struct bm_system *system, uint8_t *bytes)
{
	bm_hibernations_done(&system->hibernations);
	/* A folder, a copy of a system, lies on no disk of the machine that it came from. */
	for (size_t i = 0; system->root_device >= 0 && i < survey->hibernations.n; i++)
		if (is_of(survey, system, survey->hibernations.items[i].device) &&
			add(&system->hibernations, &survey->hibernations.items[i]) < 0)
			return -ENOMEM;
	if (system->root_device >= 0 && read_entries(survey, system, bytes) < 0)
		return -ENOMEM;
	return read_files(survey, system, bytes);
}

int bm_hibernation_read(struct bm_survey *survey)
{
	_cleanup_free_ uint8_t *bytes = malloc(BM_SWAPHDR_BYTES);
	int r = bytes ? 0 : -ENOMEM;

	bm_hibernations_done(&survey->hibernations);
	if (r == 0)
		r = read_devices(survey, bytes);
	for (size_t i = 0; r == 0 && i < survey->systems.n; i++)
		r = read_system(survey, &survey->systems.items[i], bytes);
	return r;
}
