/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

/* Containers that this run did not open: what is in them can't be called missing. */
static bool something_is_hidden(const struct bm_survey *survey)
{
	static const char *const containers[] = {"crypto_LUKS", "linux_raid_member", "isw_raid_member",
		"ddf_raid_member", "zfs_member", "bcache", "VMFS_volume_member", "mpath_member"};

	if (survey->partial || survey->devices.problems.n > 0)
		return true;
	for (size_t i = 0; i < survey->devices.n; i++) {
		/* The volumes inside an image file are not looked at. */
		if (survey->devices.items[i].image && bm_streq(survey->devices.items[i].fstype, "LVM2_member"))
			return true;
		for (size_t c = 0; c < BM_ARRAY_SIZE(containers); c++)
			if (bm_streq(survey->devices.items[i].fstype, containers[c]))
				return true;
	}
	return false;
}

bool bm_check_knows_devices(const struct bm_check *check)
{
	return check->survey->devices.n > 0 && check->system->root_device >= 0;
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

static int check_rest(const struct bm_check *check)
{
	const struct bm_system *system = check->system;

	for (size_t i = 0; i < system->problems.n; i++)
		if (BM_CHECK_ADD(check, BM_FINDING_SYSTEM_UNREADABLE, NULL, 0, "%s", system->problems.items[i]) < 0)
			return -ENOMEM;
	if (!system->tools.dracut && !system->tools.mkinitramfs)
		return BM_CHECK_ADD(check, BM_FINDING_NO_TOOL, NULL, 0,
			"neither dracut nor initramfs-tools is installed on it, so no initramfs can be rebuilt");
	return 0;
}

bool bm_check_boots(const struct bm_check *check)
{
	return check->entry && check->entry->entry.kind == BM_ENTRY_LINUX && check->entry->kernel;
}

static struct bm_check check_of(const struct bm_survey *survey, const struct bm_system *system, int entry,
	const struct bm_proof *proof, struct bm_findings *findings)
{
	const struct bm_loader *loader = &system->loader;
	struct bm_check check = {
		.survey = survey,
		.system = system,
		.proof = proof,
		.findings = findings,
		.hidden = something_is_hidden(survey),
	};

	if (entry >= 0 && (size_t)entry < loader->n_entries) {
		check.entry = &loader->entries[entry];
		check.kernel = check.entry->version ? bm_system_kernel(system, check.entry->version) : NULL;
	}
	return check;
}

int bm_check_system(const struct bm_survey *survey, const struct bm_system *system, const struct bm_proof *proof,
	struct bm_findings *findings)
{
	static int (*const checks[])(const struct bm_check *) = {bm_check_default, bm_check_entry_kernel,
		bm_check_cmdline, bm_check_config, bm_check_initramfs, bm_check_storage, bm_check_filesystems,
		bm_check_userland, bm_check_fstab, bm_check_kernels, check_rest};
	struct bm_check check = check_of(survey, system, system->loader.default_entry, proof, findings);

	for (size_t i = 0; i < BM_ARRAY_SIZE(checks); i++)
		if (checks[i](&check) < 0)
			return -ENOMEM;
	bm_findings_sort(findings);
	return 0;
}

int bm_check_entry(const struct bm_survey *survey, const struct bm_system *system, size_t entry,
	const struct bm_proof *proof, struct bm_findings *findings)
{
	static int (*const checks[])(const struct bm_check *) = {
		bm_check_entry_kernel, bm_check_cmdline, bm_check_config, bm_check_initramfs};
	struct bm_check check = check_of(
		survey, system, entry < system->loader.n_entries ? (int)entry : BM_DEVICE_NONE, proof, findings);

	if (!bm_check_boots(&check))
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(checks); i++)
		if (checks[i](&check) < 0)
			return -ENOMEM;
	if (check.kernel && bm_check_modules(&check, check.kernel) < 0)
		return -ENOMEM;
	bm_findings_sort(findings);
	return 0;
}
