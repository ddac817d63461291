/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which system it is: distribution, host name, architecture, and the tools it has.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/etc/keyval.h"
#include "../fmt/etc/osrelease.h"
#include "system.h"

enum { SMALL_FILE_MAX = 256 * 1024, TOKEN_MAX = 4096 };

/* A name of folders, NULL for none. */
static int add_token(struct bm_system *system, const char *token)
{
	return !token || token[0] == '.' || strchr(token, '/') ? 0 : bm_strv_add_once(&system->entry_tokens, token);
}

static int read_release(struct bm_system *system)
{
	for (size_t i = 0; bm_osrelease_files[i]; i++) {
		_cleanup_buf_ struct bm_buf text = {0};
		_cleanup_osrelease_ struct bm_osrelease release = {0};

		if (bm_root_read(system->root, bm_osrelease_files[i], SMALL_FILE_MAX, &text) < 0 ||
			bm_osrelease_parse(
				bm_path_base(bm_osrelease_files[i]), bm_buf_text(&text), text.len, &release) < 0)
			continue;
		if (bm_str_set(&system->os_id, release.id) < 0 || bm_str_set(&system->os_name, release.pretty) < 0 ||
			bm_str_set(&system->os_version, release.version) < 0 ||
			bm_str_set(&system->os_id_like, release.id_like) < 0 || add_token(system, release.image_id) < 0)
			return -ENOMEM;
		return 0;
	}
	return bm_str_set(&system->os_name, "unknown Linux");
}

bool bm_system_is_like(const struct bm_system *system, const char *id)
{
	/* What os-release of old releases, and a release file, leave out. */
	static const struct {
		const char *id, *like;
	} families[] = {{"rhel", "fedora"}, {"centos", "fedora"}, {"ol", "fedora"}, {"scientific", "fedora"},
		{"rocky", "fedora"}, {"almalinux", "fedora"}, {"amzn", "fedora"}, {"ubuntu", "debian"},
		{"linuxmint", "debian"}, {"sles", "suse"}, {"sled", "suse"}, {"opensuse", "suse"}};
	const char *at = system->os_id_like ? system->os_id_like : "";
	size_t len = strlen(id);

	if (bm_streq(system->os_id, id))
		return true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(families); i++)
		if (bm_streq(system->os_id, families[i].id) && bm_streq(families[i].like, id))
			return true;
	for (at += strspn(at, " \t"); *at; at += strspn(at, " \t")) {
		size_t word = strcspn(at, " \t");

		if (word == len && strncmp(at, id, len) == 0)
			return true;
		at += word;
	}
	return false;
}

static int read_hostname(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_buf_ struct bm_buf network = {0};
	_cleanup_keyval_ struct bm_keyval keys = {0};

	if (bm_root_read(system->root, "etc/hostname", SMALL_FILE_MAX, &text) == 0 && text.len > 0) {
		char *line = text.data;

		/* hostname(5): the first line that is no comment. */
		while (*line == '#' || *line == '\n') {
			char *end = strchr(line, '\n');

			if (!end)
				return 0;
			line = end + 1;
		}
		line[strcspn(line, "\n")] = '\0';
		line = bm_str_strip(line);
		return *line ? bm_str_set(&system->hostname, line) : 0;
	}
	if (bm_root_read(system->root, "etc/sysconfig/network", SMALL_FILE_MAX, &network) == 0 &&
		bm_keyval_parse(bm_buf_text(&network), network.len, &keys) == 0)
		return bm_str_set(&system->hostname, bm_keyval_get(&keys, "HOSTNAME"));
	return 0;
}

/* ELF e_machine of the architectures that boot Linux, by uname's names. */
static const struct {
	unsigned int machine;
	const char *name;
} machines[] = {{3, "i686"}, {62, "x86_64"}, {183, "aarch64"}, {40, "arm"}, {21, "ppc64le"}, {22, "s390x"},
	{243, "riscv64"}, {258, "loongarch64"}};

static int read_arch(struct bm_system *system)
{
	static const char *const programs[] = {"bin/bash", "bin/sh", "usr/bin/env", "bin/busybox", "sbin/init"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(programs); i++) {
		_cleanup_buf_ struct bm_buf head = {0};
		const unsigned char *bytes;
		unsigned int machine;

		if (bm_root_read_head(system->root, programs[i], 20, &head) < 0 || head.len < 20 ||
			memcmp(head.data, "\177ELF", 4) != 0)
			continue;
		bytes = (const unsigned char *)head.data;
		machine = bytes[5] == 2 ? (unsigned int)bytes[18] << 8 | bytes[19]
					: (unsigned int)bytes[19] << 8 | bytes[18];
		for (size_t m = 0; m < BM_ARRAY_SIZE(machines); m++)
			if (machines[m].machine == machine)
				return bm_str_set(&system->arch, machines[m].name);
	}
	return 0;
}

/* As kernel-install does: what it was told, else the first of these that has a folder: machine-id, IMAGE_ID, ID,
 * Default. Here each may have one. */
static int read_tokens(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_strv_ struct bm_strv told = {0};

	if (bm_root_read(system->root, "etc/kernel/entry-token", TOKEN_MAX, &text) == 0 &&
		bm_strv_split(&told, bm_buf_text(&text), " \t\r\n") < 0)
		return -ENOMEM;
	return add_token(system, told.n > 0 ? told.items[0] : NULL) < 0 || add_token(system, system->machine_id) < 0 ||
			       add_token(system, system->os_id) < 0 || add_token(system, "Default") < 0
		       ? -ENOMEM
		       : 0;
}

