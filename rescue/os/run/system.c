/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "spawn.h"
#include "tmp.h"

enum { MEMINFO_MAX = 65536, CMDLINE_MAX = 65536, SYNC_LIMIT_MS = 30000, MODPROBE_LIMIT_S = 60 };

int bm_system_init(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return bm_err(-errno, "/dev/null");
		if (fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) < 0)
			return bm_err(-errno, "/dev/null");
	} while (fd <= STDERR_FILENO);
	close(fd);
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

static uint64_t meminfo_value(const char *text, const char *key)
{
	const char *line = strstr(text, key);
	unsigned long long kib;

	return line && sscanf(line + strlen(key), " %llu", &kib) == 1 ? (uint64_t)kib * 1024 : 0;
}

int bm_system_info(struct bm_system_info *ret_info)
{
	_cleanup_buf_ struct bm_buf memory = {0};
	struct bm_system_info info = {0};
	struct utsname names;
	int r = 0;

	if (uname(&names) < 0)
		return bm_err(-errno, "uname");
	/* Without /proc the memory is unknown, 0; that is no error. */
	if (bm_file_read("/proc/meminfo", MEMINFO_MAX, &memory) == 0) {
		info.memory_total_bytes = meminfo_value(bm_buf_text(&memory), "MemTotal:");
		info.memory_available_bytes = meminfo_value(bm_buf_text(&memory), "MemAvailable:");
	}
	info.uefi = access("/sys/firmware/efi", F_OK) == 0;
	info.release = strdup(names.release);
	info.machine = strdup(names.machine);
	info.hostname = strdup(names.nodename);
	if (!info.release || !info.machine || !info.hostname)
		r = bm_err(-ENOMEM, "uname");
	if (r < 0)
		bm_system_info_done(&info);
	else
		*ret_info = info;
	return r;
}

void bm_system_info_done(struct bm_system_info *info)
{
	free(info->release);
	free(info->machine);
	free(info->hostname);
	*info = (struct bm_system_info){0};
}

int bm_system_cmdline(struct bm_buf *buf)
{
	int r = bm_file_read("/proc/cmdline", CMDLINE_MAX, buf);

	while (r == 0 && buf->len > 0 && buf->data[buf->len - 1] == '\n')
		buf->data[--buf->len] = '\0';
	return r;
}

/* In a process of its own, since a sync of a dying disk may never come back. */
static void sync_for_a_while(void)
{
	uint64_t start = bm_time_ms();
	pid_t pid = fork();

	if (pid == 0) {
		sync();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0 && bm_time_ms() - start < SYNC_LIMIT_MS)
		bm_sleep_ms(50);
}

int bm_system_end(enum bm_system_end end)
{
	sync_for_a_while();
	reboot(end == BM_SYSTEM_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
	return bm_err(-errno, "reboot");
}

int bm_lock_take(const char *path, int *ret_fd, int *ret_holder)
{
	_cleanup_free_ char *dir = bm_path_dir(path);
	char text[32] = "";
	size_t got = 0;
	int fd, r;

	if (!dir)
		return bm_err(-ENOMEM, "%s", path);
	r = bm_dir_make(dir, 0755);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (ret_holder) {
			*ret_holder = 0;
			if (bm_file_at(fd, 0, text, sizeof(text) - 1, &got) == 0)
				*ret_holder = (int)strtol(text, NULL, 10);
		}
		close(fd);
		return bm_err(r, "%s", path);
	}
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0) {
		r = bm_err(-errno, "%s", path);
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

uint64_t bm_time_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t bm_time_now(void)
{
	return (int64_t)time(NULL);
}

void bm_time_text(int64_t moment, char *ret_text)
{
	time_t seconds = (time_t)moment;
	struct tm parts;

	if (!gmtime_r(&seconds, &parts) || strftime(ret_text, BM_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		memcpy(ret_text, "1970-01-01T00:00:00Z", sizeof("1970-01-01T00:00:00Z"));
}

void bm_sleep_ms(unsigned int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

int bm_system_flush_device(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;

	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (fsync(fd) < 0 || ioctl(fd, BLKFLSBUF, 0) < 0)
		r = bm_err(-errno, "%s", path);
	close(fd);
	return r;
}

int bm_system_load_module(const char *name)
{
	const char *argv[] = {"modprobe", "-q", "--", name, NULL};
	_cleanup_spawn_ struct bm_spawn_result result = {0};
	struct bm_spawn spawn = {.argv = argv, .limit_s = MODPROBE_LIMIT_S};
	int r = bm_spawn_run(&spawn, &result);

	if (r < 0)
		return r;
	if (result.fate == BM_SPAWN_NOT_STARTED)
		return bm_err(-ENOENT, "modprobe");
	return bm_spawn_ok(&result) ? 0 : bm_err(-ENODEV, "kernel module %s", name);
}

int bm_system_settle(unsigned int limit_s)
{
	_cleanup_free_ char *limit = bm_strf("--timeout=%u", limit_s);
	const char *argv[] = {"udevadm", "settle", limit, NULL};
	_cleanup_spawn_ struct bm_spawn_result result = {0};
	struct bm_spawn spawn = {.argv = argv, .limit_s = limit_s + 5};
	int r;

	if (!limit)
		return bm_err(-ENOMEM, "udevadm");
	if (access("/run/udev/control", F_OK) < 0)
		return 0;
	r = bm_spawn_run(&spawn, &result);
	if (r < 0 || bm_spawn_ok(&result) || result.fate == BM_SPAWN_NOT_STARTED)
		return r;
	return bm_err(-ETIMEDOUT, "udevadm settle");
}

int bm_system_random_hex(size_t n, char *ret_text)
{
	unsigned char bytes[32];
	size_t i;
	ssize_t got;

	if (n > sizeof(bytes))
		return bm_err(-EINVAL, "random bytes");
	do {
		got = getrandom(bytes, n, 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)n)
		return bm_err(got < 0 ? -errno : -EIO, "random bytes");
	for (i = 0; i < n; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
	ret_text[2 * n] = '\0';
	return 0;
}

const char *bm_system_env(const char *name)
{
	return getenv(name);
}

bool bm_system_is_root(void)
{
	return geteuid() == 0;
}
