/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/fstab as fstab(5) describes it, what its first field may name, and Linux's names of disks and partitions.
 */
#ifndef BM_FMT_FSTAB_H
#define BM_FMT_FSTAB_H

#include "base/util.h"

enum {
	BM_FSTAB_SIZE_MAX = 1024 * 1024, /* bytes of the file */
	BM_FSTAB_LINES_MAX = 4096,	 /* entries */
	BM_FSTAB_LINE_MAX = 16 * 1024,	 /* bytes of a line */
	BM_FSTAB_PROBLEMS_MAX = 64,
};

struct bm_fstab_line {
	unsigned int line; /* from 1 */
	char *spec;	   /* field 1, octal escapes resolved */
	char *target;	   /* field 2, likewise; an absolute path has no doubled and no trailing slash */
	char *fstype;	   /* field 3; "auto" where it is absent */
	char *options;	   /* field 4, as written; "defaults" where it is absent */
	unsigned int dump; /* field 5, 0 where it is absent */
	unsigned int pass; /* field 6, likewise */
};

struct bm_fstab_problem {
	unsigned int line; /* from 1 */
	char *text;	   /* without the line's number; may hold any byte of the file but NUL and line feed */
};

struct bm_fstab {
	struct bm_fstab_line *lines;
	size_t n_lines, cap_lines;
	struct bm_fstab_problem *problems;
	size_t n_problems, cap_problems;
};

/*
 * Reads len bytes of an fstab. What is wrong with a line is a problem, never an error; a line that names no target,
 * is too long or holds NUL bytes is left out, others are kept as far as they can be understood. Carriage returns
 * before line feeds and a missing last line feed are tolerated.
 * ret is overwritten; bm_fstab_done() releases it.
 * Returns 0; -EFBIG for more than BM_FSTAB_SIZE_MAX bytes, -ENOMEM.
 */
int bm_fstab_parse(const char *text, size_t len, struct bm_fstab *ret_fstab) BM_MUST_CHECK;
void bm_fstab_done(struct bm_fstab *fstab);
#define _cleanup_fstab_ BM_CLEANUP(bm_fstab_done)

/* The first entry mounted on target ("/boot", in the form that bm_fstab_line has); NULL where there is none. */
const struct bm_fstab_line *bm_fstab_find(const struct bm_fstab *fstab, const char *target);

/*
 * Looks an option up by name in "a,b=c,d=\"x,y\"". The last of several counts, as for mount(8).
 * *ret_value (may be NULL) becomes a copy of its value without quotes, for free(), NULL for an option without one.
 * Returns 1 where it is there, 0 where not (nothing changed), -ENOMEM.
 */
int bm_fstab_option(const char *options, const char *name, char **ret_value) BM_MUST_CHECK;
/* Whether the flag on is set and not taken back by a later off ("ro", "rw"; "noauto", "auto"; off may be NULL). */
bool bm_fstab_flag(const char *options, const char *on, const char *off);

/* What a spec names. by-* links below /dev/disk are the tag that they stand for. */
enum bm_spec_kind {
	BM_SPEC_NONE,	   /* empty */
	BM_SPEC_UUID,	   /* UUID=, /dev/disk/by-uuid/ */
	BM_SPEC_LABEL,	   /* LABEL=, by-label */
	BM_SPEC_PARTUUID,  /* PARTUUID=, by-partuuid */
	BM_SPEC_PARTLABEL, /* PARTLABEL=, by-partlabel */
	BM_SPEC_ID,	   /* ID=, by-id; the value is the link's name */
	BM_SPEC_PATH,	   /* by-path; likewise */
	BM_SPEC_MAPPER,	   /* /dev/mapper/NAME, /dev/VG/LV; the value is the mapper's name (hyphens doubled) */
	BM_SPEC_DEVNAME,   /* another /dev/NAME; the value is the whole path */
	BM_SPEC_NETWORK,   /* host:/path, //host/share */
	BM_SPEC_FILE,	   /* another absolute path: what a bind mount shows, an image, a swap file */
	BM_SPEC_PSEUDO,	   /* a bare word: proc, tmpfs, none, a zfs dataset, a virtiofs tag */
	BM_SPEC_TAG,	   /* WORD=value with a word that nobody knows (tags are upper case); the value is all of it */
};

struct bm_spec {
	enum bm_spec_kind kind;
	char *value;   /* without quotes, udev's \xNN resolved; owned */
	char *vg, *lv; /* BM_SPEC_MAPPER whose name may be an LV's: its parts, hyphens single; else NULL */
};

/*
 * Says what spec (the unescaped first field; also what stands behind root= or resume=) names.
 * ret is overwritten; bm_spec_done() releases it. Returns 0, -ENOMEM.
 */
int bm_fstab_spec_parse(const char *spec, struct bm_spec *ret_spec) BM_MUST_CHECK;
void bm_spec_done(struct bm_spec *spec);
#define _cleanup_spec_ BM_CLEANUP(bm_spec_done)
/* "UUID", "by-id" ...: a word for messages. */
const char *bm_spec_kind_name(enum bm_spec_kind kind);

/* A plain disk or partition name taken apart. */
struct bm_devname {
	char family[8];		/* hd, sd, vd, xvd, nvme, mmcblk, cciss */
	unsigned int disk;	/* from 0: sda, nvme0n1 and mmcblk0 are 0; nvme1n1 and nvme0n2 are 1 */
	unsigned int partition; /* from 1; 0 for the whole disk */
};

/* Takes "/dev/sda3" or "sda3" apart. False (ret as it was) for any other name. */
bool bm_devname_parse(const char *name, struct bm_devname *ret_name);
/* Whether both may name one partition on different controllers or kernels: sda3, vda3, hda3, nvme0n1p3. The order of
 * disks may differ between kernels, so this is a hint and no proof. False where either is not such a name. */
bool bm_devname_alike(const char *a, const char *b);

#endif
