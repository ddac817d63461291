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
	bool hidden;	  /* a filesystem that is not seen may exist all the same */
	bool hidden_disk; /* so may a disk with partitions: it was not named, could not be read, or is a closed RAID */
};

/* Adds a finding; 0 or -ENOMEM. */
#define BM_CHECK_ADD(check, id, file, line, ...)                                                                       \
	(bm_findings_add((check)->findings, id, file, line, __VA_ARGS__) ? 0 : -ENOMEM)
/* Sets the finding's excerpt and subject (either may be NULL); 0 or -ENOMEM. */
int bm_check_detail(struct bm_finding *finding, const char *excerpt, const char *subject) BM_MUST_CHECK;

/* The same with the very line of the finding's file as the excerpt, where that file was kept. */
int bm_check_place(const struct bm_check *check, struct bm_finding *finding, const char *subject) BM_MUST_CHECK;
/* Makes a fatal finding a warning, and one that nobody mends without being asked. */
void bm_check_doubt(struct bm_finding *finding);

/* A place in a text file of the system; the file is borrowed. */
struct bm_check_line {
	const char *file;
	unsigned int line; /* 0: unknown */
};
/* Where the judged entry says word (an argument, a path), as a whole word: in the lines of its file that belong to it,
 * else in the environment block; else where it loads its kernel. */
struct bm_check_line bm_check_find(const struct bm_check *check, const char *word);
/* The first line of the file that has both texts (either may be ""), from that line on; 0 where none has. */
unsigned int bm_check_find_line(
	const struct bm_check *check, const char *file, unsigned int from, const char *a, const char *b);

/* Whether the devices are those of the machine that the system starts on: not where it is a folder, a copy whose disk
 * is elsewhere. Without that nothing can be called missing. */
bool bm_check_knows_devices(const struct bm_check *check);

/* Whether what spec names may be hidden in something that was not opened or not looked at, so that it can't be called
 * missing. No closed container hides a partition of a disk that was seen, or a logical volume of a group that was. */
bool bm_check_may_hide(const struct bm_check *check, const struct bm_spec *spec);

/* place.c: whether a plain name of a disk or partition (/dev/xvda2) will appear on this machine, where all disks are
 * known. A name that another of the disks may get proves nothing. */
enum bm_check_name {
	BM_CHECK_NAME_OPEN,  /* it is there, or may be */
	BM_CHECK_NAME_DOUBT, /* no disk here gets it; the system may run on other controllers, or the disk come later */
	BM_CHECK_NAME_GONE,
};
enum bm_check_name bm_check_name_of(const struct bm_check *check, const char *path);

/* loader.c: the default, and the kernel that the entry names */
int bm_check_default(const struct bm_check *check) BM_MUST_CHECK;
int bm_check_entry_kernel(const struct bm_check *check) BM_MUST_CHECK;
/* judged.c: whether what is booted could be judged at all */
int bm_check_judged(const struct bm_check *check) BM_MUST_CHECK;
/* Whether the judged entry boots a Linux of this system; nothing is known of others. */
bool bm_check_boots(const struct bm_check *check);
/* Whether a kernel without an initramfs finds this root= (NULL: none given): only by number, name or partition. */
bool bm_check_kernel_finds(const char *root);
/* cmdline.c: the entry's arguments */
int bm_check_cmdline(const struct bm_check *check) BM_MUST_CHECK;
/* activation.c: whether the initramfs is told to bring up what the root lies on */
int bm_check_activation(const struct bm_check *check) BM_MUST_CHECK;
/* waits.c: what the image waits for by itself */
int bm_check_waits(const struct bm_check *check) BM_MUST_CHECK;
/* initramfs.c: the image that the entry loads, and its proof */
int bm_check_initramfs(const struct bm_check *check) BM_MUST_CHECK;
/* kernels.c: modules of all kernels, the configuration of the entry's, /boot's room */
int bm_check_kernels(const struct bm_check *check) BM_MUST_CHECK;
int bm_check_modules(const struct bm_check *check, const struct bm_kernel *kernel) BM_MUST_CHECK;
int bm_check_config(const struct bm_check *check) BM_MUST_CHECK;
/* Takes back what the findings say of a rebuild, where none can be made. After all checks. */
void bm_check_rebuild(const struct bm_check *check);
/* fstab.c; whether the boot goes on without the line's filesystem: it is not mounted then, or not waited for. */
bool bm_check_not_needed(const struct bm_fstab_line *line);
int bm_check_fstab(const struct bm_check *check) BM_MUST_CHECK;
/* fstab_type.c: the types in fstab, and their drivers */
int bm_check_fstab_types(const struct bm_check *check) BM_MUST_CHECK;
/* twins.c: identifiers that several devices carry */
int bm_check_twins(const struct bm_check *check) BM_MUST_CHECK;
/* storage.c: LVM, md, crypttab */
int bm_check_storage(const struct bm_check *check) BM_MUST_CHECK;
/* renamed.c: makes one finding of all that name a volume by the name that it had; behind those checks */
int bm_check_renamed(const struct bm_check *check) BM_MUST_CHECK;
/* filesystem.c: what could not be mounted, and why */
int bm_check_filesystems(const struct bm_check *check) BM_MUST_CHECK;
/* hibernation.c: a machine that waits in swap to go on */
int bm_check_hibernation(const struct bm_check *check) BM_MUST_CHECK;
/* userland.c: init, its libraries, the processor, the memory, SELinux */
int bm_check_userland(const struct bm_check *check) BM_MUST_CHECK;

#endif
