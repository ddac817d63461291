/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../os/block/block.h"
#include "../os/mount/mount.h"
#include "../os/root/fileio.h"
#include "../os/run/system.h"
#include "../os/run/tmp.h"

enum { LOOK_EVERY_MS = 250, STABLE_MS = 500, STABLE_USB_MS = 2000, FLOPPY_WAIT_MS = 5000 };

static const char first_usb_bus[] = "/sys/bus/usb/devices/usb1";
static const char floppy[] = "/dev/fd0", floppy_controller[] = "/sys/bus/acpi/devices/PNP0700:00";

/* Where the file is: names on vfat and ISO 9660 come in either case, and without Rock Ridge as 8.3. */
static char *file_name(const struct bm_root *root)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(root, "/", 0, &names) < 0)
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		if (bm_strcaseeq(names.items[i], BM_CONFIG_FILE))
			return strdup(names.items[i]);
	for (size_t i = 0; i < names.n; i++)
		if (bm_strcaseeq(names.items[i], "bootmend.con") || bm_strcaseeq(names.items[i], "bootmend.cnf"))
			return strdup(names.items[i]);
	return NULL;
}

static int read_mounted(const char *dir, struct bm_buf *text)
{
	_cleanup_root_ struct bm_root *root = NULL;
	_cleanup_free_ char *name = NULL;
	int r = bm_root_open(dir, &root);

	if (r < 0)
		return r;
	name = file_name(root);
	if (!name)
		return bm_err(-ENOENT, "it has no " BM_CONFIG_FILE);
	return bm_root_read(root, name, BM_BMCONF_SIZE_MAX, text);
}

/* The bytes of bootmend.conf on the device. Where that fails *ret_reason says why, for free(). */
static int read_volume(const char *path, const char *type, struct bm_buf *text, char **ret_reason)
{
	_cleanup_tmp_ char *dir = NULL;
	struct bm_mount_fs mount = {.source = path, .type = type};
	int r;

	r = bm_mount_private();
	if (r == 0)
		r = bm_tmp_dir("config", &dir);
	mount.target = dir;
	if (r == 0)
		r = bm_mount_fs(&mount, NULL);
	if (r == 0)
		r = read_mounted(dir, text);
	/* before taking the mount down leaves a line of its own */
	if (r < 0)
		*ret_reason = bm_str_safe(bm_err_text(r));
	if (dir && bm_umount_below(dir, NULL) < 0)
		bm_err_clear();
	return r;
}

/* Takes what the volume says; a volume that can't be read is a problem of the configuration. */
static int take_volume(struct bm_bmconf *conf, const char *path, const char *type)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_free_ char *reason = NULL;
	int r = read_volume(path, type, &text, &reason);

	if (r == 0)
		return bm_bmconf_read_file(conf, bm_buf_text(&text), text.len);
	bm_err_clear();
	return r == -ENOMEM ? r
			    : bm_strv_addf(&conf->problems, "volume " BM_CONFIG_LABEL " on %s: %s", path,
				      reason ? reason : "cannot be read");
}

static bool is_labelled(const struct bm_block *block)
{
	return block->fs.type && block->fs.label && bm_strcaseeq(block->fs.label, BM_CONFIG_LABEL);
}

/* Whether the device may hold a system or a part of one. */
static bool may_hold_system(const struct bm_block *block)
{
	static const char *const types[] = {
		"ext2", "ext3", "ext4", "xfs", "btrfs", "LVM2_member", "linux_raid_member", "crypto_LUKS"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(types); i++)
		if (bm_streq(block->fs.type, types[i]))
			return true;
	return false;
}

/* Whether two devices have anything in common that they lie on. */
static bool share(const struct bm_blocks *blocks, size_t a, size_t b, bool *below_a, bool *below_b)
{
	bm_blocks_below(blocks, a, below_a);
	bm_blocks_below(blocks, b, below_b);
	for (size_t i = 0; i < blocks->n; i++)
		if (below_a[i] && below_b[i])
			return true;
	return false;
}

