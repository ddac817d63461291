/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What else decides how userspace starts: what the system does when memory runs out, whether it asks for kdump, and
 * lvm.conf.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "userland_int.h"

/* --- sysctl.d(5) --- */

/* The last line of the file that sets vm.panic_on_oom; what it sets replaces what an earlier file did. */
static int read_sysctl_file(struct bm_system *system, const char *path)
{
	struct bm_userland *userland = &system->userland;
	_cleanup_buf_ struct bm_buf text = {0};
	char *next;
	unsigned int number = 0;

	if (bm_root_read(system->root, path, BM_USERLAND_TEXT_MAX, &text) < 0 || text.len == 0)
		return 0;
	for (char *line = text.data; line; line = next) {
		char *key, *value;

		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		key = line + strspn(line, " \t-");
		value = strchr(key, '=');
		if (*key == '#' || *key == ';' || !value)
			continue;
		if (strncmp(key, "vm.panic_on_oom", 15) != 0 && strncmp(key, "vm/panic_on_oom", 15) != 0)
			continue;
		if (key + 15 + strspn(key + 15, " \t") != value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		if (*value == '1' || *value == '2') {
			userland->oom_line = number;
			if (bm_str_set(&userland->oom_file, path) < 0 || bm_str_set(&userland->oom_text, line) < 0)
				return -ENOMEM;
		} else if (bm_str_set(&userland->oom_file, NULL) < 0 || bm_str_set(&userland->oom_text, NULL) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

int bm_userland_read_sysctl(struct bm_system *system)
{
	static const char *const dirs[] = {"/etc/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"};
	_cleanup_strv_ struct bm_strv all = {0};

	/* By name, whatever the folder; of one name that in /etc counts. */
	for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++) {
		_cleanup_strv_ struct bm_strv names = {0};

		if (bm_root_list(system->root, dirs[d], 0, &names) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++)
			if (bm_str_ends(names.items[i], ".conf") && bm_strv_add_once(&all, names.items[i]) < 0)
				return -ENOMEM;
	}
	bm_strv_sort(&all);
	for (size_t i = 0; i < all.n; i++)
		for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++) {
			_cleanup_free_ char *path = bm_path_join(dirs[d], all.items[i]);

			if (!path)
				return -ENOMEM;
			if (!bm_root_exists(system->root, path))
				continue;
			if (read_sysctl_file(system, path) < 0)
				return -ENOMEM;
			break;
		}
	if (read_sysctl_file(system, "/etc/sysctl.conf") < 0)
		return -ENOMEM;
	bm_err_clear();
	return 0;
}

/* --- kdump of Fedora and its kin --- */

/* Whether a unit in /etc is masked: a link to /dev/null, or an empty file. */
static bool is_masked(const struct bm_root *root, const char *unit)
{
	_cleanup_free_ char *target = NULL;
	struct bm_stat st;

	if (bm_root_stat(root, unit, false, &st) < 0)
		return false;
	if (st.type == BM_FILE_REGULAR)
		return st.size_bytes == 0;
	return st.type == BM_FILE_SYMLINK && bm_root_readlink(root, unit, &target) == 0 &&
	       bm_streq(target, "/dev/null");
}

/* Since 2020 the unit has the condition itself; before, kdumpctl complains. */
static bool asks_for_memory(const struct bm_root *root)
{
	static const char *const units[] = {
		"/etc/systemd/system/kdump.service", "/usr/lib/systemd/system/kdump.service"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(units); i++) {
		_cleanup_buf_ struct bm_buf text = {0};

		if (bm_root_read(root, units[i], BM_USERLAND_TEXT_MAX, &text) == 0)
			return strstr(bm_buf_text(&text), "\nConditionKernelCommandLine=crashkernel") != NULL;
	}
	return false;
}

int bm_userland_read_kdump(struct bm_system *system)
{
	static const char *const units[] = {"/etc/systemd/system/multi-user.target.wants/kdump.service",
		"/etc/systemd/system/basic.target.wants/kdump.service"};
	static const char *const dirs[] = {"/boot", "/var/lib/kdump"};
	struct bm_userland *userland = &system->userland;
	bool masked = is_masked(system->root, "/etc/systemd/system/kdump.service");

	userland->kdump_asks = asks_for_memory(system->root);
	for (size_t i = 0; !masked && !userland->kdump_unit && i < BM_ARRAY_SIZE(units); i++) {
		struct bm_stat st;

		if (bm_root_stat(system->root, units[i], false, &st) == 0 &&
			bm_str_set(&userland->kdump_unit, units[i]) < 0)
			return -ENOMEM;
	}
	for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++) {
		_cleanup_strv_ struct bm_strv names = {0};

		if (bm_root_list(system->root, dirs[d], 0, &names) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++)
			userland->kdump_image |=
				bm_str_starts(names.items[i], "init") && bm_str_ends(names.items[i], "kdump.img");
	}
	bm_err_clear();
	return 0;
}

/* --- lvm.conf --- */

int bm_userland_read_lvm(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_strv_ struct bm_strv lines = {0};

	if (bm_root_read(system->root, "/etc/lvm/lvm.conf", BM_USERLAND_TEXT_MAX, &text) < 0) {
		bm_err_clear();
		return 0;
	}
	if (bm_strv_split(&lines, bm_buf_text(&text), "\n") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t");
		const char *value = bm_str_after(line, "use_devicesfile");

		if (!value)
			continue;
		value += strspn(value, " \t=");
		system->userland.lvm_devicesfile = *value == '0' ? BM_SETTING_OFF : BM_SETTING_ON;
	}
	return 0;
}
