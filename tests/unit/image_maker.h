/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images in memory for the unit tests: cpio entries by hand, gzip by zlib, tiny ELF files.
 */
#ifndef BM_TESTS_IMAGE_MAKER_H
#define BM_TESTS_IMAGE_MAKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/buf.h"
#include "fmt/image/image_list.h"
#include "harness.h"

struct made_entry {
	const char *name;
	uint32_t mode;
	const char *data; /* or the target of a symlink */
	size_t len;	  /* 0: strlen(data) */
	uint32_t ino, nlink;
	bool crc;
	uint32_t sum; /* added to the right one */
};

static inline void put_padding(struct bm_buf *out, size_t begin)
{
	while ((out->len - begin) & 3)
		bm_buf_addc(out, '\0');
}

static inline void put_entry(struct bm_buf *out, struct made_entry entry)
{
	size_t begin = out->len, len = entry.data ? entry.len ? entry.len : strlen(entry.data) : 0;
	uint32_t sum = 0;

	for (size_t i = 0; entry.crc && i < len; i++)
		sum += (uint8_t)entry.data[i];
	bm_buf_addf(out, "%s%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", entry.crc ? "070702" : "070701",
		entry.ino, entry.mode, 0U, 0U, entry.nlink ? entry.nlink : 1U, 1700000000U, len, 8U, 1U, 0U, 0U,
		strlen(entry.name) + 1, sum + entry.sum);
	bm_buf_add(out, entry.name, strlen(entry.name) + 1);
	put_padding(out, begin);
	if (len > 0)
		bm_buf_add(out, entry.data, len);
	put_padding(out, begin);
}

static inline void put_dir(struct bm_buf *out, const char *name)
{
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFDIR | 0755});
}

static inline void put_file(struct bm_buf *out, const char *name, uint32_t mode, const char *data)
{
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFREG | mode, .data = data});
}

static inline void put_link(struct bm_buf *out, const char *name, const char *target)
{
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFLNK | 0777, .data = target});
}

static inline void put_trailer(struct bm_buf *out)
{
	put_entry(out, (struct made_entry){.name = "TRAILER!!!"});
}

static inline void put_zeros(struct bm_buf *out, size_t n)
{
	while (n--)
		bm_buf_addc(out, '\0');
}

/* Appends the gzip form of plain. */
static inline void put_gzip(struct bm_buf *out, const struct bm_buf *plain)
{
	z_stream stream = {0};
	size_t room = plain->len + 4096;

	BM_CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
	BM_CHECK(bm_buf_reserve(out, room) == 0);
	stream.next_in = (Bytef *)plain->data;
	stream.avail_in = (uInt)plain->len;
	stream.next_out = (Bytef *)out->data + out->len;
	stream.avail_out = (uInt)room;
	BM_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	out->len += room - stream.avail_out;
	deflateEnd(&stream);
}

/* A source over bytes, step at a time (0: all). */
struct made_source {
	const char *data;
	size_t len, step;
};

static inline ssize_t made_read(void *ctx, void *buf, size_t len)
{
	struct made_source *made = ctx;
	size_t n = BM_MIN(len, made->len);

	if (made->step && n > made->step)
		n = made->step;
	if (n > 0)
		memcpy(buf, made->data, n);
	made->data += n;
	made->len -= n;
	return (ssize_t)n;
}

static inline void put_number(struct bm_buf *out, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		bm_buf_addc(out, (char)(value >> (8 * i)));
}

/* A 64-bit little-endian shared object with an interpreter, needed names (separated by spaces) and a runpath, each of
 * which may be NULL. One PT_LOAD maps the file at address 0. */
