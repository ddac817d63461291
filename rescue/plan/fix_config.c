/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands between the disks and the root: crypttab, mdadm.conf, LVM's devices file; and the link to init.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"

/* Comments the finding's line out. The image holds a copy, which matters where the root is on such a device. */
static int comment_line(struct bm_fix *fix, const struct bm_finding *finding, const char *path, bool root_uses)
{
	struct bm_draft *draft;
	int r = bm_fix_open(fix, finding, path, &draft);

	if (r < 0 || !draft)
		return r;
	if (!bm_draft_line(draft, finding->line))
		return bm_fix_instruct(fix, finding, "%s", bm_finding_kinds[finding->id].advice);
	if (bm_fix_comment_out(fix, draft, finding->line, finding->evidence) < 0 ||
		bm_draft_reason(draft, finding, "line %u is commented out: %s", finding->line, finding->evidence) < 0)
		return -ENOMEM;
	return root_uses ? bm_fix_want_rebuild(fix, finding) : 0;
}

int bm_fix_crypttab(struct bm_fix *fix, const struct bm_finding *finding)
{
	return comment_line(
		fix, finding, finding->file ? finding->file : "/etc/crypttab", bm_fix_root_on(fix, BM_DEVICE_CRYPT));
}

int bm_fix_mdadm(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_source *source = bm_sources_find(&fix->system->sources, "/etc/mdadm.conf");
	const char *usual = source && source->text ? "/etc/mdadm.conf" : "/etc/mdadm/mdadm.conf";

	return comment_line(fix, finding, finding->file ? finding->file : usual, bm_fix_root_on(fix, BM_DEVICE_MD));
}

/* Whether the group that is hidden is the root's. */
static bool hides_root(const struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_devices *devices = &fix->survey->devices;
	const struct bm_device *root = fix->system->root_device >= 0 ? &devices->items[fix->system->root_device] : NULL;

	return root && root->vg_name &&
	       (finding->severity == BM_SEVERITY_FATAL || bm_streq(finding->subject, root->vg_name));
}

int bm_fix_lvm_devices(struct bm_fix *fix, const struct bm_finding *finding)
{
	static const char usual[] = "/etc/lvm/devices/system.devices";
	const struct bm_source *source = bm_sources_find(&fix->system->sources, finding->file ? finding->file : usual);
	struct bm_plan *made = &fix->made[BM_FIXER_LVM_DEVICES];
	struct bm_step *step;

	if (!source || !source->text)
		return bm_fix_instruct(fix, finding, "%s", bm_finding_kinds[finding->id].advice);
	/* One move does for all volume groups that it hides. */
	if (made->n_steps == 0) {
		step = bm_plan_add_step(made, fix->survey, fix->system, BM_STEP_MOVE, NULL, source->path);
		if (!step)
			return -ENOMEM;
		memcpy(step->before, source->hash, sizeof(step->before));
		step->text = bm_strf("move %s away: LVM then uses every disk", source->path);
		step->why = bm_strf("%s", finding->evidence);
		if (!step->text || !step->why)
			return -ENOMEM;
	}
	if (bm_strv_add_once(&made->steps[0].serves, bm_finding_kinds[finding->id].id) < 0)
		return -ENOMEM;
	return hides_root(fix, finding) ? bm_fix_want_rebuild(fix, finding) : 0;
}

static int put_link_back(struct bm_fix *fix, const struct bm_finding *finding, const char *link, const char *text)
{
	struct bm_step *step =
		bm_plan_add_step(&fix->made[BM_FIXER_INIT], fix->survey, fix->system, BM_STEP_LINK, NULL, link);

	if (!step || bm_str_set(&step->link, text) < 0 ||
		bm_strv_add(&step->serves, bm_finding_kinds[finding->id].id) < 0)
		return -ENOMEM;
	step->text = bm_strf("put the link %s back: to %s", link, text);
	step->why = bm_strf("%s", finding->evidence);
	return step->text && step->why ? 0 : -ENOMEM;
}

int bm_fix_init(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_userland *userland = &fix->system->userland;
	_cleanup_free_ char *below = NULL;

	if (finding->id == BM_FINDING_USR_LINK) {
		below = bm_strf("usr%s", finding->subject ? finding->subject : "");
		return below && finding->subject ? put_link_back(fix, finding, finding->subject, below) : -ENOMEM;
	}
	/* What init= names was somebody's choice: no link of ours would be what was meant. */
	if (!userland->init_candidate || (userland->init && !bm_streq(userland->init, "/sbin/init")))
		return bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
	return put_link_back(fix, finding, "/sbin/init", userland->init_candidate);
}
