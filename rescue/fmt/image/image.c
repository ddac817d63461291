/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image, as Linux reads it (init/initramfs.c, unpack_to_rootfs(); buffer-format.rst):
 *
 *	image   := { NUL | segment } [ boot configuration ]
 *	segment := archive			at a multiple of 4 bytes in the file, told by its first byte '0'
 *		 | compressed { archive | NUL }	told by its first two bytes (decomp.c), ends where the compressor says
 *	boot configuration := text | size 4 | sum of its bytes 4 | "#BOOTCONFIG\n"	(Linux, bootconfig.rst)
 *
 * The early microcode is an archive of its own, uncompressed and first. The kernel does not insist on the trailer of an
 * archive; here the last segment must have one, because that is how an image which was cut off is told.
 */
#include "image.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum {
	MAGIC_PEEK = 16,
	XZ_CHECK_AT = 7, /* in the header of .xz: what each block is checked with */
	XZ_CRC32 = 1,
	FILESYSTEM_PEEK = 0x440,    /* bytes from the begin of a filesystem to behind its magic */
	BOOTCONFIG_MAX = 32 * 1024, /* XBC_DATA_MAX; with room for its end */
	BOOTCONFIG_TAIL = 20,
};

struct reader {
	const struct bm_image_source *source;
	const struct bm_image_sink *sink;
	struct bm_image_summary summary;
	struct bm_image_segment segment;
	struct bm_cpio_sink cpio_sink;
	struct bm_cpio cpio;
	bool content; /* a segment other than early ones had entries */
	bool decided; /* summary.status is final */
	int error;
	uint8_t *buffer;
	size_t pos, len; /* unread bytes: buffer[pos..len) */
	bool eof;
	uint64_t offset; /* in the file, of buffer[pos] */
};

void bm_image_summary_done(struct bm_image_summary *summary)
{
	free(summary->segments);
	*summary = (struct bm_image_summary){0};
}

const char *bm_image_status_name(enum bm_image_status status)
{
	static const char *const names[] = {"OK", "TRUNCATED", "CORRUPT", "EMPTY", "UNSUPPORTED", "FILESYSTEM"};

	return status < BM_ARRAY_SIZE(names) ? names[status] : "?";
}

/* The end of the reading: the status and where. Always false, for `return decide(...)`. */
static bool decide(struct reader *reader, enum bm_image_status status, uint64_t offset, const char *format, ...)
	BM_PRINTF(4, 5);
static bool decide(struct reader *reader, enum bm_image_status status, uint64_t offset, const char *format, ...)
{
	va_list args;

	reader->decided = true;
	reader->summary.status = status;
	reader->summary.offset = offset;
	va_start(args, format);
	vsnprintf(reader->summary.text, sizeof(reader->summary.text), format, args);
	va_end(args);
	return false;
}

static bool stop(struct reader *reader, int error)
{
	reader->error = error;
	return false;
}

static bool callback(struct reader *reader, int answer)
{
	return answer < 0 ? stop(reader, answer) : true;
}

/* Has at least want bytes at hand, unless the file ends before. False: the source failed. */
static bool fill(struct reader *reader, size_t want)
{
	if (reader->len - reader->pos >= want || reader->eof)
		return true;
	memmove(reader->buffer, reader->buffer + reader->pos, reader->len - reader->pos);
	reader->len -= reader->pos;
	reader->pos = 0;
	while (reader->len < want && !reader->eof) {
		ssize_t n = reader->source->read(
			reader->source->ctx, reader->buffer + reader->len, BM_IMAGE_BUFFER - reader->len);

		if (n < 0)
			return stop(reader, (int)n);
		if (n == 0)
			reader->eof = true;
		reader->len += (size_t)n;
	}
	return true;
}

static void used(struct reader *reader, size_t n)
{
	reader->pos += n;
	reader->offset += n;
}

/* What the kernel looks for by itself, before there are files: microcode and ACPI tables. */
static bool early_name(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return bm_streq(name, ".") || bm_streq(name, "kernel") || bm_str_starts(name, "kernel/x86") ||
	       bm_streq(name, "kernel/firmware") || bm_str_starts(name, "kernel/firmware/acpi") ||
	       bm_streq(name, "early_cpio");
}

static int on_entry(void *ctx, const struct bm_cpio_entry *entry)
{
	struct reader *reader = ctx;

	if (reader->segment.early && !early_name(entry->name))
		reader->segment.early = false;
	reader->segment.crc |= entry->crc;
	return reader->sink->entry ? reader->sink->entry(reader->sink->ctx, entry) : BM_CPIO_SKIP;
}

