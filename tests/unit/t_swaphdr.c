/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fmt/disk/swaphdr.h"
#include "harness.h"

static uint8_t bytes[BM_SWAPHDR_BYTES];

static struct bm_swaphdr parse(void)
{
	struct bm_swaphdr header;

	bm_swaphdr_parse(bytes, sizeof(bytes), &header);
	return header;
}

/* A swap area of pages of that size; an image where kind is no NULL. */
static void fill(uint32_t page, const char *original, const char *kind)
{
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + page - 10, kind ? kind : original, strlen(kind ? kind : original));
	if (kind && original)
		memcpy(bytes + page - 20, original, 10);
}

BM_TEST(swaphdr_plain)
{
	memset(bytes, 0, sizeof(bytes));
	BM_CHECK(!parse().known && !parse().image && !parse().restorable);
	for (uint32_t page = 4096; page <= 65536; page *= 2) {
		fill(page, "SWAPSPACE2", NULL);
		BM_CHECK(parse().known && !parse().image && !parse().restorable && !parse().kind);
		BM_CHECK_INT(parse().page_bytes, page);
	}
	fill(4096, "SWAP-SPACE", NULL);
	BM_CHECK(parse().known && !parse().image);
	/* nearly */
	fill(4096, "SWAPSPACE3", NULL);
	BM_CHECK(!parse().known);
}

BM_TEST(swaphdr_images)
{
	static const char *const kinds[] = {"S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(kinds); i++)
		for (uint32_t page = 4096; page <= 65536; page *= 2) {
			struct bm_swaphdr header;

			fill(page, "SWAPSPACE2", kinds[i]);
			header = parse();
			BM_CHECK(header.known && header.image && header.restorable);
			BM_CHECK_STR(header.kind, kinds[i]);
			BM_CHECK_STR(header.original, "SWAPSPACE2");
			BM_CHECK_INT(header.page_bytes, page);
			BM_CHECK_INT(header.change_at, page - 10);
			BM_CHECK_INT(header.change_len, 10);
			/* what it says leads back to plain swap */
			memcpy(bytes + header.change_at, header.change, header.change_len);
			BM_CHECK(parse().known && !parse().image);
		}
}

BM_TEST(swaphdr_without_the_original)
{
	fill(4096, NULL, "S1SUSPEND");
	BM_CHECK(parse().image && !parse().restorable);
	fill(4096, NULL, "S2SUSP....");
	BM_CHECK(parse().image && !parse().restorable);
	BM_CHECK_STR(parse().kind, "S2SUSP");
}

BM_TEST(swaphdr_tuxonice)
{
	struct bm_swaphdr header;

	fill(16384, "SWAPSPACE2", NULL);
	memcpy(bytes, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c", 8);
	header = parse();
	BM_CHECK(header.image && header.restorable);
	BM_CHECK_STR(header.kind, "TuxOnIce");
	BM_CHECK_INT(header.page_bytes, 16384);
	memcpy(bytes + header.change_at, header.change, header.change_len);
	BM_CHECK(parse().known && !parse().image);
	/* in the place of the signature, and with nothing at the end of any page */
	fill(4096, NULL, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c");
	BM_CHECK(parse().image && !parse().restorable);
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c", 8);
	BM_CHECK(parse().image && !parse().restorable);
}

/* mkswap with pages of 4 KiB, later with 64 KiB: the old signature is still there. */
BM_TEST(swaphdr_left_over)
{
	fill(65536, "SWAPSPACE2", "S1SUSPEND");
	memcpy(bytes + 4086, "SWAPSPACE2", 10);
	BM_CHECK(parse().image && parse().restorable);
	BM_CHECK_INT(parse().page_bytes, 65536);
}

BM_TEST(swaphdr_cut)
{
	struct bm_swaphdr header;

	fill(4096, "SWAPSPACE2", "S1SUSPEND");
	for (size_t len = 0; len < 4096; len++) {
		bm_swaphdr_parse(bytes, len, &header);
		BM_CHECK(!header.known && !header.image);
	}
	bm_swaphdr_parse(bytes, 4096, &header);
	BM_CHECK(header.image);
}
