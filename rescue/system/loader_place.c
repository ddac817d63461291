/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the paths and devices that a boot loader names to the files of the system.
 */
#include <string.h>

#include "../base/str.h"
#include "loader_int.h"

static bool place_names(const struct bm_entry_place *place, const struct bm_device *device)
{
	return (place->search_uuid && bm_strcaseeq(place->search_uuid, device->uuid)) ||
	       (place->search_label && bm_streq(place->search_label, device->label));
}

/* The mounts whose filesystem the loader's place names (btrfs: one filesystem, several mounts); how many. */
static size_t mounts_of_place(const struct bm_loader_reader *reader, const struct bm_entry_place *place,
	const struct bm_mount *ret_mounts[], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; place && n < max && i < reader->system->n_mounts; i++) {
		const struct bm_mount *mount = &reader->system->mounts[i];

		if (mount->device >= 0 && place_names(place, &reader->devices->items[mount->device]))
			ret_mounts[n++] = mount;
	}
	return n;
}

bool bm_loader_foreign(const struct bm_loader_reader *reader, const struct bm_entry_place *place)
{
	const struct bm_mount *mount;

	/* A /boot that fstab does not name may be mounted below a given root all the same. */
	if (mounts_of_place(reader, place, &mount, 1) > 0 ||
		(reader->system->given && !bm_system_mount(reader->system, "/boot")))
		return false;
	for (size_t i = 0; i < reader->devices->n; i++)
		if (place_names(place, &reader->devices->items[i]))
			return true;
	return false;
}

/* The partition's number in "hd0,gpt2", "hd0,msdos1", and in GRUB legacy's "hd0,0", which counts from 0; 0 for none. */
static unsigned int partition_of(const struct bm_system *system, const char *device)
{
	const char *at = strchr(device, ',');
	size_t digits;
	uint64_t number;

	if (!at)
		return 0;
	at += 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
	digits = strcspn(at, ",");
	if (bm_num_base(at, digits, 10, &number) < 0 || number > UINT16_MAX)
		return 0;
	return (unsigned int)number + (system->loader.kind == BM_LOADER_GRUB_LEGACY ? 1 : 0);
}

bool bm_loader_unknown(const struct bm_loader_reader *reader, const struct bm_entry_place *place)
{
	const struct bm_mount *mount;
	unsigned int number;

	if (mounts_of_place(reader, place, &mount, 1) > 0)
		return false;
	if (place->search_uuid || place->search_label)
		return true;
	number = place->device ? partition_of(reader->system, place->device) : 0;
	for (size_t i = 0; number > 0 && i < reader->system->n_mounts; i++) {
		mount = &reader->system->mounts[i];
		if (!bm_streq(mount->target, "/") && !bm_streq(mount->target, "/boot"))
			continue;
		if (mount->device < 0 || reader->devices->items[mount->device].part_number == 0 ||
			reader->devices->items[mount->device].part_number == number)
			return false;
	}
	return number > 0;
}

/* On btrfs the loader sees the top of the filesystem: /@/boot/x is /boot/x of the system in subvolume @. */
static char *without_subvolume(const struct bm_mount *mount, const char *path)
{
	_cleanup_free_ char *subvolume = NULL;
	_cleanup_free_ char *prefix = NULL;

	/* What is mounted for looking is sure; / may also be there by its number, or as the default subvolume. */
	if (mount->subvolume && bm_str_set(&subvolume, mount->subvolume) < 0)
		return NULL;
	if (!subvolume && (!mount->options || bm_fstab_option(mount->options, "subvol", &subvolume) <= 0 || !subvolume))
		return NULL;
	prefix = bm_path_join("/", subvolume);
	if (!prefix || bm_streq(prefix, "/") || !bm_path_below(path, prefix))
		return NULL;
	return bm_path_join(mount->target, path + strlen(prefix));
}

/*
 * Which subvolume is mounted, neither the mount nor fstab says: it was mounted by its number, as the default, or the
 * system is a copy. Then the file that is there tells: /@/boot/x is /boot/x, where that exists. NULL where nothing
 * does.
 */
static char *by_any_subvolume(const struct bm_loader_reader *reader, const struct bm_mount *mount, const char *path)
{
	const char *type = mount->device >= 0 ? reader->devices->items[mount->device].fstype
			   : mount->fstype    ? mount->fstype
					      : "";
	_cleanup_free_ char *subvolume = NULL;

	if (mount->subvolume || !bm_streq(type, "btrfs") ||
		(mount->options && bm_fstab_option(mount->options, "subvol", &subvolume) != 0))
		return NULL;
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		char *inner = bm_path_join(mount->target, at);

		if (inner && bm_root_is_file(reader->system->root, inner))
			return inner;
		free(inner);
	}
	return NULL;
}

