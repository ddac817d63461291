/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "os/run/kmsg.h"
#include "os/run/system.h"
#include "mount_in.h"

enum { REASON_LINES_MAX = 4, ATTEMPTS_MAX = 4 };

int bm_mount_private(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return bm_err(-errno, "mount namespace");
	/* In a chroot the root is no mount point. What is mounted then may be seen outside as well, for as long as we
	 * have it mounted; that is no reason not to work. */
	if (bm_sys_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno != EINVAL)
		return bm_err(-errno, "mount namespace");
	return 0;
}

int bm_mount_target(const struct bm_root *root, const char *target, int *ret_fd)
{
	int fd;

	if (root)
		return bm_root_open_path(root, target, true, ret_fd);
	fd = open(target, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return bm_err(-errno, "%s", target);
	*ret_fd = fd;
	return 0;
}

/* --- options --- */

/* What of fstab's options is taken over: what selects the tree, and how vfat shows names and owners. A character set of
 * vfat's may need a kernel module that the rescue system lacks. */
static bool is_taken(const char *type, const char *option)
{
	static const char *const vfat[] = {"umask=", "fmask=", "dmask=", "uid=", "gid=", "shortname=", "utf8"};
	size_t i;

	if (bm_streq(type, "btrfs"))
		return bm_str_starts(option, "subvol=") || bm_str_starts(option, "subvolid=");
	for (i = 0; bm_streq(type, "vfat") && i < BM_ARRAY_SIZE(vfat); i++)
		if (bm_str_starts(option, vfat[i]))
			return true;
	return false;
}

/* The options that switch off every write of a read-only mount, best first. NULL: no such attempt. An empty one is safe
 * where the filesystem has no journal; and always, since the device itself is made read-only during the mount. */
static const char *look_options(const char *type, unsigned int attempt)
{
	static const char *const ext[ATTEMPTS_MAX] = {"noload"};
	static const char *const xfs[ATTEMPTS_MAX] = {"norecovery,nouuid"};
	static const char *const btrfs[ATTEMPTS_MAX] = {"rescue=nologreplay", "nologreplay", ""};
	static const char *const vfat[ATTEMPTS_MAX] = {"", "iocharset=utf8"};
	static const char *const other[ATTEMPTS_MAX] = {""};

	if (attempt >= ATTEMPTS_MAX)
		return NULL;
	if (bm_streq(type, "ext3") || bm_streq(type, "ext4"))
		return ext[attempt];
	if (bm_streq(type, "xfs"))
		return xfs[attempt];
	if (bm_streq(type, "btrfs"))
		return btrfs[attempt];
	return bm_streq(type, "vfat") ? vfat[attempt] : other[attempt];
}

static const char *repair_options(const char *type, unsigned int attempt)
{
	if (bm_streq(type, "vfat"))
		return look_options(type, attempt);
	if (attempt > 0)
		return NULL;
	return bm_streq(type, "xfs") ? "nouuid" : "";
}

int bm_mount_compose(const struct bm_mount_fs *mount, unsigned int attempt, char **ret_options)
{
	const char *first = mount->writable || mount->replay ? repair_options(mount->type, attempt)
							     : look_options(mount->type, attempt);
	_cleanup_strv_ struct bm_strv taken = {0}, options = {0};
	char *joined;
	size_t i;
	int r = 0;

	if (!first) {
		*ret_options = NULL;
		return 0;
	}
	if (first[0])
		r = bm_strv_add(&options, first);
	if (r == 0 && mount->options)
		r = bm_strv_split(&taken, mount->options, ",");
	for (i = 0; r == 0 && i < taken.n; i++)
		if (is_taken(mount->type, taken.items[i]))
			r = bm_strv_add_once(&options, taken.items[i]);
	joined = r == 0 ? bm_strv_join(&options, ",") : NULL;
	if (!joined)
		return bm_err(-ENOMEM, "mount options");
	*ret_options = joined;
	return 0;
}

/* --- why the kernel refused --- */

/* The last lines that name the device, joined; "" where there are none. */
static void read_log(int fd, const char *source, struct bm_buf *ret_text)
{
	_cleanup_strv_ struct bm_strv lines = {0};

	if (bm_kmsg_since(fd, source, &lines) < 0)
		return;
	for (size_t i = 0; i < lines.n && i < REASON_LINES_MAX; i++) {
		if (i > 0)
			bm_buf_adds(ret_text, "; ");
		bm_buf_adds(ret_text, lines.items[i]);
	}
}

/* --- filesystems --- */

/* While a filesystem is mounted for looking, its device is read-only: ext4 clears its list of orphans in spite of ro
 * and noload, and other filesystems have habits of their own. A device that somebody uses is left alone: its user may
 * be writing, and its filesystem is past all recovery. */
static bool protect(int device, const char *source)
{
	int on = 1, now = 0, exclusive;

	if (device < 0 || ioctl(device, BLKROGET, &now) < 0 || now)
		return false;
	exclusive = open(source, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (exclusive < 0)
		return false;
	close(exclusive);
	return ioctl(device, BLKROSET, &on) == 0;
}

static void unprotect(int device)
{
	int off = 0;

	ioctl(device, BLKROSET, &off);
}

static int mount_once(const struct bm_mount_fs *mount, const char *target, const char *options)
{
	unsigned long guard = MS_NODEV | MS_NOSUID | (mount->enter ? 0 : MS_NOEXEC);
	unsigned long flags = MS_NOATIME | (mount->writable ? 0 : MS_RDONLY | guard);
	_cleanup_fd_ int device = -1;
	bool protected;
	int r;

	if (!mount->writable && !mount->replay)
		device = open(mount->source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	protected = protect(device, mount->source);
	r = bm_sys_mount(mount->source, target, mount->type, flags, options) < 0 ? -errno : 0;
	if (protected)
		unprotect(device);
	return r;
}

static int mount_attempts(const struct bm_mount_fs *mount, const char *target)
{
	unsigned int attempt;
	int r = -EINVAL, last;

	for (attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		_cleanup_free_ char *options = NULL;

		last = bm_mount_compose(mount, attempt, &options);
		if (last < 0)
			return last;
		if (!options)
			break;
		r = mount_once(mount, target, options);
		/* Only an unknown option is a reason to try another. */
		if (r != -EINVAL)
			break;
	}
	return r;
}

/* What is asked of another mount namespace. */
struct wanted {
	const struct bm_mount_fs *mount;
	const struct stat *device;
	const char *real;
};

/* Whether the entry shows the tree that is asked for. */
static bool is_same(const struct bm_mount_entry *entry, const struct bm_mount_fs *mount, const struct stat *device,
	const char *real)
{
	_cleanup_free_ char *entry_real = realpath(entry->source, NULL);
	_cleanup_strv_ struct bm_strv options = {0};
	const char *wanted = "/", *value;
	size_t i;

	if ((entry->major != major(device->st_rdev) || entry->minor != minor(device->st_rdev)) &&
		!bm_streq(entry_real, real))
		return false;
	if (bm_streq(mount->type, "btrfs") && mount->options && bm_strv_split(&options, mount->options, ",") == 0)
		for (i = 0; i < options.n; i++)
			if ((value = bm_str_after(options.items[i], "subvol=")))
				wanted = value;
	return bm_streq(entry->type, mount->type) && entry->root &&
	       bm_streq(entry->root + strspn(entry->root, "/"), wanted + strspn(wanted, "/"));
}

/* Whether somebody mounted it so that its journal was not replayed, as bootmend itself does for looking. */
static bool is_without_journal(const struct bm_mount_entry *entry)
{
	static const char *const words[] = {"noload", "norecovery", "nologreplay"};

	for (size_t i = 0; entry->options && i < BM_ARRAY_SIZE(words); i++)
		if (strstr(entry->options, words[i]))
			return true;
	return false;
}

/* Makes what is mounted at the place writable, the filesystem itself with it. */
static int open_for_writing(const struct bm_mount_fs *mount, const struct bm_mount_entry *existing)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r;

	/* What its log has would be lost, and come over our changes at the next boot. */
	if (is_without_journal(existing))
		return bm_err(-EROFS, "%s is mounted at %s without its journal", mount->source, existing->target);
	r = bm_mount_target(mount->root, mount->target, &fd);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = bm_mount_remount(path, true);
	return r < 0 ? bm_err(r, "%s cannot be made writable", mount->source) : 0;
}

/* A filesystem that is mounted already (the rescue system may run on it) cannot be mounted in another way at the same
 * time: what is there is bound, read-only for looking. One that is mounted read-only, as an initramfs has the root,
 * is made writable in the bind alone: the mount that it is bound from stays read-only. -ENOENT where it is not
 * mounted; *ret_replay_off is as in bm_mount_result. */
static int bind_existing(const struct bm_mount_fs *mount, bool *ret_replay_off)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};
	_cleanup_free_ char *real = realpath(mount->source, NULL);
	const struct bm_mount_entry *found = NULL;
	struct stat st;
	int r;

	if (!real || stat(mount->source, &st) < 0 || !S_ISBLK(st.st_mode))
		return -ENOENT;
	r = bm_mounts_list(NULL, &mounts);
	for (size_t i = 0; r == 0 && i < mounts.n; i++)
		if (is_same(&mounts.items[i], mount, &st, real) &&
			(!found || (mount->writable && found->read_only && !mounts.items[i].read_only)))
			found = &mounts.items[i];
	if (r < 0 || !found)
		return r < 0 ? r : -ENOENT;
	*ret_replay_off = is_without_journal(found);
	r = bm_mount_bind(found->target, mount->root, mount->target, false, !mount->writable);
	return r == 0 && mount->writable && found->read_only ? open_for_writing(mount, found) : r;
}

