/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend image --verify VER: whose kernel VER is, what it needs there, and the proof.
 */
#include <errno.h>
#include <unistd.h>

#include "../base/str.h"
#include "../proof/needs.h"
#include "image.h"
#include "survey.h"

/* The system to prove for: the one that --system names, the only one that has the kernel, or NULL. */
static int choose(const struct bm_global *global, const struct bm_survey *survey, const char *version, bool named,
	struct bm_system **ret_system)
{
	struct bm_system *found = NULL;
	size_t n = 0;
	int status = BM_EXIT_OK;

	for (size_t i = 0; i < survey->systems.n; i++)
		if (bm_system_kernel(&survey->systems.items[i], version)) {
			found = &survey->systems.items[i];
			n++;
		}
	if (global->system || n > 1)
		status = bm_cmd_choose(global, survey, &found);
	if (status == BM_EXIT_OK && named && (!found || !bm_system_kernel(found, version))) {
		bm_cmd_error("the system has no kernel %s", version);
		status = BM_EXIT_FAILED;
	}
	*ret_system = found;
	return status;
}

int bm_cmd_image_prove_alone(const char *version, const struct bm_image_list *list,
	const struct bm_image_summary *summary, struct bm_proof *ret_proof)
{
	const struct bm_proof_need need = {.version = version};
	int r = bm_proof_check(list, summary, &need, ret_proof);

	if (r == 0)
		r = bm_strv_add(&ret_proof->notes, "no system with this kernel was looked at, so which drivers it "
						   "needs is not known (name it with "
						   "--root or --disk)");
	return r < 0 ? bm_cmd_failed(r, "cannot verify the image") : BM_EXIT_OK;
}

int bm_cmd_image_verify(const struct bm_global *global, const char *version, const struct bm_image_list *list,
	const struct bm_image_summary *summary, struct bm_proof *ret_proof)
{
	_cleanup_cmd_survey_ struct bm_cmd_survey open = BM_CMD_SURVEY_NONE;
	_cleanup_needs_ struct bm_needs needs = {0};
	bool named = global->disks.n > 0 || global->root || global->system;
	struct bm_system *system = NULL;
	struct bm_proof_need need;
	int status, r;

	/* Looking at disks is root's; without a name for a system it is not needed for the rest of the proof. */
	if (!named && geteuid() != 0)
		return bm_cmd_image_prove_alone(version, list, summary, ret_proof);
	status = bm_cmd_survey_open(global, &open);
	if (status != BM_EXIT_OK)
		return status;
	status = choose(global, &open.survey, version, named, &system);
	if (status != BM_EXIT_OK)
		return status;
	if (!system)
		return bm_cmd_image_prove_alone(version, list, summary, ret_proof);
	r = bm_needs_read(&open.survey, system, bm_system_kernel(system, version), false, &needs);
	if (r == 0) {
		need = bm_needs_for_proof(&needs);
		r = bm_proof_check(list, summary, &need, ret_proof);
	}
	return r < 0 ? bm_cmd_failed(r, "cannot verify the image") : BM_EXIT_OK;
}
