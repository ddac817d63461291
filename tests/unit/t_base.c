/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/vec.h"

/* --- buf --- */

BM_TEST(buf_empty_is_a_text)
{
	struct bm_buf buf = {0};
	char *text;

	BM_CHECK_STR(bm_buf_text(&buf), "");
	text = bm_buf_steal(&buf);
	BM_CHECK_STR(text, "");
	free(text);
	bm_buf_done(&buf);
}

BM_TEST(buf_grows_and_keeps_its_nul)
{
	struct bm_buf buf = {0};
	char *text;

	for (int i = 0; i < 10000; i++)
		BM_CHECK_INT(bm_buf_addc(&buf, (char)('a' + i % 26)), 0);
	BM_CHECK_INT(buf.len, 10000);
	BM_CHECK_INT(strlen(buf.data), 10000);
	BM_CHECK_INT(bm_buf_add(&buf, "x\0y", 3), 0);
	BM_CHECK_INT(buf.len, 10003);
	BM_CHECK_INT(buf.data[10003], 0);
	BM_CHECK_INT(bm_buf_addf(&buf, "%0500d|%s", 7, "end"), 0);
	BM_CHECK_INT(buf.len, 10507);
	BM_CHECK_STR(buf.data + 10503, "|end");
	text = bm_buf_steal(&buf);
	BM_CHECK(text && !buf.data && buf.len == 0 && buf.capacity == 0);
	free(text);
	BM_CHECK_INT(bm_buf_adds(&buf, "again"), 0);
	BM_CHECK_STR(bm_buf_text(&buf), "again");
	bm_buf_done(&buf);
}

BM_TEST(buf_refuses_sizes_that_wrap)
{
	struct bm_buf buf = {0};

	BM_CHECK_INT(bm_buf_adds(&buf, "abc"), 0);
	BM_CHECK_INT(bm_buf_reserve(&buf, SIZE_MAX), -ENOMEM);
	BM_CHECK(buf.failed);
	BM_CHECK_STR(bm_buf_text(&buf), "abc");
	BM_CHECK(bm_buf_steal(&buf) == NULL);
	BM_CHECK(!buf.failed && !buf.data);
}

/* --- strv and vec --- */

BM_TEST(strv_add_sort_join_split)
{
	struct bm_strv list = {0};
	char *text;

	text = bm_strv_join(&list, ", ");
	BM_CHECK_STR(text, "");
	free(text);
	BM_CHECK_INT(bm_strv_split(&list, "  c,,a b , ", " ,"), 0);
	BM_CHECK_INT(list.n, 3);
	BM_CHECK_INT(bm_strv_addn(&list, "abcdef", 3), 0);
	BM_CHECK_INT(bm_strv_addf(&list, "%d", 42), 0);
	BM_CHECK_INT(bm_strv_add_once(&list, "42"), 0);
	BM_CHECK_INT(list.n, 5);
	BM_CHECK(bm_strv_has(&list, "abc") && !bm_strv_has(&list, "ab"));
	bm_strv_sort(&list);
	text = bm_strv_join(&list, "|");
	BM_CHECK_STR(text, "42|a|abc|b|c");
	free(text);
	bm_strv_done(&list);
	BM_CHECK(list.n == 0 && !list.items);
	BM_CHECK_INT(bm_strv_split(&list, "", " "), 0);
	BM_CHECK_INT(list.n, 0);
	bm_strv_sort(&list);
}

BM_TEST(vec_elements_are_zeroed)
{
	struct thing {
		int a;
		char *b;
	} *things = NULL;
	size_t n = 0, capacity = 0;

	for (int i = 0; i < 1000; i++) {
		struct thing *thing = BM_VEC_PUSH(things, n, capacity);

		BM_CHECK(thing && thing == &things[i] && thing->a == 0 && !thing->b);
		thing->a = -1;
		thing->b = (char *)thing;
	}
	BM_CHECK_INT(n, 1000);
	BM_CHECK(capacity >= n);
	free(things);
}

/* --- str --- */

