/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of dracut's squash module: a small init mounts a filesystem that stands in the image and goes on in it. Both
 * halves must be right: what mounts is proven here, the rest by the proof of any image, in the filesystem.
 */
#include "proof_int.h"

/* The init of the outer half (modules.d/99squash/init-squash.sh) calls these. */
static void check_programs(struct bm_prover *prover)
{
	static const char *const names[] = {"mount", "mkdir", "switch_root"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = bm_prover_find_tool(prover, names[i]);
		const struct bm_prover_program program = {
			.missing = BM_PROOF_NO_INIT,
			.interpreter = BM_PROOF_INIT_INTERPRETER,
			.library = BM_PROOF_INIT_LIBRARY,
			.path = path,
			.why = "its first init moves into the filesystem inside with it",
		};

		if (path)
			bm_prover_program(prover, &program);
		else
			bm_prover_problem(prover, BM_PROOF_NO_INIT, names[i], "%s is not in the image (%s)", names[i],
				program.why);
	}
}

/* What the kernel needs to mount the filesystem: built in, or modules of the outer half, which modprobe loads. */
static void check_drivers(struct bm_prover *prover)
{
	/* Without the kernel's own lists nothing tells what it has built in. */
	const struct bm_proof_need *need = prover->need;
	enum bm_proof_role role = need->dep_known || need->builtin_known ? BM_PROOF_FILESYSTEM : BM_PROOF_OTHER;
	const struct bm_proof_driver drivers[] = {
		{.name = "loop", .why = "the filesystem inside", .role = role},
		{.name = "squashfs", .why = "the filesystem inside", .role = role},
		{.name = "overlay", .why = "what is written over the filesystem inside", .role = role},
	};
	struct bm_proof_need outer = *need;

	outer.drivers = drivers;
	outer.n_drivers = BM_ARRAY_SIZE(drivers);
	prover->need = &outer;
	prover->loading = bm_prover_loading_new(prover);
	if (prover->loading)
		bm_prover_drivers(prover);
	bm_prover_loading_free(prover->loading);
	prover->loading = NULL;
	prover->need = need;
}

static void check_init(struct bm_prover *prover, const char *path, const char *why)
{
	const struct bm_prover_program init = {
		.missing = BM_PROOF_NO_INIT,
		.interpreter = BM_PROOF_INIT_INTERPRETER,
		.library = BM_PROOF_INIT_LIBRARY,
		.path = path,
		.why = why,
	};

	bm_prover_program(prover, &init);
}

bool bm_prover_squash(struct bm_prover *prover)
{
	const struct bm_image_list *list = prover->list;

	if (!list->squash.name)
		return true;
	if (list->squash.damaged) {
		bm_prover_problem(prover, BM_PROOF_CORRUPT, list->squash.name,
			"%s, which holds most of its files, is damaged: %s", list->squash.name, list->squash.why);
		return false;
	}
	if (list->squash.why) {
		bm_prover_problem(prover, BM_PROOF_SQUASHED, list->squash.name,
			"most of its files are in %s inside the image, and what is there is not known: %s",
			list->squash.name, list->squash.why);
		return false;
	}
	bm_prover_proven(prover, "%s, which holds its files, is whole: %llu of them", list->squash.name,
		(unsigned long long)list->squash.entries);
	if (!list->inner) {
		/* Both halves are one tree, and the second init stands beside the first. */
		if (bm_image_list_lfind(list, "/init.orig"))
			check_init(prover, "/init.orig", "what the first init goes on with");
		return true;
	}
	check_init(prover, "/init", "what the kernel starts");
	check_programs(prover);
	check_drivers(prover);
	prover->list = list->inner;
	return true;
}
