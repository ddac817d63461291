/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The repair of filesystems: on images, through loop devices, with the tools of the machine that runs the test.
 */
#include <errno.h>
#include <string.h>

#include "apply/fsck.h"
#include "base/err.h"
#include "os/block/loop.h"
#include "os/mount/mntns.h"
#include "os/mount/mount.h"
#include "os/run/system.h"
#include "harness.h"
#include "os_images.h"

static void need_root(void)
{
	if (!bm_system_is_root())
		BM_SKIP("needs root");
}

/* A survey that knows one filesystem in an image file. */
struct fixture {
	struct bm_survey survey;
	struct bm_step step;
	struct bm_fsck_result result;
	char *dir;
};

static void open_image(struct fixture *fix, const char *script, const char *name, const char *fstype)
{
	struct bm_device *device;

	need_root();
	*fix = (struct fixture){.dir = image_dir(script)};
	device = BM_VEC_PUSH(fix->survey.devices.items, fix->survey.devices.n, fix->survey.devices.capacity);
	BM_CHECK(device != NULL);
	device->image = bm_path_join(fix->dir, name);
	BM_CHECK_INT(bm_str_set(&device->name, name), 0);
	BM_CHECK_INT(bm_str_set(&device->fstype, fstype), 0);
	BM_CHECK_INT(bm_str_set(&device->uuid, "1234-abcd"), 0);
	fix->step.kind = BM_STEP_FSCK;
	BM_CHECK_INT(bm_str_set(&fix->step.target, name), 0);
}

/* As a repair does it: the guard first, then the tool. */
static enum bm_fsck_outcome run(struct fixture *fix)
{
	struct bm_plan plan = {.steps = &fix->step, .n_steps = 1};
	_cleanup_guard_ struct bm_guard guard = {0};

	bm_fsck_result_done(&fix->result);
	BM_CHECK_INT(bm_guard_take(&fix->survey, NULL, &plan, &guard), 0);
	BM_CHECK_INT(bm_fsck_run(&fix->step, &fix->survey, &guard, fix->dir, NULL, &fix->result), 0);
	BM_CHECK(fix->result.text != NULL);
	return fix->result.outcome;
}

/* The guard refuses, for this reason. */
static void check_guarded(struct fixture *fix, const char *reason)
{
	struct bm_plan plan = {.steps = &fix->step, .n_steps = 1};
	struct bm_guard guard = {0};

	BM_CHECK_INT(bm_guard_take(&fix->survey, NULL, &plan, &guard), -ECANCELED);
	BM_CHECK(strstr(bm_err_text(-ECANCELED), reason) != NULL);
}

static void close_image(struct fixture *fix)
{
	bm_fsck_result_done(&fix->result);
	bm_devices_done(&fix->survey.devices);
	bm_strv_done(&fix->step.argv);
	free(fix->step.target);
	free(fix->step.filesystem);
	image_dir_done(fix->dir);
}

/* A file whose inode is cleared: its directory entry points nowhere, and its blocks belong to nobody. */
#define DAMAGED_EXT4                                                                                                   \
	IMAGE_NEEDS("mke2fs debugfs e2fsck")                                                                           \
	"mke2fs -q -t ext4 image 16M; echo hello >a; debugfs -w -R 'write a a' image; debugfs -w -R 'clri a' image;"   \
	"! e2fsck -f -n image; "

BM_TEST(fsck_repairs_a_damaged_ext4)
{
	struct fixture fix;
	uint64_t damaged;

	open_image(&fix, DAMAGED_EXT4, "image", "ext4");
	damaged = image_sum(fix.dir, "image");
	BM_CHECK_INT(run(&fix), BM_FSCK_REPAIRED);
	BM_CHECK_STR(fix.result.text, "image: e2fsck corrected errors");
	BM_CHECK(!fix.result.instruction && fix.result.tail.n == 0);
	BM_CHECK(image_sum(fix.dir, "image") != damaged);
	/* what the undo file is for */
	BM_CHECK(fix.result.undo && bm_file_exists(fix.result.undo));
	{
		_cleanup_free_ char *image = bm_path_join(fix.dir, "image");
		const char *argv[] = {"e2undo", "-f", fix.result.undo, image, NULL};
		struct bm_spawn spawn = {.argv = argv, .limit_s = 60};
		_cleanup_spawn_ struct bm_spawn_result result = {0};

		BM_CHECK_INT(bm_spawn_run(&spawn, &result), 0);
		BM_CHECK(bm_spawn_ok(&result));
	}
	BM_CHECK_INT(run(&fix), BM_FSCK_REPAIRED);
	BM_CHECK_INT(run(&fix), BM_FSCK_CLEAN);
	BM_CHECK(!fix.result.undo);
	close_image(&fix);
}

