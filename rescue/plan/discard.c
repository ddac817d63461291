/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that give up a hibernated machine's memory, before anything else is done: only so may its disks be changed.
 */
#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "fix.h"

/* Whether another system's fstab names the swap device, and this one's does not. */
static const struct bm_system *owner(
	const struct bm_survey *survey, const struct bm_system *system, const struct bm_hibernation *image)
{
	const struct bm_system *other = NULL;

	for (size_t s = 0; !image->file && s < survey->systems.n; s++)
		for (size_t i = 0; i < survey->systems.items[s].fstab.n_lines; i++) {
			const struct bm_system *one = &survey->systems.items[s];
			const struct bm_fstab_line *line = &one->fstab.lines[i];
			bool exact;

			if (!bm_streq(line->fstype, "swap") || bm_devices_find_spec(&survey->devices, line->spec, NULL,
								       one->root_device, &exact) != image->device)
				continue;
			if (one == system)
				return NULL;
			other = one;
		}
	return other;
}

/* Why the image stays, a sentence for free(); "" where it can go. */
static char *obstacle(const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_hibernation *image, const char *name)
{
	const struct bm_system *other = owner(survey, system, image);

	if (other)
		return bm_strf(
			"%s holds the memory of another system (%s), which fstab there says: boot that one, or name "
			"it with --system.",
			name, other->id);
	if (!image->placed)
		return bm_strf(
			"Where the header of %s lies on the disk is not known, so that its image cannot be discarded "
			"from outside: boot the machine once with noresume.",
			name);
	if (!image->header.restorable)
		return bm_strf(
			"The image in %s does not keep the signature that it replaced, so that it cannot be discarded "
			"from outside: boot the machine once with noresume.",
			name);
	return strdup("");
}

static int fill(
	const struct bm_survey *survey, const struct bm_hibernation *image, const char *name, struct bm_step *step)
{
	const struct bm_device *device = &survey->devices.items[image->device];

	step->kind = BM_STEP_DISCARD;
	step->offset_bytes = image->offset_bytes;
	step->page_bytes = image->header.page_bytes;
	memcpy(step->before, image->before, sizeof(step->before));
	memcpy(step->after, image->after, sizeof(step->after));
	step->text = bm_strf("discard the hibernation image in %s (%s becomes %s); the memory that it holds is lost",
		name, image->header.kind, image->header.original);
	step->why = bm_strf("asked for with --discard-hibernation; it cannot be taken back");
	if (!step->text || !step->why || bm_str_set(&step->target, device->path ? device->path : device->name) < 0 ||
		bm_str_set(&step->filesystem, device->uuid) < 0)
		return -ENOMEM;
	return bm_strv_add(&step->serves, bm_finding_kinds[BM_FINDING_HIBERNATED].id);
}

/* Puts a step before those that there are. */
static struct bm_step *put_first(struct bm_plan *plan, size_t at)
{
	struct bm_step *step = BM_VEC_PUSH(plan->steps, plan->n_steps, plan->cap_steps), made;

	if (!step)
		return NULL;
	made = *step;
	memmove(plan->steps + at + 1, plan->steps + at, (plan->n_steps - 1 - at) * sizeof(*plan->steps));
	plan->steps[at] = made;
	return &plan->steps[at];
}

/* Whether the image keeps the system from being changed; without one, the filesystem that the plan repairs. */
static bool is_meant(const struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_hibernation *image)
{
	for (size_t s = 0; !system && s < plan->n_steps; s++)
		for (size_t d = 0; image->device >= 0 && d < survey->devices.n; d++) {
			const struct bm_device *device = &survey->devices.items[d];

			if (plan->steps[s].kind == BM_STEP_FSCK &&
				(bm_streq(device->path, plan->steps[s].target) ||
					bm_streq(device->name, plan->steps[s].target)) &&
				bm_devices_share_disk(&survey->devices, d, (size_t)image->device))
				return true;
		}
	return system != NULL;
}

/* Looks for an image that has to stay; *ret_n is how many are meant. */
static int check_images(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	const struct bm_hibernations *images, size_t *ret_n, enum bm_plan_refusal *ret_refusal)
{
	*ret_n = 0;
	for (size_t i = 0; i < images->n; i++) {
		_cleanup_free_ char *name = bm_hibernation_name(survey, &images->items[i]), *why = NULL;

		if (!is_meant(plan, survey, system, &images->items[i]))
			continue;
		(*ret_n)++;
		why = name ? obstacle(survey, system, &images->items[i], name) : NULL;
		if (!why)
			return -ENOMEM;
		if (*why)
			return bm_plan_refuse(plan, BM_PLAN_CANT, ret_refusal, bm_strf("%s", why));
	}
	return 0;
}

int bm_plan_discard(struct bm_plan *plan, const struct bm_survey *survey, const struct bm_system *system,
	enum bm_plan_refusal *ret_refusal)
{
	const struct bm_hibernations *images = system ? &system->hibernations : &survey->hibernations;
	size_t n, at = 0;
	int r;

	if (*ret_refusal != BM_PLAN_OK && *ret_refusal != BM_PLAN_NOTHING)
		return 0;
	r = check_images(plan, survey, system, images, &n, ret_refusal);
	if (r == 0 && *ret_refusal != BM_PLAN_CANT && n == 0)
		r = bm_strv_add(&plan->notes, "There is no hibernation image to discard.");
	if (r < 0 || *ret_refusal == BM_PLAN_CANT || n == 0)
		return r;
	if (*ret_refusal == BM_PLAN_NOTHING) {
		bm_strv_done(&plan->notes);
		if (bm_plan_begin(plan, survey, system) < 0 || bm_plan_end(plan, survey, system) < 0)
			return -ENOMEM;
		*ret_refusal = BM_PLAN_OK;
	}
	for (size_t i = 0; i < images->n; i++) {
		_cleanup_free_ char *name = bm_hibernation_name(survey, &images->items[i]);
		struct bm_step *step;

		if (!is_meant(plan, survey, system, &images->items[i]))
			continue;
		step = put_first(plan, at++);
		if (!name || !step || fill(survey, &images->items[i], name, step) < 0)
			return -ENOMEM;
	}
	return 0;
}
