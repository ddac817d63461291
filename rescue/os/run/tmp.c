/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/tree.h"
#include "system.h"

int bm_dir_make(const char *path, uint32_t mode)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat st;
	char *slash;

	if (!copy)
		return bm_err(-ENOMEM, "%s", path);
	for (slash = copy + strspn(copy, "/"); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST && errno != EROFS)
			return bm_err(-errno, "%s", copy);
		*slash = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return bm_err(-errno, "%s", path);
	if (stat(copy, &st) < 0)
		return bm_err(-errno, "%s", path);
	return S_ISDIR(st.st_mode) ? 0 : bm_err(-ENOTDIR, "%s", path);
}

static int try_base(const char *base, const char *purpose, char **ret_path)
{
	_cleanup_free_ char *path = bm_strf("%s/%s.XXXXXX", base, purpose);

	if (!path)
		return bm_err(-ENOMEM, "%s", base);
	if (!mkdtemp(path))
		return bm_err(-errno, "%s", path);
	*ret_path = path;
	path = NULL;
	return 0;
}

int bm_tmp_dir(const char *purpose, char **ret_path)
{
	const char *dir = bm_system_env("TMPDIR");

	if (bm_dir_make("/run/bootmend", 0700) == 0 && try_base("/run/bootmend", purpose, ret_path) == 0)
		return 0;
	if (dir && dir[0] == '/' && try_base(dir, purpose, ret_path) == 0)
		return 0;
	return try_base("/tmp", purpose, ret_path);
}

int bm_tmp_remove(const char *path)
{
	_cleanup_free_ char *dir = bm_path_dir(path);
	int fd, r;

	if (!dir)
		return bm_err(-ENOMEM, "%s", path);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : bm_err(-errno, "%s", path);
	r = bm_tree_remove(fd, bm_path_base(path));
	close(fd);
	return r < 0 ? bm_err(r, "%s", path) : 0;
}

void bm_tmp_removep(char **path)
{
	if (*path && bm_tmp_remove(*path) < 0) {
		/* nothing that the caller could do: what is left lies in the rescue system's memory */
	}
	free(*path);
	*path = NULL;
}
