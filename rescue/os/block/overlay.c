/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device-mapper's own interface (Linux, include/uapi/linux/dm-ioctl.h; the target: Documentation/admin-guide/
 * device-mapper/snapshot.rst). `dmsetup` would do, but for the links that udev makes of what it creates.
 */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/system.h"
#include "os/run/tmp.h"

#define CONTROL		"/dev/mapper/control"
#define MARKERS		"/run/bootmend/overlays"
#define WRITABLE	"writable"
#define STORE_BYTES_MIN ((uint64_t)4 << 20)

enum {
	CHUNK_SECTORS = 8,
	WAIT_TRIES = 250,
	WAIT_MS = 20,
	/* libdevmapper's DM_UDEV_DISABLE_{DM,SUBSYSTEM,DISK,OTHER}_RULES_FLAG and DM_UDEV_PRIMARY_SOURCE_FLAG, which it
	 * hands to udev's rules in the upper half of the event number */
	UDEV_NOTHING = (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6) << 16,
};

/* One request, with room for one target. */
struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char params[256];
};

static void begin(struct request *request, const char *name, uint32_t flags)
{
	*request = (struct request){.head = {.version = {4, 0, 0},
					    .data_size = sizeof(*request),
					    .data_start = offsetof(struct request, target),
					    .flags = flags}};
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
}

static int call(const struct bm_overlay *overlay, unsigned long number, struct request *request)
{
	return ioctl(overlay->control, number, request) < 0 ? -errno : 0;
}

static int open_control(void)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	if (fd < 0 && bm_system_load_module("dm_mod") == 0)
		fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	return fd < 0 ? bm_err(-ENODEV, "device-mapper") : fd;
}

