/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hibernation images: the memory of a machine that was suspended to disk, in swap. It holds what its kernel knew of the
 * filesystems, and writes on from that when it resumes: whoever changes them before destroys them.
 */
#ifndef BM_SYSTEM_HIBERNATION_H
#define BM_SYSTEM_HIBERNATION_H

#include "../base/sha256.h"
#include "../fmt/disk/swaphdr.h"
#include "device.h"

struct bm_survey;
struct bm_system;

struct bm_hibernation {
	int device;  /* that the image lies on (of a swap file: its filesystem's), or BM_DEVICE_NONE */
	char *file;  /* the swap file, a path of the system; or NULL */
	bool placed; /* the header was read from the device, at offset_bytes of it */
	uint64_t offset_bytes;
	struct bm_swaphdr header; /* image is set; kind is NULL where only libblkid's word is known */
	char before[BM_SHA256_TEXT], after[BM_SHA256_TEXT]; /* of its page, as it is and without the image; or "" */
};

struct bm_hibernations {
	struct bm_hibernation *items;
	size_t n, capacity;
};

void bm_hibernations_done(struct bm_hibernations *list);

/* Looks at the swap devices of the survey, and at the swap files and the resume= of each of its systems: fills
 * survey->hibernations and each system's own. What cannot be read is taken as libblkid names it. Returns 0 or -ENOMEM.
 */
int bm_hibernation_read(struct bm_survey *survey) BM_MUST_CHECK;

/* Whether the image's signature can be taken out from outside: where it stands and what stood there before is known. */
bool bm_hibernation_discardable(const struct bm_hibernation *image);
/* "vda3", "/swapfile on vda2", for free(); NULL when memory is short. */
char *bm_hibernation_name(const struct bm_survey *survey, const struct bm_hibernation *image);

#endif
