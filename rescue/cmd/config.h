/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an unattended run was told: the kernel command line, and bootmend.conf on a volume labelled BOOTMENDCFG.
 */
#ifndef BM_CMD_CONFIG_H
#define BM_CMD_CONFIG_H

#include "../fmt/own/bmconf.h"
#include "../os/block/block.h"

#define BM_CONFIG_LABEL "BOOTMENDCFG"
#define BM_CONFIG_FILE	"bootmend.conf"

/*
 * Reads both into conf (initialised by the caller with `= {0}`): the volume's first, so that the command line, which
 * somebody typed for this boot, wins; it also says which volumes count (bootmend.config=). Waits until the machine's
 * devices have been the same for two seconds, at most limit_s, unless the volume shows up before. What is wrong with
 * the volume is one of conf's problems. Must run in a mount namespace to which the caller returns. Returns 0 or a
 * negative errno.
 */
int bm_config_read(struct bm_bmconf *conf, unsigned int limit_s) BM_MUST_CHECK;

/* What the devices have for settings. */
struct bm_config_volumes {
	const struct bm_block *volume;	/* the first that counts, or NULL; the list's */
	size_t n;			/* how many count */
	const struct bm_block *refused; /* one that does not, because it lies on the patient's own disk; or NULL */
};

/* Finds the volumes with the label. Returns 0 or -ENOMEM. */
int bm_config_find(
	const struct bm_blocks *blocks, enum bm_config_from from, struct bm_config_volumes *ret_volumes) BM_MUST_CHECK;

/* Waits as above, for disks that hold what could be a system. *ret_disks is whether there are any. */
int bm_config_wait(unsigned int limit_s, bool *ret_disks) BM_MUST_CHECK;

#endif
