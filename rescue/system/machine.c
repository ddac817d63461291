/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include "../base/err.h"
#include "../os/run/cpu.h"
#include "../os/run/system.h"

/* A test may link another one that knows a machine which is not there. */
__attribute__((weak)) void bm_machine_hook(struct bm_machine *machine)
{
	(void)machine;
}

void bm_machine_done(struct bm_machine *machine)
{
	bm_firmware_done(&machine->firmware);
	*machine = (struct bm_machine){0};
}

int bm_machine_read(struct bm_machine *ret_machine)
{
	struct bm_cpu_flags flags;
	struct bm_system_info info;
	int r = 0;

	*ret_machine = (struct bm_machine){0};
	if (bm_system_info(&info) == 0) {
		ret_machine->memory_bytes = info.memory_total_bytes;
		ret_machine->firmware.uefi = info.uefi;
		bm_system_info_done(&info);
	}
	if (bm_cpu_read(&flags))
		ret_machine->cpu_level = bm_cpu_level(&flags);
	if (ret_machine->firmware.uefi)
		r = bm_firmware_read("/sys/firmware/efi/efivars", &ret_machine->firmware);
	bm_err_clear();
	bm_machine_hook(ret_machine);
	return r;
}
