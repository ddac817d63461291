/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "root.h"

/*
 *	rest	"etc/alternatives/init"		what is still to be resolved; a link's text is put before it
 *	done	"/usr/lib"			what is resolved: directories only, no links, no dots
 *	fd	O_PATH of done
 *
 * ".." drops done's last component and opens done again from the top with O_NOFOLLOW at every step: the directory that
 * ".." itself leads to is never asked for, since the tree may be changing.
 */
struct walk {
	int top_fd;
	int fd;
	struct bm_buf done;
	struct bm_buf rest;
	size_t at; /* the first byte of rest that is not used up */
	unsigned int links;
};

static int move_to(struct walk *walk, int fd)
{
	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = fd;
	return 0;
}

static int open_one(int dir_fd, const char *name, int flags, int *ret_fd)
{
	int fd;

	do {
		fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | flags);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Opens done from the top again. */
static int reopen_done(struct walk *walk)
{
	char *copy = strdup(bm_buf_text(&walk->done)), *save = NULL, *name;
	int fd = -1, next = -1, r;

	if (!copy)
		return -ENOMEM;
	r = open_one(walk->top_fd, ".", O_DIRECTORY, &fd);
	for (name = strtok_r(copy, "/", &save); r == 0 && name; name = strtok_r(NULL, "/", &save)) {
		r = open_one(fd, name, O_DIRECTORY, &next);
		close(fd);
		fd = next;
	}
	free(copy);
	return r < 0 ? r : move_to(walk, fd);
}

static int go_up(struct walk *walk)
{
	char *slash = walk->done.len > 0 ? strrchr(walk->done.data, '/') : NULL;

	if (!slash)
		return 0; /* above the top is the top */
	*slash = '\0';
	walk->done.len = (size_t)(slash - walk->done.data);
	return reopen_done(walk);
}

static int follow_link(struct walk *walk, int link_fd)
{
	char text[BM_ROOT_PATH_MAX + 1];
	struct bm_buf rest = {0};
	ssize_t len;

	if (++walk->links > BM_ROOT_LINKS_MAX)
		return -ELOOP;
	len = readlinkat(link_fd, "", text, sizeof(text));
	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	text[len] = '\0';
	bm_buf_adds(&rest, text);
	bm_buf_addc(&rest, '/');
	bm_buf_adds(&rest, walk->rest.data + walk->at);
	if (rest.failed) {
		bm_buf_done(&rest);
		return -ENOMEM;
	}
	bm_buf_done(&walk->rest);
	walk->rest = rest;
	walk->at = 0;
	if (text[0] == '/') {
		bm_buf_done(&walk->done);
		return reopen_done(walk);
	}
	return 0;
}

/* Takes the next component off rest. False when there is none left. */
static bool next_component(struct walk *walk, char ret_name[BM_ROOT_PATH_MAX], bool *ret_last)
{
	const char *rest = walk->rest.data + walk->at;
	size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/"), after;

	if (len == 0)
		return false;
	if (len >= BM_ROOT_PATH_MAX)
		len = BM_ROOT_PATH_MAX - 1; /* no such name exists: the kernel says ENAMETOOLONG */
	memcpy(ret_name, rest + skip, len);
	ret_name[len] = '\0';
	after = skip + len;
	after += strspn(rest + after, "/");
	walk->at += after;
	*ret_last = rest[after] == '\0';
	return true;
}

static int step(struct walk *walk, const char *name, bool last, bool follow)
{
	struct stat st;
	int fd = -1, r;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(walk);
	r = open_one(walk->fd, name, 0, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	if (S_ISLNK(st.st_mode) && (follow || !last)) {
		r = follow_link(walk, fd);
		close(fd);
		return r;
	}
	if (!S_ISDIR(st.st_mode) && !last) {
		close(fd);
		return -ENOTDIR;
	}
	move_to(walk, fd);
	bm_buf_addc(&walk->done, '/');
	return bm_buf_adds(&walk->done, name);
}

int bm_walk(int top_fd, const char *path, bool follow, int *ret_fd, char **ret_path)
{
	struct walk walk = {.top_fd = top_fd, .fd = -1};
	char name[BM_ROOT_PATH_MAX], *text = NULL;
	bool last;
	int r;

	bm_buf_adds(&walk.rest, path);
	r = walk.rest.failed || !walk.rest.data ? -ENOMEM : reopen_done(&walk);
	while (r == 0 && next_component(&walk, name, &last)) {
		if (walk.rest.len - walk.at > (size_t)BM_ROOT_PATH_MAX * 2)
			r = -ENAMETOOLONG;
		else
			r = step(&walk, name, last, follow);
	}
	if (r == 0 && ret_path) {
		text = strdup(walk.done.len > 0 ? walk.done.data : "/");
		if (!text)
			r = -ENOMEM;
	}
	if (r < 0) {
		if (walk.fd >= 0)
			close(walk.fd);
	} else {
		*ret_fd = walk.fd;
		if (ret_path)
			*ret_path = text;
	}
	bm_buf_done(&walk.done);
	bm_buf_done(&walk.rest);
	return r;
}
