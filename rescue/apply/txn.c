/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "txn.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/rootw.h"
#include "../os/run/system.h"
#include "../plan/planfile.h"
#include "accept.h"
#include "label.h"

void bm_txn_done(struct bm_txn *txn)
{
	free(txn->id);
	free(txn->dir);
	free(txn->path);
	bm_journal_done(&txn->journal);
	bm_buf_done(&txn->pending);
	*txn = (struct bm_txn){0};
}

static int set_paths(struct bm_txn *txn, const char *id)
{
	if (bm_str_set(&txn->id, id) < 0)
		return -ENOMEM;
	txn->dir = bm_path_join(BM_TXN_HOME, id);
	txn->path = txn->dir ? bm_path_join(txn->dir, "journal") : NULL;
	return txn->path ? 0 : -ENOMEM;
}

/* Makes BM_TXN_HOME without a trace in the time of the folder above it. */
static int make_home(struct bm_txn *txn)
{
	static const char *const dirs[] = {"/var", "/var/lib", BM_TXN_HOME};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *above = bm_path_dir(dirs[i]);
		struct bm_stat st;
		int r;

		if (!above)
			return -ENOMEM;
		if (bm_root_is_dir(txn->root, dirs[i]))
			continue;
		r = bm_root_stat(txn->root, above, true, &st);
		if (r < 0)
			return r;
		txn->made_home = i + 1 == BM_ARRAY_SIZE(dirs);
		txn->home_mtime_s = st.mtime_s;
		txn->home_mtime_ns = st.mtime_ns;
		r = bm_rootw_mkdir_p(txn->root, dirs[i], txn->made_home ? 0700 : 0755);
		if (r == 0 && bm_label_apply(txn->root, dirs[i], NULL) < 0)
			bm_err_clear();
		if (r < 0)
			return r;
		r = bm_rootw_set_mtime(txn->root, above, st.mtime_s, st.mtime_ns);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The folder goes; where this transaction made the one above it and nothing else is in there, that too. */
static int remove_all(struct bm_txn *txn)
{
	_cleanup_strv_ struct bm_strv left = {0};
	_cleanup_free_ char *above = bm_path_dir(BM_TXN_HOME);
	int r = above ? 0 : -ENOMEM;

	/* The journal first: without it nobody takes the rest for something to undo. */
	if (r == 0 && bm_root_exists(txn->root, txn->path))
		r = bm_rootw_unlink(txn->root, txn->path);
	if (r == 0)
		r = bm_rootw_remove_tree(txn->root, txn->dir);
	if (r < 0 || !txn->made_home)
		return r;
	if (bm_root_list(txn->root, BM_TXN_HOME, 0, &left) == 0 && left.n == 0)
		r = bm_rootw_rmdir(txn->root, BM_TXN_HOME);
	bm_err_clear();
	return r < 0 ? r : bm_rootw_set_mtime(txn->root, above, txn->home_mtime_s, txn->home_mtime_ns);
}

/* What the repair is for, in a few words. */
static char *purpose(const struct bm_plan *plan)
{
	_cleanup_strv_ struct bm_strv ids = {0};

	for (size_t i = 0; i < plan->n_steps; i++)
		for (size_t s = 0; s < plan->steps[i].serves.n; s++)
			if (bm_strv_add_once(&ids, plan->steps[i].serves.items[s]) < 0)
				return NULL;
	if (ids.n > 0)
		return bm_strv_join(&ids, ", ");
	return plan->kernel ? bm_strf("initramfs of %s", plan->kernel) : bm_strf("repair");
}

static int note_begin(struct bm_txn *txn, const struct bm_plan *plan)
{
	struct bm_journal_record record = {
		.kind = BM_JOURNAL_BEGIN, .version = BM_JOURNAL_VERSION, .time = bm_time_now()};
	char hash[BM_SHA256_TEXT];

	record.text = purpose(plan);
	if (!record.text || bm_plan_hash(plan, hash) < 0 || bm_str_set(&record.plan, hash) < 0 ||
		bm_str_set(&record.id, txn->id) < 0 || bm_str_set(&record.system, plan->system_id) < 0 ||
		bm_str_set(&record.uuid, plan->system_uuid) < 0) {
		bm_journal_record_done(&record);
		return -ENOMEM;
	}
	return bm_txn_note(txn, &record);
}

/* The folder is labelled by the policy, and what is in it like the folder. restorecon mends what failed. */
static void label(const struct bm_txn *txn, const char *path)
{
	if (bm_label_apply(txn->root, path, bm_streq(path, txn->dir) ? NULL : txn->dir) < 0)
		bm_err_clear();
}

static int write_plan(struct bm_txn *txn, const struct bm_plan *plan)
{
	const struct bm_rootw_attr attr = {.mode = 0600};
	_cleanup_free_ char *path = bm_path_join(txn->dir, "plan");
	_cleanup_buf_ struct bm_buf text = {0};
	int r;

	if (!path || bm_plan_write(plan, &text) < 0)
		return -ENOMEM;
	r = bm_rootw_write(txn->root, path, bm_buf_text(&text), text.len, &attr);
	if (r == 0)
		label(txn, path);
	return r;
}

/* 20261121-034000-9c1e: sorts by time, and two in one second differ. */
static int make_id(char ret_id[40])
{
	char time[BM_TIME_TEXT], random[5];
	size_t n = 0;
	int r = bm_system_random_hex(2, random);

	if (r < 0)
		return r;
	bm_time_text(bm_time_now(), time);
	for (const char *c = time; *c && n < 20; c++)
		if (*c >= '0' && *c <= '9')
			ret_id[n++] = *c;
		else if (*c == 'T')
			ret_id[n++] = '-';
	ret_id[n++] = '-';
	memcpy(ret_id + n, random, sizeof(random));
	return 0;
}

int bm_txn_begin(const struct bm_root *root, const struct bm_plan *plan, struct bm_txn *ret_txn)
{
	struct bm_txn txn = {.root = root};
	char id[40];
	int r = make_id(id);

	if (r == 0)
		r = set_paths(&txn, id);
	if (r == 0)
		r = make_home(&txn);
	if (r == 0)
		r = bm_rootw_mkdir_p(root, txn.dir, 0700);
	if (r == 0)
		label(&txn, txn.dir);
	if (r == 0)
		r = write_plan(&txn, plan);
	if (r == 0)
		r = note_begin(&txn, plan);
	if (r < 0) {
		_cleanup_free_ char *why = bm_strf("%s", bm_err_text(r));

		if (txn.dir && remove_all(&txn) < 0)
			bm_err_clear();
		bm_txn_done(&txn);
		/* The line has the errno's text already. */
		return bm_err(r == -ENOSPC || r == -EDQUOT ? -ENOSPC : -ECANCELED,
			"the journal cannot be written to the system's " BM_TXN_HOME " (%s)", why ? why : "?");
	}
	*ret_txn = txn;
	return 0;
}

int bm_txn_open(const struct bm_root *root, const char *id, struct bm_txn *ret_txn)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_txn txn = {.root = root};
	int r = set_paths(&txn, id);

	if (r == 0)
		r = bm_root_read(root, txn.path, BM_JOURNAL_SIZE_MAX, &text);
	if (r == 0)
		r = bm_journal_parse(bm_buf_text(&text), text.len, &txn.journal);
	if (r == 0 && txn.journal.damaged_line > 0)
		r = bm_err(-EBADMSG, "%s is damaged at line %u", txn.path, txn.journal.damaged_line);
	if (r == 0)
		r = bm_accept_journal(&txn.journal, id);
	if (r == 0 && bm_journal_phase(&txn.journal) == BM_JOURNAL_NOTHING)
		r = bm_err(-ENOENT, "%s tells of no repair", txn.path);
	if (r < 0) {
		bm_txn_done(&txn);
		return r;
	}
	txn.written_bytes = txn.journal.whole_bytes;
	txn.resumed = true;
	*ret_txn = txn;
	return 0;
}