int bm_system_read_identity(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf machine_id = {0};
	_cleanup_buf_ struct bm_buf selinux = {0};
	_cleanup_keyval_ struct bm_keyval keys = {0};
	char id[BM_MACHINE_ID_TEXT];

	if (read_release(system) < 0 || read_hostname(system) < 0 || read_arch(system) < 0)
		return -ENOMEM;
	if (bm_root_read_head(system->root, "etc/machine-id", BM_MACHINE_ID_TEXT, &machine_id) == 0 &&
		bm_machine_id_parse(bm_buf_text(&machine_id), machine_id.len, id) == 0 &&
		bm_str_set(&system->machine_id, id) < 0)
		return -ENOMEM;
	if (read_tokens(system) < 0)
		return -ENOMEM;
	if (bm_root_read(system->root, "etc/selinux/config", SMALL_FILE_MAX, &selinux) == 0 &&
		bm_keyval_parse(bm_buf_text(&selinux), selinux.len, &keys) == 0) {
		const char *mode = bm_keyval_get(&keys, "SELINUX");

		system->selinux = mode && !bm_streq(mode, "disabled");
	}
	bm_err_clear();
	return 0;
}

/* The first of the paths that is a file of the system; NULL where none is. */
static const char *first_file(const struct bm_system *system, const char *const *paths)
{
	for (; *paths; paths++)
		if (bm_root_is_file(system->root, *paths))
			return *paths;
	return NULL;
}

static int read_dracut_version(struct bm_system *system)
{
	static const char *const files[] = {"/usr/lib/dracut/dracut-version.sh", "/usr/share/dracut/dracut-version.sh",
		"/lib/dracut/dracut-version.sh", NULL};
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_keyval_ struct bm_keyval keys = {0};
	const char *file = first_file(system, files);

	if (!file || bm_root_read(system->root, file, SMALL_FILE_MAX, &text) < 0 ||
		bm_keyval_parse(bm_buf_text(&text), text.len, &keys) < 0)
		return 0;
	return bm_str_set(&system->tools.dracut_version, bm_keyval_get(&keys, "DRACUT_VERSION"));
}

/*
 * Fedora's and Enterprise Linux' grub2-mkconfig, a shell script, also sets kernelopts in the environment block, and the
 * options of BLS files; unless it is told not to, where it is new enough to know that option.
 */
static void look_at_mkconfig(struct bm_system *system)
{
	_cleanup_buf_ struct bm_buf text = {0};

	if (system->tools.grub_mkconfig &&
		bm_root_read(system->root, system->tools.grub_mkconfig, SMALL_FILE_MAX, &text) == 0)
		system->tools.mkconfig_spares = strstr(bm_buf_text(&text), "--no-grubenv-update") != NULL;
}

/* Tools that bootmend does not call, and the command of each that builds the images of all kernels, or of VERSION. */
static const struct {
	const char *name, *command;
	const char *paths[3];
} foreign_tools[] = {
	{"mkinitcpio", "mkinitcpio -P", {"/usr/bin/mkinitcpio", "/usr/sbin/mkinitcpio"}},
	{"booster", "booster build --kernel-version VERSION FILE", {"/usr/bin/booster"}},
	{"mkinitfs", "mkinitfs VERSION", {"/sbin/mkinitfs", "/usr/sbin/mkinitfs"}},
	{"genkernel", "genkernel initramfs", {"/usr/bin/genkernel"}},
};

static void look_for_foreign_tool(struct bm_system *system)
{
	for (size_t i = 0; !system->tools.foreign && i < BM_ARRAY_SIZE(foreign_tools); i++)
		if (first_file(system, foreign_tools[i].paths)) {
			system->tools.foreign = foreign_tools[i].name;
			system->tools.foreign_command = foreign_tools[i].command;
		}
}

int bm_system_read_tools(struct bm_system *system)
{
	static const char *const dracut[] = {
		"/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut", "/bin/dracut", NULL};
	static const char *const mkinitramfs[] = {
		"/usr/sbin/mkinitramfs", "/usr/bin/mkinitramfs", "/sbin/mkinitramfs", NULL};
	static const char *const depmod[] = {
		"/sbin/depmod", "/usr/sbin/depmod", "/usr/bin/depmod", "/bin/depmod", NULL};
	static const char *const mkconfig[] = {"/usr/sbin/grub2-mkconfig", "/usr/sbin/grub-mkconfig",
		"/sbin/grub2-mkconfig", "/sbin/grub-mkconfig", "/usr/bin/grub2-mkconfig", "/usr/bin/grub-mkconfig",
		NULL};
	struct bm_tools *tools = &system->tools;

	if (bm_str_set(&tools->dracut, first_file(system, dracut)) < 0 ||
		bm_str_set(&tools->mkinitramfs, first_file(system, mkinitramfs)) < 0 ||
		bm_str_set(&tools->depmod, first_file(system, depmod)) < 0 ||
		bm_str_set(&tools->grub_mkconfig, first_file(system, mkconfig)) < 0)
		return -ENOMEM;
	if (tools->dracut && read_dracut_version(system) < 0)
		return -ENOMEM;
	look_at_mkconfig(system);
	if (!tools->dracut && !tools->mkinitramfs)
		look_for_foreign_tool(system);
	/* Debian may have dracut-core beside initramfs-tools; the hook that runs for a new kernel says who is in
	 * charge. */
	tools->dracut_preferred =
		tools->dracut &&
		(!tools->mkinitramfs ||
			(bm_root_is_file(system->root, "etc/kernel/postinst.d/dracut") &&
				!bm_root_is_file(system->root, "etc/kernel/postinst.d/initramfs-tools")));
	bm_err_clear();
	return 0;
}
