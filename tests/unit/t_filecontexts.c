/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fmt/etc/filecontexts.h"
#include "harness.h"

static const char policy[] = "# a policy as Fedora has it, shortened\n"
			     "/.*\tsystem_u:object_r:default_t:s0\n"
			     "/[^/]+\t--\tsystem_u:object_r:etc_runtime_t:s0\n"
			     "/boot/.*\tsystem_u:object_r:boot_t:s0\n"
			     "/etc/.*\tsystem_u:object_r:etc_t:s0\n"
			     "/var/.*\tsystem_u:object_r:var_t:s0\n"
			     "/var/lib(/.*)?\tsystem_u:object_r:var_lib_t:s0\n"
			     "/var/log/.*\tsystem_u:object_r:var_log_t:s0\n"
			     "/usr/(.*/)?lib(/.*)?\tsystem_u:object_r:lib_t:s0\n"
			     "/usr/lib/modules(/.*)?\tsystem_u:object_r:modules_object_t:s0\n"
			     "/usr/lib/modules/[^/]+/modules\\..+\t--\tsystem_u:object_r:modules_dep_t:s0\n"
			     "/boot/lost\\+found\t-d\tsystem_u:object_r:lost_found_t:s0\n"
			     "/boot/lost\\+found/.*\t\t<<none>>\n"
			     "/etc/fstab\\.[^/]*\t--\tsystem_u:object_r:etc_runtime_t:s0\n"
			     "/etc/fstab\t--\tsystem_u:object_r:etc_t:s0:c1\n"
			     "/vmlinuz.*|/initrd\\.img.*\t-l\tsystem_u:object_r:boot_t:s0\n"
			     "/etc/(?=look)x\tsystem_u:object_r:never_t:s0\n"
			     "no label here\n"
			     "/broken -x system_u:object_r:x_t:s0\n";

static const char *label(const struct bm_filecontexts *contexts, const char *path, enum bm_filecontexts_type type)
{
	const char *found = NULL;
	int r = bm_filecontexts_find(contexts, path, type, &found);

	BM_CHECK(r == 0 || r == -ENOENT);
	return r == 0 ? strchr(strchr(found, ':') + 1, ':') + 1 : "none";
}

BM_TEST(filecontexts_finds_labels)
{
	_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};
	static const struct {
		const char *path;
		enum bm_filecontexts_type type;
		const char *label;
	} rows[] = {
		{"/boot/initramfs-5.14.0-427.el9.x86_64.img", BM_FILECONTEXTS_REGULAR, "boot_t:s0"},
		{"/etc/fstab", BM_FILECONTEXTS_REGULAR, "etc_t:s0:c1"},
		{"/etc/fstab.bootmend-new", BM_FILECONTEXTS_REGULAR, "etc_runtime_t:s0"},
		{"/etc/fstab", BM_FILECONTEXTS_DIR, "etc_t:s0"},
		{"/etc/x", BM_FILECONTEXTS_REGULAR, "etc_t:s0"},
		{"/var/lib/bootmend", BM_FILECONTEXTS_DIR, "var_lib_t:s0"},
		{"/var/lib", BM_FILECONTEXTS_DIR, "var_lib_t:s0"},
		{"/var/library", BM_FILECONTEXTS_DIR, "var_t:s0"},
		{"/var/log/bootmend/a.json", BM_FILECONTEXTS_REGULAR, "var_log_t:s0"},
		{"/usr/lib/modules/5.14/modules.dep", BM_FILECONTEXTS_REGULAR, "modules_dep_t:s0"},
		{"/usr/lib/modules/5.14/modules.dep", BM_FILECONTEXTS_LINK, "modules_object_t:s0"},
		{"/usr/local/lib/x", BM_FILECONTEXTS_REGULAR, "lib_t:s0"},
		{"/boot/lost+found", BM_FILECONTEXTS_DIR, "lost_found_t:s0"},
		{"/boot/lost+found/x", BM_FILECONTEXTS_REGULAR, "none"},
		{"/initrd.img.old", BM_FILECONTEXTS_LINK, "boot_t:s0"},
		{"/initrd.img.old", BM_FILECONTEXTS_REGULAR, "etc_runtime_t:s0"},
		{"relative", BM_FILECONTEXTS_REGULAR, "none"},
	};

	BM_CHECK_INT(bm_filecontexts_parse(&contexts, policy, strlen(policy)), 0);
	BM_CHECK_INT(contexts.skipped, 2);
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++)
		BM_CHECK_STR(label(&contexts, rows[i].path, rows[i].type), rows[i].label);
}