int bm_txn_note(struct bm_txn *txn, struct bm_journal_record *record)
{
	int r = bm_journal_add(&txn->journal, record, &txn->pending);

	return r < 0 ? bm_err(r, "%s", txn->path) : 0;
}

static int write_pending(struct bm_txn *txn, bool sync)
{
	const struct bm_rootw_attr attr = {.mode = 0600};
	int r;

	if (txn->pending.len == 0)
		return 0;
	if (txn->written_bytes > 0 || bm_root_exists(txn->root, txn->path)) {
		/* A record must not tell of a copy whose name a power cut takes. */
		r = sync && txn->new_names ? bm_rootw_sync_dir(txn->root, txn->dir) : 0;
		if (r == 0)
			r = bm_rootw_put_at(
				txn->root, txn->path, txn->written_bytes, txn->pending.data, txn->pending.len, sync);
	} else {
		r = bm_rootw_write(txn->root, txn->path, txn->pending.data, txn->pending.len, &attr);
		if (r == 0)
			label(txn, txn->path);
		/* The names of the plan, of the copies and of the journal at once. */
		if (r == 0)
			r = bm_rootw_sync_dir(txn->root, txn->dir);
		/* After a power cut bootmend looks without replaying the filesystem's own journal, and must see this
		 * one. */
		if (r == 0)
			r = bm_rootw_settle_fs(txn->root, txn->dir);
	}
	if (r < 0)
		return r;
	txn->new_names = txn->new_names && !sync;
	txn->written_bytes += txn->pending.len;
	bm_buf_done(&txn->pending);
	return 0;
}

