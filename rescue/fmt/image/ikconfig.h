/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration that a kernel carries in itself (CONFIG_IKCONFIG): what /proc/config.gz shows while it runs.
 */
#ifndef BM_FMT_IKCONFIG_H
#define BM_FMT_IKCONFIG_H

#include "base/buf.h"
#include "image.h"

enum {
	BM_IKCONFIG_SIZE_MAX = 4 * 1024 * 1024,	     /* bytes of the text */
	BM_IKCONFIG_PACKED_MAX = 128 * 1024 * 1024,  /* bytes read of a kernel's compressed part */
	BM_IKCONFIG_KERNEL_MAX = 1024 * 1024 * 1024, /* bytes that it may unpack to */
};

/*
 * Reads source from its beginning, which is that of a kernel or of its compressed part (bm_kimage.payload), until the
 * configuration has come. text is empty before, and gets it. Unpacking a distribution's kernel takes a second or two.
 * Returns 0; -ENOENT where there is none, or a limit is met; -EBADMSG where the compressed part is damaged; -ENOMEM, or
 * what the source returned.
 */
int bm_ikconfig_read(const struct bm_image_source *source, struct bm_buf *text) BM_MUST_CHECK;

#endif
