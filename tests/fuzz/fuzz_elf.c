/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs and libraries: what they need, their size, and the processor that their notes ask for.
 */
#include <stddef.h>
#include <stdint.h>

#include "fmt/kernel/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t offset = 0, len = 0;
	struct bm_elf elf;

	if (bm_elf_dynamic_at(data, size, &offset, &len) == 0 && len > BM_ELF_DYNAMIC_MAX)
		abort();
	if (bm_elf_x86_level(data, size) > 4)
		abort();
	bm_elf_size_needed(data, size);
	if (bm_elf_parse(data, size, NULL, 0, &elf) < 0)
		return 0;
	if (elf.needed.n > BM_ELF_NEEDED_MAX)
		abort();
	bm_elf_done(&elf);
	/* the table apart, as a reader of large files has it */
	if (size > 256 && bm_elf_parse(data, 256, data + 256, size - 256, &elf) == 0)
		bm_elf_done(&elf);
	return 0;
}
