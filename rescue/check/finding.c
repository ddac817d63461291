/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../base/vec.h"

#define FATAL	    BM_SEVERITY_FATAL, false
#define WARNING	    BM_SEVERITY_WARNING, false
#define MAYBE_FATAL BM_SEVERITY_WARNING, true
#define NOTE	    BM_SEVERITY_NOTE, false

const struct bm_finding_kind bm_finding_kinds[BM_FINDING_COUNT] = {
#define FINDING(name, id, severity, rebuild, fixer, text, advice)                                                      \
	[BM_FINDING_##name] = {id, severity, BM_REBUILD_##rebuild, BM_FIXER_##fixer, text, advice},
#include "finding.def"
#undef FINDING
};

static void finding_done(struct bm_finding *finding)
{
	char *texts[] = {finding->file, finding->excerpt, finding->evidence, finding->console, finding->subject};

	for (size_t t = 0; t < BM_ARRAY_SIZE(texts); t++)
		free(texts[t]);
}

void bm_findings_done(struct bm_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		finding_done(&findings->items[i]);
	free(findings->items);
	*findings = (struct bm_findings){0};
}

void bm_findings_remove(struct bm_findings *findings, size_t index)
{
	finding_done(&findings->items[index]);
	findings->n--;
	memmove(&findings->items[index], &findings->items[index + 1], (findings->n - index) * sizeof(*findings->items));
}

struct bm_finding *bm_findings_add(struct bm_findings *findings, enum bm_finding_id id, const char *file,
	unsigned int line, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf evidence = {0};
	struct bm_finding *finding;
	va_list args;

	va_start(args, format);
	bm_buf_addv(&evidence, format, args);
	va_end(args);
	finding = BM_VEC_PUSH(findings->items, findings->n, findings->capacity);
	if (!finding)
		return NULL;
	finding->id = id;
	finding->severity = bm_finding_kinds[id].severity;
	finding->rebuild = bm_finding_kinds[id].rebuild;
	finding->line = line;
	finding->device = -1;
	finding->evidence = bm_buf_steal(&evidence);
	if (!finding->evidence || bm_str_set(&finding->file, file) < 0) {
		free(finding->evidence);
		findings->n--;
		return NULL;
	}
	return finding;
}

size_t bm_findings_count(const struct bm_findings *findings, enum bm_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += findings->items[i].severity == severity;
	return n;
}

bool bm_finding_is_instruction(const struct bm_finding *finding)
{
	enum bm_fixer fixer = bm_finding_kinds[finding->id].fixer;

	return finding->by_hand || fixer == BM_FIXER_INSTRUCTION || (fixer == BM_FIXER_DEFAULT && !finding->file);
}

const char *bm_finding_advice(const struct bm_finding *finding)
{
	return finding->by_hand
		       ? "The fault is inside a unified kernel image: build that anew with the tool that made it, "
			 "in `bootmend chroot` (`kernel-install add VERSION /lib/modules/VERSION/vmlinuz`, "
			 "`ukify build`, `dracut --uefi`, `mkinitcpio -P`)."
		       : bm_finding_kinds[finding->id].advice;
}

bool bm_findings_has(const struct bm_findings *findings, const struct bm_finding *finding)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct bm_finding *other = &findings->items[i];

		if (other->id == finding->id && bm_streq(other->file, finding->file) && other->line == finding->line &&
			bm_streq(other->evidence, finding->evidence))
			return true;
	}
	return false;
}

struct bm_finding *bm_findings_find(const struct bm_findings *findings, enum bm_finding_id id)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].id == id)
			return &findings->items[i];
	return NULL;
}

static bool before(const struct bm_finding *a, const struct bm_finding *b)
{
	return a->severity != b->severity ? a->severity < b->severity : a->id < b->id;
}

void bm_findings_sort(struct bm_findings *findings)
{
	/* Insertion: stable, and there are never many. */
	for (size_t i = 1; i < findings->n; i++) {
		struct bm_finding moved = findings->items[i];
		size_t at = i;

		for (; at > 0 && before(&moved, &findings->items[at - 1]); at--)
			findings->items[at] = findings->items[at - 1];
		findings->items[at] = moved;
	}
}

const char *bm_severity_text(enum bm_severity severity)
{
	static const char *const texts[] = {"fatal", "warning", "note"};

	return texts[severity];
}

const char *bm_rebuild_text(enum bm_rebuild rebuild)
{
	static const char *const texts[] = {"no", "after", "yes"};

	return texts[rebuild];
}

const char *bm_fixer_text(enum bm_fixer fixer)
{
	static const char *const texts[] = {"instruction", "fsck", "fstab", "crypttab", "mdadm", "lvm-devices",
		"volume", "init", "space", "depmod", "rebuild", "entry", "cmdline", "default"};

	return texts[fixer];
}

const char *bm_source_text(enum bm_finding_source source)
{
	static const char *const texts[] = {"disk", "console", "both"};

	return texts[source];
}

int bm_finding_by_text(const char *text, enum bm_finding_id *ret_id)
{
	for (int i = 0; i < BM_FINDING_COUNT; i++)
		if (strcasecmp(bm_finding_kinds[i].id, text) == 0) {
			*ret_id = (enum bm_finding_id)i;
			return 0;
		}
	return -ENOENT;
}
