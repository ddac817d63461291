/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bootmend really does to the patient, in its order: build/hooked/bootmend is linked with --wrap for the calls
 *below, and each that succeeded on something below /mnt/sysimage becomes a line of the file BOOTMEND_TEST_RECORD.
 * tests/repair/order.awk knows which orders are right. (os/root/fault.h stands before the effects; a call that was
 * forgotten behind a fault point is seen only here.)
 *
 *	create|write|truncate|fsync|fsync-dir|syncfs|freeze|no-freeze|thaw|unlink|mkdir|symlink|probe PATH
 *	rename|exchange|link FROM TO
 *	note WORD NUMBER [PATH [KEPT]]	what was just written to a journal: each record's word and number (0: it has
 *none), an intent's path and pre
 *
 * `flip` (BOOTMEND_TEST_FAULT=N:flip) lets the N-th effect, a write, put another byte on the disk than it was given.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks.h"

#define TOP "/mnt/sysimage"

bool bm_hook_flip;

int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_syncfs(int fd);
int __real_ftruncate(int fd, off_t size);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_mkdirat(int dir, const char *path, mode_t mode);
int __real_symlinkat(const char *text, int dir, const char *path);
int __real_ioctl(int fd, int request, ...);
long __real_syscall(long number, ...);

int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
int __wrap_symlinkat(const char *text, int dir, const char *path);
int __wrap_ioctl(int fd, int request, ...);
long __wrap_syscall(long number, ...);

enum { NAME_MAX_BYTES = 8192 };

/* The path of what a descriptor, and a name below it, stand for; false where that is none of the patient's. */
static bool path_of(int fd, const char *name, char out[NAME_MAX_BYTES])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, out, NAME_MAX_BYTES / 2);
	if (len < 0)
		return false;
	out[len] = '\0';
	/* A file that has no name is nobody's. */
	if (!name && len > 10 && strcmp(out + len - 10, " (deleted)") == 0)
		return false;
	if (name)
		snprintf(out + len, NAME_MAX_BYTES - (size_t)len, "/%s", name);
	if (strncmp(out, TOP, strlen(TOP)) != 0 || (out[strlen(TOP)] != '/' && out[strlen(TOP)] != '\0'))
		return false;
	memmove(out, out + strlen(TOP), strlen(out + strlen(TOP)) + 1);
	if (!*out)
		strcpy(out, "/");
	return true;
}

static void put(const char *text, size_t len)
{
	const char *file = getenv("BOOTMEND_TEST_RECORD");
	int error = errno, fd;

	if (!file)
		return;
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || __real_write(fd, text, len) != (ssize_t)len)
		bm_hook_wrong("cannot record an effect", file);
	close(fd);
	errno = error;
}

static void record(const char *word, int fd, const char *name, int to_fd, const char *to)
{
	char from_path[NAME_MAX_BYTES], to_path[NAME_MAX_BYTES] = "", line[2 * NAME_MAX_BYTES + 64];
	int error = errno, len;

	if (getenv("BOOTMEND_TEST_RECORD") && path_of(fd, name, from_path) && (!to || path_of(to_fd, to, to_path))) {
		len = snprintf(line, sizeof(line), "%s %s%s%s\n", word, from_path, to ? " " : "", to_path);
		put(line, (size_t)len);
	}
	errno = error;
}

/* The value of a key in one line of a journal. */
static int value_of(const char *line, const char *end, const char *key, const char **ret_value)
{
	size_t len = strlen(key);

	for (const char *at = line; at + len < end; at++)
		if (memcmp(at, key, len) == 0) {
			const char *blank = memchr(at + len, ' ', (size_t)(end - at) - len);

			*ret_value = at + len;
			return (int)((blank ? blank : end) - *ret_value);
		}
	*ret_value = "";
	return 0;
}

