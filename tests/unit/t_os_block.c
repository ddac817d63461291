/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/block/block.h"
#include "os/block/loop.h"
#include "os/root/fileio.h"
#include "os/run/system.h"
#include "harness.h"
#include "os_images.h"

/* Scans the image, which must not change by it. */
static struct bm_blocks scan(const char *dir, const char *name)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);
	uint64_t before = image_sum(dir, name);
	struct bm_blocks blocks = {0};

	BM_CHECK_INT(bm_block_scan_image(path, &blocks), 0);
	BM_CHECK(image_sum(dir, name) == before);
	BM_CHECK(blocks.n > 0 && blocks.items[0].kind == BM_BLOCK_DISK && blocks.items[0].image);
	return blocks;
}

BM_TEST(block_image_with_logical_partitions)
{
	char *dir = image_dir(
		IMAGE_NEEDS("sfdisk mke2fs mkswap") "truncate -s 64M disk.img;"
						    "printf 'label: dos\\nlabel-id: "
						    "0x1234abcd\\n2048,16384,83,*\\n,,5\\n,16384,83\\n,16384,82\\n' |"
						    " sfdisk -q disk.img; mke2fs -q -t ext4 -U "
						    "11111111-2222-3333-4444-555555555555 -L boot part 8M;"
						    "dd if=part of=disk.img bs=512 seek=2048 conv=notrunc; rm part;"
						    "truncate -s 8M part; mkswap -q -L swap part; start=$(sfdisk -d "
						    "disk.img | sed -n 's/.*img6 : start= *"
						    "\\([0-9]*\\).*/\\1/p'); dd if=part of=disk.img bs=512 "
						    "seek=$start conv=notrunc");
	struct bm_blocks blocks = scan(dir, "disk.img");

	BM_CHECK_INT(blocks.n, 5);
	BM_CHECK_STR(blocks.items[0].table_type, "dos");
	BM_CHECK_STR(blocks.items[0].table_uuid, "1234abcd");
	BM_CHECK_STR(blocks.items[1].name, "disk.img:1");
	BM_CHECK_INT(blocks.items[1].offset_bytes, 1 << 20);
	BM_CHECK_INT(blocks.items[1].size_bytes, 8 << 20);
	BM_CHECK_STR(blocks.items[1].part_uuid, "1234abcd-01");
	BM_CHECK_STR(blocks.items[1].part_type, "0x83");
	BM_CHECK_STR(blocks.items[1].fs.type, "ext4");
	BM_CHECK_STR(blocks.items[1].fs.uuid, "11111111-2222-3333-4444-555555555555");
	BM_CHECK_STR(blocks.items[1].fs.label, "boot");
	BM_CHECK_STR(blocks.items[2].part_type, "0x5");
	BM_CHECK_INT(blocks.items[3].part_number, 5);
	BM_CHECK_INT(blocks.items[4].part_number, 6);
	BM_CHECK_STR(blocks.items[4].fs.type, "swap");
	BM_CHECK_INT(blocks.items[4].parent, 0);
	bm_blocks_done(&blocks);
	image_dir_done(dir);
}

