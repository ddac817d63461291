/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend image --extract DIR: the entries of an archive as files. Hard links are joined as the kernel does it: the
 * first entry of an inode makes the file, the others name it again, and whichever brings data gives it.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/str.h"
#include "image.h"

/* Errors that the next entry would meet, too. */
static bool is_fatal(int error)
{
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return true;
	default:
		return false;
	}
}

/* What to go on with after r: 0, BM_CPIO_SKIP where the entry is passed over, or the error that ends it all. */
static int passed(struct bm_cmd_image_extract *extract, const char *name, int r)
{
	if (r == 0) {
		extract->made++;
		return 0;
	}
	if (is_fatal(r)) {
		bm_cmd_error("cannot extract %s: %s", name, strerror(-r));
		return r;
	}
	if (++extract->failed <= BM_CMD_IMAGE_COMPLAINTS)
		bm_cmd_error("not extracted: %s: %s", name, strerror(-r));
	return BM_CPIO_SKIP;
}

static const struct bm_cmd_image_link *find_link(
	const struct bm_cmd_image_extract *extract, const struct bm_cpio_entry *entry)
{
	for (size_t i = 0; i < extract->n_links; i++) {
		const struct bm_cmd_image_link *link = &extract->links[i];

		if (link->ino == entry->ino && link->dev_major == entry->dev_major &&
			link->dev_minor == entry->dev_minor)
			return link;
	}
	return NULL;
}

static int keep_link(struct bm_cmd_image_extract *extract, const struct bm_cpio_entry *entry)
{
	struct bm_cmd_image_link *link;

	if (extract->n_links >= BM_CMD_IMAGE_LINKS)
		return 0; /* further names of this file become files of their own, without data */
	link = BM_VEC_PUSH(extract->links, extract->n_links, extract->cap_links);
	if (!link)
		return -ENOMEM;
	link->ino = entry->ino;
	link->dev_major = entry->dev_major;
	link->dev_minor = entry->dev_minor;
	return bm_str_set(&link->path, entry->name);
}

static int extract_file(struct bm_cmd_image_extract *extract, const struct bm_cpio_entry *entry)
{
	const struct bm_cmd_image_link *link = entry->nlink >= 2 ? find_link(extract, entry) : NULL;
	int r;

	if (link) {
		r = bm_extract_link(extract->out, link->path, entry->name);
		if (r == 0 && entry->size > 0)
			r = bm_extract_reopen(extract->out, entry->name);
		r = passed(extract, entry->name, r);
		if (r != 0 || entry->size == 0)
			return r != 0 ? r : BM_CPIO_SKIP;
	} else {
		r = bm_extract_open(extract->out, entry->name, entry->mode);
		r = passed(extract, entry->name, r);
		if (r != 0)
			return r;
		if (entry->nlink >= 2) {
			r = keep_link(extract, entry);
			if (r < 0)
				return r;
		}
	}
	extract->open = true;
	extract->mtime = entry->mtime;
	return 0;
}

int bm_cmd_image_extract_entry(struct bm_cmd_image_extract *extract, const struct bm_cpio_entry *entry)
{
	int r;

	if (S_ISREG(entry->mode))
		return extract_file(extract, entry);
	if (S_ISDIR(entry->mode))
		r = bm_extract_dir(extract->out, entry->name, entry->mode);
	else if (S_ISLNK(entry->mode))
		r = *entry->link ? bm_extract_symlink(extract->out, entry->name, entry->link) : -EINVAL;
	else if (S_ISFIFO(entry->mode))
		r = bm_extract_fifo(extract->out, entry->name, entry->mode);
	else {
		extract->nodes++;
		return BM_CPIO_SKIP;
	}
	r = passed(extract, entry->name, r);
	return r < 0 ? r : BM_CPIO_SKIP;
}

int bm_cmd_image_extract_data(struct bm_cmd_image_extract *extract, const uint8_t *bytes, size_t len)
{
	int r = extract->open ? bm_extract_write(extract->out, bytes, len) : 0;

	if (r < 0)
		bm_cmd_error("cannot write what is extracted: %s", strerror(-r));
	return r;
}

int bm_cmd_image_extract_end(struct bm_cmd_image_extract *extract)
{
	int r = extract->open ? bm_extract_close(extract->out, extract->mtime) : 0;

	extract->open = false;
	if (r < 0)
		bm_cmd_error("cannot write what is extracted: %s", strerror(-r));
	return r;
}

void bm_cmd_image_extract_archive_end(struct bm_cmd_image_extract *extract)
{
	for (size_t i = 0; i < extract->n_links; i++)
		free(extract->links[i].path);
	extract->n_links = 0;
}

void bm_cmd_image_extract_done(struct bm_cmd_image_extract *extract)
{
	bm_cmd_image_extract_archive_end(extract);
	free(extract->links);
	bm_extract_free(extract->out);
	*extract = (struct bm_cmd_image_extract){0};
}
