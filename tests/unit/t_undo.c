/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction layer on a tree in a temporary directory: every kind of change, stopped or failing at every single
 * effect, then taken back. What counts is a listing of the whole tree: content, mode, owner, times, links, extended
 * attributes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apply/txn.h"
#include "apply/undo.h"
#include "base/err.h"
#include "base/str.h"
#include "os/root/fault.h"
#include "os/root/rootw.h"
#include "os/run/tmp.h"
#include "harness.h"

/* --- the hook --- */

static unsigned long fault_at, fault_n;
static int fault_error; /* 0: the process ends */

int bm_fault_point(const char *effect, const char *path)
{
	(void)effect;
	(void)path;
	if (++fault_n != fault_at)
		return 0;
	if (fault_error == 0)
		_exit(137);
	return fault_error;
}

static void arm(unsigned long at, int error)
{
	fault_n = 0;
	fault_at = at;
	fault_error = error;
}

/* --- the tree --- */

struct tree {
	char *top;
	struct bm_root *root;
};

static void put(struct tree *tree, const char *path, const char *text, mode_t mode, time_t time)
{
	const struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time, .tv_nsec = 123456789}};
	int fd = openat(bm_root_fd(tree->root), path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	BM_CHECK(fd >= 0);
	BM_CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	BM_CHECK_INT(fchmod(fd, mode), 0);
	BM_CHECK_INT(futimens(fd, times), 0);
	close(fd);
}

static void age(struct tree *tree, const char *path, time_t time)
{
	const struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time, .tv_nsec = 987654321}};

	BM_CHECK_INT(utimensat(bm_root_fd(tree->root), path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void make_tree(struct tree *tree)
{
	static const char *const dirs[] = {"etc", "boot", "boot/grub", "var", "var/lib", "sbin"};
	_cleanup_free_ char *fstab = NULL;
	int fd;

	BM_CHECK_INT(bm_tmp_dir("undo", &tree->top), 0);
	BM_CHECK_INT(bm_root_open(tree->top, &tree->root), 0);
	fd = bm_root_fd(tree->root);
	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		BM_CHECK_INT(mkdirat(fd, dirs[i], 0755), 0);
	put(tree, "etc/fstab", "UUID=1 / ext4\nUUID=2 /data ext4\n", 0640, 1000000000);
	put(tree, "boot/grub/grub.cfg", "menuentry x {\n}\n", 0600, 1000000001);
	put(tree, "boot/initrd", "the old image", 0604, 1000000002);
	put(tree, "boot/orphan", "nobody's", 0644, 1000000003);
	fstab = bm_path_join(tree->top, "etc/fstab");
	BM_CHECK(fstab != NULL);
	/* A filesystem without them is a machine's matter, not the test's. */
	if (setxattr(fstab, "user.label", "kept", 4, 0) < 0)
		BM_CHECK(errno == EOPNOTSUPP);
	BM_CHECK_INT(symlinkat("../lib/none", fd, "sbin/init"), 0);
	age(tree, "sbin/init", 1000000004);
	for (size_t i = BM_ARRAY_SIZE(dirs); i > 0; i--)
		age(tree, dirs[i - 1], 1000000000 + (time_t)i * 10);
}

static void drop_tree(struct tree *tree)
{
	bm_root_free(tree->root);
	BM_CHECK_INT(bm_tmp_remove(tree->top), 0);
	free(tree->top);
}

static void list_dir(const struct tree *tree, const char *dir, struct bm_buf *out)
{
	_cleanup_strv_ struct bm_strv names = {0};

	BM_CHECK_INT(bm_root_list(tree->root, dir, 0, &names), 0);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, names.items[i]), *link = NULL;
		_cleanup_free_ char *full = path ? bm_path_join(tree->top, path) : NULL;
		char hash[BM_SHA256_TEXT] = "", label[16] = "";
		struct bm_stat st;

		BM_CHECK(path && full);
		if (bm_streq(path, BM_TXN_HOME))
			continue;
		BM_CHECK_INT(bm_root_stat(tree->root, path, false, &st), 0);
		if (st.type == BM_FILE_REGULAR) {
			ssize_t n = getxattr(full, "user.label", label, sizeof(label) - 1);

			label[n > 0 ? n : 0] = '\0';
			BM_CHECK_INT(bm_root_hash(tree->root, path, hash, NULL), 0);
		}
		if (st.type == BM_FILE_SYMLINK)
			BM_CHECK_INT(bm_root_readlink(tree->root, path, &link), 0);
		bm_buf_addf(out, "%s %d %o %u:%u %lld.%u %.8s %s %s\n", path, (int)st.type, st.mode, st.uid, st.gid,
			(long long)st.mtime_s, st.mtime_ns, hash, label, link ? link : "");
		if (st.type == BM_FILE_DIR)
			list_dir(tree, path, out);
	}
}