static void check_gpt(const struct bm_blocks *blocks, uint32_t sector_size)
{
	BM_CHECK_INT(blocks->n, 3);
	BM_CHECK_STR(blocks->items[0].table_type, "gpt");
	BM_CHECK_INT(blocks->items[0].sector_size, sector_size);
	BM_CHECK_STR(blocks->items[1].part_label, "one");
	BM_CHECK_STR(blocks->items[1].part_uuid, "aaaaaaaa-0000-0000-0000-000000000001");
	BM_CHECK_STR(blocks->items[1].part_type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
	BM_CHECK_INT(blocks->items[1].offset_bytes, 1 << 20);
	BM_CHECK_INT(blocks->items[2].offset_bytes, 9 << 20);
	BM_CHECK_STR(blocks->items[2].fs.type, "ext4");
}

#define GPT_LINES                                                                                                      \
	"'type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b,name=one,uuid=aaaaaaaa-0000-0000-0000-000000000001,start=1MiB,"    \
	"size=8MiB' 'type=L,name=two,start=9MiB,size=8MiB'"

BM_TEST(block_image_gpt)
{
	char *dir = image_dir(IMAGE_NEEDS(
		"sfdisk mke2fs") "truncate -s 64M disk.img;"
				 "printf '%s\\n' 'label: gpt' " GPT_LINES " | sfdisk -q disk.img;"
				 "mke2fs -q -t ext4 part 8M; dd if=part of=disk.img bs=1M seek=9 conv=notrunc");
	struct bm_blocks blocks = scan(dir, "disk.img");

	check_gpt(&blocks, 512);
	bm_blocks_done(&blocks);
	image_dir_done(dir);
}

BM_TEST(block_image_gpt_of_4096_byte_sectors)
{
	struct bm_blocks blocks;
	char *dir;

	if (!bm_system_is_root() || !bm_file_exists("/dev/loop-control"))
		BM_SKIP("needs root and loop devices");
	dir = image_dir(IMAGE_NEEDS(
		"sfdisk mke2fs losetup") "truncate -s 64M disk.img;"
					 "device=$(losetup -b 4096 -f --show disk.img); trap 'losetup -d $device' EXIT;"
					 "printf '%s\\n' 'label: gpt' " GPT_LINES
					 " | sfdisk -q --no-reread --no-tell-kernel $device;"
					 "mke2fs -q -t ext4 part 8M; dd if=part of=$device bs=1M seek=9 "
					 "conv=notrunc,fsync");
	blocks = scan(dir, "disk.img");
	check_gpt(&blocks, 4096);
	bm_blocks_done(&blocks);
	image_dir_done(dir);
}

BM_TEST(block_image_without_a_table)
{
	char *dir = image_dir(IMAGE_NEEDS(
		"mke2fs mkfs.xfs mkfs.btrfs") "mke2fs -q -t ext4 ext4 8M;"
					      "truncate -s 16M xfs; mkfs.xfs -q --unsupported -L data xfs; truncate "
					      "-s 128M btrfs; mkfs.btrfs -q btrfs;"
					      "truncate -s 1M none; : >empty; printf "
					      "'QFI\\373\\0\\0\\0\\3' >qcow2; mkfifo fifo;"
					      "truncate -s 8M damaged; printf "
					      "'LABELONE\\1\\0\\0\\0\\0\\0\\0\\0abcd\\40\\0\\0\\0LVM2 001"
					      "0123456789abcdef0123456789abcdef' | dd of=damaged bs=512 "
					      "seek=1 conv=notrunc");
	static const char *const names[] = {"ext4", "xfs", "btrfs"};
	struct bm_blocks blocks;
	struct bm_block_fs fs;
	size_t i;

	for (i = 0; i < BM_ARRAY_SIZE(names); i++) {
		blocks = scan(dir, names[i]);
		BM_CHECK_INT(blocks.n, 1);
		BM_CHECK_STR(blocks.items[0].fs.type, names[i]);
		BM_CHECK_STR(blocks.items[0].fs.usage, "filesystem");
		BM_CHECK(!blocks.items[0].fs.bad_checksum && !blocks.items[0].fs.ambiguous);
		bm_blocks_done(&blocks);
	}
	blocks = scan(dir, "none");
	BM_CHECK(blocks.n == 1 && !blocks.items[0].fs.type && !blocks.items[0].fs.error);
	bm_blocks_done(&blocks);
	blocks = scan(dir, "empty");
	BM_CHECK(blocks.n == 1 && !blocks.items[0].fs.type);
	bm_blocks_done(&blocks);
	/* an LVM label with a wrong checksum is still seen, and told as such */
	blocks = scan(dir, "damaged");
	BM_CHECK_STR(blocks.items[0].fs.type, "LVM2_member");
	BM_CHECK(blocks.items[0].fs.bad_checksum);
	bm_blocks_done(&blocks);
	{
		_cleanup_free_ char *qcow2 = bm_path_join(dir, "qcow2"), *fifo = bm_path_join(dir, "fifo"),
				    *xfs = bm_path_join(dir, "xfs");

		BM_CHECK_INT(bm_block_scan_image(qcow2, &blocks), -ENOTSUP);
		BM_CHECK(strstr(bm_err_text(-ENOTSUP), "qcow2") != NULL);
		BM_CHECK_INT(bm_block_scan_image(fifo, &blocks), -EINVAL);
		BM_CHECK_INT(bm_block_scan_image(dir, &blocks), -EISDIR);
		BM_CHECK_INT(bm_block_probe(xfs, 0, 0, &fs), 0);
		BM_CHECK_STR(fs.label, "data");
		bm_block_fs_done(&fs);
		BM_CHECK_INT(blocks.n, 0);
	}
	image_dir_done(dir);
}

BM_TEST(block_image_shorter_than_its_disk)
{
	char *dir = image_dir(IMAGE_NEEDS(
		"sfdisk") "truncate -s 64M disk.img;"
			  "printf 'label: dos\\n2048,16384\\n,\\n' | sfdisk -q disk.img; truncate -s 16M disk.img");
	struct bm_blocks blocks = scan(dir, "disk.img");
	size_t i, cut = 0;

	for (i = 1; i < blocks.n; i++) {
		BM_CHECK(blocks.items[i].offset_bytes + blocks.items[i].size_bytes <= 16 << 20);
		cut += blocks.items[i].fs.error == -ENODATA;
	}
	BM_CHECK(blocks.n == 1 || cut == 1);
	bm_blocks_done(&blocks);
	image_dir_done(dir);
}

static bool is_there(const char *path)
{
	_cleanup_free_ char *backing = bm_strf("/sys/class/block/%s/loop/backing_file", bm_path_base(path));

	return bm_file_exists(backing);
}

BM_TEST(block_loop_is_seen_and_goes)
{
	struct bm_blocks blocks;
	struct bm_loop loop = BM_LOOP_NONE;
	_cleanup_strv_ struct bm_strv only = {0};
	_cleanup_free_ char *image = NULL, *device = NULL;
	unsigned int tries;
	bool below[64];
	char *dir;
	size_t at;
	int fd;

	if (!bm_system_is_root() || !bm_file_exists("/dev/loop-control"))
		BM_SKIP("needs root and loop devices");
	dir = image_dir(IMAGE_NEEDS("mke2fs") "truncate -s 4M disk.img; mke2fs -q -t ext4 -L middle part 8M;"
					      "cat part >>disk.img; truncate -s 16M disk.img");
	image = bm_path_join(dir, "disk.img");
	BM_CHECK_INT(bm_loop_attach(image, 4 << 20, 8 << 20, 4096, true, &loop), 0);
	device = strdup(loop.path);
	/* whether opening or writing is refused depends on the kernel */
	fd = open(device, O_RDWR | O_CLOEXEC);
	BM_CHECK(fd < 0 || pwrite(fd, "x", 1, 0) < 0);
	BM_CHECK(errno == EROFS || errno == EACCES || errno == EPERM);
	bm_file_close(fd);
	BM_CHECK_INT(bm_strv_add(&only, device), 0);
	BM_CHECK_INT(bm_block_scan(&only, &blocks), 0);
	BM_CHECK_INT(blocks.n, 1);
	BM_CHECK_INT(blocks.items[0].kind, BM_BLOCK_LOOP);
	BM_CHECK(blocks.items[0].read_only && !blocks.items[0].context);
	BM_CHECK_INT(blocks.items[0].size_bytes, 8 << 20);
	BM_CHECK_INT(blocks.items[0].sector_size, 4096);
	BM_CHECK_STR(blocks.items[0].fs.label, "middle");
	BM_CHECK_STR(blocks.items[0].backing_file, image);
	bm_blocks_done(&blocks);
	/* the whole list holds it, too, and its indices are sound */
	BM_CHECK_INT(bm_block_scan(NULL, &blocks), 0);
	at = bm_blocks_find_path(&blocks, device);
	BM_CHECK(at != BM_BLOCK_NONE && blocks.n <= BM_ARRAY_SIZE(below));
	bm_blocks_below(&blocks, at, below);
	BM_CHECK(below[at]);
	bm_blocks_done(&blocks);
	bm_loop_detach(&loop);
	/* its last user may be somebody who looks at new devices */
	for (tries = 0; tries < 50 && is_there(device); tries++)
		bm_sleep_ms(20);
	BM_CHECK(!is_there(device));
	bm_strv_done(&only);
	BM_CHECK_INT(bm_strv_add(&only, image), 0);
	BM_CHECK_INT(bm_block_scan(&only, &blocks), -ENOTBLK);
	image_dir_done(dir);
}
