/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/image/squashfs.h"
#include "harness.h"
#include "image_maker.h"

/* mksquashfs 4.5.1 -comp gzip -b 4096 of: bin -> usr/bin, init (#!/bin/sh), usr/big (5000 bytes of "bootmend\n"),
 * usr/bin/ash and usr/bin/sh, one file ("hello") of two names. */
static const char real_hex[] =
	"687371730700000000f15365001000000100000001000c004002010004000000df0000000000000099010000000000009101"
	"000000000000ffffffffffffffffb30000000000000028010000000000008301000000000000ffffffffffffffff78daedc6"
	"b10d00200800b09d33098ecac2ffe10fd34ecdeeb9e755a488888888888888fc9a05203903eb78dacbcf2fc94dcd4be14aca"
	"1f658c32461903c5000056b9541723212f62696e2f73680a68656c6c6f730078da6366f8cfc800021f8353410c106607e2d2"
	"e222fda4cc3c2686b77069260654c005c44c0c4be0f22c402a0188ff030148a8439881410b484b013127923a36243358d1cc"
	"6442321b640e2392fdac486a54809819ec5c843c33541e44ab322882bd812ccf8e246fc8e0ccc001a401378e1ee5470078da"
	"6364800036204e076226204c2cce803019198a3318a10a5880d81eaa2029337d3e509211cccc6382aa80a9648608cb83e599"
	"1932f3324bf6830d6362282d2e0200076b0b821080a4000000000000000f0000010000000071010000000000000480000000"
	"008b01000000000000";
enum { REAL_SIZE = (sizeof(real_hex) - 1) / 2 };

static const uint8_t *real(void)
{
	static uint8_t bytes[REAL_SIZE];

	for (size_t i = 0; i < REAL_SIZE; i++) {
		unsigned int byte = 0;

		BM_CHECK_INT(sscanf(real_hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return bytes;
}

struct listing {
	struct bm_buf text;
	size_t promised, got;
	uint32_t sum;
	int answer; /* of data() */
};

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct listing *listing = ctx;

	bm_buf_addf(&listing->text, "%o %u %s", entry->mode, entry->nlink, entry->name);
	if (entry->link)
		bm_buf_addf(&listing->text, " -> %s", entry->link);
	listing->promised = entry->size;
	listing->got = listing->sum = 0;
	return S_ISREG(entry->mode) ? 0 : (bm_buf_adds(&listing->text, "\n"), BM_CPIO_SKIP);
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct listing *listing = ctx;

	listing->got += len;
	for (size_t i = 0; i < len; i++)
		listing->sum += bytes[i];
	return listing->answer;
}

static int on_end(void *ctx)
{
	struct listing *listing = ctx;

	BM_CHECK(listing->got == listing->promised);
	bm_buf_addf(&listing->text, " %zu %u\n", listing->got, listing->sum);
	return 0;
}

/* Reads a copy of exactly that size, for AddressSanitizer. */
static int read_copy(const void *bytes, size_t len, struct listing *listing, struct bm_squashfs_result *result)
{
	const struct bm_image_sink sink = {.entry = on_entry, .data = on_data, .entry_end = on_end, .ctx = listing};
	uint8_t *copy = malloc(len + (len == 0));
	int r;

	memcpy(copy, bytes, len);
	r = bm_squashfs_read(copy, len, &sink, result);
	free(copy);
	return r;
}

BM_TEST(squashfs_lists_files_with_their_data)
{
	struct listing listing = {0};
	struct bm_squashfs_result result;
	uint32_t big = 0, hello = 'h' + 'e' + 'l' + 'l' + 'o';
	_cleanup_free_ char *want = NULL;

	for (size_t i = 0; i < 5000; i++)
		big += (uint8_t) "bootmend\n"[i % 9];
	want = bm_strf("120777 1 bin -> usr/bin\n100755 1 init 10 704\n40755 3 usr\n100644 1 usr/big 5000 %u\n"
		       "40755 2 usr/bin\n100644 2 usr/bin/ash 5 %u\n100644 2 usr/bin/sh 5 %u\n",
		big, hello, hello);
	BM_CHECK_INT(read_copy(real(), REAL_SIZE, &listing, &result), 0);
	BM_CHECK_INT(result.status, BM_SQUASHFS_OK);
	BM_CHECK_STR(result.compression, "gzip");
	BM_CHECK_INT((long)result.entries, 7);
	BM_CHECK_STR(bm_buf_text(&listing.text), want);
	bm_buf_done(&listing.text);
}

BM_TEST(squashfs_tells_every_cut)
{
	for (size_t len = 0; len < REAL_SIZE; len++) {
		struct listing listing = {0};
		struct bm_squashfs_result result;

		BM_CHECK_INT(read_copy(real(), len, &listing, &result), 0);
		BM_CHECK_INT(result.status, BM_SQUASHFS_BAD);
		BM_CHECK(result.text != NULL);
		bm_buf_done(&listing.text);
	}
}

/* Any byte may be wrong: it ends, with a text where not all was read. */
BM_TEST(squashfs_survives_turned_bytes)
{
	for (size_t at = 0; at < REAL_SIZE; at++)
		for (unsigned int bits = 1; bits < 256; bits = bits * 2 + 1) {
			uint8_t copy[REAL_SIZE];
			struct listing listing = {0};
			struct bm_squashfs_result result;

			memcpy(copy, real(), REAL_SIZE);
			copy[at] ^= (uint8_t)bits;
			BM_CHECK_INT(read_copy(copy, sizeof(copy), &listing, &result), 0);
			BM_CHECK((result.status == BM_SQUASHFS_OK) == !result.text);
			bm_buf_done(&listing.text);
		}
}

BM_TEST(squashfs_refuses_what_it_does_not_know)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum bm_squashfs_status status;
	} rows[] = {
		{28, 3, BM_SQUASHFS_UNSUPPORTED},  /* version 3 */
		{20, 2, BM_SQUASHFS_UNSUPPORTED},  /* lzma */
		{20, 99, BM_SQUASHFS_UNSUPPORTED}, /* nothing */
		{22, 11, BM_SQUASHFS_BAD},	   /* blocks of 2 KiB, and 4 KiB */
		{0, 's', BM_SQUASHFS_BAD},	   /* big endian */
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		uint8_t copy[REAL_SIZE];
		struct listing listing = {0};
		struct bm_squashfs_result result;

		memcpy(copy, real(), REAL_SIZE);
		copy[rows[i].at] = rows[i].value;
		BM_CHECK_INT(read_copy(copy, sizeof(copy), &listing, &result), 0);
		BM_CHECK_INT(result.status, rows[i].status);
		bm_buf_done(&listing.text);
	}
}