/* A file in memory, of a quarter of what is free, as a block device. Only what is written to it takes room. */
static int make_store(struct bm_loop *ret_store)
{
	struct bm_system_info info;
	char path[32];
	uint64_t size;
	int fd, r = bm_system_info(&info);

	if (r < 0)
		return r;
	size = info.memory_available_bytes / 4 & ~(uint64_t)0xfffff;
	bm_system_info_done(&info);
	if (size < STORE_BYTES_MIN)
		return bm_err(-ENOMEM, "an overlay in memory");
	fd = memfd_create("bootmend-overlay", MFD_CLOEXEC);
	if (fd < 0)
		return bm_err(-errno, "an overlay in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = ftruncate(fd, (off_t)size) < 0 ? bm_err(-errno, "an overlay in memory")
					   : bm_loop_attach(path, 0, 0, 512, false, ret_store);
	close(fd);
	return r;
}

static int number_of(int fd, char *text, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	snprintf(text, size, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return 0;
}

/* What a run after this one was killed has to know, before there is anything to be undone. */
static int mark(struct bm_overlay *overlay, const char *origin, const char *number)
{
	_cleanup_free_ char *text = NULL;
	int now = 0, r;

	if (ioctl(overlay->origin, BLKROGET, &now) < 0)
		return -errno;
	overlay->lock = !now;
	overlay->marker = bm_strf("%s/%s", MARKERS, overlay->name);
	text = bm_strf("%d %s %s %s", (int)getpid(), overlay->lock ? WRITABLE : "read-only", number, origin);
	if (!overlay->marker || !text)
		return -ENOMEM;
	r = bm_dir_make(MARKERS, 0755);
	return r < 0 ? r : bm_file_write(overlay->marker, text, strlen(text), 0600);
}

/* The device below becomes read-only, where it was not. */
static int lock_origin(const struct bm_overlay *overlay)
{
	int on = 1;

	return overlay->lock && ioctl(overlay->origin, BLKROSET, &on) < 0 ? -errno : 0;
}

static int load(const struct bm_overlay *overlay, const char *below, const char *store)
{
	struct request request;
	uint64_t bytes = 0;
	int r;

	if (ioctl(overlay->origin, BLKGETSIZE64, &bytes) < 0)
		return -errno;
	begin(&request, overlay->name, 0);
	request.head.target_count = 1;
	request.target.length = bytes / 512;
	snprintf(request.target.target_type, sizeof(request.target.target_type), "snapshot");
	snprintf(request.params, sizeof(request.params), "%s %s N %d", below, store, CHUNK_SECTORS);
	r = call(overlay, DM_TABLE_LOAD, &request);
	if (r == -EINVAL && bm_system_load_module("dm_snapshot") == 0)
		r = call(overlay, DM_TABLE_LOAD, &request);
	if (r < 0)
		return r;
	begin(&request, overlay->name, 0);
	request.head.event_nr = UDEV_NOTHING;
	return call(overlay, DM_DEV_SUSPEND, &request); /* without the flag: it begins to work */
}

/* The kernel's encoding of a device number in struct dm_ioctl. */
static unsigned int minor_of(uint64_t dev)
{
	return (unsigned int)((dev & 0xff) | (dev >> 12 & 0xfff00));
}

static int create(struct bm_overlay *overlay)
{
	struct request request;
	int r;

	begin(&request, overlay->name, 0);
	r = call(overlay, DM_DEV_CREATE, &request);
	if (r < 0)
		return r;
	overlay->path = bm_strf("/dev/dm-%u", minor_of(request.head.dev));
	return overlay->path ? 0 : -ENOMEM;
}

static int lay(const char *origin, struct bm_overlay *overlay)
{
	static unsigned int count;
	char below[32], store[32];
	int r;

	overlay->name = bm_strf("bootmend-look-%d-%u", (int)getpid(), count++);
	if (!overlay->name)
		return -ENOMEM;
	r = overlay->control = open_control();
	if (r < 0)
		return r;
	overlay->origin = open(origin, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (overlay->origin < 0)
		return -errno;
	r = number_of(overlay->origin, below, sizeof(below));
	if (r == 0)
		r = make_store(&overlay->store);
	if (r == 0)
		r = number_of(overlay->store.fd, store, sizeof(store));
	if (r == 0)
		r = mark(overlay, origin, below);
	if (r == 0)
		r = create(overlay);
	/* Device-mapper takes the origin for its own, and fails where it is mounted: a device that somebody writes to
	 * must not become read-only under him. */
	if (r == 0)
		r = load(overlay, below, store);
	if (r == 0)
		r = lock_origin(overlay);
	if (r == 0 && access(overlay->path, F_OK) < 0)
		r = -ENODEV;
	return r;
}

int bm_overlay_open(const char *origin, struct bm_overlay *ret_overlay)
{
	struct bm_overlay overlay = BM_OVERLAY_NONE;
	int r = lay(origin, &overlay);

	if (r < 0) {
		bm_overlay_close(&overlay);
		return bm_err(r, "an overlay over %s", origin);
	}
	*ret_overlay = overlay;
	return 0;
}

int bm_overlay_drop(const struct bm_overlay *overlay)
{
	struct request request;

	begin(&request, overlay->name, DM_DEFERRED_REMOVE);
	request.head.event_nr = UDEV_NOTHING;
	return call(overlay, DM_DEV_REMOVE, &request);
}

bool bm_overlay_whole(const struct bm_overlay *overlay)
{
	struct request request;
	const char *status = request.params;

	begin(&request, overlay->name, 0);
	if (call(overlay, DM_TABLE_STATUS, &request) < 0 || request.head.flags & DM_BUFFER_FULL_FLAG ||
		request.head.target_count != 1)
		return false;
	/* "12288/1048576 0" while it works; else Invalid, Overflow, ... */
	request.params[sizeof(request.params) - 1] = '\0';
	return *status >= '0' && *status <= '9';
}

/* Removes it, or waits for the removal that was put off: the last user may be about to go. */
static void remove_device(const struct bm_overlay *overlay)
{
	for (unsigned int i = 0; i < WAIT_TRIES; i++) {
		struct request request;
		int r;

		begin(&request, overlay->name, 0);
		request.head.event_nr = UDEV_NOTHING;
		r = call(overlay, DM_DEV_REMOVE, &request);
		if (r != -EBUSY)
			return;
		bm_sleep_ms(WAIT_MS);
	}
	if (bm_overlay_drop(overlay) < 0)
		bm_err_clear();
}

/* Undoes what the marker tells of. */
static void take_back(const struct bm_overlay *overlay)
{
	int off = 0;

	if (overlay->control >= 0)
		remove_device(overlay);
	if (overlay->lock && overlay->origin >= 0)
		ioctl(overlay->origin, BLKROSET, &off);
	if (bm_file_unlink(overlay->marker) < 0)
		bm_err_clear();
}

void bm_overlay_close(struct bm_overlay *overlay)
{
	if (overlay->marker)
		take_back(overlay);
	bm_loop_detach(&overlay->store);
	bm_file_close(overlay->origin);
	bm_file_close(overlay->control);
	free(overlay->marker);
	free(overlay->name);
	free(overlay->path);
	*overlay = BM_OVERLAY_NONE;
}

/* An overlay of a run that is dead. Its store goes with it. */
static void sweep_one(const char *name)
{
	struct bm_overlay overlay = BM_OVERLAY_NONE;
	_cleanup_strv_ struct bm_strv words = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	char same[32] = "";
	uint64_t owner = 0;

	overlay.name = strdup(name);
	overlay.marker = bm_strf("%s/%s", MARKERS, name);
	if (!overlay.name || !overlay.marker || bm_file_read(overlay.marker, 4096, &text) < 0 ||
		bm_strv_split(&words, bm_buf_text(&text), " ") < 0 || words.n != 4 ||
		bm_num_u64(words.items[0], &owner) < 0 || owner == 0 || owner > INT32_MAX ||
		kill((pid_t)owner, 0) == 0 || errno != ESRCH) {
		/* It is another's, or none of ours: it stays. */
		free(overlay.marker);
		overlay.marker = NULL;
	} else {
		overlay.control = open(CONTROL, O_RDWR | O_CLOEXEC);
		overlay.origin = open(words.items[3], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		overlay.lock = bm_streq(words.items[1], WRITABLE) && overlay.origin >= 0 &&
			       number_of(overlay.origin, same, sizeof(same)) == 0 && bm_streq(same, words.items[2]);
	}
	bm_overlay_close(&overlay);
}

void bm_overlay_sweep(void)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_file_list(MARKERS, &names) == 0)
		for (size_t i = 0; i < names.n; i++)
			sweep_one(names.items[i]);
	bm_err_clear();
}