static char *listing(const struct tree *tree)
{
	struct bm_buf out = {0};
	char *text;

	list_dir(tree, "/", &out);
	text = bm_buf_steal(&out);
	BM_CHECK(text != NULL);
	return text;
}

/* --- a repair --- */

static int intend(struct bm_txn *txn, uint64_t step, enum bm_journal_op op, const char *path, const char *text,
	const char *link, enum bm_txn_keep keep, uint64_t *ret_number)
{
	struct bm_journal_record intent = {.step = step, .op = op};
	int r = bm_str_set(&intent.path, path);

	if (r == 0)
		r = bm_str_set(&intent.after.link, link);
	if (r < 0)
		return r;
	intent.after.type = link ? BM_JOURNAL_LINK : text ? BM_JOURNAL_FILE : BM_JOURNAL_ABSENT;
	if (text) {
		intent.after.size_bytes = strlen(text);
		bm_sha256_text(text, strlen(text), intent.after.hash);
	}
	return bm_txn_intend(txn, &intent, keep, ret_number);
}

static const char *const texts[] = {"UUID=1 / ext4\n", "menuentry y {\n}\n", "made\n"};

/* An edit, a file in a folder that is not there, a link over a link, a file that moves away: all of one journal. */
static int repair(const struct tree *tree, struct bm_txn *txn)
{
	const struct bm_plan plan = {0};
	struct bm_journal_record end = {.kind = BM_JOURNAL_END, .time = 1};
	uint64_t n[5] = {0};
	int r = bm_txn_begin(tree->root, &plan, txn);

	if (r == 0)
		r = intend(txn, 1, BM_JOURNAL_REPLACE, "/etc/fstab", texts[0], NULL, BM_TXN_COPY, &n[0]);
	if (r == 0)
		r = intend(txn, 2, BM_JOURNAL_REPLACE, "/boot/grub/grub.cfg", texts[1], NULL, BM_TXN_COPY, &n[1]);
	if (r == 0)
		r = intend(txn, 3, BM_JOURNAL_CREATE, "/etc/lvm/deep/new", texts[2], NULL, BM_TXN_COPY, &n[2]);
	if (r == 0)
		r = intend(txn, 4, BM_JOURNAL_REPLACE, "/sbin/init", NULL, "../lib/systemd", BM_TXN_COPY, &n[3]);
	if (r == 0)
		r = intend(txn, 5, BM_JOURNAL_REMOVE, "/boot/orphan", NULL, NULL, BM_TXN_MOVE, &n[4]);
	if (r == 0)
		r = bm_txn_flush(txn);
	for (size_t i = 0; r == 0 && i < 3; i++)
		r = bm_txn_put(txn, n[i], texts[i], strlen(texts[i]));
	if (r == 0)
		r = bm_txn_put_link(txn, n[3]);
	if (r == 0)
		r = bm_txn_move(txn, n[4]);
	if (r == 0)
		r = bm_txn_note(txn, &end);
	return r < 0 ? r : bm_txn_flush(txn);
}

/* The only journal there is, for free(); NULL without one. */
static char *only_id(const struct tree *tree)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(tree->root, BM_TXN_HOME, 0, &names) < 0 || names.n == 0)
		return NULL;
	BM_CHECK_INT(names.n, 1);
	return strdup(names.items[0]);
}

static unsigned long count_effects(void)
{
	struct bm_txn txn = {0};
	struct tree tree;
	unsigned long n;

	make_tree(&tree);
	arm(0, 0);
	BM_CHECK_INT(repair(&tree, &txn), 0);
	n = fault_n;
	bm_txn_done(&txn);
	drop_tree(&tree);
	BM_CHECK(n > 30);
	return n;
}