BM_TEST(str_equality_and_ends)
{
	char spaces[] = " \t a b \r\n", empty[] = "  ", *text = NULL;

	BM_CHECK(bm_streq(NULL, NULL) && !bm_streq(NULL, "") && !bm_streq("", NULL) && bm_streq("a", "a"));
	BM_CHECK(bm_strcaseeq("aZ", "Az") && !bm_strcaseeq("a", "ab") && !bm_strcaseeq(NULL, "a"));
	BM_CHECK(bm_str_starts("abc", "ab") && bm_str_starts("abc", "") && !bm_str_starts("a", "ab"));
	BM_CHECK(bm_str_ends("abc", "bc") && bm_str_ends("abc", "") && !bm_str_ends("c", "bc"));
	BM_CHECK_STR(bm_str_after("UUID=x", "UUID="), "x");
	BM_CHECK(!bm_str_after("UUI", "UUID="));
	BM_CHECK_STR(bm_str_strip(spaces), "a b");
	BM_CHECK_STR(bm_str_strip(empty), "");
	BM_CHECK_INT(bm_str_set(&text, "one"), 0);
	BM_CHECK_INT(bm_str_set(&text, text + 1), 0);
	BM_CHECK_STR(text, "ne");
	BM_CHECK_INT(bm_str_set(&text, NULL), 0);
	BM_CHECK(!text);
}

BM_TEST(num_is_strict)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "a", "\t1", "1\n", "--"};
	uint64_t value = 77;

	for (size_t i = 0; i < BM_ARRAY_SIZE(bad); i++)
		BM_CHECK_INT(bm_num_u64(bad[i], &value), -EINVAL);
	BM_CHECK_INT(bm_num_u64("18446744073709551616", &value), -ERANGE);
	BM_CHECK_INT(bm_num_u64("99999999999999999999999", &value), -ERANGE);
	BM_CHECK_INT(value, 77);
	BM_CHECK_INT(bm_num_u64("18446744073709551615", &value), 0);
	BM_CHECK(value == UINT64_MAX);
	BM_CHECK_INT(bm_num_u64("007", &value), 0);
	BM_CHECK_INT(value, 7);
	BM_CHECK_INT(bm_num_base("fFz", 2, 16, &value), 0);
	BM_CHECK_INT(value, 255);
	BM_CHECK_INT(bm_num_base("fg", 2, 16, &value), -EINVAL);
	BM_CHECK_INT(bm_num_base("779", 2, 8, &value), 0);
	BM_CHECK_INT(value, 63);
	BM_CHECK_INT(bm_num_base("8", 1, 8, &value), -EINVAL);
	BM_CHECK_INT(bm_num_base("10000000000000000", 17, 16, &value), -ERANGE);
	BM_CHECK_INT(bm_num_base("1", 0, 10, &value), -EINVAL);
}

BM_TEST(version_order)
{
	static const char *const sorted[] = {
		"2.6.18-8.el5",
		"2.6.32-71.el6",
		"2.6.32-754.el6",
		"3.10.0-1160.el7.x86_64",
		"4.18.0-80.el8.x86_64",
		"6.1~rc1",
		"6.1",
		"6.1.0-9-amd64",
		"6.1.0-10-amd64",
		"6.1.0-10-cloud-amd64",
		"6.1.0-56-amd64",
		"6.9",
		"6.10",
		"6.10.0",
		"10",
		"99999999999999999999998",
		"99999999999999999999999",
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(sorted); i++)
		for (size_t k = 0; k < BM_ARRAY_SIZE(sorted); k++) {
			int order = bm_version_cmp(sorted[i], sorted[k]);

			BM_CHECK(i < k ? order < 0 : i > k ? order > 0 : order == 0);
		}
	BM_CHECK_INT(bm_version_cmp("", ""), 0);
	BM_CHECK(bm_version_cmp("", "0") < 0);
	BM_CHECK(bm_version_cmp("1.a", "1.1") > 0);
	BM_CHECK(bm_version_cmp("1\xff", "1a") > 0);
	BM_CHECK_INT(bm_version_cmp("1.01", "1.1"), 0);
}

static void check_join(const char *dir, const char *name, const char *expected)
{
	char *path = bm_path_join(dir, name);

	BM_CHECK_STR(path, expected);
	free(path);
}

