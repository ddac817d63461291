/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts of real filesystems on loop devices. Every mount is made in a private namespace, so nothing is left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/block/loop.h"
#include "os/mount/mount.h"
#include "os/root/fileio.h"
#include "os/root/root.h"
#include "os/root/rootw.h"
#include "os/run/system.h"
#include "os/run/tmp.h"
#include "harness.h"
#include "os_images.h"

BM_TEST(mount_options)
{
	static const struct {
		const char *type, *fstab;
		bool writable;
		unsigned int attempt;
		const char *options; /* NULL: no such attempt */
	} cases[] = {
		{"ext4", "errors=remount-ro,noatime", false, 0, "noload"},
		{"ext4", NULL, false, 1, NULL},
		{"ext4", "errors=remount-ro,noatime", true, 0, ""},
		{"ext2", NULL, false, 0, ""},
		{"xfs", NULL, false, 0, "norecovery,nouuid"},
		{"xfs", "defaults", true, 0, "nouuid"},
		{"btrfs", "compress=zstd,subvol=/@root", false, 0, "rescue=nologreplay,subvol=/@root"},
		{"btrfs", "subvol=@", false, 1, "nologreplay,subvol=@"},
		{"btrfs", "subvolid=256,ro", true, 0, "subvolid=256"},
		{"vfat", "umask=0077,iocharset=ascii,shortname=winnt", true, 0, "umask=0077,shortname=winnt"},
		{"vfat", "umask=0077", true, 1, "iocharset=utf8,umask=0077"},
		{"vfat", NULL, true, 2, NULL},
	};
	size_t i;

	for (i = 0; i < BM_ARRAY_SIZE(cases); i++) {
		struct bm_mount_fs mount = {
			.type = cases[i].type, .options = cases[i].fstab, .writable = cases[i].writable};
		_cleanup_free_ char *options = NULL;

		BM_CHECK_INT(bm_mount_compose(&mount, cases[i].attempt, &options), 0);
		BM_CHECK_STR(options, cases[i].options);
	}
}

BM_TEST(mount_list_of_a_mountinfo)
{
	static const char text[] =
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
		"30 22 8:2 /@x /mnt/a\\040b ro,noatime master:1 propagate_from:2 - btrfs /dev/mapper/vg-a\\134b rw\n"
		"31 22 0:20 / /mnt/ab rw - tmpfs tmpfs ro,size=1k\n"
		"32 30 0:21 / /mnt/a\\040b/proc rw - proc  rw\n";
	struct bm_mounts mounts;

	BM_CHECK_INT(bm_mounts_parse(text, NULL, &mounts), 0);
	BM_CHECK_INT(mounts.n, 4);
	BM_CHECK_STR(mounts.items[1].target, "/mnt/a b");
	BM_CHECK_STR(mounts.items[1].source, "/dev/mapper/vg-a\\b");
	BM_CHECK_STR(mounts.items[1].root, "/@x");
	BM_CHECK_STR(mounts.items[1].type, "btrfs");
	BM_CHECK(mounts.items[1].read_only && !mounts.items[0].read_only && mounts.items[2].read_only);
	BM_CHECK(mounts.items[0].major == 8 && mounts.items[0].minor == 1 && mounts.items[3].parent == 30);
	bm_mounts_done(&mounts);
	BM_CHECK_INT(bm_mounts_parse(text, "/mnt/a b", &mounts), 0);
	BM_CHECK_INT(mounts.n, 2);
	BM_CHECK_STR(mounts.items[1].target, "/mnt/a b/proc");
	bm_mounts_done(&mounts);
	BM_CHECK_INT(bm_mounts_parse("", NULL, &mounts), 0);
	BM_CHECK_INT(mounts.n, 0);
	BM_CHECK_INT(bm_mounts_parse("22 1 8:1 / / rw,relatime\nrubbish\n", NULL, &mounts), -EINVAL);
}

static char *prepare(const char *script)
{
	if (!bm_system_is_root() || !bm_file_exists("/dev/loop-control") || bm_mount_private() < 0)
		BM_SKIP("needs root, loop devices and mount namespaces");
	return image_dir(script);
}

/* Mounts the image for looking through a loop device that would let writes through, reads a file whose name is in the
 * journal or not, and expects the image unchanged. */
static void check_look(const char *dir, const char *name, const char *type)
{
	_cleanup_free_ char *image = bm_path_join(dir, name), *target = bm_path_join(dir, "target");
	uint64_t before = image_sum(dir, name);
	_cleanup_root_ struct bm_root *root = NULL;
	_cleanup_strv_ struct bm_strv names = {0};
	struct bm_mount_fs mount = {.type = type, .target = target};
	struct bm_mount_result result;
	struct bm_loop loop = BM_LOOP_NONE;

	BM_CHECK_INT(bm_dir_make(target, 0755), 0);
	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, false, &loop), 0);
	mount.source = loop.path;
	BM_CHECK_INT(bm_mount_fs(&mount, &result), 0);
	BM_CHECK(result.read_only && result.replay_off);
	BM_CHECK_INT(bm_root_open(target, &root), 0);
	BM_CHECK_INT(bm_root_list(root, "/", 0, &names), 0);
	BM_CHECK(bm_strv_has(&names, "synced"));
	root = bm_root_free(root);
	BM_CHECK_INT(bm_umount(target), 0);
	bm_loop_detach(&loop);
	BM_CHECK(image_sum(dir, name) == before);
}

