/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_int.h"

#include <errno.h>

static const struct {
	enum bm_proof_kind kind;
	enum bm_finding_id id;
} proof_rows[] = {
	{BM_PROOF_TRUNCATED, BM_FINDING_INITRAMFS_TRUNCATED},
	{BM_PROOF_CORRUPT, BM_FINDING_INITRAMFS_CORRUPT},
	{BM_PROOF_EMPTY, BM_FINDING_INITRAMFS_EMPTY},
	{BM_PROOF_COMPRESSION, BM_FINDING_INITRAMFS_COMPRESSION},
	{BM_PROOF_NO_INIT, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_INTERPRETER, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_INIT_LIBRARY, BM_FINDING_INITRAMFS_NO_INIT},
	{BM_PROOF_WRONG_VERSION, BM_FINDING_INITRAMFS_WRONG_KERNEL},
	{BM_PROOF_MODULES_DEP, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_STORAGE_DRIVER, BM_FINDING_INITRAMFS_NO_STORAGE_DRIVER},
	{BM_PROOF_NO_FS_DRIVER, BM_FINDING_INITRAMFS_NO_FS_DRIVER},
	{BM_PROOF_NO_TOOL, BM_FINDING_INITRAMFS_NO_LVM},
	{BM_PROOF_TOOL_LIBRARY, BM_FINDING_INITRAMFS_NO_LVM},
};

int bm_check_initramfs(const struct bm_check *check)
{
	const struct bm_kernel *kernel = check->kernel;

	if (!kernel || !check->entry || check->entry->initrds.n == 0 || !kernel->initramfs_by_entry)
		return 0;
	if (!kernel->initramfs_exists)
		return BM_CHECK_ADD(check, BM_FINDING_INITRAMFS_MISSING, kernel->initramfs_path, 0,
			"'%s' loads %s, which does not exist", check->entry->entry.title, kernel->initramfs_path);
	/* A rescue image holds another kernel version than its name says: nothing is proven of it. */
	for (size_t i = 0; check->proof && !kernel->rescue && i < check->proof->n_problems; i++)
		for (size_t row = 0; row < BM_ARRAY_SIZE(proof_rows); row++)
			if (proof_rows[row].kind == check->proof->problems[i].kind &&
				BM_CHECK_ADD(check, proof_rows[row].id, kernel->initramfs_path, 0, "%s",
					check->proof->problems[i].text) < 0)
				return -ENOMEM;
	return 0;
}