BM_TEST(undo_gives_back_the_tree)
{
	_cleanup_undo_ struct bm_undo_result result = {0}, again = {0};
	_cleanup_free_ char *before = NULL, *between = NULL, *after = NULL, *id = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_txn txn;
	struct tree tree;

	if (geteuid() != 0)
		BM_SKIP("needs root");
	make_tree(&tree);
	before = listing(&tree);
	arm(0, 0);
	BM_CHECK_INT(repair(&tree, &txn), 0);
	bm_txn_done(&txn);
	between = listing(&tree);
	BM_CHECK(!bm_streq(before, between));
	BM_CHECK_INT(bm_root_read(tree.root, "/etc/fstab", 100, &text), 0);
	BM_CHECK_STR(bm_buf_text(&text), texts[0]);
	BM_CHECK(!bm_root_exists(tree.root, "/boot/orphan") && bm_root_exists(tree.root, "/etc/lvm/deep/new"));
	id = only_id(&tree);
	BM_CHECK(id != NULL);
	BM_CHECK_INT(bm_undo_root(tree.root, id, &result), 0);
	BM_CHECK_INT(result.changed.n, 0);
	BM_CHECK_STR(result.restored.items[0], "/boot/orphan");
	after = listing(&tree);
	BM_CHECK_STR(after, before);
	BM_CHECK_INT(bm_undo_root(tree.root, id, &again), 0);
	BM_CHECK(again.already);
	BM_CHECK_INT(again.restored.n, 0);
	drop_tree(&tree);
}

BM_TEST(undo_refuses_what_somebody_changed)
{
	_cleanup_undo_ struct bm_undo_result result = {0}, second = {0};
	_cleanup_free_ char *between = NULL, *after = NULL, *id = NULL, *pre = NULL;
	struct bm_txn txn;
	struct tree tree;

	make_tree(&tree);
	arm(0, 0);
	BM_CHECK_INT(repair(&tree, &txn), 0);
	bm_txn_done(&txn);
	id = only_id(&tree);
	put(&tree, "etc/fstab", "mine\n", 0640, 1500000000);
	between = listing(&tree);
	BM_CHECK_INT(bm_undo_root(tree.root, id, &result), -ECANCELED);
	BM_CHECK_INT(result.changed.n, 1);
	BM_CHECK_STR(result.changed.items[0], "/etc/fstab: it has changed since");
	after = listing(&tree);
	BM_CHECK_STR(after, between);
	/* A copy that is not what it was is no way back. */
	put(&tree, "etc/fstab", texts[0], 0640, 1500000000);
	pre = bm_strf("var/lib/bootmend/%s/1.pre", id);
	BM_CHECK(pre != NULL);
	put(&tree, pre, "altered\n", 0640, 1500000000);
	BM_CHECK_INT(bm_undo_root(tree.root, id, &second), -ECANCELED);
	BM_CHECK_INT(second.changed.n, 1);
	BM_CHECK(strstr(second.changed.items[0], "1.pre, which holds what it was, has changed") != NULL);
	drop_tree(&tree);
}

