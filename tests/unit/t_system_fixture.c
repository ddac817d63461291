/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "t_system_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "os/root/fileio.h"
#include "os/run/tmp.h"
#include "proof/configs.h"
#include "harness.h"

enum { KERNEL_SETUP = 8192, KERNEL_SYSSIZE = 512, LINE_WORDS = 16 };

static char *host_path(const struct bm_fixture *fixture, const char *path)
{
	return bm_strf("%s/%s", fixture->dir, path);
}

static void put(struct bm_fixture *fixture, const char *path, const void *bytes, size_t len)
{
	_cleanup_free_ char *host = host_path(fixture, path), *dir = bm_path_dir(host);
	FILE *file;

	unlink(host);
	file = fopen(host, "we");
	if (!file) {
		BM_CHECK_INT(bm_dir_make(dir, 0755), 0);
		file = fopen(host, "we");
	}
	BM_CHECK(file != NULL);
	BM_CHECK_INT(fwrite(bytes, 1, len, file), len);
	BM_CHECK_INT(fclose(file), 0);
}

void bm_fixture_write(struct bm_fixture *fixture, const char *path, const char *text)
{
	put(fixture, path, text, strlen(text));
}

void bm_fixture_env(struct bm_fixture *fixture, const char *path, const char *text)
{
	static const char head[] = "# GRUB Environment Block\n";
	char block[1024];

	memset(block, '#', sizeof(block));
	memcpy(block, head, sizeof(head) - 1);
	BM_CHECK(strlen(text) < sizeof(block) - sizeof(head));
	memcpy(block + sizeof(head) - 1, text, strlen(text));
	put(fixture, path, block, sizeof(block));
}

static void put_number(unsigned char *bytes, size_t at, uint32_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		bytes[at + i] = (unsigned char)(value >> (8 * i));
}

/* A bzImage as the x86 boot protocol 2.15 has it; nothing of it could run. */
void bm_fixture_kernel(struct bm_fixture *fixture, const char *path, const char *version)
{
	static unsigned char image[KERNEL_SETUP + KERNEL_SYSSIZE * 16];

	memset(image, 0x90, sizeof(image));
	image[0x1f1] = KERNEL_SETUP / 512 - 1;
	put_number(image, 0x1f4, KERNEL_SYSSIZE, 4);
	put_number(image, 0x1fe, 0xaa55, 2);
	memcpy(image + 0x202, "HdrS", 4);
	put_number(image, 0x206, 0x020f, 2);
	put_number(image, 0x20e, 0x1000, 2);
	image[0x211] = 1;
	image[0x234] = 1;
	put_number(image, 0x236, 0x7f, 2);
	put_number(image, 0x248, 0x2c4, 4);
	put_number(image, 0x24c, 4000, 4);
	snprintf((char *)image + 0x1200, 256, "%s (builder@example.org) #1 SMP PREEMPT_DYNAMIC", version);
	put_number(image, KERNEL_SETUP + 0x2c4, 0xfd2fb528, 4);
	put(fixture, path, image, sizeof(image));
}

void bm_fixture_data(struct bm_fixture *fixture, const char *path, size_t size)
{
	_cleanup_free_ char *host = host_path(fixture, path);

	put(fixture, path, "", 0);
	BM_CHECK_INT(truncate(host, (off_t)size), 0);
}

void bm_fixture_link(struct bm_fixture *fixture, const char *path, const char *target)
{
	_cleanup_free_ char *host = host_path(fixture, path), *dir = bm_path_dir(host);

	BM_CHECK_INT(bm_dir_make(dir, 0755), 0);
	unlink(host);
	BM_CHECK_INT(symlink(target, host), 0);
}

void bm_fixture_fifo(struct bm_fixture *fixture, const char *path)
{
	_cleanup_free_ char *host = host_path(fixture, path), *dir = bm_path_dir(host);

	BM_CHECK_INT(bm_dir_make(dir, 0755), 0);
	unlink(host);
	BM_CHECK_INT(mkfifo(host, 0600), 0);
}

static void put_exec(struct bm_fixture *fixture, const char *path)
{
	_cleanup_free_ char *host = host_path(fixture, path);
	unsigned char head[64] = "\177ELF\2\1\1";

	head[16] = 3;
	head[18] = 62;
	put(fixture, path, head, sizeof(head));
	BM_CHECK_INT(chmod(host, 0755), 0);
}

static void touch(const char *host, int seconds)
{
	struct timespec now[2];

	clock_gettime(CLOCK_REALTIME, &now[0]);
	now[0].tv_sec += seconds;
	now[1] = now[0];
	BM_CHECK_INT(utimensat(AT_FDCWD, host, now, 0), 0);
}

void bm_fixture_touch(struct bm_fixture *fixture, const char *path, int seconds)
{
	_cleanup_free_ char *host = host_path(fixture, path);

	touch(host, seconds);
}

