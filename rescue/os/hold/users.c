/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/block/loop.h"
#include "os/root/fileio.h"
#include "os/root/root_in.h"
#include "users_in.h"

enum { SYSFS_MAX = 65536, SWAPS_MAX = 1 << 20 };

void bm_users_done(struct bm_users *users)
{
	for (size_t i = 0; i < users->n; i++)
		free(users->items[i].text);
	free(users->items);
	*users = (struct bm_users){0};
}

int bm_users_add(struct bm_users *users, size_t use, enum bm_user_kind kind, char *text)
{
	struct bm_user *user = text ? BM_VEC_PUSH(users->items, users->n, users->cap) : NULL;

	if (!user) {
		free(text);
		return -ENOMEM;
	}
	*user = (struct bm_user){.use = use, .kind = kind, .text = text};
	return 0;
}

char *bm_users_text(const struct bm_users *users, const struct bm_uses *uses)
{
	_cleanup_buf_ struct bm_buf buf = {0};

	for (size_t i = 0; i < users->n; i++)
		bm_buf_addf(&buf, "%s%s is %s", i > 0 ? "; " : "", uses->items[users->items[i].use].name,
			users->items[i].text);
	return bm_buf_steal(&buf);
}

/* --- what is asked about --- */

static bool is_same(const struct bm_use *a, const struct bm_use *b)
{
	if (a->image != b->image)
		return false;
	if (a->image)
		return a->path ? bm_streq(a->path, b->path) : !b->path && a->dev == b->dev && a->inode == b->inode;
	return a->dev && a->dev == b->dev;
}

int bm_uses_add(struct bm_uses *uses, const struct bm_use *use)
{
	struct bm_use *added;

	for (size_t i = 0; i < uses->n; i++)
		if (is_same(&uses->items[i], use)) {
			uses->items[i].beneath &= use->beneath;
			uses->items[i].read_only &= use->read_only;
			return 0;
		}
	added = BM_VEC_PUSH(uses->items, uses->n, uses->cap);
	if (!added)
		return -ENOMEM;
	if (bm_strv_add(&uses->texts, use->name ? use->name : "?") < 0 ||
		bm_strv_add(&uses->texts, use->path ? use->path : "") < 0)
		return -ENOMEM;
	*added = *use;
	added->name = uses->texts.items[uses->texts.n - 2];
	added->path = use->path ? uses->texts.items[uses->texts.n - 1] : NULL;
	return 0;
}

void bm_uses_done(struct bm_uses *uses)
{
	bm_strv_done(&uses->texts);
	free(uses->items);
	*uses = (struct bm_uses){0};
}

static struct bm_used used_of(const struct bm_use *use)
{
	struct stat st;

	if (!use->image)
		return (struct bm_used){.known = use->dev != 0, .dev = use->dev};
	if (!use->path)
		return (struct bm_used){.known = use->inode != 0, .dev = use->dev, .inode = use->inode};
	if (stat(use->path, &st) < 0 || !S_ISREG(st.st_mode))
		return (struct bm_used){0};
	return (struct bm_used){.known = true, .dev = bm_root_dev(st.st_dev), .inode = st.st_ino};
}

/* --- what lies on a device --- */

/* The number in a file `dev` of sysfs, 0 where there is none. */
static uint64_t number_of(const char *dir)
{
	_cleanup_free_ char *path = bm_path_join(dir, "dev");
	_cleanup_buf_ struct bm_buf text = {0};
	unsigned int high, low;

	if (!path || bm_file_read(path, SYSFS_MAX, &text) < 0 ||
		sscanf(bm_buf_text(&text), "%u:%u", &high, &low) != 2) {
		bm_err_clear();
		return 0;
	}
	return (uint64_t)high << 32 | low;
}

/* The names in the folder `holders`, joined; "" where there are none, NULL when memory is short. */
static char *holders_of(const char *dir)
{
	_cleanup_free_ char *path = bm_path_join(dir, "holders");
	_cleanup_strv_ struct bm_strv names = {0};

	if (path && bm_file_list(path, &names) < 0)
		bm_err_clear();
	return path ? bm_strv_join(&names, ", ") : NULL;
}

