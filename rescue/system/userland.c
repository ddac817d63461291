/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which init starts, and what it needs. The kernel takes init= or panics, and without it tries /sbin/init, /etc/init,
 * /bin/init and /bin/sh (init/main.c, kernel_init()); the initramfs of initramfs-tools and dracut's without systemd try
 * the same list. A system that only a shell would start does not boot, so /bin/sh is left out here.
 */
#include "userland.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "userland_int.h"

void bm_userland_done(struct bm_userland *userland)
{
	char *texts[] = {userland->init, userland->init_real, userland->missing, userland->missing_for,
		userland->missing_why, userland->init_candidate, userland->isa_file, userland->selinux_type,
		userland->oom_file, userland->oom_text, userland->kdump_unit};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		free(texts[i]);
	bm_strv_done(&userland->lost_links);
	bm_strv_done(&userland->unlabeled);
	bm_strv_done(&userland->mislabeled);
	bm_strv_done(&userland->mislabeled_why);
	*userland = (struct bm_userland){0};
}

/* Whether fstab has a filesystem for the target that was not mounted for looking. */
static bool not_seen(const struct bm_system *system, const char *target)
{
	const struct bm_mount *mount = bm_system_mount(system, target);
	_cleanup_strv_ struct bm_strv names = {0};
	bool empty;

	if (mount && mount->looked)
		return false;
	/* Where somebody else has mounted the system, he may have mounted that, too. */
	empty = bm_root_list(system->root, target, 0, &names) < 0 || names.n == 0;
	bm_err_clear();
	return !system->given || empty;
}

/* Whether a part of the programs may lie on a filesystem that was not seen, so that what is not found may exist. */
static bool something_unseen(const struct bm_system *system, const struct bm_cmdline *line)
{
	static const char *const holders[] = {
		"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/nix", "/gnu", "/opt"};
	static const char *const strangers[] = {"/usr/local", "/usr/src", "/usr/share", "/usr/portage", "/usr/home"};
	/* A system of its own kind: its root is put together by its initramfs. */
	static const char *const keys[] = {"ostree", "mount.usr", "overlayroot", "gnu.load", "gnu.system",
		"systemd.volatile", "composefs", "boot", "live", "fsroot", "real_init"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(keys); i++)
		if (bm_cmdline_has(line, keys[i]))
			return true;
	for (size_t i = 0; i < system->fstab.n_lines; i++) {
		const char *target = system->fstab.lines[i].target;
		bool holds = false, strange = false;

		for (size_t h = 0; h < BM_ARRAY_SIZE(holders); h++)
			holds |= bm_path_below(target, holders[h]);
		for (size_t h = 0; h < BM_ARRAY_SIZE(strangers); h++)
			strange |= bm_path_below(target, strangers[h]);
		if (holds && !strange && not_seen(system, target))
			return true;
	}
	/* A /usr without anything in it is another filesystem, whatever fstab says. */
	return !bm_root_exists(system->root, "/usr/bin") && !bm_root_exists(system->root, "/usr/lib");
}

/* Makes what was found at path the facts of the system. program is empty afterwards. */
static int take(struct bm_userland *userland, const char *path, struct bm_program *program, struct bm_strv *files)
{
	char *old[] = {userland->missing, userland->missing_for, userland->missing_why, userland->isa_file};

	for (size_t i = 0; i < BM_ARRAY_SIZE(old); i++)
		free(old[i]);
	userland->lack = program->lack;
	userland->missing = program->missing;
	userland->missing_for = program->missing_for;
	userland->missing_why = program->missing_why;
	userland->isa_level = program->isa_level;
	userland->isa_file = program->isa_file;
	bm_strv_done(files);
	*files = program->files;
	*program = (struct bm_program){0};
	return bm_str_set(&userland->init, path);
}

