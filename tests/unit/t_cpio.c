/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image_maker.h"

struct seen {
	struct bm_buf text;
	int answer;
};

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct seen *seen = ctx;

	bm_buf_addf(&seen->text, "[%s %o %llu%s%s", entry->name, entry->mode, (unsigned long long)entry->size,
		entry->link ? " -> " : "", entry->link ? entry->link : "");
	return seen->answer;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct seen *seen = ctx;

	bm_buf_add(&seen->text, bytes, len);
	return 0;
}

static int on_end(void *ctx)
{
	struct seen *seen = ctx;

	bm_buf_addc(&seen->text, ']');
	return 0;
}

static int on_trailer(void *ctx)
{
	struct seen *seen = ctx;

	bm_buf_adds(&seen->text, "(T)");
	return 0;
}

static int on_skipped(void *ctx, const char *name, const char *why)
{
	struct seen *seen = ctx;

	(void)why;
	bm_buf_addf(&seen->text, "{%s}", name ? name : "?");
	return 0;
}

static struct bm_cpio cpio;

/* Feeds step bytes at a time (0: all at once); the answers of NEXT are passed over. */
static enum bm_cpio_result feed(struct seen *seen, const struct bm_buf *archive, size_t step)
{
	static struct bm_cpio_sink sink;
	enum bm_cpio_result result = BM_CPIO_MORE;
	size_t at = 0, used;

	sink = (struct bm_cpio_sink){on_entry, on_data, on_end, on_trailer, on_skipped, seen};
	bm_cpio_init(&cpio, &sink);
	while (at < archive->len) {
		size_t n = step ? BM_MIN(step, archive->len - at) : archive->len - at;

		result = bm_cpio_feed(&cpio, (const uint8_t *)archive->data + at, n, &used);
		at += used;
		if (result != BM_CPIO_MORE && result != BM_CPIO_NEXT)
			break;
	}
	return result;
}

BM_TEST(cpio_reads_entries_whole_and_in_pieces)
{
	_cleanup_buf_ struct bm_buf archive = {0};
	const char *wanted = "[bin 40755 0][bin/sh 100755 5hello][l 120777 0 -> bin/sh][d 20600 0](T)";

	put_dir(&archive, "bin");
	put_file(&archive, "bin/sh", 0755, "hello");
	put_link(&archive, "l", "bin/sh");
	put_entry(&archive, (struct made_entry){.name = "d", .mode = S_IFCHR | 0600});
	put_trailer(&archive);
	put_zeros(&archive, 300);
	for (size_t step = 0; step < 130; step++) {
		struct seen seen = {0};

		BM_CHECK(feed(&seen, &archive, step) == BM_CPIO_MORE);
		BM_CHECK_STR(bm_buf_text(&seen.text), wanted);
		BM_CHECK(bm_cpio_at_end(&cpio) && cpio.trailer);
		BM_CHECK_INT(cpio.entries, 4);
		BM_CHECK_INT(cpio.archives, 1);
		bm_buf_done(&seen.text);
	}
}

BM_TEST(cpio_leaves_out_data_that_nobody_wants)
{
	_cleanup_buf_ struct bm_buf archive = {0};
	struct seen seen = {.answer = BM_CPIO_SKIP};

	put_file(&archive, "a", 0644, "0123456789");
	put_file(&archive, "b", 0644, "0");
	put_trailer(&archive);
	BM_CHECK(feed(&seen, &archive, 7) == BM_CPIO_MORE);
	BM_CHECK_STR(bm_buf_text(&seen.text), "[a 100644 10[b 100644 1(T)");
	bm_buf_done(&seen.text);
}

BM_TEST(cpio_checks_sums_of_the_crc_format)
{
	for (uint32_t off = 0; off < 2; off++) {
		_cleanup_buf_ struct bm_buf archive = {0};
		struct seen seen = {0};

		put_entry(&archive,
			(struct made_entry){
				.name = "a", .mode = S_IFREG | 0644, .data = "\xff\x01 data", .crc = true, .sum = off});
		put_trailer(&archive);
		BM_CHECK(feed(&seen, &archive, 0) == (off ? BM_CPIO_BAD : BM_CPIO_MORE));
		bm_buf_done(&seen.text);
	}
}

