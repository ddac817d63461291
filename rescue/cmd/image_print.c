/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend image: lines, objects, and the summary.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../base/str.h"
#include "image.h"

static void put_safe(struct bm_buf *out, const char *text)
{
	_cleanup_free_ char *safe = bm_str_safe(text);

	if (safe)
		bm_buf_adds(out, safe);
	else
		out->failed = true;
}

static char type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	default:
		return '-';
	}
}

/* drwxr-xr-x, with s and t as ls has them. */
static void mode_text(uint32_t mode, char ret_text[11])
{
	static const char letters[] = "rwxrwxrwx";

	ret_text[0] = type_letter(mode);
	for (unsigned int i = 0; i < 9; i++)
		ret_text[1 + i] = mode & (0400U >> i) ? letters[i] : '-';
	if (mode & S_ISUID)
		ret_text[3] = mode & 0100 ? 's' : 'S';
	if (mode & S_ISGID)
		ret_text[6] = mode & 0010 ? 's' : 'S';
	if (mode & S_ISVTX)
		ret_text[9] = mode & 0001 ? 't' : 'T';
	ret_text[10] = '\0';
}

void bm_cmd_image_entry_text(struct bm_buf *out, const struct bm_cpio_entry *entry)
{
	char mode[11], when[32] = "?", size[32];
	time_t seconds = (time_t)entry->mtime;
	struct tm tm;

	mode_text(entry->mode, mode);
	if (gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		snprintf(size, sizeof(size), "%u,%u", entry->rdev_major, entry->rdev_minor);
	else
		snprintf(size, sizeof(size), "%llu", (unsigned long long)entry->size);
	bm_buf_addf(out, "%s %2u %4u %4u %10s %s ", mode, entry->nlink, entry->uid, entry->gid, size, when);
	put_safe(out, entry->name);
	if (entry->link) {
		bm_buf_adds(out, " -> ");
		put_safe(out, entry->link);
	}
	bm_buf_addc(out, '\n');
}

static const char *type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "file";
	}
}

void bm_cmd_image_entry_json(struct bm_json *json, const struct bm_cpio_entry *entry)
{
	bm_json_object(json, NULL);
	bm_json_str(json, "name", entry->name);
	bm_json_str(json, "type", type_name(entry->mode));
	bm_json_strf(json, "mode", "%04o", entry->mode & 07777);
	bm_json_u64(json, "uid", entry->uid);
	bm_json_u64(json, "gid", entry->gid);
	bm_json_u64(json, "size_bytes", entry->size);
	bm_json_u64(json, "mtime", entry->mtime);
	bm_json_u64(json, "links", entry->nlink);
	if (entry->nlink >= 2)
		bm_json_u64(json, "inode", entry->ino);
	if (entry->link)
		bm_json_str(json, "target", entry->link);
	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		bm_json_strf(json, "device", "%u:%u", entry->rdev_major, entry->rdev_minor);
	bm_json_end(json);
}

static void put_size(struct bm_buf *out, uint64_t bytes)
{
	_cleanup_free_ char *text = bm_size_text(bytes);

	if (text)
		bm_buf_adds(out, text);
	else
		out->failed = true;
}

static const char *segment_kind(const struct bm_image_segment *segment)
{
	if (segment->bootconfig)
		return "boot configuration";
	if (segment->early)
		return "early microcode or tables";
	return segment->crc ? "cpio crc" : "cpio newc";
}

static bool has_dep(const struct bm_image_version *version)
{
	return version->indexes & (BM_IMAGE_DEP | BM_IMAGE_DEP_BIN);
}