static int on_data(void *ctx, const uint8_t *bytes, size_t len)
{
	struct reader *reader = ctx;

	return reader->sink->data ? reader->sink->data(reader->sink->ctx, bytes, len) : 0;
}

static int on_end(void *ctx)
{
	struct reader *reader = ctx;

	return reader->sink->entry_end ? reader->sink->entry_end(reader->sink->ctx) : 0;
}

static int on_trailer(void *ctx)
{
	struct reader *reader = ctx;

	return reader->sink->archive_end ? reader->sink->archive_end(reader->sink->ctx) : 0;
}

static int on_skipped(void *ctx, const char *name, const char *why)
{
	struct reader *reader = ctx;

	reader->summary.skipped++;
	return reader->sink->skipped ? reader->sink->skipped(reader->sink->ctx, name, why) : 0;
}

static bool segment_begin(struct reader *reader, enum bm_compression compression)
{
	const struct bm_image_sink *sink = reader->sink;

	reader->segment = (struct bm_image_segment){
		.offset = reader->offset, .compression = compression, .early = compression == BM_COMPRESSION_NONE};
	reader->summary.compressions |= 1U << compression;
	reader->summary.all_segments++;
	bm_cpio_init(&reader->cpio, &reader->cpio_sink);
	return callback(reader, sink->segment ? sink->segment(sink->ctx, &reader->segment) : 0);
}

/* Also where the segment breaks off: the summary has then as much of it as was read. */
static bool segment_end(struct reader *reader)
{
	struct bm_image_summary *summary = &reader->summary;
	struct bm_image_segment *segment = &reader->segment;
	const struct bm_image_sink *sink = reader->sink;

	segment->size = reader->offset - segment->offset;
	segment->archives = reader->cpio.archives;
	segment->entries = reader->cpio.entries;
	segment->uncompressed = reader->cpio.offset;
	segment->early &= segment->entries > 0;
	if (segment->entries > 0 && !segment->early)
		reader->content = true;
	summary->entries += segment->entries;
	summary->uncompressed += segment->uncompressed;
	if (summary->n_segments < BM_IMAGE_SEGMENTS_MAX) {
		struct bm_image_segment *kept =
			BM_VEC_PUSH(summary->segments, summary->n_segments, summary->cap_segments);

		if (!kept)
			return stop(reader, -ENOMEM);
		*kept = *segment;
	}
	return callback(reader, sink->segment_end ? sink->segment_end(sink->ctx, segment) : 0);
}

/* What a result other than MORE, NEXT and FOREIGN means; at is the place in the file. */
static bool cpio_failed(struct reader *reader, enum bm_cpio_result result, uint64_t at)
{
	if (result == BM_CPIO_STOPPED)
		return stop(reader, reader->cpio.callback_error);
	return decide(reader, result == BM_CPIO_UNSUPPORTED ? BM_IMAGE_UNSUPPORTED : BM_IMAGE_CORRUPT, at, "%s",
		reader->cpio.error);
}

static bool raw_segment(struct reader *reader)
{
	struct bm_cpio *cpio = &reader->cpio;
	enum bm_cpio_result result;
	size_t n;

	if (!segment_begin(reader, BM_COMPRESSION_NONE))
		return false;
	for (;;) {
		if (!fill(reader, 1))
			return false;
		if (reader->pos == reader->len)
			break;
		result = bm_cpio_feed(cpio, reader->buffer + reader->pos, reader->len - reader->pos, &n);
		used(reader, n);
		if (result == BM_CPIO_NEXT || result == BM_CPIO_FOREIGN)
			return segment_end(reader); /* the caller looks at what follows */
		if (result != BM_CPIO_MORE)
			return cpio_failed(reader, result, reader->segment.offset + cpio->header_offset);
	}
	if (!bm_cpio_at_end(cpio))
		return decide(reader, BM_IMAGE_TRUNCATED, reader->offset, "the file ends in the middle of an archive");
	if (!cpio->trailer)
		return decide(reader, BM_IMAGE_TRUNCATED, reader->offset,
			"the file ends without the trailer of its last archive");
	return segment_end(reader);
}

