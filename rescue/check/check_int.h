/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks among themselves: what each of them looks at. Each is a pure function that adds findings and returns 0 or
 * -ENOMEM; check.c lists them.
 */
#ifndef BM_CHECK_CHECK_INT_H
#define BM_CHECK_CHECK_INT_H

#include "check.h"

struct bm_check {
	const struct bm_survey *survey;
	const struct bm_system *system;
	const struct bm_proof *proof;	   /* of kernel's image, or NULL */
	const struct bm_boot_entry *entry; /* the one that is judged: the default's, unless asked otherwise; or NULL */
	const struct bm_kernel *kernel;	   /* that it loads, or NULL */
	struct bm_findings *findings;
	bool hidden; /* a filesystem that is not seen may exist all the same */
};

/* Adds a finding; 0 or -ENOMEM. */
#define BM_CHECK_ADD(check, id, file, line, ...)                                                                       \
	(bm_findings_add((check)->findings, id, file, line, __VA_ARGS__) ? 0 : -ENOMEM)
/* Sets the finding's excerpt and subject (either may be NULL); 0 or -ENOMEM. */
int bm_check_detail(struct bm_finding *finding, const char *excerpt, const char *subject) BM_MUST_CHECK;

/* loader.c: the default, the kernel that the entry names */
int bm_check_default(const struct bm_check *check) BM_MUST_CHECK;
/* cmdline.c: the entry's arguments */
int bm_check_cmdline(const struct bm_check *check) BM_MUST_CHECK;
/* initramfs.c: the image that the entry loads, and its proof */
int bm_check_initramfs(const struct bm_check *check) BM_MUST_CHECK;
/* kernels.c: images, modules, configurations, /boot's room */
int bm_check_kernels(const struct bm_check *check) BM_MUST_CHECK;
/* fstab.c */
int bm_check_fstab(const struct bm_check *check) BM_MUST_CHECK;
/* storage.c: LVM, md, crypttab */
int bm_check_storage(const struct bm_check *check) BM_MUST_CHECK;
/* filesystem.c: what could not be mounted, and why */
int bm_check_filesystems(const struct bm_check *check) BM_MUST_CHECK;
/* userland.c: init, its libraries, the processor, the memory, SELinux */
int bm_check_userland(const struct bm_check *check) BM_MUST_CHECK;

#endif
