/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/system.h"

#define MAKER "bootmend:"

enum { TRIES = 64 };

/* Before Linux 5.8. The flag that makes the device vanish comes with the second call: for a moment it would stay. */
static int configure_in_steps(int device, const struct loop_config *config)
{
	int r = 0;

	if (ioctl(device, LOOP_SET_FD, config->fd) < 0)
		return -errno;
	if (ioctl(device, LOOP_SET_STATUS64, &config->info) < 0)
		r = -errno;
	if (r == 0 && config->block_size && ioctl(device, LOOP_SET_BLOCK_SIZE, (unsigned long)config->block_size) < 0)
		r = -errno;
	if (r < 0)
		ioctl(device, LOOP_CLR_FD, 0);
	return r;
}

static int configure(int device, const struct loop_config *config)
{
	if (ioctl(device, LOOP_CONFIGURE, config) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOTTY && errno != ENOSYS)
		return -errno;
	return configure_in_steps(device, config);
}

/* Takes the device that the kernel offers. -EBUSY when somebody else was faster. */
static int take(int control, const struct loop_config *config, bool read_only, struct bm_loop *ret_loop)
{
	struct bm_loop loop = BM_LOOP_NONE;
	int number = ioctl(control, LOOP_CTL_GET_FREE), r;

	if (number < 0)
		return -errno;
	loop.path = bm_strf("/dev/loop%d", number);
	if (!loop.path)
		return -ENOMEM;
	loop.fd = open(loop.path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	r = loop.fd < 0 ? -errno : configure(loop.fd, config);
	if (r < 0)
		bm_loop_detach(&loop);
	else
		*ret_loop = loop;
	return r;
}

int bm_loop_attach_fd(int fd, const char *file, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size,
	bool read_only, struct bm_loop *ret_loop)
{
	_cleanup_fd_ int control = -1;
	struct loop_config config = {
		.fd = (unsigned int)fd,
		.block_size = sector_size,
		.info =
			{
				.lo_offset = offset_bytes,
				.lo_sizelimit = size_bytes,
				.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
			},
	};
	unsigned int tries;
	int r;

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0 && bm_system_load_module("loop") == 0)
		control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return bm_err(-ENODEV, "loop devices");
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, MAKER "%ld", (long)getpid());
	for (tries = 0, r = -EBUSY; tries < TRIES && (r == -EBUSY || r == -EAGAIN); tries++) {
		if (tries > 0)
			bm_sleep_ms(10);
		r = take(control, &config, read_only, ret_loop);
	}
	return r < 0 ? bm_err(r, "loop device for %s", file) : 0;
}

int bm_loop_attach(const char *file, uint64_t offset_bytes, uint64_t size_bytes, uint32_t sector_size, bool read_only,
	struct bm_loop *ret_loop)
{
	_cleanup_fd_ int fd = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return bm_err(-errno, "%s", file);
	return bm_loop_attach_fd(fd, file, offset_bytes, size_bytes, sector_size, read_only, ret_loop);
}

int bm_loop_maker(const char *name)
{
	const char *number = bm_str_after(name, MAKER);
	uint64_t pid = 0;

	return number && bm_num_u64(number, &pid) == 0 && pid <= INT32_MAX ? (int)pid : 0;
}

void bm_loop_detach(struct bm_loop *loop)
{
	bm_file_close(loop->fd);
	free(loop->path);
	*loop = BM_LOOP_NONE;
}
