/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	| boot block 1024 | version, last page, UUID, label ... |            ... | orig_sig 10 | sig 10 |
 *	0                                                                                            page size
 *
 * The signature is at the end of the first page, whose size is that of the machine that wrote it (4 to 64 KiB).
 *
 *	plain swap      SWAP-SPACE, SWAPSPACE2 (Linux, include/linux/swap.h; mkswap)
 *	the kernel's    S1SUSPEND, and LINHIB0001 in a few releases (struct swsusp_header, kernel/power/swap.c): what
 *stood there before is kept in the ten bytes in front of it, and is put back by a resume uswsusp         ULSUSPEND,
 *likewise (s2disk's struct swsusp_header) swsusp of 2.5   S1SUSP, S2SUSP: nothing is kept TuxOnIce        eight bytes
 *of its own, at the begin of the page, while the swap signature stays at its end; older ones in the place of the
 *signature
 */
#include "swaphdr.h"

#include <string.h>

#include "base/str.h"

enum { PAGE_MIN = 4096, PAGE_MAX = BM_SWAPHDR_BYTES };

static const char tuxonice[] = "\xed\xc3\x02\xe9\x98\x56\xe5\x0c";
enum { TUXONICE_LEN = sizeof(tuxonice) - 1 };

static const char *const plain[] = {"SWAPSPACE2", "SWAP-SPACE"};

static const struct {
	const char *signature, *kind;
} images[] = {
	{"S1SUSPEND", "S1SUSPEND"},
	{"S2SUSPEND", "S2SUSPEND"},
	{"ULSUSPEND", "ULSUSPEND"},
	{"LINHIB0001", "LINHIB0001"},
	{"S1SUSP", "S1SUSP"},
	{"S2SUSP", "S2SUSP"},
	{tuxonice, "TuxOnIce"},
};

static const char *plain_at(const uint8_t *bytes)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(plain); i++)
		if (memcmp(bytes, plain[i], BM_SWAPHDR_SIGNATURE) == 0)
			return plain[i];
	return NULL;
}

static const char *image_at(const uint8_t *bytes)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(images); i++)
		if (memcmp(bytes, images[i].signature, strlen(images[i].signature)) == 0)
			return images[i].kind;
	return NULL;
}

static void set_change(struct bm_swaphdr *header, uint32_t at, const void *bytes, uint32_t len, const char *original)
{
	header->restorable = true;
	header->original = original;
	header->change_at = at;
	header->change_len = len;
	memcpy(header->change, bytes, len);
}

/* The signature at the end of a page of that size. */
static bool parse_page(const uint8_t *bytes, uint32_t page, struct bm_swaphdr *header)
{
	const uint32_t at = page - BM_SWAPHDR_SIGNATURE;
	const char *kind = image_at(bytes + at), *kept = plain_at(bytes + at - BM_SWAPHDR_SIGNATURE);

	if (!kind && !plain_at(bytes + at))
		return false;
	header->known = true;
	header->page_bytes = page;
	header->image = kind != NULL;
	header->kind = kind;
	if (kind && kept)
		set_change(header, at, kept, BM_SWAPHDR_SIGNATURE, kept);
	return true;
}

void bm_swaphdr_parse(const uint8_t *bytes, size_t len, struct bm_swaphdr *ret_header)
{
	static const uint8_t nothing[TUXONICE_LEN];
	struct bm_swaphdr header = {0};

	/* What a former mkswap with smaller pages left behind must not hide an image. */
	for (uint32_t page = PAGE_MIN; page <= PAGE_MAX && page <= len && !header.image; page *= 2) {
		struct bm_swaphdr found = {0};

		if (parse_page(bytes, page, &found) && (!header.known || found.image))
			header = found;
	}
	if (len >= PAGE_MIN && !header.image && memcmp(bytes, tuxonice, TUXONICE_LEN) == 0) {
		header.image = true;
		header.kind = "TuxOnIce";
		if (header.known)
			set_change(&header, 0, nothing, TUXONICE_LEN,
				plain_at(bytes + header.page_bytes - BM_SWAPHDR_SIGNATURE));
		header.page_bytes = header.known ? header.page_bytes : PAGE_MIN;
		header.known = true;
	}
	*ret_header = header;
}