static int add_holders(const struct bm_use *uses, const struct bm_used *used, size_t n, struct bm_users *users)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_free_ char *dir = NULL, *names = NULL;

		if (uses[i].image || uses[i].beneath || !used[i].known)
			continue;
		dir = bm_strf("/sys/dev/block/%u:%u", (unsigned int)(used[i].dev >> 32), (unsigned int)used[i].dev);
		names = dir ? holders_of(dir) : NULL;
		if (!names)
			r = -ENOMEM;
		else if (names[0])
			r = bm_users_add(users, i, BM_USER_DEVICE, bm_strf("part of %s", names));
	}
	return r;
}

static int add_swaps(const struct bm_use *uses, const struct bm_used *used, size_t n, struct bm_users *users)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_strv_ struct bm_strv lines = {0};
	int r;

	if (bm_file_read("/proc/swaps", SWAPS_MAX, &text) < 0) {
		bm_err_clear();
		return 0;
	}
	r = bm_strv_split(&lines, bm_buf_text(&text), "\n");
	for (size_t i = 1; r == 0 && i < lines.n; i++) {
		char *path = lines.items[i];
		struct stat st;

		path[strcspn(path, " \t")] = '\0';
		if (stat(path, &st) < 0)
			continue;
		for (size_t u = 0; r == 0 && u < n; u++)
			if (used[u].known && !uses[u].beneath &&
				(uses[u].image ? S_ISREG(st.st_mode) && bm_root_dev(st.st_dev) == used[u].dev &&
							 st.st_ino == used[u].inode
					       : S_ISBLK(st.st_mode) && bm_root_dev(st.st_rdev) == used[u].dev))
				r = bm_users_add(users, u, BM_USER_SWAP, strdup("used as swap"));
	}
	return r;
}

/* --- loop devices --- */

struct loop {
	char *name;	    /* loop3 */
	uint64_t dev;	    /* its own number */
	uint64_t file_dev;  /* where its file lies */
	uint64_t inode;	    /* of its file */
	uint64_t under_dev; /* its file's own number, where that is a device */
	bool read_only;
	int maker; /* the process of a bootmend that made it, or 0 */
};

/* The kernel's huge_encode_dev(). */
static uint64_t decode(uint64_t number)
{
	uint64_t high = (number >> 8) & 0xfff, low = (number & 0xff) | ((number >> 12) & 0xfff00);

	return high << 32 | low;
}

/* What the loop device lies over, from the device itself; -ENXIO where it lies over nothing or can't be asked. */
static int ask_loop(struct loop *loop)
{
	_cleanup_free_ char *path = bm_path_join("/dev", loop->name);
	struct loop_info64 info = {0};
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return -ENXIO;
	loop->dev = bm_root_dev(st.st_rdev);
	loop->file_dev = decode(info.lo_device);
	loop->under_dev = decode(info.lo_rdevice);
	loop->inode = info.lo_inode;
	loop->read_only = info.lo_flags & LO_FLAGS_READ_ONLY;
	info.lo_file_name[LO_NAME_SIZE - 1] = '\0';
	loop->maker = bm_loop_maker((const char *)info.lo_file_name);
	return 0;
}

/* Where there is no node of it (a small /dev of a container), the path that sysfs shows is all there is. */
static int ask_sysfs(struct loop *loop)
{
	_cleanup_free_ char *dir = bm_path_join("/sys/block", loop->name);
	_cleanup_free_ char *path = dir ? bm_path_join(dir, "loop/backing_file") : NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (bm_file_read(path, SYSFS_MAX, &text) < 0 || stat(bm_str_strip(text.data), &st) < 0)
		return -ENXIO;
	loop->dev = number_of(dir);
	loop->file_dev = bm_root_dev(st.st_dev);
	loop->under_dev = S_ISBLK(st.st_mode) ? bm_root_dev(st.st_rdev) : 0;
	loop->inode = st.st_ino;
	return 0;
}

