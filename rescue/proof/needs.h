/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel of a system needs in its initramfs on this machine: the drivers of the root's device chain, the driver
 * of its filesystem, the programs that assemble what it lies on.
 */
#ifndef BM_PROOF_NEEDS_H
#define BM_PROOF_NEEDS_H

#include "../system/system.h"
#include "proof.h"

struct bm_needs {
	struct bm_modules *modules;		      /* of the kernel; NULL where none could be read */
	bool dep_known, builtin_known, aliases_known; /* see struct bm_proof_need */
	bool hardware_known; /* the root lies on hardware that this machine shows, not in an image file */
	bool lvm;	     /* the root lies on LVM */
	unsigned int compressions;
	bool assembled; /* the root lies on a logical volume, an array or an opened device */
	bool sig_force; /* CONFIG_MODULE_SIG_FORCE */
	bool lock_down; /* Secure Boot is on, and CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT */
	char *version, *rdinit;
	char *cmdline;			 /* of the entry that boots this kernel; NULL */
	struct bm_strv inspect;		 /* modules that may be needed, which a proof looks into; sorted */
	struct bm_proof_driver *drivers; /* texts are in texts */
	size_t n_drivers, cap_drivers;
	struct bm_proof_tool *tools;
	size_t n_tools, cap_tools;
	struct bm_strv
		builtin; /* drivers that the kernel's configuration has built in, where modules.builtin is gone */
	struct bm_strv add_drivers; /* modules of this kernel to name to the tool that builds, sorted */
	struct bm_strv texts;	    /* owns what drivers and tools point to */
};

/*
 * Reads the kernel's modules.* through system->root and follows the device chain of / and /usr. For building
 * (for_build) on hardware that is not known, the common storage drivers of servers and virtual machines are asked for,
 * as far as this kernel has them, so that the image boots wherever the disk is put.
 * ret_needs is initialised by the call and released by bm_needs_done(). Returns 0, or -ENOMEM; what cannot be read is
 * unknown.
 */
int bm_needs_read(const struct bm_survey *survey, const struct bm_system *system, const struct bm_kernel *kernel,
	bool for_build, struct bm_needs *ret_needs) BM_MUST_CHECK;
/* What the root's device chain and filesystem need, whatever the kernel: drivers and tools, without modules. The same
 * rules. */
int bm_needs_of_root(
	const struct bm_survey *survey, const struct bm_system *system, struct bm_needs *ret_needs) BM_MUST_CHECK;
void bm_needs_done(struct bm_needs *needs);
#define _cleanup_needs_ BM_CLEANUP(bm_needs_done)

/* Whether this machine shows the hardware of the system's root: it lies on a disk that is no loop device or image. */
bool bm_needs_hardware_known(const struct bm_survey *survey, const struct bm_system *system);

/* The same as the proof takes it; borrows from needs. */
struct bm_proof_need bm_needs_for_proof(const struct bm_needs *needs);

#endif
