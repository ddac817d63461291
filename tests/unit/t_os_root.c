/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fence.h"
#include "os/root/fileio.h"
#include "os/root/root.h"
#include "os/root/rootw.h"
#include "os/run/tmp.h"
#include "harness.h"

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);

	BM_CHECK_INT(bm_file_write(path, text, strlen(text), 0644), 0);
}

static void link_to(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);

	BM_CHECK_INT(symlink(text, path), 0);
}

static void make_dir(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);

	BM_CHECK_INT(bm_dir_make(path, 0755), 0);
}

/* A tree that wants out: top/secret lies beside top/root. */
static char *make_tree(void)
{
	char *top = NULL, name[32], text[32];
	int i;

	BM_CHECK_INT(bm_tmp_dir("root", &top), 0);
	put(top, "secret", "outside");
	make_dir(top, "root/etc");
	make_dir(top, "root/usr/lib/deep");
	put(top, "root/secret", "inside");
	put(top, "root/etc/release", "NAME=x\n");
	put(top, "root/usr/lib/os", "os\n");
	link_to(top, "root/absolute", "/secret");
	link_to(top, "root/up", "../../../../secret");
	link_to(top, "root/etc/up", "../../secret");
	link_to(top, "root/lib", "usr/lib");
	link_to(top, "root/usr/lib/abs", "/usr/lib/deep/../os");
	link_to(top, "root/loop1", "loop2");
	link_to(top, "root/loop2", "loop1");
	link_to(top, "root/self", "self/self");
	link_to(top, "root/dangling", "nowhere/at/all");
	link_to(top, "root/outdir", "/..");
	/* 40 links are followed, 41 are not */
	put(top, "root/chain0", "end");
	for (i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "root/chain%d", i);
		snprintf(text, sizeof(text), "chain%d", i - 1);
		link_to(top, name, text);
	}
	return top;
}

static struct bm_root *open_tree_root(const char *top)
{
	_cleanup_free_ char *dir = bm_path_join(top, "root");
	struct bm_root *root = NULL;

	BM_CHECK_INT(bm_root_open(dir, &root), 0);
	return root;
}

static void check_text(const struct bm_root *root, const char *path, const char *text)
{
	_cleanup_buf_ struct bm_buf buf = {0};

	BM_CHECK_INT(bm_root_read(root, path, 100, &buf), 0);
	BM_CHECK_STR(bm_buf_text(&buf), text);
}

static void check_real(const struct bm_root *root, const char *path, const char *real)
{
	_cleanup_free_ char *found = NULL;

	BM_CHECK_INT(bm_root_realpath(root, path, &found), 0);
	BM_CHECK_STR(found, real);
}

