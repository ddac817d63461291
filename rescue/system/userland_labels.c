/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SELinux: the mode, the policy, and the labels of what every boot reads. A file is out of place where it has no
 * label, or that of another place from where mv(1) brought it (/tmp, a home), and the policy names another for its
 * path. Any other difference is somebody's choice.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/etc/filecontexts.h"
#include "../fmt/etc/keyval.h"
#include "userland_int.h"

enum { LABEL_TYPE_AT = 2 }; /* user:role:type */

/* /etc/selinux/TYPE/policy/policy.NN, the number being the format's version. */
static bool has_policy(const struct bm_root *root, const char *type)
{
	_cleanup_free_ char *dir = bm_strf("/etc/selinux/%s/policy", type);
	_cleanup_strv_ struct bm_strv names = {0};
	bool found = false;

	if (!dir || bm_root_list(root, dir, 0, &names) < 0)
		return false;
	for (size_t i = 0; !found && i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, names.items[i]);
		struct bm_stat st;

		found = bm_str_starts(names.items[i], "policy.") && path && bm_root_stat(root, path, true, &st) == 0 &&
			st.type == BM_FILE_REGULAR && st.size_bytes > 0;
	}
	return found;
}

/* What every boot of Fedora and its kin reads or starts, up to a login. */
static const char *const needed[] = {"/", "/etc", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/nsswitch.conf",
	"/etc/fstab", "/etc/hostname", "/etc/machine-id", "/etc/ld.so.cache", "/etc/selinux/config", "/etc/pam.d",
	"/etc/pam.d/system-auth", "/etc/pam.d/password-auth", "/etc/pam.d/login", "/etc/systemd/system", "/bin/bash",
	"/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/lib/systemd/system",
	"/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-udevd",
	"/usr/lib/systemd/systemd-logind", "/usr/bin/udevadm", "/usr/bin/login", "/usr/bin/dbus-broker",
	"/usr/bin/dbus-daemon", "/usr/sbin/agetty", "/usr/sbin/unix_chkpwd", "/usr/sbin/sshd", "/var", "/var/lib",
	"/var/log"};

/* Types of what lies in a place where files are made that are moved from there. */
static const char *const strays[] = {"default_t", "tmp_t", "user_tmp_t", "initrc_tmp_t", "rpm_script_tmp_t",
	"user_home_t", "user_home_dir_t", "admin_home_t", "home_root_t", "mnt_t"};

struct labels {
	struct bm_system *system;
	struct bm_filecontexts policy;
	bool policy_read;
	uint64_t root_dev;
	size_t present;
	bool unsupported; /* the filesystem has no attributes: nothing is known */
};

/* The third field of a label, in type; "" where it has none. */
static void type_of(const char *label, char type[BM_FILECONTEXTS_CONTEXT_MAX])
{
	size_t len;

	for (int field = 0; field < LABEL_TYPE_AT && label; field++) {
		label = strchr(label, ':');
		label = label ? label + 1 : NULL;
	}
	len = label ? strcspn(label, ":") : 0;
	if (len >= BM_FILECONTEXTS_CONTEXT_MAX)
		len = 0;
	memcpy(type, label ? label : "", len);
	type[len] = '\0';
}

/* The policy's file_contexts; what can't be read names no label. */
static int read_policy(struct labels *labels)
{
	static const char *const names[] = {"file_contexts", "file_contexts.homedirs", "file_contexts.local",
		"file_contexts.subs", "file_contexts.subs_dist"};
	const char *type = labels->system->userland.selinux_type;
	int r = 0;

	labels->policy_read = true;
	for (size_t i = 0; r != -ENOMEM && i < BM_ARRAY_SIZE(names) && !strchr(type, '/'); i++) {
		_cleanup_free_ char *path = bm_strf("/etc/selinux/%s/contexts/files/%s", type, names[i]);
		_cleanup_buf_ struct bm_buf text = {0};

		r = path ? bm_root_read(labels->system->root, path, BM_FILECONTEXTS_SIZE_MAX, &text) : -ENOMEM;
		if (r < 0)
			continue;
		if (strstr(names[i], ".subs"))
			r = bm_filecontexts_parse_subs(
				&labels->policy, bm_buf_text(&text), text.len, bm_str_ends(names[i], "_dist"));
		else
			r = bm_filecontexts_parse(&labels->policy, bm_buf_text(&text), text.len);
	}
	return r == -ENOMEM ? r : 0;
}

/* Whether the policy gives another type to the path than the one it has, which is a stray's. *ret_type is for free(),
 * and NULL where it does not. */
static int wanted_type(
	struct labels *labels, const char *path, const struct bm_stat *st, const char *type, char **ret_type)
{
	char wanted[BM_FILECONTEXTS_CONTEXT_MAX];
	_cleanup_free_ char *real = NULL;
	const char *label;
	int r = 0;