static void put_segments(struct bm_buf *out, const struct bm_image_summary *summary)
{
	for (size_t i = 0; i < summary->n_segments; i++) {
		const struct bm_image_segment *segment = &summary->segments[i];
		_cleanup_free_ char *size = bm_size_text(segment->size),
				    *unpacked = bm_size_text(segment->uncompressed);

		if (!size || !unpacked) {
			out->failed = true;
			return;
		}
		bm_buf_addf(out, "  segment %zu: at %llu, %s, %s", i + 1, (unsigned long long)segment->offset, size,
			segment->compression == BM_COMPRESSION_NONE ? "not compressed"
								    : bm_compression_name(segment->compression));
		if (segment->compression != BM_COMPRESSION_NONE)
			bm_buf_addf(out, " (%s unpacked)", unpacked);
		bm_buf_addf(out, ", %s, %llu entries", segment_kind(segment), (unsigned long long)segment->entries);
		if (segment->archives > 1)
			bm_buf_addf(out, " in %u archives", segment->archives);
		bm_buf_addc(out, '\n');
	}
	if (summary->all_segments > summary->n_segments)
		bm_buf_addf(out, "  and %llu more segments\n",
			(unsigned long long)(summary->all_segments - summary->n_segments));
}

static void put_squash(struct bm_buf *out, const struct bm_image_squash *squash)
{
	if (!squash->name)
		return;
	bm_buf_addf(out, "  %s, which holds its files: ", squash->name);
	if (squash->why)
		bm_buf_addf(out, "not read, %s\n", squash->why);
	else
		bm_buf_addf(
			out, "squashfs (%s), %llu entries\n", squash->compression, (unsigned long long)squash->entries);
}

/* What a unified image says of itself. */
static void put_unified(struct bm_buf *out, const struct bm_unified *unified)
{
	const struct bm_kimage *image = &unified->image;
	const struct {
		const char *label, *text;
	} rows[] = {
		{"kernel", image->version ? image->version : "of a version that is not told"},
		{"arguments", *unified->cmdline ? unified->cmdline : "none"},
		{"name", unified->name ? unified->name : "none, so a menu leaves it out"},
	};

	bm_buf_addf(out, "  %s\n", bm_kimage_kind_name(image->kind));
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		bm_buf_addf(out, "    %s: ", rows[i].label);
		put_safe(out, rows[i].text);
		bm_buf_addc(out, '\n');
	}
	if (image->profiles > 1)
		bm_buf_addf(out, "    profiles: %u, of which the first is looked at\n", image->profiles);
	if (image->problem)
		bm_buf_addf(out, "    it %s\n", image->problem);
	bm_buf_adds(out, image->initrd.size > 0 ? "  its initramfs:\n" : "  it has no initramfs\n");
}

void bm_cmd_image_summary_text(struct bm_buf *out, const struct bm_cmd_image_facts *facts)
{
	const struct bm_image_summary *summary = facts->summary;
	const struct bm_image_list *list = bm_image_list_booted(facts->list);

	put_safe(out, facts->file);
	bm_buf_adds(out, ": ");
	put_size(out, facts->size != UINT64_MAX ? facts->size : summary->size);
	bm_buf_addf(out, ", %llu entries, ", (unsigned long long)summary->entries);
	put_size(out, summary->uncompressed);
	bm_buf_adds(out, " unpacked\n");
	if (facts->unified)
		put_unified(out, facts->unified);
	put_segments(out, summary);
	put_squash(out, &facts->list->squash);
	for (size_t i = 0; i < list->n_versions; i++) {
		bm_buf_adds(out, "  kernel: ");
		put_safe(out, list->versions[i].version);
		bm_buf_addf(out, ", %zu modules%s\n", list->versions[i].modules,
			has_dep(&list->versions[i]) ? "" : ", no modules.dep");
	}
	if (list->generator) {
		bm_buf_adds(out, "  made by: ");
		put_safe(out, list->generator);
		if (list->os) {
			bm_buf_adds(out, ", from ");
			put_safe(out, list->os);
		}
		bm_buf_addc(out, '\n');
	}
	if (summary->skipped > 0)
		bm_buf_addf(out, "  the kernel passes over %llu entries\n", (unsigned long long)summary->skipped);
	if (summary->status == BM_IMAGE_OK)
		bm_buf_adds(out, "  complete\n");
	else
		bm_buf_addf(out, "  %s at offset %llu: %s\n", bm_image_status_name(summary->status),
			(unsigned long long)summary->offset, summary->text);
}

