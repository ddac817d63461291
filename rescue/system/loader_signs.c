/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which boot loaders show themselves by their files, where no configuration that can be read says what is booted.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "loader_int.h"

enum { NAMES_MAX = 1024, SCRIPT_MAX = 1024 * 1024 };

/* Where an ESP, or the firmware's own partition, is mounted. */
static const char *const esps[] = {"/boot/efi", "/efi", "/boot", "/boot/firmware"};
static const char *const grub_dirs[] = {"/boot/grub2", "/boot/grub"};

/*
 * Loaders whose configuration nothing here reads. A path without a leading slash is looked for on each of esps; of one
 * loader the first path that is there is told. Their own names for their own files: the manuals of Limine
 * ("CONFIG.md"), rEFInd, SYSLINUX, U-Boot ("distro boot", boot.scr), the Raspberry Pi's firmware, LILO, zipl, yaboot
 * and ELILO.
 */
static const struct {
	const char *name, *path;
} others[] = {
	{"Limine", "limine.conf"},
	{"Limine", "limine.cfg"},
	{"Limine", "limine/limine.conf"},
	{"Limine", "limine/limine.cfg"},
	{"Limine", "EFI/limine/limine.conf"},
	{"Limine", "EFI/BOOT/limine.conf"},
	{"Limine", "EFI/BOOT/limine.cfg"},
	{"rEFInd", "EFI/refind/refind.conf"},
	{"rEFInd", "EFI/refind/refind_x64.efi"},
	{"rEFInd", "EFI/BOOT/refind.conf"},
	{"rEFInd", "refind_linux.conf"},
	{"SYSLINUX", "syslinux/syslinux.cfg"},
	{"SYSLINUX", "syslinux.cfg"},
	{"SYSLINUX", "EFI/syslinux/syslinux.cfg"},
	{"EXTLINUX", "extlinux/extlinux.conf"},
	{"EXTLINUX", "extlinux.conf"},
	{"U-Boot", "boot.scr"},
	{"U-Boot", "uEnv.txt"},
	{"U-Boot", "armbianEnv.txt"},
	{"the Raspberry Pi's firmware", "start4.elf"},
	{"the Raspberry Pi's firmware", "bootcode.bin"},
	{"LILO", "/etc/lilo.conf"},
	{"ELILO", "/etc/elilo.conf"},
	{"zipl", "/etc/zipl.conf"},
	{"yaboot", "/etc/yaboot.conf"},
};

/* Whether path, on base unless it is absolute, is a file; *ret_path (for free()) is where. */
static int find_file(const struct bm_system *system, const char *base, const char *path, char **ret_path)
{
	_cleanup_free_ char *whole = *path == '/' ? strdup(path) : bm_path_join(base, path);

	if (!whole)
		return -ENOMEM;
	if (!bm_root_is_file(system->root, whole))
		return 0;
	*ret_path = whole;
	whole = NULL;
	return 1;
}

static int find_others(struct bm_system *system)
{
	const char *told = NULL;

	for (size_t i = 0; i < BM_ARRAY_SIZE(others); i++)
		for (size_t b = 0; b < BM_ARRAY_SIZE(esps) && told != others[i].name; b++) {
			_cleanup_free_ char *path = NULL;
			int r = find_file(system, esps[b], others[i].path, &path);

			if (r < 0 ||
				(r > 0 && bm_strv_addf(&system->loader.others, "%s (%s)", others[i].name, path) < 0))
				return -ENOMEM;
			if (r > 0)
				told = others[i].name;
		}
	return 0;
}

/* The first file of dir whose name has that beginning and end, as a path; NULL: none. */
static int find_name(
	const struct bm_system *system, const char *dir, const char *prefix, const char *suffix, char **ret)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(system->root, dir, NAMES_MAX, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++)
		if (bm_str_starts(names.items[i], prefix) && bm_str_ends(names.items[i], suffix)) {
			*ret = bm_path_join(dir, names.items[i]);
			return *ret ? 1 : -ENOMEM;
		}
	return 0;
}