	*ret_type = NULL;
	if (!labels->policy_read)
		r = read_policy(labels);
	if (r == 0)
		r = bm_root_realpath(labels->system->root, path, &real);
	if (r == 0)
		r = bm_filecontexts_find(&labels->policy, real,
			st->type == BM_FILE_DIR ? BM_FILECONTEXTS_DIR : BM_FILECONTEXTS_REGULAR, &label);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	type_of(label, wanted);
	if (!wanted[0] || bm_streq(wanted, type))
		return 0;
	*ret_type = strdup(wanted);
	return *ret_type ? 0 : -ENOMEM;
}

/* The file has a label: is it one that it cannot have got in its place? */
static int judge_label(struct labels *labels, const char *path, const struct bm_stat *st, const char *label)
{
	struct bm_userland *userland = &labels->system->userland;
	char type[BM_FILECONTEXTS_CONTEXT_MAX];
	_cleanup_free_ char *wanted = NULL;
	bool stray = false;
	int r;

	labels->present++;
	type_of(label, type);
	for (size_t i = 0; i < BM_ARRAY_SIZE(strays); i++)
		stray |= bm_streq(type, strays[i]);
	r = stray ? wanted_type(labels, path, st, type, &wanted) : 0;
	if (r < 0 || !wanted || bm_strv_has(&userland->mislabeled, path))
		return r;
	if (bm_strv_add(&userland->mislabeled, path) < 0 ||
		bm_strv_addf(&userland->mislabeled_why, "%s has %s, and the policy says %s", path, type, wanted) < 0)
		return -ENOMEM;
	userland->mislabeled_dirs |= st->type == BM_FILE_DIR;
	return 0;
}

/* Whether the path is, or lies below, a folder on which fstab mounts something that is not there now: what is seen is
 * what the mount hides, and nobody reads its label. */
static bool is_hidden(const struct labels *labels, const char *path)
{
	const struct bm_fstab *fstab = &labels->system->fstab;

	for (size_t i = 0; i < fstab->n_lines; i++) {
		struct bm_stat st;

		if (!bm_streq(fstab->lines[i].target, "/") && bm_path_below(path, fstab->lines[i].target) &&
			bm_root_stat(labels->system->root, fstab->lines[i].target, true, &st) == 0 &&
			st.dev == labels->root_dev)
			return true;
	}
	return false;
}

static int read_label(struct labels *labels, const char *path)
{
	struct bm_system *system = labels->system;
	_cleanup_buf_ struct bm_buf label = {0};
	char type[BM_FILECONTEXTS_CONTEXT_MAX];
	struct bm_stat st;
	int r;

	if (bm_root_stat(system->root, path, true, &st) < 0 || is_hidden(labels, path))
		return 0;
	r = bm_root_xattr(system->root, path, true, "security.selinux", &label);
	if (r == 0) {
		type_of(bm_buf_text(&label), type);
		/* file_t is Enterprise Linux 6's word for unlabeled_t. */
		if (!bm_streq(type, "unlabeled_t") && !bm_streq(type, "file_t"))
			return judge_label(labels, path, &st, bm_buf_text(&label));
	}
	if (r < 0 && r != -ENODATA) {
		labels->unsupported = true;
		return r == -ENOMEM ? r : 0;
	}
	system->userland.mislabeled_dirs |= st.type == BM_FILE_DIR;
	return bm_strv_add_once(&system->userland.unlabeled, path);
}

static int read_labels(struct bm_system *system, const struct bm_strv *more_files)
{
	struct bm_userland *userland = &system->userland;
	struct labels labels = {.system = system};
	struct bm_stat top;
	int r = 0;

	if (bm_root_stat(system->root, "/", true, &top) < 0)
		return 0;
	labels.root_dev = top.dev;
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(needed); i++)
		r = read_label(&labels, needed[i]);
	for (size_t i = 0; r == 0 && i < more_files->n; i++)
		r = read_label(&labels, more_files->items[i]);
	bm_filecontexts_done(&labels.policy);
	userland->labels_none = labels.present == 0;
	/* A copy in a folder has no labels at all, and that is no fault of the system's. */
	if (labels.unsupported || (userland->labels_none && system->given))
		bm_strv_done(&userland->unlabeled);
	return r;
}

int bm_userland_read_selinux(struct bm_system *system, const struct bm_strv *more_files)
{
	struct bm_userland *userland = &system->userland;
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_keyval_ struct bm_keyval keys = {0};
	const char *type;

	if (bm_root_read(system->root, "/etc/selinux/config", BM_USERLAND_TEXT_MAX, &text) < 0) {
		bm_err_clear();
		return 0;
	}
	if (bm_keyval_parse(bm_buf_text(&text), text.len, &keys) < 0)
		return -ENOMEM;
	if (!bm_strcaseeq(bm_keyval_get(&keys, "SELINUX"), "enforcing"))
		return 0;
	type = bm_keyval_get(&keys, "SELINUXTYPE");
	if (!type || !*type)
		type = "targeted"; /* libselinux's own default */
	userland->selinux_enforcing = true;
	userland->selinux_policy = has_policy(system->root, type);
	userland->selinux_relabels = bm_root_exists(system->root, "/.autorelabel");
	bm_err_clear();
	if (bm_str_set(&userland->selinux_type, type) < 0)
		return -ENOMEM;
	return read_labels(system, more_files);
}
