/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernels' configurations say about the root of the system.
 */
#ifndef BM_PROOF_CONFIGS_H
#define BM_PROOF_CONFIGS_H

#include "../fmt/kernel/kconfig.h"
#include "../system/system.h"

/* Fills what struct bm_kernel has of its configuration, for each kernel of the system. After bm_survey_run(). Returns 0
 * or -ENOMEM; a configuration that cannot be read says nothing. */
int bm_proof_read_configs(struct bm_system *system, const struct bm_survey *survey) BM_MUST_CHECK;

/* Appends to text the kernel's configuration: the file of it, or, where inside is set and there is none, what the
 * kernel image carries (CONFIG_IKCONFIG), which takes a second or two. Returns 0; -ENOENT or another error where there
 * is none; -ENOMEM. */
int bm_proof_config_text(
	const struct bm_system *system, const struct bm_kernel *kernel, bool inside, struct bm_buf *text) BM_MUST_CHECK;

/* Whether the configuration has a driver (module, or type of a filesystem) built in. False also where its options are
 * not known. */
bool bm_proof_config_builtin(const struct bm_kconfig *kconfig, const char *driver);

#endif