/* The same in each folder of the ESP's dir that is no other distribution's, for programs. */
static int find_below(const struct bm_system *system, const char *dir, const char *prefix, char **ret)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = 0;

	if (bm_root_list(system->root, dir, NAMES_MAX, &names) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		_cleanup_free_ char *folder = bm_path_join(dir, names.items[i]);

		if (bm_loader_folder_owner(system, names.items[i]) == BM_LOADER_OTHERS)
			continue;
		r = folder ? find_name(system, folder, prefix, ".efi", ret) : -ENOMEM;
	}
	return r;
}

/* systemd-boot's program, or its loader.conf. */
static int find_systemd_boot(struct bm_system *system)
{
	int r = 0;

	for (size_t b = 0; r == 0 && b < BM_ARRAY_SIZE(esps); b++) {
		_cleanup_free_ char *folder = bm_path_join(esps[b], "EFI/systemd");

		r = folder ? find_name(system, folder, "systemd-boot", ".efi", &system->loader.systemd_boot) : -ENOMEM;
		if (r == 0)
			r = find_file(system, esps[b], "loader/loader.conf", &system->loader.systemd_boot);
	}
	return r < 0 ? r : 0;
}

/* Unified kernel images, which systemd-boot puts into its menu by itself, and which a firmware may start. */
static int find_unified(struct bm_system *system)
{
	int r = 0;

	for (size_t b = 0; r == 0 && b < BM_ARRAY_SIZE(esps); b++) {
		_cleanup_free_ char *folder = bm_path_join(esps[b], "EFI/Linux");

		r = folder ? find_name(system, folder, "", ".efi", &system->loader.unified) : -ENOMEM;
	}
	return r < 0 ? r : 0;
}

/* What lies in GRUB's own folder shows that it was installed there; its package alone does not. */
static int find_grub(struct bm_system *system)
{
	static const char *const signs[] = {"grubenv", "grub.cfg", "i386-pc", "x86_64-efi", "i386-efi", "arm64-efi",
		"arm-efi", "riscv64-efi", "loongarch64-efi", "powerpc-ieee1275", "x86_64-xen", "stage2", "fonts"};
	char **ret = &system->loader.grub;
	int r = 0;

	for (size_t d = 0; d < BM_ARRAY_SIZE(grub_dirs); d++)
		for (size_t i = 0; !*ret && i < BM_ARRAY_SIZE(signs); i++) {
			_cleanup_free_ char *path = bm_path_join(grub_dirs[d], signs[i]);

			if (!path)
				return -ENOMEM;
			if (bm_root_exists(system->root, path) && bm_str_set(ret, path) < 0)
				return -ENOMEM;
		}
	for (size_t b = 0; r == 0 && !*ret && b < BM_ARRAY_SIZE(esps); b++) {
		_cleanup_free_ char *folder = bm_path_join(esps[b], "EFI");

		r = folder ? find_below(system, folder, "grub", ret) : -ENOMEM;
	}
	return r < 0 ? r : 0;
}

int bm_loader_look(struct bm_system *system)
{
	if (find_others(system) < 0 || find_systemd_boot(system) < 0 || find_unified(system) < 0 ||
		find_grub(system) < 0)
		return -ENOMEM;
	bm_err_clear();
	return 0;
}

/* --- a grub.cfg that is gone --- */

/* What is mounted below /boot and was not seen, so that the configuration may lie there; or NULL. */
static const char *unseen(const struct bm_loader_reader *reader)
{
	static const char *const targets[] = {"/boot", "/boot/efi", "/efi"};
	const struct bm_system *system = reader->system;

	for (size_t i = 0; i < BM_ARRAY_SIZE(targets); i++) {
		const struct bm_mount *mount = bm_system_mount(system, targets[i]);
		_cleanup_strv_ struct bm_strv names = {0};

		if (mount &&
			(mount->source == BM_MOUNT_MISSING || !mount->looked ||
				bm_root_list(system->root, targets[i], NAMES_MAX, &names) == -ENOENT || names.n == 0))
			return targets[i];
	}
	return NULL;
}