int bm_txn_flush(struct bm_txn *txn)
{
	return write_pending(txn, true);
}

/* --- intents --- */

uint64_t bm_txn_last(const struct bm_txn *txn)
{
	uint64_t last = 0;

	for (size_t i = 0; i < txn->journal.n; i++)
		if (txn->journal.records[i].kind == BM_JOURNAL_INTENT)
			last = BM_MAX(last, txn->journal.records[i].number);
	return last;
}

bool bm_txn_is_open(const struct bm_txn *txn, uint64_t number)
{
	return bm_journal_intent(&txn->journal, number) &&
	       !bm_journal_has(&txn->journal, BM_JOURNAL_TAKEN_BACK, number) &&
	       !bm_journal_has(&txn->journal, BM_JOURNAL_UNDONE, number);
}

const struct bm_journal_record *bm_txn_find(const struct bm_txn *txn, uint64_t from, uint64_t step, const char *path)
{
	for (size_t i = 0; i < txn->journal.n; i++) {
		const struct bm_journal_record *record = &txn->journal.records[i];

		if (record->kind == BM_JOURNAL_INTENT && record->number >= from && record->step == step &&
			(!path || bm_streq(record->path, path)) &&
			!bm_journal_has(&txn->journal, BM_JOURNAL_TAKEN_BACK, record->number))
			return record;
	}
	return NULL;
}

/* The folder that the path lies in, and its time. One that is still to be made has none. */
static int set_dir(struct bm_txn *txn, struct bm_journal_record *intent)
{
	struct bm_stat st;

	intent->dir = bm_path_dir(intent->path);
	if (!intent->dir)
		return -ENOMEM;
	if (bm_root_stat(txn->root, intent->dir, true, &st) == 0) {
		intent->dir_mtime_s = st.mtime_s;
		intent->dir_mtime_ns = st.mtime_ns;
	} else {
		bm_err_clear();
	}
	return 0;
}

/* The folders above path that are not there, as intents; the uppermost first. */
static int intend_dirs(struct bm_txn *txn, const struct bm_journal_record *intent)
{
	_cleanup_free_ char *path = bm_path_dir(intent->path);
	char *end;

	if (!path)
		return -ENOMEM;
	for (end = path + strspn(path, "/"); *end; end += strspn(end, "/")) {
		struct bm_journal_record dir = {
			.kind = BM_JOURNAL_INTENT,
			.number = bm_txn_last(txn) + 1,
			.step = intent->step,
			.op = BM_JOURNAL_MKDIR,
			.before.type = BM_JOURNAL_ABSENT,
			.after.type = BM_JOURNAL_DIR,
		};
		char kept;
		int r = 0;

		end += strcspn(end, "/");
		kept = *end;
		*end = '\0';
		if (!bm_root_is_dir(txn->root, path) && !bm_txn_find(txn, 0, intent->step, path)) {
			r = bm_str_set(&dir.path, path);
			if (r == 0)
				r = set_dir(txn, &dir);
			if (r == 0)
				r = bm_txn_note(txn, &dir);
			bm_journal_record_done(&dir);
		}
		*end = kept;
		if (r < 0)
			return r;
	}
	return 0;
}

static bool same_filesystem(const struct bm_txn *txn, const char *path)
{
	struct bm_stat a, b;

	return bm_root_stat(txn->root, txn->dir, true, &a) == 0 && bm_root_stat(txn->root, path, false, &b) == 0 &&
	       a.dev == b.dev;
}