static bool lies_over(const struct loop *loop, const struct bm_use *use, const struct bm_used *used)
{
	if (!used->known)
		return false;
	return use->image ? loop->file_dev == used->dev && loop->inode == used->inode && !loop->under_dev
			  : loop->under_dev == used->dev;
}

/* The loop device and its partitions, each with its number, in sysfs. */
static int list_parts(const struct loop *loop, struct bm_strv *dirs)
{
	_cleanup_free_ char *dir = bm_path_join("/sys/block", loop->name);
	_cleanup_strv_ struct bm_strv names = {0};
	int r = dir ? bm_strv_add(dirs, dir) : -ENOMEM;

	if (r == 0 && bm_file_list(dir, &names) < 0)
		bm_err_clear();
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (bm_str_starts(names.items[i], loop->name))
			r = bm_strv_addf(dirs, "%s/%s", dir, names.items[i]);
	return r;
}

/* Says what lies on the loop device; *ret_ours: it is mounted at the prefix. */
static int describe(const struct loop *loop, const struct bm_user_mounts *mounts, const char *prefix,
	struct bm_buf *text, bool *ret_ours)
{
	_cleanup_strv_ struct bm_strv dirs = {0};
	const struct bm_user_mount *found = NULL;
	int r = list_parts(loop, &dirs);

	for (size_t i = 0; r == 0 && i < dirs.n; i++) {
		_cleanup_free_ char *holders = holders_of(dirs.items[i]);
		uint64_t dev = number_of(dirs.items[i]);

		if (!holders)
			return -ENOMEM;
		if (holders[0])
			bm_buf_addf(text, ", on which %s lies", holders);
		for (size_t m = 0; dev && m < mounts->n; m++) {
			if (mounts->items[m].dev != dev)
				continue;
			*ret_ours |= prefix && mounts->items[m].own && bm_path_below(mounts->items[m].target, prefix);
			found = found ? found : &mounts->items[m];
		}
	}
	if (r == 0 && found) {
		_cleanup_free_ char *where = bm_user_mount_text(found);

		bm_buf_addf(text, ", which is %s", where ? where : "mounted");
	}
	return r;
}

static int add_loop(const struct loop *loop, size_t use, const struct bm_user_mounts *mounts, const char *prefix,
	struct bm_users *users)
{
	_cleanup_buf_ struct bm_buf text = {0};
	bool ours = false;
	int r;

	/* What is left of our own looking goes by itself. */
	if (loop->maker == (int)getpid())
		return 0;
	bm_buf_addf(&text, "attached to %s%s", loop->name, loop->read_only ? " (read-only)" : "");
	if (loop->maker)
		bm_buf_addf(&text, " by bootmend (process %d)", loop->maker);
	r = describe(loop, mounts, prefix, &text, &ours);
	if (r < 0 || ours)
		return r;
	return bm_users_add(users, use, BM_USER_LOOP, bm_buf_steal(&text));
}

static bool is_use(const struct bm_used *used, const struct bm_use *uses, size_t n, uint64_t dev)
{
	for (size_t i = 0; i < n; i++)
		if (!uses[i].image && used[i].known && used[i].dev == dev)
			return true;
	return false;
}

static int add_loops(const struct bm_use *uses, const struct bm_used *used, size_t n,
	const struct bm_user_mounts *mounts, const char *prefix, struct bm_users *users)
{
	_cleanup_strv_ struct bm_strv names = {0};
	int r = 0;

	if (bm_file_list("/sys/block", &names) < 0)
		bm_err_clear();
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct loop loop = {.name = names.items[i]};

		if (!bm_str_starts(loop.name, "loop"))
			continue;
		r = ask_loop(&loop);
		if (r == -ENXIO)
			r = ask_sysfs(&loop);
		if (r == -ENXIO) {
			r = 0;
			continue;
		}
		for (size_t u = 0; r == 0 && u < n; u++)
			if (lies_over(&loop, &uses[u], &used[u]) && !is_use(used, uses, n, loop.dev))
				r = add_loop(&loop, u, mounts, prefix, users);
	}
	return r;
}