/* The first of the paths that can start, as init_candidate. */
static int find_candidate(struct bm_system *system)
{
	/* Where init= names another, /sbin/init itself is what is left. */
	static const char *const paths[] = {"/sbin/init", "/usr/lib/systemd/systemd", "/lib/systemd/systemd",
		"/usr/bin/systemd", "/bin/systemd", "/sbin/openrc-init", "/usr/sbin/openrc-init", "/usr/bin/runit-init",
		"/sbin/runit-init", "/bin/busybox"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(paths); i++) {
		_cleanup_program_ struct bm_program program = {0};

		if (!bm_root_is_file(system->root, paths[i]) || (i == 0 && !system->userland.init_named))
			continue;
		/* Alpine's init is busybox; elsewhere that is only a tool. */
		if (bm_streq(paths[i], "/bin/busybox") && !bm_streq(system->os_id, "alpine"))
			continue;
		if (bm_program_follow(system->root, paths[i], &program) < 0)
			return -ENOMEM;
		if (program.lack == BM_LACK_NONE)
			return bm_str_set(&system->userland.init_candidate, paths[i]);
	}
	return 0;
}

/* Looks at the inits in the order in which they are tried. Where none is there, the first is what is missing. */
static int choose_init(struct bm_system *system, const char *named, struct bm_strv *files)
{
	static const char *const others[] = {"/etc/init", "/bin/init"};
	const char *first = named ? named : "/sbin/init";
	struct bm_userland *userland = &system->userland;
	_cleanup_program_ struct bm_program program = {0};
	int r = bm_program_follow(system->root, first, &program);

	if (r == 0)
		r = take(userland, first, &program, files);
	for (size_t i = 0; r == 0 && !named && userland->lack == BM_LACK_INIT && i < BM_ARRAY_SIZE(others); i++) {
		_cleanup_program_ struct bm_program other = {0};

		r = bm_program_follow(system->root, others[i], &other);
		if (r == 0 && other.lack != BM_LACK_INIT)
			r = take(userland, others[i], &other, files);
	}
	return r;
}

static int read_cmdline(const struct bm_system *system, struct bm_cmdline *ret_line)
{
	const struct bm_loader *loader = &system->loader;
	const char *text = NULL;

	if (loader->default_entry >= 0 && (size_t)loader->default_entry < loader->n_entries)
		text = loader->entries[loader->default_entry].entry.cmdline;
	return bm_cmdline_parse(text ? text : "", text ? strlen(text) : 0, ret_line);
}

int bm_system_read_userland(struct bm_system *system)
{
	struct bm_userland *userland = &system->userland;
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	_cleanup_strv_ struct bm_strv files = {0};
	const char *named;
	bool store;
	int r = read_cmdline(system, &line);

	if (r < 0)
		return r;
	named = bm_cmdline_last(&line, "init");
	if (named && *named != '/')
		named = NULL;
	userland->init_named = named != NULL;
	r = choose_init(system, named, &files);
	if (r == 0 && userland->lack == BM_LACK_INIT)
		r = find_candidate(system);
	if (r < 0)
		return r;
	/* NixOS and Guix have no /sbin/init: their boot entries say what starts. */
	store = bm_root_is_dir(system->root, "/nix/store") || bm_root_is_dir(system->root, "/gnu/store");
	userland->known = userland->lack == BM_LACK_NONE || (!something_unseen(system, &line) && (named || !store));
	if (userland->lack != BM_LACK_INIT && bm_root_realpath(system->root, userland->init, &userland->init_real) == 0)
		r = bm_strv_add_once(&files, userland->init_real);
	userland->os_release = bm_root_is_file(system->root, "/etc/os-release") ||
			       bm_root_is_file(system->root, "/usr/lib/os-release");
	if (r == 0 && userland->known)
		r = bm_userland_read_links(system);
	if (r == 0)
		r = bm_userland_read_selinux(system, &files);
	if (r == 0)
		r = bm_userland_read_sysctl(system);
	if (r == 0)
		r = bm_userland_read_kdump(system);
	if (r == 0)
		r = bm_userland_read_lvm(system);
	bm_err_clear();
	return r;
}
