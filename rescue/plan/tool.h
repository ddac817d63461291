/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tools with which distributions build an initramfs, as a table: one adapter each says how to call it.
 */
#ifndef BM_PLAN_TOOL_H
#define BM_PLAN_TOOL_H

#include "../proof/needs.h"
#include "plan.h"

/* Stand in a step's argv for what apply/ chooses: the file to write, a temporary folder that is known to be good, and a
 * copy of /etc/initramfs-tools to which the drivers are added. */
#define BM_TOOL_OUTPUT	"@OUTPUT@"
#define BM_TOOL_TMPDIR	"@TMPDIR@"
#define BM_TOOL_CONFDIR "@CONFDIR@"

struct bm_tool {
	const char *name;
	/* Whether the system has it and uses it. */
	bool (*serves)(const struct bm_tools *tools);
	/* Writes the command line that builds the image of needs->version into step->argv and environment. */
	int (*command)(const struct bm_system *system, const struct bm_needs *needs, struct bm_step *step);
	const char *config; /* a folder of the system that is copied for BM_TOOL_CONFDIR, or NULL */
};

/* The tool of the system, or NULL where it has none that is known. */
const struct bm_tool *bm_tool_of(const struct bm_system *system);
/* The tool whose command line argv is, by its use of BM_TOOL_CONFDIR: the folder to copy, or NULL. */
const char *bm_tool_config(const struct bm_step *step);

#endif
