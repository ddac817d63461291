/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "fence.h"

/* Opens the directory name to be emptied. -ENOTDIR when it is none, -EBUSY when something is mounted there. */
static int open_dir(int dir_fd, const char *name, long mount, DIR **ret_stream)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;
	long found;

	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	r = bm_fence_mount_of(fd, &found);
	if (r == 0 && found != mount)
		r = -EBUSY;
	if (r == 0) {
		*ret_stream = fdopendir(fd);
		if (!*ret_stream)
			r = -errno;
	}
	if (r < 0)
		close(fd);
	return r;
}

static int remove_file(int dir_fd, const char *name)
{
	int r = bm_fault_point("unlink", name);

	if (r < 0)
		return r;
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* The directories that are being emptied, the innermost last. */
struct level {
	DIR *stream;
	char name[256];
};

/* Empties the innermost directory until it is empty or holds a directory, which becomes the innermost. Returns 1 when
 * it is empty, 0 when a level was added. */
static int empty(struct level *levels, unsigned int *depth, unsigned int *entries, long mount)
{
	struct level *top = &levels[*depth - 1];
	struct dirent *entry;
	int r;

	for (errno = 0; (entry = readdir(top->stream)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (++*entries > BM_TREE_ENTRIES_MAX || strlen(entry->d_name) >= sizeof(top->name))
			return -EFBIG;
		r = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN
			    ? -EISDIR
			    : remove_file(dirfd(top->stream), entry->d_name);
		if (r == 0)
			continue;
		if (r != -EISDIR)
			return r;
		if (*depth >= BM_TREE_DEPTH_MAX)
			return -ELOOP;
		r = open_dir(dirfd(top->stream), entry->d_name, mount, &levels[*depth].stream);
		if (r == -ENOTDIR)
			r = remove_file(dirfd(top->stream), entry->d_name);
		else if (r == 0) {
			memcpy(levels[*depth].name, entry->d_name, strlen(entry->d_name) + 1);
			++*depth;
			return 0;
		}
		if (r < 0)
			return r;
	}
	return errno ? -errno : 1;
}

int bm_tree_remove(int dir_fd, const char *name)
{
	struct level *levels;
	unsigned int depth = 0, entries = 0;
	struct stat st;
	long mount;
	int r;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return remove_file(dir_fd, name);
	levels = calloc(BM_TREE_DEPTH_MAX, sizeof(*levels));
	if (!levels)
		return -ENOMEM;
	r = bm_fence_mount_of(dir_fd, &mount);
	if (r == 0)
		r = open_dir(dir_fd, name, mount, &levels[0].stream);
	if (r == 0)
		depth = 1;
	while (r >= 0 && depth > 0) {
		r = empty(levels, &depth, &entries, mount);
		if (r == 1) {
			depth--;
			closedir(levels[depth].stream);
			r = bm_fault_point("rmdir", depth > 0 ? levels[depth].name : name);
			if (r == 0 && unlinkat(depth > 0 ? dirfd(levels[depth - 1].stream) : dir_fd,
					      depth > 0 ? levels[depth].name : name, AT_REMOVEDIR) < 0)
				r = -errno;
		}
	}
	while (depth > 0)
		closedir(levels[--depth].stream);
	free(levels);
	return r < 0 ? r : 0;
}
