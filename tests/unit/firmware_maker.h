/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot entries of a firmware, for fixture roots: efivarfs as a folder of the fixture, read into its machine.
 */
#ifndef BM_TESTS_FIRMWARE_MAKER_H
#define BM_TESTS_FIRMWARE_MAKER_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

#define BM_EFIVARS "/sys/firmware/efi/efivars"

static void bm_firmware_put(struct bm_buf *out, uint64_t value, size_t n)
{
	for (; n > 0; n--, value >>= 8)
		bm_buf_addc(out, (char)(value & 0xff));
}

static void bm_firmware_put_text(struct bm_buf *out, const char *text)
{
	for (; *text; text++)
		bm_firmware_put(out, (uint8_t)*text, 2);
	bm_firmware_put(out, 0, 2);
}

/* A partition's node: the first eight digits of its GUID count, the others are 0. */
static void bm_firmware_put_partition(struct bm_buf *out, const char *partuuid)
{
	uint64_t first;

	BM_CHECK_INT(bm_num_base(partuuid, 8, 16, &first), 0);
	bm_firmware_put(out, 42 << 16 | 1 << 8 | 4, 4);
	bm_firmware_put(out, 1, 4);
	bm_firmware_put(out, 0, 8);
	bm_firmware_put(out, 0, 8);
	bm_firmware_put(out, first, 4);
	bm_firmware_put(out, 0, 4);
	bm_firmware_put(out, 0, 8);
	bm_firmware_put(out, 0x0202, 2);
}

static void bm_firmware_write(const struct bm_fixture *fixture, const char *name, const struct bm_buf *bytes)
{
	_cleanup_free_ char *path =
		bm_strf("%s" BM_EFIVARS "/%s-8be4df61-93ca-11d2-aa0d-00e098032b8c", fixture->dir, name);
	FILE *file = path ? fopen(path, "we") : NULL;

	BM_CHECK(file && fwrite(bytes->data, 1, bytes->len, file) == bytes->len);
	BM_CHECK_INT(fclose(file), 0);
}

/* An entry of the firmware. partuuid: of zeros but for its first eight digits, or NULL: a disk as a whole. */
struct bm_firmware_row {
	const char *name, *partuuid, *path, *arguments;
	bool inactive;
};
#define BM_FIRMWARE_ROW(n, p, f)                                                                                       \
	{                                                                                                              \
		.name = (n), .partuuid = (p), .path = (f)                                                              \
	}

/* Makes the entries, of which all are in the order, and reads them into the fixture's machine. */
static void bm_fixture_firmware(struct bm_fixture *fixture, const struct bm_firmware_row *rows, size_t n)
{
	_cleanup_buf_ struct bm_buf order = {0};
	_cleanup_free_ char *dir = bm_strf("%s" BM_EFIVARS, fixture->dir);

	bm_fixture_write(fixture, BM_EFIVARS "/made", "");
	bm_firmware_put(&order, 7, 4);
	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct bm_buf bytes = {0}, path = {0};
		_cleanup_free_ char *name = bm_strf("Boot%04zX", i);

		bm_firmware_put(&order, i, 2);
		if (rows[i].partuuid)
			bm_firmware_put_partition(&path, rows[i].partuuid);
		if (rows[i].path) {
			bm_firmware_put(&path, (4 + 2 * (strlen(rows[i].path) + 1)) << 16 | 4 << 8 | 4, 4);
			bm_firmware_put_text(&path, rows[i].path);
		}
		bm_firmware_put(&path, 4 << 16 | 0xff << 8 | 0x7f, 4);
		bm_firmware_put(&bytes, 7, 4);
		bm_firmware_put(&bytes, rows[i].inactive ? 0 : 1, 4);
		bm_firmware_put(&bytes, path.len, 2);
		bm_firmware_put_text(&bytes, rows[i].name);
		BM_CHECK_INT(bm_buf_add(&bytes, path.data, path.len), 0);
		if (rows[i].arguments)
			bm_firmware_put_text(&bytes, rows[i].arguments);
		BM_CHECK(name != NULL);
		bm_firmware_write(fixture, name, &bytes);
	}
	bm_firmware_write(fixture, "BootOrder", &order);
	bm_firmware_done(&fixture->survey.machine.firmware);
	fixture->survey.machine.firmware.uefi = true;
	BM_CHECK_INT(bm_firmware_read(dir, &fixture->survey.machine.firmware), 0);
}

#endif
