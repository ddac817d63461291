/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/root/rootw.h"

int bm_state_read(const struct bm_root *root, const char *path, bool hash, struct bm_journal_state *ret_state)
{
	struct bm_journal_state state = {.type = BM_JOURNAL_ABSENT};
	struct bm_stat st;
	int r = bm_root_stat(root, path, false, &st);

	if (r == -ENOENT || r == -ENOTDIR) {
		bm_err_clear();
		*ret_state = state;
		return 0;
	}
	if (r < 0)
		return r;
	state.mode = st.mode;
	state.uid = st.uid;
	state.gid = st.gid;
	state.mtime_s = st.mtime_s;
	state.mtime_ns = st.mtime_ns;
	switch (st.type) {
	case BM_FILE_REGULAR:
		state.type = BM_JOURNAL_FILE;
		state.size_bytes = st.size_bytes;
		r = hash ? bm_root_hash(root, path, state.hash, NULL) : 0;
		break;
	case BM_FILE_SYMLINK:
		state.type = BM_JOURNAL_LINK;
		r = bm_root_readlink(root, path, &state.link);
		break;
	case BM_FILE_DIR:
		state.type = BM_JOURNAL_DIR;
		break;
	case BM_FILE_OTHER:
		r = bm_err(-EINVAL, "%s is neither a file, a link nor a directory", path);
		break;
	}
	if (r < 0) {
		bm_journal_state_done(&state);
		return r;
	}
	*ret_state = state;
	return 0;
}

bool bm_state_same(const struct bm_journal_state *a, const struct bm_journal_state *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == BM_JOURNAL_LINK)
		return bm_streq(a->link, b->link);
	if (a->type != BM_JOURNAL_FILE)
		return true;
	if (a->hash[0] && b->hash[0])
		return bm_streq(a->hash, b->hash);
	return a->size_bytes == b->size_bytes && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

int bm_state_is(const struct bm_root *root, const char *path, const struct bm_journal_state *wanted, bool *ret_is)
{
	struct bm_journal_state state;
	int r = bm_state_read(root, path, false, &state);

	if (r < 0)
		return r;
	*ret_is = state.type == wanted->type;
	/* The size first: a large file that differs need not be read. After-states of links and tools have none. */
	if (*ret_is && state.type == BM_JOURNAL_FILE && wanted->hash[0]) {
		if (wanted->size_bytes > 0 && wanted->size_bytes != state.size_bytes)
			*ret_is = false;
		else
			r = bm_root_hash(root, path, state.hash, NULL);
	}
	if (r == 0 && *ret_is)
		*ret_is = bm_state_same(&state, wanted);
	bm_journal_state_done(&state);
	return r;
}

char *bm_state_fresh(const char *path)
{
	return bm_strf("%s.bootmend-new", path);
}

int bm_state_target(const struct bm_root *root, const char *path, char **ret_target)
{
	_cleanup_free_ char *dir = bm_path_dir(path), *real_dir = NULL;
	struct bm_stat st;
	int r;

	if (bm_root_stat(root, path, true, &st) == 0)
		return bm_root_realpath(root, path, ret_target);
	bm_err_clear();
	r = dir ? bm_root_realpath(root, dir, &real_dir) : -ENOMEM;
	if (r < 0)
		return r;
	*ret_target = bm_path_join(real_dir, bm_path_base(path));
	return *ret_target ? 0 : -ENOMEM;
}

static bool exists(const struct bm_root *root, const char *path, struct bm_stat *ret_stat)
{
	bool is = path && bm_root_stat(root, path, false, ret_stat) == 0;

	bm_err_clear();
	return is;
}

/* Where the content from before is: the kept name; or, where two names were exchanged and the power went before the
 * second rename, the name of the new file. NULL where it is nowhere but at its place. */
static const char *find_pre(
	const struct bm_root *root, const struct bm_journal_record *intent, const char *fresh, struct bm_stat *ret_stat)
{
	bool is = false;

	if (exists(root, intent->pre, ret_stat))
		return intent->pre;
	if (intent->keep && exists(root, fresh, ret_stat) && bm_state_is(root, fresh, &intent->before, &is) == 0 && is)
		return fresh;
	bm_err_clear();
	return NULL;
}

static struct bm_rootw_attr attr_of(const struct bm_journal_state *state)
{
	return (struct bm_rootw_attr){
		.mode = (uint32_t)state->mode,
		.uid = (uint32_t)state->uid,
		.gid = (uint32_t)state->gid,
		.keep_mtime = true,
		.mtime_s = state->mtime_s,
		.mtime_ns = (uint32_t)state->mtime_ns,
	};
}

static int remove_there(const struct bm_root *root, const char *path, const struct bm_stat *st)
{
	int r;

	if (st->type != BM_FILE_DIR)
		return bm_rootw_unlink(root, path);
	r = bm_rootw_rmdir(root, path);
	/* Somebody keeps something in it now. */
	if (r == -ENOTEMPTY || r == -EEXIST) {
		bm_err_clear();
		r = 0;
	}
	return r;
}