void bm_fixture_modules(struct bm_fixture *fixture, const char *dir)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{"kernel/drivers/block/virtio_blk.ko", "module"},
		{"kernel/drivers/md/dm-mod.ko", "module"},
		{"kernel/fs/xfs/xfs.ko", "module"},
		{"kernel/fs/ext4/ext4.ko", "module"},
		{"kernel/drivers/scsi/vmw_pvscsi.ko", "module"},
		{"modules.order", "kernel/fs/xfs/xfs.ko\n"},
		{"modules.builtin", "kernel/drivers/scsi/scsi_mod.ko\nkernel/drivers/scsi/sd_mod.ko\n"},
		{"modules.alias", "alias fs-xfs xfs\nalias fs-ext4 ext4\nalias virtio:d00000002v* virtio_blk\n"
				  "alias pci:v000015ADd000007C0sv*sd*bc*sc*i* vmw_pvscsi\n"},
		{"modules.dep", "kernel/drivers/block/virtio_blk.ko:\nkernel/drivers/md/dm-mod.ko:\n"
				"kernel/fs/xfs/xfs.ko:\nkernel/fs/ext4/ext4.ko:\nkernel/drivers/scsi/vmw_pvscsi.ko:\n"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = bm_path_join(dir, files[i].name);

		put(fixture, path, files[i].text, strlen(files[i].text));
	}
}

void bm_fixture_remove(struct bm_fixture *fixture, const char *path)
{
	_cleanup_free_ char *host = host_path(fixture, path);

	BM_CHECK_INT(bm_tmp_remove(host), 0);
}

void bm_fixture_edit(struct bm_fixture *fixture, const char *path, const char *from, const char *to)
{
	_cleanup_free_ char *host = host_path(fixture, path);
	_cleanup_buf_ struct bm_buf old = {0}, new = {0};
	const char *at;

	BM_CHECK_INT(bm_file_read(host, BM_MIB, &old), 0);
	at = strstr(bm_buf_text(&old), from);
	BM_CHECK(at != NULL);
	BM_CHECK_INT(bm_buf_add(&new, old.data, (size_t)(at - old.data)), 0);
	BM_CHECK_INT(bm_buf_adds(&new, to), 0);
	BM_CHECK_INT(bm_buf_adds(&new, at + strlen(from)), 0);
	put(fixture, path, bm_buf_text(&new), new.len);
}

static void make_usr(struct bm_fixture *fixture, bool merged)
{
	static const char *const dirs[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; merged && i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *target = bm_strf("usr/%s", dirs[i]), *host = host_path(fixture, target);

		BM_CHECK_INT(bm_dir_make(host, 0755), 0);
		bm_fixture_link(fixture, dirs[i], target);
	}
	put_exec(fixture, merged ? "usr/bin/bash" : "bin/bash");
	bm_fixture_link(fixture, merged ? "usr/bin/sh" : "bin/sh", "bash");
	if (merged) {
		put_exec(fixture, "usr/lib/systemd/systemd");
		bm_fixture_link(fixture, "usr/sbin/init", "../lib/systemd/systemd");
	} else {
		put_exec(fixture, "sbin/init");
	}
	put_exec(fixture, merged ? "usr/sbin/depmod" : "sbin/depmod");
	bm_fixture_write(fixture, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
}

static size_t device_index(const struct bm_fixture *fixture, const char *name)
{
	size_t i = 0;

	while (i < fixture->device_names.n && !bm_streq(fixture->device_names.items[i], name))
		i++;
	BM_CHECK(i < fixture->device_names.n);
	return i;
}

struct bm_device *bm_fixture_device(struct bm_fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->survey.devices.n; i++)
		if (bm_streq(fixture->survey.devices.items[i].name, name))
			return &fixture->survey.devices.items[i];
	BM_CHECK(false);
	return NULL;
}

static enum bm_device_kind kind_of(const char *word)
{
	for (int kind = BM_DEVICE_DISK; kind <= BM_DEVICE_OTHER; kind++)
		if (bm_streq(bm_device_kind_text((enum bm_device_kind)kind), word))
			return (enum bm_device_kind)kind;
	BM_CHECK(bm_streq(word, "a kind of device"));
	return BM_DEVICE_OTHER;
}

