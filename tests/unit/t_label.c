/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apply/label.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/tmp.h"
#include "harness.h"

#define FILES "etc/selinux/targeted/contexts/files"

static const char policy[] = "/.*\tsystem_u:object_r:default_t:s0\n"
			     "/boot/.*\tsystem_u:object_r:boot_t:s0\n"
			     "/etc/.*\tsystem_u:object_r:etc_t:s0\n"
			     "/var/lib(/.*)?\tsystem_u:object_r:var_lib_t:s0\n"
			     "/usr/lib/.*\tsystem_u:object_r:lib_t:s0\n"
			     "/none\t<<none>>\n";

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = bm_path_join(dir, name), *parent = bm_path_dir(path);

	BM_CHECK_INT(bm_dir_make(parent, 0755), 0);
	BM_CHECK_INT(bm_file_write(path, text, strlen(text), 0644), 0);
}

/* A system with a policy; skips where security.* can't be set here. */
static char *make_system(const char *config)
{
	_cleanup_free_ char *probe = NULL;
	char *top = NULL;

	BM_CHECK_INT(bm_tmp_dir("label", &top), 0);
	put(top, "boot/x.img", "x");
	put(top, "boot/x.img.bootmend-new", "x");
	put(top, "etc/fstab", "");
	put(top, "var/lib/bootmend/journal", "");
	put(top, "usr/lib/os", "");
	put(top, "none", "");
	put(top, FILES "/file_contexts", policy);
	put(top, "etc/selinux/config", config);
	probe = bm_path_join(top, "boot/x.img");
	if (setxattr(probe, "security.selinux", "a:b:c", 6, 0) < 0) {
		bm_tmp_removep(&top);
		BM_SKIP("security attributes can't be set here");
	}
	BM_CHECK_INT(removexattr(probe, "security.selinux"), 0);
	return top;
}

/* What is set on it, with its NUL; "" for none. */
static const char *label(const char *dir, const char *name)
{
	static char value[256];
	_cleanup_free_ char *path = bm_path_join(dir, name);
	ssize_t len = lgetxattr(path, "security.selinux", value, sizeof(value) - 1);

	value[len > 0 ? len : 0] = '\0';
	if (len > 0)
		BM_CHECK_INT((ssize_t)strlen(value) + 1, len);
	return value;
}

BM_TEST(label_comes_from_the_file_or_the_policy)
{
	char *top = make_system("# x\nSELINUX=enforcing\nSELINUXTYPE=targeted \n");
	_cleanup_root_ struct bm_root *root = NULL;
	_cleanup_free_ char *link = bm_path_join(top, "lib"), *image = bm_path_join(top, "boot/x.img");

	BM_CHECK_INT(symlink("usr/lib", link), 0);
	BM_CHECK_INT(bm_root_open(top, &root), 0);
	/* none to copy: the policy's, for the name that it will have */
	BM_CHECK_INT(bm_label_apply(root, "/etc/fstab", NULL), 0);
	BM_CHECK_STR(label(top, "etc/fstab"), "system_u:object_r:etc_t:s0");
	BM_CHECK_INT(bm_label_apply(root, "/boot/x.img.bootmend-new", "/boot/x.img"), 0);
	BM_CHECK_STR(label(top, "boot/x.img.bootmend-new"), "system_u:object_r:boot_t:s0");
	BM_CHECK_INT(bm_label_apply_as(root, "/boot/x.img.bootmend-new", "/gone", "/etc/fstab"), 0);
	BM_CHECK_STR(label(top, "boot/x.img.bootmend-new"), "system_u:object_r:etc_t:s0");
	/* the replaced file's own counts more than the policy */
	BM_CHECK_INT(setxattr(image, "security.selinux", "u:r:own_t:s0", 13, 0), 0);
	BM_CHECK_INT(bm_label_apply(root, "/boot/x.img.bootmend-new", "/boot/x.img"), 0);
	BM_CHECK_STR(label(top, "boot/x.img.bootmend-new"), "u:r:own_t:s0");
	/* one that can't be a label does not */
	BM_CHECK_INT(setxattr(image, "security.selinux", "junk", 4, 0), 0);
	BM_CHECK_INT(bm_label_apply(root, "/boot/x.img.bootmend-new", "/boot/x.img"), 0);
	BM_CHECK_STR(label(top, "boot/x.img.bootmend-new"), "system_u:object_r:boot_t:s0");
	/* folders, and links themselves */
	BM_CHECK_INT(bm_label_apply(root, "/var/lib/bootmend", NULL), 0);
	BM_CHECK_STR(label(top, "var/lib/bootmend"), "system_u:object_r:var_lib_t:s0");
	BM_CHECK_INT(bm_label_apply(root, "/lib", NULL), 0);
	BM_CHECK_STR(label(top, "lib"), "system_u:object_r:default_t:s0");
	BM_CHECK_STR(label(top, "usr/lib"), "");
	/* the policy knows plain paths only */
	BM_CHECK_INT(bm_label_apply(root, "/lib/os", NULL), 0);
	BM_CHECK_STR(label(top, "usr/lib/os"), "system_u:object_r:lib_t:s0");
	BM_CHECK_INT(bm_label_apply(root, "/none", NULL), 0);
	BM_CHECK_STR(label(top, "none"), "");
	BM_CHECK_INT(bm_label_apply(root, "/missing", NULL), -ENOENT);
	bm_tmp_removep(&top);
}