static int keep_file(struct bm_txn *txn, struct bm_journal_record *intent, enum bm_txn_keep keep)
{
	struct bm_stat st;
	int r;

	if (keep == BM_TXN_BESIDE || intent->before.type != BM_JOURNAL_FILE)
		return 0;
	intent->pre = bm_strf("%s/%llu.pre", txn->dir, (unsigned long long)intent->number);
	if (!intent->pre)
		return -ENOMEM;
	/* Left by a run that was stopped before it could note the intent. */
	if (bm_root_stat(txn->root, intent->pre, false, &st) == 0) {
		r = bm_rootw_unlink(txn->root, intent->pre);
		if (r < 0)
			return r;
	}
	bm_err_clear();
	if (keep == BM_TXN_MOVE && same_filesystem(txn, intent->path))
		return 0;
	txn->new_names = true;
	/* A file with several names gets one more, so that undo gives back that very file and not a copy. What a tool
	 * may write in place needs a copy. */
	if (keep == BM_TXN_COPY && intent->op == BM_JOURNAL_REPLACE && same_filesystem(txn, intent->path) &&
		bm_root_stat(txn->root, intent->path, false, &st) == 0 && st.links > 1) {
		r = bm_rootw_link(txn->root, intent->path, intent->pre);
		if (r != -EPERM && r != -EOPNOTSUPP && r != -EMLINK && r != -EXDEV)
			return r;
	}
	bm_err_clear();
	return bm_rootw_copy(txn->root, intent->path, intent->pre);
}

int bm_txn_intend(struct bm_txn *txn, struct bm_journal_record *intent, enum bm_txn_keep keep, uint64_t *ret_number)
{
	char known[BM_SHA256_TEXT];
	uint64_t number;
	int r;

	intent->kind = BM_JOURNAL_INTENT;
	intent->keep = keep == BM_TXN_BESIDE;
	memcpy(known, intent->before.hash, sizeof(known));
	r = intend_dirs(txn, intent);
	if (r == 0)
		r = bm_state_read(txn->root, intent->path, keep != BM_TXN_BESIDE, &intent->before);
	if (r == 0 && keep == BM_TXN_BESIDE && intent->before.type == BM_JOURNAL_FILE)
		memcpy(intent->before.hash, known, sizeof(known));
	if (r == 0)
		r = set_dir(txn, intent);
	number = intent->number = bm_txn_last(txn) + 1;
	if (r == 0)
		r = keep_file(txn, intent, keep);
	if (r == 0) {
		r = bm_txn_note(txn, intent);
	} else {
		bm_journal_record_done(intent);
		return r;
	}
	if (r == 0)
		*ret_number = number;
	return r;
}

void bm_txn_finished(struct bm_txn *txn, uint64_t number, const struct bm_journal_state *after)
{
	struct bm_journal_record record = {.kind = BM_JOURNAL_DONE, .number = number};

	/* What happened can be told from the disk as well; the next flush takes this with it, or nothing does. */
	if ((after && bm_journal_state_copy(after, &record.after) < 0) || bm_txn_note(txn, &record) < 0 ||
		write_pending(txn, false) < 0)
		bm_err_clear();
}

/* --- effects --- */

/* The intent, with the folders above its path made, and the name beside it free. */
static int begin_effect(
	struct bm_txn *txn, uint64_t number, const struct bm_journal_record **ret_intent, char **ret_fresh)
{
	const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
	_cleanup_free_ char *fresh = intent ? bm_state_fresh(intent->path) : NULL;
	struct bm_stat st;
	int r = 0;

	if (!intent || !fresh)
		return intent ? -ENOMEM : bm_err(-EINVAL, "intent %llu", (unsigned long long)number);
	if (intent->before.type == BM_JOURNAL_ABSENT)
		r = bm_rootw_mkdir_p(txn->root, intent->dir, 0755);
	if (r == 0 && bm_root_stat(txn->root, fresh, false, &st) == 0)
		r = bm_rootw_unlink(txn->root, fresh);
	if (r < 0)
		return r;
	bm_err_clear();
	*ret_intent = intent;
	*ret_fresh = fresh;
	fresh = NULL;
	return 0;
}