/* The filesystem that these bytes begin, of those that the kernel knows in a RAM disk (init/do_mounts_rd.c); NULL. */
static const char *filesystem_of(const uint8_t *bytes, size_t len)
{
	static const struct {
		size_t at;
		const char *magic;
		size_t len;
		const char *name;
	} table[] = {
		{0x438, "\x53\xef", 2, "an ext2"},
		{0x410, "\x7f\x13", 2, "a minix"},
		{0x410, "\x8f\x13", 2, "a minix"},
		{0x410, "\x68\x24", 2, "a minix"},
		{0x410, "\x78\x24", 2, "a minix"},
		{0, "-rom1fs-", 8, "a romfs"},
		{0, "\x45\x3d\xcd\x28", 4, "a cramfs"},
		{0x200, "\x45\x3d\xcd\x28", 4, "a cramfs"},
		{0, "hsqs", 4, "a squashfs"},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(table); i++)
		if (len >= table[i].at + table[i].len && memcmp(bytes + table[i].at, table[i].magic, table[i].len) == 0)
			return table[i].name;
	return NULL;
}

/* Whether the image is a filesystem, plain or compressed; its first bytes tell. */
static bool is_filesystem(struct reader *reader, const uint8_t *bytes, size_t len)
{
	/* What begins as an archive, or as compressed data, is that, whatever follows: two bytes are soon found. */
	const char *name = bytes[0] == '0' || bm_compression_of(bytes, len) != BM_COMPRESSION_NONE
				   ? NULL
				   : filesystem_of(bytes, len);

	if (!name)
		return false;
	decide(reader, BM_IMAGE_FILESYSTEM, 0,
		"it is %s filesystem and no cpio archive: a kernel boots it from a RAM disk, where it has one "
		"(CONFIG_BLK_DEV_RAM)",
		name);
	return true;
}

/* Feeds what came out of the decompressor. */
static bool unpacked(struct reader *reader, const uint8_t *bytes, size_t len)
{
	if (reader->summary.uncompressed + reader->cpio.offset > BM_IMAGE_UNPACKED_MAX)
		return decide(reader, BM_IMAGE_UNSUPPORTED, reader->offset,
			"it unpacks to more than 16 GiB, which no machine could boot");
	if (len > 0 && reader->summary.all_segments == 1 && reader->cpio.offset == 0 &&
		is_filesystem(reader, bytes, len))
		return false;
	while (len > 0) {
		size_t n;
		enum bm_cpio_result result = bm_cpio_feed(&reader->cpio, bytes, len, &n);

		bytes += n;
		len -= n;
		if (result == BM_CPIO_FOREIGN)
			return decide(reader, BM_IMAGE_CORRUPT, reader->offset,
				"the compressed data holds something else than cpio archives");
		if (result != BM_CPIO_MORE && result != BM_CPIO_NEXT)
			return cpio_failed(reader, result, reader->offset);
	}
	return true;
}

/* The compressor said that its data is complete: is what was inside? */
static bool member_end(struct reader *reader)
{
	const struct bm_cpio *cpio = &reader->cpio;
	const char *name = bm_compression_name(reader->segment.compression);

	if (bm_cpio_at_end(cpio) && (cpio->trailer || cpio->offset == 0))
		return segment_end(reader);
	if (!fill(reader, MAGIC_PEEK))
		return false;
	if (bm_compression_of(reader->buffer + reader->pos, reader->len - reader->pos) == reader->segment.compression)
		return decide(reader, BM_IMAGE_UNSUPPORTED, reader->offset,
			"an archive is spread over several %s members, of which the kernel reads only one", name);
	if (!bm_cpio_at_end(cpio))
		return decide(reader, BM_IMAGE_TRUNCATED, reader->offset,
			"the archive inside breaks off, although the %s data is complete", name);
	return decide(reader, BM_IMAGE_TRUNCATED, reader->offset,
		"the archive inside ends without its trailer, although the %s data is complete", name);
}

static bool unpack(struct reader *reader, struct bm_decomp *decomp)
{
	const char *name = bm_compression_name(reader->segment.compression);

	for (;;) {
		const uint8_t *bytes, *out = NULL;
		size_t left, out_len = 0;
		enum bm_decomp_result result;

		if (!fill(reader, 1))
			return false;
		bytes = reader->buffer + reader->pos;
		left = reader->len - reader->pos;
		result = bm_decomp_run(decomp, &bytes, &left, reader->eof, &out, &out_len);
		used(reader, (size_t)(bytes - (reader->buffer + reader->pos)));
		if (!unpacked(reader, out, out_len))
			return false;
		switch (result) {
		case BM_DECOMP_MORE:
			if (reader->eof && left == 0 && out_len == 0)
				return decide(reader, BM_IMAGE_TRUNCATED, reader->offset,
					"the file ends in the middle of its %s data", name);
			break;
		case BM_DECOMP_END:
			return member_end(reader);
		case BM_DECOMP_BAD:
			return decide(reader, BM_IMAGE_CORRUPT, reader->offset, "%s", bm_decomp_error(decomp));
		case BM_DECOMP_LIMIT:
			return decide(reader, BM_IMAGE_UNSUPPORTED, reader->offset, "%s", bm_decomp_error(decomp));
		case BM_DECOMP_MEMORY:
			return stop(reader, -ENOMEM);
		}
	}
}

