/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to proof*.c. */
#ifndef BM_PROOF_PROOF_INT_H
#define BM_PROOF_PROOF_INT_H

#include "proof.h"

struct bm_prover_loading;

struct bm_prover {
	const struct bm_image_list *list;
	const struct bm_image_summary *summary;
	const struct bm_proof_need *need;
	struct bm_proof proof;
	struct bm_prover_loading *loading; /* what is known of how modules are loaded */
	struct bm_modules *inside;	   /* by the image's modules.builtin, where the system's is gone; NULL */
	bool failed;			   /* memory was short */
};

/* Each adds a sentence (printf); its names are made safe for a terminal. */
void bm_prover_problem(struct bm_prover *prover, enum bm_proof_kind kind, const char *subject, const char *format, ...)
	BM_PRINTF(4, 5);
void bm_prover_proven(struct bm_prover *prover, const char *format, ...) BM_PRINTF(2, 3);
void bm_prover_note(struct bm_prover *prover, const char *format, ...) BM_PRINTF(2, 3);

/* The kinds of problem that a program may have, and the program: "/init", or "/usr/sbin/lvm". */
struct bm_prover_program {
	enum bm_proof_kind missing, interpreter, library;
	const char *path;
	const char *why;
};

/* proof_program.c: the program is there and can start. */
void bm_prover_program(struct bm_prover *prover, const struct bm_prover_program *program);
/* The same for a program that is at path (NULL: nowhere), as a part of init, or of what loads modules. */
void bm_prover_must_start(struct bm_prover *prover, const char *name, const char *path, bool of_init, const char *why);
/* The same for one of init's that may lie in any folder of programs. */
void bm_prover_init_tool(struct bm_prover *prover, const char *name, const char *why);

/* proof_dracut.c: what the image does by itself. */
void bm_prover_dracut(struct bm_prover *prover);
void bm_proof_dracut_done(struct bm_proof_dracut *dracut);

/* What the drivers that are there are loaded for. */
struct bm_prover_served {
	bool devices;  /* a module drives a device: udevd loads it */
	bool others;   /* a module is loaded for a filesystem or by a script: modprobe loads it */
	bool by_alias; /* any of them is found by an alias */
};

/* proof_load.c: how modules get into the kernel. NULL when memory is short (failed is set). */
struct bm_prover_loading *bm_prover_loading_new(struct bm_prover *prover);
void bm_prover_loading_free(struct bm_prover_loading *loading);
/* Why a module that is inside can't be loaded: its file, modprobe's rules, the command line. by_alias: it is asked for
 * by an alias. A part of a sentence, for free(); NULL where nothing is known against it. ret_lasting: it is not the
 * image's own fault, so that every other image has it as well. */
char *bm_prover_hindrance(struct bm_prover *prover, const char *name, bool by_alias, bool *ret_lasting);
/* What loads modules is there, and finds them. */
void bm_prover_check_loading(struct bm_prover *prover, struct bm_prover_served served);

/* proof_systemd.c: where systemd is init, all that it needs to mount the root and to go there. */
void bm_prover_systemd(struct bm_prover *prover);

/* proof.c: the path of a program in the image, NULL where it is nowhere; for free(). */
char *bm_prover_find_tool(struct bm_prover *prover, const char *name);
/* proof_squash.c: the filesystem inside, with which dracut's squash module keeps the files: what mounts it is there.
 * From then on the prover looks at what is in it. False where it was not read: nothing can be said. */
bool bm_prover_squash(struct bm_prover *prover);

/* proof_driver.c: the modules are the kernel's, and the drivers are there. */
void bm_prover_drivers(struct bm_prover *prover);
/* Whether the driver is known to be built into the kernel. */
bool bm_prover_is_builtin(const struct bm_prover *prover, const char *name);

/* proof_udev.c: what finds the drivers of devices by their aliases is there, where disks need that. served_devices:
 * a module that is inside drives a device of this machine. */
void bm_prover_udev(struct bm_prover *prover, bool served_devices);
/* proof_load.c: whether the image's scripts or the command line load the module by its name. */
bool bm_prover_loads_by_name(const struct bm_prover *prover, const char *name);

/* proof_script.c: where a script of initramfs-tools is init, all that it needs to mount the root and to go there. */
void bm_prover_script(struct bm_prover *prover);

#endif