static void check_dir(const char *path, const char *expected)
{
	char *dir = bm_path_dir(path);

	BM_CHECK_STR(dir, expected);
	free(dir);
}

BM_TEST(paths)
{
	check_join("/boot", "vmlinuz", "/boot/vmlinuz");
	check_join("/boot/", "/vmlinuz", "/boot/vmlinuz");
	check_join("/boot//", "//a/b//", "/boot/a/b");
	check_join("/", "etc/", "/etc");
	check_join("", "etc", "/etc");
	check_join("/boot/", "", "/boot");
	check_join("/", "/", "/");
	check_join("", "", "/");
	check_join("rel", "x", "rel/x");
	check_dir("/boot/vmlinuz", "/boot");
	check_dir("/boot//vmlinuz", "/boot");
	check_dir("/vmlinuz", "/");
	check_dir("//vmlinuz", "/");
	check_dir("vmlinuz", ".");
	check_dir("/", "/");
	BM_CHECK_STR(bm_path_base("/boot/vmlinuz"), "vmlinuz");
	BM_CHECK_STR(bm_path_base("vmlinuz"), "vmlinuz");
	BM_CHECK_STR(bm_path_base("/boot/"), "");
	BM_CHECK(bm_path_below("/boot/efi", "/boot") && bm_path_below("/boot", "/boot/") && bm_path_below("/a", "/"));
	BM_CHECK(bm_path_below("/", "/"));
	BM_CHECK(!bm_path_below("/bootx", "/boot") && !bm_path_below("/", "/boot") && !bm_path_below("/boo", "/boot"));
}

static void check_size(uint64_t bytes, const char *expected)
{
	char *text = bm_size_text(bytes);

	BM_CHECK_STR(text, expected);
	free(text);
}

BM_TEST(sizes_as_people_write_them)
{
	check_size(0, "0 B");
	check_size(1023, "1023 B");
	check_size(1024, "1.0 KiB");
	check_size(1536, "1.5 KiB");
	check_size(BM_MIB - 1, "1.0 MiB");
	check_size(61 * BM_MIB + 300 * BM_KIB, "61.3 MiB");
	check_size(2 * BM_GIB, "2.0 GiB");
	check_size(UINT64_MAX, "16.0 EiB");
}

static void check_safe(const char *text, const char *expected)
{
	char *safe = bm_str_safe(text);

	BM_CHECK_STR(safe, expected);
	free(safe);
}

