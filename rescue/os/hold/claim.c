/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/block/loop.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "os/run/proctree.h"
#include "os/run/system.h"
#include "users_in.h"

enum {
	TRIES = 30,
	TRY_MS = 100,
	/* QEMU's block/file-posix.c: one byte for each permission that is held, and for each that others may not have.
	 */
	QEMU_HELD = 100,
	QEMU_DENIED = 200,
	QEMU_PERMISSIONS = 4, /* read, write, write unchanged, resize */
};

int bm_claim_device(const char *path)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int read_only = 0;

	if (stat(path, &st) < 0)
		return bm_err(-errno, "%s", path);
	if (!S_ISBLK(st.st_mode))
		return bm_err(-ENOTBLK, "%s", path);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EBUSY)
		return bm_err(-EBUSY, "%s is mounted, or something else has it open for its own", path);
	if (fd < 0)
		return bm_err(-errno, "%s", path);
	if (ioctl(fd, BLKROGET, &read_only) == 0 && read_only)
		return bm_err(-EROFS, "%s cannot be written", path);
	return 0;
}

/* --- locks --- */

/* A filesystem that knows no locks (some of a network) has nobody who could hold one. */
static bool is_held(int error)
{
	return error == EWOULDBLOCK || error == EAGAIN || error == EACCES;
}

static int held(const char *path, const struct flock *lock)
{
	_cleanup_free_ char *name = lock->l_pid > 0 ? bm_process_name(lock->l_pid) : NULL;

	if (name)
		return bm_err(-ECANCELED, "%s is locked by process %d (%s)", path, (int)lock->l_pid, name);
	return bm_err(-ECANCELED, "%s is locked by a program that uses it (another bootmend, a virtual machine)", path);
}

static int take_flock(int fd, const char *path)
{
	struct flock nobody = {0};

	return flock(fd, LOCK_EX | LOCK_NB) < 0 && is_held(errno) ? held(path, &nobody) : 0;
}

/* One range; of whoever has it the kernel tells the process where it is a lock of a process. */
static int take_range(int fd, const char *path, short type, off_t start, off_t len)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	struct flock other = lock;

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0 || !is_held(errno))
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &other) < 0 || other.l_type == F_UNLCK)
		other.l_pid = 0;
	return held(path, &other);
}

/* Ours first and then the question, as QEMU does it: of two that come at once none can miss the other. */
static int take_as_qemu(int fd, const char *path)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int r = take_range(fd, path, F_RDLCK, QEMU_HELD, QEMU_PERMISSIONS);

	if (r == 0)
		r = take_range(fd, path, F_RDLCK, QEMU_DENIED, QEMU_PERMISSIONS);
	if (r == 0 && fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK)
		r = held(path, &all);
	return r;
}

static int lock_fd(int fd, const char *path, bool writable)
{
	int r = take_flock(fd, path);

	if (r < 0)
		return r;
	return writable ? take_range(fd, path, F_WRLCK, 0, 0) : take_as_qemu(fd, path);
}

static int keep(struct bm_claim *claim, const char *path, const struct stat *st, int fd)
{
	struct bm_claim_lock *lock = BM_VEC_PUSH(claim->locks, claim->n, claim->cap);

	if (lock)
		*lock = (struct bm_claim_lock){
			.dev = bm_root_dev(st->st_dev), .inode = st->st_ino, .path = strdup(path), .fd = fd};
	if (!lock)
		close(fd);
	return lock && lock->path ? 0 : -ENOMEM;
}

/* An image that was named twice is locked once. */
static const struct bm_claim_lock *find(const struct bm_claim *claim, const struct stat *st)
{
	for (size_t i = 0; i < claim->n; i++)
		if (claim->locks[i].dev == bm_root_dev(st->st_dev) && claim->locks[i].inode == st->st_ino)
			return &claim->locks[i];
	return NULL;
}