char *bm_loader_path(const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path)
{
	const struct bm_mount *tries[8];
	size_t n = mounts_of_place(reader, place, tries, BM_ARRAY_SIZE(tries));
	char *first = NULL;

	if (n == 0) {
		tries[n++] =
			!place || !(place->device || place->search_uuid || place->search_label || place->search_file)
				? reader->home
				: NULL;
		tries[n++] = bm_system_mount(reader->system, "/boot");
		tries[n++] = bm_system_mount(reader->system, "/");
	}
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *plain = NULL, *inner = NULL, *other = NULL;

		if (!tries[i])
			continue;
		inner = without_subvolume(tries[i], path);
		if (inner && bm_root_exists(reader->system->root, inner)) {
			free(first);
			return bm_path_join(inner, "");
		}
		plain = bm_path_join(tries[i]->target, path);
		if (plain && bm_root_exists(reader->system->root, plain)) {
			free(first);
			return bm_path_join(plain, "");
		}
		other = by_any_subvolume(reader, tries[i], path);
		if (other) {
			free(first);
			return bm_path_join(other, "");
		}
		if (!first)
			first = inner ? bm_path_join(inner, "") : plain ? bm_path_join(plain, "") : NULL;
	}
	/* A copy of a system without its fstab: that /boot was a filesystem of its own shows in the paths alone. */
	if (reader->system->given && !bm_system_mount(reader->system, "/boot")) {
		_cleanup_free_ char *below = bm_path_join("/boot", path);

		if (below && bm_root_exists(reader->system->root, below)) {
			free(first);
			return bm_path_join(below, "");
		}
	}
	return first;
}

/* Whose GRUB is upstream's, as far as paths on btrfs go: SUSE's and Fedora's know variables and a command by which they
 * begin at a subvolume. */
static bool has_upstream_grub(const struct bm_system *system)
{
	static const char *const ids[] = {"debian", "arch", "gentoo"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(ids); i++)
		if (bm_system_is_like(system, ids[i]))
			return system->loader.kind == BM_LOADER_GRUB2 || system->loader.kind == BM_LOADER_GRUB2_BLS;
	return false;
}

char *bm_loader_from_top(const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path)
{
	const struct bm_mount *mounts[8];
	size_t n = mounts_of_place(reader, place, mounts, BM_ARRAY_SIZE(mounts));
	const char *subvolume = NULL;

	if (!has_upstream_grub(reader->system) || n == BM_ARRAY_SIZE(mounts))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *inner = without_subvolume(mounts[i], path);
		_cleanup_free_ char *plain = bm_path_join(mounts[i]->target, path);

		/* The top itself is mounted, or what is mounted was not seen. */
		if (!bm_streq(reader->devices->items[mounts[i]->device].fstype, "btrfs") || !mounts[i]->subvolume ||
			bm_streq(mounts[i]->subvolume, "/") || inner)
			return NULL;
		if (!subvolume && plain && bm_root_is_file(reader->system->root, plain))
			subvolume = mounts[i]->subvolume;
	}
	return subvolume ? bm_path_join(subvolume, path) : NULL;
}

char *bm_boot_prefix_mend(enum bm_boot_prefix prefix, const char *path)
{
	const char *rest = bm_str_after(path, "/boot");

	if (prefix == BM_BOOT_PREFIX_LACKS && *path == '/' && !(rest && *rest == '/'))
		return bm_path_join("/boot", path);
	return strdup(prefix == BM_BOOT_PREFIX_EXTRA && rest && *rest == '/' ? rest : path);
}

/* The filesystem on which the loader looks, NULL where that is not certain: it may be none that is mounted here, an ESP
 * that GRUB leaves by itself, one of several subvolumes, or that of a copy, whose fstab tells nothing. */
static const struct bm_mount *certain_mount(const struct bm_loader_reader *reader, const struct bm_entry_place *place)
{
	bool named = place->device || place->search_uuid || place->search_label || place->search_file;
	const struct bm_mount *mounts[2];
	size_t n = mounts_of_place(reader, place, mounts, BM_ARRAY_SIZE(mounts));
	const struct bm_mount *mount = n == 1 ? mounts[0] : n == 0 && !named ? reader->home : NULL;
	const char *type;

	if (!mount || mount->device < 0 || reader->system->root_device < 0)
		return NULL;
	type = reader->devices->items[mount->device].fstype;
	if (bm_streq(type, "btrfs") || (bm_streq(type, "vfat") && reader->system->loader.kind != BM_LOADER_BLS))
		return NULL;
	return mount;
}

enum bm_boot_prefix bm_loader_prefix(
	const struct bm_loader_reader *reader, const struct bm_entry_place *place, const char *path)
{
	static const enum bm_boot_prefix ways[] = {BM_BOOT_PREFIX_EXTRA, BM_BOOT_PREFIX_LACKS};
	const struct bm_mount *mount = certain_mount(reader, place);
	_cleanup_free_ char *as_it_is = mount ? bm_path_join(mount->target, path) : NULL;

	if (!as_it_is || bm_root_exists(reader->system->root, as_it_is))
		return BM_BOOT_PREFIX_RIGHT;
	for (size_t i = 0; i < BM_ARRAY_SIZE(ways); i++) {
		_cleanup_free_ char *mended = bm_boot_prefix_mend(ways[i], path);
		_cleanup_free_ char *there = mended ? bm_path_join(mount->target, mended) : NULL;

		if (there && !bm_streq(there, as_it_is) && bm_root_is_file(reader->system->root, there))
			return ways[i];
	}
	return BM_BOOT_PREFIX_RIGHT;
}
