/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted: /proc/self/mountinfo (proc_pid_mountinfo(5)), read by libmount.
 *
 *	36 35 98:0 /sub /mnt/a\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *	id parent |   |     |          |                    |      |      `- the filesystem's options
 *	          dev root  target     the mount's options  type   source
 */
#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "mount_in.h"

enum { MOUNTINFO_MAX = 16 * 1024 * 1024 };

void bm_mounts_done(struct bm_mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->n; i++) {
		free(mounts->items[i].source);
		free(mounts->items[i].root);
		free(mounts->items[i].target);
		free(mounts->items[i].type);
		free(mounts->items[i].options);
	}
	free(mounts->items);
	*mounts = (struct bm_mounts){0};
}

static bool has_option(const char *options, const char *name)
{
	return options && mnt_optstr_get_option(options, name, NULL, NULL) == 0;
}

static int keep(struct libmnt_fs *fs, struct bm_mounts *mounts)
{
	struct bm_mount_entry *entry = BM_VEC_PUSH(mounts->items, mounts->n, mounts->cap);
	const char *vfs = mnt_fs_get_vfs_options(fs), *own = mnt_fs_get_fs_options(fs);
	dev_t dev = mnt_fs_get_devno(fs);

	if (!entry)
		return -ENOMEM;
	entry->major = major(dev);
	entry->minor = minor(dev);
	entry->id = mnt_fs_get_id(fs);
	entry->parent = mnt_fs_get_parent_id(fs);
	entry->read_only = has_option(vfs, "ro") || has_option(own, "ro");
	entry->options = bm_strf("%s%s%s", vfs ? vfs : "", own ? "," : "", own ? own : "");
	if (!entry->options ||
		bm_str_set(&entry->source, mnt_fs_get_srcpath(fs) ? mnt_fs_get_srcpath(fs) : mnt_fs_get_source(fs)) <
			0 ||
		bm_str_set(&entry->root, mnt_fs_get_root(fs)) < 0 ||
		bm_str_set(&entry->target, mnt_fs_get_target(fs)) < 0 ||
		bm_str_set(&entry->type, mnt_fs_get_fstype(fs)) < 0)
		return -ENOMEM;
	return 0;
}

/* libmount calls this for a line that it cannot read; other than 0 stops it. */
static int on_error(struct libmnt_table *table BM_UNUSED, const char *file BM_UNUSED, int line BM_UNUSED)
{
	return -EINVAL;
}

int bm_mounts_parse(const char *text, const char *prefix, struct bm_mounts *ret_mounts)
{
	struct bm_mounts mounts = {0};
	struct libmnt_table *table = NULL;
	struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	FILE *stream = NULL;
	_cleanup_free_ char *copy = strdup(text);
	int r = -ENOMEM;

	if (!copy || !text[0]) {
		if (copy)
			*ret_mounts = mounts;
		return copy ? 0 : bm_err(-ENOMEM, "mounts");
	}
	table = mnt_new_table();
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	stream = fmemopen(copy, strlen(copy), "r");
	if (!table || !iter || !stream)
		goto out;
	mnt_table_set_parser_errcb(table, on_error);
	r = mnt_table_parse_stream(table, stream, "mountinfo");
	if (r != 0) {
		r = r < 0 ? r : -EINVAL;
		goto out;
	}
	while (r == 0 && mnt_table_next_fs(table, iter, &fs) == 0)
		if (!mnt_fs_get_target(fs) || mnt_fs_get_id(fs) == 0)
			r = -EINVAL;
		else if (!prefix || bm_path_below(mnt_fs_get_target(fs), prefix))
			r = keep(fs, &mounts);
out:
	if (stream)
		fclose(stream);
	mnt_free_iter(iter);
	mnt_unref_table(table);
	if (r < 0) {
		bm_mounts_done(&mounts);
		return bm_err(r, "mounts");
	}
	*ret_mounts = mounts;
	return 0;
}

int bm_mounts_list(const char *prefix, struct bm_mounts *ret_mounts)
{
	_cleanup_buf_ struct bm_buf text = {0};
	int r = bm_file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &text);

	return r < 0 ? r : bm_mounts_parse(bm_buf_text(&text), prefix, ret_mounts);
}

int bm_mounts_list_of(const char *pid, struct bm_mounts *ret_mounts)
{
	_cleanup_free_ char *path = bm_strf("/proc/%s/mountinfo", pid);
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_mounts mounts = {0};
	int r = path ? bm_file_read(path, MOUNTINFO_MAX, &text) : -ENOMEM;

	if (r == 0)
		r = bm_mounts_parse(bm_buf_text(&text), NULL, &mounts);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		bm_err_clear();
	*ret_mounts = mounts;
	return 0;
}

/* The number of a process' mount namespace, 0 where it may not be looked at. */
static ino_t namespace_of(const char *pid)
{
	_cleanup_free_ char *path = bm_strf("/proc/%s/ns/mnt", pid);
	struct stat st;

	return path && stat(path, &st) == 0 ? st.st_ino : 0;
}

int bm_mounts_namespaces(struct bm_strv *pids)
{
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ ino_t *seen = NULL;
	size_t n = 0;
	int r = 0;

	if (bm_file_list("/proc", &names) < 0)
		bm_err_clear();
	seen = calloc(names.n + 1, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	seen[n++] = namespace_of("self");
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		ino_t inode = names.items[i][0] >= '0' && names.items[i][0] <= '9' ? namespace_of(names.items[i]) : 0;
		size_t at = 0;

		while (at < n && seen[at] != inode)
			at++;
		if (inode == 0 || at < n)
			continue;
		seen[n++] = inode;
		r = bm_strv_add(pids, names.items[i]);
	}
	return r;
}
