/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "basis.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/journal.h"
#include "../plan/planfile.h"

#define JOURNALS "/var/lib/bootmend"

enum { JOURNALS_MAX = 4096 };

/* The file's hash, "" where nothing is there. */
static int hash_of(const struct bm_root *root, const char *path, char ret_hash[BM_SHA256_TEXT])
{
	int r = bm_root_hash(root, path, ret_hash, NULL);

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

/* Whether the journal is that of a repair by the plan, and was not taken back. */
static int is_of(const struct bm_root *root, const char *id, const char *hash, bool *ret_is)
{
	_cleanup_free_ char *path = bm_strf(JOURNALS "/%s/journal", id);
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	int r;

	*ret_is = false;
	if (!path)
		return -ENOMEM;
	r = bm_root_read(root, path, BM_JOURNAL_SIZE_MAX, &text);
	if (r == 0)
		r = bm_journal_parse(bm_buf_text(&text), text.len, &journal);
	if (r < 0) {
		bm_err_clear();
		return r == -ENOMEM ? r : 0;
	}
	*ret_is = journal.n > 0 && journal.records[0].kind == BM_JOURNAL_BEGIN &&
		  bm_streq(journal.records[0].plan, hash) && bm_journal_phase(&journal) == BM_JOURNAL_ENDED;
	return 0;
}

int bm_basis_applied(const struct bm_plan *plan, const struct bm_root *root, char **ret_id)
{
	_cleanup_strv_ struct bm_strv ids = {0};
	char hash[BM_SHA256_TEXT];
	bool is = false;
	int r = bm_plan_hash(plan, hash);

	*ret_id = NULL;
	if (r == 0)
		r = bm_root_list(root, JOURNALS, JOURNALS_MAX, &ids);
	if (r < 0) {
		bm_err_clear();
		return r == -ENOMEM ? r : 0;
	}
	/* The newest is the last. */
	for (size_t i = ids.n; i > 0 && !is; i--) {
		r = is_of(root, ids.items[i - 1], hash, &is);
		if (r == 0 && is)
			r = bm_str_set(ret_id, ids.items[i - 1]);
		if (r < 0)
			return r;
	}
	return 0;
}