static bool compressed_segment(struct reader *reader, enum bm_compression compression)
{
	struct bm_decomp *decomp = NULL;
	bool ok;
	int r;

	if (!segment_begin(reader, compression))
		return false;
	r = bm_decomp_new(compression, &decomp);
	if (r < 0)
		return stop(reader, r);
	ok = unpack(reader, decomp);
	bm_decomp_free(decomp);
	return ok;
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Whether all that is left of the file is a boot configuration. */
static bool is_bootconfig(struct reader *reader)
{
	const uint8_t *bytes, *tail;
	uint32_t sum = 0, size;
	size_t len;

	if (!fill(reader, BOOTCONFIG_MAX + BOOTCONFIG_TAIL + 1))
		return false;
	bytes = reader->buffer + reader->pos;
	len = reader->len - reader->pos;
	if (len < BOOTCONFIG_TAIL || len > BOOTCONFIG_MAX + BOOTCONFIG_TAIL)
		return false;
	tail = bytes + len - BOOTCONFIG_TAIL;
	size = le32(tail);
	if (memcmp(tail + 8, "#BOOTCONFIG\n", 12) != 0 || size > len - BOOTCONFIG_TAIL)
		return false;
	for (const uint8_t *p = tail - size; p < tail; p++)
		sum += *p;
	return sum == le32(tail + 4);
}

static bool bootconfig_segment(struct reader *reader)
{
	if (!segment_begin(reader, BM_COMPRESSION_NONE))
		return false;
	used(reader, reader->len - reader->pos);
	reader->segment.bootconfig = true;
	return segment_end(reader);
}

/* Neither an archive nor a compression of the kernel's: names what it is, where that helps. */
static bool foreign(struct reader *reader)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *text;
	} table[] = {
		{"\x04\x22\x4d\x18", 4,
			"it is compressed as an lz4 frame, the kernel takes only the legacy format (lz4 -l)"},
		{"\xc7\x71", 2, "it is a cpio archive of the old binary format, the kernel takes only newc"},
		{"\x71\xc7", 2, "it is a cpio archive of the old binary format, the kernel takes only newc"},
		{"MZ", 2, "it is an EFI program or a kernel, not an initramfs"},
		{"\x7f"
		 "ELF",
			4, "it is an ELF program, not an initramfs"},
		{"\x27\x05\x19\x56", 4, "it is wrapped for U-Boot (mkimage)"},
		{"PK\x03\x04", 4, "it is a zip archive, not an initramfs"},
	};
	const uint8_t *bytes = reader->buffer + reader->pos;
	size_t len = reader->len - reader->pos;

	for (size_t i = 0; i < BM_ARRAY_SIZE(table); i++)
		if (len >= table[i].len && memcmp(bytes, table[i].magic, table[i].len) == 0)
			return decide(reader, BM_IMAGE_UNSUPPORTED, reader->offset, "%s", table[i].text);
	if (bytes[0] == '0')
		return decide(
			reader, BM_IMAGE_CORRUPT, reader->offset, "an archive does not begin at a multiple of 4 bytes");
	if (len == 1 && strchr("\x1f\x42\x5d\xfd\x89\x02\x28", bytes[0]))
		return decide(reader, BM_IMAGE_TRUNCATED, reader->offset, "the file ends where a segment begins");
	return decide(reader, BM_IMAGE_CORRUPT, reader->offset,
		"%s no cpio archive and no compression that the kernel knows (it begins with %02x %02x %02x %02x)",
		reader->summary.all_segments > 0 ? "what follows is" : "it is", bytes[0], len > 1 ? bytes[1] : 0,
		len > 2 ? bytes[2] : 0, len > 3 ? bytes[3] : 0);
}