static void set_key(struct bm_fixture *fixture, struct bm_device *device, const char *key, const char *value)
{
	const struct {
		const char *key;
		char **to;
	} texts[] = {{"fstype", &device->fstype}, {"uuid", &device->uuid}, {"label", &device->label},
		{"partuuid", &device->partuuid}, {"partlabel", &device->partlabel}, {"vg", &device->vg_name},
		{"lv", &device->lv_name}, {"image", &device->image}};
	struct bm_device_driver *driver;
	const char *comma;
	size_t *parent;
	bool known = false;

	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		if (bm_streq(texts[i].key, key)) {
			BM_CHECK_INT(bm_str_set(texts[i].to, value), 0);
			known = true;
		}
	if (bm_streq(key, "parent")) {
		parent = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);
		*parent = device_index(fixture, value);
		known = true;
	}
	if (bm_streq(key, "modalias")) {
		comma = strchr(value, ',');
		BM_CHECK(comma != NULL);
		driver = BM_VEC_PUSH(device->drivers, device->n_drivers, device->cap_drivers);
		driver->modalias = strndup(value, (size_t)(comma - value));
		driver->module = strdup(comma + 1);
		known = true;
	}
	BM_CHECK(known);
}

static void add_device(struct bm_fixture *fixture, const struct bm_strv *words)
{
	struct bm_devices *devices = &fixture->survey.devices;
	struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);

	BM_CHECK(device && words->n >= 3);
	device->kind = kind_of(words->items[2]);
	device->name = strdup(words->items[1]);
	BM_CHECK_INT(bm_strv_add(&fixture->device_names, device->name), 0);
	for (size_t i = 3; i < words->n; i++) {
		char *equals = strchr(words->items[i], '=');

		BM_CHECK(equals != NULL);
		*equals = '\0';
		set_key(fixture, device, words->items[i], equals + 1);
	}
	if (!device->image)
		device->path = bm_strf("/dev/%s%s", device->lv_name ? "mapper/" : "", device->name);
}

/* One directive; body is what stood behind the bars that follow it. */
static void obey(struct bm_fixture *fixture, const struct bm_strv *words, const char *body)
{
	const char *verb = words->items[0], *path = words->n > 1 ? words->items[1] : "";
	const char *last = words->n > 2 ? words->items[2] : "";
	uint64_t size = 0;

	if (bm_streq(verb, "device")) {
		add_device(fixture, words);
	} else if (bm_streq(verb, "root")) {
		BM_CHECK_INT(bm_str_set(&fixture->root_name, path), 0);
	} else if (bm_streq(verb, "usr")) {
		make_usr(fixture, bm_streq(path, "merged"));
	} else if (bm_streq(verb, "dir")) {
		_cleanup_free_ char *host = host_path(fixture, path);

		BM_CHECK_INT(bm_dir_make(host, 0755), 0);
	} else if (bm_streq(verb, "file")) {
		bm_fixture_write(fixture, path, body);
	} else if (bm_streq(verb, "env")) {
		bm_fixture_env(fixture, path, body);
	} else if (bm_streq(verb, "link")) {
		bm_fixture_link(fixture, path, last);
	} else if (bm_streq(verb, "kernel")) {
		bm_fixture_kernel(fixture, path, last);
	} else if (bm_streq(verb, "data")) {
		BM_CHECK_INT(bm_num_u64(last, &size), 0);
		bm_fixture_data(fixture, path, (size_t)size);
	} else if (bm_streq(verb, "exec")) {
		put_exec(fixture, path);
	} else if (bm_streq(verb, "modules")) {
		bm_fixture_modules(fixture, path);
	} else {
		BM_CHECK_STR(verb, "expect");
		BM_CHECK_INT(bm_buf_adds(&fixture->expect, body), 0);
	}
}

static void read_manifest(struct bm_fixture *fixture, char *text)
{
	_cleanup_strv_ struct bm_strv words = {0};
	_cleanup_buf_ struct bm_buf body = {0};

	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line == '|') {
			BM_CHECK_INT(bm_buf_adds(&body, line + 1), 0);
			bm_buf_addc(&body, '\n');
			continue;
		}
		if (words.n > 0)
			obey(fixture, &words, bm_buf_text(&body));
		bm_strv_done(&words);
		bm_buf_done(&body);
		if (*line != '#')
			BM_CHECK_INT(bm_strv_split(&words, line, " \t"), 0);
	}
	if (words.n > 0)
		obey(fixture, &words, bm_buf_text(&body));
}

void bm_fixture_make(const char *name, struct bm_fixture *ret_fixture)
{
	_cleanup_free_ char *path = bm_strf("tests/fixtures/%s.tree", name ? name : "");
	_cleanup_buf_ struct bm_buf text = {0};

	*ret_fixture = (struct bm_fixture){0};
	BM_CHECK_INT(bm_tmp_dir("fixture", &ret_fixture->dir), 0);
	if (!name)
		return;
	BM_CHECK_INT(bm_file_read(path, BM_MIB, &text), 0);
	read_manifest(ret_fixture, text.data);
}

void bm_fixture_done(struct bm_fixture *fixture)
{
	bm_findings_done(&fixture->findings);
	bm_survey_done(&fixture->survey);
	BM_CHECK_INT(bm_tmp_remove(fixture->dir), 0);
	free(fixture->dir);
	free(fixture->root_name);
	bm_strv_done(&fixture->device_names);
	bm_buf_done(&fixture->expect);
}
