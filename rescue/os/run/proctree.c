/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proctree.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "os/root/fileio.h"

enum { PROCESSES_MAX = 65536, STAT_MAX = 1024, COMM_MAX = 64 };

/* "PID (name) state parent ...": the name may hold parentheses and spaces. */
static bool read_stat(const char *name, struct bm_process *ret_process)
{
	uint64_t user, system, children_user, children_system;
	char path[64], text[STAT_MAX], *end;
	long per_second = sysconf(_SC_CLK_TCK);
	FILE *file;
	size_t got;
	int parent;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	file = fopen(path, "re");
	if (!file)
		return false;
	got = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[got] = '\0';
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1,
			    " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			    &parent, &user, &system, &children_user, &children_system) != 5)
		return false;
	*ret_process = (struct bm_process){
		.pid = (pid_t)strtol(name, NULL, 10),
		.parent = parent,
		.cpu_ms = (user + system + children_user + children_system) * 1000 /
			  (uint64_t)(per_second > 0 ? per_second : 100),
	};
	return true;
}

size_t bm_processes_list(struct bm_process **ret_processes)
{
	struct bm_process *items = NULL, *slot, one;
	size_t n = 0, cap = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && n < PROCESSES_MAX && (entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_stat(entry->d_name, &one))
			continue;
		slot = BM_VEC_PUSH(items, n, cap);
		if (!slot)
			break;
		*slot = one;
	}
	if (proc)
		closedir(proc);
	*ret_processes = items;
	return n;
}

char *bm_process_name(pid_t pid)
{
	_cleanup_free_ char *path = bm_strf("/proc/%d/comm", (int)pid);
	_cleanup_buf_ struct bm_buf text = {0};

	if (!path)
		return NULL;
	if (bm_file_read(path, COMM_MAX, &text) < 0 || text.len == 0) {
		bm_err_clear();
		return strdup("?");
	}
	return bm_str_safe(bm_str_strip(text.data));
}

uint64_t bm_processes_cpu_ms(pid_t top)
{
	_cleanup_free_ struct bm_process *all = NULL;
	size_t n = bm_processes_list(&all), found = 0;
	uint64_t sum = 0;

	/* Those that belong to it gather at the front; each brings those below it. */
	for (size_t i = 0; i < n; i++)
		if (all[i].pid == top) {
			struct bm_process first = all[0];

			all[0] = all[i];
			all[i] = first;
			found = 1;
			break;
		}
	for (size_t done = 0; done < found; done++) {
		sum += all[done].cpu_ms;
		for (size_t i = found; i < n; i++)
			if (all[i].parent == all[done].pid) {
				struct bm_process other = all[found];

				all[found++] = all[i];
				all[i] = other;
			}
	}
	return sum;
}