BM_TEST(safe_text_has_nothing_for_a_terminal)
{
	check_safe("", "");
	check_safe("plain ~ text", "plain ~ text");
	check_safe("a\x1b[2Jb\n\r\t\x7f", "a\\x1b[2Jb\\x0a\\x0d\\x09\\x7f");
	check_safe("gr\xc3\xbc\xc3\x9f e\xe2\x82\xac \xf0\x9f\x90\xa7",
		"gr\xc3\xbc\xc3\x9f e\xe2\x82\xac \xf0\x9f\x90\xa7");
	check_safe("\xff\xfe", "\\xff\\xfe");
	check_safe("cut \xe2\x82", "cut \\xe2\\x82");
	check_safe("\x80x", "\\x80x");
	/* C1: CSI in one character */
	check_safe("\xc2\x9b"
		   "2J",
		"\\xc2\\x9b2J");
	check_safe("\xc2\xa0", "\xc2\xa0");
	/* overlong forms, surrogates, beyond U+10FFFF */
	check_safe("\xc0\xaf", "\\xc0\\xaf");
	check_safe("\xe0\x80\x9b", "\\xe0\\x80\\x9b");
	check_safe("\xed\xa0\x80", "\\xed\\xa0\\x80");
	check_safe("\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b");
	check_safe("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

/* --- err --- */

BM_TEST(err_keeps_one_line)
{
	bm_err_clear();
	BM_CHECK_STR(bm_err_text(-ENOENT), strerror(ENOENT));
	BM_CHECK_INT(bm_err(-EIO, "reading %s", "x"), -EIO);
	BM_CHECK(strstr(bm_err_text(-EIO), "reading x: ") == bm_err_text(-EIO));
	BM_CHECK_STR(bm_err_text(-ENOENT), strerror(ENOENT));
	BM_CHECK_INT(bm_err_within(-EIO, "system %d", 2), -EIO);
	BM_CHECK(strstr(bm_err_text(-EIO), "system 2: reading x: ") == bm_err_text(-EIO));
	BM_CHECK_INT(bm_err_within(-EPERM, "other"), -EPERM);
	BM_CHECK(!strstr(bm_err_text(-EPERM), "reading"));
	bm_err(-EIO, "%02000d", 1);
	BM_CHECK(strlen(bm_err_text(-EIO)) < 1200);
	bm_err_clear();
	BM_CHECK_STR(bm_err_text(-EIO), strerror(EIO));
}

/* --- json --- */

BM_TEST(json_layout)
{
	struct bm_buf buf = {0};
	struct bm_json json;

	bm_json_init(&json, &buf);
	bm_json_object(&json, NULL);
	bm_json_str(&json, "name", "x");
	bm_json_str(&json, "none", NULL);
	bm_json_strf(&json, "n", "%d%%", 5);
	bm_json_u64(&json, "big", UINT64_MAX);
	bm_json_int(&json, "small", INT64_MIN);
	bm_json_array(&json, "list");
	bm_json_bool(&json, NULL, true);
	bm_json_object(&json, NULL);
	bm_json_end(&json);
	bm_json_end(&json);
	bm_json_array(&json, "empty");
	bm_json_end(&json);
	bm_json_end(&json);
	BM_CHECK_STR(bm_buf_text(&buf), "{\n"
					"  \"name\": \"x\",\n"
					"  \"none\": null,\n"
					"  \"n\": \"5%\",\n"
					"  \"big\": 18446744073709551615,\n"
					"  \"small\": -9223372036854775808,\n"
					"  \"list\": [\n"
					"    true,\n"
					"    {}\n"
					"  ],\n"
					"  \"empty\": []\n"
					"}\n");
	BM_CHECK_INT(json.depth, 0);
	bm_buf_done(&buf);
}

static void check_json(const char *text, const char *expected)
{
	struct bm_buf buf = {0};
	struct bm_json json;

	bm_json_init(&json, &buf);
	bm_json_str(&json, NULL, text);
	BM_CHECK_STR(bm_buf_text(&buf), expected);
	bm_buf_done(&buf);
}

BM_TEST(json_strings_are_always_valid)
{
	check_json("", "\"\"");
	check_json("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	check_json("\b\f\n\r\t\x01\x1f\x7f", "\"\\u0008\\u000c\\n\\u000d\\t\\u0001\\u001f\\u007f\"");
	check_json("\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7", "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xa7\"");
	check_json("\xff", "\"\xef\xbf\xbd\"");
	check_json("\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	check_json("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_json("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_json("\xf5x", "\"\xef\xbf\xbdx\"");
	check_json("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* --- sha256: the vectors of FIPS 180-4's examples --- */

static void check_sha256(const void *bytes, size_t len, size_t piece, const char *expected)
{
	char text[BM_SHA256_TEXT];
	struct bm_sha256 hash;

	bm_sha256_init(&hash);
	for (size_t at = 0; at < len; at += piece)
		bm_sha256_add(&hash, (const char *)bytes + at, BM_MIN(piece, len - at));
	bm_sha256_end(&hash, text);
	BM_CHECK_STR(text, expected);
}

BM_TEST(sha256_vectors)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static char million[1000000];

	check_sha256("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256(two_blocks, strlen(two_blocks), 100,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	for (size_t piece = 1; piece <= sizeof(million); piece = piece * 7 + 6)
		check_sha256(million, sizeof(million), piece,
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BM_TEST(sha256_around_the_block_size)
{
	/* 'a' times 55, 56, 63, 64, 65, 119, 120: where the padding takes another block. */
	static const struct {
		size_t len;
		const char *expected;
	} cases[] = {
		{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
		{56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
		{63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
		{64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
		{65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
		{119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
		{120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
	};
	char bytes[128];

	memset(bytes, 'a', sizeof(bytes));
	for (size_t i = 0; i < BM_ARRAY_SIZE(cases); i++)
		for (size_t piece = 1; piece <= cases[i].len; piece += 9)
			check_sha256(bytes, cases[i].len, piece, cases[i].expected);
}