/* A file that is deleted but open, and changes that are only in the journal: as after a power cut. */
#define MAKE_DIRTY                                                                                                     \
	"mkdir m; mount -o loop live m; mkdir m/synced; umount m; mount -o loop live m; exec 9>m/orphan; echo x >&9; " \
	"rm m/orphan;"                                                                                                 \
	"for i in 1 2 3 4 5 6 7 8 9; do echo $i >m/file$i; done; "

BM_TEST(mount_looking_at_a_dirty_ext4_writes_nothing)
{
	char *dir = prepare(
		IMAGE_NEEDS("mke2fs dumpe2fs") "mke2fs -q -t ext4 live 32M;" MAKE_DIRTY
					       "sync -f m/file1; cp live dirty; exec 9>&-; umount m;"
					       "dumpe2fs -h dirty | grep -q needs_recovery; dumpe2fs -h dirty | "
					       "grep -q 'First orphan inode'");

	check_look(dir, "dirty", "ext4");
	image_dir_done(dir);
}

BM_TEST(mount_looking_at_a_dirty_xfs_writes_nothing)
{
	char *dir = prepare(IMAGE_NEEDS(
		"mkfs.xfs xfs_io xfs_logprint") "truncate -s 32M live; mkfs.xfs -q --unsupported live;" MAKE_DIRTY
						"exec 9>&-; sync -f m/file1; xfs_io -x -c 'shutdown "
						"-f' m; umount m; cp live dirty;"
						"xfs_logprint -t dirty | grep -q DIRTY || "
						"xfs_logprint dirty | grep -q Oper");

	check_look(dir, "dirty", "xfs");
	/* a clone beside the original: one UUID twice */
	check_look(dir, "live", "xfs");
	image_dir_done(dir);
}

BM_TEST(mount_looking_at_a_dirty_btrfs_writes_nothing)
{
	char *dir = prepare(IMAGE_NEEDS(
		"mkfs.btrfs xfs_io") "truncate -s 40M live; mkfs.btrfs -q --mixed live;" MAKE_DIRTY
				     "xfs_io -c fsync m/file1; cp live dirty; exec 9>&-; umount m; rm live");

	check_look(dir, "dirty", "btrfs");
	image_dir_done(dir);
}

BM_TEST(mount_for_repair_writes)
{
	char *dir = prepare(IMAGE_NEEDS("mke2fs") "mke2fs -q -t ext4 image 32M; mkdir target");
	_cleanup_free_ char *image = bm_path_join(dir, "image"), *target = bm_path_join(dir, "target");
	struct bm_mount_fs mount = {.type = "ext4", .target = target, .writable = true}, again;
	struct bm_rootw_attr attr = {.mode = 0600};
	_cleanup_root_ struct bm_root *root = NULL;
	_cleanup_buf_ struct bm_buf big = {0};
	struct bm_mount_result result;
	struct bm_loop loop = BM_LOOP_NONE, other = BM_LOOP_NONE;
	struct bm_stat st;
	bool is;

	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, false, &loop), 0);
	mount.source = loop.path;
	BM_CHECK_INT(bm_mount_fs(&mount, &result), 0);
	BM_CHECK(!result.read_only);
	BM_CHECK_INT(bm_mount_is_point(target, &is), 0);
	BM_CHECK(is);
	BM_CHECK_INT(bm_root_open(target, &root), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/"), 0);
	/* a file that does not fit: nothing of it stays */
	BM_CHECK_INT(bm_buf_reserve(&big, (size_t)40 << 20), 0);
	memset(big.data, 'x', (size_t)40 << 20);
	big.len = (size_t)40 << 20;
	BM_CHECK_INT(bm_rootw_write(root, "/big", big.data, big.len, &attr), -ENOSPC);
	BM_CHECK_INT(bm_root_stat(root, "/big", false, &st), -ENOENT);
	/* mounted already: a second look shows what is there, read-only */
	BM_CHECK_INT(bm_rootw_mkdir_p(root, "/inner", 0755), 0);
	again = (struct bm_mount_fs){.source = loop.path, .type = "ext4", .root = root, .target = "/inner"};
	BM_CHECK_INT(bm_mount_fs(&again, &result), 0);
	BM_CHECK(result.read_only);
	BM_CHECK_INT(bm_rootw_probe(root, "/inner"), -EROFS);
	BM_CHECK_INT(bm_rootw_probe(root, "/"), 0);
	root = bm_root_free(root);
	BM_CHECK_INT(bm_umount_below(target, NULL), 0);
	BM_CHECK_INT(bm_mount_is_point(target, &is), 0);
	BM_CHECK(!is);
	BM_CHECK_INT(bm_mount_fs(&mount, NULL), 0);
	BM_CHECK_INT(bm_mount_remount(target, false), 0);
	BM_CHECK_INT(bm_root_open(target, &root), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/"), -EROFS);
	BM_CHECK_INT(bm_mount_remount(target, true), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/"), 0);
	root = bm_root_free(root);
	BM_CHECK_INT(bm_umount(target), 0);
	bm_loop_detach(&loop);
	/* a device that takes no writes is not silently mounted without them */
	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, true, &other), 0);
	mount.source = other.path;
	BM_CHECK(bm_mount_fs(&mount, &result) == -EROFS || bm_mount_fs(&mount, &result) == -EACCES);
	bm_loop_detach(&other);
	image_dir_done(dir);
}