/* Whether the volume lies on a disk on which something else could be a system's: then whoever writes that system's disk
 * wrote it, too. *ret_is is set. */
static int is_patients(const struct bm_blocks *blocks, size_t volume, bool *ret_is)
{
	_cleanup_free_ bool *ours = calloc(blocks->n, sizeof(bool)), *theirs = calloc(blocks->n, sizeof(bool));

	*ret_is = false;
	if (!ours || !theirs)
		return -ENOMEM;
	for (size_t i = 0; !*ret_is && i < blocks->n; i++)
		*ret_is = i != volume && may_hold_system(&blocks->items[i]) && share(blocks, volume, i, ours, theirs);
	return 0;
}

int bm_config_find(const struct bm_blocks *blocks, enum bm_config_from from, struct bm_config_volumes *ret_volumes)
{
	struct bm_config_volumes found = {0};

	for (size_t i = 0; from != BM_CONFIG_FROM_NONE && i < blocks->n; i++) {
		const struct bm_block *block = &blocks->items[i];
		bool theirs = false;

		/* A hybrid ISO shows on its disk and on a partition: one. */
		if (!is_labelled(block) || (block->parent < blocks->n && is_labelled(&blocks->items[block->parent])))
			continue;
		if (from == BM_CONFIG_FROM_OWN && is_patients(blocks, i, &theirs) < 0)
			return -ENOMEM;
		if (theirs)
			found.refused = block;
		else if (found.n++ == 0)
			found.volume = block;
	}
	*ret_volumes = found;
	return 0;
}

/* The driver looks for its drives for some seconds after it was loaded. */
static void wait_for_floppy(void)
{
	uint64_t begin = bm_time_ms();

	if (bm_file_is_device(floppy) || !bm_file_exists(floppy_controller))
		return;
	if (bm_system_load_module("floppy") < 0) {
		bm_err_clear();
		return;
	}
	while (!bm_file_is_device(floppy) && bm_time_ms() - begin < FLOPPY_WAIT_MS)
		bm_sleep_ms(100);
}

/* A floppy is not among the block devices that are scanned: an empty drive takes its time. It is tried last. */
static int take_floppy(struct bm_bmconf *conf)
{
	struct bm_block_fs fs = {0};
	int r = 0;

	wait_for_floppy();
	if (!bm_file_is_device(floppy))
		return 0;
	/* The drive is taken for one of 4 KiB until its first sector was read: only the second look sees all of it. */
	for (int look = 0; look < 2; look++) {
		bm_block_fs_done(&fs);
		if (bm_block_probe(floppy, 0, 0, &fs) < 0) {
			bm_err_clear();
			return 0;
		}
	}
	if (fs.type && fs.label && bm_strcaseeq(fs.label, BM_CONFIG_LABEL))
		r = take_volume(conf, floppy, fs.type);
	bm_block_fs_done(&fs);
	return r;
}

/* How long no device may come or go before that is taken for all of them. What hangs on USB comes a second and more
 * after its controller's driver is loaded; anything else has come when that is done. */
static unsigned int stable_ms(void)
{
	return bm_file_exists(first_usb_bus) ? STABLE_USB_MS : STABLE_MS;
}

/* Looks again and again until no device comes or goes for some time, or accept says that it has what it wants. */
static int wait_stable(
	unsigned int limit_s, bool (*accept)(void *context, const struct bm_blocks *blocks), void *context)
{
	uint64_t begin = bm_time_ms(), since = begin;
	size_t known = SIZE_MAX;

	for (;;) {
		_cleanup_blocks_ struct bm_blocks blocks = {0};
		int r = bm_block_scan(NULL, &blocks);
		uint64_t now = bm_time_ms();

		if (r < 0)
			return r;
		if (accept(context, &blocks))
			return 0;
		if (blocks.n != known)
			since = now;
		known = blocks.n;
		/* A machine without any disk gets all of the time: its controller may be slow. */
		if ((known > 0 && now - since >= stable_ms()) || now - begin >= limit_s * 1000ULL)
			return 0;
		bm_sleep_ms(LOOK_EVERY_MS);
	}
}

