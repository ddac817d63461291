/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the executor takes: the records of a journal and, behind a NUL byte, the body of a plan, each with the sums that
 * it needs. What is accepted keeps its promises; and the journal is undone on a small system, through a fence, beside a
 * folder that must stay as it is.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/accept.h"
#include "apply/undo.h"
#include "base/str.h"
#include "os/root/fence.h"
#include "os/root/fileio.h"
#include "os/root/tree.h"
#include "plan/planfile.h"

#define ID   "20261121-034000-9c1e"
#define HOME "root/var/lib/bootmend/" ID

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign(const char *data, size_t size, struct bm_buf *out)
{
	char sum[BM_SHA256_TEXT] = "0000000000000000";

	for (size_t at = 0; at < size;) {
		const char *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		struct bm_sha256 hash;

		bm_sha256_init(&hash);
		bm_sha256_add(&hash, sum, BM_JOURNAL_SUM);
		bm_sha256_add(&hash, data + at, len);
		bm_sha256_end(&hash, sum);
		bm_buf_add(out, sum, BM_JOURNAL_SUM);
		bm_buf_add(out, data + at, len);
		bm_buf_addc(out, '\n');
		at += len + 1;
	}
}

static bool leads_out(const char *path)
{
	static const char *const others[] = {"/proc", "/sys", "/dev", "/run", BM_TXN_HOME};

	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		if (bm_path_below(path, others[i]))
			return true;
	return path[0] != '/' || path[1] == '\0' || strstr(path, "/../") || bm_str_ends(path, "/..");
}

/* What undo and resume rely on. */
static void check_journal(const struct bm_journal *journal)
{
	uint64_t number = 0;

	for (size_t i = 0; i < journal->n; i++) {
		const struct bm_journal_record *record = &journal->records[i];

		if (record->kind != BM_JOURNAL_INTENT) {
			assert(record->number <= number);
			continue;
		}
		assert(record->number == ++number && number <= BM_ACCEPT_INTENTS_MAX);
		assert(!leads_out(record->path) && record->dir && bm_str_starts(record->path, record->dir));
		assert(record->before.type != BM_JOURNAL_FILE || record->pre);
		assert(!record->pre || strstr(record->pre, ".bootmend-") || bm_str_ends(record->pre, ".pre"));
		assert(record->before.mode <= 07777 && record->before.mtime_ns < 1000000000);
	}
}

static void check_plan(const char *body, size_t len)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_plan plan = {0};
	char hash[BM_SHA256_TEXT];
	bool mounted = false, built = false, proven = false;

	bm_buf_adds(&text, "bootmend plan 1\n");
	bm_buf_add(&text, body, len);
	bm_buf_adds(&text, len > 0 && body[len - 1] != '\n' ? "\n" : "");
	bm_sha256_text(text.data, text.len, hash);
	bm_buf_addf(&text, "sha256 %s\n", hash);
	if (bm_plan_parse(text.data, text.len, &plan) < 0)
		return;
	for (size_t i = 0; bm_accept_plan(&plan) == 0 && i < plan.n_steps; i++) {
		const struct bm_step *step = &plan.steps[i];

		assert(step->kind == BM_STEP_FSCK ? !mounted : mounted || step->kind == BM_STEP_MOUNT);
		assert(step->kind == BM_STEP_FSCK || !step->target || step->kind == BM_STEP_MOUNT ||
			step->kind == BM_STEP_UNMOUNT || step->kind == BM_STEP_BUILD || !leads_out(step->target));
		mounted = mounted || step->kind == BM_STEP_MOUNT;
		assert(step->kind != BM_STEP_PROVE || built);
		assert(step->kind != BM_STEP_SWAP || proven);
		proven = step->kind == BM_STEP_PROVE;
		built = step->kind == BM_STEP_BUILD;
		assert(!built || step->argv.n > 0);
		assert(step->kind != BM_STEP_UNMOUNT || i + 1 == plan.n_steps);
	}
	bm_plan_done(&plan);
}

/* --- a small system --- */

static char *work;

static void put(const char *name, const void *bytes, size_t len)
{
	_cleanup_free_ char *path = bm_path_join(work, name);
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	assert(fd >= 0 && bm_file_put(fd, bytes, len) == 0);
	close(fd);
}

static void make_dir(const char *name)
{
	_cleanup_free_ char *path = bm_path_join(work, name);

	assert(path && (mkdir(path, 0755) == 0 || errno == EEXIST));
}

/* Removes what has this name in the folder for work. */
static void remove_tree(const char *name)
{
	int fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert(fd >= 0 && bm_tree_remove(fd, name) == 0);
	close(fd);
}

static void clean(void)
{
	remove_tree("root");
	remove_tree("outside");
	if (rmdir(work) == 0)
		free(work);
	work = NULL;
}

static void make_system(const struct bm_buf *journal)
{
	static const char *const dirs[] = {
		"root", "root/etc", "root/boot", "root/var", "root/var/lib", "root/var/lib/bootmend", HOME, "outside"};
	_cleanup_free_ char *link = NULL;

	if (!work) {
		work = strdup(
			access("/dev/shm", W_OK) == 0 ? "/dev/shm/bootmend-fuzz.XXXXXX" : "/tmp/bootmend-fuzz.XXXXXX");
		assert(work && mkdtemp(work));
		atexit(clean);
	}
	remove_tree("root");
	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	put("root/etc/fstab", "old\n", 4);
	put("root/boot/image", "new\n", 4);
	put("root/boot/image.bootmend-2026", "old\n", 4);
	put(HOME "/1.pre", "new\n", 4);
	put(HOME "/2.pre", "old\n", 4);
	put(HOME "/journal", bm_buf_text(journal), journal->len);
	put("outside/file", "kept\n", 5);
	link = bm_path_join(work, "root/etc/out");
	assert(link && symlink("../../outside", link) == 0);
}

static void undo(const struct bm_buf *journal)
{
	struct bm_undo_result result = {0};
	_cleanup_free_ char *top = NULL, *outside = NULL;
	_cleanup_buf_ struct bm_buf kept = {0};
	struct bm_root *root = NULL, *all = NULL;
	struct stat st;

	make_system(journal);
	top = bm_path_join(work, "root");
	outside = bm_path_join(work, "outside/file");
	assert(top && outside && bm_root_open(top, &root) == 0 && bm_root_open(top, &all) == 0);
	assert(bm_root_fence_add(root, all, "/") == 0);
	if (bm_undo_root(root, ID, &result) < 0)
		assert(!result.already);
	bm_undo_result_done(&result);
	assert(bm_file_read(outside, 64, &kept) == 0 && bm_streq(bm_buf_text(&kept), "kept\n"));
	assert(stat(outside, &st) == 0 && st.st_mode == (S_IFREG | 0600));
	bm_root_free(root);
	bm_root_free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;
	_cleanup_journal_ struct bm_journal journal = {0};
	_cleanup_buf_ struct bm_buf lines = {0};

	sign(text, nul ? (size_t)(nul - text) : size, &lines);
	if (bm_journal_parse(bm_buf_text(&lines), lines.len, &journal) < 0)
		return 0;
	if (journal.n > 0 && bm_accept_journal(&journal, ID) == 0) {
		check_journal(&journal);
		undo(&lines);
	}
	if (nul)
		check_plan(nul + 1, size - (size_t)(nul + 1 - text));
	return 0;
}