/* Where the distribution's own link, else GRUB's habit, has its configuration. For free(). */
static char *home_of_config(const struct bm_loader_reader *reader)
{
	const struct bm_system *system = reader->system;
	static const char *const links[] = {"/etc/grub2-efi.cfg", "/etc/grub2.cfg"};

	for (size_t i = system->uefi ? 0 : 1; i < BM_ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *text = NULL;
		char *target;

		if (bm_root_readlink(system->root, links[i], &text) < 0 || !bm_str_starts(text, "../boot/"))
			continue;
		/* Since Enterprise Linux 9 the one on the ESP only leads on, and stays; an old link may still name it.
		 */
		target = bm_loader_stub_target(reader, text + 2);
		return target ? target : strdup(text + 2);
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(grub_dirs); i++)
		if (bm_root_is_dir(system->root, grub_dirs[i]))
			return bm_path_join(grub_dirs[i], "grub.cfg");
	return strdup("/boot/grub/grub.cfg");
}

/* Whether a script without any menu does something all the same: loads a kernel itself, goes on in another file. */
static bool does_something(const char *text)
{
	static const char *const words[] = {
		"linux", "configfile", "source ", "normal", "chainloader", "multiboot", "boot"};

	while (text && *text) {
		text += strspn(text, " \t\r\n");
		for (size_t i = 0; *text != '#' && i < BM_ARRAY_SIZE(words); i++)
			if (bm_str_starts(text, words[i]))
				return true;
		text = strchr(text, '\n');
	}
	return false;
}

/* What is wrong with a grub.cfg that has no menu: NULL where it has one, or is a script that was not understood. */
static const char *problem_of(const struct bm_system *system, const char *path, bool *ret_exists)
{
	_cleanup_buf_ struct bm_buf text = {0};
	int r = bm_root_read(system->root, path, SCRIPT_MAX, &text);

	*ret_exists = r != -ENOENT && r != -ENOTDIR;
	if (!*ret_exists)
		return "does not exist";
	if (!bm_root_is_file(system->root, path))
		return "is no file";
	if (r < 0)
		return NULL;
	if (text.len == 0)
		return "has no bytes";
	if (bm_streq(bm_buf_text(&text), ""))
		return "holds NUL bytes and no text";
	return does_something(bm_buf_text(&text)) ? NULL : "has no menu: neither an entry nor the command blscfg";
}

int bm_loader_unread(struct bm_loader *loader, char *sentence)
{
	if (!sentence)
		return -ENOMEM;
	free(loader->unread);
	loader->unread = sentence;
	return 0;
}

int bm_loader_miss_config(struct bm_loader_reader *reader)
{
	struct bm_loader *loader = &reader->system->loader;
	_cleanup_free_ char *home = home_of_config(reader);
	const char *problem = NULL, *elsewhere = unseen(reader);
	bool exists = false;

	if (!home)
		return -ENOMEM;
	/* Then what lies in GRUB's folder may be left over. */
	if (loader->others.n > 0)
		return 0;
	/* A file that is there and holds nothing is told before what its folder may lack. */
	for (size_t d = 0; !exists && d < BM_ARRAY_SIZE(grub_dirs); d++) {
		_cleanup_free_ char *path = bm_path_join(grub_dirs[d], "grub.cfg");

		if (!path)
			return -ENOMEM;
		problem = problem_of(reader->system, path, &exists);
		if (exists && bm_str_set(&home, path) < 0)
			return -ENOMEM;
	}
	if (!exists)
		problem = problem_of(reader->system, home, &exists);
	if (!exists && (!loader->grub || loader->unified))
		return 0;
	loader->kind = BM_LOADER_GRUB2;
	if (bm_str_set(&loader->config, home) < 0)
		return -ENOMEM;
	if (exists && !problem)
		return bm_loader_unread(
			loader, bm_strf("%s has no menu of its own, and what it does was not understood", home));
	if (!exists && elsewhere)
		return bm_loader_unread(
			loader, bm_strf("GRUB is installed, and its configuration may lie on %s, which was not seen",
					elsewhere));
	return bm_str_set(&loader->config_problem, problem);
}
