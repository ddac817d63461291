/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of an xfs log, on a filesystem of hostile bytes.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/disk/xfslog.h"

struct input {
	const uint8_t *bytes;
	size_t len;
	unsigned int n_reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Behind its end the input repeats, so that the log may be anywhere. */
static int read_input(void *context, uint64_t at_bytes, void *buffer, size_t len)
{
	struct input *input = context;

	if (++input->n_reads > 2048)
		abort();
	if (at_bytes > UINT64_MAX / 2)
		return -ENODATA;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buffer)[i] = input->bytes[(at_bytes + i) % input->len];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size, 0};

	if (size > 0)
		bm_xfslog_look(data, size, read_input, &input);
	return 0;
}