/* One step of the kernel's loop. False: the end, or an error. */
static bool step(struct reader *reader)
{
	enum bm_compression compression;
	const uint8_t *bytes;
	size_t n = 0, len;

	if (!fill(reader, reader->offset == 0 ? FILESYSTEM_PEEK : MAGIC_PEEK))
		return false;
	bytes = reader->buffer + reader->pos;
	len = reader->len - reader->pos;
	if (len == 0 || (reader->offset == 0 && is_filesystem(reader, bytes, len)))
		return false;
	while (n < len && bytes[n] == '\0')
		n++;
	if (n > 0) {
		used(reader, n);
		return true;
	}
	if (bytes[0] == '0' && (reader->offset & 3) == 0)
		return raw_segment(reader);
	compression = bm_compression_of(bytes, len);
	if (compression == BM_COMPRESSION_XZ && len > XZ_CHECK_AT && (bytes[XZ_CHECK_AT] & 0xf) > XZ_CRC32)
		return decide(reader, BM_IMAGE_UNSUPPORTED, reader->offset,
			"its xz data has a check that the kernel does not read, which takes none and CRC32 (xz "
			"--check=crc32)");
	if (compression != BM_COMPRESSION_NONE)
		return compressed_segment(reader, compression);
	if (is_bootconfig(reader))
		return bootconfig_segment(reader);
	return reader->error < 0 ? false : foreign(reader);
}

static void conclude(struct reader *reader)
{
	struct bm_image_summary *summary = &reader->summary;

	summary->size = reader->offset;
	if (reader->decided || reader->content)
		return;
	if (summary->size == 0)
		decide(reader, BM_IMAGE_EMPTY, 0, "the file has no bytes");
	else if (summary->all_segments == 0)
		decide(reader, BM_IMAGE_EMPTY, 0, "the file holds nothing but NUL bytes");
	else if (summary->entries > 0)
		decide(reader, BM_IMAGE_EMPTY, reader->offset, "the file holds nothing but early microcode or tables");
	else
		decide(reader, BM_IMAGE_EMPTY, reader->offset, "the file holds archives without any file");
}

int bm_image_read(
	const struct bm_image_source *source, const struct bm_image_sink *sink, struct bm_image_summary *ret_summary)
{
	static const struct bm_image_sink nothing;
	struct reader *reader = calloc(1, sizeof(*reader));
	int r = 0;

	if (!reader)
		return -ENOMEM;
	reader->source = source;
	reader->sink = sink ? sink : &nothing;
	reader->cpio_sink = (struct bm_cpio_sink){.entry = on_entry,
		.data = on_data,
		.end = on_end,
		.trailer = on_trailer,
		.skipped = on_skipped,
		.ctx = reader};
	reader->buffer = malloc(BM_IMAGE_BUFFER);
	if (!reader->buffer) {
		free(reader);
		return -ENOMEM;
	}
	while (step(reader))
		;
	if (reader->error == 0 && reader->decided && reader->summary.all_segments > reader->summary.n_segments &&
		reader->summary.n_segments < BM_IMAGE_SEGMENTS_MAX)
		segment_end(reader); /* the one that broke off */
	r = reader->error;
	if (r == 0) {
		conclude(reader);
		*ret_summary = reader->summary;
	} else {
		bm_image_summary_done(&reader->summary);
	}
	free(reader->buffer);
	free(reader);
	return r;
}

/* The bit of a line's option, 0 for others. */
static unsigned int config_bit(const char *line, size_t len)
{
	static const struct {
		const char *option;
		enum bm_compression compression;
	} table[] = {
		{"CONFIG_RD_GZIP=y", BM_COMPRESSION_GZIP},
		{"CONFIG_RD_BZIP2=y", BM_COMPRESSION_BZIP2},
		{"CONFIG_RD_LZMA=y", BM_COMPRESSION_LZMA},
		{"CONFIG_RD_XZ=y", BM_COMPRESSION_XZ},
		{"CONFIG_RD_LZO=y", BM_COMPRESSION_LZO},
		{"CONFIG_RD_LZ4=y", BM_COMPRESSION_LZ4},
		{"CONFIG_RD_ZSTD=y", BM_COMPRESSION_ZSTD},
		{"CONFIG_BLK_DEV_INITRD=y", BM_COMPRESSION_NONE},
	};

	for (size_t i = 0; i < BM_ARRAY_SIZE(table); i++)
		if (len == strlen(table[i].option) && memcmp(line, table[i].option, len) == 0)
			return 1U << table[i].compression;
	return 0;
}

unsigned int bm_image_config_compressions(const char *text, size_t len)
{
	unsigned int bits = 0;
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop_at = newline ? newline : end;

		bits |= config_bit(text, (size_t)(stop_at - text));
		text = newline ? newline + 1 : end;
	}
	/* Without the option that all of them depend on it is no kernel configuration. */
	return bits & (1U << BM_COMPRESSION_NONE) ? bits : 0;
}