/* Runs the repair in a process that ends at effect number at. Whether it ended there. */
static bool killed(const struct tree *tree, unsigned long at, const char *undo)
{
	pid_t pid = fork();
	int status = 0;

	BM_CHECK(pid >= 0);
	if (pid == 0) {
		struct bm_undo_result result;
		struct bm_txn txn;

		arm(at, 0);
		_exit((undo ? bm_undo_root(tree->root, undo, &result) : repair(tree, &txn)) == 0 ? 0 : 1);
	}
	BM_CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	BM_CHECK(WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == 137;
}

BM_TEST(undo_after_a_kill_at_every_effect)
{
	unsigned long n = count_effects();

	if (geteuid() != 0)
		BM_SKIP("needs root");
	for (unsigned long at = 1; at <= n; at++) {
		_cleanup_undo_ struct bm_undo_result result = {0};
		_cleanup_free_ char *before = NULL, *after = NULL, *id = NULL;
		struct tree tree;
		int r;

		make_tree(&tree);
		before = listing(&tree);
		BM_CHECK(killed(&tree, at, NULL));
		arm(0, 0);
		id = only_id(&tree);
		r = id ? bm_undo_root(tree.root, id, &result) : -ENOENT;
		/* Without a journal nothing was changed, but for the times of the folders around it. */
		BM_CHECK(r == 0 || r == -ENOENT);
		if (r == 0) {
			after = listing(&tree);
			BM_CHECK_STR(after, before);
		}
		drop_tree(&tree);
	}
}

BM_TEST(undo_completes_an_undo_that_was_killed)
{
	bool more = true;

	if (geteuid() != 0)
		BM_SKIP("needs root");
	for (unsigned long at = 1; more; at++) {
		_cleanup_undo_ struct bm_undo_result result = {0};
		_cleanup_free_ char *before = NULL, *after = NULL, *id = NULL;
		struct bm_txn txn;
		struct tree tree;

		make_tree(&tree);
		before = listing(&tree);
		arm(0, 0);
		BM_CHECK_INT(repair(&tree, &txn), 0);
		bm_txn_done(&txn);
		id = only_id(&tree);
		BM_CHECK(id != NULL);
		more = killed(&tree, at, id);
		BM_CHECK_INT(bm_undo_root(tree.root, id, &result), 0);
		after = listing(&tree);
		BM_CHECK_STR(after, before);
		BM_CHECK(at < 200);
		drop_tree(&tree);
	}
}

BM_TEST(txn_takes_back_what_failed_at_every_effect)
{
	static const int errors[] = {-EIO, -ENOSPC};
	unsigned long n = count_effects();

	if (geteuid() != 0)
		BM_SKIP("needs root");
	for (unsigned long at = 1; at <= n; at++)
		for (size_t e = 0; e < BM_ARRAY_SIZE(errors); e++) {
			_cleanup_free_ char *before = NULL, *after = NULL;
			struct bm_txn txn = {0};
			struct tree tree;
			int r;

			make_tree(&tree);
			before = listing(&tree);
			arm(at, errors[e]);
			r = repair(&tree, &txn);
			/* A record that need not be there, or a label, may fail without harm. */
			if (r == 0) {
				bm_txn_done(&txn);
				drop_tree(&tree);
				continue;
			}
			if (txn.root)
				BM_CHECK_INT(bm_txn_take_back(&txn, 0, 0, false), 0);
			bm_txn_done(&txn);
			after = listing(&tree);
			BM_CHECK_STR(after, before);
			BM_CHECK(!bm_root_exists(tree.root, BM_TXN_HOME));
			drop_tree(&tree);
		}
}

/* One edit of /etc/fstab, from what is there to text. */
static char *edit_fstab(const struct tree *tree, const char *text)
{
	const struct bm_plan plan = {0};
	struct bm_journal_record end = {.kind = BM_JOURNAL_END, .time = 1};
	struct bm_txn txn;
	uint64_t number = 0;
	char *id;

	arm(0, 0);
	BM_CHECK_INT(bm_txn_begin(tree->root, &plan, &txn), 0);
	BM_CHECK_INT(intend(&txn, 1, BM_JOURNAL_REPLACE, "/etc/fstab", text, NULL, BM_TXN_COPY, &number), 0);
	BM_CHECK_INT(bm_txn_flush(&txn), 0);
	BM_CHECK_INT(bm_txn_put(&txn, number, text, strlen(text)), 0);
	BM_CHECK_INT(bm_txn_note(&txn, &end), 0);
	BM_CHECK_INT(bm_txn_flush(&txn), 0);
	id = strdup(txn.id);
	BM_CHECK(id != NULL);
	bm_txn_done(&txn);
	return id;
}

BM_TEST(undo_of_the_older_of_two_names_the_newer)
{
	_cleanup_undo_ struct bm_undo_result refused = {0}, newer = {0}, older = {0};
	_cleanup_free_ char *before = NULL, *after = NULL, *first = NULL, *second = NULL;
	struct tree tree;

	if (geteuid() != 0)
		BM_SKIP("needs root");
	make_tree(&tree);
	before = listing(&tree);
	first = edit_fstab(&tree, "one\n");
	/* Ids sort by the second. */
	sleep(1);
	/* Back to what it was: the content alone does not tell. */
	second = edit_fstab(&tree, "UUID=1 / ext4\nUUID=2 /data ext4\n");
	BM_CHECK_INT(bm_undo_root(tree.root, first, &refused), -ECANCELED);
	BM_CHECK_INT(refused.changed.n, 1);
	BM_CHECK(strstr(refused.changed.items[0], "/etc/fstab: the later repair ") != NULL);
	BM_CHECK(strstr(refused.changed.items[0], second) != NULL);
	BM_CHECK_INT(bm_undo_root(tree.root, second, &newer), 0);
	BM_CHECK_INT(bm_undo_root(tree.root, first, &older), 0);
	after = listing(&tree);
	BM_CHECK_STR(after, before);
	drop_tree(&tree);
}

/* /boot is another filesystem, and full: what it lacks is said before anything is taken back. */
BM_TEST(undo_asks_for_room_first)
{
	static const char image[] = "the new image";
	_cleanup_undo_ struct bm_undo_result refused = {0}, result = {0};
	_cleanup_free_ char *id = NULL, *boot = NULL, *big = malloc(256 * 1024);
	struct bm_journal_record end = {.kind = BM_JOURNAL_END, .time = 1};
	const struct bm_plan plan = {0};
	uint64_t number[2] = {0};
	struct bm_txn txn;
	struct tree tree;
	bool full;

	if (geteuid() != 0)
		BM_SKIP("needs root");
	BM_CHECK(big != NULL);
	memset(big, 'x', 256 * 1024 - 1);
	big[256 * 1024 - 1] = '\0';
	make_tree(&tree);
	boot = bm_path_join(tree.top, "boot");
	if (!boot || mount("tmpfs", boot, "tmpfs", 0, "size=300k") < 0) {
		drop_tree(&tree);
		BM_SKIP("cannot mount");
	}
	put(&tree, "boot/orphan", big, 0644, 1000000003);
	arm(0, 0);
	BM_CHECK_INT(bm_txn_begin(tree.root, &plan, &txn), 0);
	BM_CHECK_INT(intend(&txn, 1, BM_JOURNAL_REPLACE, "/etc/fstab", image, NULL, BM_TXN_COPY, &number[0]), 0);
	BM_CHECK_INT(intend(&txn, 2, BM_JOURNAL_REMOVE, "/boot/orphan", NULL, NULL, BM_TXN_MOVE, &number[1]), 0);
	BM_CHECK_INT(bm_txn_flush(&txn), 0);
	BM_CHECK_INT(bm_txn_put(&txn, number[0], image, strlen(image)), 0);
	BM_CHECK_INT(bm_txn_move(&txn, number[1]), 0);
	BM_CHECK_INT(bm_txn_note(&txn, &end), 0);
	BM_CHECK_INT(bm_txn_flush(&txn), 0);
	id = strdup(txn.id);
	bm_txn_done(&txn);
	put(&tree, "boot/other", big, 0644, 1000000005);
	full = bm_undo_root(tree.root, id, &refused) == -ECANCELED && refused.changed.n == 1 &&
	       strstr(refused.changed.items[0], "/boot/orphan: its filesystem has no room");
	BM_CHECK_INT(unlinkat(bm_root_fd(tree.root), "boot/other", 0), 0);
	number[0] = (uint64_t)-bm_undo_root(tree.root, id, &result);
	number[1] = bm_root_exists(tree.root, "/boot/orphan");
	BM_CHECK_INT(umount2(boot, MNT_DETACH), 0);
	BM_CHECK(full);
	BM_CHECK_INT(number[0], 0);
	BM_CHECK_INT(number[1], 1);
	drop_tree(&tree);
}

BM_TEST(undo_keeps_hard_links_and_no_stranger_s_acl)
{
	/* user::rw- user:4242:rwx group::r-- mask::rwx other::r-- */
	static const unsigned char acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0, 0x92, 0x10, 0, 0, 4,
		0, 4, 0, 255, 255, 255, 255, 16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255};
	_cleanup_undo_ struct bm_undo_result result = {0};
	_cleanup_free_ char *id = NULL, *etc = NULL, *fstab = NULL;
	struct bm_stat before, after, other;
	struct tree tree;
	char value[200];

	if (geteuid() != 0)
		BM_SKIP("needs root");
	make_tree(&tree);
	etc = bm_path_join(tree.top, "etc");
	fstab = bm_path_join(tree.top, "etc/fstab");
	BM_CHECK(etc && fstab);
	BM_CHECK_INT(linkat(bm_root_fd(tree.root), "etc/fstab", bm_root_fd(tree.root), "etc/fstab.same", 0), 0);
	if (setxattr(etc, "system.posix_acl_default", acl, sizeof(acl), 0) < 0)
		BM_CHECK(errno == EOPNOTSUPP);
	BM_CHECK_INT(bm_root_stat(tree.root, "/etc/fstab", false, &before), 0);
	id = edit_fstab(&tree, "one\n");
	BM_CHECK_INT(bm_root_stat(tree.root, "/etc/fstab", false, &after), 0);
	BM_CHECK_INT(after.mode, before.mode);
	BM_CHECK(getxattr(fstab, "system.posix_acl_access", value, sizeof(value)) < 0);
	BM_CHECK_INT(bm_undo_root(tree.root, id, &result), 0);
	BM_CHECK_INT(bm_root_stat(tree.root, "/etc/fstab", false, &after), 0);
	BM_CHECK_INT(bm_root_stat(tree.root, "/etc/fstab.same", false, &other), 0);
	BM_CHECK(after.ino == other.ino && after.ino == before.ino);
	BM_CHECK_INT(after.links, 2);
	drop_tree(&tree);
}

