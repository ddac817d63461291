/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of a repair: what was about to be changed, and what was changed, so that it can be completed or taken
 * back after a power cut. docs/journal-format.md describes it. One record a line:
 *
 *	4e07408562bedb8b begin id=20261121-034000-9c1e version=1 ...
 *	\______________/ the first 16 digits of the SHA-256 of those of the line before and of the rest of this line
 *
 * so that a record that was torn by a power cut, or altered, is known.
 */
#ifndef BM_FMT_JOURNAL_H
#define BM_FMT_JOURNAL_H

#include "base/buf.h"
#include "base/sha256.h"
#include "base/util.h"

enum {
	BM_JOURNAL_VERSION = 1,
	BM_JOURNAL_SUM = 16, /* digits of a checksum */
	BM_JOURNAL_SIZE_MAX = 8 * 1024 * 1024,
	BM_JOURNAL_RECORDS_MAX = 32768,
	BM_JOURNAL_LINE_MAX = 64 * 1024,
};

enum bm_journal_kind {
	BM_JOURNAL_BEGIN,      /* id, version, system, uuid, time, plan, text (what for) */
	BM_JOURNAL_INTENT,     /* number, step, op, path, filesystem, pre, beside, before, after, dir_mtime */
	BM_JOURNAL_DONE,       /* number; after, where it was not known before */
	BM_JOURNAL_TAKEN_BACK, /* number: undone by the repair itself, or before it was resumed */
	BM_JOURNAL_STEP,       /* step, text: something that can't be taken back is about to happen */
	BM_JOURNAL_FAILED,     /* step, text */
	BM_JOURNAL_END,	       /* outcome, time */
	BM_JOURNAL_RESUME,     /* time */
	BM_JOURNAL_UNDO_BEGIN, /* time */
	BM_JOURNAL_UNDONE,     /* number */
	BM_JOURNAL_UNDO_END,   /* time */
	BM_JOURNAL_N,
};

/* What is done to a path. */
enum bm_journal_op {
	BM_JOURNAL_REPLACE, /* a file or link takes the place of what is there */
	BM_JOURNAL_CREATE,  /* a file or link where nothing is */
	BM_JOURNAL_REMOVE,  /* what is there goes away */
	BM_JOURNAL_MKDIR,   /* a directory where nothing is */
	BM_JOURNAL_SCOPE,   /* a tool may write it, or not */
	BM_JOURNAL_OP_N,
};

enum bm_journal_type {
	BM_JOURNAL_UNKNOWN, /* not said */
	BM_JOURNAL_ABSENT,
	BM_JOURNAL_FILE,
	BM_JOURNAL_LINK,
	BM_JOURNAL_DIR,
};

/* What is at a path. */
struct bm_journal_state {
	enum bm_journal_type type;
	char hash[BM_SHA256_TEXT]; /* of a file's content; "" where it was not read, then size and mtime tell */
	char *link;		   /* a link's text */
	uint64_t size_bytes;
	uint64_t mode, uid, gid;
	int64_t mtime_s;
	uint64_t mtime_ns;
};

/* A record; what its kind has no use for is 0 or NULL. */
struct bm_journal_record {
	enum bm_journal_kind kind;
	uint64_t number; /* of the intent, from 1 */
	uint64_t step;	 /* of the plan, from 1 */
	uint64_t version;
	int64_t time; /* seconds since 1970 */
	char *id, *system, *uuid, *plan, *text, *outcome;
	enum bm_journal_op op;
	char *path, *filesystem;
	char *pre;     /* where what was there is kept: a path in the system */
	uint64_t gap;  /* 1: while it is replaced nothing is at the path */
	uint64_t keep; /* 1: pre is a name of the very file that stood there */
	struct bm_journal_state before, after;
	char *dir; /* the folder that path lies in, and its time before */
	int64_t dir_mtime_s;
	uint64_t dir_mtime_ns;
};

/* Where to find what the records say of one intent; 0: nowhere, else an index into them plus one. */
struct bm_journal_mark {
	uint32_t intent; /* the first of that number */
	uint32_t after;	 /* the last DONE with a state */
	uint32_t kinds;	 /* a bit for each kind of record that has the number */
};

struct bm_journal {
	struct bm_journal_record *records;
	size_t n, capacity;
	struct bm_journal_mark
		*marks; /* by number, from 1, up to BM_JOURNAL_RECORDS_MAX: undo asks for each again and again */
	size_t n_marks;
	size_t whole_bytes;	      /* up to the last record that is whole: where the next one belongs */
	bool torn;		      /* something stood behind it: a record that a power cut tore */
	unsigned int damaged_line;    /* the first that is not what was written though more follows; 0: none */
	char sum[BM_JOURNAL_SUM + 1]; /* of the last record, for the next */
};

void bm_journal_done(struct bm_journal *journal);
#define _cleanup_journal_ BM_CLEANUP(bm_journal_done)
void bm_journal_record_done(struct bm_journal_record *record);
void bm_journal_state_done(struct bm_journal_state *state);
int bm_journal_state_copy(const struct bm_journal_state *from, struct bm_journal_state *ret_state) BM_MUST_CHECK;

/* Reads a journal. Any bytes give a result: what stands before the first record that is not whole. Returns 0 or
 * -ENOMEM, -EFBIG. ret_journal is initialised by the call. */
int bm_journal_parse(const char *text, size_t len, struct bm_journal *ret_journal) BM_MUST_CHECK;

/* Appends the record's line to out and the record to the journal, which takes over what it holds (also on failure).
 * Returns 0, -ENOMEM, or -EFBIG for a journal that could not be read again. */
int bm_journal_add(struct bm_journal *journal, struct bm_journal_record *record, struct bm_buf *out) BM_MUST_CHECK;

/* The intent of that number, or NULL (also for one beyond BM_JOURNAL_RECORDS_MAX, which is none of ours); the last
 * state that is known of it after the change (DONE's, else its own). */
const struct bm_journal_record *bm_journal_intent(const struct bm_journal *journal, uint64_t number);
const struct bm_journal_state *bm_journal_after(const struct bm_journal *journal, uint64_t number);
/* Whether a record of this kind with this number exists. */
bool bm_journal_has(const struct bm_journal *journal, enum bm_journal_kind kind, uint64_t number);

/* How far a repair came. */
enum bm_journal_phase {
	BM_JOURNAL_NOTHING, /* there is no record of a begin: nothing was changed */
	BM_JOURNAL_OPEN,    /* begun and not ended: interrupted, unless it is at work right now */
	BM_JOURNAL_ENDED,
	BM_JOURNAL_UNDOING, /* an undo was begun and not ended */
	BM_JOURNAL_UNDONE_ALL,
};
enum bm_journal_phase bm_journal_phase(const struct bm_journal *journal);

#endif
