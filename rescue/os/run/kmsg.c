/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { RECORD_MAX = 8192 };

int bm_kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Whether the text has name as a word: loop1 is not meant where loop12 is named. */
static bool names(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at++) {
		char before = at > text ? at[-1] : ' ', after = at[len];
		bool word_before = (before >= '0' && before <= '9') || (before >= 'a' && before <= 'z');
		bool word_after = (after >= '0' && after <= '9') || (after >= 'a' && after <= 'z');

		if (!word_before && !word_after)
			return true;
	}
	return false;
}

/* A record is "6,1234,5678,-;text\n KEY=value\n". */
int bm_kmsg_since(int fd, const char *device, struct bm_strv *lines)
{
	_cleanup_free_ char *record = malloc(RECORD_MAX + 1), *real = realpath(device, NULL);
	const char *name = bm_path_base(real ? real : device);
	size_t kept = 0;

	if (!record)
		return -ENOMEM;
	for (unsigned int i = 0; fd >= 0 && i < BM_KMSG_RECORDS_MAX && kept < BM_KMSG_LINES_MAX; i++) {
		ssize_t got = read(fd, record, RECORD_MAX);
		char *text;

		/* Overtaken by the writer: what is left is newer. */
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		record[got] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (!names(text, name))
			continue;
		if (bm_strv_add(lines, text) < 0)
			return -ENOMEM;
		kept++;
	}
	return 0;
}
