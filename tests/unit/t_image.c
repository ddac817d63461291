/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image_maker.h"

/* Reads an image; the summary is for bm_image_summary_done(). */
static struct bm_image_summary summary_of(const struct bm_buf *image, size_t len, size_t step)
{
	struct made_source made = {image->data, len, step};
	const struct bm_image_source source = {made_read, &made};
	struct bm_image_summary summary;

	BM_CHECK(bm_image_read(&source, NULL, &summary) == 0);
	return summary;
}

static enum bm_image_status status_of(const struct bm_buf *image, size_t len)
{
	struct bm_image_summary summary = summary_of(image, len, 0);
	enum bm_image_status status = summary.status;

	/* Whatever is wrong comes with a sentence and a place inside the file. */
	BM_CHECK((summary.status == BM_IMAGE_OK) == (summary.text[0] == '\0'));
	BM_CHECK(summary.offset <= len);
	bm_image_summary_done(&summary);
	return status;
}

static void put_early(struct bm_buf *out)
{
	put_dir(out, "kernel");
	put_dir(out, "kernel/x86");
	put_dir(out, "kernel/x86/microcode");
	put_file(out, "kernel/x86/microcode/GenuineIntel.bin", 0644, "microcode");
	put_trailer(out);
	put_zeros(out, 512 - out->len % 512);
}

static void put_main(struct bm_buf *out)
{
	put_dir(out, "bin");
	put_file(out, "bin/sh", 0755, "#!/bin/busybox\nand some more text, so that there is something to compress");
	put_file(out, "init", 0755, "#!/bin/sh\n");
	put_trailer(out);
}

BM_TEST(image_reads_segments_of_all_kinds)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0}, twice = {0};

	put_early(&image);
	put_main(&image);
	put_main(&plain);
	put_gzip(&image, &plain);
	put_zeros(&image, 5);
	put_main(&twice);
	put_zeros(&twice, 8);
	put_main(&twice);
	put_gzip(&image, &twice);
	put_zeros(&image, 100);
	for (size_t step = 0; step < 70; step += 23) {
		struct bm_image_summary summary = summary_of(&image, image.len, step);

		BM_CHECK_INT(summary.status, BM_IMAGE_OK);
		BM_CHECK_INT(summary.n_segments, 4);
		BM_CHECK(summary.segments[0].early && summary.segments[0].offset == 0);
		BM_CHECK_INT(summary.segments[0].entries, 4);
		BM_CHECK(!summary.segments[1].early && summary.segments[1].compression == BM_COMPRESSION_NONE);
		BM_CHECK_INT(summary.segments[1].offset, 1024);
		BM_CHECK_INT(summary.segments[2].compression, BM_COMPRESSION_GZIP);
		BM_CHECK_INT(summary.segments[3].archives, 2);
		BM_CHECK_INT(summary.segments[3].entries, 6);
		BM_CHECK_INT(summary.entries, 4 + 3 + 3 + 6);
		BM_CHECK_INT(summary.size, image.len);
		BM_CHECK_INT(summary.compressions, 1U << BM_COMPRESSION_NONE | 1U << BM_COMPRESSION_GZIP);
		bm_image_summary_done(&summary);
	}
}

/* Cut anywhere, an image is never taken for a whole one, apart from cuts in the padding behind its end. */
BM_TEST(image_tells_every_cut)
{
	_cleanup_buf_ struct bm_buf raw = {0}, packed = {0}, plain = {0};
	size_t early;

	put_early(&raw);
	early = raw.len;
	put_main(&raw);
	for (size_t len = 0; len < raw.len; len++)
		BM_CHECK(status_of(&raw, len) != BM_IMAGE_OK);
	BM_CHECK_INT(status_of(&raw, raw.len), BM_IMAGE_OK);
	BM_CHECK_INT(status_of(&raw, early), BM_IMAGE_EMPTY);
	BM_CHECK_INT(status_of(&raw, raw.len - 1), BM_IMAGE_TRUNCATED);

	put_early(&packed);
	put_main(&plain);
	put_gzip(&packed, &plain);
	for (size_t len = early + 1; len < packed.len; len++)
		BM_CHECK_INT(status_of(&packed, len), BM_IMAGE_TRUNCATED);
	BM_CHECK_INT(status_of(&packed, packed.len), BM_IMAGE_OK);
}

