/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plan was decided from: the content of the files that it rests on, kept when it is made and compared before it
 * is carried out.
 */
#ifndef BM_APPLY_BASIS_H
#define BM_APPLY_BASIS_H

#include "../os/root/root.h"
#include "../plan/plan.h"

/* Completes the basis of a plan that was made just now with what needs reading: the images and links that it replaces,
 * the module indices that it writes, the files that it moves (whose hash becomes their step's, too). Returns 0 or a
 * negative errno. */
int bm_basis_take(struct bm_plan *plan, const struct bm_root *root) BM_MUST_CHECK;

/* Compares the basis with what is there now. Returns 0; *ret_why is NULL where nothing has changed, else a sentence
 * without full stop that names the first file that has, for free(). Or a negative errno. */
int bm_basis_check(const struct bm_plan *plan, const struct bm_root *root, char **ret_why) BM_MUST_CHECK;

#endif