BM_TEST(squashfs_passes_an_error_of_the_sink_on)
{
	struct listing listing = {.answer = -5};
	struct bm_squashfs_result result;

	BM_CHECK_INT(read_copy(real(), REAL_SIZE, &listing, &result), -5);
	bm_buf_done(&listing.text);
}

/* --- in an image --- */

static void make_image(struct bm_buf *out, const char *name, const void *bytes, size_t len)
{
	put_dir(out, "squash");
	put_dir(out, "usr");
	put_file(out, "usr/big", 0644, "upper");
	put_file(out, "init", 0755, "#!/bin/loader\n");
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFREG | 0644, .data = bytes, .len = len});
	put_trailer(out);
}

static struct bm_image_list read_list(const char *name, const void *bytes, size_t len)
{
	_cleanup_buf_ struct bm_buf image = {0};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};
	struct bm_image_list list = {.facts = true};
	struct made_source made;
	const struct bm_image_source source = {made_read, &made};

	make_image(&image, name, bytes, len);
	made = (struct made_source){image.data, image.len, 0};
	BM_CHECK_INT(bm_image_list_read(&source, &list, &summary), 0);
	BM_CHECK_INT(summary.status, BM_IMAGE_OK);
	return list;
}

/* The root moves into the filesystem: what the archive has is not there any more. */
BM_TEST(squashfs_list_of_a_tree_apart)
{
	static const char *const names[] = {"squash-root.img", "squashfs-root.img"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(names); i++) {
		_cleanup_image_list_ struct bm_image_list list = read_list(names[i], real(), REAL_SIZE);
		const struct bm_image_list *inner = bm_image_list_booted(&list);
		const struct bm_image_node *node;

		BM_CHECK_STR(list.squash.name, names[i]);
		BM_CHECK(!list.squash.why && inner == list.inner && inner != NULL);
		node = bm_image_list_find(inner, "/bin/sh");
		BM_CHECK(node && bm_image_list_body(inner, node)->size == 5);
		node = bm_image_list_find(inner, "/usr/big");
		BM_CHECK(node && bm_image_list_body(inner, node)->size == 5000);
		BM_CHECK_STR(
			bm_image_list_body(inner, bm_image_list_find(inner, "/init"))->elf->interpreter, "/bin/sh");
		BM_CHECK(!bm_image_list_find(inner, "/squash") && !bm_image_list_find(&list, "/bin/sh"));
	}
}

/* It is mounted below what the archive has. */
BM_TEST(squashfs_list_of_a_tree_below)
{
	_cleanup_image_list_ struct bm_image_list list = read_list("squash/root.img", real(), REAL_SIZE);
	const struct bm_image_node *node;

	BM_CHECK(bm_image_list_booted(&list) == &list && !list.squash.why);
	BM_CHECK(bm_image_list_find(&list, "/bin/sh") != NULL);
	node = bm_image_list_find(&list, "/usr/big");
	BM_CHECK(node && bm_image_list_body(&list, node)->size == 5);
	BM_CHECK_STR(bm_image_list_body(&list, bm_image_list_find(&list, "/init"))->elf->interpreter, "/bin/loader");
}

BM_TEST(squashfs_list_of_what_is_not_read)
{
	_cleanup_image_list_ struct bm_image_list erofs = read_list("erofs-root.img", "\xe2\xe1\xf5\xe0", 4);
	_cleanup_image_list_ struct bm_image_list cut = read_list("squashfs-root.img", real(), REAL_SIZE - 9);
	_cleanup_image_list_ struct bm_image_list other = read_list("usr/squash-root.img", real(), REAL_SIZE);

	BM_CHECK(erofs.squash.why && strstr(erofs.squash.why, "erofs") && !erofs.squash.damaged && !erofs.inner);
	BM_CHECK(cut.squash.why && cut.squash.damaged && !cut.inner);
	BM_CHECK(!other.squash.name);
}
