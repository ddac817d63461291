/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unified kernel images: a PE file that holds a kernel, its initramfs and its arguments. fmt/kernel/kimage.h finds the
 * parts; this reads them, as systemd-stub and systemd-boot do (UAPI group, "Unified Kernel Image" and "Boot Loader
 * Specification", type 2).
 */
#ifndef BM_SYSTEM_UNIFIED_H
#define BM_SYSTEM_UNIFIED_H

#include "../fmt/image/image.h"
#include "../fmt/kernel/kimage.h"
#include "system.h"

enum {
	BM_UNIFIED_CMDLINE_MAX = 32 * 1024, /* bytes of .cmdline; a kernel takes 2 to 4 KiB */
	BM_UNIFIED_OSREL_MAX = 64 * 1024,
};

struct bm_unified {
	struct bm_kimage image; /* version and problem are those of the kernel inside, where only that tells */
	char *cmdline;		/* its arguments as the stub passes them on; "" where it has none */
	char *name;		/* what a menu calls it, from .osrel; NULL: a menu leaves it out */
	char *sort_key;		/* likewise, or NULL */
	char *os_version;	/* of the release, by which a menu sorts; or NULL */
};

/*
 * Reads the file fd, which must be one that can be read at any place, of size_bytes. Returns 0 with ret_unified for
 * bm_unified_done(); -ENODATA where it is no unified image, another negative errno where it can't be read.
 */
int bm_unified_read(int fd, uint64_t size_bytes, struct bm_unified *ret_unified) BM_MUST_CHECK;
void bm_unified_done(struct bm_unified *unified);
#define _cleanup_unified_ BM_CLEANUP(bm_unified_done)

/* The same for a file of the system. */
int bm_system_read_unified(
	const struct bm_system *system, const char *path, struct bm_unified *ret_unified) BM_MUST_CHECK;

/* The initramfs inside, as the stub hands it to the kernel: microcode first. */
struct bm_unified_initrd {
	int fd; /* borrowed */
	struct bm_kimage_range parts[2];
	size_t part;
	uint64_t done; /* bytes of that part, its padding included */
};
/* ret_source reads from initrd, which must live as long. */
void bm_unified_initrd(
	int fd, const struct bm_kimage *image, struct bm_unified_initrd *initrd, struct bm_image_source *ret_source);

#endif
