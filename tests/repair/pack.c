/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pack NAME=SOURCE...: a cpio archive (newc) of files and folders, the same bytes for the same content: what the test
 * systems' dracut and mkinitramfs write, so that an interrupted repair can be compared with one that was not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned int inode;

static _Noreturn void fail(const char *path)
{
	fprintf(stderr, "pack: %s: %s\n", path, strerror(errno));
	exit(1);
}

static void pad(size_t len)
{
	fwrite("\0\0\0", 1, -len & 3, stdout);
}

static void header(const char *name, unsigned int mode, size_t size)
{
	size_t name_len = strlen(name) + 1;

	printf("070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", ++inode, mode, 0U, 0U, 1U, 0U, size, 0U,
		0U, 0U, 0U, name_len, 0U);
	fwrite(name, 1, name_len, stdout);
	pad(110 + name_len);
}

static void put(const char *name, const char *source)
{
	struct dirent **entries = NULL;
	struct stat st;
	char *bytes;
	int fd, n;

	if (stat(source, &st) < 0)
		fail(source);
	if (S_ISDIR(st.st_mode)) {
		header(name, S_IFDIR | 0755, 0);
		n = scandir(source, &entries, NULL, alphasort);
		for (int i = 0; i < n; i++) {
			char below[PATH_MAX], below_name[PATH_MAX];

			if (entries[i]->d_name[0] == '.')
				continue;
			snprintf(below, sizeof(below), "%s/%s", source, entries[i]->d_name);
			snprintf(below_name, sizeof(below_name), "%s/%s", name, entries[i]->d_name);
			put(below_name, below);
		}
		return;
	}
	bytes = malloc((size_t)st.st_size + 1);
	fd = open(source, O_RDONLY | O_CLOEXEC);
	if (!bytes || fd < 0 || read(fd, bytes, (size_t)st.st_size) != st.st_size)
		fail(source);
	close(fd);
	header(name, S_IFREG | (st.st_mode & 0777), (size_t)st.st_size);
	fwrite(bytes, 1, (size_t)st.st_size, stdout);
	pad((size_t)st.st_size);
	free(bytes);
}

/* The folders on the way to name. */
static void put_parents(const char *name)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
		header(parent, S_IFDIR | 0755, 0);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *source = strchr(argv[i], '=');

		if (!source) {
			fputs("usage: pack NAME=SOURCE...\n", stderr);
			return 2;
		}
		*source++ = '\0';
		put_parents(argv[i]);
		put(argv[i], source);
	}
	header("TRAILER!!!", 0, 0);
	return fflush(stdout) == 0 ? 0 : 1;
}