/* What the lines of a journal say. */
static void note_lines(const char *bytes, size_t len)
{
	const char *end = bytes + len;

	for (const char *at = bytes, *feed; at < end && (feed = memchr(at, '\n', (size_t)(end - at))); at = feed + 1) {
		char line[NAME_MAX_BYTES];
		const char *path, *pre, *number, *word = at + 17, *blank;
		int path_len = value_of(at, feed, " path=", &path), pre_len = value_of(at, feed, " pre=", &pre), n;
		int number_len = value_of(at, feed, " number=", &number);

		if (feed - at < 18)
			continue;
		blank = memchr(word, ' ', (size_t)(feed - word));
		n = snprintf(line, sizeof(line), "note %.*s %.*s%s%.*s%s%.*s\n", (int)((blank ? blank : feed) - word),
			word, number_len ? number_len : 1, number_len ? number : "0", path_len ? " " : "", path_len,
			path, pre_len ? " " : "", pre_len, pre);
		put(line, (size_t)n);
	}
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;
	int fd;

	va_start(more, flags);
	mode = va_arg(more, mode_t);
	va_end(more);
	fd = __real_openat(dir, path, flags, mode);
	if (fd >= 0 && (flags & O_TMPFILE) == O_TMPFILE)
		record("probe", dir, NULL, -1, NULL);
	else if (fd >= 0 && flags & O_CREAT)
		record("create", fd, NULL, -1, NULL);
	return fd;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	char path[NAME_MAX_BYTES], *other = NULL;
	int error = errno;
	ssize_t put_bytes;

	if (bm_hook_flip && len > 0) {
		bm_hook_flip = false;
		other = malloc(len);
		if (!other)
			bm_hook_wrong("out of memory", "flip");
		memcpy(other, bytes, len);
		other[len / 2] ^= 1;
	}
	errno = error;
	put_bytes = __real_write(fd, other ? other : bytes, len);
	error = errno;
	free(other);
	if (put_bytes > 0 && getenv("BOOTMEND_TEST_RECORD") && path_of(fd, NULL, path)) {
		record("write", fd, NULL, -1, NULL);
		if (strncmp(path, "/var/lib/bootmend/", 18) == 0 && strcmp(strrchr(path, '/'), "/journal") == 0)
			note_lines(bytes, (size_t)put_bytes);
	}
	errno = error;
	return put_bytes;
}

int __wrap_fsync(int fd)
{
	struct stat st;
	int r = __real_fsync(fd), error = errno;

	/* A filesystem without fsync of directories was asked all the same. */
	if (fstat(fd, &st) == 0)
		record(S_ISDIR(st.st_mode) ? "fsync-dir" : "fsync", fd, NULL, -1, NULL);
	errno = error;
	return r;
}

int __wrap_syncfs(int fd)
{
	int r = __real_syncfs(fd);

	if (r == 0)
		record("syncfs", fd, NULL, -1, NULL);
	return r;
}

int __wrap_ftruncate(int fd, off_t size)
{
	int r = __real_ftruncate(fd, size);

	if (r == 0)
		record("truncate", fd, NULL, -1, NULL);
	return r;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int r = __real_renameat(from_dir, from, to_dir, to);

	if (r == 0)
		record("rename", from_dir, from, to_dir, to);
	return r;
}

int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	int r = __real_linkat(from_dir, from, to_dir, to, flags);

	if (r == 0)
		record("link", from_dir, from, to_dir, to);
	return r;
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	int r = __real_unlinkat(dir, path, flags);

	if (r == 0)
		record("unlink", dir, path, -1, NULL);
	return r;
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
	int r = __real_mkdirat(dir, path, mode);

	if (r == 0)
		record("mkdir", dir, path, -1, NULL);
	return r;
}

int __wrap_symlinkat(const char *text, int dir, const char *path)
{
	int r = __real_symlinkat(text, dir, path);

	if (r == 0)
		record("symlink", dir, path, -1, NULL);
	return r;
}

int __wrap_ioctl(int fd, int request, ...)
{
	va_list more;
	void *value;
	int r;

	va_start(more, request);
	value = va_arg(more, void *);
	va_end(more);
	r = __real_ioctl(fd, request, value);
	/* What cannot be frozen was asked all the same. */
	if ((unsigned int)request == (unsigned int)FIFREEZE)
		record(r == 0 ? "freeze" : "no-freeze", fd, NULL, -1, NULL);
	if ((unsigned int)request == (unsigned int)FITHAW)
		record("thaw", fd, NULL, -1, NULL);
	return r;
}

long __wrap_syscall(long number, ...)
{
	va_list more;
	long a[6], r;

	va_start(more, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(more, long);
	va_end(more);
	r = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (r == 0 && number == SYS_renameat2)
		record(a[4] & 2 ? "exchange" : "rename", (int)a[0], (const char *)a[1], (int)a[2], (const char *)a[3]);
	return r;
}