BM_TEST(image_without_a_trailer_is_truncated)
{
	_cleanup_buf_ struct bm_buf raw = {0}, packed = {0};

	put_dir(&raw, "bin");
	put_file(&raw, "init", 0755, "#!/bin/sh\n");
	BM_CHECK_INT(status_of(&raw, raw.len), BM_IMAGE_TRUNCATED);
	put_gzip(&packed, &raw);
	BM_CHECK_INT(status_of(&packed, packed.len), BM_IMAGE_TRUNCATED);
}

/* Whether gzip data unpacks to plain all the same. */
static bool unpacks_to(const struct bm_buf *packed, const struct bm_buf *plain)
{
	char out[4096];
	z_stream stream = {.next_in = (Bytef *)packed->data,
		.avail_in = (uInt)packed->len,
		.next_out = (Bytef *)out,
		.avail_out = sizeof(out)};
	bool same;

	BM_CHECK(plain->len < sizeof(out) && inflateInit2(&stream, 15 + 16) == Z_OK);
	same = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == plain->len &&
	       memcmp(out, plain->data, plain->len) == 0;
	inflateEnd(&stream);
	return same;
}

BM_TEST(image_with_turned_bits_is_corrupt)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0};
	unsigned int harmless = 0;

	put_main(&plain);
	put_gzip(&image, &plain);
	/* Behind the header, whose bits are not all checked. A few others change nothing: those that fill up the last
	 * byte, those of codes that are not used. */
	for (size_t at = 10; at < image.len; at++) {
		image.data[at] ^= 0x10;
		if (status_of(&image, image.len) == BM_IMAGE_OK) {
			BM_CHECK(unpacks_to(&image, &plain));
			harmless++;
		}
		image.data[at] ^= 0x10;
	}
	BM_CHECK(harmless < 10);
}

BM_TEST(image_without_files_is_empty)
{
	_cleanup_buf_ struct bm_buf zeros = {0}, early = {0}, none = {0};

	BM_CHECK_INT(status_of(&zeros, 0), BM_IMAGE_EMPTY);
	put_zeros(&zeros, 300000);
	BM_CHECK_INT(status_of(&zeros, zeros.len), BM_IMAGE_EMPTY);
	put_early(&early);
	BM_CHECK_INT(status_of(&early, early.len), BM_IMAGE_EMPTY);
	put_trailer(&none);
	BM_CHECK_INT(status_of(&none, none.len), BM_IMAGE_EMPTY);
}

static void check_foreign(const char *bytes, size_t len, enum bm_image_status status, const char *word)
{
	_cleanup_buf_ struct bm_buf image = {0};
	struct bm_image_summary summary;

	bm_buf_add(&image, bytes, len);
	put_zeros(&image, 200);
	summary = summary_of(&image, image.len, 0);
	BM_CHECK_INT(summary.status, status);
	BM_CHECK(strstr(summary.text, word));
	bm_image_summary_done(&summary);
}

BM_TEST(image_names_what_the_kernel_refuses)
{
	check_foreign("\x04\x22\x4d\x18", 4, BM_IMAGE_UNSUPPORTED, "lz4 frame");
	check_foreign("\xc7\x71", 2, BM_IMAGE_UNSUPPORTED, "old binary format");
	check_foreign("070707", 6, BM_IMAGE_UNSUPPORTED, "odc format");
	check_foreign("MZ\x90", 3, BM_IMAGE_UNSUPPORTED, "EFI program");
	check_foreign("hello", 5, BM_IMAGE_CORRUPT, "68 65 6c 6c");
}

BM_TEST(image_of_the_odc_format_is_refused)
{
	_cleanup_buf_ struct bm_buf image = {0};

	put_main(&image);
	memcpy(image.data, "070707", 6);
	BM_CHECK_INT(status_of(&image, image.len), BM_IMAGE_UNSUPPORTED);
}

BM_TEST(image_with_garbage_behind_is_corrupt_there)
{
	_cleanup_buf_ struct bm_buf image = {0};
	struct bm_image_summary summary;
	size_t end;

	put_main(&image);
	end = image.len;
	bm_buf_adds(&image, "garbage");
	summary = summary_of(&image, image.len, 0);
	BM_CHECK_INT(summary.status, BM_IMAGE_CORRUPT);
	BM_CHECK_INT(summary.offset, end);
	BM_CHECK_INT(summary.n_segments, 1);
	bm_image_summary_done(&summary);
}

BM_TEST(image_garbage_inside_the_compression_is_corrupt)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0};

	put_main(&plain);
	bm_buf_adds(&plain, "gggg");
	put_gzip(&image, &plain);
	BM_CHECK_INT(status_of(&image, image.len), BM_IMAGE_CORRUPT);
}

