/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A group or volume that was renamed is named in many lines, each of which is a finding by itself. They have one cause,
 * and become one finding.
 */
#include "check_int.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

/* The rename behind a finding, or NULL. */
static const struct bm_rename *rename_of(const struct bm_check *check, const struct bm_finding *finding)
{
	const struct bm_renames *renames = &check->system->renames;
	const char *subject = finding->subject;

	switch (finding->id) {
	case BM_FINDING_CMDLINE_ROOT_UNKNOWN:
	case BM_FINDING_CMDLINE_RESUME_UNKNOWN:
	case BM_FINDING_FSTAB_DEVICE_UNKNOWN:
	case BM_FINDING_CRYPTTAB_DEVICE_UNKNOWN:
	case BM_FINDING_CMDLINE_LV_UNKNOWN:
		break;
	default:
		return NULL;
	}
	for (size_t i = 0; subject && !strchr(subject, '/') && i < renames->n; i++)
		if (renames->items[i].vg_renamed && bm_streq(renames->items[i].vg, subject))
			return &renames->items[i];
	return bm_renames_find(renames, subject);
}

/* Whether ACTIVATION-MISSING asks for the present name of a volume that an argument names by the old one. */
static bool is_activation(const struct bm_check *check, const struct bm_finding *finding, const char *vg)
{
	const struct bm_renames *renames = &check->system->renames;
	const struct bm_devices *devices = &check->survey->devices;

	for (size_t i = 0; finding->id == BM_FINDING_ACTIVATION_MISSING && finding->subject && i < renames->n; i++) {
		const struct bm_device *volume = &devices->items[renames->items[i].device];
		_cleanup_free_ char *now = bm_strf("rd.lvm.lv=%s/%s", volume->vg_name, volume->lv_name);

		if (bm_streq(renames->items[i].vg, vg) && bm_streq(now, finding->subject))
			return true;
	}
	return false;
}

/* What was renamed: a group as a whole, else the volume. */
static bool same_cause(const struct bm_rename *a, const struct bm_rename *b)
{
	return a->vg_renamed == b->vg_renamed && bm_streq(a->vg, b->vg) && (a->vg_renamed || bm_streq(a->lv, b->lv));
}

static char *what(const struct bm_check *check, const struct bm_rename *rename)
{
	const struct bm_device *now = &check->survey->devices.items[rename->device];
	_cleanup_free_ char *by = rename->backup ? bm_strf(" (%s has its UUID)", rename->backup) : strdup("");

	if (!by)
		return NULL;
	if (rename->vg_renamed)
		return bm_strf("the volume group %s is called %s today%s", rename->vg, now->vg_name, by);
	return bm_strf("the logical volume %s/%s is called %s/%s today%s", rename->vg, rename->lv, now->vg_name,
		now->lv_name, by);
}

/* Moves place and excerpt of the first, and the gravest severity, into the one finding. */
static int merge(struct bm_finding *into, struct bm_finding *from, struct bm_buf *names)
{
	if (names->len == 0) {
		into->file = from->file;
		into->line = from->line;
		into->excerpt = from->excerpt;
		from->file = from->excerpt = NULL;
		into->severity = from->severity;
		into->doubtful = from->doubtful;
	}
	if (from->severity < into->severity)
		into->severity = from->severity;
	into->doubtful &= from->doubtful;
	if (!strstr(bm_buf_text(names), from->subject))
		bm_buf_addf(names, "%s%s", names->len ? ", " : "", from->subject);
	return names->failed ? -ENOMEM : 0;
}

/* Makes one finding of those that have the rename's cause. */
static int join(const struct bm_check *check, const struct bm_rename *rename)
{
	struct bm_finding one = {.id = BM_FINDING_VOLUME_RENAMED, .device = rename->device}, *finding;
	_cleanup_free_ char *cause = what(check, rename);
	_cleanup_buf_ struct bm_buf names = {0};

	if (!cause)
		return -ENOMEM;
	for (size_t i = 0; i < check->findings->n;) {
		struct bm_finding *from = &check->findings->items[i];
		const struct bm_rename *theirs = rename_of(check, from);

		if (theirs && same_cause(theirs, rename)) {
			if (merge(&one, from, &names) < 0)
				return -ENOMEM;
		} else if (!is_activation(check, from, rename->vg)) {
			i++;
			continue;
		}
		bm_findings_remove(check->findings, i);
	}
	finding = bm_findings_add(check->findings, one.id, one.file, one.line, "%s, and the system asks for %s", cause,
		bm_buf_text(&names));
	if (finding && bm_check_detail(finding, one.excerpt, bm_buf_text(&names)) < 0)
		finding = NULL;
	free(one.file);
	free(one.excerpt);
	if (!finding)
		return -ENOMEM;
	finding->severity = one.severity;
	finding->doubtful = one.doubtful;
	finding->device = one.device;
	return 0;
}

int bm_check_renamed(const struct bm_check *check)
{
	for (size_t i = 0; i < check->findings->n;) {
		const struct bm_rename *rename = rename_of(check, &check->findings->items[i]);

		if (!rename) {
			i++;
			continue;
		}
		if (join(check, rename) < 0)
			return -ENOMEM;
		i = 0;
	}
	return 0;
}