static void check_escapes(void)
{
	char *top = make_tree();
	struct bm_root *root = open_tree_root(top);
	_cleanup_buf_ struct bm_buf buf = {0};

	check_text(root, "/absolute", "inside");
	check_text(root, "absolute", "inside");
	check_text(root, "/up", "inside");
	check_text(root, "/etc/up", "inside");
	check_text(root, "/../../../secret", "inside");
	check_text(root, "/etc/../secret", "inside");
	check_text(root, "/outdir/secret", "inside");
	check_text(root, "/lib/os", "os\n");
	check_text(root, "//lib//abs", "os\n");
	check_text(root, "/chain40", "end");
	BM_CHECK_INT(bm_root_read(root, "/chain41", 100, &buf), -ELOOP);
	BM_CHECK_INT(bm_root_read(root, "/loop1", 100, &buf), -ELOOP);
	BM_CHECK_INT(bm_root_read(root, "/self", 100, &buf), -ELOOP);
	BM_CHECK_INT(bm_root_read(root, "/dangling", 100, &buf), -ENOENT);
	BM_CHECK_INT(bm_root_read(root, "/secret/x", 100, &buf), -ENOTDIR);
	BM_CHECK_INT(bm_root_read(root, "/etc", 100, &buf), -EISDIR);
	BM_CHECK_INT(bm_root_read(root, "/", 100, &buf), -EISDIR);
	BM_CHECK_INT(bm_root_read(root, "", 100, &buf), -EISDIR);
	BM_CHECK_INT(buf.len, 0);
	check_real(root, "/lib/abs", "/usr/lib/os");
	check_real(root, "/up", "/secret");
	check_real(root, "/outdir", "/");
	check_real(root, "/lib/deep/../..", "/usr");
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(root_never_leaves)
{
	check_escapes();
}

BM_TEST(root_never_leaves_by_walking)
{
	bm_root_force_walk(true);
	check_escapes();
	bm_root_force_walk(false);
}

BM_TEST(root_refuses_what_is_no_file)
{
	char *top = make_tree(), name[BM_ROOT_PATH_MAX + 10];
	struct bm_root *root = open_tree_root(top);
	_cleanup_buf_ struct bm_buf buf = {0};
	struct bm_stat st;
	char hex[BM_SHA256_TEXT];
	int fd = bm_root_fd(root), file;

	BM_CHECK_INT(mkfifoat(fd, "fifo", 0644), 0);
	BM_CHECK_INT(bm_root_read(root, "/fifo", 100, &buf), -EINVAL);
	BM_CHECK(strstr(bm_err_text(-EINVAL), "/fifo is a FIFO") != NULL);
	BM_CHECK_INT(bm_root_hash(root, "/fifo", hex, NULL), -EINVAL);
	if (mknodat(fd, "device", S_IFCHR | 0644, makedev(1, 5)) == 0)
		BM_CHECK_INT(bm_root_open_file(root, "/device", &file), -EINVAL);
	BM_CHECK_INT(bm_root_stat(root, "/fifo", true, &st), 0);
	BM_CHECK_INT(st.type, BM_FILE_OTHER);
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	BM_CHECK_INT(bm_root_read(root, name, 100, &buf), -ENAMETOOLONG);
	name[300] = '\0';
	BM_CHECK_INT(bm_root_read(root, name, 100, &buf), -ENAMETOOLONG);
	bm_root_force_walk(true);
	BM_CHECK_INT(bm_root_read(root, name, 100, &buf), -ENAMETOOLONG);
	bm_root_force_walk(false);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(root_reads_with_limits)
{
	char *top = make_tree();
	struct bm_root *root = open_tree_root(top);
	_cleanup_buf_ struct bm_buf buf = {0};
	char hex[BM_SHA256_TEXT];
	uint64_t size = 0;
	int fd;

	BM_CHECK_INT(bm_root_read(root, "/secret", 6, &buf), 0);
	BM_CHECK_INT(bm_root_read(root, "/secret", 5, &buf), -EFBIG);
	BM_CHECK_STR(bm_buf_text(&buf), "inside");
	BM_CHECK_INT(bm_root_read_head(root, "/secret", 2, &buf), 0);
	BM_CHECK_INT(bm_root_read_tail(root, "/secret", 3, &buf), 0);
	BM_CHECK_INT(bm_root_read_tail(root, "/secret", 100, &buf), 0);
	BM_CHECK_STR(bm_buf_text(&buf), "insideinideinside");
	/* A hole of 2 GiB is refused without being read. */
	fd = openat(bm_root_fd(root), "huge", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	BM_CHECK(fd >= 0);
	BM_CHECK_INT(ftruncate(fd, (off_t)2 << 30), 0);
	close(fd);
	BM_CHECK_INT(bm_root_read(root, "/huge", 1 << 20, &buf), -EFBIG);
	BM_CHECK(strstr(bm_err_text(-EFBIG), "/huge") != NULL);
	BM_CHECK_INT(bm_root_hash(root, "/secret", hex, &size), 0);
	BM_CHECK_STR(hex, "106b086224a4d945eae25f7be3805a931a873270326dd868b0e41f71ee9fff72");
	BM_CHECK_INT(size, 6);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(root_stat_list_readlink)
{
	char *top = make_tree();
	struct bm_root *root = open_tree_root(top);
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ char *text = NULL;
	struct bm_fs_space space;
	struct bm_stat st;

	BM_CHECK_INT(bm_root_stat(root, "/lib", false, &st), 0);
	BM_CHECK_INT(st.type, BM_FILE_SYMLINK);
	BM_CHECK_INT(bm_root_stat(root, "/lib/", false, &st), 0);
	BM_CHECK_INT(st.type, BM_FILE_SYMLINK);
	BM_CHECK_INT(bm_root_stat(root, "/lib", true, &st), 0);
	BM_CHECK_INT(st.type, BM_FILE_DIR);
	BM_CHECK_INT(bm_root_stat(root, "/secret", true, &st), 0);
	BM_CHECK_INT(st.size_bytes, 6);
	BM_CHECK_INT(st.mode, 0644);
	BM_CHECK_INT(bm_root_readlink(root, "/absolute", &text), 0);
	BM_CHECK_STR(text, "/secret");
	BM_CHECK_INT(bm_root_readlink(root, "/secret", &text), -EINVAL);
	BM_CHECK_INT(bm_root_list(root, "/lib", 0, &names), 0);
	BM_CHECK_INT(names.n, 3);
	BM_CHECK_STR(names.items[0], "abs");
	BM_CHECK_STR(names.items[2], "os");
	BM_CHECK_INT(bm_root_list(root, "/lib", 2, &names), -EFBIG);
	BM_CHECK_INT(names.n, 3);
	BM_CHECK_INT(bm_root_list(root, "/secret", 0, &names), -ENOTDIR);
	BM_CHECK(bm_root_is_file(root, "/up") && !bm_root_is_file(root, "/etc") && !bm_root_exists(root, "/dangling"));
	BM_CHECK_INT(bm_root_space(root, "/etc", &space), 0);
	BM_CHECK(space.free_bytes > 0 && space.total_bytes >= space.free_bytes && !space.read_only);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(rootw_creates_and_copies)
{
	char *top = make_tree();
	struct bm_root *root = open_tree_root(top);
	struct bm_rootw_attr attr = {.mode = 0600, .uid = 1, .gid = 2};
	_cleanup_free_ char *path = bm_path_join(top, "root/copy");
	struct bm_stat st;
	char value[16];

	if (geteuid() != 0)
		BM_SKIP("needs root");
	BM_CHECK_INT(bm_rootw_mkdir_p(root, "/lib/a/b/c", 0750), 0);
	BM_CHECK_INT(bm_rootw_mkdir_p(root, "/lib/a/b/c", 0750), 0);
	BM_CHECK_INT(bm_root_stat(root, "/usr/lib/a/b/c", false, &st), 0);
	BM_CHECK_INT(st.mode, 0750);
	BM_CHECK_INT(bm_rootw_mkdir_p(root, "/secret/x", 0755), -ENOTDIR);
	BM_CHECK_INT(bm_rootw_write(root, "/lib/a/file", "text", 4, &attr), 0);
	BM_CHECK_INT(bm_root_stat(root, "/lib/a/file", false, &st), 0);
	BM_CHECK(st.mode == 0600 && st.uid == 1 && st.gid == 2 && st.size_bytes == 4);
	BM_CHECK_INT(bm_rootw_write(root, "/lib/a/file", "text", 4, &attr), -EEXIST);
	/* The last component is never followed, not even to where nothing is. */
	BM_CHECK_INT(bm_rootw_write(root, "/dangling", "text", 4, &attr), -EEXIST);
	BM_CHECK_INT(bm_rootw_write(root, "/outdir/new", "text", 4, &attr), 0);
	check_text(root, "/new", "text");
	BM_CHECK_INT(setxattr(path, "user.none", "", 0, 0) < 0, 1);
	BM_CHECK_INT(bm_rootw_chmod(root, "/secret", 04711), 0);
	BM_CHECK_INT(bm_rootw_copy(root, "/secret", "/copy"), 0);
	BM_CHECK_INT(bm_root_stat(root, "/copy", false, &st), 0);
	BM_CHECK_INT(st.mode, 04711);
	check_text(root, "/copy", "inside");
	BM_CHECK_INT(bm_rootw_copy(root, "/absolute", "/copy2"), -EINVAL);
	BM_CHECK_INT(bm_rootw_copy(root, "/secret", "/copy"), -EEXIST);
	check_text(root, "/copy", "inside");
	if (setxattr(path, "security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0) == 0) {
		_cleanup_free_ char *second = bm_path_join(top, "root/copy3");

		BM_CHECK_INT(bm_rootw_copy(root, "/copy", "/copy3"), 0);
		BM_CHECK(getxattr(second, "security.capability", value, sizeof(value)) == -1 && errno == ERANGE);
	}
	BM_CHECK_INT(bm_rootw_chmod(root, "/absolute", 0600), -ELOOP);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

static bool has_attr(const char *top, const char *path, const char *name)
{
	_cleanup_free_ char *full = bm_path_join(top, path);
	char value[128];

	return getxattr(full, name, value, sizeof(value)) >= 0;
}

/* What IMA and EVM say of the content goes with it, and with nothing else; an ACL says who may read it. */
BM_TEST(rootw_integrity_and_acls)
{
	static const unsigned char acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 0x92, 0x10, 0, 0, 4,
		0, 4, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255};
	static const char ima[] = "\4\4hash of what was there", evm[] = "\2an HMAC";
	const struct bm_rootw_attr attr = {.mode = 0600};
	struct bm_root *root = NULL;
	char *top = make_tree();
	_cleanup_free_ char *model = bm_path_join(top, "root/model");

	root = open_tree_root(top);
	BM_CHECK_INT(bm_rootw_write(root, "/model", "signed", 6, &attr), 0);
	BM_CHECK_INT(bm_rootw_write(root, "/built", "another", 7, &attr), 0);
	if (setxattr(model, "security.ima", ima, sizeof(ima), 0) == 0 &&
		setxattr(model, "security.evm", evm, sizeof(evm), 0) == 0 &&
		setxattr(model, "system.posix_acl_access", acl, sizeof(acl), 0) == 0) {
		BM_CHECK_INT(setxattr(model, "user.note", "x", 1, 0), 0);
		BM_CHECK_INT(bm_rootw_write_like(root, "/written", "changed", 7, "/model"), 0);
		BM_CHECK_INT(bm_rootw_copy_as(root, "/built", "/swapped", "/model", &attr), 0);
		BM_CHECK_INT(bm_rootw_copy(root, "/model", "/kept"), 0);
		BM_CHECK(!has_attr(top, "root/written", "security.ima") &&
			 !has_attr(top, "root/written", "security.evm"));
		BM_CHECK(!has_attr(top, "root/swapped", "security.ima") &&
			 !has_attr(top, "root/swapped", "security.evm"));
		BM_CHECK(has_attr(top, "root/written", "user.note") && has_attr(top, "root/swapped", "user.note"));
		BM_CHECK(has_attr(top, "root/written", "system.posix_acl_access"));
		BM_CHECK(has_attr(top, "root/swapped", "system.posix_acl_access"));
		/* a backup is the same file */
		BM_CHECK(has_attr(top, "root/kept", "security.ima") && has_attr(top, "root/kept", "security.evm"));
		BM_CHECK(has_attr(top, "root/kept", "system.posix_acl_access"));
	}
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(rootw_a_full_disk_leaves_nothing)
{
	struct bm_rootw_attr attr = {.mode = 0600};
	struct bm_root *root = NULL;
	struct bm_stat st;

	/* A file that takes no byte: /dev/full's file system is not needed, a limit on the size does it. */
	char *top = make_tree();
	int fd;

	root = open_tree_root(top);
	BM_CHECK_INT(bm_rootw_create(root, "/short", &fd), 0);
	BM_CHECK_INT(bm_file_put(fd, "abc", 3), 0);
	BM_CHECK_INT(bm_rootw_finish(fd, "/short", 4, &attr), -EIO);
	fd = openat(bm_root_fd(root), "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* reading a directory fails: the copy is taken away again */
	BM_CHECK_INT(bm_rootw_copy_fd(root, "/copied", fd, "etc", &attr, NULL), -EISDIR);
	BM_CHECK_INT(bm_root_stat(root, "/copied", false, &st), -ENOENT);
	close(fd);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(rootw_renames_and_removes)
{
	char *top = make_tree();
	struct bm_root *root = open_tree_root(top);
	struct bm_stat st;

	BM_CHECK_INT(bm_rootw_rename_new(root, "/secret", "/etc/release"), -EEXIST);
	BM_CHECK_INT(bm_rootw_exchange(root, "/secret", "/etc/release"), 0);
	check_text(root, "/etc/release", "inside");
	check_text(root, "/secret", "NAME=x\n");
	BM_CHECK_INT(bm_rootw_rename_new(root, "/secret", "/etc/moved"), 0);
	BM_CHECK_INT(bm_rootw_rename(root, "/etc/moved", "/absolute"), 0);
	/* the link itself was replaced */
	BM_CHECK_INT(bm_root_stat(root, "/absolute", false, &st), 0);
	BM_CHECK_INT(st.type, BM_FILE_REGULAR);
	BM_CHECK_INT(bm_rootw_link(root, "/absolute", "/hard"), 0);
	BM_CHECK_INT(bm_rootw_symlink(root, "hard", "/soft"), 0);
	check_text(root, "/soft", "NAME=x\n");
	BM_CHECK_INT(bm_rootw_unlink(root, "/soft"), 0);
	BM_CHECK_INT(bm_rootw_unlink(root, "/etc"), -EISDIR);
	BM_CHECK_INT(bm_rootw_rmdir(root, "/etc"), -ENOTEMPTY);
	BM_CHECK_INT(bm_rootw_unlink(root, "/.."), -EINVAL);
	BM_CHECK_INT(bm_rootw_rmdir(root, "/"), -EINVAL);
	BM_CHECK_INT(bm_rootw_sync_dir(root, "/etc"), 0);
	BM_CHECK_INT(bm_rootw_sync_file(root, "/hard"), 0);
	BM_CHECK_INT(bm_rootw_sync_fs(root, "/"), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/etc"), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/nowhere"), -ENOENT);
	/* removing a tree does not follow its links */
	BM_CHECK_INT(bm_rootw_symlink(root, "/usr", "/etc/usr"), 0);
	BM_CHECK_INT(bm_rootw_remove_tree(root, "/etc"), 0);
	BM_CHECK_INT(bm_root_stat(root, "/etc", false, &st), -ENOENT);
	BM_CHECK(bm_root_is_file(root, "/usr/lib/os"));
	BM_CHECK_INT(bm_rootw_remove_tree(root, "/etc"), 0);
	bm_root_free(root);
	BM_CHECK_INT(bm_tmp_remove(top), 0);
	free(top);
}

BM_TEST(root_ends_at_its_fence)
{
	struct bm_root *all = NULL, *own = NULL;
	_cleanup_free_ char *real = NULL;
	const struct bm_rootw_attr attr = {.mode = 0600};
	struct bm_stat st;

	BM_CHECK_INT(bm_root_open("/", &all), 0);
	BM_CHECK_INT(bm_root_open("/", &own), 0);
	BM_CHECK_INT(bm_root_stat(own, "/proc/self", true, &st), 0);
	BM_CHECK_INT(bm_root_fence_add(own, all, "/"), 0);
	BM_CHECK_INT(bm_root_stat(own, "/etc", true, &st), 0);
	for (int walk = 0; walk < 2; walk++) {
		bm_root_force_walk(walk);
		/* Opened, as a folder of what is written, and by its name. */
		BM_CHECK_INT(bm_root_stat(own, "/proc/self", true, &st), -EXDEV);
		BM_CHECK_INT(bm_root_stat(own, "/etc/../proc/cpuinfo", true, &st), -EXDEV);
		BM_CHECK_INT(bm_rootw_write(own, "/proc/bootmend-test", "x", 1, &attr), -EXDEV);
		BM_CHECK_INT(bm_rootw_mkdir_p(own, "/proc/bootmend/test", 0755), -EXDEV);
		BM_CHECK_INT(bm_root_realpath(own, "/proc", &real), -EXDEV);
		BM_CHECK_INT(bm_root_stat(all, "/proc/cpuinfo", true, &st), 0);
	}
	bm_root_force_walk(false);
	BM_CHECK_INT(bm_root_stat(own, "/proc/cpuinfo", true, &st), -EXDEV);
	BM_CHECK(strstr(bm_err_text(-EXDEV), "/proc/cpuinfo leads out of") != NULL);
	BM_CHECK_INT(bm_root_fence_add(own, all, "/proc"), 0);
	BM_CHECK_INT(bm_root_stat(own, "/proc/cpuinfo", true, &st), 0);
	bm_err_clear();
	bm_root_free(all);
	bm_root_free(own);
}
