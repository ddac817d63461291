/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unified.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"
#include "../fmt/etc/keyval.h"
#include "../os/root/fileio.h"

enum { PART_ALIGN = 4 }; /* where the kernel looks for an archive */

void bm_unified_done(struct bm_unified *unified)
{
	bm_kimage_done(&unified->image);
	free(unified->cmdline);
	free(unified->name);
	free(unified->sort_key);
	free(unified->os_version);
	*unified = (struct bm_unified){0};
}

/* The first max bytes of the range, or all of it. */
static int read_range(int fd, struct bm_kimage_range range, size_t max, struct bm_buf *buf)
{
	size_t want = (size_t)BM_MIN(range.size, (uint64_t)max), len = 0;
	int r = bm_buf_reserve(buf, want);

	if (r == 0 && want > 0)
		r = bm_file_at(fd, range.offset, buf->data, want, &len);
	if (r < 0 || !buf->data)
		return r;
	buf->len = len;
	buf->data[len] = '\0';
	return 0;
}

/* As systemd-stub does it: what is no character of a line is a blank, none are left at the ends. */
static int read_cmdline(int fd, struct bm_unified *unified)
{
	_cleanup_buf_ struct bm_buf text = {0};
	int r = read_range(fd, unified->image.cmdline, BM_UNIFIED_CMDLINE_MAX, &text);
	char *start;

	if (r < 0)
		return r;
	unified->cmdline = strndup(bm_buf_text(&text), text.len);
	if (!unified->cmdline)
		return -ENOMEM;
	for (char *c = unified->cmdline; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	start = bm_str_strip(unified->cmdline);
	memmove(unified->cmdline, start, strlen(start) + 1);
	return 0;
}

/* The value of the first of the keys that the release file sets. */
static int first_of(const struct bm_keyval *release, const char *const *keys, char **ret)
{
	for (; *keys; keys++) {
		const char *value = bm_keyval_get(release, *keys);

		if (value && *value)
			return bm_str_set(ret, value);
	}
	return 0;
}

/* systemd's choice (src/fundamental/bootspec-fundamental.c). */
static int read_osrel(int fd, struct bm_unified *unified)
{
	static const char *const names[] = {"PRETTY_NAME", "IMAGE_ID", "NAME", "ID", NULL};
	static const char *const versions[] = {"IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID", NULL};
	static const char *const sort_keys[] = {"IMAGE_ID", "ID", NULL};
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_keyval_ struct bm_keyval release = {0};
	int r = read_range(fd, unified->image.osrel, BM_UNIFIED_OSREL_MAX, &text);

	if (r == 0)
		r = bm_keyval_parse(bm_buf_text(&text), strnlen(bm_buf_text(&text), text.len), &release);
	if (r == 0)
		r = first_of(&release, names, &unified->name);
	if (r == 0)
		r = first_of(&release, versions, &unified->os_version);
	if (r == 0)
		r = first_of(&release, sort_keys, &unified->sort_key);
	return r;
}

/* What the kernel inside says of itself: its version where .uname does not tell, and what is wrong with it. */
static int read_kernel(int fd, struct bm_unified *unified)
{
	_cleanup_buf_ struct bm_buf head = {0};
	_cleanup_kimage_ struct bm_kimage inner = {0};
	struct bm_kimage *image = &unified->image;
	int r;

	if (!image->version && image->more.size > 0) {
		_cleanup_buf_ struct bm_buf uname = {0};

		r = read_range(fd, image->more, BM_KIMAGE_TEXT_MAX, &uname);
		if (r == 0)
			r = bm_kimage_more(image, bm_buf_text(&uname), uname.len);
		if (r < 0)
			return r;
	}
	r = read_range(fd, image->kernel, BM_KIMAGE_NEED, &head);
	if (r == 0)
		r = bm_kimage_parse(bm_buf_text(&head), head.len, image->kernel.size, &inner);
	if (r < 0)
		return r;
	if (!image->problem)
		image->problem = inner.problem;
	if (image->version || !inner.version)
		return 0;
	image->version = inner.version;
	image->text = inner.text;
	inner.version = inner.text = NULL;
	return 0;
}

int bm_unified_read(int fd, uint64_t size_bytes, struct bm_unified *ret_unified)
{
	_cleanup_buf_ struct bm_buf head = {0};
	struct bm_unified unified = {0};
	int r = read_range(
		fd, (struct bm_kimage_range){0, BM_MIN(size_bytes, (uint64_t)BM_KIMAGE_NEED)}, BM_KIMAGE_NEED, &head);

	if (r == 0)
		r = bm_kimage_parse(bm_buf_text(&head), head.len, size_bytes, &unified.image);
	if (r == 0 && unified.image.kind != BM_KIMAGE_UKI)
		r = -ENODATA;
	if (r == 0)
		r = read_cmdline(fd, &unified);
	if (r == 0)
		r = read_osrel(fd, &unified);
	if (r == 0)
		r = read_kernel(fd, &unified);
	if (r < 0)
		bm_unified_done(&unified);
	else
		*ret_unified = unified;
	return r;
}

/* --- the initramfs inside --- */

static ssize_t next_bytes(void *ctx, void *buf, size_t len)
{
	struct bm_unified_initrd *initrd = ctx;

	for (; initrd->part < BM_ARRAY_SIZE(initrd->parts); initrd->part++, initrd->done = 0) {
		const struct bm_kimage_range *part = &initrd->parts[initrd->part];
		uint64_t end = (part->size + PART_ALIGN - 1) / PART_ALIGN * PART_ALIGN;
		size_t got = 0;

		if (initrd->done < part->size) {
			int r = bm_file_at(initrd->fd, part->offset + initrd->done, buf,
				(size_t)BM_MIN((uint64_t)len, part->size - initrd->done), &got);

			if (r < 0)
				return r;
			if (got == 0)
				return 0; /* the file ends within the part */
		} else if (initrd->done < end && initrd->part + 1 < BM_ARRAY_SIZE(initrd->parts)) {
			got = (size_t)BM_MIN((uint64_t)len, end - initrd->done);
			memset(buf, 0, got);
		}
		initrd->done += got;
		if (got > 0)
			return (ssize_t)got;
	}
	return 0;
}

void bm_unified_initrd(
	int fd, const struct bm_kimage *image, struct bm_unified_initrd *initrd, struct bm_image_source *ret_source)
{
	*initrd = (struct bm_unified_initrd){.fd = fd, .parts = {image->ucode, image->initrd}};
	*ret_source = (struct bm_image_source){next_bytes, initrd};
}