/* What cannot be written any more has nobody to be protected from us; what is gone cannot be locked. */
static int lock_use(struct bm_claim *claim, const struct bm_use *use)
{
	bool writable = use->image;
	struct stat st;
	int fd, r;

	if (!use->path || (use->read_only && !use->beneath) || stat(use->path, &st) < 0)
		return 0;
	if (find(claim, &st) ||
		(use->image ? !S_ISREG(st.st_mode) : !S_ISBLK(st.st_mode) || bm_root_dev(st.st_rdev) != use->dev))
		return 0;
	fd = open(use->path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && writable && use->beneath) {
		writable = false;
		fd = open(use->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	}
	if (fd < 0)
		return use->image ? bm_err(-errno, "%s", use->path) : 0;
	r = lock_fd(fd, use->path, writable);
	if (r < 0) {
		close(fd);
		return r;
	}
	return keep(claim, use->path, &st, fd);
}

int bm_claim_dir(struct bm_claim *claim, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return bm_err(-errno, "%s", dir);
	if (fstat(fd, &st) < 0 || find(claim, &st)) {
		close(fd);
		return 0;
	}
	if (take_flock(fd, dir) < 0) {
		close(fd);
		return bm_err(-ECANCELED, "%s is locked: another bootmend is at work in it", dir);
	}
	return keep(claim, dir, &st, fd);
}

int bm_claim_fd(const struct bm_claim *claim, const char *path)
{
	struct stat st;
	const struct bm_claim_lock *lock = stat(path, &st) == 0 ? find(claim, &st) : NULL;

	return lock ? lock->fd : -1;
}

void bm_claim_done(struct bm_claim *claim)
{
	for (size_t i = 0; i < claim->n; i++) {
		bm_file_close(claim->locks[i].fd);
		free(claim->locks[i].path);
	}
	free(claim->locks);
	*claim = (struct bm_claim){0};
}

/* --- all of it --- */

/* Whether nobody has the device for its own: mounted anywhere, part of another device, swap. */
static int try_exclusive(const struct bm_use *use, const char *prefix)
{
	struct stat st;
	int r;

	if (use->image || use->beneath || use->read_only || !use->path || use->dev == 0 || stat(use->path, &st) < 0 ||
		!S_ISBLK(st.st_mode) || bm_root_dev(st.st_rdev) != use->dev ||
		(prefix && bm_users_mounted_below(use->dev, prefix)))
		return 0;
	r = bm_claim_device(use->path);
	if (r == -EBUSY)
		return bm_err(-ECANCELED,
			"%s is in use by something that cannot be seen from here (a mount of another container, the "
			"kernel itself)",
			use->name);
	if (r < 0)
		bm_err_clear();
	return 0;
}

/* Whether one of them was there when the disks were looked at: it is not just going. */
static bool is_lasting(const struct bm_users *users, const struct bm_uses *uses, const struct bm_strv *known)
{
	for (size_t i = 0; i < users->n; i++) {
		_cleanup_free_ char *text =
			bm_strf("%s is %s", uses->items[users->items[i].use].name, users->items[i].text);

		if (text && bm_strv_has(known, text))
			return true;
	}
	return false;
}

static int try_once(const struct bm_uses *uses, const char *prefix, const struct bm_strv *known, struct bm_claim *claim,
	bool *ret_lasting)
{
	_cleanup_users_ struct bm_users users = {0};
	_cleanup_free_ char *who = NULL, *why = NULL;
	int r = 0, found;

	for (size_t i = 0; r == 0 && i < uses->n; i++)
		r = lock_use(claim, &uses->items[i]);
	if (r < 0 && r != -ECANCELED)
		return r;
	/* Who it is tells more than that a lock is there. */
	why = r < 0 ? bm_strf("%s", bm_err_text(r)) : NULL;
	found = bm_users_find(uses, prefix, &users);
	if (found < 0)
		return found;
	if (users.n > 0) {
		*ret_lasting = is_lasting(&users, uses, known);
		who = bm_users_text(&users, uses);
		return who ? bm_err(-ECANCELED, "%s", who) : -ENOMEM;
	}
	if (r < 0)
		return bm_err(r, "%s", why ? why : "locked");
	for (size_t i = 0; r == 0 && i < uses->n; i++)
		r = try_exclusive(&uses->items[i], prefix);
	return r;
}

int bm_claim_take(struct bm_uses *uses, const char *prefix, const struct bm_strv *known, struct bm_claim *ret_claim)
{
	int r = bm_uses_add_files(uses);
	bool lasting = false;

	for (unsigned int try = 0; r == 0 && try < TRIES; try++) {
		struct bm_claim claim = {0};

		if (try > 0)
			bm_sleep_ms(TRY_MS);
		r = try_once(uses, prefix, known, &claim, &lasting);
		if (r == 0) {
			*ret_claim = claim;
			return 0;
		}
		bm_claim_done(&claim);
		if (r == -ECANCELED && !lasting && try + 1 < TRIES)
			r = 0;
	}
	return r == -ECANCELED ? bm_err_within(r, "nothing is changed") : r;
}