/* What the kernel passes over, and goes on behind. */
BM_TEST(cpio_passes_over_what_the_kernel_does)
{
	_cleanup_buf_ struct bm_buf archive = {0}, name = {0}, target = {0};
	struct seen seen = {0};

	for (int i = 0; i < BM_CPIO_NAME_MAX; i++)
		bm_buf_addc(&name, 'n');
	for (int i = 0; i <= BM_CPIO_LINK_MAX; i++)
		bm_buf_addc(&target, 't');
	put_file(&archive, bm_buf_text(&name), 0644, "x");
	put_link(&archive, "long", bm_buf_text(&target));
	put_entry(&archive, (struct made_entry){.name = "fat", .mode = S_IFDIR | 0755, .data = "dir with data"});
	put_entry(&archive, (struct made_entry){.name = "odd", .mode = 0170000});
	put_file(&archive, "good", 0644, "y");
	put_trailer(&archive);
	BM_CHECK(feed(&seen, &archive, 11) == BM_CPIO_MORE);
	BM_CHECK_STR(bm_buf_text(&seen.text), "{?}{?}{?}{odd}[good 100644 1y](T)");
	bm_buf_done(&seen.text);
}

BM_TEST(cpio_takes_the_longest_name_and_target)
{
	_cleanup_buf_ struct bm_buf archive = {0}, text = {0};
	struct seen seen = {0};

	for (int i = 0; i < BM_CPIO_NAME_MAX - 1; i++)
		bm_buf_addc(&text, 'n');
	put_link(&archive, bm_buf_text(&text), bm_buf_text(&text));
	put_trailer(&archive);
	BM_CHECK(feed(&seen, &archive, 1000) == BM_CPIO_MORE);
	BM_CHECK_INT(seen.text.len, strlen("[ 120777 0 -> ](T)") + 2 * (BM_CPIO_NAME_MAX - 1));
	bm_buf_done(&seen.text);
}

static enum bm_cpio_result result_of(struct bm_buf *archive)
{
	struct seen seen = {0};
	enum bm_cpio_result result = feed(&seen, archive, 13);

	bm_buf_done(&seen.text);
	return result;
}

BM_TEST(cpio_refuses_what_the_kernel_refuses)
{
	_cleanup_buf_ struct bm_buf archive = {0};

	put_file(&archive, "a", 0644, "x");
	memcpy(archive.data, "070707", 6);
	BM_CHECK(result_of(&archive) == BM_CPIO_UNSUPPORTED);
	memcpy(archive.data, "070703", 6);
	BM_CHECK(result_of(&archive) == BM_CPIO_BAD);
	memcpy(archive.data, "070701", 6);
	archive.data[20] = 'g';
	BM_CHECK(result_of(&archive) == BM_CPIO_BAD);
	archive.data[20] = '0';
	archive.data[BM_CPIO_HEADER + 1] = 'x'; /* the name's NUL */
	BM_CHECK(result_of(&archive) == BM_CPIO_BAD);
}

BM_TEST(cpio_tells_where_it_stops)
{
	_cleanup_buf_ struct bm_buf archive = {0};
	size_t len;

	put_file(&archive, "a", 0644, "xyz");
	len = archive.len;
	BM_CHECK(result_of(&archive) == BM_CPIO_MORE && bm_cpio_at_end(&cpio) && !cpio.trailer);
	for (archive.len = 1; archive.len < len; archive.len++)
		BM_CHECK(result_of(&archive) == BM_CPIO_MORE && !bm_cpio_at_end(&cpio));
	put_trailer(&archive);
	bm_buf_adds(&archive, "\x1f\x8b");
	BM_CHECK(result_of(&archive) == BM_CPIO_FOREIGN);
	BM_CHECK_INT(cpio.offset, archive.len - 2);
	archive.len -= 2;
	bm_buf_addc(&archive, '\0');
	bm_buf_addc(&archive, 'x'); /* not at a multiple of four */
	BM_CHECK(result_of(&archive) == BM_CPIO_BAD);
}

BM_TEST(cpio_passes_a_callbacks_error_on)
{
	_cleanup_buf_ struct bm_buf archive = {0};
	struct seen seen = {.answer = -28};

	put_file(&archive, "a", 0644, "xyz");
	BM_CHECK(feed(&seen, &archive, 0) == BM_CPIO_STOPPED);
	BM_CHECK_INT(cpio.callback_error, -28);
	bm_buf_done(&seen.text);
}
