/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of userland.h share.
 */
#ifndef BM_SYSTEM_USERLAND_INT_H
#define BM_SYSTEM_USERLAND_INT_H

#include "../fmt/kernel/elf.h"
#include "system.h"

enum {
	BM_USERLAND_OBJECTS_MAX = 512,		  /* programs and libraries looked at for one init */
	BM_USERLAND_SCRIPT_DEPTH = 5,		  /* the kernel's limit of scripts run by scripts */
	BM_USERLAND_DIRS_MAX = 256,		  /* of ld.so.conf */
	BM_USERLAND_TEXT_MAX = 256 * 1024,	  /* bytes of one configuration file */
	BM_USERLAND_CACHE_MAX = 16 * 1024 * 1024, /* bytes of ld.so.cache */
};

/* What came of following a program to its libraries. */
struct bm_program {
	enum bm_userland_lack lack;
	char *missing, *missing_for, *missing_why; /* see struct bm_userland */
	unsigned int isa_level;
	char *isa_file;
	struct bm_strv files; /* what it loads itself: real paths of interpreter and C library */
};

void bm_program_done(struct bm_program *program);
#define _cleanup_program_ BM_CLEANUP(bm_program_done)

/*
 * Whether the program at path of the root can start: that it is there, whole and executable, its interpreter, and all
 * libraries, as execve(2) and ld.so(8) look for them. Returns 0 with ret_program for bm_program_done(), or -ENOMEM.
 */
int bm_program_follow(const struct bm_root *root, const char *path, struct bm_program *ret_program) BM_MUST_CHECK;

/* Appends the folders in which the loader of a program (elf) looks by itself: ld.so.conf's, musl's path file, the
 * standard ones, and that of the loader. At most BM_USERLAND_DIRS_MAX. Returns 0 or -ENOMEM. */
int bm_userland_library_dirs(
	const struct bm_root *root, const struct bm_elf *elf, bool musl, struct bm_strv *dirs) BM_MUST_CHECK;

/* userland_links.c: the links into a merged /usr that are lost. Returns 0 or -ENOMEM. */
int bm_userland_read_links(struct bm_system *system) BM_MUST_CHECK;

/* userland_labels.c: SELinux; more_files are looked at, too. Returns 0 or -ENOMEM. */
int bm_userland_read_selinux(struct bm_system *system, const struct bm_strv *more_files) BM_MUST_CHECK;

/* userland_facts.c: sysctl's vm.panic_on_oom; kdump; lvm.conf. Each returns 0 or -ENOMEM. */
int bm_userland_read_sysctl(struct bm_system *system) BM_MUST_CHECK;
int bm_userland_read_kdump(struct bm_system *system) BM_MUST_CHECK;
int bm_userland_read_lvm(struct bm_system *system) BM_MUST_CHECK;

#endif
