/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB 2's environment block: a file of exactly 1024 bytes that the loader overwrites in place (GRUB manual,
 * "GRUB environment block").
 */
#ifndef BM_FMT_GRUBENV_H
#define BM_FMT_GRUBENV_H

#include "base/buf.h"
#include "base/util.h"
#include "base/vec.h"

enum {
	BM_GRUBENV_SIZE = 1024,		 /* what grub-editenv creates, and what loaders expect */
	BM_GRUBENV_SIZE_MAX = 64 * 1024, /* bytes looked at; a longer file is damaged */
	BM_GRUBENV_VARIABLES_MAX = 1024, /* variables kept; further ones are dropped and the block is damaged */
};

struct bm_grubenv_variable {
	char *name;
	char *value;
};

struct bm_grubenv {
	struct bm_strv comments; /* lines that begin with "#" and hold more than padding, without the header */
	struct bm_grubenv_variable *items; /* in the file's order; a name occurs once (the last one wins) */
	size_t n, capacity;
	bool refused;	    /* has not even the header: GRUB sets nothing from it */
	size_t size_bytes;  /* of the file */
	bool damaged;	    /* GRUB would refuse it, or part of it makes no sense; items hold what could be read */
	const char *damage; /* why, a static text in lower case; NULL when whole */
	unsigned int damage_line; /* line of the damage, from 1; 0 where it is the file as a whole */
};

/* Reads a block of any size. Damage is told in the result, never by the return: 0 or -ENOMEM. Another size than 1024 is
 * no damage: GRUB reads the file as it is. */
int bm_grubenv_parse(const char *text, size_t len, struct bm_grubenv *ret) BM_MUST_CHECK;
void bm_grubenv_done(struct bm_grubenv *env);
#define _cleanup_grubenv_ BM_CLEANUP(bm_grubenv_done)

/* The value, owned by env, or NULL. env may be NULL. */
const char *bm_grubenv_get(const struct bm_grubenv *env, const char *name);

/* Sets a variable, or removes it (value NULL). Returns 0, -ENOMEM, -EINVAL for a name that is empty or holds one of
 * = \ # or a control character. */
int bm_grubenv_set(struct bm_grubenv *env, const char *name, const char *value) BM_MUST_CHECK;

/* Appends the block to out: header, variables, padding up to size_bytes (of the file, or 1024 where that is 0). Returns
 * 0, -ENOMEM, -ENOSPC where the variables do not fit (then out is as it was). */
int bm_grubenv_write(const struct bm_grubenv *env, struct bm_buf *out) BM_MUST_CHECK;

#endif