static void segments_json(struct bm_json *json, const struct bm_image_summary *summary)
{
	bm_json_array(json, "segments");
	for (size_t i = 0; i < summary->n_segments; i++) {
		const struct bm_image_segment *segment = &summary->segments[i];

		bm_json_object(json, NULL);
		bm_json_u64(json, "offset", segment->offset);
		bm_json_u64(json, "size_bytes", segment->size);
		bm_json_str(json, "compression", bm_compression_name(segment->compression));
		bm_json_u64(json, "unpacked_bytes", segment->uncompressed);
		bm_json_u64(json, "archives", segment->archives);
		bm_json_u64(json, "entries", segment->entries);
		bm_json_str(json, "format", segment->bootconfig ? NULL : segment->crc ? "crc" : "newc");
		bm_json_bool(json, "early", segment->early);
		bm_json_bool(json, "bootconfig", segment->bootconfig);
		bm_json_end(json);
	}
	bm_json_end(json);
}

static void squash_json(struct bm_json *json, const struct bm_image_squash *squash)
{
	if (!squash->name) {
		bm_json_str(json, "squash", NULL);
		return;
	}
	bm_json_object(json, "squash");
	bm_json_str(json, "name", squash->name);
	bm_json_str(json, "not_read", squash->why);
	bm_json_str(json, "compression", squash->compression);
	bm_json_u64(json, "entries", squash->entries);
	bm_json_end(json);
}

static void unified_json(struct bm_json *json, const struct bm_unified *unified)
{
	if (!unified) {
		bm_json_str(json, "unified", NULL);
		return;
	}
	bm_json_object(json, "unified");
	bm_json_str(json, "kernel", unified->image.version);
	bm_json_str(json, "arguments", unified->cmdline);
	bm_json_str(json, "name", unified->name);
	bm_json_str(json, "os_version", unified->os_version);
	bm_json_u64(json, "kernel_bytes", unified->image.kernel.size);
	bm_json_u64(json, "initramfs_bytes", unified->image.initrd.size);
	bm_json_u64(json, "profiles", unified->image.profiles);
	bm_json_str(json, "problem", unified->image.problem);
	bm_json_end(json);
}

void bm_cmd_image_summary_json(struct bm_json *json, const struct bm_cmd_image_facts *facts)
{
	const struct bm_image_summary *summary = facts->summary;
	const struct bm_image_list *list = bm_image_list_booted(facts->list);

	bm_json_str(json, "file", facts->file);
	bm_json_u64(json, "size_bytes", facts->size != UINT64_MAX ? facts->size : summary->size);
	unified_json(json, facts->unified);
	bm_json_str(json, "status", bm_image_status_name(summary->status));
	if (summary->status != BM_IMAGE_OK) {
		bm_json_u64(json, "status_offset", summary->offset);
		bm_json_str(json, "status_text", summary->text);
	}
	bm_json_u64(json, "entries", summary->entries);
	bm_json_u64(json, "unpacked_bytes", summary->uncompressed);
	bm_json_u64(json, "passed_over", summary->skipped);
	segments_json(json, summary);
	squash_json(json, &facts->list->squash);
	bm_json_array(json, "kernels");
	for (size_t i = 0; i < list->n_versions; i++) {
		bm_json_object(json, NULL);
		bm_json_str(json, "version", list->versions[i].version);
		bm_json_u64(json, "modules", list->versions[i].modules);
		bm_json_bool(json, "modules_dep", has_dep(&list->versions[i]));
		bm_json_end(json);
	}
	bm_json_end(json);
	bm_json_str(json, "generator", list->generator);
	bm_json_str(json, "os", list->os);
}
