/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log is a ring of blocks of 512 bytes (Linux, fs/xfs/libxfs/xfs_log_format.h; big endian). Each time it is gone
 * round, its cycle grows by one; every block begins with the cycle in which it was written:
 *
 *	| record | record | ... | last record | blocks of the cycle before ... |
 *	                                       ^ the head
 *	record:	0 h_magicno 4 = feedbabe | 4 h_cycle 4 | 8 h_version 4 | 12 h_len 4, bytes behind the header
 *		40 h_num_logops 4 | 320 h_size 4, above 32768 the header has more blocks
 *	block behind it: 0 cycle 4 (over oh_tid) | 4 oh_len 4 | 8 oh_clientid 1 | 9 oh_flags 1, 0x20 = unmount
 *
 * The superblock says where it is: 4 sb_blocksize 4 | 48 sb_logstart 8 | 84 sb_agblocks 4 | 96 sb_logblocks 4 |
 * 124 sb_agblklog 1. A kernel replays the log unless its last record is an unmount's, alone, and ends at the head.
 */
#include "xfslog.h"

#include <string.h>

#define RECORD_MAGIC 0xfeedbabeU

enum {
	BASIC = 512,
	SUPER_BYTES = 512,
	RECORD_BLOCKS_MAX = 1024, /* a record has at most 256 KiB behind 8 blocks of header */
	HEADER_COVERS = 32768,
	UNMOUNT = 0x20,
	VERSION_2 = 2,
};

struct log {
	bm_xfslog_read *read;
	void *context;
	uint64_t start_bytes;
	uint64_t n; /* blocks */
	uint8_t block[BASIC];
};

static uint64_t be(const uint8_t *bytes, size_t at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[at + i];
	return value;
}

static bool find_log(const uint8_t *super, struct log *log)
{
	uint64_t block_bytes = be(super, 4, 4), start = be(super, 48, 8), ag_blocks = be(super, 84, 4);
	uint64_t blocks = be(super, 96, 4);
	unsigned int ag_log = super[124];

	if (block_bytes < BASIC || block_bytes > 65536 || (block_bytes & (block_bytes - 1)) || start == 0 ||
		blocks == 0 || ag_blocks == 0 || ag_log > 32 || start >> ag_log > UINT32_MAX)
		return false;
	log->start_bytes = ((start >> ag_log) * ag_blocks + (start & (((uint64_t)1 << ag_log) - 1))) * block_bytes;
	log->n = blocks * (block_bytes / BASIC);
	return true;
}

static bool read_block(struct log *log, uint64_t at)
{
	return log->read(log->context, log->start_bytes + at % log->n * BASIC, log->block, BASIC) == 0;
}

static bool read_cycle(struct log *log, uint64_t at, uint32_t *ret_cycle)
{
	if (!read_block(log, at))
		return false;
	*ret_cycle = (uint32_t)be(log->block, be(log->block, 0, 4) == RECORD_MAGIC ? 4 : 0, 4);
	return true;
}

/* The block behind the newest one: the first that is not of the first block's cycle. */
static bool find_head(struct log *log, uint32_t first, uint64_t *ret_head)
{
	uint64_t low = 0, high = log->n - 1; /* low is of the first cycle, high is not */
	uint32_t cycle;

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (!read_cycle(log, middle, &cycle))
			return false;
		if (cycle == first)
			low = middle;
		else
			high = middle;
	}
	*ret_head = high;
	return true;
}

/* Goes back from the head to the last record, which is then in log->block. */
static bool find_record(struct log *log, uint64_t head, uint64_t *ret_record)
{
	for (uint64_t back = 1; back <= RECORD_BLOCKS_MAX && back <= log->n; back++) {
		uint64_t at = (head + log->n - back) % log->n;

		if (!read_block(log, at))
			return false;
		if (be(log->block, 0, 4) == RECORD_MAGIC) {
			*ret_record = at;
			return true;
		}
	}
	return false;
}

/* Whether the record in log->block is that of an unmount, and the last thing before the head. */
static bool is_unmount(struct log *log, uint64_t record, uint64_t head)
{
	uint64_t version = be(log->block, 8, 4), len = be(log->block, 12, 4), size = be(log->block, 320, 4);
	uint64_t header = 1;

	if (version & VERSION_2 && size > HEADER_COVERS)
		header = (size + HEADER_COVERS - 1) / HEADER_COVERS;
	if (be(log->block, 40, 4) != 1 || (record + header + (len + BASIC - 1) / BASIC) % log->n != head % log->n)
		return false;
	return read_block(log, record + header) && log->block[9] & UNMOUNT;
}

enum bm_xfslog_state bm_xfslog_look(const uint8_t *super, size_t len, bm_xfslog_read *read, void *context)
{
	struct log log = {.read = read, .context = context};
	uint64_t head = 0, record;
	uint32_t first, last;

	if (len < SUPER_BYTES || memcmp(super, "XFSB", 4) != 0 || !find_log(super, &log))
		return BM_XFSLOG_UNKNOWN;
	if (!read_cycle(&log, 0, &first) || !read_cycle(&log, log.n - 1, &last))
		return BM_XFSLOG_UNKNOWN;
	if (first == 0)
		return last == 0 ? BM_XFSLOG_CLEAN : BM_XFSLOG_DIRTY;
	/* Where all is of one cycle the newest record ends with the ring. */
	if (first != last && !find_head(&log, first, &head))
		return BM_XFSLOG_UNKNOWN;
	if (!find_record(&log, head, &record))
		return BM_XFSLOG_DIRTY;
	return is_unmount(&log, record, head) ? BM_XFSLOG_CLEAN : BM_XFSLOG_DIRTY;
}