/* The kept content takes the path again. */
static int restore_file(const struct bm_root *root, const struct bm_journal_record *intent, const char *pre,
	const struct bm_stat *kept, const char *fresh)
{
	const struct bm_rootw_attr attr = attr_of(&intent->before);
	struct bm_stat there, dir;
	int r;

	r = bm_root_stat(root, intent->dir, true, &dir);
	if (r < 0)
		return r;
	if (dir.dev == kept->dev) {
		r = bm_rootw_rename(root, pre, intent->path);
		/* Two mounts of one filesystem are two. */
		if (r != -EXDEV)
			return r < 0 ? r : bm_rootw_set_attr(root, intent->path, &attr);
		bm_err_clear();
	}
	/* There was no room for both, so there is none now. */
	if (intent->gap && exists(root, intent->path, &there)) {
		r = bm_rootw_unlink(root, intent->path);
		if (r < 0)
			return r;
	}
	r = bm_rootw_copy(root, pre, fresh);
	if (r == 0)
		r = bm_rootw_set_attr(root, fresh, &attr);
	if (r == 0)
		r = bm_rootw_rename(root, fresh, intent->path);
	return r;
}

static int restore_link(const struct bm_root *root, const struct bm_journal_record *intent, const char *fresh)
{
	const struct bm_rootw_attr attr = attr_of(&intent->before);
	int r = bm_rootw_symlink(root, intent->before.link, fresh);

	if (r == 0)
		r = bm_rootw_set_attr(root, fresh, &attr);
	return r < 0 ? r : bm_rootw_rename(root, fresh, intent->path);
}

static int restore(const struct bm_root *root, const struct bm_journal_record *intent,
	const struct bm_journal_state *after, const char *fresh)
{
	const struct bm_rootw_attr attr = attr_of(&intent->before);
	struct bm_stat there = {0}, kept, left;
	const char *pre = find_pre(root, intent, fresh, &kept);
	bool is_there = exists(root, intent->path, &there), is_before = false, is_after = false;
	int r;

	/* What was written beside it, and never took its place. */
	if (!bm_streq(pre, fresh) && exists(root, fresh, &left)) {
		r = bm_rootw_unlink(root, fresh);
		if (r < 0)
			return r;
	}
	if (intent->before.type == BM_JOURNAL_ABSENT)
		return is_there ? remove_there(root, intent->path, &there) : 0;
	r = bm_state_is(root, intent->path, &intent->before, &is_before);
	if (r < 0)
		return r;
	if (intent->keep && pre && is_there) {
		if (there.dev == kept.dev && there.ino == kept.ino)
			return bm_rootw_unlink(root, pre);
		/* The same bytes as before in another file: the one from before is what was there. */
		r = after->type == BM_JOURNAL_FILE ? bm_state_is(root, intent->path, after, &is_after) : 0;
		if (r < 0)
			return r;
		if (is_before && !is_after)
			return bm_rootw_unlink(root, pre);
		is_before = false;
	}
	/* It is still the very file, which has a second name meanwhile. */
	if (is_before && pre && !bm_streq(pre, fresh) && there.dev == kept.dev && there.ino == kept.ino) {
		r = bm_rootw_unlink(root, pre);
		if (r < 0)
			return r;
	}
	if (is_before)
		return intent->before.type == BM_JOURNAL_DIR ? 0 : bm_rootw_set_attr(root, intent->path, &attr);
	if (intent->before.type == BM_JOURNAL_LINK)
		return restore_link(root, intent, fresh);
	if (!pre)
		return bm_err(
			-ENOENT, "%s, which holds what %s was", intent->pre ? intent->pre : "the copy", intent->path);
	r = restore_file(root, intent, pre, &kept, fresh);
	/* A copy that stood beside it is nothing anybody knows. */
	if (r == 0 && intent->keep && exists(root, pre, &left))
		r = bm_rootw_unlink(root, pre);
	return r;
}

/* A depmod that was killed leaves modules.dep.PID.TIME.TIME, or modules.dep.temp: what is not older than the intent. */
static int remove_leftovers(const struct bm_root *root, const struct bm_journal_record *intent)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = bm_root_list(root, intent->dir, 0, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		const char *rest = bm_str_after(names.items[i], bm_path_base(intent->path));
		_cleanup_free_ char *path = NULL;
		struct bm_stat st;

		if (!rest || rest[0] != '.' || (!bm_streq(rest, ".temp") && rest[strspn(rest, ".0123456789")] != '\0'))
			continue;
		path = bm_path_join(intent->dir, names.items[i]);
		if (!path)
			return -ENOMEM;
		if (bm_root_stat(root, path, false, &st) == 0 && st.type == BM_FILE_REGULAR &&
			st.mtime_s >= intent->time)
			r = bm_rootw_unlink(root, path);
	}
	return r;
}