static inline void make_elf(struct bm_buf *out, const char *interpreter, const char *needed, const char *runpath)
{
	_cleanup_buf_ struct bm_buf names = {0}, dynamic = {0};
	size_t at_interp = 64 + 3 * 56, interp_len = interpreter ? strlen(interpreter) + 1 : 0;
	size_t at_names = at_interp + interp_len, at_dynamic;

	bm_buf_addc(&names, '\0');
	while (needed && *needed) {
		size_t len = strcspn(needed, " ");

		put_number(&dynamic, 1, 8);
		put_number(&dynamic, names.len, 8);
		bm_buf_add(&names, needed, len);
		bm_buf_addc(&names, '\0');
		needed += len + (needed[len] == ' ');
	}
	if (runpath) {
		put_number(&dynamic, 29, 8);
		put_number(&dynamic, names.len, 8);
		bm_buf_add(&names, runpath, strlen(runpath) + 1);
	}
	put_number(&dynamic, 5, 8);
	put_number(&dynamic, at_names, 8);
	put_number(&dynamic, 10, 8);
	put_number(&dynamic, names.len, 8);
	put_number(&dynamic, 0, 8);
	put_number(&dynamic, 0, 8);
	at_dynamic = at_names + names.len;

	bm_buf_add(out, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
	put_number(out, 3, 2);
	put_number(out, 62, 2);
	put_number(out, 1, 4);
	put_number(out, 0, 8);
	put_number(out, 64, 8); /* e_phoff */
	put_number(out, 0, 8);
	put_number(out, 0, 4);
	put_number(out, 64, 2);
	put_number(out, 56, 2);
	put_number(out, 3, 2);
	put_number(out, 0, 6);
	for (int i = 0; i < 3; i++) {
		static const uint32_t types[] = {1, 2, 3};
		uint64_t at[] = {0, at_dynamic, at_interp}, len[] = {at_dynamic + dynamic.len, dynamic.len, interp_len};

		put_number(out, i == 2 && !interpreter ? 0 : types[i], 4);
		put_number(out, 4, 4);
		put_number(out, at[i], 8);
		put_number(out, at[i], 8);
		put_number(out, at[i], 8);
		put_number(out, len[i], 8);
		put_number(out, len[i], 8);
		put_number(out, 1, 8);
	}
	if (interpreter)
		bm_buf_add(out, interpreter, interp_len);
	bm_buf_add(out, names.data, names.len);
	bm_buf_add(out, dynamic.data, dynamic.len);
}

static inline void put_elf(
	struct bm_buf *out, const char *name, const char *interpreter, const char *needed, const char *runpath)
{
	_cleanup_buf_ struct bm_buf elf = {0};

	make_elf(&elf, interpreter, needed, runpath);
	put_entry(out, (struct made_entry){.name = name, .mode = S_IFREG | 0755, .data = elf.data, .len = elf.len});
}

/* A shared object whose only segment is a note of systemd's kind. */
static inline void make_dlopen_note(struct bm_buf *out, const char *json)
{
	size_t len = strlen(json) + 1;

	bm_buf_add(out, "\177ELF\2\1\1", 7);
	put_zeros(out, 9);
	put_number(out, 3, 2);
	put_number(out, 62, 2);
	put_number(out, 1, 4);
	put_zeros(out, 8);
	put_number(out, 64, 8); /* program headers */
	put_zeros(out, 12);
	put_number(out, 64, 2);
	put_number(out, 56, 2);
	put_number(out, 1, 2);
	put_zeros(out, 6);
	put_number(out, 4, 4); /* PT_NOTE */
	put_number(out, 4, 4);
	put_number(out, 120, 8);
	put_zeros(out, 16);
	put_number(out, 12 + 4 + len, 8);
	put_zeros(out, 16);
	put_number(out, 4, 4);
	put_number(out, len, 4);
	put_number(out, 0x407c0c0a, 4);
	bm_buf_add(out, "FDO", 4);
	bm_buf_add(out, json, len);
}

/* A module of 64 bits: an ELF header, .modinfo with that vermagic, one section header at its end. */
static inline void make_module(struct bm_buf *out, const char *vermagic)
{
	_cleanup_buf_ struct bm_buf info = {0};

	bm_buf_addf(&info, "license=GPL%cvermagic=%s%c", 0, vermagic, 0);
	put_padding(&info, 0);
	bm_buf_add(out, "\177ELF\2\1\1", 7);
	put_zeros(out, 9);
	put_number(out, 1, 2);	/* relocatable */
	put_number(out, 62, 2); /* x86-64 */
	put_number(out, 1, 4);
	put_zeros(out, 16); /* no entry, no program headers */
	put_number(out, 64 + info.len, 8);
	put_zeros(out, 4);
	put_number(out, 64, 2);
	put_zeros(out, 4);
	put_number(out, 64, 2); /* section headers: their size and number */
	put_number(out, 1, 2);
	put_number(out, 0, 2);
	bm_buf_add(out, info.data, info.len);
	put_zeros(out, 64);
}

static inline void put_module(struct bm_buf *out, const char *name, const char *vermagic)
{
	_cleanup_buf_ struct bm_buf module = {0};

	make_module(&module, vermagic);
	put_entry(
		out, (struct made_entry){.name = name, .mode = S_IFREG | 0644, .data = module.data, .len = module.len});
}

/* A binary index of modules, as depmod begins one; cut leaves the root node off. */
static inline void put_index(struct bm_buf *out, const char *name, bool cut)
{
	static const char index[] = "\260\7\364\127\0\2\0\1\200\0\0\16..root";

	put_entry(
		out, (struct made_entry){
			     .name = name, .mode = S_IFREG | 0644, .data = index, .len = cut ? 14 : sizeof(index) - 1});
}

#endif
