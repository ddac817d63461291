/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of os/system.h that concerns consoles and terminals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "system.h"

enum { ACTIVE_MAX = 4096, CONSOLE_WAIT_MS = 2000, ESCAPE_WAIT_MS = 100, LINE_BYTES_MAX = 4096 };

int bm_console_list(struct bm_strv *paths)
{
	_cleanup_buf_ struct bm_buf active = {0};
	_cleanup_strv_ struct bm_strv names = {0};
	size_t i;
	int r;

	r = bm_file_read("/sys/class/tty/console/active", ACTIVE_MAX, &active);
	if (r == 0)
		r = bm_strv_split(&names, bm_buf_text(&active), " \n");
	/* The kernel's list ends with the console that /dev/console is; so does ours. */
	for (i = 0; r == 0 && i < names.n; i++)
		r = bm_strv_addf(paths, "/dev/%s", names.items[i]);
	return r;
}

/* Writes all, waiting at most CONSOLE_WAIT_MS: a serial line with flow control may have nobody at its end. */
static int write_patiently(int fd, const char *text, size_t len)
{
	uint64_t start = bm_time_ms(), elapsed;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	ssize_t put;
	int queued;

	while (len > 0) {
		put = write(fd, text, len);
		if (put > 0) {
			text += put;
			len -= (size_t)put;
			continue;
		}
		if (put < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		elapsed = bm_time_ms() - start;
		if (elapsed >= CONSOLE_WAIT_MS)
			return -ETIMEDOUT;
		poll(&ready, 1, (int)(CONSOLE_WAIT_MS - elapsed));
	}
	/* What waits in the driver would be lost by a reboot that follows. */
	while (bm_time_ms() - start < CONSOLE_WAIT_MS && ioctl(fd, TIOCOUTQ, &queued) == 0 && queued > 0)
		bm_sleep_ms(10);
	return 0;
}

int bm_console_write(const char *line)
{
	_cleanup_free_ char *text = bm_strf("%s\r\n", line);
	_cleanup_strv_ struct bm_strv paths = {0};
	bool done = false;
	size_t i;
	int fd;

	if (!text)
		return bm_err(-ENOMEM, "console");
	if (bm_console_list(&paths) == 0) {
		for (i = 0; i < paths.n; i++) {
			fd = open(paths.items[i], O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
			if (fd < 0)
				continue;
			if (write_patiently(fd, text, strlen(text)) == 0)
				done = true;
			close(fd);
		}
	}
	if (done)
		return 0;
	return bm_file_put(STDERR_FILENO, text, strlen(text));
}

bool bm_tty_is(int fd)
{
	return isatty(fd);
}

void bm_tty_size(int fd, unsigned int *ret_columns, unsigned int *ret_rows)
{
	struct winsize size = {0};
	bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;

	*ret_columns = known && size.ws_col ? size.ws_col : 80;
	*ret_rows = known && size.ws_row ? size.ws_row : 25;
}

/* One byte; 1, or 0 at the end, -ETIMEDOUT. */
static int get_byte(int fd, int wait_ms, unsigned char *ret_byte)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	uint64_t start = bm_time_ms();
	int left = wait_ms, n;
	ssize_t got;

	for (;;) {
		n = poll(&ready, 1, left);
		if (n > 0) {
			got = read(fd, ret_byte, 1);
			if (got >= 0)
				return got == 1;
			if (errno == EIO)
				return 0; /* the terminal hung up */
			if (errno != EINTR && errno != EAGAIN)
				return -errno;
		} else if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (wait_ms >= 0) {
			uint64_t elapsed = bm_time_ms() - start;

			if (elapsed >= (uint64_t)wait_ms)
				return -ETIMEDOUT;
			left = wait_ms - (int)elapsed;
		}
	}
}

/* ESC [ A and its like; a lone ESC stays one. The rest of a longer sequence is swallowed. */
static int read_escape(int fd)
{
	unsigned char byte;

	if (get_byte(fd, ESCAPE_WAIT_MS, &byte) != 1)
		return 0x1b;
	if (byte != '[' && byte != 'O')
		return BM_KEY_OTHER;
	do {
		if (get_byte(fd, ESCAPE_WAIT_MS, &byte) != 1)
			return BM_KEY_OTHER;
	} while (byte < 0x40 || byte > 0x7e);
	switch (byte) {
	case 'A':
		return BM_KEY_UP;
	case 'B':
		return BM_KEY_DOWN;
	case 'C':
		return BM_KEY_RIGHT;
	case 'D':
		return BM_KEY_LEFT;
	default:
		return BM_KEY_OTHER;
	}
}

int bm_tty_key(int fd, int wait_ms, int *ret_key)
{
	struct termios old, raw;
	bool tty = tcgetattr(fd, &old) == 0;
	unsigned char byte;
	int r;

	if (tty) {
		raw = old;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		tcsetattr(fd, TCSADRAIN, &raw);
	}
	r = get_byte(fd, wait_ms, &byte);
	if (r == 1)
		*ret_key = byte == 0x1b && tty ? read_escape(fd) : byte == '\r' ? '\n' : byte;
	if (tty)
		tcsetattr(fd, TCSADRAIN, &old);
	if (r == 0)
		return bm_err(-ENODATA, "the input ended");
	return r < 0 ? bm_err(r, "input") : 0;
}

int bm_tty_line(int fd, struct bm_buf *buf)
{
	size_t before = buf->len;
	unsigned char byte;
	int r;

	for (;;) {
		r = get_byte(fd, -1, &byte);
		if (r < 0)
			return bm_err(r, "input");
		if (r == 0)
			return buf->len > before ? 0 : bm_err(-ENODATA, "the input ended");
		if (byte == '\n')
			return 0;
		if (byte == '\r')
			continue;
		if (buf->len - before >= LINE_BYTES_MAX)
			return bm_err(-EFBIG, "a line of more than %d bytes", LINE_BYTES_MAX);
		if (bm_buf_addc(buf, (char)byte) < 0)
			return bm_err(-ENOMEM, "input");
	}
}
