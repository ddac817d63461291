/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole survey: devices, candidates, systems.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/hold/users.h"
#include "../os/mount/mount.h"
#include "../os/mount/running.h"
#include "loader_int.h"
#include "system.h"

enum { SYSTEM_ID_MIN = 8 };

static void mount_done(struct bm_mount *mount)
{
	free(mount->target);
	free(mount->spec);
	free(mount->fstype);
	free(mount->options);
	free(mount->subvolume);
}

static void kernel_done(struct bm_kernel *kernel)
{
	free(kernel->version);
	free(kernel->image);
	free(kernel->image_problem);
	free(kernel->modules_dir);
	for (size_t i = 0; i < kernel->n_initramfs; i++)
		free(kernel->initramfs[i].path);
	free(kernel->initramfs);
	free(kernel->initramfs_path);
	free(kernel->config);
	bm_strv_done(&kernel->lack);
	bm_strv_done(&kernel->modular);
	bm_strv_done(&kernel->fs_builtin);
	bm_strv_done(&kernel->fs_modular);
	bm_strv_done(&kernel->fs_loadable);
	bm_strv_done(&kernel->fs_none);
}

void bm_system_done(struct bm_system *system)
{
	char *texts[] = {system->id, system->hostname, system->machine_id, system->os_id, system->os_name,
		system->os_version, system->os_id_like, system->subvolume, system->arch, system->dir,
		system->tools.dracut, system->tools.dracut_version, system->tools.mkinitramfs, system->tools.depmod,
		system->tools.grub_mkconfig};

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		free(texts[i]);
	bm_root_free(system->root);
	for (size_t i = 0; i < system->n_mounts; i++)
		mount_done(&system->mounts[i]);
	free(system->mounts);
	bm_fstab_done(&system->fstab);
	bm_renames_done(&system->renames);
	for (size_t i = 0; i < system->n_kernels; i++)
		kernel_done(&system->kernels[i]);
	free(system->kernels);
	bm_strv_done(&system->entry_tokens);
	bm_start_done(&system->start);
	bm_loader_done(&system->loader);
	bm_sources_done(&system->sources);
	bm_history_done(&system->history);
	bm_hibernations_done(&system->hibernations);
	bm_orphans_done(&system->orphans);
	bm_userland_done(&system->userland);
	bm_strv_done(&system->boot_hidden);
	bm_strv_done(&system->problems);
	*system = (struct bm_system){0};
}

void bm_survey_release(struct bm_survey *survey)
{
	for (size_t i = 0; i < survey->systems.n; i++) {
		struct bm_system *system = &survey->systems.items[i];

		system->root = bm_root_free(system->root);
		/* What is mounted below the root must go before the volumes do. */
		for (size_t m = system->n_mounts; m > 1 && !system->given && system->dir; m--) {
			_cleanup_free_ char *path = bm_path_join(system->dir, system->mounts[m - 1].target);

			if (path && system->mounts[m - 1].looked && bm_umount(path) < 0)
				bm_err_clear();
			system->mounts[m - 1].looked = false;
		}
	}
	bm_volumes_release(&survey->volumes);
	bm_devices_release();
}

void bm_survey_done(struct bm_survey *survey)
{
	bm_survey_release(survey);
	for (size_t i = 0; i < survey->systems.n; i++)
		bm_system_done(&survey->systems.items[i]);
	free(survey->systems.items);
	bm_machine_done(&survey->machine);
	bm_hibernations_done(&survey->hibernations);
	bm_volumes_done(&survey->volumes);
	bm_devices_done(&survey->devices);
	bm_strv_done(&survey->in_use);
	*survey = (struct bm_survey){0};
}

/* Who else uses the disks, before we have anything mounted ourselves. What this mount namespace has mounted is shown as
 * it is; that a device is part of another one, or swap, says nothing against looking. */
