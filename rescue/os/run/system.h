/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that bootmend runs on, and its console.
 */
#ifndef BM_OS_SYSTEM_H
#define BM_OS_SYSTEM_H

#include "base/buf.h"
#include "base/vec.h"

/* To be called first: the standard descriptors that are closed become /dev/null, so that no file of the patient gets
 * their numbers, and SIGPIPE is ignored. */
int bm_system_init(void) BM_MUST_CHECK;

struct bm_system_info {
	char *release; /* uname -r */
	char *machine; /* x86_64 */
	char *hostname;
	bool uefi;
	uint64_t memory_available_bytes;
	uint64_t memory_total_bytes;
};

int bm_system_info(struct bm_system_info *ret_info) BM_MUST_CHECK;
void bm_system_info_done(struct bm_system_info *info);
/* The kernel command line, without its newline, appended to buf. */
int bm_system_cmdline(struct bm_buf *buf) BM_MUST_CHECK;

/* Device paths of the active consoles (/sys/class/tty/console/active), the preferred one (/dev/console's) last. */
int bm_console_list(struct bm_strv *paths) BM_MUST_CHECK;
/* Writes the line and a newline to every console, without waiting longer than 2 s for any; standard error when there
 * is none. Returns 0 when one took it. */
int bm_console_write(const char *line) BM_MUST_CHECK;

enum bm_system_end { BM_SYSTEM_REBOOT, BM_SYSTEM_POWEROFF };
/* Syncs (at most 30 s) and reboots or powers off at once, without init: comes back only with an error. */
int bm_system_end(enum bm_system_end end) BM_MUST_CHECK;

/* Takes the lock of the path (made where missing; its directory, too) without waiting. -EBUSY when another process has
 * it: *ret_holder (may be NULL) is its process id, 0 where unknown. ret_fd is for close(), which unlocks. */
int bm_lock_take(const char *path, int *ret_fd, int *ret_holder) BM_MUST_CHECK;

bool bm_tty_is(int fd);
/* Columns and rows of the terminal; 80 and 25 where it does not say. */
void bm_tty_size(int fd, unsigned int *ret_columns, unsigned int *ret_rows);
/* One key without echo and without Enter, at most wait_ms (negative: no limit). -ETIMEDOUT, -ENODATA at the end of
 * input, -ENOTTY is no error: then a byte of the input. Escape sequences arrive as BM_KEY_*. */
enum { BM_KEY_UP = 0x101, BM_KEY_DOWN, BM_KEY_LEFT, BM_KEY_RIGHT, BM_KEY_OTHER };
int bm_tty_key(int fd, int wait_ms, int *ret_key) BM_MUST_CHECK;
/* A line with echo, without its newline, appended to buf; at most 4096 bytes. -ENODATA at the end of input. */
int bm_tty_line(int fd, struct bm_buf *buf) BM_MUST_CHECK;

/* Monotonic, and of the calendar (seconds since 1970). */
uint64_t bm_time_ms(void);
int64_t bm_time_now(void);
/* 2026-11-21T00:40:00Z; out has room for BM_TIME_TEXT bytes. */
enum { BM_TIME_TEXT = 32 };
void bm_time_text(int64_t time, char *ret_text);
void bm_sleep_ms(unsigned int ms);

/* Drops the kernel's cached pages of a block device after a sync (BLKFLSBUF), so that a reader sees the medium. */
int bm_system_flush_device(const char *path) BM_MUST_CHECK;
/* modprobe -q, where there is one. -ENOENT when there is no modprobe, -ENODEV when it failed. */
int bm_system_load_module(const char *name) BM_MUST_CHECK;
/* Waits until udev is idle (udevadm settle, where udev runs), at most limit_s. Without udev 0 at once. */
int bm_system_settle(unsigned int limit_s) BM_MUST_CHECK;
/* Random bytes as lower-case hexadecimal digits: 2 * n of them and a NUL into ret_text. n is at most 32. */
int bm_system_random_hex(size_t n, char *ret_text) BM_MUST_CHECK;
/* A value of the environment, or NULL; borrowed. */
const char *bm_system_env(const char *name);
/* Whether we run as root with CAP_SYS_ADMIN (scan of devices, mounts). */
bool bm_system_is_root(void);

#endif
