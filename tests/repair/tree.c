/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree DIR FILE [-x PATH]...: everything below DIR (mounts, too), a line each, sorted, by which two states are
 *compared:
 *
 *	PATH <tab> MODE UID:GID CONTENT XATTR... <tab> MTIME
 *
 * CONTENT is a hash of a file's bytes, the text of a link, the number of a device. Of what -x names (and what is below
 * it) there is no line, and its parent's MTIME is "-": the repair's own journal and record. The time in the name of an
 * image that was kept becomes TIME. FILE.lasting gets the same without MTIME: what two repairs have in common.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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

static FILE *both[2]; /* FILE and FILE.lasting */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	for (int i = 0; i < 2; i++) {
		va_list args;

		va_start(args, format);
		vfprintf(both[i], format, args);
		va_end(args);
	}
}

/* Nobody chooses these bytes to deceive, so a fast mix of 128 bits does; thousands of trees are read. */
static void put_hash(const char *path)
{
	static uint64_t words[1 << 14];
	uint64_t a = 0x9e3779b97f4a7c15, b = 0xc2b2ae3d27d4eb4f, total = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	for (;;) {
		size_t n;

		got = read(fd, words, sizeof(words));
		if (got <= 0)
			break;
		memset((char *)words + got, 0, -(size_t)got % sizeof(*words));
		n = ((size_t)got + sizeof(*words) - 1) / sizeof(*words);
		for (size_t i = 0; i < n; i++) {
			a = (a ^ words[i]) * 0xff51afd7ed558ccd;
			a ^= a >> 32;
			b = (b + words[i]) * 0xc4ceb9fe1a85ec53;
			b ^= b >> 29;
		}
		total += (size_t)got;
	}
	if (got < 0)
		fail(path);
	close(fd);
	say("%llu:%016llx%016llx", (unsigned long long)total, (unsigned long long)a, (unsigned long long)b);
}

/* initramfs-6.1.img.bootmend-2026-11-21T03-43-06Z: the digits and letters of the time are another's in each repair. */
static void put_name(const char *name)
{
	static const char mark[] = ".bootmend-";
	const char *at = strstr(name, mark);

	if (at && at[sizeof(mark) - 1] >= '0' && at[sizeof(mark) - 1] <= '9')
		say("%.*sTIME", (int)(at - name + (int)sizeof(mark) - 1), name);
	else
		say("%s", *name ? name : "/");
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
		say(" %s=", sorted[i]);
		for (ssize_t b = 0; b < got; b++)
			say("%02x", value[b]);
	}
}

static void put(const char *path, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t len;

	put_name(name);
	say("\t%o %u:%u ", (unsigned int)st->st_mode, (unsigned int)st->st_uid, (unsigned int)st->st_gid);
	if (S_ISREG(st->st_mode)) {
		put_hash(path);
	} else if (S_ISLNK(st->st_mode)) {
		len = readlink(path, text, sizeof(text) - 1);
		if (len < 0)
			fail(path);
		say("-> %.*s", (int)len, text);
	} else {
		say("%llx", S_ISDIR(st->st_mode) ? 0ULL : (unsigned long long)st->st_rdev);
	}
	put_xattrs(path);
	if (holds_excluded(name))
		fputs("\t-", both[0]);
	else
		fprintf(both[0], "\t%lld.%09ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	say("\n");
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
	char lasting[PATH_MAX];

	if (argc < 3 || argc > 60) {
		fputs("usage: tree DIR FILE [-x PATH]...\n", stderr);
		return 2;
	}
	for (int i = 4; i < argc; i += 2)
		paths[n_excluded++] = argv[i];
	excluded = paths;
	snprintf(lasting, sizeof(lasting), "%s.lasting", argv[2]);
	both[0] = fopen(argv[2], "we");
	both[1] = fopen(lasting, "we");
	if (!both[0] || !both[1])
		fail(argv[2]);
	walk(argv[1], "");
	return fclose(both[0]) == 0 && fclose(both[1]) == 0 ? 0 : 1;
}