static int find_users(struct bm_survey *survey)
{
	_cleanup_users_ struct bm_users users = {0};
	_cleanup_uses_ struct bm_uses uses = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < survey->devices.n; i++) {
		const struct bm_device *device = &survey->devices.items[i];
		const struct bm_use use = {.name = device->image ? bm_path_base(device->image) : device->name,
			.path = device->image ? device->image : device->path,
			.image = device->image,
			.dev = device->dev};

		r = bm_uses_add(&uses, &use);
	}
	if (r == 0)
		r = bm_uses_add_files(&uses);
	if (r == 0)
		r = bm_users_find(&uses, NULL, &users);
	for (size_t i = 0; r == 0 && i < users.n; i++) {
		const struct bm_user *user = &users.items[i];

		if (!user->own && user->kind != BM_USER_DEVICE && user->kind != BM_USER_SWAP)
			r = bm_strv_addf(&survey->in_use, "%s is %s", uses.items[user->use].name, user->text);
	}
	return r;
}

/* All stages of one system whose root handle, device and dir are set. */
static int read_system(struct bm_system *system, const struct bm_survey *survey)
{
	int r;

	r = bm_system_read_mounts(system, &survey->devices, &survey->volumes);
	if (r == 0)
		r = bm_system_read_identity(system);
	if (r == 0)
		r = bm_system_read_kernels(system);
	if (r == 0)
		r = bm_system_read_start(system, &survey->devices, &survey->machine.firmware);
	if (r == 0)
		r = bm_system_read_loader(system, &survey->devices);
	/* Once more: now the entries are known. */
	if (r == 0)
		r = bm_system_read_renames(system, &survey->devices);
	if (r == 0)
		r = bm_system_place_initramfs(system);
	if (r == 0)
		r = bm_system_read_tools(system);
	if (r == 0)
		r = bm_system_read_sources(system);
	if (r == 0)
		r = bm_history_read(system->root, &system->history);
	if (r == 0)
		r = bm_system_read_orphans(system);
	if (r == 0)
		r = bm_system_read_userland(system);
	return r;
}

