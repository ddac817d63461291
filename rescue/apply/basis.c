/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "basis.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"

/* The file's hash, "" where nothing is there; all folders are the same. */
static int hash_of(const struct bm_root *root, const char *path, char ret_hash[BM_SHA256_TEXT])
{
	int r;

	if (bm_root_is_dir(root, path)) {
		bm_sha256_text("/", 1, ret_hash);
		return 0;
	}
	r = bm_root_hash(root, path, ret_hash, NULL);
	if (r != -ENOENT && r != -ENOTDIR)
		return r;
	bm_err_clear();
	ret_hash[0] = '\0';
	return 0;
}

static int take(struct bm_plan *plan, const struct bm_root *root, const char *path, char ret_hash[BM_SHA256_TEXT])
{
	int r = hash_of(root, path, ret_hash);

	return r < 0 ? r : bm_plan_add_basis(plan, path, ret_hash);
}

int bm_basis_take(struct bm_plan *plan, const struct bm_root *root)
{
	char hash[BM_SHA256_TEXT];
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_steps; i++) {
		struct bm_step *step = &plan->steps[i];
		_cleanup_free_ char *index = NULL;

		switch (step->kind) {
		case BM_STEP_SWAP:
		case BM_STEP_LINK:
			r = take(plan, root, step->target, hash);
			break;
		case BM_STEP_MOVE:
			r = take(plan, root, step->target, step->before);
			break;
		case BM_STEP_DEPMOD:
			index = bm_path_join(step->target, "modules.dep");
			r = index ? take(plan, root, index, hash) : -ENOMEM;
			break;
		default:
			break;
		}
	}
	return r;
}

int bm_basis_check(const struct bm_plan *plan, const struct bm_root *root, char **ret_why)
{
	for (size_t i = 0; i < plan->n_basis; i++) {
		const struct bm_basis *basis = &plan->basis[i];
		char hash[BM_SHA256_TEXT];
		int r = hash_of(root, basis->path, hash);

		if (r < 0)
			return r;
		if (strcmp(hash, basis->hash) == 0)
			continue;
		*ret_why = bm_strf("%s %s since the plan was made", basis->path,
			!*hash		? "has gone"
			: !*basis->hash ? "has come"
					: "has changed");
		return *ret_why ? 0 : -ENOMEM;
	}
	*ret_why = NULL;
	return 0;
}