/* Where there are no hard links the names are exchanged; a resumed repair gives the old content its name. */
BM_TEST(resume_completes_an_exchange)
{
	struct bm_journal_record intent = {.kind = BM_JOURNAL_INTENT, .keep = 1};
	_cleanup_buf_ struct bm_buf text = {0};
	struct tree tree;

	make_tree(&tree);
	arm(0, 0);
	BM_CHECK_INT(bm_state_read(tree.root, "/boot/initrd", true, &intent.before), 0);
	BM_CHECK_INT(bm_str_set(&intent.path, "/boot/initrd"), 0);
	BM_CHECK_INT(bm_str_set(&intent.dir, "/boot"), 0);
	BM_CHECK_INT(bm_str_set(&intent.pre, "/boot/initrd.bootmend-1"), 0);
	BM_CHECK_INT(bm_rootw_rename(tree.root, "/boot/initrd", "/boot/initrd.bootmend-new"), 0);
	put(&tree, "boot/initrd", "the new image", 0600, 1500000000);
	BM_CHECK_INT(bm_state_settle(tree.root, &intent), 0);
	BM_CHECK(!bm_root_exists(tree.root, "/boot/initrd.bootmend-new"));
	BM_CHECK_INT(bm_root_read(tree.root, intent.pre, 100, &text), 0);
	BM_CHECK_STR(bm_buf_text(&text), "the old image");
	BM_CHECK_INT(bm_state_settle(tree.root, &intent), 0);
	bm_journal_record_done(&intent);
	drop_tree(&tree);
}

