/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend's own parameters, from the kernel command line and from bootmend.conf:
 *
 *	bootmend.auto			work unattended
 *	bootmend.kernel=VER		what `repair --kernel` takes: a version, a file name or `all`
 *	bootmend.system=ID		what --system takes
 *	bootmend.dry-run		print the plan only
 *	bootmend.then=reboot|poweroff|shell
 *	bootmend.time-limit=SECONDS	what `repair --time-limit` takes
 *	bootmend.token=TOKEN		is repeated in the result line, for a script to know its own run
 *	bootmend.config=own|any|none	which BOOTMENDCFG volumes count; on the command line only
 *
 * Switches may have a value: 1, yes, true, on and 0, no, false, off. '_' is taken for '-' in keys.
 */
#ifndef BM_FMT_BMCONF_H
#define BM_FMT_BMCONF_H

#include "base/vec.h"

enum {
	BM_BMCONF_SIZE_MAX = 64 * 1024, /* bytes of a text */
	BM_BMCONF_KERNEL_MAX = 255,	/* bytes of a value */
	BM_BMCONF_SYSTEM_MAX = 128,
	BM_BMCONF_TOKEN_MAX = 64,
	BM_BMCONF_PROBLEMS_MAX = 32,
	BM_BMCONF_SECONDS_MAX = 24 * 3600,
};

enum bm_then {
	BM_THEN_UNSET,
	BM_THEN_REBOOT,
	BM_THEN_POWEROFF,
	BM_THEN_SHELL,
};

/* Which volumes with settings count. */
enum bm_config_from {
	BM_CONFIG_FROM_OWN, /* those on a disk without anything that could be a system's */
	BM_CONFIG_FROM_ANY, /* also one on the patient's own disk, which whoever owns the patient can write */
	BM_CONFIG_FROM_NONE,
};

struct bm_bmconf {
	bool asked; /* bootmend.auto */
	bool dry_run;
	char *kernel;		    /* NULL where not given; [A-Za-z0-9._+~:@%,=/-] only */
	char *system;		    /* likewise; [A-Za-z0-9._:-] only */
	char *token;		    /* likewise; [A-Za-z0-9._:-] only */
	unsigned int limit_seconds; /* 0 where not given */
	enum bm_then then;
	enum bm_config_from config;
	struct bm_strv
		problems; /* a line each, safe to print; whoever acts unattended should refuse when there is one */
};

/*
 * Each reads a text into conf, over what conf holds: a key that is given again replaces the earlier value, a value
 * that is refused leaves it and adds a problem. Initialise conf with `= {0}`, release it with bm_bmconf_done().
 * Unknown keys with the prefix "bootmend." are problems. Other words are ignored on the command line, where they are
 * the kernel's, and are problems in the file. In the file blanks around '=' are allowed, '#' begins a comment, and
 * a line may hold several words.
 * Return 0; -EFBIG for more than BM_BMCONF_SIZE_MAX bytes, -ENOMEM.
 */
int bm_bmconf_read_cmdline(struct bm_bmconf *conf, const char *text, size_t len) BM_MUST_CHECK;
int bm_bmconf_read_file(struct bm_bmconf *conf, const char *text, size_t len) BM_MUST_CHECK;
void bm_bmconf_done(struct bm_bmconf *conf);
#define _cleanup_bmconf_ BM_CLEANUP(bm_bmconf_done)
/* "reboot", "poweroff", "shell"; "" for BM_THEN_UNSET. */
const char *bm_then_name(enum bm_then then);

#endif