/* An archive cut over two gzip members, as pigz -i and the like write: the kernel reads one member at a time. */
BM_TEST(image_spread_over_members_is_refused)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0};
	struct bm_buf first, second;

	put_main(&plain);
	first = (struct bm_buf){.data = plain.data, .len = 150};
	second = (struct bm_buf){.data = plain.data + 150, .len = plain.len - 150};
	put_gzip(&image, &first);
	put_gzip(&image, &second);
	BM_CHECK_INT(status_of(&image, image.len), BM_IMAGE_UNSUPPORTED);
}

BM_TEST(image_takes_a_boot_configuration)
{
	_cleanup_buf_ struct bm_buf image = {0}, plain = {0};
	const char *config = "kernel { root = /dev/vda1 }\n";
	struct bm_image_summary summary;
	uint32_t sum = 0;

	put_main(&plain);
	put_gzip(&image, &plain);
	bm_buf_adds(&image, config);
	for (size_t i = 0; config[i]; i++)
		sum += (uint8_t)config[i];
	put_number(&image, strlen(config), 4);
	put_number(&image, sum, 4);
	bm_buf_adds(&image, "#BOOTCONFIG\n");
	summary = summary_of(&image, image.len, 0);
	BM_CHECK_INT(summary.status, BM_IMAGE_OK);
	BM_CHECK_INT(summary.n_segments, 2);
	BM_CHECK(summary.segments[1].bootconfig);
	bm_image_summary_done(&summary);
	image.data[image.len - 13]++; /* its sum */
	BM_CHECK_INT(status_of(&image, image.len), BM_IMAGE_CORRUPT);
}

static ssize_t broken_read(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	(void)buf;
	(void)len;
	return -5;
}

BM_TEST(image_passes_a_read_error_on)
{
	const struct bm_image_source source = {broken_read, NULL};
	struct bm_image_summary summary;

	BM_CHECK_INT(bm_image_read(&source, NULL, &summary), -5);
}

BM_TEST(image_knows_what_a_kernel_can_unpack)
{
	const char *config = "CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\nCONFIG_RD_XZ=y";

	BM_CHECK_INT(bm_image_config_compressions(config, strlen(config)),
		1U << BM_COMPRESSION_NONE | 1U << BM_COMPRESSION_GZIP | 1U << BM_COMPRESSION_XZ);
	BM_CHECK_INT(bm_image_config_compressions("CONFIG_RD_XZ=y\n", 15), 0);
}

static void read_list(const struct bm_buf *image, struct bm_image_list *list)
{
	struct made_source made = {image->data, image->len, 1000};
	const struct bm_image_source source = {made_read, &made};
	_cleanup_image_summary_ struct bm_image_summary summary = {0};

	list->facts = true;
	BM_CHECK(bm_image_list_read(&source, list, &summary) == 0);
}

static void check_path(const struct bm_image_list *list, const char *path, const char *wanted)
{
	const struct bm_image_node *node = bm_image_list_find(list, path);
	_cleanup_free_ char *real = node ? bm_image_list_path(list, node) : NULL;

	BM_CHECK_STR(real, wanted);
}

BM_TEST(list_follows_symlinks_inside_the_image)
{
	_cleanup_image_list_ struct bm_image_list list = {0};
	_cleanup_buf_ struct bm_buf image = {0};

	put_dir(&image, "usr");
	put_dir(&image, "usr/lib");
	put_link(&image, "lib", "usr/lib");
	put_file(&image, "lib/libc.so.6", 0755, "through the symlink");
	put_link(&image, "usr/lib/libc.so", "libc.so.6");
	put_link(&image, "usr/abs", "/lib/libc.so");
	put_link(&image, "up", "usr/lib/../../../../lib/./libc.so");
	put_link(&image, "one", "two");
	put_link(&image, "two", "one");
	put_link(&image, "gone", "nowhere");
	put_trailer(&image);
	read_list(&image, &list);
	check_path(&list, "/lib/libc.so.6", "/usr/lib/libc.so.6");
	check_path(&list, "usr/abs", "/usr/lib/libc.so.6");
	check_path(&list, "//up", "/usr/lib/libc.so.6");
	check_path(&list, "one", NULL);
	check_path(&list, "gone", NULL);
	check_path(&list, "usr/lib/libc.so.6/x", NULL);
	check_path(&list, "/", "/");
	BM_CHECK_STR(bm_image_list_link(&list, bm_image_list_lfind(&list, "one")), "two");
}