static bool is_wanted(const struct bm_mount_entry *entry, const void *context)
{
	const struct wanted *wanted = context;

	return is_same(entry, wanted->mount, wanted->device, wanted->real);
}

/* -EBUSY where no other mount namespace shows it either. */
static int show_foreign(const struct bm_mount_fs *mount)
{
	_cleanup_free_ char *real = realpath(mount->source, NULL);
	struct stat st;
	const struct wanted wanted = {mount, &st, real};
	int r = real && stat(mount->source, &st) == 0 ? bm_mount_foreign(mount->root, mount->target, is_wanted, &wanted)
						      : -ENOENT;

	return r == -ENOENT ? -EBUSY : r;
}

/* What came of it. The descriptor of the target is opened again: the old one shows what is below the mount. */
static int inspect(const struct bm_mount_fs *mount, bool replay_off, struct bm_mount_result *ret_result)
{
	_cleanup_fd_ int fd = -1;
	struct bm_mount_result result = {.replay_off = replay_off};
	struct statvfs vfs;
	struct stat st;
	int r = bm_mount_target(mount->root, mount->target, &fd);

	if (r < 0)
		return r;
	if (fstatvfs(fd, &vfs) < 0 || fstat(fd, &st) < 0)
		return bm_err(-errno, "%s", mount->target);
	result.read_only = (vfs.f_flag & ST_RDONLY) != 0;
	result.dev = bm_root_dev(st.st_dev);
	*ret_result = result;
	return 0;
}

