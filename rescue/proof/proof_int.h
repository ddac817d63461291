/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to proof*.c. */
#ifndef BM_PROOF_PROOF_INT_H
#define BM_PROOF_PROOF_INT_H

#include "proof.h"

struct bm_prover {
	const struct bm_image_list *list;
	const struct bm_image_summary *summary;
	const struct bm_proof_need *need;
	struct bm_proof proof;
	bool failed; /* memory was short */
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

/* proof_dracut.c: what the image does by itself. */
void bm_prover_dracut(struct bm_prover *prover);
void bm_proof_dracut_done(struct bm_proof_dracut *dracut);

/* proof_driver.c: the modules are the kernel's, and the drivers are there. */
void bm_prover_drivers(struct bm_prover *prover);

#endif