BM_TEST(list_unpacks_over_what_was_there)
{
	_cleanup_image_list_ struct bm_image_list list = {0};
	_cleanup_buf_ struct bm_buf image = {0};

	put_dir(&image, "a");
	put_file(&image, "a/f", 0644, "12345");
	put_file(&image, "b", 0644, "1");
	put_dir(&image, "empty");
	put_trailer(&image);
	put_link(&image, "a", "b");	     /* a directory that is not empty stays */
	put_link(&image, "empty", "b");	     /* an empty one gives way */
	put_file(&image, "a/f", 0755, "12"); /* a file is written anew */
	put_link(&image, "b", "a");
	put_file(&image, "missing/dir", 0644, "lost");
	put_trailer(&image);
	read_list(&image, &list);
	check_path(&list, "a/f", "/a/f");
	BM_CHECK_INT(bm_image_list_body(&list, bm_image_list_find(&list, "a/f"))->size, 2);
	BM_CHECK_STR(bm_image_list_link(&list, bm_image_list_lfind(&list, "empty")), "b");
	check_path(&list, "b", "/a");
	check_path(&list, "missing/dir", NULL);
	BM_CHECK_INT(list.lost, 1);
	BM_CHECK_STR(list.first_lost, "missing/dir");
}

/* The data may come with the first name of an inode (dracut) or with the last (GNU cpio). */
BM_TEST(list_joins_hard_links)
{
	for (int last = 0; last < 2; last++) {
		_cleanup_image_list_ struct bm_image_list list = {0};
		_cleanup_buf_ struct bm_buf image = {0};

		for (int i = 0; i < 3; i++)
			put_entry(&image, (struct made_entry){.name = (const char *[]){"a", "b", "c"}[i],
						  .mode = S_IFREG | 0755,
						  .ino = 7,
						  .nlink = 3,
						  .data = i == (last ? 2 : 0) ? "#!/bin/x\n" : NULL});
		put_trailer(&image);
		put_entry(&image,
			(struct made_entry){.name = "d", .mode = S_IFREG | 0755, .ino = 7, .nlink = 3, .data = "1"});
		put_trailer(&image);
		read_list(&image, &list);
		for (int i = 0; i < 3; i++) {
			const struct bm_image_node *node =
				bm_image_list_find(&list, (const char *[]){"a", "b", "c"}[i]);

			BM_CHECK_INT(bm_image_list_body(&list, node)->size, 9);
			BM_CHECK_STR(bm_image_list_body(&list, node)->elf->interpreter, "/bin/x");
		}
		BM_CHECK_INT(bm_image_list_body(&list, bm_image_list_find(&list, "d"))->size, 1);
	}
}

BM_TEST(list_finds_kernels_modules_and_the_generator)
{
	_cleanup_image_list_ struct bm_image_list list = {0};
	_cleanup_buf_ struct bm_buf image = {0};
	const char *const dirs[] = {"usr", "usr/lib", "usr/lib/modules", "usr/lib/modules/5.14.0-9.el9.x86_64",
		"usr/lib/modules/5.14.0-10.el9.x86_64", "usr/lib/modules/5.14.0-10.el9.x86_64/kernel", "usr/lib/dracut",
		"etc", "usr/lib/modules/5.14.0-10.el9.x86_64/weak-updates"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(dirs); i++)
		put_dir(&image, dirs[i]);
	put_link(&image, "lib", "usr/lib");
	put_file(&image, "lib/modules/5.14.0-10.el9.x86_64/kernel/virtio-blk.ko.xz", 0644, "module");
	put_file(&image, "lib/modules/5.14.0-10.el9.x86_64/kernel/empty.ko", 0644, "");
	put_file(&image, "lib/modules/5.14.0-9.el9.x86_64/my.ko.zst", 0644, "module");
	put_link(&image, "lib/modules/5.14.0-10.el9.x86_64/weak-updates/my.ko.zst",
		"/lib/modules/5.14.0-9.el9.x86_64/my.ko.zst");
	put_index(&image, "lib/modules/5.14.0-10.el9.x86_64/modules.dep.bin", false);
	put_index(&image, "lib/modules/5.14.0-9.el9.x86_64/modules.alias.bin", true);
	put_file(&image, "lib/modules/5.14.0-9.el9.x86_64/modules.dep.bin", 0644, "no index");
	put_file(&image, "lib/modules/5.14.0-9.el9.x86_64/modules.alias", 0644, "# Aliases\n");
	put_file(&image, "usr/lib/dracut/dracut-057-44.git20230822.el9", 0644, "");
	put_file(&image, "etc/initrd-release", 0644, "NAME=x\nPRETTY_NAME=\"Red Hat 9\"\n");
	put_trailer(&image);
	read_list(&image, &list);
	BM_CHECK_INT(list.n_versions, 2);
	BM_CHECK_STR(list.versions[0].version, "5.14.0-10.el9.x86_64");
	BM_CHECK(list.versions[0].indexes == BM_IMAGE_DEP_BIN && list.versions[1].indexes == BM_IMAGE_ALIAS);
	BM_CHECK(bm_image_list_module(&list, "5.14.0-10.el9.x86_64", "virtio_blk"));
	BM_CHECK(bm_image_list_module(&list, "5.14.0-10.el9.x86_64", "virtio-blk"));
	BM_CHECK(bm_image_list_module(&list, "5.14.0-10.el9.x86_64", "my"));
	BM_CHECK(!bm_image_list_module(&list, "5.14.0-10.el9.x86_64", "empty"));
	BM_CHECK(!bm_image_list_module(&list, "5.14.0-9.el9.x86_64", "virtio_blk"));
	BM_CHECK(!bm_image_list_module(&list, "6.0", "virtio_blk"));
	BM_CHECK_STR(list.generator, "dracut 057-44.git20230822.el9");
	BM_CHECK_STR(list.os, "Red Hat 9");
}