int bm_mount_fs(const struct bm_mount_fs *mount, struct bm_mount_result *ret_result)
{
	_cleanup_fd_ int target_fd = -1, log = -1;
	_cleanup_buf_ struct bm_buf reason = {0};
	char target[64];
	bool replay_off = !mount->writable && !mount->replay;
	int r;

	r = bm_mount_target(mount->root, mount->target, &target_fd);
	if (r < 0)
		return r;
	r = bind_existing(mount, &replay_off);
	if (r == -ENOENT) {
		snprintf(target, sizeof(target), "/proc/self/fd/%d", target_fd);
		log = bm_kmsg_open();
		r = mount_attempts(mount, target);
		if (r == -ENODEV && bm_system_load_module(mount->type) == 0)
			r = mount_attempts(mount, target);
		if (r == -EBUSY && !mount->writable)
			r = show_foreign(mount);
		if (r < 0) {
			read_log(log, mount->source, &reason);
			return bm_err(r, "mount %s (%s)%s%s", mount->source, mount->type, reason.len > 0 ? ": " : "",
				bm_buf_text(&reason));
		}
		r = bm_mount_no_propagation(mount->root, mount->target);
	}
	if (r == 0 && ret_result)
		r = inspect(mount, replay_off, ret_result);
	return r;
}

int bm_mount_tmpfs(const struct bm_root *root, const char *target, uint64_t size_bytes)
{
	_cleanup_free_ char *options = NULL;
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r;

	options = size_bytes ? bm_strf("mode=0755,size=%llu", (unsigned long long)size_bytes) : strdup("mode=0755");
	if (!options)
		return bm_err(-ENOMEM, "%s", target);
	r = bm_mount_target(root, target, &fd);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (bm_sys_mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return bm_err(-errno, "tmpfs at %s", target);
	return bm_mount_no_propagation(root, target);
}

int bm_mount_remount(const char *target, bool writable)
{
	unsigned long flags = MS_REMOUNT | (writable ? 0 : MS_RDONLY);
	struct statvfs vfs;

	if (statvfs(target, &vfs) < 0)
		return bm_err(-errno, "%s", target);
	flags |= vfs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= vfs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= vfs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= vfs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	if (bm_sys_mount(NULL, target, NULL, flags, NULL) < 0)
		return bm_err(-errno, "remount %s", target);
	if (statvfs(target, &vfs) < 0)
		return bm_err(-errno, "%s", target);
	return writable && (vfs.f_flag & ST_RDONLY) ? bm_err(-EROFS, "%s", target) : 0;
}

void bm_mount_close_writing(const char *prefix)
{
	_cleanup_mounts_ struct bm_mounts mounts = {0};

	if (bm_mounts_list(NULL, &mounts) < 0)
		mounts.n = 0;
	for (size_t i = 0; i < mounts.n; i++) {
		const struct bm_mount_entry *entry = &mounts.items[i];
		size_t others = 0, writable = 0;

		if (entry->read_only || !entry->source || entry->source[0] != '/' ||
			!bm_path_below(entry->target, prefix))
			continue;
		for (size_t o = 0; o < mounts.n; o++) {
			const struct bm_mount_entry *other = &mounts.items[o];

			if (other->major != entry->major || other->minor != entry->minor ||
				bm_path_below(other->target, prefix))
				continue;
			others++;
			writable += !other->read_only;
		}
		if (others > 0 && writable == 0 && bm_mount_remount(entry->target, false) < 0)
			bm_err_clear();
	}
	bm_err_clear();
}