/* What is read later counts more, and a plain path more than any expression. */
BM_TEST(filecontexts_has_an_order)
{
	_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};
	static const char local[] = "/boot/.*\tuser_u:object_r:local_t:s0\n";
	static const char plain[] = "/boot/x\\.img\tu:r:plain_t\n/boot/.*\tu:r:wide_t\n";

	BM_CHECK_INT(bm_filecontexts_parse(&contexts, policy, strlen(policy)), 0);
	BM_CHECK_INT(bm_filecontexts_parse(&contexts, plain, strlen(plain)), 0);
	BM_CHECK_STR(label(&contexts, "/boot/y.img", BM_FILECONTEXTS_REGULAR), "wide_t");
	BM_CHECK_INT(bm_filecontexts_parse(&contexts, local, strlen(local)), 0);
	BM_CHECK_STR(label(&contexts, "/boot/y.img", BM_FILECONTEXTS_REGULAR), "local_t:s0");
	/* "\." makes it an expression for libselinux's meaning of meta characters: not, the dot is escaped. */
	BM_CHECK_STR(label(&contexts, "/boot/x.img", BM_FILECONTEXTS_REGULAR), "plain_t");
	BM_CHECK_STR(label(&contexts, "/boot/xyimg", BM_FILECONTEXTS_REGULAR), "local_t:s0");
}

BM_TEST(filecontexts_substitutes)
{
	_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};
	static const char dist[] = "/lib /usr/lib\n/run /var/run\n# x\n/a b c\n/sysroot /\n",
			  own[] = "/srv/boot /boot\n/x /run\n";

	BM_CHECK_INT(bm_filecontexts_parse(&contexts, policy, strlen(policy)), 0);
	BM_CHECK_INT(bm_filecontexts_parse_subs(&contexts, dist, strlen(dist), true), 0);
	BM_CHECK_INT(bm_filecontexts_parse_subs(&contexts, own, strlen(own), false), 0);
	BM_CHECK_STR(label(&contexts, "/lib/modules/6/a.ko", BM_FILECONTEXTS_REGULAR), "modules_object_t:s0");
	BM_CHECK_STR(label(&contexts, "/library", BM_FILECONTEXTS_DIR), "default_t:s0");
	BM_CHECK_STR(label(&contexts, "/srv/boot/a", BM_FILECONTEXTS_REGULAR), "boot_t:s0");
	/* one list after the other */
	BM_CHECK_STR(label(&contexts, "/x/y", BM_FILECONTEXTS_REGULAR), "var_t:s0");
	BM_CHECK_STR(label(&contexts, "/sysroot/etc/fstab", BM_FILECONTEXTS_REGULAR), "etc_t:s0:c1");
}

BM_TEST(filecontexts_is_hostile_proof)
{
	static const char *const labels[] = {
		"a", "a:b", "a:b:", ":a:b:c", "a::b:c", "a:b:c d", "a:b:c\n", "a:b:\xc3", ""};
	_cleanup_buf_ struct bm_buf many = {0};

	for (size_t cut = 0; cut < sizeof(policy); cut++) {
		_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};

		BM_CHECK_INT(bm_filecontexts_parse(&contexts, policy, cut), 0);
		label(&contexts, "/boot/x", BM_FILECONTEXTS_REGULAR);
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(labels); i++)
		BM_CHECK(!bm_filecontexts_is_label(labels[i]));
	BM_CHECK(bm_filecontexts_is_label("system_u:object_r:boot_t:s0-s0:c0.c1023"));
	for (size_t i = 0; i <= BM_FILECONTEXTS_LINES_MAX; i++)
		bm_buf_adds(&many, "/x a:b:c\r\n");
	{
		_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};

		BM_CHECK_INT(bm_filecontexts_parse(&contexts, many.data, many.len), -EFBIG);
		BM_CHECK_INT(bm_filecontexts_parse(&contexts, "", (size_t)BM_FILECONTEXTS_SIZE_MAX + 1), -EFBIG);
	}
	{
		_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};

		BM_CHECK_INT(bm_filecontexts_parse(&contexts, many.data, many.len - 10), 0);
		BM_CHECK_INT(contexts.n_specs, BM_FILECONTEXTS_LINES_MAX);
		BM_CHECK_STR(label(&contexts, "/x", BM_FILECONTEXTS_REGULAR), "c");
	}
}
