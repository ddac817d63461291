/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes: /proc/PID/fd says which file a descriptor is, /proc/PID/fdinfo how it is open and what it has locked
 * (proc_pid_fdinfo(5)).
 *
 *	pos:	0
 *	flags:	02100002		octal, of open(2)
 *	lock:	1: OFDLCK  ADVISORY  READ -1 fe:00:5350646 100 101
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "os/run/proctree.h"
#include "users_in.h"

enum { FDINFO_MAX = 65536, LINK_MAX_BYTES = 4096 };

/* The use that a descriptor is open on, n where it is none of them. Only what may be one is asked for its numbers: a
 * file of a network that is gone would keep us. */
static size_t use_of(const char *path, const struct bm_use *uses, const struct bm_used *used, size_t n)
{
	char link[LINK_MAX_BYTES];
	ssize_t len = readlink(path, link, sizeof(link) - 1);
	bool images = false;
	struct stat st;
	size_t i;

	if (len <= 0 || link[0] != '/')
		return n;
	link[len] = '\0';
	for (i = 0; i < n; i++)
		images |= uses[i].image;
	if ((!images && !bm_str_starts(link, "/dev/")) || stat(path, &st) < 0)
		return n;
	for (i = 0; i < n; i++) {
		if (!used[i].known)
			continue;
		if (uses[i].image ? S_ISREG(st.st_mode) && bm_root_dev(st.st_dev) == used[i].dev &&
					    st.st_ino == used[i].inode
				  : S_ISBLK(st.st_mode) && bm_root_dev(st.st_rdev) == used[i].dev)
			break;
	}
	return i;
}

/* How the descriptor is used, or NULL where it only reads. */
static const char *way_of(const char *pid, const char *fd)
{
	_cleanup_free_ char *path = bm_strf("/proc/%s/fdinfo/%s", pid, fd);
	_cleanup_buf_ struct bm_buf text = {0};
	unsigned int flags = 0;
	const char *at;

	if (!path || bm_file_read(path, FDINFO_MAX, &text) < 0)
		return NULL;
	if (strstr(bm_buf_text(&text), "\nlock:"))
		return "locked";
	at = strstr(bm_buf_text(&text), "flags:");
	if (!at || sscanf(at, "flags: %o", &flags) != 1 || (flags & O_PATH))
		return NULL;
	return (flags & O_ACCMODE) == O_RDONLY ? NULL : "open for writing";
}

static int add_process(const char *pid, const char *way, size_t use, const struct bm_use *uses, struct bm_users *users)
{
	uint64_t number = 0;
	_cleanup_free_ char *name = NULL;
	char *text;

	if (bm_num_u64(pid, &number) < 0)
		return 0;
	name = bm_process_name((pid_t)number);
	/* It keeps the metadata of Intel's arrays, on the disks of an array that we use. */
	if (uses[use].beneath && bm_streq(name, "mdmon"))
		return 0;
	text = name ? bm_strf("%s by process %s (%s)", way, pid, name) : NULL;
	for (size_t i = 0; text && i < users->n; i++)
		if (users->items[i].use == use && bm_streq(users->items[i].text, text)) {
			free(text);
			return 0;
		}
	return bm_users_add(users, use, BM_USER_PROCESS, text);
}

static int read_process(
	const char *pid, const struct bm_use *uses, const struct bm_used *used, size_t n, struct bm_users *users)
{
	_cleanup_free_ char *dir = bm_strf("/proc/%s/fd", pid);
	_cleanup_strv_ struct bm_strv fds = {0};
	int r = dir ? 0 : -ENOMEM;

	if (r < 0 || bm_file_list(dir, &fds) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < fds.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, fds.items[i]);
		size_t use = path ? use_of(path, uses, used, n) : n;
		const char *way = use < n ? way_of(pid, fds.items[i]) : NULL;

		if (!path)
			r = -ENOMEM;
		else if (way)
			r = add_process(pid, way, use, uses, users);
	}
	return r;
}

int bm_user_processes(const struct bm_use *uses, const struct bm_used *used, size_t n, struct bm_users *users)
{
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ char *self = bm_strf("%ld", (long)getpid());
	int r = 0;

	if (!self)
		return -ENOMEM;
	if (bm_file_list("/proc", &names) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (names.items[i][0] >= '0' && names.items[i][0] <= '9' && !bm_streq(names.items[i], self))
			r = read_process(names.items[i], uses, used, n, users);
	bm_err_clear();
	return r;
}