/* The fresh file takes its place. */
static int end_effect(struct bm_txn *txn, const struct bm_journal_record *intent, const char *fresh)
{
	const char *like = intent->before.type == BM_JOURNAL_ABSENT ? NULL : intent->path;
	int r;

	/* restorecon mends a label; nothing mends a repair that was not made. */
	if (bm_label_apply_as(txn->root, fresh, like, intent->path) < 0)
		bm_err_clear();
	r = bm_rootw_rename(txn->root, fresh, intent->path);
	if (r == 0)
		r = bm_rootw_sync_dir(txn->root, intent->dir);
	if (r == 0)
		bm_txn_finished(txn, intent->number, NULL);
	return r;
}

int bm_txn_put(struct bm_txn *txn, uint64_t number, const void *bytes, size_t len)
{
	const struct bm_rootw_attr attr = {.mode = 0644};
	const struct bm_journal_record *intent;
	_cleanup_free_ char *fresh = NULL;
	int r = begin_effect(txn, number, &intent, &fresh);

	if (r < 0)
		return r;
	if (intent->before.type == BM_JOURNAL_FILE)
		r = bm_rootw_write_like(txn->root, fresh, bytes, len, intent->path);
	else
		r = bm_rootw_write(txn->root, fresh, bytes, len, &attr);
	return r < 0 ? r : end_effect(txn, intent, fresh);
}

int bm_txn_put_link(struct bm_txn *txn, uint64_t number)
{
	const struct bm_journal_record *intent;
	_cleanup_free_ char *fresh = NULL;
	int r = begin_effect(txn, number, &intent, &fresh);

	if (r == 0)
		r = bm_rootw_symlink(txn->root, intent->after.link, fresh);
	return r < 0 ? r : end_effect(txn, intent, fresh);
}

int bm_txn_move(struct bm_txn *txn, uint64_t number)
{
	const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
	struct bm_stat st;
	int r;

	if (!intent)
		return bm_err(-EINVAL, "intent %llu", (unsigned long long)number);
	if (intent->pre && bm_root_stat(txn->root, intent->pre, false, &st) == -ENOENT) {
		bm_err_clear();
		r = bm_rootw_rename_new(txn->root, intent->path, intent->pre);
		/* Both folders: a file whose new name is lost is lost. */
		if (r == 0)
			r = bm_rootw_sync_dir(txn->root, txn->dir);
	} else {
		r = bm_rootw_unlink(txn->root, intent->path);
	}
	if (r == 0)
		r = bm_rootw_sync_dir(txn->root, intent->dir);
	if (r == 0)
		bm_txn_finished(txn, number, NULL);
	return r;
}

/* --- the way back --- */

static int take_back_one(struct bm_txn *txn, uint64_t number)
{
	const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);
	struct bm_journal_record record = {.kind = BM_JOURNAL_TAKEN_BACK, .number = number};
	int r = bm_state_restore(txn->root, intent, bm_journal_after(&txn->journal, number));

	if (r < 0)
		return r;
	/* It need not be durable: an intent whose path is as before has nothing to be taken back. */
	if (bm_txn_note(txn, &record) < 0 || write_pending(txn, false) < 0)
		bm_err_clear();
	return 0;
}

/* The times of folders, the newest intent first, so that the oldest one's stays. */
static int restore_dirs(struct bm_txn *txn, uint64_t floor, uint64_t step)
{
	int r = 0;

	for (uint64_t number = bm_txn_last(txn); r == 0 && number > floor; number--) {
		const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);

		if (intent && (step == 0 || intent->step == step) && intent->dir && intent->dir_mtime_s != 0 &&
			bm_root_is_dir(txn->root, intent->dir))
			r = bm_rootw_set_mtime(
				txn->root, intent->dir, intent->dir_mtime_s, (uint32_t)intent->dir_mtime_ns);
	}
	return r;
}

int bm_txn_take_back(struct bm_txn *txn, uint64_t floor, uint64_t step, bool keep)
{
	int r = 0, first = 0;

	for (uint64_t number = bm_txn_last(txn); number > floor; number--) {
		const struct bm_journal_record *intent = bm_journal_intent(&txn->journal, number);

		if (!intent || (step != 0 && intent->step != step) ||
			bm_journal_has(&txn->journal, BM_JOURNAL_TAKEN_BACK, number))
			continue;
		r = take_back_one(txn, number);
		if (r < 0 && first == 0)
			first = r;
	}
	if (first < 0)
		return first;
	r = restore_dirs(txn, floor, step);
	if (r < 0 || keep || floor > 0 || step > 0)
		return r;
	return remove_all(txn);
}

int bm_txn_restore_dirs(struct bm_txn *txn)
{
	return restore_dirs(txn, 0, 0);
}