/* The path that sysfs shows may be another mount namespace's: where it is not the very file, the numbers must do. */
static int add_file(struct bm_uses *uses, uint64_t dev)
{
	_cleanup_free_ char *path =
		bm_strf("/sys/dev/block/%u:%u/loop/backing_file", (unsigned int)(dev >> 32), (unsigned int)dev);
	_cleanup_free_ char *link = bm_strf("/sys/dev/block/%u:%u", (unsigned int)(dev >> 32), (unsigned int)dev);
	_cleanup_free_ char *real = NULL;
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_use use = {.beneath = true};
	struct loop loop = {0};
	struct stat st;

	if (!path || !link)
		return -ENOMEM;
	if (bm_file_realpath(link, &real) < 0 || bm_file_read(path, SYSFS_MAX, &text) < 0)
		return 0;
	loop.name = real + (bm_path_base(real) - real);
	if (ask_loop(&loop) < 0)
		return 0;
	use.path = bm_str_strip(text.data);
	use.name = bm_path_base(use.path);
	use.image = loop.under_dev == 0;
	use.dev = use.image ? loop.file_dev : loop.under_dev;
	use.inode = loop.inode;
	if (stat(use.path, &st) < 0 || (use.image ? bm_root_dev(st.st_dev) != loop.file_dev || st.st_ino != loop.inode
						  : bm_root_dev(st.st_rdev) != loop.under_dev))
		use.path = NULL;
	return bm_uses_add(uses, &use);
}

int bm_uses_add_files(struct bm_uses *uses)
{
	int r = 0;

	/* The list grows: a loop device may lie over another one. */
	for (size_t i = 0; r == 0 && i < uses->n; i++)
		if (!uses->items[i].image && uses->items[i].dev >> 32 == LOOP_MAJOR)
			r = add_file(uses, uses->items[i].dev);
	bm_err_clear();
	return r;
}

static int add_mounts(const struct bm_use *uses, const struct bm_used *used, size_t n,
	const struct bm_user_mounts *mounts, const char *prefix, struct bm_users *users)
{
	int r = 0;

	for (size_t u = 0; r == 0 && u < n; u++) {
		const struct bm_user_mount *found = NULL;
		bool ours = false;

		for (size_t m = 0; !uses[u].image && used[u].known && m < mounts->n; m++) {
			const struct bm_user_mount *mount = &mounts->items[m];

			if (mount->dev != used[u].dev)
				continue;
			ours |= prefix && mount->own && bm_path_below(mount->target, prefix);
			found = found ? found : mount;
		}
		if (!found || ours)
			continue;
		r = bm_users_add(users, u, BM_USER_MOUNT, bm_user_mount_text(found));
		if (r == 0)
			users->items[users->n - 1].own = found->own;
	}
	return r;
}

int bm_users_find(const struct bm_uses *list, const char *prefix, struct bm_users *ret_users)
{
	const struct bm_use *uses = list->items;
	size_t n = list->n;
	_cleanup_free_ struct bm_used *used = calloc(n + 1, sizeof(*used));
	struct bm_user_mounts mounts = {0};
	struct bm_users users = {0};
	int r = used ? bm_user_mounts_read(&mounts) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		used[i] = used_of(&uses[i]);
	if (r == 0)
		r = add_loops(uses, used, n, &mounts, prefix, &users);
	if (r == 0)
		r = add_mounts(uses, used, n, &mounts, prefix, &users);
	if (r == 0)
		r = add_holders(uses, used, n, &users);
	if (r == 0)
		r = add_swaps(uses, used, n, &users);
	if (r == 0)
		r = bm_user_processes(uses, used, n, &users);
	bm_user_mounts_done(&mounts);
	bm_err_clear();
	if (r < 0) {
		bm_users_done(&users);
		return bm_err(r, "users of the disk");
	}
	*ret_users = users;
	return 0;
}
