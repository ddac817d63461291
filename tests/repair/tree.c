/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree DIR [-x PATH]...: everything below DIR (mounts, too), a line each, sorted, by which two states are compared:
 *
 *	PATH <tab> TYPE MODE UID:GID CONTENT XATTR... <tab> MTIME
 *
 * CONTENT is the SHA-256 of a file, the text of a link, NAME=NUMBER of a device. Of what -x names (and what is below
 * it) there is no line, and its parent's MTIME is "-": the repair's own journal and record.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/sha256.h"

static char *const *excluded;
static int n_excluded;

static _Noreturn void fail(const char *path)
{
	fprintf(stderr, "tree: %s: %s\n", path, strerror(errno));
	exit(1);
}

static int is_excluded(const char *path)
{
	for (int i = 0; i < n_excluded; i++)
		if (strcmp(path, excluded[i]) == 0)
			return 1;
	return 0;
}

static int holds_excluded(const char *path)
{
	size_t len = strlen(path);

	for (int i = 0; i < n_excluded; i++)
		if (strncmp(path, excluded[i], len) == 0 && excluded[i][len] == '/' &&
			!strchr(excluded[i] + len + 1, '/'))
			return 1;
	return 0;
}

static void put_hash(const char *path)
{
	static unsigned char buffer[1 << 16];
	char text[BM_SHA256_TEXT];
	struct bm_sha256 hash;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	bm_sha256_init(&hash);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		bm_sha256_add(&hash, buffer, (size_t)got);
	if (got < 0)
		fail(path);
	close(fd);
	bm_sha256_end(&hash, text);
	fputs(text, stdout);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_xattrs(const char *path)
{
	static char names[1 << 16];
	static unsigned char value[1 << 16];
	char *sorted[256];
	size_t n = 0;
	ssize_t len = llistxattr(path, names, sizeof(names));

	if (len < 0 && errno != ENOTSUP)
		fail(path);
	for (char *at = names; len > 0 && at < names + len && n < 256; at += strlen(at) + 1)
		sorted[n++] = at;
	qsort(sorted, n, sizeof(*sorted), by_text);
	for (size_t i = 0; i < n; i++) {
		ssize_t got = lgetxattr(path, sorted[i], value, sizeof(value));

		if (got < 0)
			fail(path);
		printf(" %s=", sorted[i]);
		for (ssize_t b = 0; b < got; b++)
			printf("%02x", value[b]);
	}
}

static void put(const char *path, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t len;

	printf("%s\t%o %u:%u ", *name ? name : "/", (unsigned int)st->st_mode, (unsigned int)st->st_uid,
		(unsigned int)st->st_gid);
	if (S_ISREG(st->st_mode)) {
		put_hash(path);
	} else if (S_ISLNK(st->st_mode)) {
		len = readlink(path, text, sizeof(text) - 1);
		if (len < 0)
			fail(path);
		printf("-> %.*s", (int)len, text);
	} else {
		printf("%llx", S_ISDIR(st->st_mode) ? 0ULL : (unsigned long long)st->st_rdev);
	}
	put_xattrs(path);
	if (holds_excluded(name))
		puts("\t-");
	else
		printf("\t%lld.%09ld\n", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static void walk(const char *path, const char *name)
{
	struct dirent **entries = NULL;
	struct stat st;
	int n;

	if (is_excluded(name))
		return;
	if (lstat(path, &st) < 0)
		fail(path);
	put(path, name, &st);
	if (!S_ISDIR(st.st_mode))
		return;
	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0)
		fail(path);
	for (int i = 0; i < n; i++) {
		char below[PATH_MAX], below_name[PATH_MAX];

		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
			snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
			snprintf(below_name, sizeof(below_name), "%s/%s", name, entries[i]->d_name);
			walk(below, below_name);
		}
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	static char *paths[64];

	if (argc < 2 || argc > 60) {
		fputs("usage: tree DIR [-x PATH]...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i += 2)
		paths[n_excluded++] = argv[i];
	excluded = paths;
	walk(argv[1], "");
	return fflush(stdout) == 0 ? 0 : 1;
}