static int find_systems(struct bm_survey *survey)
{
	for (size_t i = 0; i < survey->volumes.n; i++) {
		const struct bm_volume *volume = &survey->volumes.items[i];
		struct bm_system *system;
		int r;

		if (!volume->root || volume->score < BM_ROOT_SCORE_MIN)
			continue;
		system = BM_VEC_PUSH(survey->systems.items, survey->systems.n, survey->systems.capacity);
		if (!system)
			return -ENOMEM;
		system->score = volume->score;
		system->root_device = (int)volume->device;
		r = bm_str_set(&system->dir, volume->dir);
		if (r == 0)
			r = bm_str_set(&system->subvolume, volume->subvolume);
		if (r == 0)
			r = bm_root_open(volume->dir, &system->root);
		if (r == 0)
			r = read_system(system, survey);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The system that somebody mounted at dir. */
static int find_given(struct bm_survey *survey, const char *dir)
{
	struct bm_volume look = {0};
	struct bm_system *system;
	bool own = false;
	struct bm_stat st;
	int r;

	system = BM_VEC_PUSH(survey->systems.items, survey->systems.n, survey->systems.capacity);
	if (!system || bm_str_set(&system->dir, dir) < 0)
		return -ENOMEM;
	system->given = true;
	system->root_device = BM_DEVICE_NONE;
	r = bm_root_open(dir, &system->root);
	if (r < 0)
		return r;
	/* A folder that is no mount point is a copy of a system; the disk that it lies on is not the one it boots from.
	 */
	if (bm_mount_is_point(dir, &own) == 0 && own && bm_root_stat(system->root, "/", true, &st) == 0) {
		uint64_t dev = bm_running_device(dir);

		system->root_device = bm_devices_find_dev(&survey->devices, dev ? dev : st.dev);
	}
	if (system->root_device == BM_DEVICE_NONE)
		system->root_device = bm_devices_hook(&survey->devices);
	look.root = system->root;
	r = bm_volume_look(&look, NULL);
	system->score = look.score;
	free(look.machine_id);
	bm_strv_done(&look.kernel_versions);
	return r < 0 ? r : read_system(system, survey);
}

static const char *root_uuid(const struct bm_survey *survey, const struct bm_system *system)
{
	return system->root_device < 0 ? NULL : survey->devices.items[system->root_device].uuid;
}

/* The shortest start of its UUID, of at least eight characters, that no other system has. A clone that carries the very
 * same UUID gets its device's name behind it, and one of several on a btrfs its subvolume's. */
static int name_system(const struct bm_survey *survey, struct bm_system *system)
{
	const char *uuid = root_uuid(survey, system);
	size_t len = SYSTEM_ID_MIN;
	bool twin = false, shares = false;

	if (!uuid)
		return bm_str_set(&system->id, "root");
	for (size_t i = 0; i < survey->systems.n; i++) {
		const struct bm_system *other = &survey->systems.items[i];
		const char *theirs = other == system ? NULL : root_uuid(survey, other);

		if (!theirs)
			continue;
		twin |= bm_streq(uuid, theirs);
		shares |= other->root_device == system->root_device;
		while (len < strlen(uuid) && strncmp(uuid, theirs, len) == 0)
			len++;
	}
	free(system->id);
	system->id = twin ? bm_strf("%s@%s", uuid,
				    shares && system->subvolume ? system->subvolume
								: survey->devices.items[system->root_device].name)
			  : strndup(uuid, BM_MIN(len, strlen(uuid)));
	return system->id ? 0 : -ENOMEM;
}

static int better_first(const void *a, const void *b)
{
	const struct bm_system *sa = a, *sb = b;

	if (sa->score != sb->score)
		return sa->score > sb->score ? -1 : 1;
	return sa->root_device - sb->root_device;
}

int bm_survey_run(const struct bm_strv *disks, const char *root_dir, struct bm_survey *ret_survey)
{
	struct bm_survey survey = {0};
	int r;

	r = bm_machine_read(&survey.machine);
	/* With --root the disks only say which device it is; nothing on them is activated or mounted. */
	if (r == 0)
		r = bm_devices_scan(disks, !root_dir, &survey.devices);
	/* Whoever names a device leaves the others of this machine out; image files are the disks of another machine.
	 */
	for (size_t i = 0; r == 0 && disks->n > 0 && i < survey.devices.n; i++)
		survey.partial |= !survey.devices.items[i].image;
	if (r < 0 && root_dir && disks->n == 0) {
		bm_err_clear();
		r = 0;
	}
	if (r == 0 && !root_dir)
		r = find_users(&survey);
	if (r == 0)
		r = root_dir ? find_given(&survey, root_dir)
			     : bm_volumes_look(&survey.devices, survey.in_use.n == 0, &survey.volumes);
	if (r == 0 && !root_dir)
		r = find_systems(&survey);
	for (size_t i = 0; r == 0 && i < survey.systems.n; i++)
		r = name_system(&survey, &survey.systems.items[i]);
	if (r == 0)
		r = bm_hibernation_read(&survey);
	if (r < 0) {
		bm_survey_done(&survey);
		return r;
	}
	if (survey.systems.n > 1)
		qsort(survey.systems.items, survey.systems.n, sizeof(*survey.systems.items), better_first);
	*ret_survey = survey;
	return 0;
}

/* The only system with that host name. */
static struct bm_system *by_hostname(const struct bm_survey *survey, const char *name)
{
	struct bm_system *found = NULL;

	for (size_t i = 0; i < survey->systems.n; i++) {
		if (!bm_streq(survey->systems.items[i].hostname, name))
			continue;
		if (found)
			return NULL;
		found = &survey->systems.items[i];
	}
	return found;
}

int bm_survey_choose(const struct bm_survey *survey, const char *id, struct bm_system **ret_system)
{
	struct bm_system *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < survey->systems.n; i++) {
		struct bm_system *system = &survey->systems.items[i];
		const char *uuid = root_uuid(survey, system);

		if (id && bm_streq(system->id, id)) {
			*ret_system = system;
			return 0;
		}
		if (id && !(uuid && strncmp(uuid, id, strlen(id)) == 0))
			continue;
		found = system;
		n++;
	}
	if (n == 0 && id) {
		found = by_hostname(survey, id);
		n = found ? 1 : 0;
	}
	if (n != 1)
		return n == 0 ? -ENOENT : -EEXIST;
	*ret_system = found;
	return 0;
}
