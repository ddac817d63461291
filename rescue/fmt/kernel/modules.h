/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depmod(8) leaves in /lib/modules/VERSION, as one index to ask: is this module there, is it built in, what does
 * it need, which modules drive this device.
 *
 * Everywhere a module's name is what lsmod shows: without directories, without .ko and .ko.{gz,xz,zst}, and with '_'
 * for '-'. Arguments are brought into that form, results have it.
 */
#ifndef BM_FMT_MODULES_H
#define BM_FMT_MODULES_H

#include "base/vec.h"

enum {
	BM_MODULES_TEXT_MAX = 32 * 1024 * 1024,	 /* bytes of one file */
	BM_MODULES_ENTRIES_MAX = 512 * 1024,	 /* modules with their dependencies, or aliases */
	BM_MODULES_ALIAS_MAX = 1024,		 /* bytes of an alias or a modalias; longer ones match nothing */
	BM_MODULES_STEPS_MAX = 16 * 1024 * 1024, /* of pattern matching, for one modalias (about 50 ms) */
	BM_MODULES_MATCHES_MAX = 4096,		 /* patterns that one modalias matches */
};

/* The texts; each may be absent (NULL). They are read by bm_modules_new() and not kept. */
struct bm_modules_texts {
	const char *dep, *alias, *softdep, *builtin, *builtin_modinfo;
	size_t dep_len, alias_len, softdep_len, builtin_len, builtin_modinfo_len;
};

struct bm_modules;

/*
 * Makes the index. Lines that can't be understood are passed over and counted. Debian's 4000 modules and 20000
 * aliases take some 30 ms (musl, half of it with glibc) and 5 MiB.
 * Returns 0; -EFBIG for a text or a number of entries beyond the limits, -ENOMEM.
 */
int bm_modules_new(const struct bm_modules_texts *texts, struct bm_modules **ret_modules) BM_MUST_CHECK;
void bm_modules_free(struct bm_modules *modules);
void bm_modules_freep(struct bm_modules **modules);
#define _cleanup_modules_ BM_CLEANUP(bm_modules_freep)

/* How many modules modules.dep lists. */
size_t bm_modules_count(const struct bm_modules *modules);
/* How many lines or records of all texts made no sense (NUL bytes, a missing colon ...). */
size_t bm_modules_bad_lines(const struct bm_modules *modules);

/* Whether modules.dep lists it. A built-in is not "had". */
bool bm_modules_has(const struct bm_modules *modules, const char *name);
/* Whether modules.builtin (or its modinfo) lists it. */
bool bm_modules_builtin(const struct bm_modules *modules, const char *name);
/* Its path below /lib/modules/VERSION ("kernel/fs/ext4/ext4.ko.xz"), owned by the index; NULL where there is none. */
const char *bm_modules_path(const struct bm_modules *modules, const char *name);
/* The i-th module's path, 0 <= i < bm_modules_count(), in the order of the file. */
const char *bm_modules_nth_path(const struct bm_modules *modules, size_t i);

/*
 * Adds to list what must be loaded for a module to work: its dependencies, theirs, and itself, each once and behind
 * what it needs; nothing for a built-in. Cycles, which only a damaged modules.dep has, are survived. What list holds
 * already is not added again.
 * Returns 0; -ENOENT where the name is neither a module nor built in, -ENOMEM.
 */
int bm_modules_closure(const struct bm_modules *modules, const char *name, struct bm_strv *list) BM_MUST_CHECK;
/* Adds what modules.softdep asks to load before and after a module (not what those need). 0 or -ENOMEM. */
int bm_modules_softdeps(const struct bm_modules *modules, const char *name, struct bm_strv *list) BM_MUST_CHECK;

/*
 * Adds to list the modules for an alias ("pci:v00008086d...", "fs-ext4") as modprobe(8) finds them: the name itself
 * where it is a module or built in, else those whose pattern matches, in the order of modules.alias, then built-ins by
 * modules.builtin.modinfo. Patterns are fnmatch(3)'s, with '-' and '_' the same outside brackets. A name may be listed
 * that modules.dep lacks. Nothing found adds nothing.
 * 50 modaliases against 20000 patterns take about 1 ms.
 * Returns 0, -ENOMEM, or -E2BIG where hostile patterns would take more than BM_MODULES_STEPS_MAX steps or
 * match more than BM_MODULES_MATCHES_MAX times.
 */
int bm_modules_resolve(const struct bm_modules *modules, const char *modalias, struct bm_strv *list) BM_MUST_CHECK;

/* Writes the name of a module file or a module ("kernel/a/snd-hda.ko.zst" gives snd_hda). Returns 0, -EINVAL for an
 * empty name, -ENAMETOOLONG where size is too small. */
int bm_modules_name(const char *path, char *ret_name, size_t size) BM_MUST_CHECK;

#endif