BM_TEST(label_local_and_substitutions_count)
{
	char *top = make_system("SELINUX=permissive\n");
	_cleanup_root_ struct bm_root *root = NULL;

	put(top, FILES "/file_contexts.local", "/etc/fst.*\tu:r:local_t:s0\n");
	put(top, FILES "/file_contexts.subs_dist", "/none /boot\n");
	put(top, FILES "/file_contexts.subs", "/boot /var/lib\n");
	BM_CHECK_INT(bm_root_open(top, &root), 0);
	BM_CHECK_INT(bm_label_apply(root, "etc/fstab", NULL), 0);
	BM_CHECK_STR(label(top, "etc/fstab"), "u:r:local_t:s0");
	BM_CHECK_INT(bm_label_apply(root, "/boot/x.img", NULL), 0);
	BM_CHECK_STR(label(top, "boot/x.img"), "system_u:object_r:var_lib_t:s0");
	BM_CHECK_INT(bm_label_apply(root, "/none", NULL), 0);
	BM_CHECK_STR(label(top, "none"), "system_u:object_r:default_t:s0");
	bm_tmp_removep(&top);
}

BM_TEST(label_needs_selinux)
{
	static const char *const off[] = {"SELINUX=disabled\nSELINUXTYPE=targeted\n", "", "SELINUXTYPE=targeted\n",
		"#SELINUX=enforcing\n", "SELINUX=enforcing\nSELINUX=disabled\n",
		"SELINUX=enforcing\nSELINUXTYPE=mls\n"};
	char *top = make_system("");
	_cleanup_root_ struct bm_root *root = NULL;
	char *found = NULL;

	BM_CHECK_INT(bm_root_open(top, &root), 0);
	for (size_t i = 0; i < BM_ARRAY_SIZE(off); i++) {
		put(top, "etc/selinux/config", off[i]);
		BM_CHECK_INT(bm_label_apply(root, "/etc/fstab", NULL), 0);
		BM_CHECK_STR(label(top, "etc/fstab"), "");
		BM_CHECK_INT(bm_label_of(root, "/etc/fstab", BM_FILE_REGULAR, &found), -ENOENT);
	}
	put(top, "etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=../../../targeted\n");
	BM_CHECK_INT(bm_label_of(root, "/etc/fstab", BM_FILE_REGULAR, &found), -EINVAL);
	put(top, "etc/selinux/config", "SELINUX = enforcing\nSELINUX=Enforcing # x\n");
	BM_CHECK_INT(bm_label_of(root, "/var/lib/new/x", BM_FILE_REGULAR, &found), 0);
	BM_CHECK_STR(found, "system_u:object_r:var_lib_t:s0");
	free(found);
	bm_tmp_removep(&top);
}