BM_TEST(fsck_takes_the_command_of_the_step)
{
	struct fixture fix;
	uint64_t damaged;

	open_image(&fix, DAMAGED_EXT4, "image", "ext4");
	damaged = image_sum(fix.dir, "image");
	BM_CHECK_INT(bm_strv_split(&fix.step.argv, "e2fsck -f -n image", " "), 0);
	/* -n and an undo file do not go together: e2fsck says so */
	BM_CHECK(run(&fix) >= BM_FSCK_LEFT);
	BM_CHECK(image_sum(fix.dir, "image") == damaged);
	bm_strv_done(&fix.step.argv);
	BM_CHECK_INT(bm_strv_split(&fix.step.argv, "xfs_repair @DEVICE@", " "), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK_STR(fix.result.text, "image holds ext4, which xfs_repair does not repair");
	bm_strv_done(&fix.step.argv);
	BM_CHECK_INT(bm_strv_split(&fix.step.argv, "e2fsck -f -y @DEVICE@", " "), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REPAIRED);
	close_image(&fix);
}

BM_TEST(fsck_refuses_what_is_in_use)
{
	_cleanup_free_ char *image = NULL, *target = NULL, *kept = NULL;
	struct bm_mount_fs mount = {.type = "ext4", .writable = true};
	_cleanup_buf_ struct bm_buf where = {0};
	struct bm_loop loop = BM_LOOP_NONE;
	struct bm_mntns home = BM_MNTNS_NONE;
	const struct bm_guard nothing = {0};
	struct bm_device *device;
	struct fixture fix;
	uint64_t damaged;

	open_image(&fix, DAMAGED_EXT4 "mkdir target;", "image", "ext4");
	damaged = image_sum(fix.dir, "image");
	image = bm_path_join(fix.dir, "image");
	mount.target = target = bm_path_join(fix.dir, "target");
	BM_CHECK_INT(bm_loop_attach(image, 0, 0, 0, true, &loop), 0);
	/* an image that no guard has */
	BM_CHECK_INT(bm_fsck_run(&fix.step, &fix.survey, &nothing, fix.dir, NULL, &fix.result), 0);
	BM_CHECK_INT(fix.result.outcome, BM_FSCK_REFUSED);
	/* a device that cannot be written, then one that is mounted */
	device = &fix.survey.devices.items[0];
	kept = device->image;
	device->image = NULL;
	BM_CHECK_INT(bm_str_set(&device->path, loop.path), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK(strstr(fix.result.text, "cannot be written") != NULL);
	BM_CHECK_INT(bm_mntns_save(&home), 0);
	BM_CHECK_INT(bm_mount_private(), 0);
	mount.source = loop.path;
	mount.writable = false;
	BM_CHECK_INT(bm_mount_fs(&mount, NULL), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK(strstr(fix.result.text, "is mounted, or something else") != NULL);
	{
		struct bm_mounts mounts = {0};

		BM_CHECK_INT(bm_mounts_list(target, &mounts), 0);
		BM_CHECK_INT(mounts.n, 1);
		device->dev = (uint64_t)mounts.items[0].major << 32 | mounts.items[0].minor;
		bm_mounts_done(&mounts);
	}
	bm_buf_addf(&where, "nothing is changed: image is mounted at %s", target);
	check_guarded(&fix, bm_buf_text(&where));
	bm_fsck_result_done(&fix.result);
	BM_CHECK_INT(bm_fsck_run(&fix.step, &fix.survey, &nothing, fix.dir, NULL, &fix.result), 0);
	where.len = 0;
	bm_buf_addf(&where, "image: it is mounted at %s:", target);
	BM_CHECK(bm_str_starts(fix.result.text, bm_buf_text(&where)));
	BM_CHECK_INT(bm_umount(target), 0);
	BM_CHECK_INT(bm_mntns_return(&home), 0);
	bm_mntns_done(&home);
	bm_loop_detach(&loop);
	BM_CHECK(image_sum(fix.dir, "image") == damaged);
	close_image(&fix);
}

BM_TEST(fsck_finds_its_device)
{
	struct fixture fix;
	struct bm_device *twin;

	open_image(&fix, DAMAGED_EXT4, "image", "ext4");
	/* another name now, the same UUID */
	BM_CHECK_INT(bm_str_set(&fix.step.target, "/dev/vda9"), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK_STR(fix.result.text, "/dev/vda9 is not there: No such device");
	BM_CHECK_INT(bm_str_set(&fix.step.filesystem, "1234-abcd"), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REPAIRED);
	twin = BM_VEC_PUSH(fix.survey.devices.items, fix.survey.devices.n, fix.survey.devices.capacity);
	BM_CHECK(twin && bm_str_set(&twin->uuid, "1234-abcd") == 0 && bm_str_set(&twin->name, "copy") == 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK_STR(fix.result.text, "1234-abcd is on several devices: File exists");
	BM_CHECK_INT(bm_str_set(&fix.step.target, "copy"), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK_STR(fix.result.text, "copy: there is no tool that repairs what lies on it");
	BM_CHECK_INT(bm_str_set(&fix.step.filesystem, "other"), 0);
	BM_CHECK_INT(run(&fix), BM_FSCK_REFUSED);
	BM_CHECK_STR(fix.result.text, "other is not there: No such device");
	close_image(&fix);
}

/* As after a power cut, with the log not replayed. */
BM_TEST(fsck_replays_the_log_of_an_xfs)
{
	struct fixture fix;

	open_image(&fix,
		IMAGE_NEEDS(
			"mkfs.xfs xfs_io xfs_repair") "truncate -s 32M live; mkfs.xfs -q --unsupported live;"
						      "mkdir m; unshare -m sh -euc 'mount -o loop live m;"
						      "for i in 1 2 3 4 5 6 7 8 9; do echo $i >m/file$i; done;"
						      "sync -f m/file1; echo x >m/last; xfs_io -x -c \"shutdown -f\" m;"
						      "umount m'; cp live image; rm live;"
						      "! xfs_repair -n image || true; r=0; xfs_repair image || r=$?;"
						      "[ $r = 2 ] || exit 77",
		"image", "xfs");
	BM_CHECK_INT(run(&fix), BM_FSCK_CLEAN);
	BM_CHECK_STR(fix.result.text, "image: its log was replayed, and xfs_repair found nothing wrong");
	BM_CHECK(!fix.result.undo && fix.result.tail.n == 0);
	close_image(&fix);
}

BM_TEST(fsck_looks_at_btrfs_only)
{
	struct fixture fix;
	uint64_t before;

	open_image(
		&fix, IMAGE_NEEDS("mkfs.btrfs btrfs") "truncate -s 128M image; mkfs.btrfs -q image;", "image", "btrfs");
	before = image_sum(fix.dir, "image");
	BM_CHECK_INT(run(&fix), BM_FSCK_CLEAN);
	BM_CHECK(image_sum(fix.dir, "image") == before);
	close_image(&fix);
}

BM_TEST(fsck_status_has_a_meaning)
{
	static const struct {
		const char *tool;
		int status;
		enum bm_fsck_outcome outcome;
	} rows[] = {
		{"e2fsck", 0, BM_FSCK_CLEAN},
		{"/usr/sbin/e2fsck", 1, BM_FSCK_REPAIRED},
		{"e2fsck", 3, BM_FSCK_REPAIRED},
		{"e2fsck", 4, BM_FSCK_LEFT},
		{"e2fsck", 5, BM_FSCK_LEFT},
		{"e2fsck", 8, BM_FSCK_FAILED},
		{"e2fsck", 12, BM_FSCK_FAILED},
		{"e2fsck", 16, BM_FSCK_FAILED},
		{"e2fsck", 32, BM_FSCK_FAILED},
		{"e2fsck", 128, BM_FSCK_FAILED},
		{"xfs_repair", 0, BM_FSCK_CLEAN},
		{"xfs_repair", 1, BM_FSCK_FAILED},
		{"xfs_repair", 2, BM_FSCK_LEFT},
		{"xfs_repair", 4, BM_FSCK_REPAIRED},
		{"btrfs", 0, BM_FSCK_CLEAN},
		{"btrfs", 1, BM_FSCK_LEFT},
		{"fsck.fat", 0, BM_FSCK_CLEAN},
		{"fsck.fat", 1, BM_FSCK_REPAIRED},
		{"fsck.fat", 2, BM_FSCK_FAILED},
	};
	_cleanup_strv_ struct bm_strv argv = {0};
	const char *text;

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK_INT(bm_fsck_meaning(rows[i].tool, rows[i].status, &text), rows[i].outcome);
	BM_CHECK_INT(bm_fsck_command("LVM2_member", &argv), -ENOTSUP);
	BM_CHECK_INT(bm_fsck_command(NULL, &argv), -ENOTSUP);
	BM_CHECK_INT(bm_fsck_command("ext3", &argv), 0);
	BM_CHECK_INT(argv.n, 4);
	BM_CHECK_STR(argv.items[3], "@DEVICE@");
}
