/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "label.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/etc/filecontexts.h"
#include "../os/root/rootw_xattr.h"

#define XATTR  "security.selinux"
#define CONFIG "/etc/selinux/config"

enum { CONFIG_MAX = 64 * 1024, NAME_MAX_BYTES = 64 };

/* The value of KEY= in etc/selinux/config, in value ("" where it is not set). The last one counts, blanks around it do
 * not. */
static void config_value(const char *text, const char *key, char value[NAME_MAX_BYTES])
{
	size_t key_len = strlen(key);

	value[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		size_t len;

		line += *line == '\n';
		line += strspn(line, " \t");
		if (strncmp(line, key, key_len) != 0 || line[key_len] != '=')
			continue;
		line += key_len + 1;
		line += strspn(line, " \t");
		len = strcspn(line, " \t\r\n#");
		if (len >= NAME_MAX_BYTES)
			continue;
		memcpy(value, line, len);
		value[len] = '\0';
	}
}

/* The folder of the policy in force, for free(); -ENOENT where SELinux is off. */
static int policy_dir(const struct bm_root *root, char **ret_dir)
{
	_cleanup_buf_ struct bm_buf text = {0};
	char mode[NAME_MAX_BYTES], type[NAME_MAX_BYTES];
	int r;

	r = bm_root_read(root, CONFIG, CONFIG_MAX, &text);
	if (r == -ENOENT || r == -ENOTDIR) {
		bm_err_clear();
		return -ENOENT;
	}
	if (r < 0)
		return r;
	config_value(bm_buf_text(&text), "SELINUX", mode);
	config_value(bm_buf_text(&text), "SELINUXTYPE", type);
	if (!bm_strcaseeq(mode, "enforcing") && !bm_strcaseeq(mode, "permissive"))
		return -ENOENT;
	if (strchr(type, '/') || type[0] == '.')
		return bm_err(-EINVAL, "%s: SELINUXTYPE=%s", CONFIG, type);
	*ret_dir = bm_strf("/etc/selinux/%s/contexts/files", type[0] ? type : "targeted");
	return *ret_dir ? 0 : -ENOMEM;
}

/* A file of the policy, if there is one. */
static int add_file(const struct bm_root *root, const char *dir, const char *name, struct bm_filecontexts *contexts)
{
	_cleanup_free_ char *path = bm_path_join(dir, name);
	_cleanup_buf_ struct bm_buf text = {0};
	int r = path ? bm_root_read(root, path, BM_FILECONTEXTS_SIZE_MAX, &text) : -ENOMEM;

	if (r == -ENOENT) {
		bm_err_clear();
		return 0;
	}
	if (r < 0)
		return r;
	if (bm_str_ends(name, ".subs") || bm_str_ends(name, ".subs_dist"))
		r = bm_filecontexts_parse_subs(contexts, bm_buf_text(&text), text.len, bm_str_ends(name, ".subs_dist"));
	else
		r = bm_filecontexts_parse(contexts, bm_buf_text(&text), text.len);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

static enum bm_filecontexts_type type_of(enum bm_file_type type)
{
	return type == BM_FILE_DIR	 ? BM_FILECONTEXTS_DIR
	       : type == BM_FILE_SYMLINK ? BM_FILECONTEXTS_LINK
					 : BM_FILECONTEXTS_REGULAR;
}

/* The path without links in its folder, as the policy has it; what it names need not exist. */
static char *plain_path(const struct bm_root *root, const char *path)
{
	_cleanup_free_ char *dir = bm_path_dir(path), *real = NULL;

	if (!dir)
		return NULL;
	if (bm_root_realpath(root, dir, &real) < 0) {
		bm_err_clear();
		return bm_path_join("/", path);
	}
	return bm_path_join(real, bm_path_base(path));
}

int bm_label_of(const struct bm_root *root, const char *path, enum bm_file_type type, char **ret_label)
{
	static const char *const names[] = {"file_contexts", "file_contexts.homedirs", "file_contexts.local",
		"file_contexts.subs", "file_contexts.subs_dist"};
	_cleanup_filecontexts_ struct bm_filecontexts contexts = {0};
	_cleanup_free_ char *dir = NULL, *plain = NULL;
	const char *label;
	int r;

	r = policy_dir(root, &dir);
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(names); i++)
		r = add_file(root, dir, names[i], &contexts);
	if (r < 0)
		return r;
	plain = plain_path(root, path);
	if (!plain)
		return -ENOMEM;
	r = bm_filecontexts_find(&contexts, plain, type_of(type), &label);
	if (r < 0)
		return r;
	*ret_label = strdup(label);
	return *ret_label ? 0 : -ENOMEM;
}

/* The label that a file has, with the NUL that belongs to it; -ENODATA where it has none that can be one. */
static int label_on(const struct bm_root *root, const char *path, struct bm_buf *label)
{
	int r = bm_root_xattr(root, path, false, XATTR, label);

	if (r == 0 && bm_filecontexts_is_label(bm_buf_text(label)))
		return 0;
	bm_err_clear();
	return r == -ENOMEM ? r : -ENODATA;
}

int bm_label_apply_as(const struct bm_root *root, const char *path, const char *like, const char *as)
{
	_cleanup_buf_ struct bm_buf label = {0};
	_cleanup_free_ char *policy = NULL;
	struct bm_stat st;
	int r;

	r = bm_root_stat(root, path, false, &st);
	if (r < 0)
		return r;
	r = like ? label_on(root, like, &label) : -ENODATA;
	if (r == -ENODATA) {
		r = bm_label_of(root, as ? as : path, st.type, &policy);
		if (r == -ENOENT)
			return 0;
		/* The kernel's own labels end with a NUL, too. */
		bm_buf_done(&label);
		if (r == 0)
			r = bm_buf_add(&label, policy, strlen(policy) + 1);
	}
	if (r == 0)
		r = bm_rootw_set_xattr(root, path, XATTR, label.data, label.len);
	if (r == -EOPNOTSUPP) {
		bm_err_clear();
		return 0;
	}
	return r;
}

int bm_label_apply(const struct bm_root *root, const char *path, const char *like)
{
	return bm_label_apply_as(root, path, like, NULL);
}
