/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixture roots: an installed system made at test time in a temporary directory from tests/fixtures/NAME.tree, with
 * devices that exist only on paper, and what the survey and the checks make of it as text.
 *
 * A manifest is read line by line ('#' begins a comment):
 *
 *	device NAME KIND [parent=NAME] [fstype=] [uuid=] [label=] [partuuid=] [partlabel=] [vg=] [lv=]
 *[modalias=,MODULE] root NAME		the device that the root lies on usr merged|split	bin, sbin, lib with a
 *shell, init and depmod, as links into /usr or as directories dir PATH file PATH		followed by its lines,
 *each behind a '|' env PATH		the same as a GRUB environment block of 1024 bytes link PATH TARGET kernel PATH
 *VERSION	a kernel image whose header says VERSION data PATH BYTES		a file of that size exec PATH
 *the head of a program modules DIR		kernel/, modules.dep, modules.alias, modules.order, modules.builtin
 *	expect			followed by '|' lines: what bm_fixture_text() must give
 */
#ifndef BM_TESTS_SYSTEM_FIXTURE_H
#define BM_TESTS_SYSTEM_FIXTURE_H

#include "base/buf.h"
#include "check/check.h"
#include "system/system.h"

struct bm_fixture {
	char *dir; /* the root's directory */
	char *root_name;
	struct bm_strv device_names;
	struct bm_buf expect;
	struct bm_survey survey; /* systems.items[0] after bm_fixture_survey() */
	struct bm_findings findings;
};

/* Makes the tree of tests/fixtures/NAME.tree, or (name NULL) an empty directory. A failure fails the test. */
void bm_fixture_make(const char *name, struct bm_fixture *ret_fixture);
void bm_fixture_done(struct bm_fixture *fixture);

/* Change the tree; parents are made, what is there is replaced. path is the system's own. */
void bm_fixture_write(struct bm_fixture *fixture, const char *path, const char *text);
void bm_fixture_env(struct bm_fixture *fixture, const char *path, const char *text);
void bm_fixture_kernel(struct bm_fixture *fixture, const char *path, const char *version);
void bm_fixture_data(struct bm_fixture *fixture, const char *path, size_t size);
void bm_fixture_link(struct bm_fixture *fixture, const char *path, const char *target);
void bm_fixture_fifo(struct bm_fixture *fixture, const char *path);
void bm_fixture_modules(struct bm_fixture *fixture, const char *dir);
void bm_fixture_remove(struct bm_fixture *fixture, const char *path);
/* Replaces the first from of the file by to; from must be there. */
void bm_fixture_edit(struct bm_fixture *fixture, const char *path, const char *from, const char *to);
void bm_fixture_touch(struct bm_fixture *fixture, const char *path, int seconds); /* mtime: now + seconds */

/* Runs every stage of the survey on the tree, and the checks (without a proof). May be called again. */
void bm_fixture_survey(struct bm_fixture *fixture);
struct bm_system *bm_fixture_system(struct bm_fixture *fixture);
/* The device of that name, which must be there. */
struct bm_device *bm_fixture_device(struct bm_fixture *fixture, const char *name);

/* What was found: system, mounts, loader, default, entries, kernels, tools, findings. For free(). */
char *bm_fixture_text(struct bm_fixture *fixture);
/* "fatal INITRAMFS-MISSING /boot/x" lines joined by "; ", "" for none. For free(). */
char *bm_fixture_findings(struct bm_fixture *fixture);

#endif
