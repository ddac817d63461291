/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks share: findings with their places in the text files of the system.
 */
#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../proof/needs.h"
#include "check_int.h"

bool bm_check_knows_devices(const struct bm_check *check)
{
	return check->survey->devices.n > 0 && check->system->root_device >= 0;
}

enum bm_check_name bm_check_name_of(const struct bm_check *check, const char *path)
{
	const struct bm_devices *devices = &check->survey->devices;
	struct bm_devname name, theirs;
	unsigned int disks = 0;

	/* IDE's disks are hda for old kernels, and sda for others. */
	if (!bm_devname_parse(path, &name) || bm_streq(name.family, "hd") || bm_streq(name.family, "cciss") ||
		!bm_check_knows_devices(check) || check->hidden_disk ||
		!bm_needs_hardware_known(check->survey, check->system))
		return BM_CHECK_NAME_OPEN;
	for (size_t i = 0; i < devices->n; i++) {
		const struct bm_device *device = &devices->items[i];

		if (bm_streq(device->path, path))
			return BM_CHECK_NAME_OPEN;
		if (device->kind == BM_DEVICE_DISK && bm_devname_parse(device->name, &theirs) &&
			bm_streq(theirs.family, name.family))
			disks = BM_MAX(disks, theirs.disk + 1);
	}
	if (name.disk < disks)
		return BM_CHECK_NAME_OPEN;
	/* Disks of SCSI, USB and SAN come late, and a virtual machine's disk is easily shown on another controller. */
	if (bm_streq(name.family, "sd") || (bm_streq(name.family, "vd") && disks == 0))
		return BM_CHECK_NAME_DOUBT;
	return BM_CHECK_NAME_GONE;
}

int bm_check_detail(struct bm_finding *finding, const char *excerpt, const char *subject)
{
	return bm_str_set(&finding->excerpt, excerpt) < 0 || bm_str_set(&finding->subject, subject) < 0 ? -ENOMEM : 0;
}

int bm_check_place(const struct bm_check *check, struct bm_finding *finding, const char *subject)
{
	const struct bm_source *source = finding->file ? bm_sources_find(&check->system->sources, finding->file) : NULL;
	_cleanup_free_ char *line = source && finding->line > 0 ? bm_source_line(source, finding->line) : NULL;

	return bm_check_detail(finding, line, subject);
}

void bm_check_doubt(struct bm_finding *finding)
{
	if (finding->severity == BM_SEVERITY_FATAL)
		finding->severity = BM_SEVERITY_WARNING;
	finding->doubtful = true;
}

/* Whether word stands in the line by itself: between blanks, quotes or the line's ends. */
static bool has_word(const char *line, size_t len, const char *word)
{
	static const char around[] = " \t\"'=";
	size_t n = strlen(word);

	for (size_t i = 0; n > 0 && i + n <= len; i++)
		if (memcmp(line + i, word, n) == 0 && (i == 0 || strchr(around, line[i - 1])) &&
			(i + n == len || strchr(around, line[i + n]) || line[i + n] == '\r'))
			return true;
	return false;
}

static bool has_text(const char *line, size_t len, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= len; i++)
		if (memcmp(line + i, text, n) == 0)
			return true;
	return false;
}

/* Whether a line begins the next item of a menu. */
static bool begins_entry(const char *line, size_t len)
{
	static const char *const words[] = {"menuentry", "submenu", "title"};
	size_t at = 0;

	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	for (size_t i = 0; i < BM_ARRAY_SIZE(words); i++)
		if (len - at > strlen(words[i]) && memcmp(line + at, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* The next line of a text: its beginning and length; NULL behind the last. */
static const char *next_line(const struct bm_source *source, const char *at, size_t *ret_len)
{
	const char *end = source->text + source->len, *newline;

	if (!at || at >= end)
		return NULL;
	newline = memchr(at, '\n', (size_t)(end - at));
	*ret_len = (size_t)((newline ? newline : end) - at);
	return at;
}

/* The line of the file that has the word, from that line on; within one entry where whole is not set. */
static unsigned int find_word(
	const struct bm_check *check, const char *file, unsigned int from, bool whole, const char *word)
{
	const struct bm_source *source = file ? bm_sources_find(&check->system->sources, file) : NULL;
	const char *at = source ? source->text : NULL;
	size_t len = 0;

	for (unsigned int line = 1; source && next_line(source, at, &len); line++, at += len + 1) {
		if (!whole && line > from && begins_entry(at, len))
			return 0;
		if (line >= from && has_word(at, len, word))
			return line;
	}
	return 0;
}

struct bm_check_line bm_check_find(const struct bm_check *check, const char *word)
{
	const struct bm_entry *entry = &check->entry->entry;
	struct bm_check_line place = {
		entry->file, find_word(check, entry->file, entry->bls ? 1 : entry->line, entry->bls, word)};

	if (place.line > 0)
		return place;
	place.line = find_word(check, check->system->loader.environment, 1, true, word);
	if (place.line > 0)
		place.file = check->system->loader.environment;
	else
		place.line = entry->kernel_line ? entry->kernel_line : entry->line;
	return place;
}

unsigned int bm_check_find_line(
	const struct bm_check *check, const char *file, unsigned int from, const char *a, const char *b)
{
	const struct bm_source *source = file ? bm_sources_find(&check->system->sources, file) : NULL;
	const char *at = source ? source->text : NULL;
	size_t len = 0;

	for (unsigned int line = 1; source && next_line(source, at, &len); line++, at += len + 1)
		if (line >= from && has_text(at, len, a) && has_text(at, len, b))
			return line;
	return 0;
}

bool bm_check_boots(const struct bm_check *check)
{
	return check->entry && check->entry->entry.kind == BM_ENTRY_LINUX && check->entry->kernel &&
	       !check->entry->foreign;
}
