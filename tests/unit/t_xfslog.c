/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "fmt/disk/xfslog.h"
#include "harness.h"

enum { BLOCK = 4096, LOG_AT = 3 * 64 * BLOCK + 5 * BLOCK, LOG_BLOCKS = 256, BYTES = LOG_AT + LOG_BLOCKS * 512 };

static uint8_t disk[BYTES];
static unsigned int n_reads;

static void put(size_t at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		disk[at + i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}

static int read_disk(void *context, uint64_t at_bytes, void *buffer, size_t len)
{
	(void)context;
	n_reads++;
	if (at_bytes > BYTES || len > BYTES - at_bytes)
		return -ENODATA;
	memcpy(buffer, disk + at_bytes, len);
	return 0;
}

/* Four groups of 64 blocks; the log is 32 blocks (256 of 512 bytes) in the last one, behind five others. */
static void make_super(void)
{
	memset(disk, 0, sizeof(disk));
	memcpy(disk, "XFSB", 4);
	put(4, BLOCK, 4);
	put(48, 3 << 6 | 5, 8);
	put(84, 64, 4);
	put(96, LOG_BLOCKS * 512 / BLOCK, 4);
	disk[124] = 6;
}

/* A record of n blocks behind its header, at block at of the ring. */
static void put_record(size_t at, uint32_t cycle, uint32_t n, uint32_t ops)
{
	size_t base = LOG_AT + at % LOG_BLOCKS * 512;

	memset(disk + base, 0, 512);
	put(base, 0xfeedbabe, 4);
	put(base + 4, cycle, 4);
	put(base + 8, 2, 4);
	put(base + 12, n * 512, 4);
	put(base + 40, ops, 4);
	put(base + 320, 32768, 4);
	for (size_t i = 1; i <= n; i++) {
		base = LOG_AT + (at + i) % LOG_BLOCKS * 512;
		memset(disk + base, 0x5a, 512);
		put(base, cycle, 4);
		disk[base + 9] = 0;
	}
}

static void put_unmount(size_t at, uint32_t cycle)
{
	put_record(at, cycle, 1, 1);
	disk[LOG_AT + (at + 1) % LOG_BLOCKS * 512 + 9] = 0x20;
}

static enum bm_xfslog_state look(void)
{
	n_reads = 0;
	return bm_xfslog_look(disk, 512, read_disk, NULL);
}

BM_TEST(xfslog_new)
{
	make_super();
	BM_CHECK_INT(look(), BM_XFSLOG_CLEAN); /* never used */
	put_unmount(0, 1);
	BM_CHECK_INT(look(), BM_XFSLOG_CLEAN); /* as mkfs leaves it */
	put_record(2, 1, 3, 7);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
	put_unmount(6, 1);
	BM_CHECK_INT(look(), BM_XFSLOG_CLEAN);
	BM_CHECK(n_reads < 20);
	/* one operation that is no unmount; an unmount with something behind it */
	put_record(8, 1, 1, 1);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
}

BM_TEST(xfslog_round)
{
	make_super();
	for (size_t at = 0; at < LOG_BLOCKS; at += 4)
		put_record(at, 6, 3, 9);
	/* the newest record ends with the ring */
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
	put_record(LOG_BLOCKS - 4, 6, 1, 3);
	put_unmount(LOG_BLOCKS - 2, 6);
	BM_CHECK_INT(look(), BM_XFSLOG_CLEAN);
	/* and goes on at its begin, in the next cycle, over every place */
	for (size_t at = 0; at + 2 < LOG_BLOCKS; at += 2) {
		put_unmount(at, 7);
		BM_CHECK_INT(look(), BM_XFSLOG_CLEAN);
		put_record(at, 7, 1, 2);
		BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
	}
}

/* A header of two blocks, for a log buffer of 64 KiB. */
BM_TEST(xfslog_long_header)
{
	make_super();
	put_record(0, 1, 2, 1);
	put(LOG_AT + 12, 512, 4);
	put(LOG_AT + 320, 65536, 4);
	disk[LOG_AT + 2 * 512 + 9] = 0x20;
	BM_CHECK_INT(look(), BM_XFSLOG_CLEAN);
	put(LOG_AT + 8, 1, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
}

BM_TEST(xfslog_hostile)
{
	make_super();
	put_unmount(0, 1);
	BM_CHECK_INT(bm_xfslog_look(disk, 511, read_disk, NULL), BM_XFSLOG_UNKNOWN);
	put(48, 0, 8); /* the log is on another device */
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	put(48, UINT64_MAX, 8);
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	put(48, 3 << 6 | 5, 8);
	put(96, UINT32_MAX, 4); /* leads out of the disk */
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	put(96, 0, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	put(96, 32, 4);
	put(4, 1000, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	put(4, BLOCK, 4);
	disk[124] = 200;
	BM_CHECK_INT(look(), BM_XFSLOG_UNKNOWN);
	disk[124] = 6;
	/* no record at all, but something was written */
	memset(disk + LOG_AT, 0, LOG_BLOCKS * 512);
	put(LOG_AT, 1, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
	put(LOG_AT, 0, 4);
	put(LOG_AT + (LOG_BLOCKS - 1) * 512, 1, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
	/* a length that goes round the ring */
	put_unmount(0, 1);
	put(LOG_AT + 12, UINT32_MAX, 4);
	put(LOG_AT + 320, UINT32_MAX, 4);
	BM_CHECK_INT(look(), BM_XFSLOG_DIRTY);
}