struct found {
	enum bm_config_from from;
	char *path, *type, *refused;
	size_t n; /* volumes that count */
	bool failed;
};

static void found_done(struct found *found)
{
	free(found->path);
	free(found->type);
	free(found->refused);
}

static bool accept_volume(void *context, const struct bm_blocks *blocks)
{
	struct bm_config_volumes volumes;
	struct found *found = context;

	if (bm_config_find(blocks, found->from, &volumes) < 0 ||
		bm_str_set(&found->refused, volumes.refused ? volumes.refused->path : NULL) < 0)
		return found->failed = true;
	found->n = volumes.n;
	if (!volumes.volume)
		return false;
	found->path = strdup(volumes.volume->path);
	found->type = strdup(volumes.volume->fs.type);
	found->failed = !found->path || !found->type;
	return true;
}

/* What the command line says of the volumes; its own problems are told when it is read in its turn. */
static int read_from(const struct bm_buf *line, enum bm_config_from *ret_from)
{
	_cleanup_bmconf_ struct bm_bmconf typed = {0};
	int r = bm_bmconf_read_cmdline(&typed, bm_buf_text(line), line->len);

	*ret_from = typed.config;
	return r;
}

static int read_volumes(struct bm_bmconf *conf, const struct found *found)
{
	if (found->n > 1)
		return bm_strv_addf(
			&conf->problems, "%zu volumes are labelled " BM_CONFIG_LABEL ": which is meant?", found->n);
	if (found->path)
		return take_volume(conf, found->path, found->type);
	if (found->refused)
		return bm_strv_addf(&conf->problems,
			"volume " BM_CONFIG_LABEL " on %s: it lies on a disk that holds a system, and counts only with "
			"bootmend.config=any on the kernel command line",
			found->refused);
	return found->from == BM_CONFIG_FROM_NONE ? 0 : take_floppy(conf);
}

int bm_config_read(struct bm_bmconf *conf, unsigned int limit_s)
{
	_cleanup_buf_ struct bm_buf line = {0};
	BM_CLEANUP(found_done) struct found found = {0};
	int r = bm_system_cmdline(&line);

	if (r == 0)
		r = read_from(&line, &found.from);
	if (r == 0)
		r = wait_stable(limit_s, accept_volume, &found);
	if (r == 0 && found.failed)
		r = -ENOMEM;
	if (r == 0)
		r = read_volumes(conf, &found);
	if (r == 0)
		r = bm_bmconf_read_cmdline(conf, bm_buf_text(&line), line.len);
	return r;
}

struct candidates {
	uint64_t since; /* when the number of devices last changed */
	size_t known;
	bool any;
};

static bool accept_disks(void *context, const struct bm_blocks *blocks)
{
	struct candidates *seen = context;
	uint64_t now = bm_time_ms();

	seen->any = false;
	for (size_t i = 0; i < blocks->n; i++)
		seen->any |= may_hold_system(&blocks->items[i]);
	if (blocks->n != seen->known)
		seen->since = now;
	seen->known = blocks->n;
	return seen->any && now - seen->since >= stable_ms();
}

int bm_config_wait(unsigned int limit_s, bool *ret_disks)
{
	struct candidates seen = {.known = SIZE_MAX};
	uint64_t begin = bm_time_ms();
	int r;

	do {
		r = wait_stable(limit_s, accept_disks, &seen);
		if (r < 0)
			return r;
	} while (!seen.any && bm_time_ms() - begin < limit_s * 1000ULL);
	*ret_disks = seen.any;
	return 0;
}