BM_TEST(mount_damage_is_told)
{
	char *dir = prepare(
		IMAGE_NEEDS("mke2fs") "mke2fs -q -t ext4 image 32M; mkdir target;"
				      "printf '\\377\\377\\377\\377' | dd of=image bs=1 seek=1120 conv=notrunc");
	_cleanup_free_ char *image = bm_path_join(dir, "image"), *target = bm_path_join(dir, "target");
	struct bm_mount_fs mount = {.type = "ext4", .target = target};
	struct bm_loop loop = BM_LOOP_NONE;
	int r;

	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, true, &loop), 0);
	mount.source = loop.path;
	r = bm_mount_fs(&mount, NULL);
	BM_CHECK(r == -EUCLEAN || r == -EINVAL || r == -EBADMSG);
	BM_CHECK(strstr(bm_err_text(r), loop.path) != NULL);
	bm_loop_detach(&loop);
	image_dir_done(dir);
}

BM_TEST(mount_api_filesystems_in_a_root)
{
	char *dir = prepare("cd \"$1\"; mkdir -p root/proc root/sys root/etc root/real root/usr; ln -s /real root/dev;"
			    "mkdir real; echo host >real/mark");
	_cleanup_free_ char *path = bm_path_join(dir, "root"), *outside = bm_path_join(dir, "real/null");
	_cleanup_root_ struct bm_root *root = NULL;
	_cleanup_strv_ struct bm_strv notes = {0};
	struct bm_mounts mounts;
	bool done = false;

	BM_CHECK_INT(bm_mount_self(path, &done), 0);
	BM_CHECK(done);
	BM_CHECK_INT(bm_mount_self(path, &done), 0);
	BM_CHECK(!done);
	BM_CHECK_INT(bm_root_open(path, &root), 0);
	BM_CHECK_INT(bm_mount_api(root, &notes), 0);
	/* /run is missing there, and said to be; /dev is a link that stays inside */
	BM_CHECK(notes.n >= 1 && bm_str_starts(notes.items[notes.n - 1], "/run:"));
	BM_CHECK(bm_root_exists(root, "/real/null") && bm_root_exists(root, "/proc/self/mountinfo"));
	BM_CHECK(!bm_file_exists(outside));
	BM_CHECK(bm_root_exists(root, "/dev/fd"));
	BM_CHECK_INT(bm_mount_tmpfs(root, "/usr", 1 << 20), 0);
	BM_CHECK_INT(bm_rootw_probe(root, "/usr"), 0);
	BM_CHECK_INT(bm_mounts_list(path, &mounts), 0);
	BM_CHECK(mounts.n >= 5);
	bm_mounts_done(&mounts);
	/* somebody's shell sits in it */
	{
		_cleanup_free_ char *busy = bm_path_join(dir, "root/usr");
		int fd = open(busy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		bm_strv_done(&notes);
		BM_CHECK_INT(bm_umount_below(path, &notes), 0);
		_cleanup_free_ char *holder = bm_strf("root/usr: busy (process %d, unit)", (int)getpid());

		BM_CHECK(holder && notes.n >= 1 && strstr(notes.items[0], holder) != NULL);
		close(fd);
	}
	BM_CHECK_INT(bm_mounts_list(path, &mounts), 0);
	BM_CHECK_INT(mounts.n, 0);
	bm_mounts_done(&mounts);
	BM_CHECK_INT(bm_umount_below("/", NULL), -EINVAL);
	BM_CHECK(bm_file_exists("/proc/self") && bm_file_exists("/dev/null"));
	image_dir_done(dir);
}

BM_TEST(mount_a_bind_is_not_removed_with_its_directory)
{
	char *dir = prepare("cd \"$1\"; mkdir -p tree/sub precious; echo x >precious/file");
	_cleanup_free_ char *tree = bm_path_join(dir, "tree"), *sub = bm_path_join(dir, "tree/sub"),
			    *precious = bm_path_join(dir, "precious"), *file = bm_path_join(dir, "precious/file");

	BM_CHECK_INT(bm_mount_bind(precious, NULL, sub, false, false), 0);
	BM_CHECK_INT(bm_tmp_remove(tree), -EBUSY);
	BM_CHECK_INT(bm_tmp_remove(sub), -EBUSY);
	BM_CHECK(bm_file_exists(file));
	BM_CHECK_INT(bm_umount_below(tree, NULL), 0);
	BM_CHECK_INT(bm_tmp_remove(tree), 0);
	image_dir_done(dir);
}
