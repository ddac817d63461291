/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why no name leads out: the directory is opened once; each name is taken apart as text, ".." is refused; the parents
 * are resolved by the kernel with that directory as the root of everything (openat2, RESOLVE_IN_ROOT), which holds for
 * absolute symlinks, for ".." in their targets and against changes in between; the last component is made with calls
 * that never follow a symlink (O_EXCL, mkdirat, symlinkat, linkat without AT_SYMLINK_FOLLOW). Mount points are not
 * crossed.
 */
#include "extract.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "base/err.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

enum { PERMISSIONS = 0777, AGAIN_MAX = 32 };

struct bm_extract {
	int dir;
	int file;   /* -1: none is open */
	bool plain; /* openat2 is not there */
};

/* A path as text: its directory ("" for the top) and its last component. */
struct place {
	char text[PATH_MAX];
	const char *name;
};

static int close_fd(int fd)
{
	return fd >= 0 && close(fd) < 0 ? -errno : 0;
}

void bm_extract_free(struct bm_extract *extract)
{
	if (!extract)
		return;
	close_fd(extract->file);
	close_fd(extract->dir);
	free(extract);
}

void bm_extract_freep(struct bm_extract **extract)
{
	bm_extract_free(*extract);
}

/* 0, -ENOTEMPTY or why it can't be told. */
static int is_empty(int dir)
{
	struct dirent *entry;
	DIR *stream;
	int fd, r = 0;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopendir(fd);
	if (!stream) {
		r = -errno;
		close_fd(fd);
		return r;
	}
	for (errno = 0; r == 0 && (entry = readdir(stream)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = -ENOTEMPTY;
	if (r == 0)
		r = -errno;
	closedir(stream);
	return r;
}

int bm_extract_new(const char *dir, struct bm_extract **ret_extract)
{
	struct bm_extract *extract;
	int fd, r;

	if (mkdir(dir, PERMISSIONS) < 0 && errno != EEXIST)
		return bm_err(-errno, "cannot make the directory %s", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return bm_err(-errno, "cannot open the directory %s", dir);
	r = is_empty(fd);
	extract = r == 0 ? calloc(1, sizeof(*extract)) : NULL;
	if (!extract) {
		close_fd(fd);
		return bm_err(r < 0 ? r : -ENOMEM, "cannot extract into %s", dir);
	}
	extract->dir = fd;
	extract->file = -1;
	*ret_extract = extract;
	return 0;
}

/* Whether one of the components is "..". */
static bool goes_up(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len;
		path += strspn(path, "/");
	}
	return false;
}

/* Without slashes around and "./" before. -ENOENT: the top itself. */
static int place_of(const char *path, struct place *ret_place)
{
	char *slash;
	size_t len;

	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len == 0 || (len == 1 && path[0] == '.'))
		return -ENOENT;
	if (len >= sizeof(ret_place->text))
		return -ENAMETOOLONG;
	memcpy(ret_place->text, path, len);
	ret_place->text[len] = '\0';
	if (goes_up(ret_place->text))
		return -EPERM;
	slash = strrchr(ret_place->text, '/');
	ret_place->name = slash ? slash + 1 : ret_place->text;
	if (strcmp(ret_place->name, ".") == 0)
		return -EPERM;
	return 0;
}

/* The directory's text without its last component. */
static void cut(struct place *place)
{
	char *text = place->text + (place->name - place->text);

	while (text > place->text && text[-1] == '/')
		text--;
	*text = '\0';
}

static int open_in_root(const struct bm_extract *extract, const char *path, unsigned int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	long fd = -1;

	/* EAGAIN: something was renamed meanwhile, and the kernel can't be sure. */
	for (int i = 0; i < AGAIN_MAX; i++) {
		fd = syscall(SYS_openat2, extract->dir, *path ? path : ".", &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* The same without openat2, component by component, following nothing. */
static int open_plain(const struct bm_extract *extract, const char *path, unsigned int flags)
{
	char name[NAME_MAX + 1];
	int at = openat(extract->dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (at < 0)
		return -errno;
	while (*path) {
		size_t len = strcspn(path, "/"), rest = len + strspn(path + len, "/");
		bool last = path[rest] == '\0';
		int below;

		if (len > NAME_MAX) {
			r = -ENAMETOOLONG;
			break;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		below = openat(at, name, (last ? (int)flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0) {
			r = -errno;
			break;
		}
		close_fd(at);
		at = below;
		path += rest;
	}
	if (r < 0) {
		close_fd(at);
		return r;
	}
	return at;
}

static int open_inside(struct bm_extract *extract, const char *path, unsigned int flags)
{
	int fd;

	if (!extract->plain) {
		fd = open_in_root(extract, path, flags);
		if (fd != -ENOSYS && fd != -EPERM)
			return fd;
		extract->plain = true; /* an old kernel, or a filter that does not know the call */
	}
	return open_plain(extract, path, flags);
}

static int open_dir(struct bm_extract *extract, const char *dir)
{
	return open_inside(extract, dir, O_PATH | O_DIRECTORY);
}

/* Makes the directories on the way to dir, from the top down. */
static int make_parents(struct bm_extract *extract, const char *dir)
{
	char prefix[PATH_MAX];
	size_t at = 0;

	for (;;) {
		size_t begin, len;
		int parent, r = 0;

		memcpy(prefix, dir, at);
		prefix[at] = '\0';
		begin = at + strspn(dir + at, "/");
		len = strcspn(dir + begin, "/");
		if (len == 0)
			return 0;
		parent = open_dir(extract, prefix);
		if (parent < 0)
			return parent;
		memcpy(prefix, dir + begin, len);
		prefix[len] = '\0';
		if (mkdirat(parent, prefix, 0755) < 0 && errno != EEXIST)
			r = -errno;
		close_fd(parent);
		if (r < 0)
			return r;
		at = begin + len;
	}
}

/* Opens the directory that path's last component goes into. ret_place->name is that component. */
static int open_parent(struct bm_extract *extract, const char *path, struct place *ret_place, int *ret_parent)
{
	struct place dir;
	int parent, r;

	r = place_of(path, ret_place);
	if (r < 0)
		return r;
	dir = *ret_place;
	dir.name = dir.text + (ret_place->name - ret_place->text);
	cut(&dir);
	parent = open_dir(extract, dir.text);
	if (parent == -ENOENT) {
		r = make_parents(extract, dir.text);
		if (r < 0)
			return r;
		parent = open_dir(extract, dir.text);
	}
	if (parent < 0)
		return parent;
	*ret_parent = parent;
	return 0;
}

/* What was made before gives way, as it does when the kernel unpacks; a directory only when it is empty. */
static int give_way(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int bm_extract_dir(struct bm_extract *extract, const char *path, unsigned int mode)
{
	struct place place;
	struct stat st;
	int parent, r;

	r = open_parent(extract, path, &place, &parent);
	if (r == -ENOENT)
		return 0; /* the top: it is there */
	if (r < 0)
		return r;
	mode = (mode & PERMISSIONS) | 0700; /* what comes below it must be writable */
	if (mkdirat(parent, place.name, mode) < 0) {
		r = -errno;
		if (r == -EEXIST && fstatat(parent, place.name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			r = S_ISDIR(st.st_mode) ? 0 : give_way(parent, place.name);
			if (r == 0 && !S_ISDIR(st.st_mode) && mkdirat(parent, place.name, mode) < 0)
				r = -errno;
		}
	}
	close_fd(parent);
	return r;
}

/* Things of one call: made, or made in the place of what was there. */
static int make_thing(struct bm_extract *extract, const char *path, int (*make)(int, const char *, const void *),
	const void *argument)
{
	struct place place;
	int parent, r;

	r = open_parent(extract, path, &place, &parent);
	if (r < 0)
		return r == -ENOENT ? -EPERM : r;
	r = make(parent, place.name, argument);
	if (r == -EEXIST) {
		r = give_way(parent, place.name);
		if (r == 0)
			r = make(parent, place.name, argument);
	}
	close_fd(parent);
	return r;
}

static int make_symlink(int parent, const char *name, const void *argument)
{
	return symlinkat(argument, parent, name) < 0 ? -errno : 0;
}

int bm_extract_symlink(struct bm_extract *extract, const char *path, const char *target)
{
	return make_thing(extract, path, make_symlink, target);
}

static int make_fifo(int parent, const char *name, const void *argument)
{
	const unsigned int *mode = argument;

	return mkfifoat(parent, name, *mode) < 0 ? -errno : 0;
}

int bm_extract_fifo(struct bm_extract *extract, const char *path, unsigned int mode)
{
	mode &= PERMISSIONS;
	return make_thing(extract, path, make_fifo, &mode);
}

struct old_name {
	int parent;
	const char *name;
};

static int make_link(int parent, const char *name, const void *argument)
{
	const struct old_name *old = argument;

	return linkat(old->parent, old->name, parent, name, 0) < 0 ? -errno : 0;
}

int bm_extract_link(struct bm_extract *extract, const char *old, const char *path)
{
	struct old_name from;
	struct place place;
	struct stat st;
	int r;

	r = open_parent(extract, old, &place, &from.parent);
	if (r < 0)
		return r;
	from.name = place.name;
	if (fstatat(from.parent, from.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -ELOOP;
	else
		r = make_thing(extract, path, make_link, &from);
	close_fd(from.parent);
	return r;
}

struct new_file {
	unsigned int mode;
	int *fd;
};

static int make_file(int parent, const char *name, const void *argument)
{
	const struct new_file *file = argument;

	*file->fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->mode);
	return *file->fd < 0 ? -errno : 0;
}

int bm_extract_open(struct bm_extract *extract, const char *path, unsigned int mode)
{
	struct new_file file = {(mode & PERMISSIONS) | 0600, &extract->file};

	close_fd(extract->file);
	extract->file = -1;
	return make_thing(extract, path, make_file, &file);
}

int bm_extract_reopen(struct bm_extract *extract, const char *path)
{
	struct place place;
	struct stat st;
	int parent, fd, r;

	close_fd(extract->file);
	extract->file = -1;
	r = open_parent(extract, path, &place, &parent);
	if (r < 0)
		return r;
	fd = openat(parent, place.name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	close_fd(parent);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || ftruncate(fd, 0) < 0) {
		close_fd(fd);
		return -ELOOP;
	}
	extract->file = fd;
	return 0;
}

int bm_extract_write(struct bm_extract *extract, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(extract->file, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int bm_extract_close(struct bm_extract *extract, int64_t mtime)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)mtime}};
	int r = futimens(extract->file, times) < 0 ? -errno : 0, closed = close_fd(extract->file);

	extract->file = -1;
	/* A filesystem that can't hold a time from before 1970 or after 2038 is no reason to give up. */
	if (r == -EINVAL || r == -EPERM || r == -EOVERFLOW)
		r = 0;
	return closed < 0 ? closed : r;
}