BM_TEST(list_stops_at_its_limits)
{
	_cleanup_image_list_ struct bm_image_list list = {0};
	_cleanup_buf_ struct bm_buf image = {0};
	char name[32];

	for (int i = 0; i < BM_IMAGE_LIST_NODES + 10; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_file(&image, name, 0644, "");
	}
	put_trailer(&image);
	read_list(&image, &list);
	BM_CHECK(list.incomplete);
	BM_CHECK(list.n_nodes <= BM_IMAGE_LIST_NODES);
	check_path(&list, "5", "/5");
}

static const struct bm_image_module_facts *module_facts(const struct bm_image_list *list, const char *name)
{
	return bm_image_list_module_facts(list, "6.1.0", name);
}

/* Modules as they are, compressed, cut, and not to be looked into. */
BM_TEST(list_looks_into_modules)
{
	_cleanup_strv_ struct bm_strv inspect = {0};
	_cleanup_image_list_ struct bm_image_list list = {.facts = true, .inspect = &inspect};
	_cleanup_buf_ struct bm_buf image = {0}, module = {0}, zip = {0};
	const struct bm_image_module_facts *facts;

	BM_CHECK_INT(bm_strv_split(&inspect, "cut many plain zip", " "), 0);
	make_module(&module, "6.1.0 SMP ");
	put_gzip(&zip, &module);
	put_dir(&image, "lib");
	put_dir(&image, "lib/modules");
	put_dir(&image, "lib/modules/6.1.0");
	put_module(&image, "lib/modules/6.1.0/plain.ko", "6.1.0 SMP ");
	put_module(&image, "lib/modules/6.1.0/other.ko", "6.1.0 SMP ");
	put_entry(&image, (struct made_entry){.name = "lib/modules/6.1.0/zip.ko.gz",
				  .mode = S_IFREG | 0644,
				  .data = zip.data,
				  .len = zip.len});
	put_entry(&image, (struct made_entry){.name = "lib/modules/6.1.0/cut.ko.gz",
				  .mode = S_IFREG | 0644,
				  .data = zip.data,
				  .len = zip.len - 9});
	put_file(&image, "lib/modules/6.1.0/many.ko", 0644, "tiny");
	put_trailer(&image);
	read_list(&image, &list);
	facts = module_facts(&list, "plain");
	BM_CHECK(facts && facts->file.whole && facts->compression == BM_COMPRESSION_NONE && !facts->damaged);
	BM_CHECK_STR(facts->file.vermagic, "6.1.0 SMP ");
	facts = module_facts(&list, "zip");
	BM_CHECK(facts && facts->file.whole && facts->compression == BM_COMPRESSION_GZIP && !facts->damaged);
	facts = module_facts(&list, "cut");
	BM_CHECK(facts && facts->damaged);
	facts = module_facts(&list, "many");
	BM_CHECK(facts && !facts->file.elf && !facts->damaged);
	BM_CHECK(!module_facts(&list, "other") && !module_facts(&list, "gone"));
}
