/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold HOW FILE SECONDS: somebody else who uses a file, until the time is up or standard input ends.
 *
 *	qemu	OFD locks as a running QEMU has them: read locks of the bytes of its permissions
 *	qemu?	exits 0 where QEMU could take these locks for writing beside those that are there, 1 where not
 *	flock	LOCK_EX of flock(2)
 *	posix	a lock of the process (fcntl F_SETLK) for writing
 *	write	open for writing, and no lock
 *	read	open for reading
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { HELD = 100, DENIED = 200, WRITE_BYTE = 1 };

static int range(int fd, int command, short type, off_t start, off_t len)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	if (fcntl(fd, command, &lock) < 0)
		return -1;
	return command == F_OFD_GETLK && lock.l_type != F_UNLCK ? -1 : 0;
}

/* Consistent read, write and resize are held; write and resize are not borne of others. */
static int as_qemu(int fd)
{
	return range(fd, F_OFD_SETLK, F_RDLCK, HELD, 2) < 0 || range(fd, F_OFD_SETLK, F_RDLCK, HELD + 3, 1) < 0 ||
			       range(fd, F_OFD_SETLK, F_RDLCK, DENIED + WRITE_BYTE, 1) < 0 ||
			       range(fd, F_OFD_SETLK, F_RDLCK, DENIED + 3, 1) < 0 ||
			       range(fd, F_OFD_GETLK, F_WRLCK, DENIED + WRITE_BYTE, 1) < 0 ||
			       range(fd, F_OFD_GETLK, F_WRLCK, HELD + WRITE_BYTE, 1) < 0
		       ? -1
		       : 0;
}

int main(int argc, char **argv)
{
	const char *how = argc == 4 ? argv[1] : "";
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};
	int fd, r = 0;

	fd = argc == 4 ? open(argv[2], (strcmp(how, "read") == 0 ? O_RDONLY : O_RDWR) | O_NONBLOCK) : -1;
	if (fd < 0) {
		perror(argc == 4 ? argv[2] : "hold HOW FILE SECONDS");
		return 2;
	}
	if (strncmp(how, "qemu", 4) == 0)
		r = as_qemu(fd);
	else if (strcmp(how, "flock") == 0)
		r = flock(fd, LOCK_EX | LOCK_NB);
	else if (strcmp(how, "posix") == 0)
		r = range(fd, F_SETLK, F_WRLCK, 0, 0);
	if (how[0] && how[strlen(how) - 1] == '?')
		return r < 0 ? 1 : 0;
	if (r < 0) {
		perror(how);
		return 2;
	}
	printf("held\n");
	fflush(stdout);
	poll(&end, 1, atoi(argv[3]) * 1000);
	return 0;
}