int bm_state_restore(
	const struct bm_root *root, const struct bm_journal_record *intent, const struct bm_journal_state *after)
{
	_cleanup_free_ char *fresh = bm_state_fresh(intent->path);
	int r = fresh ? restore(root, intent, after, fresh) : -ENOMEM;

	if (r == 0 && intent->op == BM_JOURNAL_SCOPE && intent->time > 0 && intent->dir)
		r = remove_leftovers(root, intent);
	/* A folder that is not there any more was made by the repair. */
	if (r == 0 && intent->dir && bm_root_is_dir(root, intent->dir))
		r = bm_rootw_sync_dir(root, intent->dir);
	return r;
}

int bm_state_settle(const struct bm_root *root, const struct bm_journal_record *intent)
{
	_cleanup_free_ char *fresh = bm_state_fresh(intent->path);
	struct bm_stat kept, left;
	const char *pre;
	int r;

	if (!fresh)
		return -ENOMEM;
	pre = find_pre(root, intent, fresh, &kept);
	if (pre == fresh && intent->pre)
		r = bm_rootw_rename_new(root, fresh, intent->pre);
	/* What is in its place already was to be written once more. */
	else if (pre != fresh && (pre || intent->before.type == BM_JOURNAL_ABSENT) && exists(root, fresh, &left) &&
		 left.type == BM_FILE_REGULAR && left.links == 1)
		r = bm_rootw_unlink(root, fresh);
	else
		return 0;
	return r < 0 ? r : bm_rootw_sync_dir(root, intent->dir);
}

int bm_state_cost(const struct bm_root *root, const struct bm_journal_record *intent, struct bm_state_cost *ret_cost)
{
	_cleanup_free_ char *fresh = bm_state_fresh(intent->path);
	struct bm_stat dir, there, kept, half;
	bool is_there, is_before = false;
	uint64_t size, freed = 0, left = 0;
	const char *pre;
	int r;

	*ret_cost = (struct bm_state_cost){0};
	if (!fresh)
		return -ENOMEM;
	if (!intent->dir || !exists(root, intent->dir, &dir))
		return 0;
	ret_cost->dev = dir.dev;
	/* What was half written when the repair was stopped goes first of all. */
	pre = find_pre(root, intent, fresh, &kept);
	if ((!pre || !bm_streq(pre, fresh)) && exists(root, fresh, &half) && half.links == 1)
		left = half.blocks * 512;
	ret_cost->gains = (int64_t)left;
	is_there = exists(root, intent->path, &there);
	if (is_there && there.type == BM_FILE_REGULAR && there.links == 1)
		freed = there.blocks * 512;
	r = bm_state_is(root, intent->path, &intent->before, &is_before);
	if (r < 0 || is_before)
		return r;
	ret_cost->gains += (int64_t)freed;
	if (intent->before.type != BM_JOURNAL_FILE || !pre || kept.dev == dir.dev)
		return 0;
	size = (kept.size_bytes + 4095) / 4096 * 4096;
	if (intent->gap)
		left += freed;
	ret_cost->needs = size > left ? size - left : 0;
	ret_cost->gains -= (int64_t)size;
	return 0;
}

/* Whether what was there can be had again. */
static int check_pre(const struct bm_root *root, const struct bm_journal_record *intent, char **ret_why)
{
	_cleanup_free_ char *fresh = bm_state_fresh(intent->path);
	struct bm_stat kept;
	const char *pre = fresh ? find_pre(root, intent, fresh, &kept) : NULL;
	bool is = true;
	int r = fresh ? 0 : -ENOMEM;

	if (r == 0 && pre)
		r = bm_state_is(root, pre, &intent->before, &is);
	if (r < 0)
		return r;
	if (pre && is)
		return 1;
	*ret_why = pre ? bm_strf("%s, which holds what it was, has changed", pre)
		       : bm_strf("%s, which holds what it was, is not there any more",
				 intent->pre ? intent->pre : "its copy");
	return *ret_why ? 0 : -ENOMEM;
}

int bm_state_check(const struct bm_root *root, const struct bm_journal_record *intent,
	const struct bm_journal_state *after, bool finished, const struct bm_journal_state *state, char **ret_why)
{
	struct bm_journal_state read = {0};
	bool is_before, is_after, absent;
	int r = 0;

	if (!state) {
		bool hash = after->hash[0] || intent->before.hash[0];

		r = bm_state_read(root, intent->path, hash, &read);
		if (r < 0)
			return r;
		state = &read;
	}
	is_before = bm_state_same(state, &intent->before);
	/* What a tool was about to write when the power went can be anything. */
	is_after = after->type != BM_JOURNAL_UNKNOWN ? bm_state_same(state, after)
						     : !finished && state->type != BM_JOURNAL_DIR;
	absent = intent->gap && state->type == BM_JOURNAL_ABSENT;
	bm_journal_state_done(&read);
	if (!is_before && !is_after && !absent) {
		*ret_why = bm_strf("it has changed since");
		return *ret_why ? 0 : -ENOMEM;
	}
	if (is_before || intent->before.type != BM_JOURNAL_FILE)
		return 1;
	return check_pre(root, intent, ret_why);
}
