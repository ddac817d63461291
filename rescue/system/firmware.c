/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware.h"

#include <errno.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../base/vec.h"
#include "../os/root/fileio.h"

/* EFI_GLOBAL_VARIABLE, behind each name. */
#define GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

void bm_firmware_done(struct bm_firmware *firmware)
{
	for (size_t i = 0; i < firmware->n; i++)
		bm_efiboot_done(&firmware->entries[i].boot);
	free(firmware->entries);
	*firmware = (struct bm_firmware){0};
}

/* shim's variables (EFI_SHIM_LOCK_GUID). */
#define SHIM "-605dab50-e046-4300-abb6-3dd810dd8b23"

enum { NON_VOLATILE = 1, VALUE_AT = 4 }; /* efivarfs: four bytes of attributes, then the value */

/* A variable; one that can't be read has no bytes. */
static int read_variable_of(const char *dir, const char *name, const char *owner, struct bm_buf *bytes)
{
	_cleanup_free_ char *path = bm_strf("%s/%s%s", dir, name, owner);
	int r = path ? bm_file_read(path, BM_EFIBOOT_SIZE_MAX, bytes) : -ENOMEM;

	if (r < 0 && r != -ENOMEM) {
		bm_err_clear();
		bytes->len = 0;
		r = 0;
	}
	return r;
}

static int read_variable(const char *dir, const char *name, struct bm_buf *bytes)
{
	return read_variable_of(dir, name, GLOBAL, bytes);
}

static bool is_one(const struct bm_buf *bytes)
{
	return bytes->len > VALUE_AT && bytes->data[VALUE_AT] == 1;
}

/* As the kernel does (drivers/firmware/efi/libstub/secureboot.c): who has shim check nothing (mokutil
 * --disable-validation) has no Secure Boot; a variable that outlasts a boot is not shim's. */
static int read_secure_boot(const char *dir, struct bm_firmware *firmware)
{
	_cleanup_buf_ struct bm_buf on = {0}, setup = {0}, shim = {0};

	if (read_variable(dir, "SecureBoot", &on) < 0 || read_variable(dir, "SetupMode", &setup) < 0 ||
		read_variable_of(dir, "MokSBStateRT", SHIM, &shim) < 0)
		return -ENOMEM;
	firmware->secure_boot = is_one(&on) && !is_one(&setup) && !(is_one(&shim) && !(shim.data[0] & NON_VOLATILE));
	return 0;
}

static int add(const char *dir, uint16_t number, struct bm_firmware *firmware)
{
	_cleanup_free_ char *name = bm_strf("Boot%04X", number);
	_cleanup_efiboot_ struct bm_efiboot boot = {0};
	_cleanup_buf_ struct bm_buf bytes = {0};
	struct bm_firmware_entry *entry;

	if (!name || read_variable(dir, name, &bytes) < 0 ||
		bm_efiboot_parse((const uint8_t *)bm_buf_text(&bytes), bytes.len, &boot) < 0)
		return -ENOMEM;
	if (!boot.valid)
		return 0;
	entry = BM_VEC_PUSH(firmware->entries, firmware->n, firmware->capacity);
	if (!entry)
		return -ENOMEM;
	*entry = (struct bm_firmware_entry){.number = number, .boot = boot};
	boot = (struct bm_efiboot){0};
	return 0;
}

int bm_firmware_read(const char *dir, struct bm_firmware *firmware)
{
	uint16_t numbers[BM_EFIBOOT_ORDER_MAX];
	_cleanup_buf_ struct bm_buf order = {0};
	size_t n;

	if (read_secure_boot(dir, firmware) < 0 || read_variable(dir, "BootOrder", &order) < 0)
		return -ENOMEM;
	n = bm_efiboot_numbers((const uint8_t *)bm_buf_text(&order), order.len, numbers);
	for (size_t i = 0; i < n; i++)
		if (add(dir, numbers[i], firmware) < 0)
			return -ENOMEM;
	return 0;
}
