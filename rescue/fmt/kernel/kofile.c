/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module is a relocatable ELF file whose section headers stand at its end (System V gABI; offsets for 32/64 bits):
 *
 *	7f E L F | class (1: 32, 2: 64) | data (1: little, 2: big endian) | ...	 16 e_type 2 (1: relocatable)
 *	32/40 e_shoff 4/8 | 46/58 e_shentsize 2 | 48/60 e_shnum 2
 *
 *	.modinfo:   texts with a NUL each, among them "vermagic=6.1.0-9-amd64 SMP preempt mod_unload modversions "
 *	signature:  behind all that: PKCS#7, 12 bytes of sizes, "~Module signature appended~\n"
 */
#include "kofile.h"

#include <string.h>

enum { ET_REL = 1 };

static const char key[] = "vermagic=";
static const char mark[BM_KOFILE_MARK + 1] = "~Module signature appended~\n";

/* The text behind the key, wherever the pieces are cut. No letter of the key but the first begins it again. */
static void look_for_magic(struct bm_kofile_reader *reader, uint8_t byte)
{
	if (reader->magic_begun) {
		if (byte == '\0' || reader->magic_len + 1 >= sizeof(reader->magic))
			reader->magic_done = true;
		else
			reader->magic[reader->magic_len++] = (char)byte;
		return;
	}
	if (byte == (uint8_t)key[reader->matched])
		reader->matched++;
	else
		reader->matched = byte == (uint8_t)key[0];
	reader->magic_begun = reader->matched == sizeof(key) - 1;
}

void bm_kofile_feed(struct bm_kofile_reader *reader, const uint8_t *bytes, size_t len)
{
	size_t kept = BM_MIN(len, (size_t)BM_KOFILE_MARK), i = 0;

	if (len == 0)
		return;
	if (reader->size < BM_KOFILE_HEAD)
		memcpy(reader->head + reader->size, bytes,
			(size_t)BM_MIN(BM_KOFILE_HEAD - reader->size, (uint64_t)len));
	memmove(reader->tail, reader->tail + kept, BM_KOFILE_MARK - kept);
	memcpy(reader->tail + BM_KOFILE_MARK - kept, bytes + len - kept, kept);
	while (i < len && !reader->magic_done) {
		/* Most bytes are not the key's first. */
		if (!reader->magic_begun && reader->matched == 0) {
			const uint8_t *next = memchr(bytes + i, key[0], len - i);

			if (!next)
				break;
			i = (size_t)(next - bytes);
		}
		look_for_magic(reader, bytes[i++]);
	}
	reader->size += len;
}

static uint64_t field(const struct bm_kofile_reader *reader, size_t at, unsigned int bytes)
{
	bool big = reader->head[5] == 2;
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)reader->head[at + (big ? bytes - 1 - i : i)] << (8 * i);
	return value;
}

/* An ELF file's head of either class. */
static bool is_elf(const struct bm_kofile_reader *reader)
{
	static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
	const uint8_t *head = reader->head;

	return reader->size >= 52 && memcmp(head, magic, sizeof(magic)) == 0 && (head[4] == 1 || head[4] == 2) &&
	       (head[5] == 1 || head[5] == 2) && (head[4] == 1 || reader->size >= BM_KOFILE_HEAD);
}

void bm_kofile_end(const struct bm_kofile_reader *reader, struct bm_kofile *ret_kofile)
{
	struct bm_kofile kofile = {0};

	if (is_elf(reader)) {
		bool is64 = reader->head[4] == 2;
		uint64_t at = is64 ? field(reader, 40, 8) : field(reader, 32, 4);
		uint64_t bytes = field(reader, is64 ? 58 : 46, 2) * field(reader, is64 ? 60 : 48, 2);

		kofile.elf = field(reader, 16, 2) == ET_REL;
		kofile.whole = at > 0 && bytes > 0 && at <= reader->size && bytes <= reader->size - at;
	}
	kofile.is_signed = reader->size >= BM_KOFILE_MARK && memcmp(reader->tail, mark, BM_KOFILE_MARK) == 0;
	memcpy(kofile.vermagic, reader->magic, reader->magic_len);
	*ret_kofile = kofile;
}

bool bm_kofile_foreign(const struct bm_kofile *kofile, const char *version)
{
	size_t len = strcspn(kofile->vermagic, " ");

	if (len == 0 || strstr(kofile->vermagic, " modversions"))
		return false;
	return strlen(version) != len || memcmp(kofile->vermagic, version, len) != 0;
}
