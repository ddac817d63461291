/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prove.h"

#include <errno.h>

#include "../base/err.h"
#include "../os/root/fileio.h"
#include "../system/unified.h"

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	const int *fd = ctx;
	size_t got = 0;
	int r = bm_file_next(*fd, buf, len, &got);

	return r < 0 ? r : (ssize_t)got;
}

static int prove_source(const struct bm_image_source *source, const struct bm_needs *needs, struct bm_proof *ret_proof)
{
	_cleanup_image_list_ struct bm_image_list list = {.facts = true, .inspect = &needs->inspect};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	const struct bm_proof_need need = bm_needs_for_proof(needs);
	int r = bm_image_list_read(source, &list, &summary);

	return r < 0 ? r : bm_proof_check(&list, &summary, &need, ret_proof);
}

int bm_prove_fd(int fd, const struct bm_needs *needs, struct bm_proof *ret_proof)
{
	const struct bm_image_source source = {next_bytes, &fd};

	return prove_source(&source, needs, ret_proof);
}

int bm_prove_file(
	const struct bm_root *root, const char *path, const struct bm_needs *needs, struct bm_proof *ret_proof)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_file(root, path, &fd);

	if (r == 0)
		r = bm_prove_fd(fd, needs, ret_proof);
	return r < 0 ? bm_err_within(r, "%s", path) : 0;
}

/* The same for what a unified image has inside. */
static int prove_unified(
	const struct bm_root *root, const char *path, const struct bm_needs *needs, struct bm_proof *ret_proof)
{
	_cleanup_unified_ struct bm_unified unified = {0};
	_cleanup_fd_ int fd = -1;
	struct bm_unified_initrd initrd;
	struct bm_image_source source;
	struct bm_stat st;
	int r = bm_root_stat(root, path, true, &st);

	if (r == 0)
		r = bm_root_open_file(root, path, &fd);
	if (r == 0)
		r = bm_unified_read(fd, st.size_bytes, &unified);
	if (r == 0) {
		bm_unified_initrd(fd, &unified.image, &initrd, &source);
		r = prove_source(&source, needs, ret_proof);
	}
	return r < 0 ? bm_err_within(r, "%s", path) : 0;
}

int bm_prove_kernel(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	struct bm_proof *ret_proof)
{
	_cleanup_needs_ struct bm_needs needs = {0};
	int r = bm_needs_read(survey, system, kernel, false, &needs);

	return r < 0 ? r : bm_prove_file(system->root, kernel->initramfs_path, &needs, ret_proof);
}

int bm_prove_entry(
	const struct bm_survey *survey, const struct bm_system *system, size_t entry, struct bm_proof *ret_proof)
{
	_cleanup_needs_ struct bm_needs needs = {0};
	const struct bm_boot_entry *boot = entry < system->loader.n_entries ? &system->loader.entries[entry] : NULL;
	const struct bm_kernel *kernel = boot && boot->version ? bm_system_kernel(system, boot->version) : NULL;
	int r;

	if (!kernel || !boot->initramfs || !boot->initramfs_exists)
		return bm_err(-ENOENT, "the boot entry loads no initramfs that is there");
	r = bm_needs_read(survey, system, kernel, false, &needs);
	if (r < 0)
		return r;
	return boot->unified ? prove_unified(system->root, boot->initramfs, &needs, ret_proof)
			     : bm_prove_file(system->root, boot->initramfs, &needs, ret_proof);
}
