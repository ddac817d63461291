/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which distribution a system is, from the texts that distributions leave for that.
 */
#ifndef BM_FMT_OSRELEASE_H
#define BM_FMT_OSRELEASE_H

#include "base/util.h"

struct bm_osrelease {
	char *id;	/* lower case, as os-release's ID: debian, rhel, centos, sles ...; NULL where nothing tells */
	char *id_like;	/* os-release's ID_LIKE, NULL where there is none */
	char *image_id; /* os-release's IMAGE_ID, NULL where there is none */
	char *name;	/* CentOS, Debian GNU/Linux ... */
	char *version;	/* 7.9.2009, 12 ...; NULL where nothing tells (a rolling or unreleased system) */
	char *pretty;	/* for people; never NULL after success */
};

/*
 * Reads the text of one file. file is its base name, which says the format:
 *	os-release, initrd-release	 os-release(5)
 *	lsb-release			 DISTRIB_ID=, DISTRIB_RELEASE=, DISTRIB_DESCRIPTION=
 *	debian_version			 one word
 *	SuSE-release			 a line, then VERSION = and PATCHLEVEL =
 *	any other (redhat-release ...)	 "Name release 1.2 (Code)"
 * ret is overwritten; bm_osrelease_done() releases it.
 * Returns 0; -ENODATA where the text names nothing, -EFBIG for more than BM_KEYVAL_SIZE_MAX bytes, -ENOMEM.
 */
int bm_osrelease_parse(const char *file, const char *text, size_t len, struct bm_osrelease *ret_release) BM_MUST_CHECK;
void bm_osrelease_done(struct bm_osrelease *release);
#define _cleanup_osrelease_ BM_CLEANUP(bm_osrelease_done)
/* The files in the order in which they are worth reading, relative to the root; ends with NULL. */
extern const char *const bm_osrelease_files[];

#endif
