/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing a patient so that it can be taken back. A transaction is a folder /var/lib/bootmend/ID on the patient with
 * the journal (fmt/journal.h), the plan, and what was there before (N.pre). The order is always:
 *
 *	bm_txn_intend()	 what is there now is kept, and the intent noted
 *	bm_txn_flush()	 ... which is on the disk when this returns; several intents may share one
 *	bm_txn_put()	 the new content is written beside, synced, and renamed into place
 *
 * Whatever fails, and wherever the power goes, bm_txn_take_back() or a later undo (apply/undo.h) can put back what was.
 */
#ifndef BM_APPLY_TXN_H
#define BM_APPLY_TXN_H

#include "../os/root/root.h"
#include "../plan/plan.h"
#include "state.h"

#define BM_TXN_HOME "/var/lib/bootmend"

struct bm_txn {
	const struct bm_root *root; /* borrowed; NULL: there is no transaction */
	char *id;		    /* 20261121-034000-9c1e */
	char *dir;		    /* BM_TXN_HOME/ID */
	char *path;		    /* of the journal */
	struct bm_journal journal;  /* with the records that are not written yet */
	struct bm_buf pending;	    /* those */
	uint64_t written_bytes;
	bool resumed;
	bool new_names;	      /* in the folder: copies whose names are not durable yet */
	bool made_home;	      /* this transaction made BM_TXN_HOME */
	int64_t home_mtime_s; /* of the folder above it, before */
	uint32_t home_mtime_ns;
};

/* Makes the folder and the plan's file in it; the first flush makes the journal. -ENOSPC, -EROFS, ...: then nothing is
 * left, and nothing may be changed. */
int bm_txn_begin(const struct bm_root *root, const struct bm_plan *plan, struct bm_txn *ret_txn) BM_MUST_CHECK;
/* Takes up the transaction that a journal tells of. -ENOENT where there is none, -EBADMSG where it is damaged (not:
 * torn at its end). */
int bm_txn_open(const struct bm_root *root, const char *id, struct bm_txn *ret_txn) BM_MUST_CHECK;
/* Forgets it; what is on the disk stays. */
void bm_txn_done(struct bm_txn *txn);

/* How an intent keeps what is there. */
enum bm_txn_keep {
	BM_TXN_COPY,   /* a copy in the transaction's folder */
	BM_TXN_MOVE,   /* it will be moved there by bm_txn_move(); a copy where that is another filesystem */
	BM_TXN_BESIDE, /* the caller keeps the file under the name in intent->pre */
};

/*
 * Notes what is about to happen to intent->path, whose links the caller has followed. The caller sets step, op, path,
 * filesystem, after as far as it is known, and for BESIDE pre and gap; before->hash where it knows it (else a BESIDE
 * file is told by size and time). The missing folders above the path become intents of their own, which bm_txn_put()
 * makes. Takes over what intent holds, also on failure. Returns 0 with the number.
 */
int bm_txn_intend(struct bm_txn *txn, struct bm_journal_record *intent, enum bm_txn_keep keep,
	uint64_t *ret_number) BM_MUST_CHECK;
/* Notes a record that has no path (END, FAILED, RESUME, ...); takes over what it holds. */
int bm_txn_note(struct bm_txn *txn, struct bm_journal_record *record) BM_MUST_CHECK;
/* Makes everything that was noted durable. */
int bm_txn_flush(struct bm_txn *txn) BM_MUST_CHECK;

/* The intent's path gets these bytes, as a file with the attributes of the one that it replaces; a new one is root's,
 * with mode 0644. */
int bm_txn_put(struct bm_txn *txn, uint64_t number, const void *bytes, size_t len) BM_MUST_CHECK;
/* The intent's path becomes the link that its after-state says. */
int bm_txn_put_link(struct bm_txn *txn, uint64_t number) BM_MUST_CHECK;
/* What is at the intent's path goes away, into the transaction's folder (MOVE). */
int bm_txn_move(struct bm_txn *txn, uint64_t number) BM_MUST_CHECK;
/* Notes that the intent is carried out; after may say what is there now. It need not be durable, so this can't fail. */
void bm_txn_finished(struct bm_txn *txn, uint64_t number, const struct bm_journal_state *after);

/* The number of the newest intent, 0 without any. */
uint64_t bm_txn_last(const struct bm_txn *txn);
/* Whether there is an intent of that number that is still to be taken back. */
bool bm_txn_is_open(const struct bm_txn *txn, uint64_t number);
/* The first intent (from number `from` on) of that step whose path is path (NULL: any) and that was not taken back. */
const struct bm_journal_record *bm_txn_find(const struct bm_txn *txn, uint64_t from, uint64_t step, const char *path);

/*
 * Takes back the intents after number `floor` (of one step only, where step is not 0), the newest first. Where none is
 * left the whole folder goes, and nothing tells of the attempt, unless keep is set. Returns 0, or the first error: the
 * journal then still says what is to be undone.
 */
int bm_txn_take_back(struct bm_txn *txn, uint64_t floor, uint64_t step, bool keep) BM_MUST_CHECK;
/* Gives the folders of all intents the times they had before the first one. */
int bm_txn_restore_dirs(struct bm_txn *txn) BM_MUST_CHECK;

#endif