/* A file whose new content is the old one is in its place before it is written: what was half written beside it goes,
 * but never the only copy of what was there. */
BM_TEST(resume_sweeps_what_was_to_be_written_once_more)
{
	struct bm_journal_record intent = {.kind = BM_JOURNAL_INTENT};
	struct tree tree;

	make_tree(&tree);
	arm(0, 0);
	BM_CHECK_INT(bm_state_read(tree.root, "/boot/initrd", true, &intent.before), 0);
	BM_CHECK_INT(bm_str_set(&intent.path, "/boot/initrd"), 0);
	BM_CHECK_INT(bm_str_set(&intent.dir, "/boot"), 0);
	put(&tree, "boot/initrd.bootmend-new", "half", 0600, 1500000000);
	BM_CHECK_INT(bm_state_settle(tree.root, &intent), 0);
	BM_CHECK(bm_root_exists(tree.root, "/boot/initrd.bootmend-new"));
	BM_CHECK_INT(bm_str_set(&intent.pre, "/boot/initrd.copy"), 0);
	put(&tree, "boot/initrd.copy", "the old image", 0600, 1500000000);
	BM_CHECK_INT(bm_state_settle(tree.root, &intent), 0);
	BM_CHECK(!bm_root_exists(tree.root, "/boot/initrd.bootmend-new"));
	BM_CHECK(bm_root_exists(tree.root, "/boot/initrd"));
	BM_CHECK(bm_root_exists(tree.root, "/boot/initrd.copy"));
	bm_journal_record_done(&intent);
	drop_tree(&tree);
}

BM_TEST(journal_of_an_selinux_system_is_labelled)
{
	static const char *const names[] = {"", "/journal", "/plan"};
	_cleanup_free_ char *id = NULL;
	struct tree tree;

	if (geteuid() != 0)
		BM_SKIP("needs root");
	make_tree(&tree);
	BM_CHECK_INT(bm_rootw_mkdir_p(tree.root, "/etc/selinux/targeted/contexts/files", 0755), 0);
	put(&tree, "etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n", 0644, 1);
	put(&tree, "etc/selinux/targeted/contexts/files/file_contexts",
		"/var/lib(/.*)?\tsystem_u:object_r:var_lib_t:s0\n", 0644, 1);
	if (setxattr(tree.top, "security.selinux", "a:b:c", 6, 0) < 0) {
		drop_tree(&tree);
		BM_SKIP("no labels here");
	}
	id = edit_fstab(&tree, "one\n");
	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = bm_strf("%s%s/%s%s", tree.top, BM_TXN_HOME, id, names[i]);
		char value[64] = "";

		BM_CHECK(path && getxattr(path, "security.selinux", value, sizeof(value)) > 0);
		BM_CHECK_STR(value, "system_u:object_r:var_lib_t:s0");
	}
	drop_tree(&tree);
}
