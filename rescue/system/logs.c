/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logs.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../os/root/fileio.h"
#include "../os/run/klog.h"
#include "../os/run/spawn.h"
#include "../os/run/system.h"

#define PSTORE_DIR "/sys/fs/pstore"

enum { PSTORE_FILES = 8 };

void bm_logs_done(struct bm_logs *logs)
{
	for (size_t i = 0; i < logs->n; i++) {
		free(logs->items[i].name);
		bm_buf_done(&logs->items[i].bytes);
	}
	free(logs->items);
	bm_strv_done(&logs->notes);
	*logs = (struct bm_logs){0};
}

static struct bm_log *new_log(struct bm_logs *logs, const char *name)
{
	struct bm_log *log = BM_VEC_PUSH(logs->items, logs->n, logs->capacity);

	if (log && bm_str_set(&log->name, name) < 0) {
		logs->n--;
		return NULL;
	}
	return log;
}

/* A log without a byte is none. */
static void drop_empty(struct bm_logs *logs)
{
	struct bm_log *log = &logs->items[logs->n - 1];

	if (log->bytes.len > 0)
		return;
	free(log->name);
	bm_buf_done(&log->bytes);
	logs->n--;
}

static int read_tail(const struct bm_root *root, const char *path, struct bm_logs *logs)
{
	struct bm_log *log;

	if (!bm_root_is_file(root, path))
		return 0;
	log = new_log(logs, path);
	if (!log)
		return -ENOMEM;
	if (bm_root_read_tail(root, path, BM_LOG_TAIL, &log->bytes) < 0) {
		log->bytes.len = 0;
		bm_err_clear();
	}
	drop_empty(logs);
	return 0;
}

/* What systemd-pstore moved out of the firmware: files, or folders of them. */
static int read_saved_pstore(const struct bm_root *root, const char *dir, unsigned int depth, struct bm_logs *logs)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = 0;

	if (!bm_root_is_dir(root, dir) || bm_root_list(root, dir, 0, &names) < 0) {
		bm_err_clear();
		return 0;
	}
	/* The names end with the time: the last ones are the newest. */
	for (size_t i = names.n > PSTORE_FILES ? names.n - PSTORE_FILES : 0; r == 0 && i < names.n; i++) {
		_cleanup_free_ char *path = bm_path_join(dir, names.items[i]);

		if (!path)
			return -ENOMEM;
		if (bm_root_is_dir(root, path))
			r = depth > 0 ? read_saved_pstore(root, path, depth - 1, logs) : 0;
		else if (bm_str_starts(names.items[i], "dmesg"))
			r = read_tail(root, path, logs);
	}
	return r;
}

/* What this machine's firmware keeps, where something mounted it. */
static int read_pstore(struct bm_logs *logs)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (!bm_file_is_dir(PSTORE_DIR))
		return 0;
	if (bm_file_list(PSTORE_DIR, &names) < 0)
		bm_err_clear();
	for (size_t i = 0; i < BM_MIN(names.n, (size_t)PSTORE_FILES); i++) {
		_cleanup_free_ char *path = bm_path_join(PSTORE_DIR, names.items[i]);
		struct bm_log *log;

		if (!path)
			return -ENOMEM;
		if (!bm_str_starts(names.items[i], "dmesg"))
			continue;
		log = new_log(logs, path);
		if (!log)
			return -ENOMEM;
		if (bm_file_read(path, BM_LOG_TAIL, &log->bytes) < 0)
			bm_err_clear();
		drop_empty(logs);
	}
	return 0;
}

/* The journal's end, through the rescue system's own journalctl. */
static int read_journal(const struct bm_system *system, struct bm_logs *logs)
{
	_cleanup_free_ char *inside = NULL, *dir = NULL, *option = NULL, *count = NULL, *tool = NULL;
	_cleanup_spawn_ struct bm_spawn_result result = {0};
	struct bm_spawn spawn = {.limit_s = BM_LOG_JOURNAL_SECONDS, .keep_bytes = BM_LOG_JOURNAL, .split_errors = true};
	const char *argv[] = {"journalctl", NULL, "--no-pager", "--quiet", "--output=export",
		"--output-fields=MESSAGE,_BOOT_ID,SYSLOG_IDENTIFIER,_TRANSPORT", NULL, NULL};
	struct bm_log *log;
	int r;

	/* Only a journal with a folder in it is persistent. */
	if (!system->dir || bm_root_realpath(system->root, "/var/log/journal", &inside) < 0) {
		bm_err_clear();
		return 0;
	}
	if (bm_spawn_find("journalctl", &tool) < 0) {
		bm_err_clear();
		return bm_strv_add(&logs->notes, "the system's journal was not read: there is no journalctl here");
	}
	dir = bm_path_join(system->dir, inside);
	option = dir ? bm_strf("--directory=%s", dir) : NULL;
	count = bm_strf("--lines=%d", BM_LOG_JOURNAL_ENTRIES);
	if (!option || !count)
		return -ENOMEM;
	argv[1] = option;
	argv[6] = count;
	spawn.argv = argv;
	r = bm_spawn_run(&spawn, &result);
	if (r < 0) {
		bm_err_clear();
		return r == -ENOMEM ? r : 0;
	}
	if (!bm_spawn_ok(&result)) {
		_cleanup_free_ char *fate = bm_spawn_fate_text("journalctl", &result);

		return fate ? bm_strv_addf(&logs->notes, "the system's journal was not read: %s", fate) : -ENOMEM;
	}
	log = new_log(logs, "the system's journal");
	if (!log)
		return -ENOMEM;
	log->bytes = result.output;
	result.output = (struct bm_buf){0};
	drop_empty(logs);
	return 0;
}

int bm_logs_read(const struct bm_system *system, struct bm_logs *logs)
{
	static const char *const files[] = {"/var/log/messages", "/var/log/syslog", "/var/log/kern.log",
		"/var/log/boot.log", "/var/log/dmesg", "/boot/rdsosreport.txt", "/root/rdsosreport.txt",
		"/rdsosreport.txt"};
	int r = 0;

	if (!system->root)
		return 0;
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(files); i++)
		r = read_tail(system->root, files[i], logs);
	if (r == 0)
		r = read_saved_pstore(system->root, "/var/lib/systemd/pstore", 2, logs);
	if (r == 0 && !system->given)
		r = read_pstore(logs);
	return r == 0 ? read_journal(system, logs) : r;
}

/* The rescue system is an initramfs, too, but nothing failed in it. */
static bool in_failed_initramfs(void)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_cmdline_ struct bm_cmdline line = {0};

	if (!bm_file_exists("/etc/initrd-release") && !bm_file_exists("/conf/initramfs.conf"))
		return false;
	if (bm_system_cmdline(&text) < 0 || bm_cmdline_parse(bm_buf_text(&text), text.len, &line) < 0) {
		bm_err_clear();
		return false;
	}
	return !bm_cmdline_has(&line, "bootmend.rescue");
}

int bm_logs_read_present(struct bm_logs *logs)
{
	static const char report[] = "/run/initramfs/rdsosreport.txt";
	struct bm_log *log;

	if (!in_failed_initramfs())
		return 0;
	log = new_log(logs, bm_file_exists(report) ? report : "the kernel's messages");
	if (!log)
		return -ENOMEM;
	if (bm_streq(log->name, report) ? bm_file_read(report, BM_LOG_PRESENT, &log->bytes) < 0
					: bm_klog_read(&log->bytes) < 0)
		bm_err_clear();
	drop_empty(logs);
	return 0;
}
